"""Every command as a page: the reference in docs/, and the manual pages.

Both come from the commands themselves, so they say what `--help` says. Only
click is needed: `scripts/hatch_build.py` makes manual pages while a wheel is
built. click-man was tried: it finds no commands in a group that loads them
late, leaves the examples out, and escapes hyphens only.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import NamedTuple

import click

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from keyswitch import __version__ as VERSION  # noqa: E402, N812
from keyswitch.cli.command import ALIASES, global_options  # noqa: E402
from keyswitch.cli.commands import GROUPS  # noqa: E402
from keyswitch.cli.main import cli  # noqa: E402
from keyswitch.errors import ExitCode  # noqa: E402

__all__ = [
    "ENVIRONMENT",
    "EXIT_STATUS",
    "FILES",
    "ROOT",
    "VERSION",
    "Page",
    "groups",
    "pages",
]

EXIT_STATUS = [
    (str(ExitCode.OK), "done"),
    (str(ExitCode.FAILED), "failed, and nothing changed"),
    (str(ExitCode.USAGE), "the command line is wrong"),
    (str(ExitCode.BUG), "a bug in keyswitch"),
    (str(ExitCode.NOT_IN_EFFECT), "changed, but something else is still used"),
    (str(ExitCode.LOCKED), "locked, or no permission to read a secret"),
    (str(ExitCode.CLEANUP_LEFT), "changed; the error says what is left to do"),
    (str(ExitCode.INTERRUPTED), "interrupted"),
]
FILES = [
    ("~/.config/keyswitch/profiles/", "the profiles, one TOML file each"),
    ("~/.config/keyswitch/config.toml", "settings"),
    ("~/.config/keyswitch/providers/", "provider files of your own"),
    ("~/.local/share/keyswitch/", "the encrypted vault"),
    ("~/.local/state/keyswitch/", "the active profile, history, undo"),
]
ENVIRONMENT = [
    ("KEYSWITCH_HOME", "one folder for all files of keyswitch"),
    ("KEYSWITCH_PROFILE", "this terminal's profile, as 'use --here' sets it"),
    ("NO_COLOR", "no colour; --color always is stronger"),
    ("CLICOLOR_FORCE", "colour in a pipe too; --color never is stronger"),
    ("XDG_CONFIG_HOME", "in place of ~/.config, on Linux"),
    ("XDG_DATA_HOME", "in place of ~/.local/share, on Linux"),
    ("XDG_STATE_HOME", "in place of ~/.local/state, on Linux"),
]
# click keeps the lines of a paragraph that begins with it.
HEADING = re.compile(r"\x08|(?:Examples?|Start with):$")
EVERYWHERE = {option.opts[-1] for option in global_options()} | {"--help"}


class Page(NamedTuple):
    """One command as it is described; texts are those of `--help`."""

    words: str  # "keyswitch vault init"
    also: str  # its second name
    usage: str  # what may follow them
    summary: str
    paragraphs: list[str]
    options: list[tuple[str, str]]  # without those of every command
    commands: list[tuple[str, str]]  # name, summary
    examples: list[str]
    note: str  # what stands below them

    @property
    def name(self) -> str:
        """Return the name that `man` knows it by."""
        return self.words.replace(" ", "-")


def pages() -> Iterator[Page]:
    """Return every command, the program itself first."""
    yield from _pages(cli, click.Context(cli, info_name="keyswitch"))


def groups() -> dict[str, list[str]]:
    """Return {heading of `--help`: names of commands}."""
    return {title: list(found) for title, found in GROUPS.items()}


def _pages(command: click.Command, context: click.Context) -> Iterator[Page]:
    below = {}
    if isinstance(command, click.Group):
        names = command.list_commands(context)
        below = {name: command.get_command(context, name) for name in names}
    yield _page(command, context, below)
    for name, found in below.items():
        yield from _pages(
            found, click.Context(found, info_name=name, parent=context)
        )


def _page(
    command: click.Command,
    context: click.Context,
    below: dict[str, click.Command],
) -> Page:
    own = [
        param
        for param in command.get_params(context)
        if isinstance(param, click.Option)
        and (context.parent is None or param.opts[-1] not in EVERYWHERE)
    ]
    (summary, *paragraphs), shown = _parts(cleandoc(command.help or ""))
    note, examples = _parts(command.epilog or "")
    aliases = {name: alias for alias, name in ALIASES.items()}
    return Page(
        words=context.command_path,
        also=aliases.get(context.command_path.removeprefix("keyswitch "), ""),
        usage=" ".join(command.collect_usage_pieces(context)),
        summary=summary.rstrip("."),
        paragraphs=paragraphs,
        options=[
            record
            for param in own
            if (record := param.get_help_record(context))
        ],
        commands=[
            (name, found.get_short_help_str(limit=200))
            for name, found in below.items()
        ],
        examples=[*shown, *examples],
        note=" ".join(note),
    )


def _parts(text: str) -> tuple[list[str], list[str]]:
    """Return the paragraphs of a text, and the examples that it shows."""
    lines = [line for line in text.splitlines() if not HEADING.match(line)]
    examples = [line[2:] for line in lines if line.startswith("  ")]
    rest = "\n".join(line for line in lines if not line.startswith("  "))
    return [
        " ".join(p.split()) for p in rest.split("\n\n") if p.strip()
    ], examples
