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
    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.resolver.sources import Candidate
    from keyswitch.targets.claude_code.rules import Provider

_METHOD = "forceLoginMethod"
_ORGANIZATION = "forceLoginOrgUUID"
_METHODS = ("claudeai", "console")  # others are passed over
_VERIFIED = (rules.OAUTH_TOKEN, rules.OAUTH_FD, rules.STORED_LOGIN)


def refusal(
    scene: Scene,
    found: Candidates,
    login: Candidate | None,
    provider: Provider | None = None,
) -> str:
    """Return why the policy stops a request, or "".

    `login` is what would be sent as a bearer. Beside a cloud provider even
    the key of a Console login is one too many.
    """
    method = scene.policy(_METHOD)
    if method is not None and method.text not in _METHODS:
        method = None
    organization = scene.policy(_ORGANIZATION)
    # A host program answers for the account itself.
    if scene.host_managed or (method is None and organization is None):
        return ""
    # Bare mode does not use it, but it is there.
    if found.view.text(rules.API_KEY_FD):
        return (
            f"managed settings ask for a login, and {rules.API_KEY_FD} is set"
        )
    external = found.external
    if provider is not None:
        external = (*external, found.managed_key)
    for candidate in external:
        if candidate is not None:
            return (
                "managed settings ask for a login, and "
                f"{candidate.source.name} is set"
            )
    if scene.simple and provider is None and login is None:
        return "managed settings ask for a login, which bare mode leaves out"
    if organization is None or login is None or login.kind not in _VERIFIED:
        return ""
    if scene.request.text(rules.BASE_URL):
        return (
            "managed settings name an organization, which cannot be "
            "verified through a base URL"
        )
    return ""
