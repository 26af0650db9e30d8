"""Read and write what managers outside keep, each through its own way in.

HashiCorp Vault and OpenBao are asked over HTTP where their address is set, AWS
through botocore where that is installed; everything else, and those otherwise,
by the manager's own command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from keyswitch.display import printable
from keyswitch.errors import StoreError
from keyswitch.profiles import settings
from keyswitch.progress import Progress
from keyswitch.secret import Secret
from keyswitch.secrets.references import managers
from keyswitch.secrets.references.reference import AskPerson, Fetched, Reference

if TYPE_CHECKING:
    from keyswitch.profiles.paths import Paths
    from keyswitch.secrets.references.allowing import OwnCommand
    from keyswitch.secrets.references.manager import Manager
    from keyswitch.secrets.references.tool import Caller

    Back = Mapping[str, Fetched]


class ReferenceStore:
    """The managers outside, as a secret store. Nothing is deleted there."""

    def __init__(self, paths: Paths, ask: AskPerson = None) -> None:
        self.paths = paths
        self._ask = ask
        chosen = settings.load(paths)
        self.managers = managers.load(chosen)
        self._keeps = chosen.cache == "values"  # a login's token, too

    def get(self, item: str, generation: int = 1) -> Secret:  # noqa: ARG002
        """Return the value that a reference leads to."""
        return self.read([item])[item].value

    def read(self, texts: Sequence[str]) -> dict[str, Fetched]:
        """Return what the managers give for references, by their text.

        References into one document are read together.
        """
        groups: dict[str, list[Reference]] = {}
        for text in texts:
            parsed = self.managers.parse(text)
            groups.setdefault(parsed.manager, []).append(parsed)
        answers: dict[str, Fetched] = {}
        for name, references in groups.items():
            manager = self.managers.get(name)
            with waiting_for(manager, references[0].text):
                found = self._read(manager, references)
            answers |= {
                text: _without_line_end(one) for text, one in found.items()
            }
        return answers

    def needs_yes(self, text: str) -> OwnCommand | None:
        """Return the command of config.toml that has to be allowed first."""
        from keyswitch.secrets.references import allowing

        reference = self.managers.parse(text)
        manager = self.managers.get(reference.manager)
        return allowing.needs_yes(self.paths, manager, reference)

    def require_manager(self, text: str) -> None:
        """Raise unless a reference has a manager that can be started here."""
        reference = self.managers.parse(text)
        manager = self.managers.get(reference.manager)
        if is_by_command(manager):
            from keyswitch.secrets.references import invocation

            command = (
                manager.command or manager.programs[reference.parts["name"]]
            )
            invocation.program_of(manager, str(command[0]))

    def probe(self, manager: Manager) -> str:
        """Return by what a manager answers; raise if it would not."""
        rows, deadline = dict(manager.settings), manager.deadline
        with waiting_for(manager, manager.name):
            if _is_over_http(manager):
                from keyswitch.secrets.references import vault_http

                return vault_http.probe(
                    manager.name, rows, deadline, keep=self._keeps
                )
            if _is_of_aws(manager):
                from keyswitch.secrets.references import aws_http

                return aws_http.probe(manager.name, rows, deadline)
            from keyswitch.secrets.references import command_line

            caller = caller_of(self.paths, self._ask, self.get)
            return command_line.probe(manager, deadline, caller)

    def lifetime(self, text: str) -> int:
        """Return the seconds that a manager's values may stay unlocked.

        0: as other values.
        """
        return self.managers.get(self.managers.parse(text).manager).lifetime

    def put(self, item: str, generation: int, value: Secret) -> None:  # noqa: ARG002
        """Write a value to the place that a reference names."""
        reference = self.managers.parse(item)
        manager = self.managers.get(reference.manager)
        with waiting_for(manager, item):
            self._write(manager, reference, value)

    def delete(self, item: str, generation: int) -> None:  # noqa: ARG002
        """Refuse: what a manager keeps is not keyswitch's to delete."""
        raise StoreError(
            f"{printable(item)} is not stored by keyswitch",
            "delete it in its manager",
        )

    def _read(self, manager: Manager, references: list[Reference]) -> Back:
        rows = dict(manager.settings)
        if _is_over_http(manager):
            from keyswitch.secrets.references import vault_http

            return vault_http.read(
                references, rows, manager.deadline, keep=self._keeps
            )
        if _is_of_aws(manager):
            from keyswitch.secrets.references import aws_http

            return aws_http.read(references, rows, manager.deadline)
        from keyswitch.secrets.references import command_line

        caller = caller_of(self.paths, self._ask, self.get)
        return {
            one.text: command_line.read(manager, one, manager.deadline, caller)
            for one in references
        }

    def _write(
        self, manager: Manager, reference: Reference, value: Secret
    ) -> None:
        rows = dict(manager.settings)
        if _is_over_http(manager):
            from keyswitch.secrets.references import vault_http

            vault_http.write(
                reference, value, rows, manager.deadline, keep=self._keeps
            )
        elif _is_of_aws(manager):
            from keyswitch.secrets.references import aws_http

            aws_http.write(reference, value, rows, manager.deadline)
        else:
            from keyswitch.secrets.references import item_writing

            caller = caller_of(self.paths, self._ask, self.get)
            item_writing.write(
                manager, reference, value, manager.deadline, caller
            )


def _without_line_end(answer: Fetched) -> Fetched:
    """Return a value without the line end that a file or `echo` gave it."""
    text = answer.value.reveal()
    return answer._replace(value=Secret(text.rstrip("\r\n")))


def caller_of(
    paths: Paths,
    ask: AskPerson,
    resolve: Callable[[str], Secret] | None = None,
) -> Caller:
    """Return on whose behalf a manager's command is started."""
    from keyswitch.secrets.references.tool import Caller

    return Caller(paths, ask, resolve)


def is_by_command(manager: Manager) -> bool:
    """Tell whether a manager is asked by its own command."""
    return not (_is_over_http(manager) or _is_of_aws(manager))


def _is_over_http(manager: Manager) -> bool:
    return manager.name in ("vault", "bao") and "address" in manager.settings


def _is_of_aws(manager: Manager) -> bool:
    is_aws = manager.name in ("aws-sm", "aws-ssm")
    return is_aws and find_spec("botocore") is not None


def waiting_for(manager: Manager, text: str) -> Progress:
    """Return the step in which a manager is waited for."""
    what = f"waiting for {manager.title} ({text})"
    return Progress(what, limit=manager.deadline)
