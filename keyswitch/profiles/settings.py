"""`config.toml`: the few things a person may set once for all profiles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from keyswitch.errors import InputError
from keyswitch.model import Frozen
from keyswitch.profiles.names import check_name
from keyswitch.profiles.paths import Paths
from keyswitch.profiles.toml_text import Kinds, checked_values, parse_toml

SCREEN, LIST = "screen", "list"  # values of `picker`
LINKS_LIMIT = 1000
SETTINGS_LIMIT = 256 * 1024  # bytes, checked before parsing


def _one_of(*choices: str) -> tuple[Callable[[Any], bool], str]:
    return choices.__contains__, f"one of {', '.join(filter(None, choices))}"


_KINDS: Kinds = {
    "store": _one_of("", "keychain", "vault"),
    "cache": _one_of("values", "key", "off"),
    "cache_timeout": (
        lambda value: type(value) is int and 0 < value <= 86_400,
        "a number of seconds from 1 to 86400",
    ),
    "agents": _one_of("allow", "deny"),
    "shell_keys": _one_of("cancel", "keep"),
    "picker": _one_of("", SCREEN, LIST),
    "keychain_backend": _one_of(
        "", "secret-service", "kwallet", "macos", "windows"
    ),
    "keychain_deadline": (
        lambda value: type(value) in (int, float) and 0 < value <= 600,
        "a number of seconds up to 600",
    ),
}


_NONE: Mapping[str, Any] = MappingProxyType({})


class Settings(Frozen):
    """What `config.toml` says; every field has a default."""

    store: str = ""  # where `add` puts secrets; "": ask the machine
    cache: str = "values"  # what the unlock cache holds
    cache_timeout: int = 900  # seconds
    agents: str = "allow"  # "deny": `env` and `run` refuse to serve agents
    # Whether Claude Code, and what it starts, sees the keys of the shell while
    # keyswitch's helper answers: "cancel" or "keep".
    shell_keys: str = "cancel"
    # How one of many is chosen; "": a list over ssh, else a screen.
    picker: str = ""
    keychain_backend: str = ""  # "": the first of the allow-list that works
    keychain_deadline: float = 0.0  # seconds; 0: chosen by who can answer
    # (pattern of a git remote, profile name), in the file's order
    links: tuple[tuple[str, str], ...] = ()
    # [managers.NAME]: settings of a manager that references lead to, or a
    # manager of the person's own; `secrets.references` reads them.
    managers: Mapping[str, Mapping[str, Any]] = _NONE
    # [exec]: the programs that `exec:NAME` runs, each as a list of words
    programs: Mapping[str, tuple[str, ...]] = _NONE


def load(paths: Paths) -> Settings:
    """Read `config.toml`; absent means all defaults.

    Unknown keys are left alone: a newer keyswitch may have written them.
    """
    document = _document(paths)
    _refuse_misspelt(paths.config_file, document)
    return Settings(
        **checked_values(paths.config_file, document, _KINDS),
        links=_links(paths.config_file, document.get("links", {})),
        managers=_managers(paths.config_file, document.get("managers", {})),
        programs=_programs(paths.config_file, document.get("exec", {})),
    )


def _refuse_misspelt(path: str, document: Mapping[str, Any]) -> None:
    """Raise where `agents` is spelt wrong, or stands in a table.

    A person who means to deny would not notice that everything is allowed.
    """
    tables: list[Any] = [document]
    while tables:
        table = tables.pop()
        if isinstance(table, list):
            tables += table
        if not isinstance(table, dict):
            continue
        tables += table.values()
        for key in table:
            right = table is document and key in Settings._fields
            if not right and _like_agents(key):
                raise InputError(
                    f"{path}: '{key}' looks like the setting 'agents' but has "
                    "no effect there",
                    "put agents = 'deny' or 'allow' before the first [table]",
                )


def _like_agents(key: str) -> bool:
    if "/" in key:
        return False  # a pattern of remotes
    from difflib import get_close_matches

    return bool(get_close_matches(key.strip().lower(), ["agents"], 1, 0.8))


def unknown(paths: Paths) -> list[str]:
    """Return the keys of `config.toml` that this version does not know."""
    known = {*Settings._fields, "exec"} - {"programs"}
    return sorted(_document(paths).keys() - known)


def _document(paths: Paths) -> dict[str, Any]:
    return parse_toml(paths.config_file, SETTINGS_LIMIT, ours=True) or {}


def _links(path: str, table: object) -> tuple[tuple[str, str], ...]:
    if (
        not isinstance(table, dict)
        or len(table) > LINKS_LIMIT
        or not all(isinstance(name, str) for name in table.values())
        or not all(k.isprintable() and 0 < len(k) <= 256 for k in table)
    ):
        raise InputError(
            f"{path}: [links] must be a table of remotes and profile names",
            'for example: "github.com/acme/*" = "work"',
        )
    for name in table.values():
        try:
            check_name(name)
        except InputError as e:
            raise InputError(f"{path}: [links]: {e.message}", e.hint) from e
    return tuple((str(k), v) for k, v in table.items())


def _managers(path: str, table: object) -> Mapping[str, Mapping[str, Any]]:
    if not isinstance(table, dict) or not all(
        isinstance(row, dict) for row in table.values()
    ):
        raise InputError(
            f"{path}: [managers] must be a table of tables",
            'for example: [managers.vault] address = "https://…"',
        )
    return MappingProxyType(table)


def _programs(path: str, table: object) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(table, dict) or not all(
        isinstance(words, list)
        and words
        and all(isinstance(word, str) and "\0" not in word for word in words)
        for words in table.values()
    ):
        raise InputError(
            f"{path}: [exec] must be a table of programs, each a list of words",
            'for example: corp = ["/usr/local/bin/corp-key", "eng"]',
        )
    return MappingProxyType({name: tuple(w) for name, w in table.items()})
