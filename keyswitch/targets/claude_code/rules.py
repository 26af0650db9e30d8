"""Which source of a credential wins in Claude Code, as ordered data.

Each rule has its reason, the observation that shows it and the versions of
Claude Code (linux-x64, against a local server) that it was observed on;
`tests/vectors/claude_code/` holds the observations, and `tests/real/replay.py`
repeats them on the installed version.

A request has two credential headers that are filled separately, so there is
not one winner but one for each header.
"""

from __future__ import annotations

from collections.abc import Mapping

from keyswitch.model import Frozen
from keyswitch.targets.claude_code.versions import OBSERVED
from keyswitch.targets.verdict import Cloud

API_KEY = "ANTHROPIC_API_KEY"
AUTH_TOKEN = "ANTHROPIC_AUTH_TOKEN"
OAUTH_TOKEN = "CLAUDE_CODE_OAUTH_TOKEN"
API_KEY_FD = "CLAUDE_CODE_API_KEY_FILE_DESCRIPTOR"
OAUTH_FD = "CLAUDE_CODE_OAUTH_TOKEN_FILE_DESCRIPTOR"
CUSTOM_HEADERS = "ANTHROPIC_CUSTOM_HEADERS"
BASE_URL = "ANTHROPIC_BASE_URL"
PROFILE = "ANTHROPIC_PROFILE"
PROFILE_DIR = "ANTHROPIC_CONFIG_DIR"
FEDERATION = ("ANTHROPIC_FEDERATION_RULE_ID", "ANTHROPIC_ORGANIZATION_ID")
SIMPLE = "CLAUDE_CODE_SIMPLE"
HOST_MANAGED = "CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST"
UNIX_SOCKET = "ANTHROPIC_UNIX_SOCKET"

# Where an organization has a gateway of its own: with an address and a token,
# the token alone is sent, whatever else is there. A repository can set the
# flag, and not the two others.
GATEWAY = "CLAUDE_CODE_USE_GATEWAY"
# A service of logins in place of Anthropic's own; these two are approved.
OAUTH_SERVICE = "CLAUDE_CODE_CUSTOM_OAUTH_URL"
OAUTH_SERVICES = (
    "https://claude.fedstart.com",
    "https://claude-staging.fedstart.com",
)

# What only an organization may set.
METHOD = "forceLoginMethod"
ORGANIZATION = "forceLoginOrgUUID"
GATEWAY_URL = "forceLoginGatewayUrl"
ALLOWED = "allowedProviders"
POLICY_HELPER = "policyHelper"

# What started Claude Code, where that matters. Only the process environment
# says so: in a settings file these do nothing.
ENTRYPOINT = "CLAUDE_CODE_ENTRYPOINT"
REMOTE = "CLAUDE_CODE_REMOTE"
# How Claude Code can be started, and the variables that say so.
SURFACES: Mapping[str, Mapping[str, str]] = {
    "terminal": {},
    "desktop": {ENTRYPOINT: "claude-desktop"},
    "vscode": {ENTRYPOINT: "claude-vscode"},
    "remote": {REMOTE: "1"},
    "action": {ENTRYPOINT: "claude-code-github-action"},
}
DESKTOP_ENTRYPOINTS = ("claude-desktop", "local-agent")
VSCODE_ENTRYPOINT = "claude-vscode"

# One proxy serves http and https addresses; the first that is not blank.
PROXIES = ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY")
AUTHORITIES = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")
UNCHECKED = "NODE_TLS_REJECT_UNAUTHORIZED"

FIRST_PARTY_HOST = "api.anthropic.com"

# The first whose flag is truthy decides. Credentials in AWS_* variables alone
# choose nothing.
PROVIDERS = tuple(
    Cloud(
        f"CLAUDE_CODE_USE_{flag}",
        name,
        f"CLAUDE_CODE_SKIP_{flag}_AUTH",
        f"ANTHROPIC_{address}_BASE_URL",
        title,
    )
    for flag, name, address, title in (
        ("BEDROCK", "bedrock", "BEDROCK", "Amazon Bedrock"),
        ("FOUNDRY", "foundry", "FOUNDRY", "Microsoft Foundry"),
        ("ANTHROPIC_AWS", "anthropicAws", "AWS", "Claude Platform on AWS"),
        (
            "ANTHROPIC_GOOGLE_CLOUD",
            "anthropicGoogleCloud",
            "GOOGLE_CLOUD",
            "Claude Platform on Google Cloud",
        ),
        ("MANTLE", "mantle", "BEDROCK_MANTLE", "Amazon Bedrock (Mantle)"),
        ("VERTEX", "vertex", "VERTEX", "Google Vertex AI"),
    )
)


# Settings that name a command which prints a credential.
HELPER = "apiKeyHelper"
AWS_EXPORT = "awsCredentialExport"

# Members of .credentials.json and of .claude.json.
LOGIN = "claudeAiOauth"
CONSOLE_KEY = "primaryApiKey"
APPROVED = ("customApiKeyResponses", "approved")
REJECTED = ("customApiKeyResponses", "rejected")

# Variables of an env block that hold a credential themselves.
SECRET_VARIABLES = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_AWS_API_KEY",
    "ANTHROPIC_CUSTOM_HEADERS",
    "ANTHROPIC_FOUNDRY_API_KEY",
    "ANTHROPIC_FOUNDRY_AUTH_TOKEN",
    "ANTHROPIC_IDENTITY_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "CLAUDE_CODE_OAUTH_REFRESH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
)

# What a subscription pays for, by the name of its source.
SUBSCRIPTION = (OAUTH_TOKEN, OAUTH_FD, LOGIN)

STORED_LOGIN = "stored login"
MANAGED_KEY = "managed key"
ANTHROPIC_PROFILE = "profile"


class Rule(Frozen):
    """One place in an order: a source, why it stands there, where seen.

    `seen` is the observation that shows it, by its name in the vectors;
    `method` is what `claude auth status` calls the source. `asks` names the
    service that is asked for the credential; "" where files and variables
    hold it.
    """

    source: str
    reason: str
    seen: str
    method: str = ""
    asks: str = ""
    versions: tuple[str, ...] = OBSERVED  # of Claude Code, that show it


# What fills x-api-key of a request to Anthropic: the first that is there.
KEY_ORDER = (
    Rule(
        API_KEY,
        "a key in the environment comes before every other key",
        "pair/envkey+helperU",
    ),
    Rule(
        API_KEY_FD,
        "a key on a file descriptor replaces one in the environment",
        "pair/envkey+fdkey",
    ),
    Rule(
        HELPER,
        "a helper's output fills both headers",
        "pair/envtok+helperU",
    ),
    Rule(
        MANAGED_KEY,
        "the key of a Console login is sent with any token",
        "real/envtok+primary",
    ),
)

# What fills Authorization of a request to Anthropic. Where neither of these
# nor a key of KEY_ORDER but the last is there, LOGIN_ORDER fills one header.
BEARER_ORDER = (
    Rule(
        AUTH_TOKEN,
        "a token in the environment comes before a helper's",
        "pair/envtok+helperU",
    ),
    Rule(
        HELPER,
        "a helper's output is sent with any key",
        "pair/envkey+helperU",
    ),
)

# The logins among themselves. A selected profile or federation takes the
# stored login away, but the managed key still comes before it: the order is
# not transitive.
LOGIN_ORDER = (
    Rule(
        OAUTH_TOKEN,
        "a token of `claude setup-token` comes before stored logins",
        "pair/envoauth+cred",
        "oauth_token",
    ),
    Rule(
        OAUTH_FD,
        "the same token on a file descriptor",
        "pair/envoauth+fdoauth",
        "oauth_token",
    ),
    Rule(
        STORED_LOGIN,
        "a subscription comes before the Console, unless a profile is named",
        "real/cred+primary",
        "claude.ai",
    ),
    Rule(
        MANAGED_KEY,
        "the Console login's key comes before every Anthropic profile",
        "real/primary+profile",
        "api_key",
    ),
    Rule(
        ANTHROPIC_PROFILE,
        "an Anthropic profile or federation comes last",
        "single/defprofile",
        "oauth_token",
    ),
)

# The same for `claude auth status` where requests go to a socket: it does not
# take the stored login for one that counts.
SOCKET_LOGIN_ORDER = tuple(
    sorted(LOGIN_ORDER, key=lambda rule: rule.source == STORED_LOGIN)
)

# Logins that are sent along to a socket.
THROUGH_A_SOCKET = (OAUTH_TOKEN, MANAGED_KEY)

# In which order `claude auth status` looks, before it looks for logins.
STATUS_ORDER = (
    Rule(
        AUTH_TOKEN,
        "a bearer token comes first, whatever fills the other header",
        "pair/envkey+envtok",
        "oauth_token",
    ),
    Rule(
        HELPER,
        "a helper comes before a key, although the key is sent too",
        "pair/envkey+helperU",
        "api_key_helper",
    ),
    Rule(API_KEY, "then a key", "pair/envkey+primary", "api_key"),
    Rule(API_KEY_FD, "or its replacement", "pair/fdkey+primary", "api_key"),
)

# A variable from a repository's settings that Claude Code does not take,
# since a repository could otherwise choose the account.
NOT_FROM_REPOSITORY = frozenset(
    {
        OAUTH_TOKEN,
        PROFILE,
        PROFILE_DIR,
        *FEDERATION,
        "ANTHROPIC_IDENTITY_TOKEN",
        "ANTHROPIC_IDENTITY_TOKEN_FILE",
        "CLAUDE_CONFIG_DIR",
        "CLAUDE_SECURESTORAGE_CONFIG_DIR",
        "XDG_CONFIG_HOME",
        SIMPLE,
    }
)

# Variables that were read before the server's settings came. A directory can
# still be moved by them.
NOT_FROM_SERVER = frozenset(
    {
        OAUTH_TOKEN,
        PROFILE,
        PROFILE_DIR,
        *FEDERATION,
        "ANTHROPIC_IDENTITY_TOKEN",
        "ANTHROPIC_IDENTITY_TOKEN_FILE",
    }
)

# Variables that no settings file can set: they were read before, or belong
# to the program that started Claude Code.
NOT_FROM_SETTINGS = frozenset(
    {"HOME", HOST_MANAGED, UNIX_SOCKET, API_KEY_FD, OAUTH_FD}
)

# With ANTHROPIC_UNIX_SOCKET, whoever listens there brings the credential, and
# these do not count from settings of any level.
NOT_FROM_SETTINGS_WITH_SOCKET = frozenset({API_KEY, AUTH_TOKEN, OAUTH_TOKEN})


def entrypoint(environ: Mapping[str, str]) -> str:
    """Return what says that it started Claude Code, or ""."""
    return environ.get(ENTRYPOINT, "").strip()


# On the desktop, these count from the process environment, or else from the
# person's own settings and from --settings.
_OF_THE_DESKTOP = (
    "ANTHROPIC_",
    "AWS_",
    "AZURE_",
    "CLAUDE_CODE_OAUTH_",
    "CLAUDE_CODE_SKIP_",
    "CLAUDE_CODE_USE_",
    "GCE_METADATA_",
    "GOOGLE_",
    "METADATA_SERVER_",
    "google_",
)
# These count from a repository's settings as well.
_OF_A_REPOSITORY_TOO = ("AWS_PROFILE", "AZURE_")


def is_of_the_desktop(name: str) -> bool:
    """Tell whether the desktop program decides about a variable."""
    return name.startswith(_OF_THE_DESKTOP) and name != CUSTOM_HEADERS


def waits_for_server(name: str) -> bool:
    """Tell whether a variable of the server's counts once it was asked.

    `claude auth status` asks nobody.
    """
    return (
        name in SECRET_VARIABLES
        or name.startswith("CLAUDE_CODE_USE_")
        or name.endswith("_BASE_URL")
    )


def is_of_the_person(name: str) -> bool:
    """Tell whether no repository can set a variable on the desktop."""
    return is_of_the_desktop(name) and not name.startswith(_OF_A_REPOSITORY_TOO)


# Logins that the desktop and a remote session take before any key.
FIRST_LOGINS = (OAUTH_TOKEN, OAUTH_FD, STORED_LOGIN)


def truthy(value: str | None) -> bool:
    """Tell whether Claude Code takes a flag's value for yes."""
    return (value or "").strip().lower() in ("1", "true", "yes", "on")
