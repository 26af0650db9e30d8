"""Which source of a credential wins in Claude Code, as ordered data.

Each rule has its reason. All were observed on Claude Code 2.1.330, linux-x64,
against a local server; `tests/vectors/claude_code/precedence.json` holds the
observations, and `tests/real/replay.py` repeats them on the installed version.

A request has two credential headers that are filled separately, so there is
not one winner but one for each header.
"""

from __future__ import annotations

from dataclasses import dataclass

OBSERVED_VERSION = "2.1.330"

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

FIRST_PARTY = "firstParty"
FIRST_PARTY_HOST = "api.anthropic.com"

# The levels of settings, lowest first: a higher one replaces a variable.
LEVELS = ("user", "project", "local", "flag", "managed")

# Levels that a repository brings along.
REPOSITORY_LEVELS = ("project", "local")


@dataclass(frozen=True, slots=True)
class Provider:
    """One cloud that requests go to instead of Anthropic."""

    flag: str  # the variable that chooses it
    name: str  # what `claude auth status` calls it
    skip: str  # the variable that leaves its own signing out
    base_url: str
    title: str


# The first whose flag is truthy decides. Credentials in AWS_* variables alone
# choose nothing.
PROVIDERS = (
    Provider(
        "CLAUDE_CODE_USE_BEDROCK",
        "bedrock",
        "CLAUDE_CODE_SKIP_BEDROCK_AUTH",
        "ANTHROPIC_BEDROCK_BASE_URL",
        "Amazon Bedrock",
    ),
    Provider(
        "CLAUDE_CODE_USE_FOUNDRY",
        "foundry",
        "CLAUDE_CODE_SKIP_FOUNDRY_AUTH",
        "ANTHROPIC_FOUNDRY_BASE_URL",
        "Microsoft Foundry",
    ),
    Provider(
        "CLAUDE_CODE_USE_ANTHROPIC_AWS",
        "anthropicAws",
        "CLAUDE_CODE_SKIP_ANTHROPIC_AWS_AUTH",
        "ANTHROPIC_AWS_BASE_URL",
        "Claude Platform on AWS",
    ),
    Provider(
        "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
        "anthropicGoogleCloud",
        "CLAUDE_CODE_SKIP_ANTHROPIC_GOOGLE_CLOUD_AUTH",
        "ANTHROPIC_GOOGLE_CLOUD_BASE_URL",
        "Claude Platform on Google Cloud",
    ),
    Provider(
        "CLAUDE_CODE_USE_MANTLE",
        "mantle",
        "CLAUDE_CODE_SKIP_MANTLE_AUTH",
        "ANTHROPIC_BEDROCK_MANTLE_BASE_URL",
        "Amazon Bedrock (Mantle)",
    ),
    Provider(
        "CLAUDE_CODE_USE_VERTEX",
        "vertex",
        "CLAUDE_CODE_SKIP_VERTEX_AUTH",
        "ANTHROPIC_VERTEX_BASE_URL",
        "Google Vertex AI",
    ),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One place in an order: a source, and why it stands there."""

    source: str
    reason: str


# What fills x-api-key of a request to Anthropic: the first that is there.
KEY_ORDER = (
    Rule(API_KEY, "a key in the environment comes before every other key"),
    Rule(API_KEY_FD, f"a key on a descriptor stands in for {API_KEY}"),
    Rule("apiKeyHelper", "a helper's key comes after one in the environment"),
    Rule("managed key", "the key of a Console login is the last resort"),
)

# What fills Authorization of a request to Anthropic.
BEARER_ORDER = (
    Rule(AUTH_TOKEN, "a token in the environment comes before every other"),
    Rule("apiKeyHelper", "a helper's answer is sent as a bearer as well"),
    Rule("login", "a login counts only without a key, a token or a helper"),
)

# The logins among themselves. A selected profile or federation takes the
# stored login away, but the managed key still comes before it: the order is
# not transitive.
LOGIN_ORDER = (
    Rule(OAUTH_TOKEN, "a token of `claude setup-token` beats stored logins"),
    Rule(OAUTH_FD, "the same token on a descriptor"),
    Rule("stored login", "the subscription login of .credentials.json"),
    Rule("managed key", "the Console login's key beats Anthropic profiles"),
    Rule("profile", "an Anthropic profile or federation comes last"),
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

# Variables that no settings file can set: they were read before, or belong
# to the program that started Claude Code.
NOT_FROM_SETTINGS = frozenset(
    {"HOME", HOST_MANAGED, UNIX_SOCKET, API_KEY_FD, OAUTH_FD}
)

# With ANTHROPIC_UNIX_SOCKET, whoever listens there brings the credential, and
# these do not count from settings of any level.
NOT_FROM_SETTINGS_WITH_SOCKET = frozenset({API_KEY, AUTH_TOKEN, OAUTH_TOKEN})


def truthy(value: str | None) -> bool:
    """Tell whether Claude Code takes a flag's value for yes."""
    return (value or "").strip().lower() in ("1", "true", "yes", "on")
