"""What one command line shares: how it prints, asks, and where it works."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any, cast

import click

from keyswitch.errors import CancelledError, ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from keyswitch.cli.output import Output
    from keyswitch.secret import Secret
    from keyswitch.workspace import Workspace


_READER_WAIT = 0.5  # seconds; `env` has to end within 1.5


class Session:
    """One run of the command line."""

    def __init__(
        self,
        output: Output,
        environ: Mapping[str, str],
        *,
        no_input: bool = False,
    ) -> None:
        self.output = output
        self.environ = environ
        self.no_input = no_input
        self.dry_run = False
        self.plan_shown = False  # of a dry run
        self._workspace: Workspace | None = None
        self._wait = 0.0  # seconds for another command; 0: the usual time

    @property
    def can_ask(self) -> bool:
        """Tell whether a person may be asked."""
        return not self.no_input and os.isatty(0) and os.isatty(2)

    def workspace(self) -> Workspace:
        """Open the workspace; finish first what a killed command left."""
        if self._workspace is None:
            from keyswitch.express import work_is_pending
            from keyswitch.workspace import Workspace

            self._workspace = Workspace(
                self.environ,
                ask=self._ask if self.can_ask else None,
                tell=self.output.warn,
                dry_run=self.dry_run,
            )
            if self.dry_run:
                return self._workspace
            if work_is_pending(self._workspace.paths):
                self._recover(self._workspace)
            self._sweep(self._workspace)
            if not self._wait:
                self._after_others()
        return self._workspace

    def reader(self) -> Workspace:
        """Open the workspace for a command that a shell or program waits for.

        Another command may be at work for long; its change is read past.
        """
        self._wait = _READER_WAIT
        return self.workspace()

    def _recover(self, workspace: Workspace) -> None:
        from keyswitch.changes.change import recover
        from keyswitch.commit.own_lock import LOCK_WAIT
        from keyswitch.errors import FileStateError

        try:
            for line in recover(workspace, self._wait or LOCK_WAIT):
                self.output.say(line)
        except FileStateError:
            if not self._wait:
                raise

    def _sweep(self, workspace: Workspace) -> None:
        """Remove stages that a kill left, where no other command is at work."""
        from keyswitch.errors import FileStateError
        from keyswitch.profiles import stages

        paths = workspace.paths
        if any(stages.of_the_vault(paths)):
            from keyswitch.secrets.vault import writing

            writing.sweep(paths)
        if any(stages.of_the_rest(paths)):
            from keyswitch.commit.transaction import Transaction

            with (
                contextlib.suppress(FileStateError),
                Transaction(paths, wait=0),
            ):
                pass  # it sweeps when it begins

    def _after_others(self) -> None:
        """See to what a killed login or an old session left behind."""
        assert self._workspace is not None  # noqa: S101 - just opened
        from keyswitch.switching.logging_in import old_sessions

        for line in old_sessions.notice(self._workspace):
            self.output.warn(line)

    def _ask(self, question: str) -> Secret:
        from keyswitch.cli.prompt import ask_secret

        return ask_secret(question)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask before something that cannot be taken back, or raise.

        An agent that may not have secrets gives no yes, in words or typed.
        """
        if self.dry_run:
            return
        from keyswitch.terminal import agents

        # A person may have to mend the very settings that say this.
        if agents.refuses(agents.DENY, self.environ):
            agents.require_person(
                self.workspace().settings.agents, self.environ
            )
        if yes:
            return
        if not self.can_ask:
            raise UsageError(
                "this needs a yes, and nobody can be asked",
                "give --yes, or --dry-run to see what it would do",
            )
        from keyswitch.cli.prompt import confirm

        if not confirm(question):
            raise CancelledError


def _set_flag(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    session = ctx.find_object(Session)
    if not value or session is None:
        return
    if param.name == "as_json":
        session.output.json = True
    elif param.name == "quiet":
        session.output.quiet = True
    elif param.name == "verbose":
        session.output.verbose = True
    else:
        session.no_input = True


_GLOBAL = (
    (("--json", "as_json"), "Print data as JSON."),
    (("--no-input", "no_input"), "Never ask anything."),
    (("-q", "--quiet", "quiet"), "Print results only."),
    (("-v", "--verbose", "verbose"), "Say what is done."),
)


def global_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command take the global flags after its name as well."""
    for names, text in reversed(_GLOBAL):
        function = click.option(
            *names,
            is_flag=True,
            expose_value=False,
            callback=_set_flag,
            help=text,
        )(function)
    return function


def hand_over(name: str, words: Sequence[str]) -> int:
    """Run another command with these words instead; return its status."""
    root = click.get_current_context().find_root()
    group = cast("click.Group", root.command)
    command = cast("click.Command", group.get_command(root, name))
    with command.make_context(name, list(words), parent=root) as made:
        result = command.invoke(made)
    return result if isinstance(result, int) else ExitCode.OK
