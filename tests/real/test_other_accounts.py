"""No other account is sent, whatever else the machine offers.

Rivals in the shell and in files, a stored login, AWS identities of the
machine, a secret that cannot be read: each would be used silently.
"""

from __future__ import annotations

import json

import pytest

from tests.real.accounts import (
    ACCOUNTS,
    AMBIENT_ID,
    AWS_ID,
    AWS_SECRET,
    MANAGED_KEY,
    RIVALS,
    STORED_LOGIN,
    add,
    ambient_aws,
    claude_through_run,
    exported,
    login,
    plant_ambient_aws,
    sends,
    stray_rivals,
)
from tests.real.cloud_services import FETCHED
from tests.real.sigv4 import is_signed_with


def lose_the_secret(machine):
    """Make the vault unreadable for everybody, as a lock does."""
    for path in machine.home.rglob("machine.key"):
        path.unlink()
    machine.keyswitch("lock", check=False)


@pytest.mark.parametrize("name", ["first", "gateway", "keys", "bearer"])
def test_a_locked_helper_lets_no_other_account_through(machine, name):
    add(machine, name)
    machine.keyswitch("use", name)
    login(machine)
    plant_ambient_aws(machine)
    lose_the_secret(machine)
    recorded = machine.claude(**ambient_aws(machine))
    for other in (AMBIENT_ID, FETCHED, STORED_LOGIN, MANAGED_KEY):
        assert not recorded.mentions(other)
    sent = recorded.credentials or {}
    assert {v.removeprefix("Bearer").strip() for v in sent.values()} <= {""}


def test_a_bedrock_account_beats_every_ambient_identity(machine):
    add(machine, "keys")
    machine.keyswitch("use", "keys")
    plant_ambient_aws(machine)
    recorded = machine.claude(**ambient_aws(machine), AWS_PROFILE="default")
    assert sends(recorded, "keys")
    assert all(is_signed_with(r, AWS_ID, AWS_SECRET) for r in recorded.requests)


@pytest.mark.parametrize("name", ["first", "gateway", "keys", "bearer"])
def test_a_stored_login_is_not_sent_beside_the_account(machine, name):
    login(machine)
    add(machine, name)
    machine.keyswitch("use", name)
    recorded = machine.claude()
    assert sends(recorded, name)
    assert not recorded.mentions(STORED_LOGIN)
    assert not recorded.mentions(MANAGED_KEY)


@pytest.mark.parametrize("name", list(ACCOUNTS))
def test_run_removes_every_rival_of_the_shell(machine, name):
    add(machine, name)
    # Observed, Claude Code 2.1.330: beside a token it asks for policies with
    # the managed key, and nothing but removing that key prevents it.
    login(machine, managed_key=name != "token")
    recorded = claude_through_run(machine, name, **RIVALS)
    assert sends(recorded, name)
    assert not stray_rivals(recorded)


@pytest.mark.parametrize("name", list(ACCOUNTS))
def test_env_removes_every_rival_of_the_shell(machine, name):
    add(machine, name)
    # A managed key lies in a file and fills the header that the gateway's
    # token leaves free; no variable prevents it, only `use` and `run` do.
    login(machine, managed_key=name not in ("token", "gateway"))
    recorded = machine.claude_after_eval(name, **RIVALS)
    assert sends(recorded, name, exported(name))
    assert not stray_rivals(recorded)


@pytest.mark.parametrize("name", ["first", "token", "keys", "bearer"])
def test_run_beats_what_the_settings_files_say(machine, name):
    env = {k: v for k, v in RIVALS.items() if "HEADERS" not in k}
    for folder in (machine.home, machine.project):
        (folder / ".claude").mkdir(exist_ok=True)
        (folder / ".claude" / "settings.json").write_text(
            json.dumps({"env": env, "apiKeyHelper": "echo FAKE-rival-helper"})
        )
    add(machine, name)
    recorded = claude_through_run(machine, name)
    assert sends(recorded, name)
    assert not recorded.mentions("FAKE-rival")
