"""The command that `run --redact` starts."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from keyswitch.errors import KeyswitchError
from keyswitch.secret import CoresAllowed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyswitch.switching.running.run import Prepared


def start(
    ready: Prepared,
    streams: Mapping[str, int],
    before: Callable[[], None] | None = None,
) -> subprocess.Popen[bytes]:
    """Start the command; `streams` are "stdout" and so on.

    `before` is run in its process, which gets a group of its own for it, right
    before it becomes the command. Raises OSError.
    """
    with CoresAllowed():
        return subprocess.Popen(
            ready.command,
            executable=ready.program,
            env=ready.environ,
            close_fds=False,  # one may be its settings file
            preexec_fn=before,  # noqa: PLW1509 - there are no threads
            process_group=None if before is None else 0,
            stdin=streams.get("stdin"),
            stdout=streams.get("stdout"),
            stderr=streams.get("stderr"),
        )


def cannot_run(ready: Prepared, error: OSError) -> KeyswitchError:
    """Return what is said of a command that could not be started."""
    return KeyswitchError(
        f"cannot run '{ready.command[0]}': {error.strerror}",
        "check that it is a program you may run",
    )
