"""The type of a value that must not be seen, and no core file that shows it.

Import-free, because the express lane carries secrets too.
"""

from __future__ import annotations


class Secret:
    """One secret text. Printing, formatting or pickling it shows nothing."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself: for stores, exports and helper output."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str, /) -> str:
        return "Secret(***)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")

    def __len__(self) -> int:
        return len(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


# The limit that this process was started with. Children inherit ours, so a
# program that the person asked for is started with that one.
_before: list[tuple[int, int]] = []


def forbid_cores() -> None:
    """Let this process, and what it starts, leave no core file.

    On Linux it is not dumpable either (`kernel_keyring.close_to_others`), which
    also holds where cores go to a program.
    """
    try:
        import resource

        limits = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, limits[1]))
    except (ImportError, OSError, ValueError):
        return  # Windows has none
    if not _before:
        _before.append(limits)


def allow_cores() -> None:
    """Put back the limit that this process was started with."""
    if _before:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, _before.pop())


class CoresAllowed:
    """A block in which a program is started for the person."""

    def __enter__(self) -> None:
        allow_cores()

    def __exit__(self, *_: object) -> None:
        forbid_cores()
