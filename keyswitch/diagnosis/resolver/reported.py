"""What `claude auth status` says, which is not always what is sent.

Observed, Claude Code 2.1.330: it takes the sources in an order of its own,
does not apply what a repository's settings set, runs no helper, and looks at
no cloud credential.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.resolver.candidates import Candidates
from keyswitch.diagnosis.verdict import Status
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.targets.claude_code.rules import Provider

_KEYS = (rules.API_KEY, rules.API_KEY_FD)


def status(scene: Scene, provider: Provider | None) -> Status:
    """Return the fields, in Claude Code's own words.

    `provider` is the cloud that this view's flags choose.
    """
    found = Candidates(scene, scene.status, None)
    key_source = _key_source(found)
    if provider is not None:
        return Status(True, "third_party", provider.name, key_source)
    method = _method(found)
    if method == "none":
        return Status(api_key_source=key_source)
    reported = Status(True, method, api_key_source=key_source)
    if not _names_account(found, method):
        return reported
    config, login = scene.config, scene.login
    return reported._replace(
        email=config.email,
        org_name=config.organization,
        subscription_type=login.subscription
        if login and method == "claude.ai"
        else None,
    )


def _names_account(found: Candidates, method: str) -> bool:
    """Tell whether the cached account is shown: for a login of /login only."""
    if found.scene.socket or found.key_fd_named:
        return False
    if method == "claude.ai":
        return True
    logins = found.logins()
    return (
        found.first(rules.STATUS_ORDER) is None
        and found.profile is None
        and bool(logins)
        and logins[0][1].kind == rules.MANAGED_KEY
    )


def _method(found: Candidates) -> str:
    passed_over = set()
    if found.scene.simple:
        passed_over.add(rules.AUTH_TOKEN)
    if found.has(*_KEYS) and found.has(rules.OAUTH_TOKEN, rules.OAUTH_FD):
        passed_over.add(rules.HELPER)
    for rule in rules.STATUS_ORDER:
        if rule.source not in passed_over and found.has(rule.source):
            return rule.method
    for rule, login in found.logins():
        if login.plain:
            return rule.method
    # A blank key is one to it where there is nothing else.
    return "api_key" if _key_source(found) == rules.API_KEY else "none"


def _key_source(found: Candidates) -> str | None:
    """Return what is named as the key, whether it is sent or not."""
    if found.has(*_KEYS):
        return rules.API_KEY
    if found.has(rules.HELPER):
        return rules.HELPER
    if found.has(rules.MANAGED_KEY):
        return "/login managed key"
    value = found.view.get(rules.API_KEY)
    return rules.API_KEY if value is not None and value.text else None
