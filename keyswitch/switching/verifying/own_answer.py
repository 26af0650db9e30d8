"""What keyswitch's own helper answers here, without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.compiling import compiled_active, compiled_profile
from keyswitch.diagnosis import urls
from keyswitch.diagnosis.online.endpoints import where
from keyswitch.diagnosis.online.question import Given, Keys
from keyswitch.directories import guard
from keyswitch.errors import InputError
from keyswitch.providers.schema import KEY_ID
from keyswitch.switching.verifying.held_secrets import HeldSecrets
from keyswitch.terminal import selection
from keyswitch.terminal.active_settings import require_fitting
from keyswitch.terminal.repository_settings import require_own_host

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.model import Profile
    from keyswitch.targets.verdict import Source
    from keyswitch.workspace import Workspace


def reader(
    workspace: Workspace, situation: Situation
) -> Callable[[Source], Given | None]:
    """Return what reads the answer of a source that is a command of ours."""
    secrets = HeldSecrets(workspace)

    def read(source: Source) -> Given | None:
        own = situation.accounts.own_answer(source)
        if own is None:
            return None
        of_aws = own.kind == "aws"
        _require_here(workspace, situation, own.profile, regions=not of_aws)
        values = secrets.of(own.profile.name, own.fields)
        half = [f for f in own.fields if f != KEY_ID]
        first, *rest = (values[field] for field in half)
        again = f"keyswitch rotate {own.profile.name}"
        if not of_aws:
            return Given(first, again)
        key_id = own.profile.fields.get(KEY_ID) or values[KEY_ID].reveal()
        return Given(Keys(key_id, first, *rest), again)

    return read


def _require_here(
    workspace: Workspace,
    situation: Situation,
    profile: Profile,
    *,
    regions: bool,
) -> None:
    """Raise where the helper gives nothing, or it would go to another host."""
    compiled = compiled_profile(workspace, profile.name)
    environ = workspace.environ
    guard.require(compiled, environ)
    require_own_host(compiled, environ, regions=regions)
    chosen = selection.select_for_helper(workspace.paths, environ)
    if chosen.name == profile.name:
        active = compiled_active(workspace)
        require_fitting(chosen, compiled, active, environ)
    _require_own_address(situation, profile)


def _require_own_address(situation: Situation, profile: Profile) -> None:
    verdict, name = situation.verdict, profile.name
    url, flag = verdict.base_url, verdict.flag
    if url is not None and url.text != profile.fields.get("base_url"):
        raise InputError(
            f"not checked: requests go to {urls.shown(url.text)}, not to the "
            f"host of '{name}'",
            f"correct {where(url.source)}, or: keyswitch verify {name}",
        )
    if name == situation.chosen and situation.wrong_provider:
        raise InputError(
            f"not checked: requests go to {verdict.service}, and '{name}' is "
            "for another service",
            f"correct {where(flag.source)}" if flag else "keyswitch verify",
        )
