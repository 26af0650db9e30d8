"""Tries the way to the service in use, stage by stage, without a credential.

Asks the network, so only when a person wants it: `doctor --network`.
"""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import ERROR, WARNING, Finding
from keyswitch.diagnosis.online import endpoints, failures, tls
from keyswitch.diagnosis.online.http_call import Connection, Failed, Reply
from keyswitch.diagnosis.online.streams import Deadline
from keyswitch.display import printable
from keyswitch.errors import InputError
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.verdict import Verdict

STAGE_SECONDS = 5.0
ALL_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Step:
    """One stage: "proxy", "dns", "tcp", "tls" or "http", and how it went.

    A step that is `ok` and has a `why` works, and is worth a warning.
    """

    name: str
    target: str
    ok: bool
    milliseconds: int
    detail: str
    why: str = ""
    fix: str = ""


def probe(
    scene: Scene,
    verdict: Verdict,
    *,
    stage_seconds: float = STAGE_SECONDS,
    all_seconds: float = ALL_SECONDS,
) -> tuple[Step, ...]:
    """Return the steps to the endpoint, up to the first that fails."""
    path = scene.environ.get(rules.UNIX_SOCKET)
    if path:
        return (_unix_socket(path, stage_seconds),)
    try:
        address = endpoints.endpoint(scene, verdict)
    except InputError as error:
        return (_stopped("dns", "the service", error),)
    deadline = Deadline(all_seconds, stage_seconds)
    try:
        connection = Connection(scene, address, deadline)
    except InputError as error:
        return (_stopped("proxy", address.netloc, error),)
    try:
        return tuple(_steps(connection))
    finally:
        connection.close()


def findings(steps: Sequence[Step]) -> tuple[Finding, ...]:
    """Return what the steps found wrong or worth a warning."""
    return tuple(
        Finding(
            f"network-{step.name}",
            WARNING if step.ok else ERROR,
            f"{step.target}: {step.detail}" if step.ok else step.detail,
            step.why,
            step.fix,
        )
        for step in steps
        if step.why or not step.ok
    )


def _steps(connection: Connection) -> Iterator[Step]:
    for name, target, work in connection.stages:
        try:
            detail = connection.run(name, work)
        except Failed as failed:
            yield _failed(target, failed)
            return
        if name == "tls":
            yield _tls(connection, target, detail)
        else:
            yield Step(name, target, True, _taken(connection), detail)
    target = connection.address.url
    try:
        reply = connection.run("http", lambda: connection.ask("HEAD"))
    except Failed as failed:
        yield _failed(target, failed)
    else:
        yield _http(connection, target, reply)


def _taken(connection: Connection) -> int:
    return round(connection.seconds * 1000)


def _failed(target: str, failed: Failed) -> Step:
    taken = _taken(failed.connection)
    told = failures.explain(failed)
    return Step(
        failed.stage, target, False, taken, told.what, told.why, told.fix
    )


def _stopped(name: str, target: str, error: InputError) -> Step:
    told = failures.from_error(error)
    why = "no request can be sent as it is set"
    return Step(name, target, False, 0, told.what, why, told.fix)


def _tls(connection: Connection, target: str, version: str) -> Step:
    taken = _taken(connection)
    shown = connection.certificate()
    issuer = printable(shown.issuer[:100]) if shown else "not known"
    detail = f"{version}, issued by '{issuer}'"
    flag = tls.unchecked(connection.scene)
    if flag is None:
        return Step("tls", target, True, taken, detail)
    name = printable(endpoints.where(flag.source))
    return Step(
        "tls",
        target,
        True,
        taken,
        detail,
        f"{name} lets Claude Code take every certificate, also a forged one",
        f"remove {name}",
    )


def _http(connection: Connection, target: str, reply: Reply) -> Step:
    taken = _taken(connection)
    if connection.proxy and reply.status == 407:
        told = failures.proxy_refusal(connection, reply.status)
        return Step("http", target, False, taken, told.what, told.why, told.fix)
    detail = f"answers {reply.status}"
    if reply.status < 500:
        return Step("http", target, True, taken, detail)
    through = connection.proxy and connection.address.scheme == "http"
    return Step(
        "http",
        target,
        True,
        taken,
        detail,
        "it can be reached, and has trouble of its own"
        + (", unless the proxy answers in its place" if through else ""),
        "try again later, or ask who runs it",
    )


def _unix_socket(path: str, seconds: float) -> Step:
    began = time.monotonic()
    shown = printable(path)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as found:
            found.settimeout(seconds)
            found.connect(path)
    except (OSError, ValueError):
        ok, detail = False, f"nothing listens at {shown}"
    else:
        ok, detail = True, f"{rules.UNIX_SOCKET} is used instead of a network"
    taken = round((time.monotonic() - began) * 1000)
    if ok:
        return Step("tcp", shown, True, taken, detail)
    return Step(
        "tcp",
        shown,
        False,
        taken,
        detail,
        f"{rules.UNIX_SOCKET} in the environment names this socket",
        f"start what should listen there, or unset {rules.UNIX_SOCKET}",
    )
