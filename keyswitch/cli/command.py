"""What every command is made with: declaration, session, `--dry-run`."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

from keyswitch.cli import style
from keyswitch.cli.session import Session
from keyswitch.errors import UsageError

Declared = TypeVar("Declared", bound=Callable[..., Any] | click.Command)
Body = Callable[..., int | None]  # of the session; returns an exit status

# Every command needs it as well.
__all__ = ["Session"]


class Option(click.Option):
    """An option whose help text is clean already.

    To clean one, click needs `inspect`, which `__main__` puts off.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        text = settings.pop("help", None)
        super().__init__(*args, **settings)
        self.help = text


# Second names of commands: as typed -> the command.
ALIASES = {"ls": "list", "switch": "use"}


# Options of every command, which `--help` shows last.
_COMMON = ("json", "no_input", "quiet", "verbose", "color", "help")
_SENTENCE = 200  # characters, longer than any first sentence
# Columns of a terminal that help makes use of, of texts, and of terms.
_HELP, _NARROWEST, _TEXT, _TERM = 80, 40, 40, 14


def names_of(name: str) -> list[str]:
    """Return a command's name, and its second name if it has one."""
    return [name, *(also for also, own in ALIASES.items() if own == name)]


class _Formatter(click.HelpFormatter):
    """Help with coloured headings, as wide as the terminal up to 80 columns."""

    def __init__(self, **settings: Any) -> None:
        columns = min(style.columns(os.environ), _HELP)
        settings["width"] = max(columns, _NARROWEST) - 2
        super().__init__(**settings)

    def write_dl(
        self,
        rows: Iterable[tuple[str, str]],
        col_max: int = 30,
        col_spacing: int = 2,
    ) -> None:
        """Write terms and texts; on a narrow terminal, below long terms."""
        col_max = min(col_max, max(self.width - _TEXT, _TERM))
        super().write_dl(rows, col_max, col_spacing)

    def write_heading(self, heading: str) -> None:
        colour = style.is_coloured(style.STDOUT, os.environ)
        text = style.painted(
            style.Styled(f"{heading}:", style.NAME), colour=colour
        )
        self.write(f"{'':>{self.current_indent}}{text}\n")


# As click documents it, and for all commands at once.
click.Context.formatter_class = _Formatter


class GroupedCommand(click.Command):
    """A command whose help ends with the options that every command has."""

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the command's own options, then the common ones."""
        own: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None and isinstance(param, click.Option):
                is_common = param.name in _COMMON
                (common if is_common else own).append(record)
        for title, records in (("Options", own), ("Common options", common)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


class Group(click.Group):
    """Commands that may be typed by a second name."""

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """Write each command's first sentence, however long it is."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (
                        ", ".join(names_of(name)),
                        command.get_short_help_str(_SENTENCE),
                    )
                    for name, command in sorted(self.commands.items())
                ]
            )

    def get_command(
        self, ctx: click.Context, cmd_name: str
    ) -> click.Command | None:
        return super().get_command(ctx, ALIASES.get(cmd_name, cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Call the command by its own name in its usage and errors."""
        name, found, rest = super().resolve_command(ctx, args)
        return found.name if found else name, found, rest


option = functools.partial(click.option, cls=Option)
flag = functools.partial(option, is_flag=True)


def answer(
    *names: str, text: str, print_: Callable[[click.Context], str]
) -> Callable[[Declared], Declared]:
    """Return an option that prints something instead of what was asked for.

    click's own ones look for a translation, at every start.
    """

    def callback(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        if value and not ctx.resilient_parsing:
            # click would take the colours out that a pipe was to have.
            click.echo(print_(ctx), color=True)
            ctx.exit()

    return flag(
        *names,
        expose_value=False,
        is_eager=True,
        help=text,
        callback=callback,
    )


HELP = answer(
    "-h",
    "--help",
    text="Show this message and exit.",
    print_=lambda ctx: ctx.get_help(),
)
YES = flag("--yes", help="Skip the question.")
SETS = option(
    "--set",
    "sets",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Set a field; 'keyswitch providers NAME' lists a provider's.",
)


def command(
    *examples: str,
    name: str | None = None,
    group: click.Group | None = None,
    note: str = "",
    dry_run: bool = False,
    **settings: Any,
) -> Callable[[Body], click.Command]:
    """Make a command of a function of the session, arguments and options.

    The function returns an exit status; None is success. The examples and the
    note are printed below the options. With `dry_run` the command takes
    `--dry-run`.
    """
    title = "Examples" if len(examples) > 1 else "Example"
    epilog = "\n  ".join([f"\b\n{title}:", *examples]) + f"\n{note}"

    def declare(function: Body) -> click.Command:
        flags = global_options()
        if dry_run:
            function = _plan_only(function)
            flags.append(_flag("--dry-run", text="Show what would change."))
        decorate: Callable[[Any], click.Command]
        decorate = click.command(
            name, GroupedCommand, epilog=epilog, **settings
        )
        made = decorate(click.pass_obj(function))
        made.params += flags
        HELP(made)
        if group is not None:
            group.add_command(made)
        return made

    return declare


def global_options() -> list[click.Parameter]:
    """Return the options that stand before or after a command's name."""
    return [
        _flag("--json", text="Print data as JSON."),
        _flag("--no-input", text="Never ask questions."),
        _flag("-q", "--quiet", text="Print results only."),
        _flag("-v", "--verbose", text="Print more details."),
        Option(
            ["--color"],
            type=click.Choice(style.CHOICES),
            metavar="WHEN",
            expose_value=False,
            is_eager=True,  # --help is printed with it
            callback=_choose_colour,
            help="Use colour: auto, always or never.",
        ),
    ]


def options(*each: Callable[..., Any]) -> Callable[..., Any]:
    """Return one decorator that adds these options, in this order."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(each):
            function = option(function)
        return function

    return add


def at_most_one(given: Mapping[str, object]) -> None:
    """Raise if more than one of these options was given a value."""
    if sum(map(bool, given.values())) > 1:
        *others, last = given
        raise UsageError(
            f"{', '.join(others)} and {last} cannot be combined", "choose one"
        )


def _flag(*names: str, text: str) -> click.Option:
    """Return an option that sets the session's attribute of its name."""
    return Option(
        names, is_flag=True, expose_value=False, callback=_set, help=text
    )


def _set(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    session = ctx.find_object(Session)
    if value and session is not None:
        setattr(session, str(option.name), True)


def _choose_colour(
    ctx: click.Context,  # noqa: ARG001
    option: click.Parameter,  # noqa: ARG001
    value: str | None,
) -> None:
    if value is not None:
        style.choose(value)


def _plan_only(function: Body) -> Body:
    """Let a dry run of a command end at its commit.

    Up to there it runs with the same checks; then the plan is printed.
    """

    @functools.wraps(function)
    def run(session: Session, /, *args: Any, **options: Any) -> int | None:
        from keyswitch.changes.change import DryRun

        lines: list[str] = []
        try:
            status = function(session, *args, **options)
            if not session.dry_run or status or session.printed:
                return status
        except DryRun as plan:
            from keyswitch.switching.activation.preview import describe

            for note in plan.draft.messages:
                session.say(note)
            lines = describe(plan.draft)
        shown = lines or ["nothing to change"]
        session.show({"changes": lines}, [[line] for line in shown])
        return None

    return run


def rehearsed(session: Session, change: Callable[[], object]) -> bool:
    """In a dry run, run a change as far as its commit; tell whether it is one.

    For a command that shows its own plan; what the change would say beside is
    said. Raises what the change would raise.
    """
    from keyswitch.changes.change import DryRun

    if session.dry_run:
        try:
            change()
        except DryRun as plan:
            for note in plan.draft.messages:
                session.say(note)
    return session.dry_run
