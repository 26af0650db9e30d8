"""Credentials that no file shows: a machine's own, and those of a sign-in.

A metadata server answers only on its own machines, and only when it is asked.
Nothing is asked here, so such a credential is "not known", never "absent".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.targets.claude_code.settings import wanted
from keyswitch.targets.verdict import (
    SERVICE,
    Header,
    Problem,
    Request,
    Source,
    Value,
)

if TYPE_CHECKING:
    from keyswitch.targets.claude_code.resolver.scene import Scene

_MAY = "a metadata server may provide one"


def may_give(scheme: str, name: str) -> Header:
    """Return what the machine itself may give, if it is such a machine."""
    return Header(scheme, None, Source(SERVICE, name), _MAY)


def of_machine(request: Request, problem: Problem) -> Request:
    """Return a request with why nothing else counts, where that is so."""
    header = request.bearer
    if header is None or header.source.kind != SERVICE:
        return request
    why = f"{problem.what}; {header.why_unknown}"
    header = header._replace(why_unknown=why)
    return request._replace(bearer=header, problem=problem)


def refreshed(scene: Scene, key: str, scheme: str, request: Request) -> Request:
    """Return what is known of a request where a command may sign in first.

    Observed, Claude Code 2.1.330: awsAuthRefresh runs where AWS does not know
    the present identity, gcpAuthRefresh where Google gives no token; both at
    any level of settings. What they leave in files is used, but variables
    stay as they are.
    """
    command, header = scene.command(key), request.bearer
    if command is None or (header and _stays(header)):
        return request
    why = f"{key} may run first"
    if header is None:
        header = Header(scheme, None, signs_in(command), why)
        return Request(None, header, shadowed=request.shadowed)
    return request._replace(bearer=header._replace(value=None, why_unknown=why))


def signs_in(command: Value) -> Source:
    """Return a command that signs in as the source of what that leaves."""
    return command.source._replace(kind="sign_in")


def _stays(header: Header) -> bool:
    """Tell whether no other command writes where this comes from."""
    source = header.source
    if source.kind == "aws_profile":
        return source.name == wanted.AWS_PROFILE
    # That of Google which a variable names is not gcloud's.
    by_variable = source.kind == "google" and bool(source.set_by)
    return by_variable or source.kind == "environment"
