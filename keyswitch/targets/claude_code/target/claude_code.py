"""Claude Code as a target: its parts, loaded when they are asked for."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from keyswitch.targets.claude_code.files import (
    CONFIG_VARIABLE,
    STORAGE_VARIABLE,
    locations,
)
from keyswitch.targets.claude_code.locks import locks

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from keyswitch.model import Profile, SecretRef
    from keyswitch.providers.schema import Provider
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.parts import Read
    from keyswitch.targets.target import Request, TargetPlan

__all__ = [
    "asks_about",
    "calls_us",
    "folder_variable",
    "folder_variables",
    "id",
    "locks",
    "may_be_secret",
    "name",
    "places",
    "plan",
    "record_moved",
    "recorded",
    "variables_of",
]

id = "claude-code"  # noqa: A001 - the name in `Target`
name = "Claude Code"
folder_variable = CONFIG_VARIABLE
folder_variables = (CONFIG_VARIABLE, STORAGE_VARIABLE)
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


def calls_us(places: Locations, read: Read) -> bool:
    """Tell whether a folder's settings call some keyswitch's helper."""
    from keyswitch.targets.claude_code.target import planning

    return planning.calls_us(places, read)


def record_moved(
    path: str, data: bytes | None, before: str, after: str
) -> bytes | None:
    """Return a record for a folder that gets another name."""
    from keyswitch.targets.claude_code.settings import baseline

    moved = {
        after + found.removeprefix(before): record
        for found, record in baseline.decode(path, data).items()
    }
    return baseline.encode(moved)


def variables_of(places: Locations) -> Mapping[str, str]:
    """Return the variables that lead to a folder."""
    given = {CONFIG_VARIABLE: places.config_dir}
    if places.login_dir != places.config_dir:
        if os.path.dirname(places.global_config) != places.config_dir:
            given.clear()  # named, it would have another `.claude.json`
        given[STORAGE_VARIABLE] = places.login_dir
    return given


def may_be_secret(keys: tuple[str, ...], raw: str) -> bool:
    """Tell whether the JSON text of a settings key may be a secret."""
    from keyswitch.targets.claude_code.settings import plan as settings_plan

    return settings_plan.may_be_secret(keys, raw)


def asks_about(provider: Provider, profile: Profile) -> SecretRef | None:
    """Return the key that it asks about where it is exported."""
    taken = provider.claude_code_for(profile)
    return profile.secrets.get(taken.helper_field) if taken.approve else None
