"""Keyswitch's own JSON files: damaged, newer, or as they should be."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from keyswitch.disk.atomic import write_private
from keyswitch.disk.opening import read_start
from keyswitch.errors import (
    DamagedFileError,
    FileStateError,
    NewerFileError,
)
from keyswitch.outcome import so_far

T = TypeVar("T")

VERSION = 1  # of every file that this keyswitch writes

_NO_VERSION = 1000  # and what is beyond: damage

# What reading the values of a damaged document may raise.
DAMAGE = (AttributeError, LookupError, RecursionError, TypeError, ValueError)


def document(
    path: str, data: bytes, what_is_lost: str, *, unmarked: bool = False
) -> dict[str, Any]:
    """Return the object that a file holds.

    Raises NewerFileError for a later version than the one this keyswitch
    writes, and DamagedFileError for anything else that is no such object.
    `unmarked`: 0.1.0 wrote no version into this file.
    """
    try:
        found: dict[str, Any] = json.loads(data)
        written = found.get("version", VERSION if unmarked else None)
    except DAMAGE as e:
        raise DamagedFileError(path, what_is_lost) from e
    if type(written) is int and VERSION < written < _NO_VERSION:
        raise NewerFileError(path)
    if written != VERSION or type(written) is not int:
        raise DamagedFileError(path, what_is_lost)
    return found


def encode(**entries: object) -> bytes:
    """Return the text of a file of this version."""
    document = {"version": VERSION, **entries}
    return (json.dumps(document, indent=1) + "\n").encode()


def keep(path: str, data: bytes, what: str) -> None:
    """Write a file that counts at once, whatever becomes of the command.

    `what`: the words for it, should the command end early.
    """
    try:
        write_private(path, data)
    except FileStateError:
        if not _is_in_place(path, data):
            raise  # else it is in place, though a power cut may undo it
    finally:  # it may be interrupted when it is in place
        if _is_in_place(path, data):
            so_far.beside.append(what)


def _is_in_place(path: str, data: bytes) -> bool:
    return read_start(path, len(data) + 1) == data


def read(  # noqa: PLR0913
    kind: type[T],
    path: str,
    data: bytes,
    what_is_lost: str,
    *,
    key: str = "",
    unmarked: bool = False,
) -> T:
    """Return a file, or one entry of it, as a value of a kind."""
    found: Any = document(path, data, what_is_lost, unmarked=unmarked)
    if key:
        found = found.get(key)
    return record(kind, found, path, what_is_lost)


def record(kind: type[T], found: Any, path: str, what_is_lost: str) -> T:
    """Return a JSON value as a value of a kind, such as a class of `Frozen`.

    Raises DamagedFileError where a value is not of its field's type.
    """
    try:
        return cast("T", value(kind, found))
    except DAMAGE as e:
        raise DamagedFileError(path, what_is_lost) from e


def are_paths(texts: Iterable[str]) -> bool:
    """Tell whether each text can be the name of a file here, or is empty."""
    try:
        return b"\0" not in os.fsencode("".join(texts))
    except UnicodeError:
        return False


def value(kind: Any, found: Any) -> Any:
    """Return a JSON value as what a field's type says, or raise one of DAMAGE.

    An object, or a list in the order of the fields, is a value of a class of
    `Frozen`; a field that is not there has its default, and what is no field is
    passed over. Whole numbers are sizes and counts.
    """
    origin, args = get_origin(kind), get_args(kind)
    if origin is UnionType:
        if found is None and NoneType in args:
            return None
        return value(args[0], found)
    if origin is tuple:
        one_kind = len(args) == 2 and args[1] is ...
        kinds = args[:1] * len(_typed(list, found)) if one_kind else args
        return tuple(map(value, kinds, _of_length(len(kinds), found)))
    if origin is dict:
        entries = _typed(dict, found).items()
        return {key: value(args[1], one) for key, one in entries}
    if kind is int and not 0 <= _typed(int, found) < _HIGHEST:
        raise ValueError
    if kind in (str, int, bool):
        return _typed(kind, found)
    if kind is float:
        return found if type(found) is int else _typed(float, found)
    return _fields(kind, found)


_HIGHEST = 1 << 53  # and above: not exact in every JSON reader


def _fields(kind: Any, found: Any) -> Any:
    kinds = _kinds_of(kind)
    if isinstance(found, list):
        found = dict(zip(kinds, _of_length(len(kinds), found), strict=True))
    entries = _typed(dict, found).items()
    known = {k: value(kinds[k], one) for k, one in entries if k in kinds}
    return kind(**known)


@cache
def _kinds_of(kind: Any) -> dict[str, Any]:
    """Return the types of a value's fields, which takes time to find out."""
    hints = get_type_hints(kind)
    return {name: hints[name] for name in kind._fields}


def _typed(kind: type[T], found: Any) -> T:
    if type(found) is not kind:
        raise TypeError
    return found


def _of_length(length: int, found: Any) -> list[Any]:
    if len(_typed(list, found)) != length:
        raise ValueError
    return cast("list[Any]", found)
