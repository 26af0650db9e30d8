"""Installations of Claude Code: several, or an old one. None is started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import NOTE, WARNING, Finding
from keyswitch.diagnosis.findings.installations import installs
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation


def duplicates(situation: Situation) -> Iterator[Finding]:
    """Find several installations, and a version older than the observed one."""
    scene = situation.scene
    found = installs(scene.environ.get("PATH", ""), scene.home)
    if len(found) > 1:
        listed = ", ".join(f"{i.path} ({i.version or '?'})" for i in found)
        yield Finding(
            "claude-twice",
            WARNING,
            f"there are {len(found)} installations of Claude Code",
            f"{listed}; which one starts depends on PATH, and versions read "
            "credentials differently",
            f"keep one, then: {found[0].path} update",
            found[0].path,
        )
    version = found[0].version if found else ""
    if version and _parts(version) < _parts(rules.OBSERVED_VERSION):
        yield Finding(
            "claude-old",
            NOTE,
            f"Claude Code is {version}; keyswitch knows how "
            f"{rules.OBSERVED_VERSION} finds its credentials",
            "older versions lost logins and damaged files in ways that are "
            "fixed since",
            "claude update",
            found[0].path,
        )


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
