"""What another program's file held before keyswitch changed it.

One record per owned key: a keyed digest of what keyswitch wrote, and what was
there before. Values that may be secret are not in it: they go to a secret
store, and the record holds a token that finds them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.disk.digests import hmac_sha256
from keyswitch.errors import DamagedFileError
from keyswitch.model import Frozen
from keyswitch.profiles import own_json
from keyswitch.targets import splice
from keyswitch.targets.claude_code.settings import wanted

if TYPE_CHECKING:
    from collections.abc import Callable

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


class Reverted:
    """A file as it was, and what could not be given back."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.conflicts: list[str] = []
        self.tokens: list[str] = []  # of texts that were put back


def digest(key: bytes, raw: str) -> str:
    """Return the keyed digest by which our own text is recognised."""
    data = raw.encode("utf-8", "surrogatepass")  # JSON may hold half a pair
    return hmac_sha256(key, data)[:32]


def revert(
    path: str,
    text: str,
    baseline: Baseline,
    key: bytes,
    resolve: Callable[[str], str],
) -> Reverted:
    """Take back every owned key, last one first.

    A key that somebody changed since is left alone and named.
    """
    result = Reverted(text)
    for element in reversed(baseline.elements):
        result.text = _without_element(path, result.text, element, key)
    for owned in reversed(baseline.owned):
        _revert_key(path, result, owned, key, resolve)
    return result


def _revert_key(
    path: str,
    result: Reverted,
    owned: Owned,
    key: bytes,
    resolve: Callable[[str], str],
) -> None:
    raw = splice.raw_value(path, result.text, owned.keys)
    is_container = owned.ours == ""
    if raw is None:
        # One that was absent is gone already, which is what we wanted.
        if not is_container and owned.was != ABSENT:
            result.conflicts.append(".".join(owned.keys))
        return
    if is_container:
        if not splice.is_empty(path, result.text, owned.keys):
            return
    elif digest(key, raw) != owned.ours and not wanted.is_own_helper(
        owned.keys, raw
    ):
        # A helper of keyswitch that somebody edited can only fail without us.
        result.conflicts.append(".".join(owned.keys))
        return
    if owned.was == ABSENT:  # as every container was
        result.text = splice.remove_member(
            path, result.text, owned.keys, owned.gap
        )
        return
    before = owned.before
    if owned.was == SECRET:
        result.tokens.append(before)
        before = resolve(before)
    result.text = splice.replace_value(path, result.text, owned.keys, before)


def _without_element(path: str, text: str, element: Element, key: bytes) -> str:
    for index, value in enumerate(splice.elements(path, text, element.keys)):
        if isinstance(value, str) and digest(key, value) == element.ours:
            return splice.remove_element(
                path, text, element.keys, index, element.gap
            )
    return text


_LOST = (
    "what Claude Code's settings.json had before keyswitch is not known any "
    "more: compare it yourself"
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
