"""Predicts what Claude Code reports and what it really sends.

The rules and their reasons are `targets/claude_code/rules.py`; the modules
beside this one walk them over what is found. Nothing is written, no server
is asked, and a helper runs only if the caller hands in a way to.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.display import without_arguments
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver import policy
from keyswitch.targets.claude_code.resolver import request as requests
from keyswitch.targets.claude_code.resolver.candidates import Candidates
from keyswitch.targets.claude_code.resolver.scene import SOURCES, Scene
from keyswitch.targets.claude_code.resolver.views import View
from keyswitch.targets.verdict import Cloud, Request, Status, Value, Verdict

if TYPE_CHECKING:
    from keyswitch.targets.claude_code.resolver.candidates import Run
    from keyswitch.targets.claude_code.settings.settings_file import (
        SettingsFile,
    )


def resolve(scene: Scene, run: Run | None = None) -> Verdict:
    """Return the verdict. `run` answers for a helper; None: never run one."""
    stop = _cannot_start(scene)
    if stop:
        return Verdict(Status(), Request(refusal=stop))
    provider = None if scene.gateway else provider_of(scene.request)
    variable = provider.base_url if provider else rules.BASE_URL
    view = scene.status if scene.gateway else scene.request
    value = view.given(variable)
    base_url = value and Value(value.text.strip(), value.source)
    if provider is None:
        found = Candidates(scene, scene.request, run)
        request = requests.to_anthropic(found)
        bearer = request.bearer
        if bearer and bearer.source.kind == "anthropic_profile":
            base_url = base_url or (found.profile and found.profile.base_url)
    else:
        from keyswitch.targets.claude_code.resolver import cloud

        request = cloud.request(scene, provider, run)
    status = _status(scene)
    flag = provider and scene.request.get(provider.flag)
    return Verdict(status, request, provider, base_url, flag)


def provider_of(view: View) -> Cloud | None:
    """Return the cloud that a view's flags choose; None: Anthropic."""
    for provider in rules.PROVIDERS:
        if view.truthy(provider.flag):
            return provider
    return None


def stops(file: SettingsFile) -> bool:
    """Tell whether Claude Code does not start because of a settings file."""
    return file.fatal or bool(file.problem and file.level == "managed")


def name_of(file: SettingsFile) -> str:
    """Return how a file is called; one after --settings may be a secret."""
    if file.level != "flag":
        return file.path
    return without_arguments(file.path) or "the text after --settings"


def _cannot_start(scene: Scene) -> str:
    for source in scene.flags.sources:
        if source not in SOURCES:
            return f"unknown source '{source}' in --setting-sources"
    for file in filter(stops, scene.files):
        return f"{name_of(file)}: {file.problem}"
    program = policy.program(scene)
    if program is not None:
        path = program.text
        if not os.path.isabs(path) or not os.access(path, os.X_OK):
            return f"{rules.POLICY_HELPER} names {path}, which cannot be run"
    if scene.config.broken:
        return f"{scene.places.global_config} is not valid JSON"
    return ""


_KEYS = (rules.API_KEY, rules.API_KEY_FD)


def _status(scene: Scene) -> Status:
    """Return what `claude auth status` says, which is not always what is sent.

    Observed, Claude Code 2.1.330: it takes the sources in an order of its
    own, does not apply what a repository's settings set, runs no helper, and
    looks at no cloud credential.
    """
    found = Candidates(scene, scene.status, None)
    key_source = _key_source(found)
    if scene.gateway:
        return Status(True, "third_party", "gateway", key_source)
    provider = provider_of(scene.status)
    if provider is None and policy.gateway_demanded(scene):
        return Status(False, "none", "gateway", key_source)
    if provider is not None:
        return Status(True, "third_party", provider.name, key_source)
    method = _method(found)
    if method == "none":
        # A helper counts there, without being named.
        logged_in = scene.login_first and found.has(rules.HELPER)
        return Status(logged_in, api_key_source=key_source)
    reported = Status(True, method, api_key_source=key_source)
    if not _names_account(found, method):
        return reported
    config, login = scene.config, scene.login
    plan = login.subscription if login and method == "claude.ai" else None
    return reported._replace(
        email=config.email, org_name=config.organization, subscription_type=plan
    )


def _names_account(found: Candidates, method: str) -> bool:
    """Tell whether the cached account is shown: for a login of /login only."""
    kept_away = found.key_fd_named and not found.scene.login_first
    if found.scene.socket or kept_away:
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
    if found.scene.login_first:
        return _method_of_login_first(found)
    passed_over = set()
    if found.scene.simple:
        passed_over.add(rules.AUTH_TOKEN)
    key = found.has(*_KEYS) or found.unapproved is not None
    if key and found.has(rules.OAUTH_TOKEN, rules.OAUTH_FD):
        if found.unapproved and found.has(rules.HELPER):
            return "api_key"
        passed_over.add(rules.HELPER)
    for rule in rules.STATUS_ORDER:
        if rule.source not in passed_over and found.has(rule.source):
            return rule.method
    for rule, login in found.logins():
        if login.plain:
            return rule.method
    # A blank key is one to it where there is nothing else.
    return "api_key" if _key_source(found) == rules.API_KEY else "none"


def _method_of_login_first(found: Candidates) -> str:
    """Return the same on the desktop and remotely: tokens do not count."""
    logins = [(r, c) for r, c in found.logins() if c.plain]
    for rule, login in logins:
        if login.kind in rules.FIRST_LOGINS:
            return rule.method
    if found.has(*_KEYS):
        return "api_key"
    if found.has(rules.HELPER):
        return "none"
    if logins:
        return logins[0][0].method
    return "api_key" if found.unapproved else "none"


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
