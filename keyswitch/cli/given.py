"""Input that was read from a pipe, kept in case the command starts over.

A pipe can be read only once. A command that finds a damaged file of ours sets
it aside and starts over, and then needs the same input again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_taken: dict[str, bytes] = {}
_kept: dict[str, bytes] = {}


def take(place: str, read: Callable[[], bytes]) -> bytes:
    """Return the input of a place: kept from before, or read now."""
    data = _kept.pop(place) if place in _kept else read()
    _taken.setdefault(place, data)
    return data


def begin_again() -> None:
    """Let the next `take` of each place return the same input again."""
    _kept.update(_taken)
    _taken.clear()
