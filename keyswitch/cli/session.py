"""What one command line shares: how it prints and asks, and its workspace."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from keyswitch.cli.output import Output
from keyswitch.cli.prompt import ask_secret, confirm
from keyswitch.errors import (
    CancelledError,
    InputError,
    UsageError,
)
from keyswitch.terminal import agents

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyswitch.workspace import Workspace

A = TypeVar("A")
T = TypeVar("T")

_READER_WAIT = 0.5  # seconds; `env` has to end within 1.5


class Session(Output):
    """One run of the command line."""

    no_input = False
    dry_run = False

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self._workspace: Workspace | None = None
        self._wait: float | None = None  # seconds, for another command

    @property
    def can_ask(self) -> bool:
        """Tell whether a person may be asked."""
        return not self.no_input and os.isatty(0) and os.isatty(2)

    def workspace(self) -> Workspace:
        """Open the workspace; finish first what a killed command left."""
        if self._workspace is None:
            from keyswitch.changes import left_behind
            from keyswitch.workspace import Workspace

            self._workspace = Workspace(
                self.environ,
                ask=ask_secret if self.can_ask else None,
                tell=self.warn,
                dry_run=self.dry_run,
            )
            if not self.dry_run:
                for line in left_behind.finish(self._workspace, self._wait):
                    self.say(line)
                if self._wait is None:
                    from keyswitch.switching.logging_in import leftovers

                    for line in leftovers.notice(self._workspace):
                        self.warn(line)
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
            raise UsageError(f"{what}, and nobody can be asked", hint)

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
        # Only then: a person may have to mend the file that says it.
        if agents.refuses(agents.DENY, self.environ):
            self.refuse_agents()
        if yes:
            return
        self.require_terminal(
            "this needs a yes",
            "give --yes, or --dry-run to see what it would do",
        )
        if not confirm(question):
            raise CancelledError

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


def hand_over(to: str, /, **options: Any) -> int | None:
    """Run another command instead, with these arguments and options."""
    context = click.get_current_context()
    root = context.find_root()
    group = cast("click.Group", root.command)
    command = cast("click.Command", group.get_command(root, to))
    return cast("int | None", context.invoke(command, **options))
