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


def _say(text: str) -> None:
    """Tell a person, if that is possible at all."""
    try:
        os.write(2, f"keyswitch: {text}\n".encode())
    except OSError:
        return


def _say_unprinted(error: OSError) -> None:
    """Say that the output could not be written, to a full disk for one."""
    reason = (error.strerror or "system error").lower()
    points = sys.modules.get("keyswitch.profiles.commit_points")
    made = "; the change is made" if points and points.passed else ""
    _say(f"error: cannot print: {reason}{made}")
    _say("hint: free some space, or print elsewhere")


def launch() -> None:
    """Run the process's own command line and end the process.

    At once: taking the modules apart again takes a fifth of a short command's
    time, and there is nothing in them that has to be told of the end.
    """
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        # Between the commands' own ways to deal with it.
        _say("interrupted")
        os._exit(130)
    except BrokenPipeError:
        os._exit(0)  # the reader went away; that is its right
    except OSError as e:
        _say_unprinted(e)
        os._exit(1)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            pass
        except OSError as e:
            _say_unprinted(e)
            code = code or 1
        except (AttributeError, ValueError):
            code = code or 1  # the stream was closed before we began
        except KeyboardInterrupt:
            code = 130
    os._exit(code)


if __name__ == "__main__":
    launch()
