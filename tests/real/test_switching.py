"""After every switch the real Claude Code sends exactly that account.

Nothing bends its addresses: it talks to the services' own hosts, in whose
place the stub answers. "The account" is every credential header of every
request, so a second one in another header fails these tests as well.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass

import pytest

from tests.real.sigv4 import is_signed_with
from tests.real.stub import INSTANCE_KEY_ID

FIRST_KEY = "sk-ant-api03-FAKE-first-3kfLq9sRz71Wm0XyPvTd5uBnHcJg2AA"
SECOND_KEY = "sk-ant-api03-FAKE-second-9aQxZ27Lk4Vr8TnYwEbU6iOdSpF1AA"
GATEWAY_TOKEN = "FAKE-gateway-token-5hT8rWq2LmNz4KxV"
OAUTH_TOKEN = "sk-ant-oat01-FAKE-subscription-7GvBn3QwErTy6UiOpAsDf1AA"
AWS_ID = "AKIAFAKEFAKE00EXAMPLE"[:20]
AWS_SECRET = "FAKEwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEK"
BEARER = "ABSKFAKEbedrockBearerToken0123456789abcdefEXAMPLE"
FOUNDRY_KEY = "FAKEfoundrykey0123456789abcdef01234567EXAMPLE"

AMBIENT_ID = "AKIAFAKEAMBIENT00000"
AMBIENT_SECRET = "FAKEambientSecretAmbientSecretAmbient0000"


@dataclass(frozen=True)
class Account:
    """A profile to add, and what has to arrive for it after `use`."""

    provider: str
    secret: str
    settings: tuple[str, ...]
    host: str
    sent: dict[str, str]


def _both(secret):
    return {"x-api-key": secret, "authorization": f"Bearer {secret}"}


ACCOUNTS = {
    "first": Account(
        "anthropic", FIRST_KEY, (), "api.anthropic.com", _both(FIRST_KEY)
    ),
    "second": Account(
        "anthropic", SECOND_KEY, (), "api.anthropic.com", _both(SECOND_KEY)
    ),
    "gateway": Account(
        "gateway",
        GATEWAY_TOKEN,
        ("base_url=STUB",),
        "127.0.0.1",
        _both(GATEWAY_TOKEN),
    ),
    "token": Account(
        "claude-token",
        OAUTH_TOKEN,
        (),
        "api.anthropic.com",
        {"authorization": f"Bearer {OAUTH_TOKEN}"},
    ),
    "keys": Account(
        "bedrock",
        AWS_SECRET,
        ("region=eu-central-1", f"access_key_id={AWS_ID}"),
        "bedrock-runtime.eu-central-1.amazonaws.com",
        {"authorization": f"AWS4 {AWS_ID}"},
    ),
    "bearer": Account(
        "bedrock",
        BEARER,
        ("region=eu-central-1",),
        "bedrock-runtime.eu-central-1.amazonaws.com",
        {"authorization": f"Bearer {BEARER}"},
    ),
    "foundry": Account(
        "foundry",
        FOUNDRY_KEY,
        ("resource=fake-resource",),
        "fake-resource.services.ai.azure.com",
        {"x-api-key": FOUNDRY_KEY},
    ),
}


def exported(name):
    """Return what arrives after `env`: a variable fills one header only."""
    account = ACCOUNTS[name]
    if account.provider == "anthropic":
        return {"x-api-key": account.secret}
    if account.provider == "gateway":
        return {"authorization": f"Bearer {account.secret}"}
    return account.sent


def add(machine, *names):
    for name in names:
        account = ACCOUNTS[name]
        settings = [
            word
            for pair in account.settings
            for word in ("--set", pair.replace("STUB", machine.service.url))
        ]
        source = (
            ("--fd", "bearer_token=0") if name == "bearer" else ("--stdin",)
        )
        machine.keyswitch(
            "add", name, "--provider", account.provider, *settings, *source,
            "--store", "vault", stdin=account.secret,
        )  # fmt: skip


def sends(recorded, name, sent=None):
    """Assert that a run spoke for one account only, to the right host."""
    account = ACCOUNTS[name]
    assert recorded.credentials == (sent or account.sent), recorded
    assert {r.host for r in recorded.messages} == {account.host}
    assert recorded.exit_code == 0
    others = {a.secret for a in ACCOUNTS.values()} - {account.secret}
    assert not [o for o in others if recorded.mentions(o)]
    return True


@pytest.mark.parametrize("name", ["first", "gateway", "keys", "bearer"])
def test_use_makes_claude_code_send_the_account(machine, name):
    add(machine, name)
    machine.keyswitch("use", name)
    recorded = machine.claude()
    assert sends(recorded, name)
    assert machine.holds(ACCOUNTS[name].secret) == []


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


def claude_through_run(machine, name, **environ):
    return machine.claude(
        command=[*machine.launcher, "run", name, "--", "claude"], **environ
    )


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


def ambient_aws(machine):
    """Return variables by which a machine offers AWS identities."""
    return {
        "AWS_ACCESS_KEY_ID": AMBIENT_ID,
        "AWS_SECRET_ACCESS_KEY": AMBIENT_SECRET,
        "AWS_REGION": "eu-central-1",
        **instance_aws(machine),
    }


def instance_aws(machine):
    """Return what AWS sets on its own instances and in its containers."""
    url = machine.service.url
    return {
        "AWS_EC2_METADATA_DISABLED": "false",
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/container-credentials",
    }


def plant_ambient_aws(machine):
    """Give the machine an AWS identity in a file, too."""
    folder = machine.home / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(
        f"[default]\naws_access_key_id = {AMBIENT_ID}\n"
        f"aws_secret_access_key = {AMBIENT_SECRET}\n"
    )


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
    for other in (AMBIENT_ID, INSTANCE_KEY_ID, STORED_LOGIN, MANAGED_KEY):
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


STORED_LOGIN = "sk-ant-oat01-FAKE-stored-login-0123456789abcdefghijAA"
MANAGED_KEY = "sk-ant-api03-FAKE-managed-key-0123456789abcdefghijklAA"


def login(machine, *, managed_key=True):
    """Log Claude Code in, to a subscription and to the Console."""
    machine.claude_home.mkdir(exist_ok=True)
    path = machine.claude_home / ".credentials.json"
    entry = {
        "accessToken": STORED_LOGIN,
        "refreshToken": STORED_LOGIN.replace("oat", "ort"),
        "expiresAt": 4_102_444_800_000,
        "scopes": ["user:inference", "user:profile"],
        "subscriptionType": "max",
    }
    path.write_text(json.dumps({"claudeAiOauth": entry}))
    path.chmod(0o600)
    if not managed_key:
        return
    place = machine.home / ".claude.json"
    document = json.loads(place.read_text()) if place.exists() else {}
    document["primaryApiKey"] = MANAGED_KEY
    place.write_text(json.dumps(document, indent=2))


@pytest.mark.parametrize("name", ["first", "gateway", "keys", "bearer"])
def test_a_stored_login_is_not_sent_beside_the_account(machine, name):
    login(machine)
    add(machine, name)
    machine.keyswitch("use", name)
    recorded = machine.claude()
    assert sends(recorded, name)
    assert not recorded.mentions(STORED_LOGIN)
    assert not recorded.mentions(MANAGED_KEY)


RIVALS = {
    "ANTHROPIC_API_KEY": "sk-ant-api03-FAKE-rival-key",
    "ANTHROPIC_AUTH_TOKEN": "FAKE-rival-token",
    "CLAUDE_CODE_OAUTH_TOKEN": "sk-ant-oat01-FAKE-rival-oauth",
    "ANTHROPIC_CUSTOM_HEADERS": "X-Api-Key: FAKE-rival-header",
    "AWS_BEARER_TOKEN_BEDROCK": "FAKE-rival-bearer",
    "AWS_ACCESS_KEY_ID": AMBIENT_ID,
    "AWS_SECRET_ACCESS_KEY": AMBIENT_SECRET,
    "AWS_SESSION_TOKEN": "FAKE-rival-session",
    "CLAUDE_CODE_USE_VERTEX": "1",
}


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


def stray_rivals(recorded):
    return [v for v in RIVALS.values() if v != "1" and recorded.mentions(v)]


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


def test_the_launcher_that_claude_code_calls_needs_no_variable(machine):
    """The helper works from any directory and without keyswitch on PATH."""
    add(machine, "first")
    machine.keyswitch("use", "first")
    recorded = machine.claude(PATH=os.defpath)
    assert sends(recorded, "first")
