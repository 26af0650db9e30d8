"""A secret that is given by a variable, a file or a descriptor."""

from __future__ import annotations

import os

from keyswitch.errors import InputError, UsageError

# The options that give one.
SOURCES = "--stdin, --from-env NAME, --from-file PATH or --fd N"
LIMIT = 1 << 20  # bytes that are read before giving up


def from_variable(name: str) -> bytes:
    """Return the value of an environment variable."""
    value = os.environb.get(os.fsencode(name))
    if value is None:
        raise InputError(
            f"the variable {name} is not set",
            "export it first, or take another source",
        )
    return value


def from_file(path: str) -> bytes:
    """Return the bytes of a file, at most `LIMIT` and one more."""
    try:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        return _read(os.open(path, flags))
    except OSError as e:
        raise _unreadable(path, e) from e


def from_descriptor(number: str) -> bytes:
    """Return what an open descriptor has, at most `LIMIT` and one more."""
    try:
        return _read(os.dup(int(number)))
    except ValueError as e:
        raise UsageError(
            "--fd takes a number", "for example: --fd 3 3<secret-file"
        ) from e
    except OSError as e:
        place = number if number != "0" else "standard input"
        raise _unreadable(place, e) from e


def _read(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read(LIMIT + 1) or b""


def _unreadable(place: str, error: OSError) -> InputError:
    return InputError(
        f"cannot read the secret from {place}: {error.strerror}",
        f"give it by {SOURCES}",
    )
