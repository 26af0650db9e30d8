"""The versions of Claude Code that the rules were observed on, and others.

Each difference was found by replaying every 81st observation on an older
version, and then that one on versions between.
"""

from __future__ import annotations

from keyswitch.model import Frozen

# All observations on the first; every 27th on the others, without a
# difference (tests/real/replay.py).
OBSERVED = ("2.1.330", "2.1.332")


class OldBehavior(Frozen):
    """Something that older versions do otherwise.

    `last` is the newest version that was seen to do it, `first` the oldest
    that was seen not to; `seen` is the observation that differs.
    """

    last: str
    first: str
    what: str
    seen: str


OLD_BEHAVIORS = (
    OldBehavior(
        "2.1.199",
        "2.1.216",
        "it also sends ANTHROPIC_API_KEY to Bedrock",
        "real/5r/122",
    ),
    OldBehavior(
        "2.1.224",
        "2.1.232",
        "it also sends ANTHROPIC_AUTH_TOKEN to Foundry",
        "rnd/589",
    ),
    OldBehavior(
        "2.1.224",
        "2.1.232",
        "a repository's settings can move its logins",
        "projenv/L/CLAUDE_CONFIG_DIR+none",
    ),
    OldBehavior(
        "2.1.283",
        "2.1.287",
        "`claude auth status` shows a login although a key is sent",
        "real/5/envkey+envoauth",
    ),
    OldBehavior(
        "2.1.308",
        "2.1.312",
        "a repository's settings can set CLAUDE_CODE_OAUTH_TOKEN",
        "level/oauth/env+L",
    ),
    OldBehavior(
        "2.1.327",
        "2.1.330",
        "it uses cloud providers even if a policy requires an organization",
        "rnd4/56",
    ),
)


def parts(version: str) -> tuple[int, ...]:
    """Return a version in a form that can be compared."""
    return tuple(int(part) for part in version.split("."))


def old_behaviors_of(version: str) -> list[OldBehavior]:
    """Return what a version does otherwise than those observed."""
    return [c for c in OLD_BEHAVIORS if parts(version) < parts(c.first)]


def doubt(version: str) -> str:
    """Return why a prediction may be wrong for a version, or "".

    "" as well where the version is not known.
    """
    if not version:
        return ""
    observed = " and ".join(OBSERVED)
    if parts(version) > max(map(parts, OBSERVED)):
        age = "newer"
    elif old_behaviors_of(version):
        age = "older"
    else:
        return ""
    return (
        f"Claude Code {version} is {age} than the tested versions ({observed})"
    )
