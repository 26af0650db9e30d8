"""Credentials that Vault makes anew: both halves together, until they end."""

import json

import pytest

from keyswitch import kernel_keyring
from keyswitch.secrets.outside import cache
from keyswitch.secrets.references.reference import Fetched
from tests.cli.keyswitch import Keyswitch
from tests.real.certificates import Authority
from tests.secrets.references.vault_stub import (
    LEASE,
    ROOT,
    VaultStub,
    envelope,
)

pytestmark = pytest.mark.real("keyctl")
CREDENTIAL = "vault:rabbitmq/creds/dev"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


class AwsVault(VaultStub):
    """An engine that makes AWS keys anew at each request."""

    def _made(self, rest):
        self.made += 1
        pair = {"access_key": f"ASIAFAKE{self.made:04}EXAMPLE0",
                "secret_key": f"FAKE{self.made:029}EXAMPLE"}  # fmt: skip
        return 200, envelope(pair, lease_duration=LEASE, lease_id=rest)


@pytest.fixture
def vault(authority):
    with AwsVault(authority.context("localhost")) as server:
        yield server


@pytest.fixture
def ks(home, vault, authority, monkeypatch):
    monkeypatch.setattr(kernel_keyring, "_session", None)
    kernel_keyring.drop()
    folder = home / ".config/keyswitch"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text(
        f'[managers.vault]\naddress = "{vault.address}"\n'
        f'ca_file = "{authority.ca_file}"\n'
    )
    ks = Keyswitch(home, VAULT_TOKEN=ROOT)
    ks(
        "add", "cloud", "--provider", "bedrock",
        "--set", "region=eu-central-1",
        "--reference", f"access_key_id={CREDENTIAL}#access_key",
        "--reference", f"secret_access_key={CREDENTIAL}#secret_key",
    )  # fmt: skip
    kernel_keyring.drop()
    return ks


def made(vault):
    return [path for path in vault.asked("GET") if "GET rabbitmq" in path]


def pair(ks):
    keys = json.loads(ks("helper", "aws", "cloud").out)
    return keys["AccessKeyId"], keys["SecretAccessKey"]


def test_both_halves_come_from_one_request(ks, vault):
    before = len(made(vault))
    first = pair(ks)
    assert pair(ks) == first
    script = ks("env", "cloud", "--shell", "bash").out
    assert all(half in script for half in first)
    assert len(made(vault)) == before + 1


def test_a_lost_half_makes_both_anew(ks):
    first = pair(ks)
    assert kernel_keyring.drop(f"keyswitch:val:{CREDENTIAL}#secret_key:") == 1
    second = pair(ks)
    assert (first[0] != second[0], first[1] != second[1]) == (True, True)
    assert pair(ks) == second


def test_one_half_alone_brings_the_other(ks):
    ks("helper", "api-key", "cloud")
    names = " ".join(name for _, name in kernel_keyring.entries())
    assert "#access_key" in names
    assert "#secret_key" in names


def test_listings_say_when_the_lease_ends(ks):
    pair(ks)
    assert "lease until " in ks("list").out
    shown = json.loads(ks("show", "cloud", "--json").out)
    secrets = shown["profile"]["secrets"]
    assert secrets["secret_access_key"]["lease_ends_at"] > "2026"


@pytest.mark.parametrize(
    ("lifetime", "lease", "kept"),
    [(900, 0, 900), (900, LEASE, 900), (900, 600, 540), (900, 40, 10)],
)
def test_a_value_is_kept_no_longer_than_its_lease(
    monkeypatch, lifetime, lease, kept
):
    seen = []
    monkeypatch.setattr(
        kernel_keyring, "write_value", lambda *given: seen.append(given[-1])
    )
    answer = Fetched(cache.Secret("FAKE"), lease)
    cache.keep(("reference", "x", 1), answer, lifetime)
    assert seen == [kept]


def test_a_lease_that_ends_at_once_is_not_kept(monkeypatch):
    monkeypatch.delattr(kernel_keyring, "write_value")
    answer = Fetched(cache.Secret("FAKE"), 20)
    cache.keep(("reference", "x", 1), answer, 900)


def test_aws_tools_learn_when_to_ask_again(ks):
    answer = json.loads(ks("helper", "aws", "cloud").out)
    assert answer["Expiration"].endswith("Z")
