"""The command group, and where every error becomes a message and a status."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import click

from keyswitch import __version__, progress
from keyswitch.cli import style
from keyswitch.cli.arguments import refuse_secrets
from keyswitch.cli.command import (
    ALIASES,
    HELP,
    Group,
    answer,
    global_options,
    names_of,
)
from keyswitch.cli.commands import COMMANDS, ELSEWHERE, GROUPS
from keyswitch.cli.session import Session
from keyswitch.cli.style import Styled
from keyswitch.display import error_text
from keyswitch.errors import (
    CancelledError,
    CleanupLeftError,
    ExitCode,
    KeyswitchError,
    OddFileError,
    UsageError,
)
from keyswitch.outcome import so_far
from keyswitch.profiles.names import did_you_mean

# Written without indentation: click would load `inspect` to take it away.
WHAT_IT_DOES = """\
Keep several accounts as named profiles and switch between them.

\b
Start with:
  keyswitch add          add a profile; asks for what it needs
  keyswitch use NAME     switch to it; without a name, pick from a list
  keyswitch whoami       see which credential Claude Code sends, and why
  keyswitch doctor       find what is wrong, and fix it
  keyswitch install      make every terminal follow a switch"""
MORE = """\b
'keyswitch COMMAND --help' shows examples.
"""

# A command in a shell's start file may print one line of error, and does not
# begin again.
_IN_START_FILES = ("current", "env", "helper", "hook")

# What begins the two lines of an error.
_LABELS = {"error": style.ERROR, "hint": style.DIM}

_FILES_SET_ASIDE = 5  # by one command; there are not many more kinds


class LazyGroup(Group):
    """Imports a command's module when that command runs, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command:
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in COMMANDS:
            raise _unknown(cmd_name)
        module = importlib.import_module(f"keyswitch.cli.{COMMANDS[name][0]}")
        return next(
            found
            for found in vars(module).values()
            if isinstance(found, click.Command) and found.name == name
        )

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
        _paragraph(formatter, MORE)

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the commands first, in their groups, then the options."""
        width = max(map(len, COMMANDS)) + 1  # in every group
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (", ".join(names_of(name)).ljust(width), text)
                        for name, (_, text) in commands.items()
                    ]
                )
        click.Command.format_options(self, ctx, formatter)


def _unknown(name: str) -> UsageError:
    """Return the error for a command that is not there, with the nearest."""
    known = [*COMMANDS, *ALIASES]
    hint = did_you_mean(name, known, "see 'keyswitch --help'", "keyswitch ")
    if name in ELSEWHERE:
        hint = f"did you mean 'keyswitch {ELSEWHERE[name]}'?"
    return UsageError(f"unknown command '{name}'", hint)


def _paragraph(formatter: click.HelpFormatter, text: str) -> None:
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(text)


@click.group(cls=LazyGroup, help=WHAT_IT_DOES, epilog=MORE)
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
    style.choose(style.AUTO)
    status = None
    try:
        refuse_secrets(args)
        status = _click(args) if in_start_file else _with_new_tries(args)
    except click.exceptions.NoArgsIsHelpError as e:
        click.echo(e.ctx.get_help() if e.ctx else e.format_message())
    except click.ClickException as e:
        _write_error(_failures().usage_error(e, args))
        return ExitCode.USAGE
    except (CancelledError, click.Abort, KeyboardInterrupt) as e:
        return _ended(is_no=isinstance(e, CancelledError))
    except BrokenPipeError:
        # The reader went away (`keyswitch list | head`); that is its right.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    except Exception as e:  # noqa: BLE001
        if _is_of_interrupt(e):
            return _ended(is_no=False)
        error = _failures().expected(e)
        if error is None:
            known = command if command in COMMANDS else "?"
            _write_error(_failures().bug(e, known))
            return ExitCode.BUG
        one_line = in_start_file and not os.isatty(1)
        _say_what_is_made(error)
        _write_error(error_text(error, one_line=one_line))
        return _status(error.exit_code)
    return status if isinstance(status, int) else ExitCode.OK


def _write_error(text: str) -> None:
    """Print an error, as every message, and its labels in their colours."""
    for line in text.splitlines():
        label, _, words = line.removeprefix("keyswitch: ").partition(": ")
        if label in _LABELS:
            style.tell(words, os.environ, Styled(label, _LABELS[label]))
        else:
            sys.stderr.write(f"{line}\n")


def _ended(*, is_no: bool) -> int:
    """Say what became of a command that a person ended; return the status."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one
    progress.end()  # the first may have come as a step began
    what = "cancelled" if is_no else "interrupted"
    sys.stderr.write(f"keyswitch: {what}, {so_far}\n")
    return _status(ExitCode.FAILED) if is_no else ExitCode.INTERRUPTED


def _say_what_is_made(error: KeyswitchError) -> None:
    """Add to an error what is done; its hint may not say: nothing is."""
    if so_far.changes:
        for words in ("nothing changed; ", "; nothing changed"):
            error.hint = error.hint.replace(words, "")
        if not isinstance(error, CleanupLeftError):
            error.message = f"{error.message}; {so_far.made}"
    else:
        error.hint = error.hint.replace("nothing changed", str(so_far))


def _is_of_interrupt(error: BaseException | None) -> bool:
    """Tell whether an error came of Ctrl-C.

    One in the middle of a class's definition becomes a RuntimeError. A
    CleanupLeftError says what became of the change, so it stays as it is.
    """
    if isinstance(error, CleanupLeftError):
        return False
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _failures() -> ModuleType:
    from keyswitch.cli import failures  # most commands have none

    return failures


def _with_new_tries(args: Sequence[str]) -> Any:
    """Run click; once more each time that a damaged file is set aside."""
    for _ in range(_FILES_SET_ASIDE):
        try:
            return _click(args)
        except OddFileError as e:
            if so_far.changes:
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
    if code == ExitCode.FAILED and so_far.changes:
        return ExitCode.CLEANUP_LEFT
    return code
