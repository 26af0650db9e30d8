"""Asks the service whose a credential is: one request for each source.

Asks the network, so only when a person wants it: `whoami --verify`. Nothing
of an answer is shown but a few fields by name, since a gateway could repeat
the credential in any other.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from keyswitch.diagnosis.online import answers, connection_errors, endpoints
from keyswitch.diagnosis.online.question import Question
from keyswitch.diagnosis.online.questions import Questions
from keyswitch.diagnosis.online.scene_connection import SceneConnection
from keyswitch.display import printable
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.model import Frozen
from keyswitch.network.http_call import Failed, Reply
from keyswitch.network.streams import Deadline

if TYPE_CHECKING:
    from keyswitch.diagnosis.online.questions import Own
    from keyswitch.targets.claude_code.resolver.scene import Scene
    from keyswitch.targets.verdict import Header, Source, Verdict

# Variables whose values no other service gets.
_OF_A_CLOUD = "AWS|FOUNDRY"
SECONDS = 10.0  # for one question, from name to answer


class Answer(Frozen):
    """What the service said of one credential. `ok` None: it did not say."""

    header: str  # "x-api-key" or "authorization"
    source: Source
    asked: str = ""  # method and URL, without a query
    ok: bool | None = None
    status: int | None = None
    milliseconds: int | None = None
    who: str = ""  # the identity that the service named
    may: str = ""  # what it may do, where the service tells
    what: str = ""
    fix: str = ""


class Asked(Frozen):
    """How one question went."""

    judgement: answers.Judgement
    status: int | None = None
    milliseconds: int | None = None


def verify(
    scene: Scene,
    verdict: Verdict,
    *,
    own: Own | None = None,
    seconds: float = SECONDS,
) -> tuple[Answer, ...]:
    """Ask about each credential of a request.

    `own` gives what keyswitch's own helper would.
    """
    questions = Questions(scene, verdict, own)
    key, bearer = verdict.request.key, verdict.request.bearer
    if (
        key
        and bearer
        and (key.source, key.value) == (bearer.source, bearer.value)
    ):
        bearer = None  # one value fills both headers: one question
    return tuple(
        _answer(questions, name, header, seconds)
        for name, header in (("x-api-key", key), ("authorization", bearer))
        if header is not None
    )


def _answer(
    questions: Questions, name: str, header: Header, seconds: float
) -> Answer:
    """Ask about one header; that it cannot be asked is an answer, too."""
    scene, answer = questions.scene, Answer(name, header.source)
    try:
        question = questions.about(header)
        connection = SceneConnection(scene, question.address, Deadline(seconds))
        _keep_from_repository(header, connection, questions.verdict)
    except KeyswitchError as error:
        what, fix = printable(error.message), printable(error.hint)
        return answer._replace(what=what, fix=fix)
    asked = ask(question, connection)
    found = asked.judgement
    return answer._replace(
        **found._replace(what=found.what + _unchecked(connection))._asdict(),
        asked=question.shown,
        status=asked.status,
        milliseconds=asked.milliseconds,
    )


def ask(question: Question, connection: SceneConnection) -> Asked:
    """Ask once. What cannot be asked, or answers nothing, is not known."""
    try:
        reply, milliseconds = _replied(connection, question)
    except Failed as failed:
        told = connection_errors.explain(failed, connection)
        return Asked(answers.Judgement(None, told.line, told.fix))
    except InputError as error:
        what, fix = printable(error.message), printable(error.hint)
        return Asked(answers.Judgement(None, what, fix))
    judgement = answers.judge(question, connection, reply)
    return Asked(judgement, reply.status, milliseconds)


def _replied(
    connection: SceneConnection, question: Question
) -> tuple[Reply, int]:
    """Do all stages and one request; return the reply and how long it took."""
    for name, value in question.headers.items():
        if re.search(r"[^\t -~\x80-\xff]", value):
            raise InputError(
                f"it contains a character that is invalid in {name.lower()}",
                "enter it again without that character",
            )
    began = time.monotonic()
    try:
        connection.open()
        q = (question.method, question.headers, question.body, question.query)
        reply = connection.run("http", lambda: connection.ask(*q))
    finally:
        connection.close()
    return reply, round((time.monotonic() - began) * 1000)


def _unchecked(connection: SceneConnection) -> str:
    """Return a warning that Claude Code checks no certificates, or ""."""
    name = endpoints.unchecked(connection.scene)
    if not name or connection.address.scheme != "https":
        return ""
    return f" (Claude Code accepts any certificate: {name})"


def _keep_from_repository(
    header: Header, connection: SceneConnection, verdict: Verdict
) -> None:
    """Refuse to hand a person's credential to a host of a repository."""
    ways = [connection.address.source]  # what chooses the host
    if verdict.flag and not re.search(_OF_A_CLOUD, header.source.name):
        ways.append(verdict.flag.source)
    if connection.proxy and connection.address.scheme == "http":
        ways.append(connection.first.source)
    # What a repository's command printed may be a person's secret.
    if header.source.of_repository and not header.source.command:
        return
    for way in ways:
        if way and way.of_repository:
            raise InputError(
                "not checked: a repository's settings would send this "
                f"credential to another host ({endpoints.where(way)})",
                f"if you trust it, set {way.name} in your own settings",
            )
