"""The programs whose files a switch changes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, cast

from keyswitch.targets.values import MAIN

if TYPE_CHECKING:
    from keyswitch.targets.target import MainTarget, Target

# id -> its module, which is loaded when it is asked for.
TARGETS = {
    "claude-code": "keyswitch.targets.claude_code.target.claude_code",
}


def get(target_id: str) -> Target:
    """Return one program."""
    module = TARGETS[target_id]
    if module not in sys.modules:
        __import__(module)
    return cast("Target", sys.modules[module])


def main() -> MainTarget:
    """Return the program that profiles have folders and logins of."""
    return cast("MainTarget", get(MAIN))


def every() -> list[Target]:
    """Return all programs, the main one first."""
    return [get(target_id) for target_id in TARGETS]


def others() -> list[Target]:
    """Return the programs beside the main one."""
    return [get(target_id) for target_id in TARGETS if target_id != MAIN]
