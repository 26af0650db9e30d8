"""Where Claude Code looks for a cloud's credential, as ordered data.

Each link has its reason and the observation that shows it, by its name in
`tests/vectors/claude_code/clouds.json` (Claude Code 2.1.330 and 2.1.332). A
link with `asks` is one that only a service can answer: what it would give is
not known from files, and never "absent".
"""

from __future__ import annotations

from collections.abc import Mapping

from keyswitch.targets.claude_code.rules import AWS_EXPORT, Rule

AWS_REFRESH = "awsAuthRefresh"
GOOGLE_REFRESH = "gcpAuthRefresh"
# Commands that may sign in, and so change which credential is found.
REFRESHES = (AWS_REFRESH, GOOGLE_REFRESH)

AWS_BEARER = "AWS_BEARER_TOKEN_BEDROCK"
AWS_PROFILE = "AWS_PROFILE"
AWS_ACCESS_KEY = "AWS_ACCESS_KEY_ID"
AWS_DEFAULT = "default profile"
AWS_WEB_IDENTITY = "AWS_WEB_IDENTITY_TOKEN_FILE"
AWS_CONTAINER = "container credentials"
AWS_INSTANCE = "EC2 instance metadata"

# In one profile of the AWS files.
ROLE = "role_arn"
STATIC = "aws_access_key_id"
WEB_IDENTITY = "web_identity_token_file"
PROCESS = "credential_process"
SSO = "sso_session"
LOGIN = "login_session"

GOOGLE_VARIABLE = "GOOGLE_APPLICATION_CREDENTIALS"
GOOGLE_FILE = "application default credentials"
GOOGLE_MACHINE = "Google metadata server"

AZURE_ENVIRONMENT = "AZURE_CLIENT_SECRET"
AZURE_WORKLOAD = "AZURE_FEDERATED_TOKEN_FILE"
AZURE_MANAGED = "managed identity"
AZURE_CLI = "az"
AZURE_POWERSHELL = "pwsh"
AZURE_DEVELOPER = "azd"


# AWS, for Bedrock, Mantle and Claude Platform on AWS. From the profile on it
# is the JavaScript SDK's chain, which goes on where a link has nothing.
_AWS_FIRST = (
    Rule(
        AWS_EXPORT,
        "the output of the settings' command comes before the AWS chain",
        "export/flat+profile",
    ),
    Rule(
        AWS_REFRESH,
        "it runs if AWS does not know the current identity",
        "refresh-refused/default",
    ),
)
AWS_CHAIN = (
    Rule(
        AWS_PROFILE,
        "a named profile comes before a pair of keys",
        "env/profile-in-user+pair",
    ),
    Rule(
        AWS_ACCESS_KEY,
        f"{AWS_ACCESS_KEY} comes before the files",
        "web/env+pair",
    ),
    Rule(
        AWS_DEFAULT,
        "the profile [default], if none is named",
        "web/env+default",
    ),
    Rule(
        AWS_WEB_IDENTITY,
        "a token of the machine, which AWS exchanges for a role",
        "web/env",
        asks="AWS STS",
    ),
    Rule(
        AWS_CONTAINER,
        "the keys that ECS, EKS or CloudShell gives to a container",
        "machine/imds+container",
        asks="the container's credential service",
    ),
    Rule(
        AWS_INSTANCE,
        "the keys of the instance's role, if this is an EC2 instance",
        "machine/imds",
        asks="the metadata server of EC2",
    ),
)
# What one profile gives: the first of these that it has.
AWS_IN_PROFILE = (
    Rule(ROLE, "a role is assumed", "role/static-beside", asks="AWS STS"),
    Rule(STATIC, "keys in the file", "sso/static-beside"),
    Rule(
        WEB_IDENTITY,
        "a token file, which AWS exchanges for a role",
        "role/web",
        asks="AWS STS",
    ),
    Rule(PROCESS, "a command is run", "process/sso-beside"),
    Rule(
        SSO,
        "the sign-in of 'aws sso login'",
        "login/sso-beside",
        asks="AWS IAM Identity Center",
    ),
    Rule(LOGIN, "the sign-in of 'aws login'", "login/profile"),
)

# Google, for Vertex AI and Claude Platform on Google Cloud. A file that is
# named and broken ends the search.
_GOOGLE_FIRST = (
    Rule(
        GOOGLE_REFRESH,
        "it runs if Google returns no token",
        "google/refresh/nothing",
    ),
)
GOOGLE_CHAIN = (
    Rule(
        GOOGLE_VARIABLE,
        "the file that the variable names",
        "google/variable+adc",
        asks="Google's token service",
    ),
    Rule(
        GOOGLE_FILE,
        "the file of 'gcloud auth application-default login'",
        "google/user+metadata",
        asks="Google's token service",
    ),
    Rule(
        GOOGLE_MACHINE,
        "the machine's service account, if it runs on Google Cloud",
        "google/metadata",
        asks="Google's metadata server",
    ),
)

# Azure, for Foundry without a key: DefaultAzureCredential.
AZURE_CHAIN = (
    Rule(
        AZURE_ENVIRONMENT,
        "a service principal in the environment",
        "azure/secret+app",
        asks="Microsoft Entra",
    ),
    Rule(
        AZURE_WORKLOAD,
        "a token file, as in Kubernetes",
        "azure/workload+app",
        asks="Microsoft Entra",
    ),
    Rule(
        AZURE_MANAGED,
        "the machine's identity, if it runs on Azure",
        "azure/imds",
        asks="Azure's metadata server",
    ),
    Rule(
        AZURE_CLI,
        "the sign-in of 'az login'",
        "azure/dev-cli+pwsh",
        asks="the Azure CLI",
    ),
    Rule(
        AZURE_POWERSHELL,
        "the sign-in of 'Connect-AzAccount'",
        "azure/dev-azd+pwsh",
        asks="Azure PowerShell",
    ),
    Rule(
        AZURE_DEVELOPER,
        "the sign-in of 'azd auth login'",
        "azure/dev-azd",
        asks="the Azure Developer CLI",
    ),
)

# What comes before a chain: each provider's own variables. A request that is
# signed by a proxy (CLAUDE_CODE_SKIP_*_AUTH) walks none of these.
_OF_AWS = (
    Rule(
        AWS_BEARER,
        "a Bedrock API key comes before every AWS identity",
        "export/flat+bearer",
    ),
    *_AWS_FIRST,
    *AWS_CHAIN,
)
ORDERS: Mapping[str, tuple[Rule, ...]] = {
    "bedrock": _OF_AWS,
    "mantle": _OF_AWS,
    "anthropicAws": (
        Rule(
            "ANTHROPIC_AWS_API_KEY",
            "a platform key comes before every AWS identity",
            "platform/key+pair",
        ),
        *_AWS_FIRST,
        *AWS_CHAIN,
    ),
    "foundry": (
        Rule(
            "ANTHROPIC_FOUNDRY_AUTH_TOKEN",
            "a token in the environment comes before a key",
            "azure/token+key",
        ),
        Rule(
            "ANTHROPIC_FOUNDRY_API_KEY",
            "a key comes before every Azure identity",
            "azure/key",
        ),
        *AZURE_CHAIN,
    ),
    "vertex": (*_GOOGLE_FIRST, *GOOGLE_CHAIN),
    "anthropicGoogleCloud": (*_GOOGLE_FIRST, *GOOGLE_CHAIN),
}

# Every source that only a service can answer.
SERVICES = tuple(
    rule
    for order in (AWS_CHAIN, AWS_IN_PROFILE, GOOGLE_CHAIN, AZURE_CHAIN)
    for rule in order
    if rule.asks
)
