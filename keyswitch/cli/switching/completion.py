"""completion: each shell's own script, with a table of what can be typed.

The table is made of the commands, as click declares them. That takes over a
tenth of a second, so a wheel brings scripts that are made
(scripts/hatch_build.py), and the express lane prints them; a clone, or an
editable installation, makes them when they are asked for.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from keyswitch import experimental
from keyswitch.cli.command import Session, command, names_of
from keyswitch.express import write_out
from keyswitch.shells.hook_scripts import COMPLETED

if TYPE_CHECKING:
    from collections.abc import Iterator

# The rows of one command in a script: what is before them, a quote within
# quotes, what is between two rows, and after them.
_POSIX = ("    '{}')\n      rows=(\n", "'\\''", "\n", "\n      )\n      ;;\n")
_DIALECTS = {
    "bash": _POSIX,
    "fish": ("case '{}'\n    set rows \\\n", "\\'", " \\\n", "\n"),
    "ps1": ("'{}' {{\n", "''", "\n", "\n}\n"),
    "zsh": _POSIX,
}
# What stands for them in a script, so that it is one without them.
_MARK = re.compile(r"^.*@TABLE@.*\n", re.MULTILINE)

# What is offered for a word: fixed words, or what a shell finds. By what
# `--help` calls the value, by an argument's name where it has no such name, and
# by the command and either of them where that alone decides.
_FILES, _FOLDERS, _PROFILES, _NOTHING = "files", "folders", "profiles", ""
_OFFERED = {
    "FILE": _FILES,
    "PATH": _FILES,
    "[FIELD=]PATH": _FILES,
    "team add source": _FILES,
    "[DIR]": _FOLDERS,
    "name": _PROFILES,
    "NAME...": _PROFILES,  # of `export`
    "[NAME]...": _PROFILES,  # of `verify`
    "trace --profile": _PROFILES,
    "run command": "programs",
    "trace command": "programs",
    "edit --expect": "words api cloud subscription",
    "edit --share": "words agents commands history memory none settings skills",
    "migrate --to": "words keychain vault",
    "use name": "profiles -",
    **dict.fromkeys(
        (
            "ADDRESS", "DATE", "FIELD", "FIELD=VALUE", "HEX", "HOST", "KEY",
            "N", "NAME", "PATTERN", "PLACES", "SECONDS", "TAG", "[FIELD=]N",
            "[FIELD=]NAME", "[FIELD=]REFERENCE", "[NAME...]", "--label",
            "add name", "new_name", "text", "claude_options", "team diff name",
            "team remove name", "team show name", "team update name",
        ),
        _NOTHING,
    ),
}  # fmt: skip


@command(
    'eval "$(keyswitch completion bash)"',
    "keyswitch completion fish > ~/.config/fish/completions/keyswitch.fish",
    note=f"'keyswitch hook' includes it.\n\n{experimental.HELP}",
)
@click.argument("shell", type=click.Choice(tuple(COMPLETED)))
def completion(session: Session, shell: str) -> None:
    """Print a shell's completion script."""
    write_out(script(COMPLETED[shell]))
    experimental.say_once(shell, session.environ)


class TypedWord(NamedTuple):
    """A word that can be typed, or what stands for one; texts without "|"."""

    word: str  # "1": the first that is no option; "rest": all that follow
    kind: str  # "command", "flag"; else what is offered here, or as its value
    words: str = ""  # that are offered
    mark: str = ""  # of zsh: it repeats, or excludes others
    title: str = ""  # of the value
    meaning: str = ""


def script(kind: str) -> str:
    """Return a shell's script, made of the commands as they are now."""
    folder = resources.files("keyswitch.shells") / "completions"
    text = folder.joinpath(f"completion.{kind}").read_text(encoding="utf-8")
    begin, quote, between, end = _DIALECTS[kind]
    table = ""
    for path, rows in places():
        lines = ["|".join(row).replace("'", quote) for row in rows]
        table += begin.format(path)
        table += between.join(f"'{line}'" for line in lines) + end
    return _MARK.sub(lambda _: table, text)


def places() -> Iterator[tuple[str, list[TypedWord]]]:
    """Yield each command, "" for none, with what can be typed behind it."""
    from keyswitch.cli.main import cli

    for path, rows in _places("", cli):
        yield path, rows
        above, _, name = path.rpartition(" ")
        for alias in names_of(name)[1:]:
            yield f"{above} {alias}".lstrip(), rows


def _places(
    path: str, here: click.Command
) -> Iterator[tuple[str, list[TypedWord]]]:
    below = {}
    if isinstance(here, click.Group):
        context = click.Context(here)
        for name in here.list_commands(context):
            below[name] = here.get_command(context, name) or here
    rows = [
        TypedWord(word, "command", meaning=inner.get_short_help_str(limit=200))
        for name, inner in below.items()
        for word in names_of(name)
    ]
    number = 0
    for parameter in here.params:
        if isinstance(parameter, click.Option):
            rows += () if parameter.hidden else _option(path, parameter)
            continue
        number += 1
        place = "rest" if parameter.nargs == -1 else str(number)
        title = str(parameter.name).replace("_", " ")
        rows.append(TypedWord(place, *_value(path, parameter), title=title))
    yield path, rows
    for name, inner in below.items():
        yield from _places(f"{path} {name}".lstrip(), inner)


def _option(path: str, option: click.Option) -> Iterator[TypedWord]:
    kind, words, title = "flag", "", ""
    if not option.is_flag:
        kind, words = _value(path, option)
        title = option.metavar or option.opts[0].lstrip("-")
    for names, meaning in (
        (option.opts, option.help or title),
        (option.secondary_opts, f"The opposite of {option.opts[0]}."),
    ):
        others = f"({' '.join(names)})" if len(names) > 1 else ""
        mark = "*" if option.multiple else others
        for name in names:
            yield TypedWord(name, kind, words, mark, title, meaning)


def _value(path: str, parameter: click.Parameter) -> tuple[str, str]:
    """Return the kind of a value, and the words that are offered for it."""
    if isinstance(parameter.type, click.Choice):
        return "words", " ".join(sorted(parameter.type.choices))
    is_option = isinstance(parameter, click.Option)
    own = parameter.opts[0] if is_option else str(parameter.name)
    offered = {**_OFFERED, **_elsewhere()}
    for key in (f"{path} {own}", parameter.metavar, own):
        if key in offered:
            kind, _, words = offered[key].partition(" ")
            return kind or "nothing", words
    raise LookupError(f"say in {__file__} what completes {own} of '{path}'")


@cache
def _elsewhere() -> dict[str, str]:
    """Return what other modules list, each in its only place."""
    from keyswitch import shells
    from keyswitch.providers.catalogue import Catalogue
    from keyswitch.secrets.references.managers import built_in
    from keyswitch.shells.hook_scripts import HOOKS
    from keyswitch.trace.stand_ins.simulation import KINDS

    aliases = {"nushell", "powershell"}
    formats = {"cmd", "dotenv", "json"}  # no shell that could be started
    hooks = HOOKS.keys() - aliases
    providers = Catalogue().ids()
    found: dict[str, Any] = {
        "PROVIDER": providers,
        "providers name": providers,
        "MANAGER": built_in(),
        "env --shell": shells.SHELLS.keys() - aliases,
        "shell --shell": shells.SHELLS.keys() - aliases - formats,
        "hook shell": hooks,
        "install shell": {*hooks, "claude-statusline"},
        "uninstall shell": {*hooks, "claude-statusline"},
        "trace --simulate": KINDS,
    }
    return {k: f"words {' '.join(sorted(v))}" for k, v in found.items()}
