"""No core file is left by keyswitch or by what it starts for itself."""

from __future__ import annotations

# The limit that this process was started with. Children inherit ours, so a
# program that the person asked for is started with that one.
_before: list[tuple[int, int]] = []


def forbid() -> None:
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
