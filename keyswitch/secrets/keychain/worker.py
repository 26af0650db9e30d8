"""Run one keychain call where it can be killed.

A call into a keychain may wait for ever: for a daemon that is stopped, or for
a question that nobody sees. So it runs in a process of its own with a
deadline. On Linux that is a fork; elsewhere, where a fork and the system's
keychain do not get along, a fresh interpreter that reads the request on stdin.
"""

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Perform = Callable[[bytes], bytes]


_MOMENT = 0.4  # seconds before a person may have to be told
_GRACE = 1.0  # seconds after the deadline, at which whoever waits ends it


class DeadlineError(Exception):
    """The worker did not answer in time and was killed."""


class DiedError(Exception):
    """The worker ended without an answer."""


def start(
    perform: Perform, request: bytes, deadline: float
) -> Callable[[], bytes]:
    """Compute `perform(request)` in a child; what is returned waits for it."""
    end = time.monotonic() + deadline
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _serve(perform, request, writer, deadline)
    os.close(writer)

    def collect() -> bytes:
        try:
            return _collect(reader, end)
        finally:
            os.close(reader)
            _end(child)

    return collect


def _serve(
    perform: Perform, request: bytes, writer: int, deadline: float
) -> None:
    """Answer in the child, and end it without the parent's clean-up."""
    status = 1
    try:
        # What a library prints there could hold anything.
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.dup2(null, 2)
        _end_after(deadline)
        answer = perform(request)
        while answer:
            answer = answer[os.write(writer, answer) :]
        status = 0
    finally:
        os._exit(status)


def _end_after(deadline: float) -> None:
    """Let this process end by itself, should nobody be left to do it.

    Until then it holds the lock of a command that was killed: what it may
    still write is written before the next command looks for what is left.
    """
    # Built in, and its watchdog needs no cooperation of a blocked call.
    import faulthandler

    faulthandler.dump_traceback_later(deadline + _GRACE, exit=True, file=2)


def _collect(reader: int, end: float) -> bytes:
    import select

    parts = []
    poll = select.poll()
    poll.register(reader, select.POLLIN | select.POLLHUP)

    def answers(end: float) -> bool:
        left = end - time.monotonic()
        return left > 0 and bool(poll.poll(left * 1000))

    if not answers(min(end, time.monotonic() + _MOMENT)):
        from keyswitch.progress import Progress

        with Progress("waiting for the keychain, which may ask to be unlocked"):
            answers(end)
    while True:
        if not answers(end):
            raise DeadlineError
        part = os.read(reader, 1 << 16)
        if not part:
            break
        parts.append(part)
    if not parts:
        raise DiedError
    return b"".join(parts)


def _end(child: int) -> None:
    try:  # noqa: SIM105 - contextlib costs a start-up as well
        os.kill(child, 9)  # importing signal would cost a start-up
    except ProcessLookupError:
        pass
    os.waitpid(child, 0)


def _package_place() -> str:
    """Return where this keyswitch lies; a zip application's is on no path."""
    here, _ = os.path.splitext(os.path.abspath(__file__))
    return here.removesuffix(os.sep + __name__.replace(".", os.sep))


def in_interpreter(request: bytes, deadline: float) -> bytes:
    """Return the answer of a fresh interpreter that runs this module."""
    import subprocess

    code = (
        f"import sys; sys.path.append({_package_place()!r}); "
        "from keyswitch.secrets.keychain.worker import main; main()"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-PE", "-c", code, str(deadline)],
            input=request,
            capture_output=True,
            check=False,
            timeout=deadline,
        )
    except subprocess.TimeoutExpired as e:
        raise DeadlineError from e
    if done.returncode or not done.stdout:
        raise DiedError
    return done.stdout


def main() -> None:
    """Answer one request from stdin: the other side of `in_interpreter`."""
    from keyswitch.secrets.keychain.calls import perform

    _end_after(float(sys.argv[1]))
    sys.stdout.buffer.write(perform(sys.stdin.buffer.read()))


if __name__ == "__main__":
    main()
