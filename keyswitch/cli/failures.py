"""What a command that fails prints, and how it starts over.

It does once a damaged file of keyswitch's own is set aside. Input from a pipe
can be read only once, so it is kept for the next start.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Sequence

import click

from keyswitch import __version__
from keyswitch.display import of_a_size, printable, without_arguments
from keyswitch.errors import FileStateError, KeyswitchError, OddFileError
from keyswitch.outcome import so_far

_taken: dict[str, bytes] = {}
_kept: dict[str, bytes] = {}

# Errors of printing; an error of a file of ours has the file's name.
_OF_OUTPUT = (errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC)
_SHOWN = 20  # characters of an argument; a longer one could be a token


def expected(error: Exception) -> KeyswitchError | None:
    """Return what is printed for an error; None: it is a bug."""
    if isinstance(error, KeyswitchError):
        return error
    if isinstance(error, OSError):
        # Disk full, no descriptors left, and the like: nobody's bug.
        if not error.filename and error.errno in _OF_OUTPUT:
            raise error  # the caller says it, since it has more to print
        from keyswitch.disk.atomic import unusable

        return unusable(str(error.filename or "a file"), error)
    if isinstance(error, UnicodeEncodeError) and _has_odd_folder():
        return FileStateError(
            "a folder's name is not valid UTF-8, and this needs it as text",
            "rename that folder, or point HOME (KEYSWITCH_HOME for "
            "keyswitch's own files) elsewhere",
        )
    return None


def _has_odd_folder() -> bool:
    """Tell whether a folder that matters here has a name that is not UTF-8."""
    names = [v for k, v in os.environ.items() if k.endswith(("HOME", "DIR"))]
    with contextlib.suppress(OSError):
        names.append(os.getcwd())
    return any("\udc80" <= c <= "\udcff" for name in names for c in name)


def usage_error(error: click.ClickException, args: Sequence[str]) -> str:
    """Return what click found wrong, without a secret among the arguments."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "keyswitch"
    near: Sequence[str] | None = None
    message = error.format_message().strip().splitlines() or ["usage error"]
    if isinstance(error, click.NoSuchOption):
        near = error.possibilities
        message = [f"no such option '{error.option_name}'"]
    text = without_arguments(message[0].rstrip("."))
    for word in args:
        value = word.partition("=")[2] if word.startswith("-") else word
        if len(value) > _SHOWN:
            text = text.replace(value, f"{value[:4]}…")
    text = printable(of_a_size(text[:1].lower() + text[1:]))
    hint = f"see '{path} --help'"
    if near:
        hint = f"did you mean {' or '.join(map(repr, near))}?"
    if "unexpected" in text and path.endswith((" add", " rotate")):
        hint += (
            "; if that was a secret, it is now in your shell's history: "
            "revoke it and give the new one at the prompt"
        )
    return f"keyswitch: error: {text}\nkeyswitch: hint: {hint}\n"


def bug(error: Exception, command: str) -> str:
    """Return the report of a bug: where it is, never with which values."""
    import platform
    import traceback

    frames = [
        f"  {os.path.basename(frame.filename)}:{frame.lineno} {frame.name}\n"
        for frame in traceback.extract_tb(error.__traceback__)
        if "keyswitch" in frame.filename
    ]
    made = f"; {so_far.made}" if so_far.made else ""
    return (
        f"keyswitch: error: this is a bug in keyswitch: {type(error).__name__} "
        f"in '{command}'{made}\nkeyswitch: hint: please report the following "
        f"lines; they contain no secret\n  keyswitch {__version__}, Python "
        f"{platform.python_version()}, {platform.system()}\n" + "".join(frames)
    )


def take(place: str, read: Callable[[], bytes]) -> bytes:
    """Return the input of a place: kept from before, or read now."""
    data = _kept.pop(place) if place in _kept else read()
    _taken.setdefault(place, data)
    return data


def set_aside(error: OddFileError) -> None:
    """Give the damaged file another name and say so, or raise the error."""
    from keyswitch.profiles import odd_files as files
    from keyswitch.profiles.paths import resolve

    if not files.may_go(resolve(os.environ), error):
        raise error
    try:
        place = files.set_aside(error.path)
    except OSError:
        raise error from None
    sys.stderr.write(
        f"keyswitch: warning: {printable(error.message)}; moved it to "
        f"{printable(place)}\nkeyswitch: hint: {error.what_is_lost}\n"
    )
    _kept.update(_taken)
    _taken.clear()
