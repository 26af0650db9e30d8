"""The lists to choose from, which narrow while a person types."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from keyswitch.cli import style
from keyswitch.cli.listings import outside
from keyswitch.cli.listings.moments import in_full, now
from keyswitch.cli.listings.screens import gravity
from keyswitch.cli.style import Cell, Styled
from keyswitch.display import printable
from keyswitch.errors import KeyswitchError
from keyswitch.model import Frozen
from keyswitch.profiles import login_status, profile_files, team_records
from keyswitch.profiles.names import nearest
from keyswitch.profiles.paths import Paths
from keyswitch.terminal import selection
from keyswitch.terminal.marker import read_marker
from keyswitch.usage.shown import words_of
from keyswitch.workspace import Workspace

# What choosing a name would do, for a person who points at it.
Preview = Callable[[str], Sequence[str]]

ACTIVE = "active"
BROKEN = "broken"
_AS_A_PICTURE = "\ufe0f"  # variation selector 16
LONGEST_CELL = 200  # characters


# Above the columns of a list of profiles, and of providers.
KIND = 1  # the column of the least use
PROFILES = ("NAME", "PROVIDER", "ACCOUNT", "NOTES", "IN USE")
PROVIDERS = ("NAME", "TITLE", "NEEDS", "", "")
TEAMS = ("NAME", "SOURCE", "", "", "")


class ChoiceRow(Frozen):
    """What is shown beside a name, and the text that a filter looks at."""

    kind: str
    account: str
    notes: str
    searched: str


class ChoiceList:
    """The names that match what was typed, and which is pointed at.

    A row is read when it is first asked for. `headers` stand above the
    columns; `used` says where a name is in use. With `guess` the nearest name
    is offered where none matches.
    """

    def __init__(
        self,
        names: Sequence[str],
        read: Callable[[str], ChoiceRow],
        headers: Sequence[str],
        used: Mapping[str, Sequence[str]] | None = None,
        *,
        guess: bool = False,
    ) -> None:
        self.names = names
        self.headers = headers
        self.used = used or {}
        self.guessed = False
        self._guess = guess
        self._read = read
        self._rows: dict[str, ChoiceRow] = {}
        self._top = 0
        self.narrow("")

    def row(self, name: str) -> ChoiceRow:
        """Return a name's row."""
        if name not in self._rows:
            self._rows[name] = self._read(name)
        return self._rows[name]

    def cells(self, name: str) -> tuple[Cell, ...]:
        """Return a name's row below the headers."""
        row = self.row(name)
        is_broken = row.kind == BROKEN
        return (
            Styled(name, style.NAME),
            Styled(BROKEN, style.ERROR) if is_broken else row.kind,
            row.account,
            Styled(row.notes, gravity(row.notes)),
            Styled(", ".join(self.used.get(name, ())), style.GOOD),
        )

    @property
    def unread(self) -> list[str]:
        """Return the names whose rows were not read yet."""
        return [name for name in self.names if name not in self._rows]

    def narrow(self, typed: str) -> None:
        """Keep what holds every word that was typed; point at the first."""
        self._words = typed.casefold().split()
        self._match()
        self.at = 0
        if not self._words:
            marked = (n for n in self.matches if self.is_active(n))
            self.at = self.matches.index(next(marked, self.matches[0]))

    def look_again(self) -> None:
        """Match the rows that were read since; what is pointed at stays."""
        if self._words:
            pointed = self.pointed
            self._match()
            if pointed:
                self.at = self.matches.index(pointed)

    def _match(self) -> None:
        """Find the names that match, the nearest to a typed name first."""
        self.matches = list(self.names)
        self.guessed = False
        if not self._words:
            return
        first = self._words[0]
        ranked = []
        for name in self.names:
            row = self._rows.get(name)
            searched = row.searched if row else name
            if all(word in searched for word in self._words):
                far = (name != first, not name.startswith(first))
                ranked.append((*far, first not in name, name))
        self.matches = [name for *_, name in sorted(ranked)]
        if self._guess and not ranked:
            near = nearest(first, self.names)
            self.matches = [near] if near else []
            self.guessed = bool(near)

    @property
    def pointed(self) -> str:
        """Return the name pointed at, "" where nothing matches."""
        return self.matches[self.at] if self.matches else ""

    def move(self, steps: int) -> None:
        """Point at another row, not beyond the first and the last."""
        self.at = max(0, min(self.at + steps, len(self.matches) - 1))

    def visible(self, height: int) -> list[str]:
        """Return the names in a window that has the pointer in it."""
        last = max(len(self.matches) - height, 0)
        top = max(self._top, self.at - height + 1)
        self._top = min(top, self.at, last)
        return self.matches[self._top : self._top + height]

    def is_active(self, name: str) -> bool:
        """Tell whether a profile is the one that `use` chose last."""
        return ACTIVE in self.used.get(name, ())


def providers(workspace: Workspace) -> ChoiceList:
    """Return all providers: name, title, what is needed."""

    def read(name: str) -> ChoiceRow:
        provider = workspace.catalogue.get(name)
        title, setup = provider.title, provider.setup
        return ChoiceRow(title, setup, "", f"{name} {title} {setup}".casefold())

    return ChoiceList(workspace.catalogue.ids(), read, PROVIDERS, guess=True)


def teams(paths: Paths) -> ChoiceList:
    """Return all teams: name, and where their file is."""

    def read(name: str) -> ChoiceRow:
        source = printable(team_records.get(paths, name).source)
        return ChoiceRow(source, "", "", f"{name} {source}".casefold())

    return ChoiceList(team_records.names(paths), read, TEAMS)


def profiles(
    paths: Paths, names: Sequence[str], used: Mapping[str, Sequence[str]]
) -> ChoiceList:
    """Return profiles: name, provider, account, expiry, where it is used."""
    at = now()
    return ChoiceList(names, lambda name: _row(paths, name, at), PROFILES, used)


def _row(paths: Paths, name: str, at: datetime) -> ChoiceRow:
    try:
        profile, _ = profile_files.load(paths, name)
    except KeyswitchError:
        # Whoever chooses it is told what is wrong with it.
        return ChoiceRow(BROKEN, "", "", f"{name} {BROKEN}")
    ends, who = login_status.notes(profile, at)
    if login_status.status_of(profile, at) is None:
        hints = outside.hints_of(profile)
        who = " ".join(filter(None, (who, *hints[:1]))) or "-"
    used = words_of(paths, profile, at)
    ends = in_full("; ".join(filter(None, (ends, used))))
    owner = login_status.who(profile)
    searched = f"{name} {profile.provider} {owner} {who}".casefold()
    shown = (profile.provider, who, ends)
    kind, who, ends = map(_of_one_width, shown)
    return ChoiceRow(kind, who, ends, searched)


def _of_one_width(text: str) -> str:
    """Return a text whose width all terminals agree on.

    They do not where a sign asks to be shown as a picture, or where an accent
    is apart from its letter and they do not put the two together.
    """
    composed = unicodedata.normalize("NFC", text.replace(_AS_A_PICTURE, ""))
    return printable(composed)[:LONGEST_CELL]


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
