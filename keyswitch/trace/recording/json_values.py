"""Values of a foreign JSON document, each of the type that it should have.

What is absent or null is the type's nothing; what is of another type is a
ShapeError that says where it stands.
"""

from __future__ import annotations

import math
from typing import Any

_LARGEST = 1e15  # of sizes in bytes, times in seconds


class ShapeError(Exception):
    """A value of a document is not of the type that it should have."""


class Values:
    """An object of a document, and the place where it stands."""

    def __init__(self, value: Any, place: str) -> None:
        self.place = place and f"{place}."
        if not isinstance(value, dict):
            raise ShapeError(f"{place or 'the whole'} is not an object")
        self._of = value

    def has(self, name: str) -> bool:
        """Tell whether there is anything by a name."""
        return self._of.get(name) is not None

    def _value(self, name: str, kind: Any, nothing: Any, said: str) -> Any:
        value = self._of.get(name)
        if value is None:
            return nothing
        if not isinstance(value, kind) or (
            isinstance(value, bool) and kind is not bool
        ):
            raise ShapeError(f"{self.place}{name} is not {said}")
        return value

    def text(self, name: str) -> str:
        """Return a text."""
        found: str = self._value(name, str, "", "text")
        return found

    def flag(self, name: str) -> bool:
        """Return a truth value."""
        found: bool = self._value(name, bool, False, "a boolean")
        return found

    def number(self, name: str) -> float | None:
        """Return a number of a sensible size, or None."""
        found = self._value(name, (int, float), None, "a number")
        if found is None:
            return None
        try:
            value = float(found)
        except OverflowError:
            value = math.inf
        if not abs(value) < _LARGEST:  # a NaN is not, either
            raise ShapeError(f"{self.place}{name} is too large")
        return value

    def whole(self, name: str) -> int:
        """Return a whole number; other programs write 12.0, too."""
        return int(self.number(name) or 0)

    def inner(self, name: str, *, needed: bool = False) -> Values:
        """Return an object in this one."""
        value = self._of.get(name)
        place = f"{self.place}{name}"
        return Values({} if value is None and not needed else value, place)

    def items(self, name: str) -> list[Values]:
        """Return the objects of a list."""
        found = self._value(name, list, [], "a list")
        place = f"{self.place}{name}"
        return [
            Values(value, f"{place}[{at}]") for at, value in enumerate(found)
        ]

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return names and values, as HAR writes headers."""
        return tuple(
            (o.text("name"), o.text("value")) for o in self.items(name)
        )

    def words(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        found = self._value(name, list, [], "a list")
        if not all(isinstance(word, str) for word in found):
            raise ShapeError(
                f"{self.place}{name} contains something other than text"
            )
        return tuple(found)

    def couples(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return pairs of texts that are lists of two."""
        found = self._value(name, list, [], "a list")
        for one in found:
            if not (
                isinstance(one, list)
                and len(one) == 2
                and all(isinstance(word, str) for word in one)
            ):
                raise ShapeError(
                    f"{self.place}{name} contains something other than pairs"
                )
        return tuple((first, second) for first, second in found)
