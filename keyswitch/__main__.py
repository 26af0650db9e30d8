"""Entry: the express lane first, then the command line."""

from __future__ import annotations

import os
import sys


def main(args: list[str]) -> int:
    """Run one command line and return its exit status."""
    from keyswitch import express

    code = express.run(args, os.environ)
    if code is not None:
        return code
    import gc

    # A short process that imports a lot: looking for garbage among classes
    # and functions that all stay takes a tenth of its time.
    gc.disable()
    from keyswitch.cli.main import run

    return run(args)


def launch() -> None:
    """Run the process's own command line and end the process.

    At once: taking the modules apart again takes a fifth of a short command's
    time, and there is nothing in them that has to be told of the end.
    """
    code = main(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            code = code or 1
    os._exit(code)


if __name__ == "__main__":
    launch()
