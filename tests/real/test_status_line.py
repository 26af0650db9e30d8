"""The real Claude Code hands its limits to `keyswitch statusline`."""

from __future__ import annotations

import json
import time

import pytest

from tests import components
from tests.real.oauth import OAuth
from tests.real.screen import Screen

LIMITS = "anthropic-ratelimit-unified-"


def limits(five, seven):
    now = int(time.time())
    return {
        f"{LIMITS}5h-utilization": str(five),
        f"{LIMITS}5h-reset": str(now + 7200),
        f"{LIMITS}7d-utilization": str(seven),
        f"{LIMITS}7d-reset": str(now + 300_000),
        f"{LIMITS}status": "allowed",
    }


def log_in(machine, oauth, name):
    """Put the files of a login there, as Claude Code writes them."""
    account, given = oauth.accounts[name], oauth.hand_out(name)
    machine.claude_home.mkdir(exist_ok=True)
    login = {
        "accessToken": given["access_token"],
        "refreshToken": given["refresh_token"],
        "expiresAt": int((time.time() + 8 * 3600) * 1000),
        "scopes": given["scope"].split(),
        "subscriptionType": "max",
    }
    credentials = machine.claude_home / ".credentials.json"
    credentials.write_text(json.dumps({"claudeAiOauth": login}))
    project = {"hasTrustDialogAccepted": True}
    known = {
        "hasCompletedOnboarding": True,
        "oauthAccount": {
            "accountUuid": account.uuid,
            "organizationUuid": account.organization,
            "emailAddress": account.email,
        },
        "projects": {str(machine.project): project},
    }
    (machine.home / ".claude.json").write_text(json.dumps(known))
    machine.keyswitch("login", name, "--capture", "--store", "vault")


@pytest.fixture
def owner(machine, service):
    service.oauth = OAuth("one", "two")
    log_in(machine, service.oauth, "two")
    log_in(machine, service.oauth, "one")
    machine.keyswitch("use", "one", "--force")
    return machine


def used(machine, name):
    shown = json.loads(machine.keyswitch("show", name, "--json").stdout)
    usage = shown["profile"].get("usage") or {}
    return usage.get("five_hour", {}).get("used_percentage")


def test_each_account_gets_its_own_numbers(owner, service):
    owner.keyswitch("install", "claude-statusline", "--yes")
    service.headers = limits(0.42, 0.8)
    claude = [components.locate("claude")]
    with Screen(claude, owner.env, owner.project) as screen:
        screen.ready()
        screen.type("hi")
        screen.until(lambda text: "one  5h 42 %  7d 80 %" in text)
        assert (used(owner, "one"), used(owner, "two")) == (42, None)
        owner.keyswitch("use", "two", "--force")
        screen.settle(2)
        assert used(owner, "two") is None
        service.headers = limits(0.05, 0.06)
        screen.type("hi again")
        screen.until(lambda text: "two  5h 5 %  7d 6 %" in text)
        assert (used(owner, "one"), used(owner, "two")) == (42, 5)


def test_a_former_status_line_is_shown_as_before(owner, service):
    settings = owner.claude_home / "settings.json"
    former = {"type": "command", "command": "echo of mine"}
    settings.write_text(json.dumps({"statusLine": former}))
    owner.keyswitch("install", "claude-statusline", "--yes")
    service.headers = limits(0.42, 0.8)
    claude = [components.locate("claude")]
    with Screen(claude, owner.env, owner.project) as screen:
        screen.ready()
        screen.type("hi")
        screen.until(lambda text: "of mine" in text)
        screen.settle(2)
    assert used(owner, "one") == 42
