"""A profile as the document of its file: read strictly, value by value."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from keyswitch.errors import InputError
from keyswitch.model import Profile, SecretRef

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACES_LIMIT = 32  # patterns of `only` or `never`
EXPECTATIONS = ("", "api", "subscription", "cloud")
REF_KEYS = ("store", "item", "generation", "fingerprint", "hint", "uri")
_REF_DEFAULTS = {"generation": 1, "fingerprint": "", "hint": "", "uri": ""}


def profile_of(path: str, name: str, document: Mapping[str, Any]) -> Profile:
    """Return the profile that a file's document means, or raise."""

    def wrong(what: str, hint: str = "mend that line") -> InputError:
        return InputError(f"{path}: {what}", hint)

    def text(key: str) -> str:
        value = document.get(key, "")
        if not isinstance(value, str) or not value.isprintable():
            raise wrong(f"'{key}' has to be a text of printable characters")
        return value

    def day(key: str) -> date | None:
        value = document.get(key)
        if value is None:
            return None
        if not isinstance(value, date) or isinstance(value, datetime):
            raise wrong(f"'{key}' has to be a date such as 2027-02-01")
        return value

    if not text("provider"):
        raise wrong(
            "'provider' is missing", 'for example: provider = "anthropic"'
        )
    if text("expect") not in EXPECTATIONS:
        raise wrong("'expect' has to be api, subscription or cloud")
    refs = {
        key: _ref(path, key, value)
        for key, value in _table(document, "secrets", wrong).items()
    }
    return Profile(
        name=name,
        provider=text("provider"),
        label=text("label"),
        created=day("created"),
        expires=day("expires"),
        expect=text("expect"),
        **_folder(document, wrong),
        only=_places(document, "only", wrong),
        never=_places(document, "never", wrong),
        fields=MappingProxyType(_plain_fields(document, wrong)),
        secrets=MappingProxyType(refs),
    )


def _folder(document: Mapping[str, Any], wrong: Any) -> dict[str, Any]:
    """Return what is said of a configuration folder of its own."""
    isolated, shared = document.get("isolated", False), document.get("shared")
    if not isinstance(isolated, bool):
        raise wrong("'isolated' has to be true or false")
    if shared is None:
        return {"isolated": isolated}
    if not isinstance(shared, list) or not all(
        isinstance(s, str) and s.isprintable() for s in shared
    ):
        raise wrong("'shared' has to be a list such as ['commands', 'agents']")
    return {"isolated": isolated, "shared": tuple(map(str, shared))}


def _places(
    document: Mapping[str, Any], key: str, wrong: Any
) -> tuple[str, ...]:
    """Return a list of places where the profile may, or may not, be used."""
    value = document.get(key, [])
    if (
        not isinstance(value, list)
        or len(value) > PLACES_LIMIT
        or not all(isinstance(v, str) and v.isprintable() and v for v in value)
    ):
        raise wrong(f"'{key}' has to be a list such as ['~/clients/**']")
    return tuple(map(str, value))


def _plain_fields(document: Mapping[str, Any], wrong: Any) -> dict[str, str]:
    fields = dict(_table(document, "fields", wrong))
    for key, value in fields.items():
        if not isinstance(value, str) or not value.isprintable():
            raise wrong(
                f"'fields.{key}' has to be a text of printable characters"
            )
    return fields


def _table(
    document: Mapping[str, Any], key: str, wrong: Any
) -> Mapping[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict):
        raise wrong(f"[{key}] has to be a table")
    return value


def _ref(path: str, field: str, table: Any) -> SecretRef:
    where = f"{path}: [secrets.{field}]"
    if not isinstance(table, dict):
        raise InputError(
            f"{where} has to be a table",
            "a secret never stands in this file: keyswitch rotate stores one",
        )
    values = {k: table.get(k, _REF_DEFAULTS.get(k)) for k in REF_KEYS}
    generation = values.pop("generation")
    if type(generation) is not int or generation < 1:
        raise InputError(
            f"{where}: 'generation' has to be a number from 1", "mend that line"
        )
    for key, value in values.items():
        if not isinstance(value, str) or not value.isprintable():
            raise InputError(
                f"{where}: '{key}' has to be a text", "mend that line"
            )
        if key in ("store", "item", "uri") and " " in value:
            raise InputError(
                f"{where}: '{key}' holds a space", "mend that line"
            )
    return SecretRef(generation=generation, **values)
