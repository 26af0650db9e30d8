"""`[links]` of config.toml: edited by key, so that everything else stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyswitch.errors import InputError
from keyswitch.profiles.settings import LINKS_LIMIT
from keyswitch.profiles.toml_text import parse_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE = "links"


def edited(
    data: bytes | None, pattern: str, name: str | None, path: str
) -> bytes | None:
    """Return config.toml with one rule set; `name` None takes it away.

    A file that would hold nothing any more is None. Raises where the edit
    would change anything else.
    """
    from tomlkit.exceptions import TOMLKitError

    document = parse_bytes(data, path) if data else {}
    wanted = _with_rule(document, pattern, name)
    before = (data or b"").decode("utf-8-sig")
    try:
        after = _edited_text(before, pattern, name)
    except TOMLKitError as e:
        raise _cannot(path) from e
    if "\r\n" in before and "\n" not in before.replace("\r\n", ""):
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    made = parse_bytes(after.encode(), path)
    if {k: v for k, v in made.items() if (k, v) != (TABLE, {})} != wanted:
        raise _cannot(path)
    if data and data.startswith(b"\xef\xbb\xbf"):
        after = "\ufeff" + after
    return after.encode() if after.strip() else None


def _edited_text(before: str, pattern: str, name: str | None) -> str:
    import tomlkit

    text = tomlkit.parse(before)
    table: Any = text.get(TABLE)
    if name is not None:
        if table is None:
            table = tomlkit.table()
            text.append(TABLE, table)
            table = text[TABLE]
        table[pattern] = name
    elif table is not None and pattern in table:
        del table[pattern]
        # What is left may be comments, which belong to somebody.
        if not table and not table.as_string().strip():
            del text[TABLE]
    return tomlkit.dumps(text)


def _with_rule(
    document: Mapping[str, Any], pattern: str, name: str | None
) -> dict[str, Any]:
    rules = document.get(TABLE, {})
    if not isinstance(rules, dict):
        raise InputError("[links] has to be a table", "mend config.toml")
    rules = dict(rules)
    if name is None:
        rules.pop(pattern, None)
    else:
        rules[pattern] = name
    if len(rules) > LINKS_LIMIT:
        raise InputError(
            f"[links] has no room for more than {LINKS_LIMIT} rules",
            "one pattern can stand for many: 'github.com/acme/*'",
        )
    result = {k: v for k, v in document.items() if k != TABLE}
    return {**result, TABLE: rules} if rules else result


def _cannot(path: str) -> InputError:
    return InputError(
        f"{path} cannot be edited without changing its meaning",
        "edit [links] there yourself",
    )
