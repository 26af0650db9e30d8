"""What a pipe gave, kept for a command that has to begin again.

A pipe can be read once. A command that finds a damaged file of ours sets it
aside and begins again, and what its caller gave must not be gone by then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_taken: dict[str, bytes] = {}
_kept: dict[str, bytes] = {}


def take(place: str, read: Callable[[], bytes]) -> bytes:
    """Return what is read at a place, once more after a second begin."""
    data = _kept.pop(place) if place in _kept else read()
    _taken.setdefault(place, data)
    return data


def begin_again() -> None:
    """Give everything that was taken so far a second time."""
    _kept.update(_taken)
    _taken.clear()
