"""Ask whether a program that a repository names may be run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.cli.prompt import confirm
from keyswitch.display import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.cli.session import Session
    from keyswitch.diagnosis.verdict import Value


def trust_in(session: Session) -> Callable[[Value], bool]:
    """Return what asks on a terminal, once a program, and else says no."""
    answers: dict[str, bool] = {}

    def trusts(command: Value) -> bool:
        program = command.text
        if session.can_ask and program not in answers:
            answers[program] = confirm(
                f"{command.source.place} came with the repository; run "
                f"what it names, {without_secrets(program)}?"
            )
        return answers.get(program, False)

    return trusts
