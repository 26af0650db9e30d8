"""Which Google identity fetches the token of a request.

The order is `cloud_rules.GOOGLE_CHAIN`, of Google's own library. A file that
is named or there, and cannot be used, ends the search; CLOUDSDK_CONFIG is not
read. Observed, Claude Code 2.1.330.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from keyswitch.targets.claude_code import cloud_rules
from keyswitch.targets.claude_code.resolver import cloud_services
from keyswitch.targets.verdict import (
    ASK_TOKEN,
    BEARER,
    Header,
    Problem,
    Request,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.targets.claude_code.resolver.candidates import Run
    from keyswitch.targets.claude_code.resolver.scene import Scene

    Found = Header | Problem | None

_VARIABLES = (cloud_rules.GOOGLE_VARIABLE, "google_application_credentials")
_DETECTION = "METADATA_SERVER_DETECTION"
_DETECTIONS = ("", "assume-present", "bios-only", "ping-only")
_SIGN_IN = "gcloud auth application-default login"
_NOTHING = Problem(
    "no Google Cloud credentials found", _SIGN_IN, set_wrong=False
)
# What each kind of file cannot be without; any other is a service account's.
_NEEDS = {
    "authorized_user": ("client_id", "client_secret", "refresh_token"),
    "external_account": ("audience", "credential_source"),
    "external_account_authorized_user": (),
    "impersonated_service_account": ("source_credentials",),
}
_SERVICE_ACCOUNT = ("client_email", "private_key")
_MAY_RUN = "GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES"


def request(scene: Scene, _run: Run | None) -> Request:
    """Return a request whose token is fetched, or why it is not sent."""
    key = cloud_rules.GOOGLE_REFRESH
    return cloud_services.refreshed(scene, key, BEARER, _request(scene))


def _request(scene: Scene) -> Request:
    for rule in cloud_rules.GOOGLE_CHAIN:
        found = LINKS[rule.source](scene)
        if isinstance(found, Problem):
            return Request(refusal=found.what, problem=found)
        if found is not None:
            return cloud_services.of_machine(Request(None, found), _NOTHING)
    return Request(refusal=_NOTHING.what, problem=_NOTHING)


def variable(scene: Scene) -> Found:
    """Return what the file gives that a variable names."""
    value = next(
        (v for n in _VARIABLES if (v := scene.request.get(n)) and v.text), None
    )
    if value is None:
        return None
    path, source = value.text, value.source
    problem = _broken(scene, path)
    if problem:
        what = f"{source.name} names {path}, {problem}"
        return Problem(what, source.removal)
    source = Source("google", cloud_rules.GOOGLE_FILE, source.set_by, path)
    return Header(BEARER, None, source, ASK_TOKEN)


def usual_file(scene: Scene) -> Found:
    """Return what the file gives that gcloud writes."""
    folder = os.path.join(scene.home, ".config")
    if os.name == "nt":
        folder = scene.request.text("APPDATA") or folder
    name = "application_default_credentials.json"
    path = os.path.join(folder, "gcloud", name)
    if scene.read(path) is None:
        return None
    problem = _broken(scene, path)
    if problem:
        return Problem(f"found {path}, {problem}", _SIGN_IN)
    source = Source("google", cloud_rules.GOOGLE_FILE, "", path)
    return Header(BEARER, None, source, ASK_TOKEN)


def machine(scene: Scene) -> Found:
    """Return what a machine of Google's gives, if this is one."""
    given = scene.request.get(_DETECTION)
    detection = scene.request.text(_DETECTION).lower()
    if detection == "none":
        return None
    if given and detection not in _DETECTIONS:
        what = f"{_DETECTION} is '{detection}', which Google's client rejects"
        return Problem(what, given.source.removal)
    return cloud_services.may_give(BEARER, cloud_rules.GOOGLE_MACHINE)


LINKS: dict[str, Callable[[Scene], Found]] = {
    cloud_rules.GOOGLE_VARIABLE: variable,
    cloud_rules.GOOGLE_FILE: usual_file,
    cloud_rules.GOOGLE_MACHINE: machine,
}


def _broken(scene: Scene, path: str) -> str:
    """Return why Google's library can take nothing from a file, or ""."""
    data = scene.read(os.path.join(scene.cwd, path))
    if data is None:
        return "which cannot be read"
    try:
        found: Any = json.loads(data.decode())  # which takes no BOM
    except (ValueError, RecursionError):
        return "which is not JSON"
    if not isinstance(found, dict):
        found = {}
    kind = str(found.get("type"))  # whatever a person has written there
    needed = _NEEDS.get(kind, _SERVICE_ACCOUNT)
    lacks = [name for name in needed if not found.get(name)]
    if lacks:
        return f"which lacks {' and '.join(lacks)}"
    return _no_token(scene, found.get("credential_source"))


def _no_token(scene: Scene, source: object) -> str:
    """Return why there is no token to trade in for another one, or ""."""
    if not isinstance(source, dict):
        return ""
    token = source.get("file")
    if isinstance(token, str) and scene.read(token) is None:
        return f"whose token {token} cannot be read"
    if "executable" in source and scene.request.text(_MAY_RUN) != "1":
        return f"whose program only runs with {_MAY_RUN}=1"
    return ""
