"""The command group and the one boundary where errors become exit codes."""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from keyswitch import __version__
from keyswitch.cli import damaged_files, given
from keyswitch.cli.arguments import refuse_secrets
from keyswitch.cli.commands import COMMANDS
from keyswitch.cli.output import Output
from keyswitch.display import (
    error_text,
    of_a_size,
    printable,
    without_secrets,
)
from keyswitch.errors import (
    CancelledError,
    ExitCode,
    FileStateError,
    KeyswitchError,
    OddFileError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

EXAMPLES = """\b
Examples:
  keyswitch add                           asks for everything
  keyswitch add work --provider anthropic
  keyswitch use work
  keyswitch use -                         back to the one before
  eval "$(keyswitch env)"                 in a shell's start file
  keyswitch run personal -- claude        one command, nothing else touched
"""


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
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        found = getattr(
            importlib.import_module(f"keyswitch.cli.{module}"), attribute
        )
        assert isinstance(found, click.Command)  # noqa: S101
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from keyswitch.errors import UsageError
            from keyswitch.profiles.names import nearest

            near = nearest(args[0], sorted(COMMANDS))
            raise UsageError(
                f"there is no command '{args[0]}'",
                f"did you mean 'keyswitch {near}'?"
                if near
                else "'keyswitch --help' lists the commands",
            )
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, COMMANDS[name][2]) for name in sorted(COMMANDS)]
            )


@click.group(
    cls=LazyGroup,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option("--json", "as_json", is_flag=True, help="Print data as JSON.")
@click.option("--no-input", is_flag=True, help="Never ask anything.")
@click.option("-q", "--quiet", is_flag=True, help="Print results only.")
@click.option("-v", "--verbose", is_flag=True, help="Say what is done.")
@click.version_option(__version__, prog_name="keyswitch")
@click.pass_context
def cli(
    ctx: click.Context,
    *,
    as_json: bool,
    no_input: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Keep several accounts as named profiles and switch between them.

    A profile's secret lies in the system keychain or in an encrypted vault;
    everything else is a small TOML file.
    """
    from keyswitch.cli.session import Session

    ctx.obj = Session(
        Output(json=as_json, quiet=quiet, verbose=verbose),
        os.environ,
        no_input=no_input,
    )


# Of a write to a descriptor; those to files of ours have the file's name.
_OF_OUTPUT = (errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC)

# Where they stand, there is room for one line, and for no second try.
_IN_START_FILES = ("current", "env", "helper", "hook")


_FILES_SET_ASIDE = 5  # by one command; there are not many more kinds


def run(args: Sequence[str]) -> int:
    """Run a command line and return its exit status."""
    from keyswitch.secrets.session import kernel_keyring

    # Any command may be given a secret, by a prompt or a pipe.
    kernel_keyring.close_to_others()
    command = next((a for a in args if not a.startswith("-")), "")
    one_line = command in _IN_START_FILES and not os.isatty(1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Not every encoding has an ellipsis.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        refuse_secrets(args)
        result = _main(args, again=command not in _IN_START_FILES)
    except KeyswitchError as e:
        sys.stderr.write(error_text(e, one_line=one_line))
        is_of_files = isinstance(e, FileStateError)
        return _status(e.exit_code) if is_of_files else e.exit_code
    except click.exceptions.NoArgsIsHelpError as e:
        click.echo(e.ctx.get_help() if e.ctx else e.format_message())
        return ExitCode.OK
    except click.ClickException as e:
        return _usage_error(e, args)
    except CancelledError:
        sys.stderr.write(f"keyswitch: cancelled, {_what_became()}\n")
        return _status(ExitCode.FAILED)
    except (click.Abort, KeyboardInterrupt):
        sys.stderr.write(f"keyswitch: interrupted, {_what_became()}\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader went away (`keyswitch list | head`); that is its right.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return ExitCode.OK
    except OSError as e:
        # Disk full, no descriptors left, and the like: nobody's bug.
        if not e.filename and e.errno in _OF_OUTPUT:
            raise  # the caller says it, since it has to print the rest too
        from keyswitch.disk.atomic import unusable

        error = unusable(str(e.filename or "a file"), e)
        sys.stderr.write(error_text(error, one_line=one_line))
        return _status(error.exit_code)
    except Exception as e:  # noqa: BLE001
        if isinstance(e, UnicodeEncodeError) and _has_odd_folder():
            sys.stderr.write(error_text(_NO_TEXT, one_line=one_line))
            return _status(_NO_TEXT.exit_code)
        return _bug(e, list(args))
    return result if isinstance(result, int) else ExitCode.OK


_NO_TEXT = FileStateError(
    "the name of a folder is not valid UTF-8, and this needs it as text",
    "rename that folder, or set HOME (KEYSWITCH_HOME for keyswitch's own "
    "files) to another",
)


def _has_odd_folder() -> bool:
    """Tell whether a folder that matters here has a name that is no text."""
    names = [v for k, v in os.environ.items() if k.endswith(("HOME", "DIR"))]
    with contextlib.suppress(OSError):
        names.append(os.getcwd())
    return any("\udc80" <= c <= "\udcff" for name in names for c in name)


def _main(args: Sequence[str], *, again: bool) -> Any:
    """Run click; `again`: once more without a damaged file of ours."""
    for _ in range(_FILES_SET_ASIDE if again else 0):
        try:
            return _click(args)
        except OddFileError as e:
            if _is_committed() or not damaged_files.may_go(e):
                raise  # a change is not made twice
            damaged_files.set_aside(e)
            given.begin_again()
    return _click(args)


def _click(args: Sequence[str]) -> Any:
    return cli.main(list(args), prog_name="keyswitch", standalone_mode=False)


def _status(code: int) -> int:
    """Return the exit status: FAILED stands for "nothing changed"."""
    if code == ExitCode.FAILED and _is_committed():
        return ExitCode.CLEANUP_LEFT
    return code


def _what_became() -> str:
    """Say how far an interrupted command had come."""
    return "but the change is made" if _is_committed() else "nothing changed"


def _is_committed() -> bool:
    """Tell whether a change of this command passed its commit point."""
    points = sys.modules.get("keyswitch.disk.commit_points")
    return points is not None and bool(points.passed)


_SHOWN = 20  # characters of an argument; a longer one could be a token


def _usage_error(error: click.ClickException, args: Sequence[str]) -> int:
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "keyswitch"
    message = error.format_message().strip().splitlines() or ["usage error"]
    text = without_secrets(message[0].rstrip("."))
    for word in args:
        value = word.partition("=")[2] if word.startswith("-") else word
        if len(value) > _SHOWN:
            text = text.replace(value, f"{value[:4]}…")
    text = of_a_size(text)
    sys.stderr.write(
        f"keyswitch: error: {printable(text[:1].lower() + text[1:])}\n"
        f"keyswitch: hint: see '{path} --help'{_of_secrets(path, text)}\n"
    )
    return ExitCode.USAGE


def _of_secrets(path: str, text: str) -> str:
    """Say where a word too many is now, where it may have been a secret."""
    if (
        path.rsplit(maxsplit=1)[-1] not in ("add", "rotate")
        or "unexpected" not in text
    ):
        return ""
    return (
        "; if that was a secret, it is in your shell's history now: revoke it, "
        "and give the new one at the prompt"
    )


def _bug(error: BaseException, args: list[str]) -> int:
    """Report a defect: where it happened, never with which values."""
    import platform
    import traceback

    frames = [
        f"{os.path.basename(frame.filename)}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "keyswitch" in frame.filename
    ]
    command = next((a for a in args if a in COMMANDS), "?")
    sys.stderr.write(
        f"keyswitch: error: this is a bug in keyswitch: "
        f"{type(error).__name__} in '{command}'\n"
        "keyswitch: hint: please report the following lines; "
        "they hold no secret\n"
        f"  keyswitch {__version__}, Python {platform.python_version()}, "
        f"{platform.system()}\n"
    )
    for line in frames:
        sys.stderr.write(f"  {line}\n")
    return ExitCode.BUG
