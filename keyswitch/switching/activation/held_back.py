"""Why the active profile's secret reaches no program here."""

from __future__ import annotations

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.switching.activation.effect import not_given
from keyswitch.switching.activation.elsewhere import guarded_elsewhere
from keyswitch.targets.verdict import Finding
from keyswitch.workspace import Workspace


def held_back(workspace: Workspace, situation: Situation) -> list[Finding]:
    """Return why no program gets the active profile's secret here."""
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
