"""What version 0.1.0 left is read by every later one, and nothing is lost."""

import hashlib
import json
import shutil

import pytest

from keyswitch.directories.links import mark_of
from tests.cli.keyswitch import OTHER
from tests.cli.logins import Logins, tokens
from tests.components import ROOT

VECTORS = ROOT / "tests/vectors/state-0.1.0/home"
THEN = "/tmp/keyswitch-0.1.0/home"
STATE = ".local/state/keyswitch"
KEY = "sk-ant-api03-FAKE-{}-0000000000000000000000000EXAMPLE"
SECRETS = {
    "work": KEY.format("work"),
    "personal": KEY.format("personal2"),
    "gateway": "FAKE-gateway-0000000000000000EXAMPLE",
}
SETTINGS = '{\n  "theme": "dark",\n  "apiKeyHelper": "echo FAKE-mine"\n}\n'


@pytest.fixture
def old(bare):
    """Return a home with those files, which believe to be at home there."""
    home = str(bare.home)
    shutil.copytree(VECTORS, home, dirs_exist_ok=True)
    for path in bare.home.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            path.write_bytes(text.replace(b"@HOME@", home.encode()))
            path.chmod(0o600)
        else:
            path.chmod(0o700)
    baseline, trust = (
        bare.file(f"{STATE}/baseline"),
        bare.file(f"{STATE}/trust"),
    )
    (baseline / f"{record(THEN)}.json").rename(
        baseline / f"{record(home)}.json"
    )
    (trust / mark(THEN)).rename(trust / mark(home))
    return bare


def record(home):
    return hashlib.sha256(f"{home}/.claude".encode()).hexdigest()[:16]


def mark(home):
    return mark_of(f"{home}/src/.keyswitch", b"personal\n")


def test_everything_is_listed_and_what_was_interrupted_is_taken_back(old):
    found = json.loads(old("list", "--json").out)
    names = {profile["name"] for profile in found["profiles"]}
    assert names == {*SECRETS, "anna", "bert"}
    assert old("current").out == "work\n"
    assert old("history").out.count("\n") == 15
    state = old.file(STATE)
    assert list((state / "journal").iterdir()) == []
    assert list((state / "intents").iterdir()) == []
    assert sorted(p.name for p in old.file(".claude").iterdir()) == [
        ".credentials.json", "settings.json",
    ]  # fmt: skip


def test_every_secret_is_still_there(old):
    for name, secret in SECRETS.items():
        assert old("helper", "api-key", name).out == secret + "\n"
        assert secret in old("env", name, "--format", "json").out


def test_a_switch_and_its_undo_and_off_find_what_was_before(old):
    old("use", "personal")
    assert SECRETS["personal"] in old("env", "--format", "json").out
    old("undo")
    assert old("current").out == "work\n"
    old("off")
    assert old.file(".claude/settings.json").read_text() == SETTINGS
    assert old("current", code=1).out == ""


@pytest.mark.parametrize("name", ["anna", "bert"])
def test_a_stored_login_is_put_in_place(old, name):
    logins = Logins(old)
    old("use", name, code=None)  # the person's own helper outranks it
    assert logins.live() == tokens(name, 1)[0]
    old("off")
    other = "bert" if name == "anna" else "anna"
    old("use", other, code=None)
    assert logins.live() == tokens(other, 1)[0]


def test_a_change_of_then_is_taken_back(old):
    for _ in range(4):  # the switches since
        old("undo", code=None)
    assert "model" not in old("show", "personal").out
    old("undo")
    assert old("helper", "api-key", "personal").out == (
        KEY.format("personal") + "\n"
    )


def test_links_count_and_profiles_can_be_changed(old):
    assert old.at("src", "current").out == "personal\n"
    assert "github.com/acme/*" in old("link").out
    old("rotate", "gateway", "--stdin", stdin=OTHER)
    old("rename", "gateway", "other")
    assert old("helper", "api-key", "other").out == OTHER + "\n"


def test_a_bundle_is_imported(old):
    old("remove", "gateway", "--yes")
    old.file("passphrase").write_text("FAKE passphrase EXAMPLE")
    old(
        "import", "gateway.ksb", "--passphrase-file", "passphrase", "--yes",
        "--store", "vault", "--accept-host", "gw.example.com",
    )  # fmt: skip
    assert old("helper", "api-key", "gateway").out == (
        SECRETS["gateway"] + "\n"
    )
