"""Claude Code as a target: its parts, loaded when they are asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from keyswitch.targets.claude_code.files import (
    CONFIG_VARIABLE,
    locations,
    locks,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.values import Read, Request, TargetPlan

__all__ = [
    "folder_variable",
    "id",
    "locks",
    "places",
    "plan",
    "recorded",
]

id = "claude-code"  # noqa: A001 - the name in `Target`
folder_variable = CONFIG_VARIABLE
places = locations

# Parts that are modules of this folder.
_PARTS = ("folders", "launch", "logins", "sessions", "tokens")


def __getattr__(part: str) -> Any:
    if part not in _PARTS:
        raise AttributeError(part)
    return importlib.import_module(f"{__package__}.{part}")


def plan(request: Request, places: Locations, read: Read) -> TargetPlan:
    """Return what its files are to be for a profile, or for none."""
    from keyswitch.targets.claude_code.target import planning

    return planning.plan(request, places, read)


def recorded(path: str, data: bytes | None) -> Collection[str]:
    """Return the files that a record is about."""
    from keyswitch.targets.claude_code.settings import baseline

    return baseline.decode(path, data)
