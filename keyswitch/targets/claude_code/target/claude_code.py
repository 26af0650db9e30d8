"""Claude Code as a target: its parts, loaded when they are asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from keyswitch.targets.claude_code import files

if TYPE_CHECKING:
    from collections.abc import Collection

    from keyswitch.targets.values import PlanRequest, Read, TargetPlan

id = "claude-code"  # noqa: A001 - the name in `Target`
folder_variable = files.CONFIG_VARIABLE
places = files.locations
locks = files.locks

# Parts that are modules of this folder.
_PARTS = ("folders", "launch", "logins", "sessions", "tokens")


def __getattr__(part: str) -> Any:
    if part not in _PARTS:
        raise AttributeError(part)
    return importlib.import_module(f"{__package__}.{part}")


def plan(
    request: PlanRequest, places: files.Locations, read: Read
) -> TargetPlan:
    """Return what its files are to be for a profile, or for none."""
    from keyswitch.targets.claude_code.target import planning

    return planning.plan(request, places, read)


def recorded(path: str, data: bytes | None) -> Collection[str]:
    """Return the files that a record is about."""
    from keyswitch.targets.claude_code.settings import baseline

    return baseline.decode(path, data)
