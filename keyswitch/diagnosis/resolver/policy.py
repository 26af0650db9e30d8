"""Managed settings that demand a login, and what they stop.

Observed, Claude Code 2.1.330: a key, a token or a helper that merely exists
stops a request, even where a cloud provider would be asked. Which login was
used is checked for an organisation only, and never through a base URL.
`claude auth status` shows nothing of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from keyswitch.diagnosis.resolver.candidates import Candidates
    from keyswitch.diagnosis.resolver.sources import Candidate

_METHODS = ("claudeai", "console")  # others are passed over
_NO_LOGINS = (rules.API_KEY, rules.API_KEY_FD, rules.AUTH_TOKEN, rules.HELPER)
_VERIFIED = (rules.OAUTH_TOKEN, rules.OAUTH_FD, rules.STORED_LOGIN)
_ASK = "managed settings ask for a login, "


def refusal(
    found: Candidates, login: Candidate | None, *, cloud: bool = False
) -> str:
    """Return why the policy stops a request, or "".

    `login` is what would be sent as a bearer. Beside a cloud provider even
    the key of a Console login is one too many.
    """
    scene = found.scene
    organization = scene.policy("forceLoginOrgUUID")
    asked = organization or scene.policy("forceLoginMethod") in _METHODS
    # A host program answers for the account itself.
    if scene.host_managed or not asked:
        return ""
    # Bare mode does not use it, but it is there.
    if found.view.text(rules.API_KEY_FD):
        return f"{_ASK}and {rules.API_KEY_FD} is set"
    for kind in (*_NO_LOGINS, *[rules.MANAGED_KEY] * cloud):
        if kind in found.there:
            return f"{_ASK}and {found.there[kind].source.name} is set"
    if scene.simple and not cloud and login is None:
        return f"{_ASK}which bare mode leaves out"
    if not organization or login is None or login.kind not in _VERIFIED:
        return ""
    if scene.request.text(rules.BASE_URL):
        return (
            "managed settings name an organization, which cannot be "
            "verified through a base URL"
        )
    return ""
