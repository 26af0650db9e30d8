"""What clouds' own services answer: metadata, STS, single sign-on, tokens.

Each answer's credential has FETCHED and its service in it, so that a test can
tell which one Claude Code asked.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from tests.real.stub import Request

    Answer = tuple[int, str, bytes]

FETCHED = "FETCHED"  # in every credential that a service hands out

_ENDS = "2099-01-01T00:00:00Z"
_SECRET = "FAKEfetchedSecret"
_TOKEN = "FAKEfetchedToken"


def answer(request: Request) -> Answer | None:
    """Return what a cloud's service says; None: it is none of these."""
    place = request.path.partition("?")[0]
    if place.startswith("/latest/"):
        return _instance(place)
    if place.endswith("/container-credentials"):
        return _json(_keys("CONTAINER"))
    if place.startswith("/computeMetadata/"):
        return _google_machine(place)
    if place.rstrip("/") == "/metadata/identity/oauth2/token":
        return _azure_token("AZURE-MACHINE")
    if place == "/azure-identity":
        return _azure_token("AZURE-ENDPOINT")
    return _by_host(request, place)


def _by_host(request: Request, place: str) -> Answer | None:
    if b"Action=Assume" in request.body:
        return _role(request)
    # At another path than this one, AWS knows nobody.
    if place == "/" and b"Action=GetCallerIdentity" in request.body:
        return 200, "text/xml", _CALLER
    return {
        "login.microsoftonline.com": lambda: _microsoft(place),
        "oauth2.googleapis.com": lambda: _google_token("FETCHED-GOOGLE"),
        "portal.sso.us-east-1.amazonaws.com": _single_sign_on,
        "sts.googleapis.com": lambda: _google_token("FETCHED-GOOGLE-STS"),
    }.get(request.host, lambda: None)()


def _json(document: dict[str, Any]) -> Answer:
    return 200, "application/json", json.dumps(document).encode()


# --- AWS ---------------------------------------------------------------------


def key_id(service: str) -> str:
    """Return the key id that a service of AWS hands out."""
    return f"ASIA{FETCHED}{service}".ljust(20, "0")


def _keys(service: str) -> dict[str, str]:
    return {
        "Code": "Success",
        "AccessKeyId": key_id(service),
        "SecretAccessKey": _SECRET,
        "SessionToken": _TOKEN,
        "Token": _TOKEN,
        "Expiration": _ENDS,
    }


def _single_sign_on() -> Answer:
    keys = {
        "accessKeyId": key_id("SSO"),
        "secretAccessKey": _SECRET,
        "sessionToken": _TOKEN,
        "expiration": 4070908800000,
    }
    return _json({"roleCredentials": keys})


def _instance(place: str) -> Answer | None:
    roles = "/latest/meta-data/iam/security-credentials/"
    if place == "/latest/api/token":
        return 200, "text/plain", b"FAKE"
    if place in (roles, roles.rstrip("/")):
        return 200, "text/plain", b"role"
    if place == f"{roles}role":
        return _json(_keys("INSTANCE"))
    return None


def _role(request: Request) -> Answer:
    action = parse_qs(request.body.decode())["Action"][0]
    service = "WEBID" if action.endswith("WebIdentity") else "ROLE"
    return (
        200,
        "text/xml",
        (
            f"<{action}Response "
            'xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<{action}Result><Credentials>"
            f"<AccessKeyId>{key_id(service)}</AccessKeyId>"
            f"<SecretAccessKey>{_SECRET}</SecretAccessKey>"
            f"<SessionToken>{_TOKEN}</SessionToken>"
            f"<Expiration>{_ENDS}</Expiration></Credentials>"
            "<AssumedRoleUser><Arn>arn:aws:sts::1:assumed-role/r/s</Arn>"
            "<AssumedRoleId>A:s</AssumedRoleId></AssumedRoleUser>"
            f"</{action}Result></{action}Response>"
        ).encode(),
    )


_CALLER = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/'
    b'2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</Arn>'
    b"<UserId>A</UserId><Account>1</Account></GetCallerIdentityResult>"
    b"</GetCallerIdentityResponse>"
)


# --- Google ------------------------------------------------------------------


def _google_token(token: str) -> Answer:
    return _json(
        {"access_token": token, "expires_in": 3600, "token_type": "Bearer"}
    )


def _google_machine(place: str) -> Answer | None:
    if place.endswith("/token"):
        return _google_token("FETCHED-GOOGLE-MACHINE")
    found = {
        "/computeMetadata/v1/instance": b"{}",
        "/computeMetadata/v1/project/project-id": b"fake-project",
        "/computeMetadata/v1/universe/universe-domain": b"googleapis.com",
    }.get(place.rstrip("/"))
    return None if found is None else (200, "text/plain", found)


# --- Azure -------------------------------------------------------------------


def _azure_token(token: str) -> Answer:
    return _json(
        {
            "access_token": f"{FETCHED}-{token}",
            "expires_in": "3600",
            "expires_on": "4070908800",
            "token_type": "Bearer",
            "resource": "https://cognitiveservices.azure.com",
            "client_id": "fake",
        }
    )


def _microsoft(place: str) -> Answer:
    host = "https://login.microsoftonline.com"
    if place.endswith("/discovery/instance"):
        return _json(
            {
                "tenant_discovery_endpoint": f"{host}/t/v2.0/.well-known/"
                "openid-configuration",
                "metadata": [],
            }
        )
    if place.endswith("/openid-configuration"):
        tenant = f"{host}/{place.split('/')[1]}"
        return _json(
            {
                "token_endpoint": f"{tenant}/oauth2/v2.0/token",
                "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
                "issuer": f"{tenant}/v2.0",
                "jwks_uri": f"{tenant}/keys",
            }
        )
    part = base64.urlsafe_b64encode(b'{"exp":4070908800}').decode().rstrip("=")
    return _azure_token(f"MICROSOFT.{part}.x")
