"""Vault and AWS asked by commands: failures have words, and give nothing."""

import pytest

from keyswitch import kernel_keyring
from tests.cli.keyswitch import Keyswitch
from tests.diagnosis import servers
from tests.real.certificates import Authority
from tests.references.conftest import OTHER, WORK
from tests.secrets.references.moto_server import KEYS
from tests.secrets.references.vault_stub import (
    BAD_TOKEN,
    DENIED,
    ROOT,
    SEALED,
    VaultStub,
)

ASKS = (["helper", "claude-code"], ["env", "--shell", "bash"])
PATH = "secret/data/ai/claude"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def vault(authority):
    with VaultStub(authority.context("localhost")) as server:
        server.versions["ai/claude"] = [({"key": WORK}, "")]
        yield server


@pytest.fixture
def ks(home, vault, authority, monkeypatch):
    monkeypatch.setattr(kernel_keyring, "_session", None)
    kernel_keyring.drop()
    ks = Keyswitch(home, VAULT_TOKEN=ROOT)
    configure(ks, address=vault.address, ca_file=str(authority.ca_file))
    ks(
        "add", "work", "--provider", "anthropic",
        "--reference", "vault:secret/ai/claude#key",
    )  # fmt: skip
    ks("use", "work")
    ks("lock")
    vault.requests.clear()
    return ks


def configure(ks, manager="vault", **settings):
    lines = "".join(
        f"{name} = {value}\n"
        if isinstance(value, float)
        else f'{name} = "{value}"\n'
        for name, value in settings.items()
    )
    path = ks.home / ".config/keyswitch/config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"[managers.{manager}]\n{lines}")


OF_VAULT = {  # what is said at the path -> exit status, words
    "missing": ((404, {"errors": []}), 1, "no 'secret/ai/claude'"),
    "denied": ((403, DENIED), 5, "denies access to 'secret/ai/claude'"),
    "sealed": ((503, SEALED), 5, "is sealed"),
    "unknown": ((500, {"errors": [f"boom {ROOT}"]}), 1, "cannot read"),
    "html": ((200, b"<html>log in</html>"), 1, "not with Vault's JSON"),
}


@pytest.mark.parametrize("args", ASKS, ids=" ".join)
@pytest.mark.parametrize("kind", OF_VAULT)
def test_what_vault_does_not_give_is_said(ks, vault, kind, args):
    answer, code, words = OF_VAULT[kind]
    vault.said[PATH] = answer
    done = ks(*args, code=code, ANTHROPIC_API_KEY=OTHER)
    assert words in done.err
    assert nothing_given(done)


def nothing_given(done):
    """Tell whether nothing of any account was printed, or said."""
    return done.out == "" and not any(
        secret in done.out + done.err for secret in (WORK, OTHER, ROOT)
    )


@pytest.mark.parametrize("args", ASKS, ids=" ".join)
def test_a_token_that_has_ended_is_locked(ks, vault, args):
    vault.said["*"] = (403, BAD_TOKEN)
    done = ks(*args, code=5, ANTHROPIC_API_KEY=OTHER)
    assert "rejected the token" in done.err
    assert nothing_given(done)


def test_a_check_of_vault_asks_for_the_token(ks, vault):
    assert (
        f"Vault answers ({vault.address})"
        in ks("managers", "check", "vault").err
    )
    assert vault.asked() == ["GET auth/token/lookup-self"]
    vault.said["*"] = (403, BAD_TOKEN)
    done = ks("managers", "check", "vault", code=5)
    assert "rejected the token" in done.err


def test_without_a_token_it_is_locked(ks, vault):
    done = ks("helper", "claude-code", code=5, VAULT_TOKEN="")
    assert "no token for Vault" in done.err
    assert nothing_given(done)
    assert vault.requests == []


def test_a_silent_server_is_locked_at_the_deadline(ks):
    with servers.Silent() as silent:
        configure(ks, address=silent.url, deadline=0.5)
        done = ks("helper", "claude-code", code=5, ANTHROPIC_API_KEY=OTHER)
    assert "did not answer in time" in done.err
    assert nothing_given(done)


def test_a_variable_does_not_lead_the_token_elsewhere(ks, vault):
    with servers.Service() as evil:
        variables = {"VAULT_ADDR": evil.url, "BAO_ADDR": evil.url,
                     "VAULT_AGENT_ADDR": evil.url}  # fmt: skip
        assert WORK in ks("helper", "claude-code", **variables).out
        assert evil.requests == []
    assert vault.asked("GET")[-1] == f"GET {PATH}"


OF_AWS = {
    "missing": ("ResourceNotFoundException", 1, "no 'eng/claude'"),
    "denied": ("AccessDeniedException", 5, "denies access to 'eng/claude'"),
    "expired": ("ExpiredTokenException", 5, "rejected the credentials"),
    "unknown": ("InternalServiceError", 1, "cannot read"),
}


@pytest.fixture
def of_aws(home, monkeypatch):
    monkeypatch.setattr(kernel_keyring, "_session", None)
    kernel_keyring.drop()
    body = {"Name": "eng/claude", "SecretString": f'{{"key": "{WORK}"}}'}
    with servers.Service(servers.Reply(body=body)) as service:
        ks = Keyswitch(home, AWS_ENDPOINT_URL=service.url, **KEYS)
        ks(
            "add", "work", "--provider", "anthropic",
            "--reference", "aws-sm:eng/claude#key",
        )  # fmt: skip
        ks("use", "work")
        ks("lock")
        ks.service = service
        yield ks


@pytest.mark.parametrize("kind", OF_AWS)
def test_what_aws_does_not_give_is_said(of_aws, kind):
    code, status, words = OF_AWS[kind]
    of_aws.service.reply = servers.Reply(
        status=400, body={"__type": code, "message": f"said {OTHER}"}
    )
    done = of_aws("helper", "claude-code", code=status)
    assert words in done.err
    assert nothing_given(done)


def test_a_check_of_aws_asks_who_asks(of_aws):
    answer = b"""<GetCallerIdentityResponse><GetCallerIdentityResult>
    <Arn>arn:aws:iam::123456789012:user/me</Arn>
    </GetCallerIdentityResult></GetCallerIdentityResponse>"""
    of_aws.service.reply = servers.Reply(body=answer)
    assert "user/me" in of_aws("managers", "check", "aws-sm").err
    denied = b"""<ErrorResponse><Error><Code>ExpiredToken</Code>
    <Message>said</Message></Error></ErrorResponse>"""
    of_aws.service.reply = servers.Reply(status=403, body=denied)
    done = of_aws("managers", "check", "aws-sm", code=5)
    assert "rejected the credentials: " in done.err


def test_a_silent_aws_is_locked_at_the_deadline(of_aws):
    configure(of_aws, "aws-sm", deadline=0.8)
    of_aws.service.reply.pause = 3
    done = of_aws("helper", "claude-code", code=5)
    assert "did not answer in time" in done.err
    assert nothing_given(done)


def test_without_credentials_aws_is_locked(of_aws):
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    done = of_aws("helper", "claude-code", code=5, **nobody)
    assert "no credentials for AWS" in done.err
    assert nothing_given(done)
