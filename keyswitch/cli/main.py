"""The command group, and where every error becomes a message and a status."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import click

from keyswitch import __version__
from keyswitch.cli.arguments import refuse_secrets
from keyswitch.cli.command import HELP, answer, global_options
from keyswitch.cli.session import Session
from keyswitch.display import error_text
from keyswitch.errors import (
    CancelledError,
    ExitCode,
    FileStateError,
    OddFileError,
    UsageError,
)
from keyswitch.express import is_committed
from keyswitch.profiles.names import did_you_mean

# The public commands: name -> (module under keyswitch.cli, short help). A
# literal table, so that `--help` and completion import no command. A test
# compares each line with the command's own help.
COMMANDS: dict[str, tuple[str, str]] = {
    "add": ("profiles.add", "Make a profile and store its secret."),
    "allow": ("switching.links", "Trust a directory's link as it stands now."),
    "completion": (
        "switching.install",
        "Print a completion script for a shell.",
    ),
    "copy": ("profiles.editing", "Copy a profile, secrets included."),
    "current": ("switching.links", "Print the active profile's name."),
    "deny": ("switching.links", "Refuse a directory's link."),
    "doctor": ("checks.doctor", "Find what is wrong, say why, and mend it."),
    "edit": ("profiles.editing", "Change a profile's fields."),
    "env": ("switching.env", "Print export statements for eval."),
    "export": ("profiles.transfer", "Export profiles to an encrypted file."),
    "explain": ("checks.explain", "Explain an error text, and say what to do."),
    "helper": ("switching.helper", "Answer programs that ask for a secret."),
    "history": ("profiles.listing", "List what was changed when."),
    "hook": ("switching.install", "Print a shell's prompt hook."),
    "import": ("profiles.transfer", "Import profiles from an encrypted file."),
    "install": ("switching.install", "Let every terminal follow a switch."),
    "link": ("switching.links", "Link a directory to a profile."),
    "list": ("profiles.listing", "List the profiles."),
    "login": ("profiles.login", "Keep a login of Claude Code as a profile."),
    "logout": ("profiles.login", "Remove a login's tokens from this machine."),
    "lock": ("secrets.vault", "Forget every unlocked key and value."),
    "managers": (
        "secrets.managers",
        "List, check and allow the managers of references.",
    ),
    "migrate": (
        "profiles.migrate",
        "Move secrets to another store, or to a manager.",
    ),
    "off": ("switching.use", "Make no profile active."),
    "providers": (
        "profiles.catalogue_listing",
        "List the providers and fields.",
    ),
    "remove": ("profiles.editing", "Remove a profile."),
    "rename": ("profiles.editing", "Give a profile another name."),
    "revoke-local": ("secrets.revoke", "Remove tokens from this machine."),
    "rotate": ("profiles.rotate", "Replace a profile's secret."),
    "run": ("switching.run", "Run one command with a profile."),
    "shell": ("switching.env", "Start a shell that uses one profile."),
    "show": ("profiles.listing", "Show one profile."),
    "statusline": (
        "switching.status_line",
        "Record the limits that Claude Code knows, and print a short line.",
    ),
    "team": (
        "profiles.team",
        "Share profiles in a team: references, never secrets.",
    ),
    "trace": (
        "checks.trace",
        "Show a command's requests, and whose credential each carries.",
    ),
    "undo": ("profiles.editing", "Take back the last change."),
    "uninstall": ("switching.install", "Remove the hook from a start file."),
    "unlink": ("switching.links", "Remove a directory's link."),
    "unlock": ("secrets.vault", "Unlock the vault for this session."),
    "use": ("switching.use", "Switch to a profile."),
    "vault": ("secrets.vault", "Manage the encrypted vault."),
    "verify": (
        "checks.verify",
        "Ask the services whether stored secrets still work.",
    ),
    "whoami": ("checks.whoami", "Say which credential Claude Code sends."),
}

# Written without indentation: click would load `inspect` to take it away.
WHAT_IT_DOES = """\
Keep several accounts as named profiles and switch between them.

A profile's secret lies in the system keychain, in an encrypted vault, or stays
in a manager such as 1Password; everything else is a small TOML file."""
EXAMPLES = """\b
Examples:
  keyswitch add                           asks for everything
  keyswitch add work --provider anthropic
  keyswitch use work
  keyswitch use -                         back to the one before
  eval "$(keyswitch env)"                 in a shell's start file
  keyswitch run personal -- claude        one command, nothing else touched
"""

# A command in a shell's start file may print one line of error, and does not
# begin again.
_IN_START_FILES = ("current", "env", "helper", "hook")

_FILES_SET_ASIDE = 5  # by one command; there are not many more kinds


class LazyGroup(click.Group):
    """Imports a command's module when that command runs, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in COMMANDS:
            all_of_them = "see 'keyswitch --help'"
            raise UsageError(
                f"unknown command '{cmd_name}'",
                did_you_mean(
                    cmd_name, sorted(COMMANDS), all_of_them, "keyswitch "
                ),
            )
        module = importlib.import_module(
            f"keyswitch.cli.{COMMANDS[cmd_name][0]}"
        )
        return next(
            found
            for found in vars(module).values()
            if isinstance(found, click.Command) and found.name == cmd_name
        )

    def get_help(self, ctx: click.Context) -> str:
        # The terminal's width as `shutil` finds it, which is slow to load.
        width = 0
        with contextlib.suppress(ValueError):
            width = int(os.environ.get("COLUMNS", ""))
        if width <= 0:
            with contextlib.suppress(OSError):
                width = os.get_terminal_size(1).columns
        ctx.terminal_width = max(min(width or 80, 80) - 2, 50)
        return super().get_help(ctx)

    def format_help_text(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        _paragraph(formatter, WHAT_IT_DOES)

    def format_epilog(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        _paragraph(formatter, EXAMPLES)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, text) for name, (_, text) in sorted(COMMANDS.items())]
            )


def _paragraph(formatter: click.HelpFormatter, text: str) -> None:
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(text)


@click.group(cls=LazyGroup, help=WHAT_IT_DOES, epilog=EXAMPLES)
@answer(
    "--version",
    text="Show the version and exit.",
    print_=lambda _: f"keyswitch, version {__version__}",
)
@HELP
def cli() -> None:
    """Take the options that stand before a command's name."""


cli.params[:0] = global_options()


def run(args: Sequence[str]) -> int:
    """Run a command line and return its exit status."""
    from keyswitch import kernel_keyring
    from keyswitch.secret import forbid_cores

    # Any command may be given a secret, by a prompt or a pipe.
    kernel_keyring.close_to_others()
    forbid_cores()
    command = next((a for a in args if not a.startswith("-")), "")
    in_start_file = command in _IN_START_FILES
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Not every encoding has an ellipsis.
        sys.stdout.reconfigure(errors="backslashreplace")
    status = None
    try:
        refuse_secrets(args)
        status = _click(args) if in_start_file else _with_new_tries(args)
    except click.exceptions.NoArgsIsHelpError as e:
        click.echo(e.ctx.get_help() if e.ctx else e.format_message())
    except click.ClickException as e:
        sys.stderr.write(_failures().usage_error(e, args))
        return ExitCode.USAGE
    except (CancelledError, click.Abort, KeyboardInterrupt) as e:
        is_no = isinstance(e, CancelledError)
        what = "cancelled" if is_no else "interrupted"
        made = "but the change is made" if is_committed() else "nothing changed"
        sys.stderr.write(f"keyswitch: {what}, {made}\n")
        return _status(ExitCode.FAILED) if is_no else ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`keyswitch list | head`); that is its right.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    except Exception as e:  # noqa: BLE001
        error = _failures().expected(e)
        if error is None:
            known = command if command in COMMANDS else "?"
            sys.stderr.write(_failures().bug(e, known))
            return ExitCode.BUG
        one_line = in_start_file and not os.isatty(1)
        sys.stderr.write(error_text(error, one_line=one_line))
        is_of_files = isinstance(error, FileStateError)
        return _status(error.exit_code) if is_of_files else error.exit_code
    return status if isinstance(status, int) else ExitCode.OK


def _failures() -> ModuleType:
    from keyswitch.cli import failures  # most commands have none

    return failures


def _with_new_tries(args: Sequence[str]) -> Any:
    """Run click; once more each time that a damaged file is set aside."""
    for _ in range(_FILES_SET_ASIDE):
        try:
            return _click(args)
        except OddFileError as e:
            if is_committed():
                raise  # a change is not made twice
            _failures().set_aside(e)
    return _click(args)


def _click(args: Sequence[str]) -> Any:
    return cli.main(
        list(args),
        prog_name="keyswitch",
        standalone_mode=False,
        obj=Session(os.environ),
    )


def _status(code: int) -> int:
    """Return the exit status: FAILED stands for "nothing changed"."""
    if code == ExitCode.FAILED and is_committed():
        return ExitCode.CLEANUP_LEFT
    return code
