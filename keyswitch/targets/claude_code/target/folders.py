"""What a folder of a profile's own begins with, and shares with the usual one.

Each thing is a link into the person's usual folder, so that a command or an
agent is written once for all accounts. Links that lead elsewhere, and files
that stand in a link's place, are the person's own and stay.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from keyswitch.errors import InputError
from keyswitch.model import LinkChange
from keyswitch.targets.claude_code.files import (
    CONFIG_VARIABLE,
    STORAGE_VARIABLE,
)
from keyswitch.targets.claude_code.settings import baseline, wanted
from keyswitch.targets.claude_code.settings.settings_file import members
from keyswitch.targets.values import PlannedFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.values import Read

# What a person can name -> the files and folders that it stands for.
SHAREABLE = {
    "agents": ("agents",),
    "commands": ("commands",),
    "history": ("history.jsonl", "projects"),
    "memory": ("CLAUDE.md",),
    "settings": ("settings.json",),
    "skills": ("skills",),
}
# Not the settings: they may hold another account's credentials. Not the
# history: what was said to one account is not for the other.
USUAL = ("agents", "commands", "memory", "skills")

# Of `.claude.json`: what would otherwise be asked again in every folder.
_ASKED_ONCE = (
    "hasCompletedOnboarding",
    "lastOnboardingVersion",
    "theme",
    "editorMode",
)


variables = (CONFIG_VARIABLE, STORAGE_VARIABLE)
calls_us = wanted.calls_us


def variables_of(places: Locations) -> Mapping[str, str]:
    """Return the variables that lead to a folder, with their values."""
    given = {CONFIG_VARIABLE: places.config_dir}
    if os.path.dirname(places.global_config) != places.config_dir:
        given.clear()  # named, it would have another `.claude.json`
    if places.login_dir != places.config_dir:
        given[STORAGE_VARIABLE] = places.login_dir
    return given


def record_moved(
    path: str, data: bytes | None, before: str, after: str
) -> bytes | None:
    """Return a record for a folder that gets another name."""
    moved = {
        after + found.removeprefix(before): record
        for found, record in baseline.decode(path, data).items()
    }
    return baseline.encode(moved)


def check(shared: Iterable[str]) -> None:
    """Raise InputError for a name that cannot be shared."""
    for name in shared:
        if name not in SHAREABLE:
            raise InputError(
                f"'{name}' cannot be shared",
                f"choose from: {', '.join(SHAREABLE)}",
            )


def _links(
    folder: str, usual: str, shared: Iterable[str], *, wanted: bool = True
) -> list[LinkChange]:
    return [
        LinkChange(f"{folder}/{part}", f"{usual}/{part}", wanted)
        for name in sorted(set(shared))
        for part in SHAREABLE[name]
    ]


def planned(
    folder: str, usual: str, shared: Iterable[str]
) -> tuple[list[LinkChange], list[str]]:
    """Return which links have to come and go, and what stands in the way.

    What the usual folder does not have is not linked.
    """
    others = SHAREABLE.keys() - set(shared)
    gone = _links(folder, usual, others, wanted=False)
    found = [link for link in gone if _is_ours(link)]
    in_the_way = []
    for link in _links(folder, usual, shared):
        if _is_ours(link) or not os.path.exists(link.source):
            continue
        if os.path.lexists(link.path):
            in_the_way.append(link.path)
        else:
            found.append(link)
    return found, in_the_way


def first_files(
    own: Locations, usual: Locations, read: Read
) -> list[PlannedFile]:
    """Return a first `.claude.json`, with answers given in the usual folder."""
    if read(own.global_config) is not None:
        return []
    usual_one = members(read(usual.global_config)) or {}
    kept = {k: usual_one[k] for k in _ASKED_ONCE if k in usual_one}
    answered = json.dumps(kept, indent=2).encode() if kept else None
    return [PlannedFile(own.global_config, answered, goes_when_empty=True)]


def present(folder: str, usual: str) -> list[LinkChange]:
    """Return the links that are there."""
    return [k for k in _links(folder, usual, SHAREABLE) if _is_ours(k)]


def _is_ours(link: LinkChange) -> bool:
    try:
        return os.readlink(link.path) == link.source
    except OSError:
        return False
