"""What `list`, `show` and `history` show to a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from keyswitch.changes.history import Entry, main_fingerprint
from keyswitch.cli.listings import outside
from keyswitch.cli.listings.moments import day, in_full, when
from keyswitch.cli.style import (
    DIM,
    ERROR,
    GOOD,
    NAME,
    WARNING,
    WHOLE,
    Cell,
    Styled,
)
from keyswitch.model import Profile, SecretRef
from keyswitch.profiles import login_status
from keyswitch.profiles.paths import Paths
from keyswitch.terminal import selection
from keyswitch.terminal.selection import Selection
from keyswitch.usage import shown

LIST = ("", "NAME", "PROVIDER", "ACCOUNT", "SECRET", "STORE", "NOTES")
HISTORY = ("WHEN", "COMMAND", "PROFILE", "SECRET")

# Why a profile is active that `use` did not choose.
_WHERE = {
    selection.BY_TERMINAL: "active in this shell",
    selection.BY_SHELL: "active in this shell",
    selection.BY_DIRECTORY: "active in this directory",
    selection.BY_USE: "active",
}
_TIMES = ("status", "usage")  # rows of `show`


class Here(NamedTuple):
    """What counts in this shell and directory, and what `use` chose."""

    chosen: Selection
    usual: str


def list_row(
    paths: Paths,
    profile: Profile,
    here: Here,
    at: datetime,
    leases: Mapping[str, int],
) -> tuple[Cell, ...]:
    """Return a profile's row below LIST."""
    is_active = profile.name == here.chosen.name
    ends, owner = login_status.notes(profile, at)
    notes = (
        _where(profile.name, here),
        ends,
        outside.lease_of(profile, leases, at),
        shown.words_of(paths, profile, at),
    )
    stores = sorted({ref.store for ref in profile.secrets.values()})
    hints = outside.hints_of(profile)
    return (
        Styled("*" if is_active else "", GOOD),
        Styled(profile.name, NAME),
        profile.provider,
        owner,
        Styled(hints[0] if hints else "", DIM),
        ", ".join(stores),
        _note(in_full("; ".join(filter(None, notes))), is_active=is_active),
    )


def broken_row(name: str, here: Here) -> tuple[Cell, ...]:
    """Return the row of a profile whose file cannot be used."""
    mark = Styled("*" if name == here.chosen.name else "", ERROR)
    notes = "; ".join(filter(None, (_where(name, here), "broken")))
    return mark, Styled(name, NAME), "", "", "", "", Styled(notes, ERROR)


def _where(name: str, here: Here) -> str:
    if name == here.chosen.name:
        return _WHERE.get(here.chosen.how, "active")
    return "active elsewhere" if name == here.usual else ""


def _note(text: str, *, is_active: bool) -> Cell:
    role = gravity(text)
    return Styled(text, GOOD if is_active and role == DIM else role)


def gravity(notes: str) -> str:
    """Return the role of what notes say about the end of a secret.

    A lease and a login that is refreshable are renewed without a person.
    """
    ends = [
        part
        for part in notes.split("; ")
        if "refreshable" not in part and not part.startswith("lease")
    ]
    if any(part.startswith("expired") for part in ends):
        return ERROR
    is_near = any(part.startswith("expires") for part in ends)
    return WARNING if is_near else DIM


def profile_words(
    profile: Profile, chosen: Selection, at: datetime
) -> dict[str, str]:
    """Return what `show` says in other words to a person than to a pipe."""
    words = {}
    if profile.name == chosen.name and chosen.how != selection.BY_USE:
        words["active"] = f"yes, by {chosen.how}"
    if profile.created:
        words["created"] = day(profile.created, at)
    if profile.expires:
        words["expires"] = day(profile.expires, at)
    if profile.expires_expected:
        words["expires"] = f"about {words['expires']}, expected"
    return words


def in_words(
    rows: Iterable[tuple[str, str]], home: str
) -> list[tuple[str, str]]:
    """Return rows of `show` with `~` for the home, and units in full."""
    start = home.rstrip("/") + "/"
    return [
        (key, in_full(text) if key in _TIMES else text.replace(start, "~/"))
        for key, text in rows
    ]


def secret_words(paths: Paths, ref: SecretRef, at: datetime) -> str:
    """Return which secret it is, where it is, and whether it is the first."""
    if ref.is_reference:
        return outside.in_words(paths, ref, at)
    words = f"{ref.hint}  in the {ref.store}"
    before = ref.generation - 1
    if before > 0:
        times = "once" if before == 1 else f"{before} times"
        words += f", replaced {times}"
    return words


def history_rows(
    entries: Sequence[Entry], profiles: Iterable[Profile], at: datetime
) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows below HISTORY, the oldest first."""
    known = {profile.name: profile for profile in profiles}
    for entry in entries:
        yield (
            Styled(when(entry.at, at), WHOLE),
            Styled(entry.command, WHOLE),
            Styled(entry.profile, NAME),
            Styled(_secret_then(entry, known.get(entry.profile)), DIM),
        )


def _secret_then(entry: Entry, profile: Profile | None) -> str:
    """Say which secret a change was about, if the profile still tells."""
    if profile is None or not entry.fingerprint:
        return ""
    if entry.fingerprint != main_fingerprint(profile):
        return "replaced since"
    return ", ".join(outside.hints_of(profile))
