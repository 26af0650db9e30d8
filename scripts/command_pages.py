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
from pathlib import Path
from typing import NamedTuple

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from keyswitch import __version__ as VERSION  # noqa: E402, N812
from keyswitch.cli.command import global_options  # noqa: E402
from keyswitch.cli.main import cli  # noqa: E402
from keyswitch.errors import ExitCode  # noqa: E402

__all__ = ["EXIT_STATUS", "FILES", "ROOT", "VERSION", "Page", "pages"]

EXIT_STATUS = [
    (str(ExitCode.OK), "done"),
    (str(ExitCode.FAILED), "failed, and nothing changed"),
    (str(ExitCode.USAGE), "the command line is wrong"),
    (str(ExitCode.BUG), "a bug in keyswitch"),
    (str(ExitCode.NOT_IN_EFFECT), "changed, but something else is still used"),
    (str(ExitCode.LOCKED), "locked, or no permission to read a secret"),
    (str(ExitCode.CLEANUP_LEFT), "changed; the next command cleans up"),
    (str(ExitCode.INTERRUPTED), "interrupted"),
]
FILES = [
    ("~/.config/keyswitch/profiles/", "the profiles, one TOML file each"),
    ("~/.config/keyswitch/config.toml", "settings"),
    ("~/.config/keyswitch/providers/", "provider files of your own"),
    ("~/.local/share/keyswitch/", "the encrypted vault"),
    ("~/.local/state/keyswitch/", "the active profile, history, undo"),
]
EVERYWHERE = {option.opts[-1] for option in global_options()} | {"--help"}


class Page(NamedTuple):
    """One command as it is described; texts are those of `--help`."""

    words: str  # "keyswitch vault init"
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


def _pages(command: click.Command, context: click.Context) -> Iterator[Page]:
    names = (
        command.list_commands(context)
        if isinstance(command, click.Group)
        else []
    )
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
    summary, *rest = _paragraphs(command.help or "")
    below_options = (command.epilog or "").splitlines()
    own = [
        param
        for param in command.get_params(context)
        if isinstance(param, click.Option)
        and (context.parent is None or param.opts[-1] not in EVERYWHERE)
    ]
    return Page(
        words=context.command_path,
        usage=" ".join(command.collect_usage_pieces(context)),
        summary=summary.rstrip("."),
        paragraphs=rest,
        options=[
            record
            for param in own
            if (record := param.get_help_record(context))
        ],
        commands=[
            (name, found.get_short_help_str(limit=200))
            for name, found in below.items()
        ],
        examples=[line[2:] for line in below_options if line[:2] == "  "],
        note=" ".join(
            line
            for line in below_options
            if not re.match(r"  |\x08|Example", line)
        ).strip(),
    )


def _paragraphs(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split("\n\n")]
