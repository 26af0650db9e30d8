"""The tables of zsh and PowerShell, as completion_tables has the others."""

from __future__ import annotations

import shlex

from tests.shells.completion_tables import (
    HELP,
    HELP_TEXT,
    arguments,
    not_sharing,
    own_names,
    shared,
    text_of,
    values,
    wrapped,
)

# zsh


def zsh(places):
    yield "function __keyswitch_commands {"
    yield "  found=()"
    yield '  case "$1" in'
    for place in places:
        if place.commands:
            yield f"  ({shlex.quote(place.path)})"
            yield "    found=("
            for name, text in place.commands:
                yield "      " + shlex.quote(f"{name}:{text}")
            yield "    )"
            yield "    ;;"
    yield "  esac"
    yield "}"
    yield ""
    yield "function __keyswitch_specs {"
    yield "  specs=()"
    yield '  case "$1" in'
    for place in places:
        yield f"  ({shlex.quote(place.path)})"
        specs = list(_zsh_specs(place))
        if specs:
            yield "    specs=("
            yield from (f"      {shlex.quote(spec)}" for spec in specs)
            yield "    )"
        yield "    ;;"
    yield "  (*) \\builtin return ;;"
    yield "  esac"
    yield '  case "$1" in'
    none = " | ".join(shlex.quote(path) for path in not_sharing(places))
    yield f"  ({none}) ;;"
    yield "  (*)"
    yield "    specs+=("
    for option in shared(places):
        for spec in _zsh_option(option):
            yield f"      {shlex.quote(spec)}"
    yield "    )"
    yield "    ;;"
    yield "  esac"
    yield "  specs+=("
    for name in HELP:
        yield f"    '(- *){name}[{HELP_TEXT}]'"
    yield "  )"
    yield "}"


def _zsh_specs(place):
    for option in place.options:
        yield from _zsh_option(option)
    if place.commands:
        yield "1:command:->command"
        yield "*::argument:->rest"
    for n, argument in enumerate(place.arguments, 1):
        if argument.kind.name == "programs":
            yield "*:::command:__keyswitch_command"
        else:
            number = "*" if argument.repeats else n
            yield f"{number}:{argument.name}:{_zsh_action(argument.kind)}"


def _zsh_option(option):
    text = text_of(option).replace("[", "\\[").replace("]", "\\]")
    others = f"({' '.join(option.names)})" if len(option.names) > 1 else ""
    for name in option.names:
        if option.kind is None:
            yield f"{others}{name}[{text}]"
            continue
        sign = "=" if name.startswith("--") else "+"
        message = (option.metavar or name.lstrip("-")).replace(":", "\\:")
        before = "*" if option.repeats else others
        action = _zsh_action(option.kind)
        yield f"{before}{name}{sign}[{text}]:{message}:{action}"


def _zsh_action(kind):
    if kind.name == "words":
        return f"({' '.join(kind.words)})"
    if kind.name == "profiles":
        return "__keyswitch_profiles" + "_or_last" * bool(kind.words)
    return {"files": "_files", "folders": "_files -/", "nothing": " "}[
        kind.name
    ]


# PowerShell


def powershell(places):
    yield "function global:__keyswitch_commands([string] $place) {"
    rows = [
        ([p.path], [name for name, _ in p.commands])
        for p in places
        if p.commands
    ]
    yield from _powershell_switch("$place", rows)
    yield "}"
    yield ""
    yield "function global:__keyswitch_options([string] $place) {"
    rows = [([p.path], own_names(p)) for p in places if p.options]
    yield from _powershell_switch("$place", rows)
    names = [name for option in shared(places) for name in option.names]
    yield from _powershell_switch("$place", [(not_sharing(places), ())], names)
    yield from wrapped(_powershell_list(HELP), "    ")
    yield "}"
    for name, first, table in (
        ("value", "flag", values(places).items()),
        (
            "argument",
            "nothing",
            [(kind, keys) for (kind, _), keys in arguments(places).items()],
        ),
    ):
        yield ""
        yield f"function global:__keyswitch_{name}([string] $key) {{"
        rows = [(keys, [kind.name, *kind.words]) for kind, keys in table]
        yield from _powershell_switch("$key", rows, [first])
        yield "}"


def _powershell_switch(subject, rows, otherwise=()):
    yield f"    switch -CaseSensitive -Wildcard ({subject}) {{"
    for patterns, words in rows:
        quoted = _powershell_list(patterns)
        if len(patterns) == 1:
            yield f"        {quoted[0]} {{"
        else:
            yield "        { $_ -cin @("
            yield from wrapped(quoted, " " * 16)
            yield "        ) } {"
        yield from wrapped(_powershell_list(words), " " * 12)
        yield "            break"
        yield "        }"
    if otherwise:
        yield "        default {"
        yield from wrapped(_powershell_list(otherwise), " " * 12)
        yield "        }"
    yield "    }"


def _powershell_list(words):
    quoted = [f"'{word}'" for word in words]
    return [f"{word}," for word in quoted[:-1]] + quoted[-1:]
