"""Entry: the express lane first, then the command line."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # `signal` costs a start-up
import gc
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What the express lane may answer.
_LANE = ("env", "helper", "current", "hook", "completion")


def _load_later(name: str) -> None:
    """Let a module stand in its own place until something of it is asked for.

    Not `importlib.util.LazyLoader`: a second `import` loads its modules.
    """
    from types import ModuleType

    class Later(ModuleType):
        def __getattr__(self, attribute: str) -> Any:
            import importlib

            if sys.modules.get(name) is self:
                del sys.modules[name]
            found = importlib.import_module(name)
            vars(self).update(vars(found))
            return getattr(found, attribute)

    sys.modules.setdefault(name, Later(name))


def _load_click() -> None:
    """Load click without two modules that it hardly ever needs.

    They are a tenth of a short command: `inspect` cleans texts that few
    starts print, and `uuid` is for a type of option that no command has.
    """
    _load_later("inspect")
    if "uuid" in sys.modules:
        return
    _load_later("uuid")
    stand_in = sys.modules["uuid"]
    vars(stand_in)["UUID"] = object  # all that click asks for as it is loaded
    import click  # noqa: F401

    if sys.modules["uuid"] is stand_in:
        del sys.modules["uuid"]


def main(args: list[str]) -> int:
    """Run one command line and return its exit status."""
    # A short process that imports a lot: looking for garbage among classes
    # and functions that all stay takes up to a tenth of its time.
    gc.disable()
    if args and args[0] in _LANE:
        from keyswitch import express

        code = express.run(args, os.environ)
        if code is not None:
            return code
    _load_click()
    from keyswitch.cli.main import run

    return run(args)


def _say(text: str) -> None:
    """Tell a person, if that is possible at all."""
    try:
        os.write(2, f"keyswitch: {text}\n".encode())
    except OSError:
        return


def _interrupted() -> int:
    """Say what became of a command that was interrupted; return the status."""
    _signal.signal(_signal.SIGINT, _signal.SIG_IGN)  # a second one
    from keyswitch.outcome import so_far

    _say(f"interrupted, {so_far}")
    return 130


def _unprinted(error: OSError) -> int:
    """Say that the output could not be written, to a full disk for one.

    Returns the exit status: a change that is made is not taken back for that.
    """
    from keyswitch.outcome import so_far

    reason = (error.strerror or "system error").lower()
    made = f"; {so_far.made}" if so_far.changes else ""
    _say(f"error: cannot print: {reason}{made}")
    _say("hint: free some disk space, or redirect the output elsewhere")
    return 6 if made else 1


def _open_streams() -> None:
    """Open descriptors 0 to 2 where the caller closed them.

    Otherwise the next file that is opened gets that number, and what is
    printed is written into it. Printing to a closed stdout fails as before;
    messages to a closed stderr are dropped.
    """
    for number, name, mode in _STREAMS:
        try:
            os.fstat(number)
        except OSError:
            flags = os.O_WRONLY if number == 2 else os.O_RDONLY
            os.open(os.devnull, flags)
            stream = open(  # noqa: SIM115 - for as long as the process lives
                number, mode, encoding="utf-8", closefd=False
            )
            setattr(sys, name, stream)
    sys.stderr = io.TextIOWrapper(
        io.BufferedWriter(_Messages(2, "wb", closefd=False)),
        encoding=sys.stderr.encoding,
        errors="backslashreplace",
        line_buffering=True,
    )


class _Messages(io.FileIO):
    """Standard error that drops what it cannot write: a change goes on."""

    def write(self, data: Any, /) -> int:
        """Write the data, or drop it."""
        try:
            written = super().write(data)
        except OSError:
            written = None
        return memoryview(data).nbytes if written is None else written


_STREAMS = ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w"))


def launch() -> None:
    """Run the process's own command line and end the process.

    At once: taking the modules apart again takes a fifth of a short command's
    time, and there is nothing in them that has to be told of the end.
    """
    if os.name == "posix":
        _open_streams()
    try:
        if _signal.getsignal(_signal.SIGINT) == _signal.SIG_DFL:
            # The launcher let it end the process until now.
            _signal.signal(_signal.SIGINT, _signal.default_int_handler)
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        os._exit(_interrupted())  # between the commands' own ways to do it
    except BrokenPipeError:
        os._exit(0)  # the reader went away; that is its right
    except OSError as e:
        os._exit(_unprinted(e))
    try:
        sys.stderr.flush()
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    except OSError as e:
        lost = _unprinted(e)
        code = code or lost
    except KeyboardInterrupt:
        code = _interrupted()
    os._exit(code)


if __name__ == "__main__":
    launch()
