"""What of a tool's output is the value of a reference."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from keyswitch.errors import NoItemError
from keyswitch.secret import Secret
from keyswitch.secrets.references.failures import unreadable
from keyswitch.secrets.references.invocation import BW_FIELDS
from keyswitch.secrets.references.manager import Manager
from keyswitch.secrets.references.reference import Reference


def value_of(manager: Manager, reference: Reference, output: bytes) -> Secret:
    """Return the value that a tool printed, without one last line end.

    Nothing is taken from an output that cannot be one: what is empty, no
    text, or a listing.
    """
    try:
        text = output.decode()
    except UnicodeDecodeError:
        raise unreadable(manager, reference, "it returned no text") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if "\0" in text:
        raise unreadable(manager, reference, "its output contains a NUL byte")
    if manager.value == "first line":
        text = text.partition("\n")[0].removesuffix("\r")
    elif manager.value == "only line" and "\n" in text:
        raise unreadable(
            manager, reference, "it returned several lines, as for a folder"
        )
    if manager.nothing and text == manager.nothing:
        raise unreadable(manager, reference, "it is binary, not text")
    text = _within(manager, reference, text)
    if not text.strip():
        raise unreadable(manager, reference, "it returned nothing")
    return Secret(text)


def _within(manager: Manager, reference: Reference, text: str) -> str:
    """Return a field of a document, where the reference names one."""
    parts = reference.parts
    if manager.name == "aws-sm" and parts["key"]:
        key, fields = parts["key"], json_object(manager, reference, text)
    elif manager.name == "bw" and parts["field"] not in BW_FIELDS:
        document = json_object(manager, reference, text)
        key, fields = parts["field"], bw_fields(document)
    else:
        return text
    if key not in fields:
        names = ", ".join(sorted(fields)) or "none"
        raise NoItemError(
            f"{manager.title}: '{reference.text}' names '{key}', which does "
            "not exist",
            f"available: {names}",
        )
    value = fields[key]
    if isinstance(value, str):
        return value
    if type(value) in (int, float):
        return json.dumps(value)
    raise unreadable(manager, reference, f"'{key}' is not text")


def bw_fields(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item's own fields by name; the first of a name counts."""
    found: dict[str, Any] = {}
    for field in document.get("fields") or ():
        if isinstance(field, dict) and isinstance(field.get("name"), str):
            found.setdefault(field["name"], field.get("value"))
    return found


def json_object(
    manager: Manager, reference: Reference, text: str
) -> dict[str, Any]:
    """Return the JSON object that a tool printed."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise unreadable(manager, reference, "it is not a JSON object")
    return found
