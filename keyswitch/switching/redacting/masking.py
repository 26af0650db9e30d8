"""Masks secrets in a stream of bytes, wherever it is cut into pieces.

Text that cannot begin a secret is passed on at once. What can is held until it
is clear. An automaton reads the forms of `spellings.py`, all at once, and is
made as far as a text needs it; a regular expression finds the few spots where
it has to look.

Between two characters of a secret may be what a terminal or a line length put
there: line ends, margins, and sequences that move the cursor or set a colour.
The mask keeps them but for margins, so that what follows is where it was.
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
_FIRST_GAPS = (*_BREAKS, _SEQUENCE)
_ALL_GAPS = (*_FIRST_GAPS, *_MARGINS)
_PARAMETERS = range(0x20, 0x40)
_FINALS = range(0x40, 0x7F)
_KEPT = re.compile(rb"\x1b\[[ -?]*[@-~]|[\r\n]")
_LONGEST_GAP = 200  # bytes
_LOOK = 4  # bytes that the regular expression compares
_MOST_STATES = 10_000  # that are remembered
_GAP_AT_END = re.compile(
    rb"(?:\x1b\[?[ -?]*[@-~]?|\\[rn]|[\s|]|\xe2\x94\x82)*\Z"
)


class _Spot(NamedTuple):
    """Where in a form a text may be."""

    form: int
    unit: int  # units that are read
    rest: bytes = b""  # of a spelling, still to come
    gap: int = 0  # bytes of what stands in between
    gap_rest: bytes = b""  # of a sign in there
    in_sequence: bool = False


class _State:
    """All spots where a text may be; `following` is filled in as needed."""

    __slots__ = ("beyond", "following", "in_gap", "label", "likely", "spots")

    def __init__(
        self, spots: frozenset[_Spot], forms: Sequence[Form]
    ) -> None:
        self.spots = spots
        self.following: dict[int, _State | None] = {}
        whole = [p for p in spots if _is_whole(p, forms[p.form])]
        self.label = forms[min(whole).form].label if whole else b""
        self.in_gap = any(p.gap for p in spots)
        # More was read of some form than may be shown for a moment, or left.
        self.beyond = any(p.unit > forms[p.form].public for p in spots)
        telling = [p for p in spots if p.unit >= forms[p.form].telling]
        self.likely = forms[min(telling).form].label if telling else b""


class Automaton:
    """Reads the forms of one or more secrets, from where it is told to."""

    def __init__(self, forms: Iterable[Form]) -> None:
        self._forms = list(forms)
        self._states: dict[frozenset[_Spot], _State] = {}
        spots = frozenset(_Spot(n, 0) for n in range(len(self._forms)))
        self.start = _State(spots, self._forms)
        self.find = re.compile(self._beginnings(), re.DOTALL).search

    def step(self, state: _State, byte: int) -> _State | None:
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
            following = _State(spots, self._forms)
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

    def _pattern(self, state: _State, depth: int) -> bytes:
        if not depth or state.label or state.in_gap:
            return b""
        by_state: dict[int, tuple[_State, list[bytes]]] = {}
        for byte, following in self._all_after(state):
            _, signs = by_state.setdefault(id(following), (following, []))
            signs.append(b"\\x%02x" % byte)
        branches = [
            b"[" + b"".join(signs) + b"]" + self._pattern(following, depth - 1)
            for following, signs in by_state.values()
        ]
        return b"(?:\\Z|" + b"|".join(branches) + b")"

    def _all_after(self, state: _State) -> Iterator[tuple[int, _State]]:
        found = {
            byte
            for spot in state.spots
            for byte in _next_bytes(spot, self._forms[spot.form])
        }
        for byte in sorted(found):
            following = self.step(state, byte)
            if following is not None:
                yield byte, following


def _is_whole(spot: _Spot, form: Form) -> bool:
    return not (spot.rest or spot.gap) and spot.unit >= form.least


def _next_bytes(spot: _Spot, form: Form) -> Iterator[int]:
    """Yield the bytes after which `_after` may have a spot."""
    if spot.in_sequence:
        yield from (*_PARAMETERS, *_FINALS)
    elif spot.gap_rest:
        yield spot.gap_rest[0]
    else:
        for signs in (_expected(spot, form), _ALL_GAPS):
            yield from (sign[0] for sign in signs)


def _expected(spot: _Spot, form: Form) -> Iterable[bytes]:
    """Return what goes on with the secret here."""
    if spot.rest:
        return (spot.rest,)
    return form.units[spot.unit] if spot.unit < len(form.units) else ()


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
        if (spot.unit or spot.rest) and spot.unit < form.least:
            signs = _ALL_GAPS if spot.gap else _FIRST_GAPS
            for sign in signs:
                if sign[0] == byte:
                    yield from _in_gap(spot, sign[1:])


def _in_gap(
    spot: _Spot, rest: bytes = b"", *, in_sequence: bool = False
) -> Iterator[_Spot]:
    if spot.gap < _LONGEST_GAP:
        yield spot._replace(
            gap=spot.gap + 1, gap_rest=rest, in_sequence=in_sequence
        )


class Masker:
    """One stream on its way through; what it returns may be shown.

    Where a secret could be read in two ways, the one that begins first counts,
    and of those the longest.
    """

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        self._text = b""  # what is not done with
        self._shown = 0  # bytes of it that are out already
        self._from = 0  # where to look for a secret's beginning
        self._state: _State | None = None  # in a secret, as it seems
        self._start = self._at = 0  # where it begins, and how far it was read
        self._end, self._label = 0, b""  # of the longest that is whole

    @property
    def holds(self) -> bool:
        """Tell whether something is held, since it may begin a secret."""
        return self._state is not None

    def feed(self, data: bytes) -> bytes:
        """Take in more, and return what is clear."""
        self._text += data
        return self._advance(is_end=False)

    def end(self) -> bytes:
        """Return the rest. A long beginning of a secret is masked, too."""
        return self._advance(is_end=True)

    def pause(self) -> bytes:
        """Return what may be shown while nothing more comes.

        A prompt may end like a secret begins. More than its first characters
        is not shown; what comes then is still known to continue them.
        """
        if self._state is None:
            return b""
        if self._label:
            out = self._mask()
            self._shown = max(self._shown, self._end)
            return out
        if self._is_beyond():
            return b""
        out = self._text[self._shown :]
        self._shown = len(self._text)
        return out

    def _is_beyond(self) -> bool:
        """Tell whether more is held than may be shown of a secret."""
        states = [self._state]
        for start in range(self._start + 1, len(self._text)):
            state: _State | None = self._automaton.start
            for byte in self._text[start:]:
                state = state and self._automaton.step(state, byte)
            states.append(state)
        return any(state and state.beyond for state in states)

    def _advance(self, *, is_end: bool) -> bytes:
        out: list[bytes] = []
        done = 0
        while True:
            if self._state is None and not self._seek():
                done = self._pass(out, done, len(self._text))
                break
            self._read()
            if self._state is not None and not is_end:
                done = self._pass(out, done, self._start)
                break
            if self._state is not None and not self._label:
                self._cut_short()
            self._state = None
            self._from = self._start + 1
            if self._label:
                self._pass(out, done, self._start)
                done = self._from = self._end
                out.append(self._mask())
        self._forget(done)
        return b"".join(out)

    def _seek(self) -> bool:
        """Go to the next beginning of a secret, if there is one."""
        found = self._automaton.find(self._text, self._from)
        if found is None:
            return False
        self._start = self._at = found.start()
        self._state, self._label = self._automaton.start, b""
        return True

    def _read(self) -> None:
        """Read on, until it is no secret or the text ends."""
        state, step = self._state, self._automaton.step
        text = self._text
        while state is not None and self._at < len(text):
            state = step(state, text[self._at])
            self._at += 1
            if state is not None and state.label:
                self._end, self._label = self._at, state.label
        self._state = state

    def _cut_short(self) -> None:
        """Take a long beginning at the very end for the secret."""
        if self._state is not None and self._state.likely:
            found = _GAP_AT_END.search(self._text, self._start)
            self._end = found.start() if found else len(self._text)
            self._label = self._state.likely

    def _mask(self) -> bytes:
        """Return what is shown of a secret, unless it was."""
        if self._end <= self._shown:
            return b""
        text = self._text[max(self._start, self._shown) : self._end]
        return b"".join([self._label, *_KEPT.findall(text)])

    def _pass(self, out: list[bytes], done: int, end: int) -> int:
        """Pass on plain text, without what is out already."""
        out.append(self._text[max(done, self._shown) : end])
        return end

    def _forget(self, done: int) -> None:
        self._text = self._text[done:]
        self._shown = max(self._shown - done, 0)
        self._from = max(self._from - done, 0)
        for name in ("_start", "_at", "_end"):
            setattr(self, name, getattr(self, name) - done)
