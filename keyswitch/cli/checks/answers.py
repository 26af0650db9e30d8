"""What services say of credentials, asked for and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.cli.style import ERROR, GOOD, WARNING, Cell, Styled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.diagnosis.online.verify import Answer
    from keyswitch.workspace import Workspace

WORDS = {True: "accepted", False: "refused", None: "not known"}
_ROLES = {True: GOOD, False: ERROR, None: WARNING}


def asked_of(workspace: Workspace, situation: Situation) -> Sequence[Answer]:
    """Ask the service about each credential that is sent."""
    from keyswitch.diagnosis.online import verify as service
    from keyswitch.switching.verifying import own_answer

    scene, verdict = situation.scene, situation.verdict
    own = own_answer.reader(workspace, situation)
    return service.verify(scene, verdict, own=own)


def answer_rows(answers: Sequence[Answer]) -> Iterator[tuple[Cell, Cell]]:
    """Yield (title, text) of what was said of each header."""
    for answer in answers:
        who = f" as {answer.who}" if answer.who else ""
        took = answer.milliseconds
        time = "" if took is None else f" ({took} ms)"
        said = f"{WORDS[answer.ok]}{who}: {answer.what}{time}"
        yield f"asked ({answer.header})", Styled(said, _ROLES[answer.ok])
        if answer.fix:
            yield "", Styled(f"fix: {answer.fix}", GOOD)
