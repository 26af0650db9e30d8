"""Switching between kinds of accounts leaves nothing that counts later."""

import json
import random

import pytest

from tests.cli.accounts import log_in, two_accounts
from tests.cli.keyswitch import KEY

GATEWAY = "FAKE-gateway-token-0123456789EXAMPLE"
AWS_SECRET = "FAKEwJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEK"
KINDS = ("a", "b", "key", "gate", "rock", "console")
# What Claude Code's files hold of a person's own, which has to stay.
SETTINGS = '{\n\t"model": "opus",\n\t"env": {"EDITOR": "vi"}\n}\n'


@pytest.fixture
def kinds(ks):
    two_accounts(ks)
    ks("off")
    ks("add", "key", "--provider", "anthropic", "--store", "vault", "--stdin",
       stdin=KEY)  # fmt: skip
    ks.add("gate", "--set", "base_url=https://gateway.example.com",
           secret=GATEWAY, provider="gateway")  # fmt: skip
    ks.add("rock", "--set", "region=eu-central-1",
           "--set", "access_key_id=AKIAFAKEFAKEEXAMPLE0",
           secret=AWS_SECRET, provider="bedrock")  # fmt: skip
    config = {
        "primaryApiKey": "sk-ant-api03-FAKE-console-0000000000000000EXAMPLE",
        "oauthAccount": {"accountUuid": "c", "emailAddress": "c@example.com"},
        "projects": {},
    }
    ks.file(".claude/.credentials.json").unlink()
    ks.file(".claude.json").write_text(json.dumps(config))
    ks("login", "console", "--capture")
    ks("off")
    log_in(ks.home, "own")  # a login that no profile has
    ks.file(".claude/settings.json").write_text(SETTINGS)
    return ks


def contents(ks):
    # A member that was away for a while comes back at the end of its file.
    return ks.file(".claude/settings.json").read_bytes(), *(
        json.loads(ks.file(name).read_text())
        for name in (".claude/.credentials.json", ".claude.json")
    )


def walk():
    """Return an order in which each kind follows each other one."""
    chance, order = random.Random(7), ["a"]
    left = {(x, y) for x in KINDS for y in KINDS if x != y}
    while left:
        ways = [y for x, y in sorted(left) if x == order[-1]]
        step = chance.choice(ways or [k for k in KINDS if k != order[-1]])
        left.discard((order[-1], step))
        order.append(step)
    return order


def test_every_kind_follows_every_other_and_off_gives_back(kinds):
    before = contents(kinds)
    for name in walk():
        kinds("use", name)
        verdict = json.loads(kinds("whoami", "--json").out)
        assert verdict["in_use"] is True, (name, verdict)
        sent = verdict["request"]
        headers = filter(None, (sent["x-api-key"], sent["authorization"]))
        owners = {header["profile"] for header in headers}
        assert owners == {name}, verdict
    done = kinds("off")
    assert contents(kinds) == before, done.err
    assert json.loads(kinds("whoami", "--json", code=0).out)["in_use"] is None
