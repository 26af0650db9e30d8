"""What HTTP and the manager's own tool give is the same, of real servers."""

import os

import pytest

from keyswitch.errors import KeyswitchError
from keyswitch.profiles.paths import resolve
from keyswitch.profiles.settings import Settings
from keyswitch.secrets.references import (
    aws_http,
    command_line,
    managers,
    vault_http,
)
from keyswitch.secrets.references.tool import Caller
from tests.secrets.references.vault_stub import ROOT

KEY = "sk-FAKE-EXAMPLE-both"


@pytest.fixture(autouse=True)
def _elsewhere(home, monkeypatch):
    """No program of the working directory is started: not of this clone."""
    monkeypatch.chdir(home)


def outcome(read):
    """Return the value that a read gives, or the kind of its error."""
    try:
        return read().value.reveal()
    except KeyswitchError as error:
        return type(error).__name__


def both(text, way, table):
    """Return what a way over HTTP and the tool give for a reference."""
    known = managers.load(Settings())
    reference = known.parse(text)
    manager = known.get(reference.manager)
    caller = Caller(resolve(os.environ))
    return (
        outcome(lambda: way.read([reference], table, 10)[text]),
        outcome(lambda: command_line.read(manager, reference, 20, caller)),
    )


@pytest.fixture
def vault(bao, authority, monkeypatch):
    monkeypatch.setenv("BAO_TOKEN", ROOT)
    monkeypatch.setenv("BAO_ADDR", bao.address)
    monkeypatch.setenv("BAO_CACERT", str(authority.ca_file))
    return {"address": bao.address, "ca_file": str(authority.ca_file)}


OF_VAULT = {
    "secret/team/both#key": KEY,
    "secret/team/both#file": KEY,
    "secret/team/both#number": "5",
    "secret/team/both#flag": "true",
    "kv/team/both#key": KEY,
    "team/kv/both#key": KEY,  # a mount of two words
    "secret/team/both#none": "NoItemError",
    "secret/team/none#key": "NoItemError",
    "kv/team/none#key": "NoItemError",
    "rabbitmq/creds/none#username": "NoItemError",
}


@pytest.mark.real("bao")
@pytest.mark.parametrize("place", OF_VAULT)
def test_openbao_gives_its_tool_what_it_gives_over_http(bao, vault, place):
    fields = {"key": KEY, "file": f"{KEY}\n", "number": 5, "flag": True}
    bao.call("POST", "secret/data/team/both", {"data": fields})
    bao.call("POST", "kv/team/both", fields)
    bao.call("POST", "team/kv/data/both", {"data": fields})
    expected = OF_VAULT[place]
    assert both(f"bao:{place}", vault_http, vault) == (expected, expected)


@pytest.mark.real("bao")
def test_a_token_that_has_ended_is_locked_both_ways(vault, monkeypatch):
    monkeypatch.setenv("BAO_TOKEN", "s.endedFAKEEXAMPLE")
    locked = ("LockedError", "LockedError")
    assert both("bao:secret/team/both#key", vault_http, vault) == locked


OF_AWS = {
    "aws-sm:eng/text": "sk-FAKE-EXAMPLE-aws\n",
    "aws-sm:eng/json#key": "sk-FAKE-EXAMPLE-aws",
    "aws-sm:eng/json#number": "5",
    "aws-ssm:/eng/key": "sk-FAKE-EXAMPLE-aws",
    "aws-sm:eng/none": "NoItemError",
    "aws-sm:eng/gone": "NoItemError",
    "aws-ssm:/none": "NoItemError",
    "aws-sm:eng/bytes": "StoreError",
    "aws-sm:eng/text#key": "StoreError",
    "aws-sm:eng/json#none": "NoItemError",
    "aws-sm:eng/json#nested": "StoreError",
}


@pytest.mark.real("moto", "aws")
@pytest.mark.parametrize("text", OF_AWS)
def test_aws_gives_its_tool_what_it_gives_botocore(moto, monkeypatch, text):
    for name, value in moto.environ.items():
        monkeypatch.setenv(name, value)
    assert both(text, aws_http, {}) == (OF_AWS[text], OF_AWS[text])
