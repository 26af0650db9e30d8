"""One field of a document: the text in it, or why it is no secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from keyswitch.display import printable
from keyswitch.errors import NoItemError, StoreError
from keyswitch.kernel_keyring import MAX_VALUE
from keyswitch.secret import Secret

_MOST_NAMES = 12  # of a document's fields, in an error
_CORRECT = "fix the reference, or the secret itself"


def field_of(fields: Mapping[str, Any], name: str, where: str) -> str:
    """Return one field of a document; `where` is that document, in words.

    Raises NoItemError where it has no such field, and names those it has.
    """
    if name not in fields:
        names = sorted(map(str, fields))
        shown = ", ".join(names[:_MOST_NAMES]) or "no field"
        more = ", …" if len(names) > _MOST_NAMES else ""
        raise NoItemError(
            f"{where} has no field '{name}'; it has {printable(shown)}{more}",
            "fix the reference, or add the field",
        )
    value = fields[name]
    if isinstance(value, (bool, int, float)):
        value = json.dumps(value)
    if not isinstance(value, str):
        raise StoreError(f"'{name}' of {where} is not text", _CORRECT)
    return value


def secret_of(text: str, where: str) -> Secret:
    """Return a text as a secret, if it can be one."""
    if not text.strip():
        raise StoreError(f"{where} is empty", _CORRECT)
    if "\0" in text or len(text.encode("utf-8", "replace")) > MAX_VALUE:
        raise StoreError(f"{where} is too large for a secret", _CORRECT)
    return Secret(text)
