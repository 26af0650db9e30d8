"""Whose account a request is, in one line; and whose, started otherwise.

The desktop, VS Code and remote sessions take credentials in orders of their
own: the same settings can bill another account there.
"""

from __future__ import annotations

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.targets.claude_code import rules
from keyswitch.targets.verdict import Header

SURFACES = tuple(rules.SURFACES)
_NAMES = {
    "desktop": "the desktop app",
    "vscode": "VS Code",
    "remote": "remote sessions",
}


def account(situation: Situation) -> str:
    """Return whose account this is, in one line."""
    request = situation.verdict.request
    if not request.sent:
        return f"none: {request.refusal}"
    if not request.headers:
        return "none: requests are sent without a credential"
    owners = [(situation.owner(h).profile, h) for h in request.headers]
    names = sorted({name for name, _ in owners if name})
    parts = [profile_text(situation, name) for name in names]
    parts += [_stranger(situation, h) for name, h in owners if not name]
    return " and ".join(dict.fromkeys(parts))


def profile_text(situation: Situation, name: str) -> str:
    """Return a profile as it is shown: "work (anthropic, Acme API)"."""
    profile = situation.accounts.get(name)
    if profile is None:
        return name
    label = f", {profile.label}" if profile.label else ""
    return f"{name} ({profile.provider}{label})"


def _stranger(situation: Situation, header: Header) -> str:
    """Return whose a credential of no profile is."""
    status = situation.verdict.status
    if header.source.kind == "login":
        plan = status.subscription_type
        who = (status.email or "a login") + (f" ({plan})" if plan else "")
        return f"{who}, in no profile"
    if header.value is None:
        return f"not known: {header.why_unknown}"
    return "a credential of no profile"


def elsewhere(situation: Situation) -> dict[str, str]:
    """Return {surface: account} of those that send something else than here.

    Looked at only where a login or a key is there that they may take.
    """
    scene, view = situation.scene, situation.view
    variables = (rules.API_KEY, rules.AUTH_TOKEN, rules.OAUTH_TOKEN)
    if scene.login is None and not view.given(*variables):
        return {}
    found = {}
    for surface in _NAMES:
        other = Situation(
            scene.started_by(surface),
            situation.accounts,
            chosen=situation.chosen,
            run=situation.run,
        )
        if _sources(other) != _sources(situation):
            found[surface] = account(other)
    return found


def _sources(situation: Situation) -> set[tuple[str, ...]]:
    headers = situation.verdict.request.headers
    return {(h.scheme, h.source.name, h.source.place) for h in headers}


def otherwise(situation: Situation) -> str:
    """Return `elsewhere` as one sentence, or ""."""
    found: dict[str, list[str]] = {}
    for surface, whose in elsewhere(situation).items():
        found.setdefault(whose, []).append(_NAMES[surface])
    return "; ".join(
        f"in {', '.join(names)}: {whose}" for whose, names in found.items()
    )
