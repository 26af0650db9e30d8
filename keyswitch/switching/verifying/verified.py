"""Asks the services whether the stored secrets of profiles still work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.online import verify as service
from keyswitch.diagnosis.online.answers import Judgement
from keyswitch.diagnosis.online.parallel import Parallel
from keyswitch.diagnosis.online.profile_question import (
    question_about,
    ways_of,
)
from keyswitch.diagnosis.online.scene_connection import SceneConnection
from keyswitch.diagnosis.online.trusted import trust
from keyswitch.diagnosis.online.verify import SECONDS, Asked
from keyswitch.errors import DamagedFileError, InputError, KeyswitchError
from keyswitch.model import Frozen
from keyswitch.network.streams import Deadline
from keyswitch.switching.verifying.askable import (
    ACCEPTED,
    REFUSED,
    UNKNOWN,
    UNREAD,
    Askables,
    NotAskedError,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence

    from keyswitch.diagnosis.online.question import Question
    from keyswitch.progress import Progress
    from keyswitch.workspace import Workspace

_STATES = {True: ACCEPTED, False: REFUSED, None: UNKNOWN}


class Verified(Frozen):
    """What is known of one profile's secret. No field holds a part of it."""

    name: str
    provider: str = ""
    state: str = UNKNOWN
    what: str = ""
    fix: str = ""
    who: str = ""  # whose account it is, as the service says
    may: str = ""  # what it may do, as far as the service tells
    asked: str = ""  # method and URL, without a query
    status: int | None = None
    milliseconds: int | None = None


class Verifier:
    """One round of questions. `step` is told how many are answered."""

    def __init__(self, workspace: Workspace, step: Progress) -> None:
        self._workspace = workspace
        self._step = step
        self._askables = Askables(workspace)
        self._parallel: Parallel[Asked] = Parallel()
        self._context: ssl.SSLContext | None = None
        self._scene = ways_of(workspace.environ, workspace.home)

    def verify(self, names: Sequence[str]) -> list[Verified]:
        """Ask about each profile once; return what is known, in that order."""
        found: dict[str, Verified] = {}
        for name in names:
            found[name] = self._begun(name)
        waiting = {name for name, one in found.items() if one.asked}
        self._step.done = len(found) - len(waiting)
        for name, asked in self._parallel.results():
            self._step.done += 1
            found[name] = _answered(found[name], asked)
        return list(found.values())

    def _begun(self, name: str) -> Verified:
        """Begin to ask about a profile, or say why it is not asked."""
        begun = Verified(name)
        try:
            profile, _ = self._workspace.load(name)
            begun = begun._replace(provider=profile.provider)
            subject = self._askables.of(profile)
        except DamagedFileError:
            raise  # the command line sets it aside
        except NotAskedError as e:
            return begun._replace(state=e.state, what=e.message, fix=e.hint)
        except KeyswitchError as e:
            return begun._replace(state=UNREAD, what=e.message, fix=e.hint)
        try:
            question = question_about(subject)
        except InputError as e:
            return begun._replace(what=e.message, fix=e.hint)
        self._ask(name, question)
        return begun._replace(asked=question.shown)

    def _ask(self, name: str, question: Question) -> None:
        if self._context is None and question.address.scheme == "https":
            self._context = trust(self._scene)
        scene, context = self._scene, self._context

        def work() -> Asked:
            deadline = Deadline(SECONDS)
            try:
                way = SceneConnection(
                    scene, question.address, deadline, context
                )
            except InputError as e:
                return Asked(Judgement(None, e.message, e.hint))
            return service.ask(question, way)

        self._parallel.add(name, work)


def _answered(begun: Verified, asked: Asked) -> Verified:
    ok, what, fix, who, may = asked.judgement
    return begun._replace(
        state=_STATES[ok],
        what=what,
        fix=fix,
        who=who,
        may=may,
        status=asked.status,
        milliseconds=asked.milliseconds,
    )
