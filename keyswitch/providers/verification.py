"""The question that says whether a profile's secret still works: `[verify]`.

A provider file has one such table, or one for each group, `[verify.GROUP]`.

    url           where it is asked: the first text that the plain fields fill
    headers       {NAME = "text"}; what no field fills is left out
    lines         further headers, texts of NAME: VALUE in lines
    account       texts that say whose it is, as far as the answer fills them
    permissions   the same, for what it may do
    same          {field = "text"}: the account that the profile should be
    signed        "sts", without the rest: AWS is asked, with a signature

Places of `url`, `headers` and `lines` are fields, `{api_key}`. Those of the
others are of the answer: `{a.b}` of its JSON, `{header:NAME}` of its headers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from keyswitch.errors import InputError
from keyswitch.model import Frozen, Profile
from keyswitch.providers.schema import Provider

STS = "sts"

_PLACE = r"\{([a-z_]+)\}"
_ADDRESS = r"(?:https?://|\{[a-z_]+\})\S+"
_LISTS = ("url", "lines", "account", "permissions")
_TABLES = ("headers", "same")


class Verification(Frozen):
    """One question, as a provider file words it."""

    url: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    same: tuple[tuple[str, str], ...] = ()
    signed: str = ""


def verification_of(
    provider: Provider, profile: Profile
) -> Verification | None:
    """Return the question about a profile; None: its provider has none.

    Raises InputError for a table that makes no sense.
    """
    group = provider.group_of([*profile.fields, *profile.secrets])
    tables = _tables(provider)
    table = tables.get(group, tables.get(""))
    return None if table is None else _read(provider, table)


def addresses(provider: Provider) -> dict[str, str]:
    """Return where questions send a secret, under names for people.

    Also of a table that makes no sense: it is nobody's wish to use that.
    """
    return {
        f"verify.{group}".rstrip("."): str(table.get("url", ""))
        for group, table in _tables(provider).items()
    }


def filled(template: str, values: Mapping[str, str]) -> str | None:
    """Return a text with its fields filled in; None: one of them is not set."""
    if not all(values.get(name) for name in re.findall(_PLACE, template)):
        return None
    return re.sub(_PLACE, lambda match: values[match[1]], template)


def _tables(provider: Provider) -> Mapping[str, Any]:
    """Return the tables by group; "" stands for all groups."""
    table = provider.verify
    is_one = any(not isinstance(value, Mapping) for value in table.values())
    return {"": table} if is_one else table


def _read(provider: Provider, table: Mapping[str, Any]) -> Verification:
    found: dict[str, Any] = {}
    for key, value in table.items():
        if key in _LISTS and _are_texts(value):
            found[key] = tuple(value)
        elif key in _TABLES and isinstance(value, dict):
            found[key] = tuple(value.items())
            if not _are_texts([*value.values()]):
                raise _wrong(
                    provider, f"'{key}' must have the form NAME = \"text\""
                )
        elif key == "signed" and value == STS:
            found[key] = value
        else:
            raise _wrong(provider, f"unknown '{key}'")
    made = Verification(**found)
    if not (made.url or made.signed):
        raise _wrong(provider, "'url' is missing")
    if not all(re.fullmatch(_ADDRESS, text) for text in made.url):
        raise _wrong(
            provider, "'url' must be a list of URLs: https://HOST/PATH"
        )
    return made


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value)


def _wrong(provider: Provider, text: str) -> InputError:
    where = f"the file of provider '{provider.id}' in [verify]"
    return InputError(f"{where}: {text}", "fix that provider file")
