"""Which variables outrank which way of giving Claude Code a credential.

Observed, Claude Code 2.1.330. A request has two credential headers that are
filled separately, so a variable that fills one of them counts even where the
profile still fills the other.
"""

from __future__ import annotations

# The first truthy one decides the provider.
PROVIDER_FLAGS = (
    "CLAUDE_CODE_USE_BEDROCK",
    "CLAUDE_CODE_USE_FOUNDRY",
    "CLAUDE_CODE_USE_ANTHROPIC_AWS",
    "CLAUDE_CODE_USE_ANTHROPIC_GOOGLE_CLOUD",
    "CLAUDE_CODE_USE_MANTLE",
    "CLAUDE_CODE_USE_VERTEX",
)

_KEYS = (
    "ANTHROPIC_API_KEY",  # x-api-key, before any helper
    "ANTHROPIC_AUTH_TOKEN",  # the bearer, before any helper or login
    "ANTHROPIC_CUSTOM_HEADERS",  # applied last, can replace either header
    "CLAUDE_CODE_API_KEY_FILE_DESCRIPTOR",
)

# With these, every credential of a settings file is ignored.
_SWITCHES = ("CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST", "CLAUDE_CODE_SIMPLE")

# An apiKeyHelper of a higher settings level beats these.
HELPER_SHADOWS = ("helper", "environment")


def truthy(value: str) -> bool:
    """Tell whether Claude Code takes a flag's value for yes."""
    return value.strip().lower() in ("1", "true", "yes", "on")


def outranking(how: str, flag: str) -> tuple[str, ...]:
    """Return the variables that outrank a profile.

    `how` is the way it is taken, `flag` the provider flag that it sets.
    """
    if how == "helper":
        return (*PROVIDER_FLAGS, *_KEYS, *_SWITCHES)
    if how == "environment":
        return (*PROVIDER_FLAGS, *_KEYS)
    if how == "cloud" and flag in PROVIDER_FLAGS:
        return PROVIDER_FLAGS[: PROVIDER_FLAGS.index(flag)]
    return ()
