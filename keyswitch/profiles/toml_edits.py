"""New texts of the TOML files that people edit: profiles, and `[links]`.

tomlkit edits a text by key, so that comments and order stay. Before anybody
writes a new text, reading it proves that it means exactly what was wanted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keyswitch.errors import InputError
from keyswitch.model import Profile, SecretRef
from keyswitch.profiles import profile_files
from keyswitch.profiles.settings import LINKS_LIMIT
from keyswitch.profiles.toml_text import parse_bytes

_PLAIN_KEYS = (
    *("provider", "label", "created", "expires", "expires_expected"),
    *("expect", "isolated", "shared", "only", "never", "team"),
)
_TABLE = "links"


def new_profile(profile: Profile) -> str:
    """Return the text of a new profile file."""
    return with_profile("", profile)


def with_profile(text: str, profile: Profile) -> str:
    """Return a profile file's text, changed so that it means `profile`."""
    after = _edited(
        text,
        lambda document: _put(document, profile),
        _cannot_edit(profile.name),
    )
    _prove(after, profile)
    return after


def _edited(
    text: str, change: Callable[[Any], None], refusal: InputError
) -> str:
    """Return a text once its document is changed, or raise the refusal.

    Comments, order, unknown keys, a byte order mark and the kind of line ends
    stay as they are.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    mark = "\ufeff" if text.startswith("\ufeff") else ""
    try:
        document = tomlkit.parse(text.removeprefix(mark))
        change(document)
        after = tomlkit.dumps(document)
    except TOMLKitError as e:
        raise refusal from e
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        after = after.replace("\r\n", "\n").replace("\n", "\r\n")
    return mark + after if after.strip() else ""


def _put(document: Any, profile: Profile) -> None:
    """Set every value that differs; take away what is not wanted."""
    import tomlkit

    wanted = document_of(profile)
    for key in _PLAIN_KEYS:
        _set(document, key, wanted.get(key))
    for section in ("fields", "secrets"):
        values = wanted.get(section, {})
        table = document.get(section)
        if table is None:
            if not values:
                continue
            table = tomlkit.table(is_super_table=section == "secrets")
            document.append(section, table)
            table = document[section]
        values = _as_written(table, values)
        for key in [k for k in table if k not in values]:
            del table[key]
        for key, value in values.items():
            if isinstance(value, dict):
                if key not in table:
                    table.append(key, tomlkit.table())
                parts = SecretRef._fields if section == "secrets" else value
                for name in parts:
                    _set(table[key], name, value.get(name))
            else:
                _set(table, key, value)


def _as_written(table: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values in the form in which the file has them.

    A person may write the field `models.opus` as `opus` in [fields.models].
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        head, _, part = name.partition(".")
        if part and isinstance(table.get(head), dict):
            parts = found.setdefault(head, dict.fromkeys(table[head]))
            parts[part] = value
        else:
            found[name] = value
    return found


def _set(table: Any, key: str, value: object) -> None:
    if value in (None, ""):
        if key in table:
            del table[key]
    elif key not in table or table[key] != value:
        table[key] = value


def document_of(profile: Profile) -> dict[str, Any]:
    """Return what the file of a profile says, key by key."""
    document: dict[str, Any] = {
        **profile._asdict(),
        "expires_expected": profile.expires_expected or None,
        "isolated": profile.isolated or None,
        "shared": None if profile.shared is None else list(profile.shared),
        "only": list(profile.only) or None,
        "never": list(profile.never) or None,
        "fields": dict(profile.fields),
        "secrets": {
            field: _plain_ref(ref) for field, ref in profile.secrets.items()
        },
    }
    return {k: v for k, v in document.items() if v not in (None, "", {})}


def _plain_ref(ref: SecretRef) -> dict[str, Any]:
    found = {k: v for k, v in ref._asdict().items() if v not in ("", 0)}
    if ref.is_reference:
        del found["generation"]  # a manager counts for itself
    return found


def _prove(text: str, profile: Profile) -> None:
    """Raise unless the text means the profile, and nothing of it was lost."""
    try:
        found = profile_files.parse(text, profile.name + ".toml")
    except InputError as e:
        raise _cannot_edit(profile.name) from e
    if (
        document_of(found) != document_of(profile)
        or len(text.encode()) > profile_files.PROFILE_LIMIT
    ):
        raise _cannot_edit(profile.name)


def _cannot_edit(name: str) -> InputError:
    return InputError(
        f"cannot edit the file of profile '{name}' without changing its "
        "meaning",
        f"edit it by hand: keyswitch edit {name}",
    )


def with_link(
    data: bytes | None, pattern: str, name: str | None, path: str
) -> bytes | None:
    """Return config.toml with one rule set; `name` None takes it away.

    A file that would hold nothing any more is None. Raises where the edit
    would change anything else.
    """
    wanted = parse_bytes(data or b"", path)
    _put_plain_rule(wanted.setdefault(_TABLE, {}), pattern, name)
    refusal = InputError(
        f"cannot edit {path} without changing its meaning",
        "edit [links] there by hand",
    )
    after = _edited(
        (data or b"").decode(),
        lambda document: _put_rule(document, pattern, name),
        refusal,
    ).encode()
    if {_TABLE: {}, **parse_bytes(after, path)} != wanted:
        raise refusal
    return after or None


def _put_rule(document: Any, pattern: str, name: str | None) -> None:
    import tomlkit

    table = document.get(_TABLE)
    if name is not None:
        if table is None:
            document.append(_TABLE, tomlkit.table())
            table = document[_TABLE]
        table[pattern] = name
    elif table is not None and pattern in table:
        del table[pattern]
        # What is left may be comments, which belong to somebody.
        if not table and not table.as_string().strip():
            del document[_TABLE]


def _put_plain_rule(rules: Any, pattern: str, name: str | None) -> None:
    if not isinstance(rules, dict):
        raise InputError("[links] must be a table", "fix config.toml")
    if name is None:
        rules.pop(pattern, None)
    else:
        rules[pattern] = name
    if len(rules) > LINKS_LIMIT:
        raise InputError(
            f"[links] can have at most {LINKS_LIMIT} rules",
            "use one pattern for many, such as 'github.com/acme/*'",
        )
