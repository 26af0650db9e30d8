"""What one command line shares: how it prints and asks, and its workspace."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from keyswitch import progress
from keyswitch.cli import style
from keyswitch.cli.arguments import typed_options
from keyswitch.display import without_secrets
from keyswitch.errors import (
    CancelledError,
    ExitCode,
    FileStateError,
    InputError,
    UsageError,
)
from keyswitch.outcome import so_far
from keyswitch.terminal import agents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from keyswitch.cli.style import Cell
    from keyswitch.secret import Secret
    from keyswitch.targets.verdict import Finding, Value
    from keyswitch.workspace import Workspace

A = TypeVar("A")
T = TypeVar("T")

_READER_WAIT = 0.5  # seconds; `env` has to end within 1.5
_MANY = 1000  # entries of a document that no person reads


class Session:
    """One run of the command line; the global options set the flags.

    Results go to stdout, messages to stderr.
    """

    json = quiet = verbose = no_input = dry_run = False
    printed = False  # a result
    _has_reader = True

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self._workspace: Workspace | None = None
        self._wait: float | None = None  # seconds, for another command
        self._trusted: dict[str, bool] = {}  # programs of repositories

    @property
    def for_person(self) -> bool:
        """Tell whether stdout has a person's form: headers, colour, wrapping.

        A pipe has it where colour is asked for, as `less -R` shows it.
        """
        return os.isatty(style.STDOUT) or self._coloured(style.STDOUT)

    def _coloured(self, stream: int) -> bool:
        return style.is_coloured(stream, self.environ)

    def data(self, *cells: Cell) -> None:
        """Print one line of the result."""
        colour = self._coloured(style.STDOUT)
        line = "".join(style.painted(cell, colour=colour) for cell in cells)
        self.raw(line + "\n")

    def raw(self, text: str) -> None:
        """Print a text of several lines that is safe already."""
        self.printed = True
        with progress.aside():
            self._to_reader(lambda: sys.stdout.write(text))

    def has_reader(self) -> bool:
        """Tell whether somebody got all that was printed."""
        self._to_reader(sys.stdout.flush)
        return self._has_reader

    def _to_reader(self, write: Callable[[], object]) -> None:
        """Print; who reads may stop (`| head -1`), and the command goes on."""
        try:
            write()
        except BrokenPipeError:
            self._has_reader = False
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115

    def document(self, document: dict[str, Any]) -> None:
        """Print one JSON object; `version` is its first key."""
        import json

        # Thousands of entries take a third of the time on one line.
        lists = [v for v in document.values() if isinstance(v, list)]
        indent = None if any(len(v) > _MANY for v in lists) else 2
        text = json.dumps({"version": 1, **document}, indent=indent)
        self.raw(text + "\n")

    def show(
        self,
        document: dict[str, Any],
        rows: Iterable[Sequence[Cell]],
        headers: Sequence[str] = (),
    ) -> None:
        """Print a result: the document with `--json`, else the rows."""
        if self.json:
            self.document(document)
        else:
            self.table(rows, headers)

    def table(
        self, rows: Iterable[Sequence[Cell]], headers: Sequence[str] = ()
    ) -> None:
        """Print rows in columns; a person's have headers, colour and wrap.

        A program that reads them gets one line a row, nothing else.
        """
        if self.for_person:
            lines = style.table(
                rows,
                headers,
                style.columns(self.environ),
                colour=self._coloured(style.STDOUT),
            )
        else:
            lines = style.plain_table(rows)
        self.raw("".join(f"{line}\n" for line in lines))

    def say(self, *lines: str) -> None:
        """Tell a person what happened."""
        for line in () if self.quiet else lines:
            style.tell(line, self.environ)

    def warn(self, *lines: str) -> None:
        """Tell a person what needs attention; not silenced by `--quiet`."""
        for line in lines:
            style.tell(
                line, self.environ, style.Styled("warning", style.WARNING)
            )

    def judge(self, findings: Sequence[Finding]) -> int:
        """Say why a switch is not in effect; return the exit status."""
        from keyswitch.switching.activation.effect import LOCKED

        for finding in findings:
            self.warn(f"{finding.what}; {finding.why}")
            self.say(f"fix: {finding.fix}")
        if any(finding.check == LOCKED for finding in findings):
            return ExitCode.LOCKED
        return ExitCode.NOT_IN_EFFECT if findings else ExitCode.OK

    def detail(self, line: str) -> None:
        """Tell a person who asked for details."""
        if self.verbose:
            self.say(line)

    @property
    def can_ask(self) -> bool:
        """Tell whether a person may be asked."""
        return not self.no_input and os.isatty(0) and os.isatty(2)

    @property
    def can_choose(self) -> bool:
        """Tell whether a person may be shown a list to choose from.

        Where standard error is no terminal, it is on the terminal itself.
        """
        if self.can_ask or self.no_input or not os.isatty(0):
            return self.can_ask
        try:
            os.close(os.open("/dev/tty", os.O_WRONLY | os.O_NOCTTY))
        except OSError:
            return False
        return True

    def workspace(self) -> Workspace:
        """Open the workspace; finish first what a killed command left."""
        if self._workspace is None:
            from keyswitch.workspace import Workspace

            if self.quiet:
                progress.end()
            self._workspace = Workspace(
                self.environ,
                ask=_ask_secret if self.can_ask else None,
                tell=self.warn,
                dry_run=self.dry_run,
            )
            if self._workspace.platform != "linux":
                from keyswitch import experimental

                experimental.say_once(self._workspace.platform, self.environ)
            if not self.dry_run:
                self.say(*_finish_left_behind(self._workspace, self._wait))
                if self._wait is None:
                    from keyswitch.switching.logging_in import leftovers

                    with so_far.aside("the repaired login"):
                        self.warn(*leftovers.notice(self._workspace))
        return self._workspace

    def reader(self) -> Workspace:
        """Open the workspace for a command that a shell or program waits for.

        It waits only a moment for another command that is at work.
        """
        self._wait = _READER_WAIT
        return self.workspace()

    def refuse_agents(self, *, always: bool = False) -> None:
        """Raise if an agent runs this command and may not have secrets.

        `agents = "deny"` in config.toml says that it may not. `always`: it may
        not see these whatever the file says.
        """
        workspace = self.workspace()
        if always and agents.refuses(agents.DENY, workspace.environ):
            raise agents.refusal()
        agents.require_person(workspace.settings.agents, workspace.environ)

    def require_terminal(self, what: str, hint: str) -> None:
        """Raise unless a person can be asked for what is needed."""
        if not self.can_ask:
            raise UsageError(f"{what}, but keyswitch cannot ask here", hint)

    def may_agree(self) -> bool:
        """Tell whether a person can be asked to agree to something new."""
        if not self.can_ask or self.dry_run:
            return False
        policy = self.workspace().settings.agents
        return not agents.refuses(policy, self.environ)

    def confirm(self, question: str, *, yes: bool = False) -> None:
        """Ask before something that cannot be taken back, or raise.

        A yes of an agent that may not have secrets does not count.
        """
        if self.dry_run:
            return
        so_far.to_come(1)  # what is asked about
        # Only then: a person may have to mend the file that says it.
        if agents.refuses(agents.DENY, self.environ):
            self.refuse_agents()
        if yes:
            return
        trial = ", or --dry-run to see what it would do"
        self.require_terminal(
            "this needs confirmation",
            f"add --yes{trial if '--dry-run' in typed_options() else ''}",
        )
        from keyswitch.cli.prompt import confirm

        if not confirm(question):
            raise CancelledError

    def trusts(self, command: Value) -> bool:
        """Ask, once each, whether to run a repository's program."""
        program = command.text
        if self.can_ask and program not in self._trusted:
            from keyswitch.cli.prompt import confirm

            self._trusted[program] = confirm(
                f"{command.source.place} came with the repository; run the "
                f"program it names, {without_secrets(program)}?"
            )
        return self._trusted.get(program, False)

    def ask_until(
        self, ask: Callable[[], A], check: Callable[[A], T | None]
    ) -> T:
        """Ask until `check` returns a value; say what it raises."""
        while True:
            answer = ask()
            try:
                value = check(answer)
            except InputError as e:
                self.warn(f"{e.message}; {e.hint}")
                continue
            if value is not None:
                return value


def _ask_secret(question: str) -> Secret:
    from keyswitch.cli.prompt import ask_secret  # most commands never ask

    return ask_secret(question)


def hand_over(to: str, /, **options: Any) -> int | None:
    """Run another command instead, with these arguments and options."""
    context = click.get_current_context()
    root = context.find_root()
    group = cast("click.Group", root.command)
    command = cast("click.Command", group.get_command(root, to))
    return cast("int | None", context.invoke(command, **options))


def attributes(
    value: object, *names: str, or_null: Iterable[str] = ()
) -> dict[str, Any]:
    """Return attributes for `--json`; of those `or_null`, null for "" or 0."""
    return {
        **{name: getattr(value, name) for name in names},
        **{name: getattr(value, name) or None for name in or_null},
    }


def _finish_left_behind(workspace: Workspace, wait: float | None) -> list[str]:
    """Finish what a killed command left, or take it back; say what was done.

    Another command may be at work for the usual time before this raises
    FileStateError; with `wait`, for that many seconds before it is passed by.
    """
    from keyswitch.disk.atomic import names_in
    from keyswitch.profiles import odd_files

    paths, said = workspace.paths, []
    if names_in(paths.journal_dir) or names_in(paths.intents_dir):
        from keyswitch.changes.change import recover
        from keyswitch.disk.file_systems import LOCK_WAIT

        try:
            said = recover(workspace, LOCK_WAIT if wait is None else wait)
        except FileStateError:
            if wait is None:
                raise
    if any(odd_files.of_the_vault(paths)):
        from keyswitch.secrets.vault import writing

        writing.sweep(paths)
    if any(odd_files.of_the_rest(paths)):
        from keyswitch.commit.transaction import Transaction

        with contextlib.suppress(FileStateError), Transaction(paths, wait=0):
            odd_files.sweep(paths)
    return said
