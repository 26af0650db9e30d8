"""The lists to choose from: profiles for `use`, providers for `add`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.cli.profiles.choice_list import ACTIVE, ChoiceList, Row
from keyswitch.cli.profiles.listing import NO_SECRET, notes, now
from keyswitch.display import printable
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import login_status, profile_files
from keyswitch.terminal import selection
from keyswitch.terminal.marker import read_marker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from keyswitch.profiles.paths import Paths
    from keyswitch.workspace import Workspace

BROKEN = "broken"
LONGEST_CELL = 200  # characters


def providers(workspace: Workspace) -> ChoiceList:
    """Return all providers: name, title, what is needed."""

    def read(name: str) -> Row:
        provider = workspace.catalogue.get(name)
        title, setup = provider.title, provider.setup
        return Row(title, setup, "", f"{name} {title} {setup}".casefold())

    return ChoiceList(workspace.catalogue.ids(), read, guess=True)


def profiles(
    paths: Paths, names: Sequence[str], used: Mapping[str, Sequence[str]]
) -> ChoiceList:
    """Return profiles: name, provider, account, expiry, where it is used."""
    at = now()
    return ChoiceList(names, lambda name: _row(paths, name, at), used)


def _row(paths: Paths, name: str, at: datetime) -> Row:
    try:
        profile, _ = profile_files.load(paths, name)
    except KeyswitchError:
        # Whoever chooses it is told what is wrong with it.
        return Row(BROKEN, "", "", f"{name} {BROKEN}")
    ends, who = notes(profile, at)
    if login_status.status_of(profile, at) is None:
        hints = [ref.hint for _, ref in sorted(profile.secrets.items())]
        who = " ".join(filter(None, (who, *hints[:1]))) or NO_SECRET
    owner = login_status.who(profile)
    searched = f"{name} {profile.provider} {owner} {who}".casefold()
    shown = (profile.provider, who, ends)
    kind, who, ends = (printable(text)[:LONGEST_CELL] for text in shown)
    return Row(kind, who, ends, searched)


def used_here(workspace: Workspace, active: str) -> dict[str, list[str]]:
    """Return {name: where that profile is used}, as far as it is known."""
    used = {active: [ACTIVE]} if active else {}
    environ = dict(workspace.environ)
    marker = read_marker(environ)
    own = environ.pop(selection.PROFILE_VARIABLE, "")
    own = own or (marker.name if marker else "")
    chosen = selection.select(workspace.paths, environ)
    linked = chosen.name if chosen.how == selection.BY_DIRECTORY else ""
    for name, where in ((own, "this shell"), (linked, "this directory")):
        if name:
            used.setdefault(name, []).append(where)
    return used
