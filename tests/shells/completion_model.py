"""What can be typed after `keyswitch`, taken from the commands themselves.

click knows the commands, the options and some of the choices. What the rest of
the words mean stands in two tables here; a word that is in neither is an error,
so that nobody adds an option and forgets its completion.
"""

from __future__ import annotations

from typing import NamedTuple

import click

from keyswitch.cli.commands import COMMANDS
from keyswitch.cli.main import cli
from tests.components import ROOT

CATALOGUE = ROOT / "keyswitch" / "providers" / "built_in"


class Kind(NamedTuple):
    """What is offered for a word: fixed words, and what a shell finds."""

    # words, profiles, files, folders, programs, nothing
    name: str
    words: tuple[str, ...] = ()


class Option(NamedTuple):
    """One option; `kind` is None where it takes no value."""

    names: tuple[str, ...]
    help: str
    kind: Kind | None
    metavar: str
    repeats: bool


class Argument(NamedTuple):
    """One word, or all that follow."""

    name: str
    kind: Kind
    repeats: bool


class CommandNode(NamedTuple):
    """A command; the root's path is empty, of subcommands it has a space."""

    path: str
    commands: tuple[tuple[str, str], ...]
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]
    takes_global: bool  # the options of the root, too


def providers():
    """Return the ids of the built-in providers."""
    names = sorted(path.stem for path in CATALOGUE.glob("*.toml"))
    return tuple(name for name in names if not name.startswith("_"))


def managers():
    """Return the names of the managers that keyswitch knows."""
    folder = ROOT / "keyswitch" / "secrets" / "references" / "built_in"
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


NOTHING = Kind("nothing")
FILES = Kind("files")
FOLDERS = Kind("folders")
PROFILES = Kind("profiles")
PROVIDERS = Kind("words", providers())
MANAGERS = Kind("words", managers())
WITH_HOOK = Kind("words", ("bash", "fish", "nu", "pwsh", "zsh"))
INSTALLED = Kind("words", (*WITH_HOOK.words, "claude-statusline"))

# By command and option, else by what `--help` calls the value.
VALUES = {
    ("add", "--label"): NOTHING,
    ("edit", "--label"): NOTHING,
    ("login", "--label"): NOTHING,
    ("edit", "--expect"): Kind("words", ("api", "cloud", "subscription")),
    ("edit", "--share"): Kind(
        "words",
        (
            "agents",
            "commands",
            "history",
            "memory",
            "none",
            "settings",
            "skills",
        ),
    ),
    ("env", "--shell"): Kind(
        "words",
        (
            "bash", "cmd", "dash", "dotenv", "fish", "json", "ksh", "mksh",
            "nu", "pwsh", "sh", "zsh",
        ),
    ),
    ("migrate", "--to"): Kind("words", ("keychain", "vault")),
    ("shell", "--shell"): Kind(
        "words",
        ("bash", "dash", "fish", "ksh", "mksh", "nu", "pwsh", "sh", "zsh"),
    ),
    ("trace", "--profile"): PROFILES,
    ("trace", "--simulate"): Kind(
        "words",
        (
            "401", "403-aws", "429", "529", "bad-json", "cut",
            "expired-login", "html", "overloaded", "slow",
        ),
    ),
    "FILE": FILES,
    "PATH": FILES,
    "[FIELD=]PATH": FILES,
    "PROVIDER": PROVIDERS,
}  # fmt: skip
for _name in (
    "ADDRESS", "DATE", "FIELD", "FIELD=VALUE", "HOST", "N", "NAME", "PATTERN",
    "HEX", "KEY", "PLACES", "SECONDS", "TAG", "[FIELD=]N", "[FIELD=]NAME",
    "[FIELD=]REFERENCE",
):  # fmt: skip
    VALUES[_name] = NOTHING

ARGUMENTS = {
    ("add", "name"): NOTHING,
    ("allow", "folder"): FOLDERS,
    ("copy", "new_name"): NOTHING,
    ("deny", "folder"): FOLDERS,
    ("explain", "text"): NOTHING,
    ("hook", "shell"): WITH_HOOK,
    ("import", "names"): NOTHING,
    ("import", "path"): FILES,
    ("install", "shell"): INSTALLED,
    ("managers allow", "name"): NOTHING,
    ("managers check", "name"): MANAGERS,
    ("providers", "name"): PROVIDERS,
    ("rename", "new_name"): NOTHING,
    ("team add", "source"): FILES,
    ("team diff", "name"): NOTHING,
    ("team remove", "name"): NOTHING,
    ("team show", "name"): NOTHING,
    ("team update", "name"): NOTHING,
    ("run", "command"): Kind("programs"),
    ("trace", "command"): Kind("programs"),
    ("uninstall", "shell"): INSTALLED,
    ("use", "name"): Kind("profiles", ("-",)),
    ("whoami", "claude_options"): NOTHING,
}
# Where nothing else is said, these are names of profiles that exist.
for _path in (
    "copy", "edit", "env", "helper api-key", "helper aws", "link", "login",
    "logout", "migrate", "remove", "rename", "revoke-local", "rotate", "run",
    "shell", "show",
):  # fmt: skip
    ARGUMENTS[_path, "name"] = PROFILES
ARGUMENTS["export", "names"] = ARGUMENTS["verify", "names"] = PROFILES


def places():
    """Return every place, the root first."""
    shared = {name for o in _options("", cli) for name in o.names}
    commands = tuple((name, COMMANDS[name][1]) for name in sorted(COMMANDS))
    return [
        CommandNode("", commands, _options("", cli), (), takes_global=False),
        *(
            place
            for name, _ in commands
            for place in _below(name, cli.get_command(None, name), shared)
        ),
    ]


def _below(path, command, shared):
    commands = getattr(command, "commands", {})
    options = _options(path, command)
    known = [o for o in options if set(o.names) <= shared]
    yield CommandNode(
        path,
        tuple((n, _help(c)) for n, c in sorted(commands.items())),
        tuple(o for o in options if o not in known),
        tuple(_arguments(path, command)),
        takes_global=bool(known),
    )
    for name, inner in sorted(commands.items()):
        yield from _below(f"{path} {name}", inner, shared)


def _help(command):
    return command.get_short_help_str(limit=200)


def _options(path, command):
    """Return the options; `--help` is everywhere and left out."""
    found = []
    for option in command.params:
        if not isinstance(option, click.Option) or option.hidden:
            continue
        if "--help" in option.opts:
            continue
        metavar = option.metavar or ""
        kind = None if option.is_flag else _kind(path, option, metavar)
        names, text = tuple(option.opts), option.help or ""
        found.append(Option(names, text, kind, metavar, option.multiple))
        if option.secondary_opts:
            text = f"The opposite of {option.opts[0]}."
            names = tuple(option.secondary_opts)
            found.append(Option(names, text, None, "", repeats=False))
    return tuple(found)


def _kind(path, option, metavar):
    if isinstance(option.type, click.Choice):
        return Kind("words", tuple(sorted(option.type.choices)))
    known = VALUES.get((path, option.opts[0])) or VALUES.get(metavar)
    assert known, (
        f"say in {__file__} what completes {option.opts[0]} of '{path}'"
    )
    return known


def _arguments(path, command):
    for argument in command.params:
        if not isinstance(argument, click.Argument):
            continue
        if isinstance(argument.type, click.Choice):
            kind = Kind("words", tuple(sorted(argument.type.choices)))
        else:
            kind = ARGUMENTS.get((path, argument.name))
        assert kind, f"say in {__file__} what completes '{path}' here"
        name = argument.name.replace("_", " ")
        yield Argument(name, kind, argument.nargs == -1)
