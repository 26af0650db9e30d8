"""After every switch the real Claude Code sends exactly that account.

Nothing bends its addresses: it talks to the services' own hosts, in whose
place the stub answers. "The account" is every credential header of every
request, so a second one in another header fails these tests as well.
"""

from __future__ import annotations

import os

import pytest

from tests.real.accounts import (
    ACCOUNTS,
    AWS_ID,
    AWS_SECRET,
    add,
    ambient_aws,
    claude_through_run,
    exported,
    sends,
)
from tests.real.sigv4 import is_signed_with


@pytest.mark.parametrize("name", ["first", "gateway", "keys", "bearer"])
def test_use_makes_claude_code_send_the_account(machine, name):
    add(machine, name)
    machine.keyswitch("use", name)
    recorded = machine.claude()
    assert sends(recorded, name)
    assert machine.holds(ACCOUNTS[name].secret) == []


@pytest.mark.parametrize("name", ["first", "keys"])
def test_claude_code_is_no_agent_that_agents_deny_keeps_out(machine, name):
    add(machine, name)
    config = machine.home / ".config/keyswitch/config.toml"
    before = config.read_text() if config.exists() else ""
    config.write_text(f'agents = "deny"\n{before}')
    machine.keyswitch("use", name)
    assert sends(machine.claude(), name)


def test_requests_of_bedrock_keys_are_signed_with_their_secret(machine):
    add(machine, "keys")
    machine.keyswitch("use", "keys")
    recorded = machine.claude()
    assert recorded.messages
    assert all(is_signed_with(r, AWS_ID, AWS_SECRET) for r in recorded.requests)


def test_temporary_bedrock_keys_are_sent_with_their_session_token(machine):
    machine.keyswitch(
        "add", "keys", "--provider", "bedrock", "--store", "vault",
        "--set", "region=eu-central-1", "--set", f"access_key_id={AWS_ID}",
        "--fd", "secret_access_key=0", "--from-env", "session_token=SESSION",
        stdin=AWS_SECRET, SESSION="FAKE-session-token-of-the-profile",
    )  # fmt: skip
    machine.keyswitch("use", "keys")
    sent = {
        **ACCOUNTS["keys"].sent,
        "x-amz-security-token": "FAKE-session-token-of-the-profile",
    }
    assert sends(machine.claude(**ambient_aws(machine)), "keys", sent)
    assert sends(claude_through_run(machine, "keys"), "keys", sent)
    assert sends(machine.claude_after_eval(), "keys", sent)


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize(
    "name", ["first", "gateway", "token", "keys", "bearer", "foundry"]
)
def test_eval_of_env_makes_claude_code_send_the_account(machine, name, quoted):
    add(machine, name)
    recorded = machine.claude_after_eval(name, quoted=quoted)
    assert sends(recorded, name, exported(name))


@pytest.mark.parametrize("name", list(ACCOUNTS))
def test_run_makes_claude_code_send_the_account(machine, name):
    add(machine, name)
    assert sends(claude_through_run(machine, name), name)


def test_run_and_env_of_another_account_beat_the_one_in_use(machine):
    add(machine, "first", "second", "keys", "token")
    machine.keyswitch("use", "keys")
    for name in ("first", "token", "keys"):
        assert sends(claude_through_run(machine, name), name)
    machine.keyswitch("use", "first")
    assert sends(machine.claude(), "first")
    for name in ("token", "keys", "second"):
        assert sends(claude_through_run(machine, name), name)


def test_a_second_key_is_sent_without_a_change_of_claude_codes_files(machine):
    add(machine, "first", "second")
    machine.keyswitch("use", "first")
    # A first run lets Claude Code write what it writes by itself.
    assert sends(machine.claude(), "first")
    before = machine.claude_files()
    settings = machine.claude_home / "settings.json"
    changed = settings.stat().st_mtime_ns
    machine.keyswitch("use", "second")
    assert machine.claude_files()["settings.json"] == before["settings.json"]
    assert settings.stat().st_mtime_ns == changed
    assert sends(machine.claude(), "second")
    machine.keyswitch("use", "-")
    assert sends(machine.claude(), "first")


def test_the_account_follows_every_switch(machine):
    add(machine, "first", "gateway", "keys", "bearer", "second")
    for name in ("first", "keys", "bearer", "gateway", "second", "keys"):
        machine.keyswitch("use", name)
        assert sends(machine.claude(), name)


def test_use_and_eval_together_send_one_account_in_both_headers(machine):
    add(machine, "first")
    machine.keyswitch("use", "first")
    assert sends(machine.claude_after_eval(), "first")


def test_a_token_or_foundry_key_in_use_is_said_to_need_env_or_run(machine):
    """Claude Code takes these from its environment alone."""
    add(machine, "token", "foundry")
    for name in ("token", "foundry"):
        done = machine.keyswitch("use", name, check=False)
        assert "env" in done.stderr
        assert machine.holds(ACCOUNTS[name].secret) == []
        recorded = machine.claude_after_eval()
        assert sends(recorded, name)


@pytest.mark.parametrize("name", list(ACCOUNTS))
def test_off_gives_the_files_and_the_old_account_back(machine, name):
    own = '{\n\t"env": { "ANTHROPIC_API_KEY" : "sk-ant-api03-FAKE-own" },\n}'
    own = own.replace(",\n}", "\n}\n")
    machine.claude_home.mkdir()
    settings = machine.claude_home / "settings.json"
    settings.write_text(own)
    before = machine.claude()
    add(machine, name)
    machine.keyswitch("use", name, check=False)
    machine.keyswitch("off")
    assert settings.read_text() == own
    after = machine.claude()
    assert after.credentials == before.credentials
    assert after.credentials == {"x-api-key": "sk-ant-api03-FAKE-own"}


def test_off_without_an_old_account_leaves_claude_code_logged_out(machine):
    add(machine, "first")
    machine.keyswitch("use", "first")
    machine.keyswitch("off")
    recorded = machine.claude()
    assert recorded.credentials is None
    assert not (machine.claude_home / "settings.json").exists()


def test_claude_config_dir_is_respected(machine):
    other = machine.home / "elsewhere"
    add(machine, "first")
    machine.keyswitch("use", "first", CLAUDE_CONFIG_DIR=str(other))
    assert not (machine.claude_home / "settings.json").exists()
    recorded = machine.claude(CLAUDE_CONFIG_DIR=str(other))
    assert sends(recorded, "first")


def test_the_launcher_that_claude_code_calls_needs_no_variable(machine):
    """The helper works from any directory and without keyswitch on PATH."""
    add(machine, "first")
    machine.keyswitch("use", "first")
    recorded = machine.claude(PATH=os.defpath)
    assert sends(recorded, "first")
