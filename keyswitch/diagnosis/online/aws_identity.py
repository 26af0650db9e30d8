"""The whole AWS credential behind a key id, and how AWS is asked whose it is.

`aws.py` says which identity Claude Code signs with. This finds the secret
half for the same source, not for the one that AWS's own tools would take.
The signature is botocore's (the extra `keyswitch[aws]`); nothing else of
botocore is used, since it would read variables and files by its own rules.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyswitch.diagnosis.resolver import aws
from keyswitch.errors import InputError
from keyswitch.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.verdict import Header, Source

    Sign = Callable[[str, bytes, "Keys", str], Mapping[str, str]]

DEFAULT_REGION = "us-east-1"
QUESTION = b"Action=GetCallerIdentity&Version=2011-06-15"

_FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Keys:
    """A key id with its secret and, for a session, its token."""

    key_id: str
    secret: Secret
    token: Secret | None = None


def keys(scene: Scene, header: Header) -> Keys:
    """Return the credential whose key id a header holds.

    Raises InputError, with a command that asks AWS, where it is not known.
    """
    source = header.source
    fix = by_hand(source)
    if header.value is None:
        raise InputError(header.why_unknown or "it is not known yet", fix)
    found = None
    if source.kind == "environment":
        view = scene.request
        key_id, secret = view.get(aws.ACCESS_KEY), view.get(aws.SECRET_KEY)
        # The token is sent along also when it belongs to other keys.
        token = view.text(aws.SESSION_TOKEN)
        if key_id is not None and secret is not None:
            found = _whole(key_id.text, secret.text, token)
    elif source.kind == "aws_profile":
        held = aws.Files(scene, scene.request).merged(source.name).get
        found = _whole(
            held("aws_access_key_id"),
            held("aws_secret_access_key"),
            held("aws_session_token"),
        )
    if found is None or found.key_id != header.value.reveal():
        raise InputError("the secret half of these keys is not known", fix)
    return found


def _whole(
    key_id: str | None, secret: str | None, token: str | None
) -> Keys | None:
    if not key_id or not secret:
        return None
    return Keys(key_id, Secret(secret), Secret(token) if token else None)


def by_hand(source: Source) -> str:
    """Return what a person can do to ask AWS about a source."""
    command = "aws sts get-caller-identity"
    if source.kind == "aws_profile":
        return f"{command} --profile {shlex.quote(source.name)}"
    if source.kind == "helper":
        return (
            f"set the three variables that the {source.name} of "
            f"{source.place or 'the settings'} prints, then: {command}"
        )
    return command


def region(scene: Scene) -> str:
    """Return the region that Claude Code speaks to.

    Observed, Claude Code 2.1.330: the variables, then the profile in use.
    """
    view = scene.request
    given = view.text("AWS_REGION") or view.text("AWS_DEFAULT_REGION")
    if given:
        return given
    name = view.text(aws.PROFILE) or "default"
    return aws.Files(scene, view).merged(name).get("region") or DEFAULT_REGION


def signed(
    url: str, found: Keys, place: str, sign: Sign | None
) -> dict[str, str]:
    """Return the headers of a signed question; `place` is the region.

    Raises InputError where botocore is not there to sign it.
    """
    headers = (sign or _sign)(url, QUESTION, found, place)
    return {"Content-Type": _FORM, **headers}


def _sign(url: str, body: bytes, found: Keys, place: str) -> Mapping[str, str]:
    from importlib import import_module

    try:
        auth = import_module("botocore.auth")
        request_type = import_module("botocore.awsrequest").AWSRequest
        credentials_type = import_module("botocore.credentials").Credentials
    except ImportError:
        raise InputError(
            "it takes botocore to ask AWS, which is not installed",
            "pip install 'keyswitch[aws]', or: aws sts get-caller-identity",
        ) from None
    request = request_type(
        method="POST", url=url, data=body, headers={"Content-Type": _FORM}
    )
    credentials = credentials_type(
        found.key_id,
        found.secret.reveal(),
        found.token.reveal() if found.token else None,
    )
    auth.SigV4Auth(credentials, "sts", place).add_auth(request)
    return {str(name): str(value) for name, value in request.headers.items()}
