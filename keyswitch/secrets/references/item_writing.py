"""Write a value where a reference leads, with the tool of its manager.

A value goes to the tool's stdin, never into its words. Where an item has more
than the value, the whole of it is read, changed in one place and written.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any

from keyswitch.errors import InputError, NoItemError, StoreError
from keyswitch.secret import Secret
from keyswitch.secrets.references import invocation, outputs
from keyswitch.secrets.references.command_line import (
    ATTRIBUTES,
    KEEPASSXC,
    master_password,
)
from keyswitch.secrets.references.manager import Manager, filled
from keyswitch.secrets.references.reference import Reference
from keyswitch.secrets.references.tool import Caller, Tool

_OF_A_LOGIN = ("password", "username", "totp")  # of an item of Bitwarden


def write(
    manager: Manager,
    reference: Reference,
    value: Secret,
    deadline: float,
    caller: Caller,
) -> None:
    """Make a value the one of a reference; raise what reading it raises."""
    if not manager.write:
        raise StoreError(
            f"{manager.title}: keyswitch cannot write there",
            filled(manager.rotate, reference.parts)
            or "change it there yourself",
        )
    tool = Tool(manager, reference, deadline, caller)
    _require_writable(tool)
    text = value.reveal()
    if manager.whole:
        _write_whole(tool, text)
        return
    given = _given(tool, text)
    try:
        tool.run(invocation.words(manager.write, tool.parts), given)
    except NoItemError:
        if not manager.create:
            raise
        tool.run(invocation.words(manager.create, tool.parts), given)


def _require_writable(tool: Tool) -> None:
    """Raise where a reference names what a tool cannot write."""
    parts, name = tool.parts, tool.manager.name
    if parts.get("version", "latest") not in ("", "latest") or parts.get(
        "query"
    ):
        raise InputError(
            f"'{tool.reference.text}' cannot be written",
            "leave out the version or attribute",
        )
    if name == "age" and os.path.lexists(parts["file"]):
        raise StoreError(
            f"{tool.manager.title}: {parts['file']} exists, and keyswitch "
            "cannot tell who it is encrypted for",
            "encrypt the new value yourself, or name a new file",
        )
    if name == "sops":
        tool.require_file()
    if name == KEEPASSXC:
        tool.require_file()
        entry, _, attribute = parts["entry"].rpartition("/")
        if attribute.lower() == "password" and entry:
            parts["entry"] = entry
        elif attribute.lower() in ATTRIBUTES and entry:
            raise InputError(
                f"KeePassXC's tool cannot write '{attribute}'",
                "name only the entry: its password can be written",
            )


def _given(tool: Tool, text: str) -> bytes:
    """Return what a tool gets for a value."""
    written = tool.manager.written
    if written == "json":
        return json.dumps(text).encode()
    if written == "value":
        return text.encode()
    _require_line(tool, text)
    before = master_password(tool) if tool.manager.name == KEEPASSXC else b""
    return before + f"{text}\n".encode()


def _require_line(tool: Tool, text: str) -> None:
    if "\n" in text or "\r" in text:
        raise InputError(
            f"{tool.manager.title}: cannot write a value of several lines",
            "it accepts only one line",
        )


def _write_whole(tool: Tool, text: str) -> None:
    """Change one place of what an item has; make the item if there is none."""
    manager, document = tool.manager, _document(tool)
    given = _EDITS[manager.name](tool, document, text)
    command = manager.create if document is None else manager.write
    tool.run(invocation.words(command, tool.parts), given.encode())


def _document(tool: Tool) -> str | None:
    """Return all that an item has; None: there is no item."""
    manager = tool.manager
    try:
        tool.require_file()
        if manager.name == "gopass":
            # Of a folder, `whole` would be a listing; this refuses it.
            command = {**tool.parts, "key": ""}
            words = invocation.words(manager.command, command)
            outputs.value_of(manager, tool.reference, tool.output(words))
        output = tool.output(invocation.words(manager.whole, tool.parts))
    except NoItemError:
        return None
    try:
        return output.decode()
    except UnicodeDecodeError:
        raise tool.unreadable("it returned no text") from None


def _first_line(tool: Tool, document: str | None, text: str) -> str:
    """Put a value into the first line, as pass and gopass have it."""
    _require_line(tool, text)
    if tool.parts.get("key"):
        return text  # gopass puts it into the entry by itself
    _, _, rest = (document or "").partition("\n")
    return f"{text}\n{rest}"


def _json_key(tool: Tool, document: str | None, text: str) -> str:
    """Put a value under a key of a JSON document, or where that was."""
    key = tool.reference.parts["key"]
    if document is not None and document.rstrip("\n") == tool.manager.nothing:
        raise tool.unreadable("it is binary, not text")
    if not key:
        return text
    found = _object(tool, document) if document is not None else {}
    return json.dumps({**found, key: text})


def _object(tool: Tool, document: str) -> dict[str, Any]:
    return outputs.json_object(tool.manager, tool.reference, document)


def _op_item(tool: Tool, document: str | None, text: str) -> str:
    """Put a value into a field of an item of 1Password.

    As its JSON templates have it: a field has a label, an id, and perhaps a
    section. What they are called is compared without regard to case.
    """
    parts = tool.parts
    item: dict[str, Any] = {
        "title": parts["item"],
        "category": "API_CREDENTIAL",
    }
    if document is not None:
        item = _object(tool, document)
    fields = item.setdefault("fields", [])
    section = parts["section"]
    for field in fields:
        within = field.get("section") or {}
        if _is_called(field, parts["field"]) and (
            not section or _is_called(within, section)
        ):
            field["value"] = text
            return json.dumps(item)
    made: dict[str, Any] = {"label": parts["field"], "type": "CONCEALED"}
    made["value"] = text
    if section:
        sections = item.setdefault("sections", [])
        there = [one for one in sections if _is_called(one, section)]
        if not there:
            there = [{"id": section, "label": section}]
            sections += there
        made["section"] = {"id": there[0]["id"]}
    fields.append(made)
    return json.dumps(item)


def _is_called(thing: dict[str, Any], name: str) -> bool:
    names = (str(thing.get(key, "")).casefold() for key in ("id", "label"))
    return name.casefold() in names


def _bw_item(tool: Tool, document: str | None, text: str) -> str:
    """Put a value into an item of Bitwarden, which takes it as base64."""
    name = tool.parts["field"]
    item: dict[str, Any] = {"type": 1, "name": tool.parts["item"]}
    if document is not None:
        item = _object(tool, document)
        tool.parts["id"] = str(item.get("id", ""))
        if not tool.parts["id"].replace("-", "").isalnum():
            raise tool.unreadable("the item has no id")
    if name in _OF_A_LOGIN:
        item["login"] = {**(item.get("login") or {}), name: text}
    elif name == "notes":
        item["notes"] = text
    else:
        fields = item["fields"] = item.get("fields") or []
        found = [one for one in fields if one.get("name") == name]
        if not found:
            found = [{"name": name, "type": 1}]  # hidden
            fields += found
        found[0]["value"] = text
    return base64.b64encode(json.dumps(item).encode()).decode()


_EDITS = {
    "aws-sm": _json_key,
    "bw": _bw_item,
    "gopass": _first_line,
    "op": _op_item,
    "pass": _first_line,
}
