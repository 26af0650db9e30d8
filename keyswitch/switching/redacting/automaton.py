"""Reads the forms of secrets in bytes, all forms at once.

A finite automaton, which is made as far as a text needs it. A regular
expression finds the few places where it has to look.

Between two characters of a secret may be what a terminal or a line length put
there: line ends, margins, and sequences that move the cursor or set a colour.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from keyswitch.switching.redacting.spellings import Form, Unit

_BREAKS: Unit = frozenset((b"\r", b"\n", b"\\n", b"\\r"))
_MARGINS: Unit = frozenset((b" ", b"\t", b"|", "│".encode()))
_SEQUENCE = b"\x1b["  # CSI, ECMA-48 5.4: parameters, then one final byte
# Observed, less 590 and readline 8.2: how they go on at the next line.
_WRAPS: Unit = frozenset((b" \x08", b" \r"))
_FIRST_GAPS = (*_BREAKS, *_WRAPS, _SEQUENCE)
_ALL_GAPS = (*_FIRST_GAPS, *_MARGINS)
_PARAMETERS = range(0x20, 0x40)
_FINALS = range(0x40, 0x7F)
_LONGEST_GAP = 200  # bytes
_LOOK = 3  # bytes that the regular expression compares
_MOST_STATES = 20_000  # that are remembered


class _Spot(NamedTuple):
    """Where in a form a text may be."""

    form: int
    unit: int  # units that are read
    rest: bytes = b""  # of a spelling, still to come
    gap: int = 0  # bytes of what stands in between
    gap_rest: bytes = b""  # of a sign in there
    in_sequence: bool = False


class Reading:
    """All spots where a text may be; `following` is filled in as needed."""

    __slots__ = ("beyond", "following", "in_gap", "label", "spots")

    def __init__(self, spots: frozenset[_Spot], forms: Sequence[Form]) -> None:
        self.spots = spots
        self.following: dict[int, Reading | None] = {}
        found = [p for p in spots if _is_enough(p, forms[p.form])]
        self.label = forms[min(found).form].label if found else b""
        self.in_gap = any(p.gap and not p.gap_rest for p in spots)
        # More was read of some form than may be shown for a moment.
        self.beyond = any(p.unit > forms[p.form].public for p in spots)


class Automaton:
    """Reads the forms of one or more secrets, from where it is told to."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self._forms = list(forms)
        self._states: dict[frozenset[_Spot], Reading] = {}
        spots = frozenset(_Spot(n, 0) for n in range(len(self._forms)))
        self.start = Reading(spots, self._forms)
        self.find = re.compile(self._beginnings(), re.DOTALL).search

    def step(self, state: Reading, byte: int) -> Reading | None:
        """Return the state after one more byte; None: it is no secret."""
        try:
            return state.following[byte]
        except KeyError:
            pass
        spots = frozenset(
            after
            for spot in state.spots
            for after in _after(spot, self._forms[spot.form], byte)
        )
        if len(self._states) > _MOST_STATES:
            self._states.clear()
            self.start.following.clear()
        following = self._states.get(spots) if spots else None
        if spots and following is None:
            following = Reading(spots, self._forms)
            self._states[spots] = following
        state.following[byte] = following
        return following

    def _beginnings(self) -> bytes:
        """Return an expression for the first bytes of all forms.

        It also finds the beginning of one at the end of a text. Branches that
        begin with one byte each let `re` pass over others quickly.
        """
        branches = [
            re.escape(bytes([byte])) + self._pattern(following, _LOOK - 1)
            for byte, following in self._all_after(self.start)
        ]
        return b"|".join(branches) or rb"(?!)"

    def _pattern(self, state: Reading, depth: int) -> bytes:
        if not depth or state.label or state.in_gap:
            return b""
        by_state: dict[int, tuple[Reading, list[bytes]]] = {}
        for byte, following in self._all_after(state):
            _, signs = by_state.setdefault(id(following), (following, []))
            signs.append(b"\\x%02x" % byte)
        branches = [
            b"[" + b"".join(signs) + b"]" + self._pattern(following, depth - 1)
            for following, signs in by_state.values()
        ]
        return b"(?:\\Z|" + b"|".join(branches) + b")"

    def _all_after(self, state: Reading) -> Iterator[tuple[int, Reading]]:
        found = {
            byte
            for spot in state.spots
            for byte in _next_bytes(spot, self._forms[spot.form])
        }
        for byte in sorted(found):
            following = self.step(state, byte)
            if following is not None:
                yield byte, following


def _is_enough(spot: _Spot, form: Form) -> bool:
    return not (spot.rest or spot.gap) and spot.unit >= form.enough


def _next_bytes(spot: _Spot, form: Form) -> Iterator[int]:
    """Yield the bytes after which `_after` may have a spot."""
    if spot.in_sequence:
        yield from (*_PARAMETERS, *_FINALS)
    elif spot.gap_rest:
        yield spot.gap_rest[0]
    else:
        for signs in (_expected(spot, form), _gaps(spot, form)):
            yield from (sign[0] for sign in signs)


def _expected(spot: _Spot, form: Form) -> Iterable[bytes]:
    """Return what goes on with the secret here."""
    if spot.rest:
        return (spot.rest,)
    return form.units[spot.unit] if spot.unit < len(form.units) else ()


def _gaps(spot: _Spot, form: Form) -> Iterable[bytes]:
    """Return what may stand here, in the middle of a secret."""
    if spot.unit >= form.least or not (spot.unit or spot.rest):
        return ()
    if spot.gap:
        # Observed, zsh 5.9: it writes a line's first letter twice.
        following = _single(_expected(spot, form))
        return (*_ALL_GAPS, *(one + b"\r" for one in following))
    # Observed, Vim 9.0: it repeats a line's last letter, and moves on.
    last = form.units[spot.unit - 1] if spot.unit and not spot.rest else ()
    return (*_FIRST_GAPS, *(one + _SEQUENCE for one in _single(last)))


def _single(spellings: Iterable[bytes]) -> Iterator[bytes]:
    return (one for one in spellings if len(one) == 1)


def _after(spot: _Spot, form: Form, byte: int) -> Iterator[_Spot]:
    """Yield where a text may be after one more byte."""
    if spot.in_sequence:
        if byte in _PARAMETERS or byte in _FINALS:
            yield from _in_gap(spot, in_sequence=byte in _PARAMETERS)
    elif spot.gap_rest:
        if spot.gap_rest[0] == byte:
            is_sequence = spot.gap_rest == _SEQUENCE[1:]
            rest = spot.gap_rest[1:]
            yield from _in_gap(spot, rest, in_sequence=is_sequence)
    else:
        for spelling in _expected(spot, form):
            if spelling[0] == byte:
                unit = spot.unit + (len(spelling) == 1)
                yield _Spot(spot.form, unit, spelling[1:])
        for sign in _gaps(spot, form):
            if sign[0] == byte:
                yield from _in_gap(spot, sign[1:])
                if sign == _SEQUENCE and b" " in _expected(spot, form):
                    # Observed, Claude Code 2.1.332: it moves past blanks.
                    past = spot._replace(unit=spot.unit + 1)
                    yield from _in_gap(past, sign[1:])


def _in_gap(
    spot: _Spot, rest: bytes = b"", *, in_sequence: bool = False
) -> Iterator[_Spot]:
    if spot.gap < _LONGEST_GAP:
        yield spot._replace(
            gap=spot.gap + 1, gap_rest=rest, in_sequence=in_sequence
        )
