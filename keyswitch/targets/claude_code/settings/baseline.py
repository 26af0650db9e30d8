"""What another program's file held before keyswitch changed it.

One record per owned key: a keyed digest of what keyswitch wrote, and what was
there before. Values that may be secret are not in it: they go to a secret
store, and the record holds a token that finds them again.
"""

from __future__ import annotations

from collections.abc import Callable

from keyswitch.disk.digests import hmac_sha256
from keyswitch.errors import DamagedFileError
from keyswitch.model import Frozen
from keyswitch.profiles import own_json
from keyswitch.targets.claude_code.settings import wanted
from keyswitch.targets.splice import Edited

ABSENT = "absent"
RAW = "raw"  # the text is in the record
SECRET = "secret"  # the text is in a secret store, under a token


class Owned(Frozen):
    """One key that keyswitch wrote."""

    keys: tuple[str, ...]
    ours: str  # keyed digest of the text that we wrote
    was: str  # ABSENT, RAW or SECRET
    before: str = ""  # the text, or the token
    gap: str | None = None  # white space of an object that was empty


class Element(Frozen):
    """One element that keyswitch added to an array."""

    keys: tuple[str, ...]
    ours: str
    gap: str | None = None
    item: str = ""  # the secret's item that it belongs to


class Baseline(Frozen):
    """Everything that keyswitch owns in one file, in the order written."""

    created: bool = False  # the file did not exist
    owned: tuple[Owned, ...] = ()
    elements: tuple[Element, ...] = ()
    blank: str | None = None  # the file's text, where it said nothing


def digest(key: bytes, raw: str) -> str:
    """Return the keyed digest by which our own text is recognised."""
    data = raw.encode("utf-8", "surrogatepass")  # JSON may hold half a pair
    return hmac_sha256(key, data)[:32]


def revert(
    text: Edited, baseline: Baseline, key: bytes, resolve: Callable[[str], str]
) -> tuple[list[str], list[str]]:
    """Take back every owned key, last one first.

    A key that somebody changed since is left alone. Returns such conflicts,
    and the tokens of texts that were put back.
    """
    for element in reversed(baseline.elements):
        for index, value in enumerate(text.elements(element.keys)):
            if isinstance(value, str) and digest(key, value) == element.ours:
                text.remove_element(element.keys, index, element.gap)
                break
    conflicts: list[str] = []
    tokens: list[str] = []
    for owned in reversed(baseline.owned):
        raw = text.raw(owned.keys)
        if owned.ours == "":  # a container that we made
            if raw is not None and text.is_empty(owned.keys):
                text.remove(owned.keys, owned.gap)
        elif not _is_ours(owned, raw, key):
            conflicts.append(".".join(owned.keys))
        elif owned.was == ABSENT:
            if raw is not None:
                text.remove(owned.keys, owned.gap)
        else:
            before = owned.before
            if owned.was == SECRET:
                tokens.append(before)
                before = resolve(before)
            text.replace(owned.keys, before)
    return conflicts, tokens


def _is_ours(owned: Owned, raw: str | None, key: bytes) -> bool:
    """Tell whether a key is as we wrote it, or gone as it was before."""
    if raw is None:
        return owned.was == ABSENT
    # A helper of keyswitch that somebody edited can only fail without us.
    is_helper = wanted.is_own_helper(owned.keys, raw)
    return is_helper or digest(key, raw) == owned.ours


def add_containers(
    text: Edited, keys: tuple[str, ...], owned: list[Owned], last: str = "{}"
) -> None:
    """Make, and own, the objects on the way to `keys`; there stands `last`."""
    for depth in range(1, len(keys) + 1):
        if text.raw(keys[:depth]) is None:
            empty = last if depth == len(keys) else "{}"
            gap = text.insert(keys[:depth], empty)
            owned.append(Owned(keys[:depth], "", ABSENT, "", gap))


_LOST = (
    "the original contents of Claude Code's settings.json are lost: check the "
    "file yourself"
)


def encode(records: dict[str, Baseline]) -> bytes | None:
    """Return the bytes of all records; None: there is nothing to record."""
    kept = {
        path: record._asdict()
        for path, record in sorted(records.items())
        if record != Baseline()
    }
    return own_json.encode(files=kept) if kept else None


def decode(path: str, data: bytes | None) -> dict[str, Baseline]:
    """Read all records of one configuration folder."""
    if data is None:
        return {}
    files = own_json.document(path, data, _LOST).get("files")
    if not isinstance(files, dict):
        raise DamagedFileError(path, _LOST)
    found = {
        name: own_json.record(Baseline, record, path, _LOST)
        for name, record in files.items()
    }
    for record in found.values():
        keys = [owned.keys for owned in record.owned]
        if () in keys or () in [element.keys for element in record.elements]:
            raise DamagedFileError(path, _LOST)
    return found
