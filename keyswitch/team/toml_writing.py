"""The TOML text of a document: the files that a team's profiles become.

One form for each document, so that what is shown, what is written and what is
compared later are the same text. `toml_text` reads this form at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

_BARE = re.compile(r"(?a)[\w-]+")


def text_of(document: Mapping[str, Any]) -> str:
    """Return a document's text: plain values first, then each table."""
    return "\n".join(_lines("", document)).lstrip("\n") + "\n"


def _lines(heading: str, table: Mapping[str, Any]) -> list[str]:
    plain = {k: v for k, v in table.items() if not isinstance(v, Mapping)}
    tables = {k: v for k, v in table.items() if k not in plain}
    lines = []
    if heading and (plain or not tables):
        lines = ["", f"[{heading}]"]
    lines += [f"{_key(k)} = {_value(v)}" for k, v in plain.items()]
    for name, inner in tables.items():
        lines += _lines(f"{heading}.{_key(name)}".lstrip("."), inner)
    return lines


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    # A basic string of TOML has JSON's escapes. JSON leaves DEL as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case date():
            return value.isoformat()
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case Mapping():
            pairs = (f"{_key(k)} = {_value(v)}" for k, v in value.items())
            return f"{{ {', '.join(pairs)} }}"
        case _:
            return _text(str(value))
