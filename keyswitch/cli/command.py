"""What every command is made with: its declaration and its session."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.session import Session
from keyswitch.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

__all__ = [
    "YES",
    "Session",
    "at_most_one",
    "command",
    "global_options",
    "options",
]

YES = click.option("--yes", is_flag=True, help="Do not ask.")


def command(
    *examples: str,
    name: str | None = None,
    group: click.Group | None = None,
    note: str = "",
    dry_run: bool = False,
    **settings: Any,
) -> Callable[[Callable[..., int | None]], click.Command]:
    """Make a command of a function of the session, arguments and options.

    The function returns an exit status; None is success. The examples and the
    note are printed below the options. With `dry_run` the command takes
    `--dry-run`.
    """
    title = "Examples" if len(examples) > 1 else "Example"
    epilog = "\n  ".join([f"\b\n{title}:", *examples]) + f"\n{note}"

    def declare(function: Callable[..., int | None]) -> click.Command:
        flags = global_options()
        if dry_run:
            from keyswitch.cli.dry_run import plan_only

            function = plan_only(function)
            flags.append(_flag("--dry-run", text="Show what would be changed."))
        decorate: Callable[[Any], click.Command]
        decorate = click.command(name, epilog=epilog, **settings)
        made = decorate(click.pass_obj(function))
        made.params += flags
        if group is not None:
            group.add_command(made)
        return made

    return declare


def global_options() -> list[click.Parameter]:
    """Return the options that stand before or after a command's name."""
    return [
        _flag("--json", text="Print data as JSON."),
        _flag("--no-input", text="Never ask anything."),
        _flag("-q", "--quiet", text="Print results only."),
        _flag("-v", "--verbose", text="Say what is done."),
    ]


def options(*each: Decorator) -> Decorator:
    """Return one decorator that adds these options, in this order."""
    return lambda function: reduce(lambda f, add: add(f), each[::-1], function)


def at_most_one(given: Mapping[str, object]) -> None:
    """Raise if more than one of these options was given a value."""
    if sum(map(bool, given.values())) > 1:
        *others, last = given
        raise UsageError(
            f"{', '.join(others)} and {last} exclude each other", "choose one"
        )


def _flag(*names: str, text: str) -> click.Option:
    """Return an option that sets the session's attribute of its name."""
    return click.Option(
        names, is_flag=True, expose_value=False, callback=_set, help=text
    )


def _set(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    session = ctx.find_object(Session)
    if value and session is not None:
        setattr(session, str(option.name), True)
