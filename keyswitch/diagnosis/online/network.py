"""Tries the way to the service in use, stage by stage, without a credential.

Asks the network, so only when a person wants it: `doctor --network`.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from keyswitch.diagnosis.online import connection_errors, endpoints
from keyswitch.diagnosis.online.scene_connection import SceneConnection
from keyswitch.display import printable
from keyswitch.errors import InputError
from keyswitch.model import Frozen
from keyswitch.network.http_call import Failed, ProxyRefusalError
from keyswitch.network.streams import Deadline
from keyswitch.targets.claude_code import rules
from keyswitch.targets.verdict import ERROR, WARNING, Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.targets.claude_code.resolver.scene import Scene

STAGE_SECONDS = 5.0
ALL_SECONDS = 20.0


class NetworkStep(Frozen):
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
) -> tuple[NetworkStep, ...]:
    """Return the steps to the endpoint, up to the first that fails."""
    path = scene.environ.get(rules.UNIX_SOCKET)
    if path:
        return (_unix_socket(path, stage_seconds),)
    deadline = Deadline(all_seconds, stage_seconds)
    name, target = "dns", "the service"
    try:
        address = endpoints.endpoint(scene, verdict)
        name, target = "proxy", address.netloc
        connection = SceneConnection(scene, address, deadline)
    except InputError as error:
        what, fix = printable(error.message), printable(error.hint)
        why = "with these settings no request can be sent"
        return (NetworkStep(name, target, False, 0, what, why, fix),)
    try:
        return tuple(_steps(connection))
    finally:
        connection.close()


def findings(steps: Sequence[NetworkStep]) -> tuple[Finding, ...]:
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


def _steps(connection: SceneConnection) -> Iterator[NetworkStep]:
    head = ("http", connection.address.url, lambda: _status(connection))
    for name, target, work in (*connection.stages, head):
        why = fix = ""
        try:
            detail = connection.run(name, work)
        except Failed as failed:
            told = connection_errors.explain(failed, connection)
            yield NetworkStep(
                name, target, False, connection.milliseconds, *told
            )
            return
        if name == "tls":
            detail, why, fix = _certificate(connection, detail)
        elif name == "http":
            detail, why, fix = _answer(connection, detail)
        taken = connection.milliseconds
        yield NetworkStep(name, target, True, taken, detail, why, fix)


def _status(connection: SceneConnection) -> str:
    status = connection.ask("HEAD").status
    if connection.proxy and status == 407:
        raise ProxyRefusalError(status)
    return str(status)


def _certificate(
    connection: SceneConnection, version: str
) -> tuple[str, str, str]:
    """Return (detail, why, fix) of a TLS connection that works."""
    shown = connection.certificate()
    issuer = printable(shown.issuer[:100]) if shown else "not known"
    detail = f"{version}, issued by '{issuer}'"
    name = endpoints.unchecked(connection.scene)
    if not name:
        return detail, "", ""
    why = f"{name} makes Claude Code accept any certificate, even a forged one"
    return detail, why, f"remove {name}"


def _answer(connection: SceneConnection, status: str) -> tuple[str, str, str]:
    """Return (detail, why, fix) of an answer."""
    if int(status) < 500:
        return f"answered {status}", "", ""
    why = "it can be reached, but has a server error"
    if connection.proxy and connection.address.scheme == "http":
        why += ", unless the proxy answered instead"
    return f"answered {status}", why, "try again later"


def _unix_socket(path: str, seconds: float) -> NetworkStep:
    began = time.monotonic()
    ok, detail = True, f"{rules.UNIX_SOCKET} replaces the network"
    why = fix = ""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as found:
            found.settimeout(seconds)
            found.connect(path)
    except (OSError, ValueError):
        ok, detail = False, f"nothing is listening at {printable(path)}"
        why = f"{rules.UNIX_SOCKET} in the environment names this socket"
        fix = f"unset {rules.UNIX_SOCKET}"
    taken = round((time.monotonic() - began) * 1000)
    return NetworkStep("tcp", printable(path), ok, taken, detail, why, fix)
