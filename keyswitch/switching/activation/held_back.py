"""Why the active profile's secret reaches no program here."""

from __future__ import annotations

from keyswitch.compiled import Compiled
from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.errors import KeyswitchError
from keyswitch.providers.schema import environment
from keyswitch.targets.verdict import ERROR, Finding
from keyswitch.workspace import Workspace


def held_back(workspace: Workspace, situation: Situation) -> list[Finding]:
    """Return why no program gets the active profile's secret here."""
    from keyswitch.switching.activation.elsewhere import guarded_elsewhere

    name = situation.chosen
    if not name:
        return []
    found = guarded_elsewhere(workspace, name) + not_given(workspace, name)
    return found or _unusable(situation)


def _unusable(situation: Situation) -> list[Finding]:
    """Return what doctor says of the active profile's file."""
    accounts, name = situation.accounts, situation.chosen
    profile = accounts.get(name)
    if profile is not None and accounts.refusal(profile) is None:
        return []
    from keyswitch.diagnosis.checks import profiles

    path = accounts.paths.profile(name)
    found = (*profiles.broken(situation), *profiles.unusable(situation))
    return [
        one
        for one in found
        if one.place == path or one.check == "profile-missing"
    ]


def not_given(workspace: Workspace, name: str) -> list[Finding]:
    """Return why the helper gives a profile's secret to nobody here."""
    from keyswitch.terminal.repository_settings import (
        MovedError,
        require_own_host,
    )

    try:
        profile, _ = workspace.load(name)
        provider = workspace.provider_of(profile)
        taken = provider.claude_code_for(profile)
        if not profile.secrets or taken.how not in ("helper", "cloud"):
            return []
        compiled = Compiled(name)
        compiled.literals += environment(provider, profile).literals
        regions = bool(taken.helper_field)
        require_own_host(compiled, workspace.environ, regions=regions)
    except MovedError as e:
        from keyswitch.diagnosis.one_step import one_step

        what = f"no program gets the secret of '{name}' here"
        # Of a repository that moves the request elsewhere.
        return [
            Finding(
                "secret-not-given", ERROR, what, *one_step(e, e.message, "")
            )
        ]
    except KeyswitchError:
        pass  # its file is broken, which is said elsewhere
    return []
