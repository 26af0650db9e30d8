"""The accounts that the tests switch between, and who competes with them."""

from __future__ import annotations

import json
from dataclasses import dataclass

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


def claude_through_run(machine, name, **environ):
    return machine.claude(
        command=[*machine.launcher, "run", name, "--", "claude"], **environ
    )


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


def stray_rivals(recorded):
    return [v for v in RIVALS.values() if v != "1" and recorded.mentions(v)]
