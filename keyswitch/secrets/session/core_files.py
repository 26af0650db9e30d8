"""Let a process that has secrets in its memory leave no core file.

Part of the express lane. On Linux the process is not dumpable either
(`kernel_keyring.close_to_others`), which also holds where cores go to a
program; the limit is what other systems have. Children inherit it, so a program
that the person asked for is started with the one that was there before.
"""

from __future__ import annotations

_before: list[tuple[int, int]] = []


def forbid() -> None:
    """Let this process, and what it starts, leave no core file."""
    try:
        import resource

        limits = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (0, limits[1]))
    except (ImportError, OSError, ValueError):
        return  # Windows has none
    if not _before:
        _before.append(limits)


def allow() -> None:
    """Put back the limit that this process was started with."""
    if _before:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, _before.pop())


class Allowed:
    """A block in which a program is started for the person."""

    def __enter__(self) -> None:
        allow()

    def __exit__(self, *_: object) -> None:
        forbid()
