"""Which Azure identity fetches the token of a request to Foundry.

The order is `cloud_rules.AZURE_CHAIN`, that of DefaultAzureCredential
(https://aka.ms/azsdk/js/identity/credential-chains). A command of the last
three counts if it is there; whether it is signed in, only it knows. Observed,
Claude Code 2.1.330.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.targets.claude_code import cloud_rules
from keyswitch.targets.claude_code.resolver import cloud_services
from keyswitch.targets.verdict import (
    ASK_TOKEN,
    BEARER,
    SERVICE,
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

_CHOICE = "AZURE_TOKEN_CREDENTIALS"
_NOTHING = Problem("no Azure credentials found", "az login", set_wrong=False)
_NOBODY = "the host program passed no Foundry credentials"

# Each of these sets says by itself who it is.
_PRINCIPAL = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID")
_PROOFS = (
    (cloud_rules.AZURE_ENVIRONMENT,),
    ("AZURE_CLIENT_CERTIFICATE_PATH",),
    ("AZURE_USERNAME", "AZURE_PASSWORD"),
)
# Variables by which a machine of Azure's says where its identity is had.
_ENDPOINTS = (
    ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"),
    ("IDENTITY_ENDPOINT", "IMDS_ENDPOINT"),
    ("MSI_ENDPOINT",),
    ("AZURE_POD_IDENTITY_AUTHORITY_HOST",),
)
_DEVELOPERS = (
    cloud_rules.AZURE_CLI,
    cloud_rules.AZURE_POWERSHELL,
    cloud_rules.AZURE_DEVELOPER,
)


def request(scene: Scene, _run: Run | None) -> Request:
    """Return a request whose token is fetched, or why it is not sent."""
    if scene.host_managed:
        return Request(refusal=_NOBODY)
    choice = scene.request.text(_CHOICE).lower()
    if choice not in ("", "dev", "prod"):
        what = f"{_CHOICE} is '{choice}', but only 'prod' and 'dev' are valid"
        problem = Problem(what, _removal(scene, _CHOICE))
        return Request(refusal=what, problem=problem)
    last: Header | None = None
    for rule in cloud_rules.AZURE_CHAIN:
        if not _is_asked(rule.source, choice):
            continue
        found = LINKS[rule.source](scene)
        if isinstance(found, Problem):
            return Request(refusal=found.what, problem=found)
        # A command that is there says more than a machine that may be one.
        if found is not None and found.source.kind != SERVICE:
            return Request(None, found)
        last = last or found
    if last is None:
        return Request(refusal=_NOTHING.what, problem=_NOTHING)
    return cloud_services.of_machine(Request(None, last), _NOTHING)


def _removal(scene: Scene, name: str) -> str:
    given = scene.request.get(name)
    return given.source.removal if given else f"unset {name}"


def _is_asked(source: str, choice: str) -> bool:
    of_developer = source in _DEVELOPERS
    return not choice or of_developer == (choice == "dev")


def principal(scene: Scene) -> Found:
    """Return the service principal of the environment."""
    for names in _PROOFS:
        if _all_set(scene, *_PRINCIPAL, *names):
            return _of_variable(scene, names[0])
    return None


def workload(scene: Scene) -> Found:
    """Return the identity for which the token of a file stands."""
    name = cloud_rules.AZURE_WORKLOAD
    if not _all_set(scene, *_PRINCIPAL, name):
        return None
    path = scene.request.raw(name)
    if scene.read(os.path.join(scene.cwd, path)) is None:
        what = f"{name} names {path}, which cannot be read"
        return Problem(what, _removal(scene, name))
    return _of_variable(scene, name)


def managed(scene: Scene) -> Found:
    """Return the identity of a machine of Azure's, if this is one."""
    for names in _ENDPOINTS:
        if _all_set(scene, *names):
            return _of_variable(scene, names[0])
    return cloud_services.may_give(BEARER, cloud_rules.AZURE_MANAGED)


def _command(name: str) -> Callable[[Scene], Found]:
    def look(scene: Scene) -> Found:
        import shutil  # which loads compressors, and is seldom needed

        path = shutil.which(name, path=scene.request.text("PATH") or None)
        if path is None:
            return None
        return Header(BEARER, None, Source("azure", name, "", path), ASK_TOKEN)

    return look


LINKS: dict[str, Callable[[Scene], Found]] = {
    cloud_rules.AZURE_ENVIRONMENT: principal,
    cloud_rules.AZURE_WORKLOAD: workload,
    cloud_rules.AZURE_MANAGED: managed,
    **{name: _command(name) for name in _DEVELOPERS},
}


def _all_set(scene: Scene, *names: str) -> bool:
    return all(map(scene.request.raw, names))


def _of_variable(scene: Scene, name: str) -> Header:
    value = scene.request.get(name)
    set_by = value.source.set_by if value else ""
    return Header(BEARER, None, Source("azure", name, set_by), ASK_TOKEN)
