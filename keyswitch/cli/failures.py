"""What a command that fails prints, and how it starts over.

It does once a damaged file of keyswitch's own is set aside. Input from a pipe
can be read only once, so it is kept for the next start.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Sequence

import click

from keyswitch import __version__
from keyswitch.cli import style
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
    message, hint = _in_two(error, path)
    text = without_arguments(message.rstrip("."))
    for word in args:
        value = word.partition("=")[2] if word.startswith("-") else word
        if len(value) > _SHOWN:
            text = text.replace(value, f"{value[:4]}…")
    text = printable(of_a_size(text[:1].lower() + text[1:]))
    if "unexpected" in text and path.endswith((" add", " rotate")):
        hint += (
            "; if that was a secret, it is now in your shell's history: "
            "revoke it and give the new one at the prompt"
        )
    return f"keyswitch: error: {text}\nkeyswitch: hint: {hint}\n"


def _in_two(error: click.ClickException, path: str) -> tuple[str, str]:
    """Return what is wrong, and what to do about it."""
    near = getattr(error, "possibilities", None)
    if near:  # click says both in one sentence
        before = f"{path} " if isinstance(error, click.NoSuchCommand) else ""
        meant = " or ".join(f"'{before}{one}'" for one in near)
        return error.message, f"did you mean {meant}?"
    lines = error.format_message().strip().splitlines() or ["usage error"]
    message, choices, _ = lines[0].partition(" Choose from:")
    if choices:
        words = " ".join(line.strip() for line in lines[1:])
        return message, f"choose one of: {words}"
    return message, f"see '{path} --help'"


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
    warning = style.Styled("warning", style.WARNING)
    style.tell(f"{error.message}; moved it to {place}", os.environ, warning)
    hint = style.Styled("hint", style.DIM)
    style.tell(error.what_is_lost, os.environ, hint)
    _kept.update(_taken)
    _taken.clear()
