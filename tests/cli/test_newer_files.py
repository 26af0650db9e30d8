"""Files that a newer keyswitch wrote: said, and nothing is changed."""

import hashlib
import json

import pytest

from tests.cli.keyswitch import KEY, two_keys
from tests.cli.logins import Logins

STATE = ".local/state/keyswitch"
VAULT = ".local/share/keyswitch/vault.ksv"
NEWER = "was written by a newer keyswitch"


def with_everything(ks):
    two_keys(ks)
    ks.file(".claude").mkdir()
    Logins(ks).capture("anna")
    ks("use", "work")


@pytest.fixture
def used(bare):
    return bare.begin_as(with_everything)


def newer(path):
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "version": 2, "more": [1]}))
    return path


def _baseline(ks):
    folder = ks.file(f"{STATE}/baseline")
    [record] = [p for p in folder.iterdir() if p.name != "logins.json"]
    # This home is a copy, and a record's name is a digest of its place.
    place = f"{ks.home}/.claude".encode()
    name = hashlib.sha256(place).hexdigest()[:16]
    return newer(record.rename(folder / f"{name}.json"))


JOURNAL = {"steps": [], "locks": []}
PLACES = {
    "state": lambda ks: newer(ks.file(f"{STATE}/state.json")),
    "undo": lambda ks: newer(ks.file(f"{STATE}/undo.json")),
    "baseline": _baseline,
    "ledger": lambda ks: newer(ks.file(f"{STATE}/baseline/logins.json")),
    "journal": lambda ks: _written(ks, "journal/prepared"),
    "commit": lambda ks: _written(ks, "journal/commit"),
    "made": lambda ks: _written(ks, "baseline/made.json"),
    "start files": lambda ks: _written(ks, "start-files.json"),
}


def _written(ks, name):
    path = ks.file(f"{STATE}/{name}")
    path.write_text(json.dumps({"version": 1, "made": [], **JOURNAL}))
    return newer(path)


@pytest.mark.parametrize("kind", PLACES)
def test_a_newer_file_is_named_and_nothing_changes(used, kind):
    path = PLACES[kind](used)
    before = used.everything()
    for args in (("use", "anna"), ("off",), ("remove", "work", "--yes")):
        done = used(*args, code=1)
        assert done.error == f"{path} {NEWER}"
        assert "update keyswitch" in done.err
    assert f"{path} {NEWER}" in used("doctor", code=1).out
    used("doctor", "--fix", "--yes", code=1)
    after = used.everything()
    assert {p: after.get(p) for p in before} == before


def test_a_newer_record_of_a_secrets_use_gives_nothing_out(used):
    for path in used.file(f"{STATE}/bound").iterdir():
        newer(path)
    used.file(f"{STATE}/compiled/work").unlink(missing_ok=True)
    assert NEWER in used("env", "work", "--format", "json", code=1).err
    assert NEWER in used("use", "work", code=1).err


def test_a_newer_intent_is_left(used):
    path = used.file(f"{STATE}/intents/ks1-00.1")
    path.write_text("keyswitch-intent 2\nvault\nks1-00\n1\nwork\nmore\n")
    used("use", "personal")
    assert path.exists()


def test_a_newer_vault_is_not_damaged(used):
    path = used.file(VAULT)
    data = path.read_bytes().replace(b"vault/1", b"vault/2", 1)
    path.write_bytes(data)
    for args in (
        ("vault", "status"), ("vault", "rotate"), ("rotate", "work", "--stdin"),
        ("add", "x", "--provider", "anthropic", "--store", "vault", "--stdin"),
    ):  # fmt: skip
        done = used(*args, stdin=KEY, code=1)
        assert done.error == f"the vault {NEWER}"
        assert "update keyswitch" in done.err
    assert f"the vault {NEWER}" in used("doctor", code=1).out
    assert path.read_bytes() == data


def test_a_newer_note_of_the_vault_that_was_seen_is_not_written_over(used):
    path = used.file(f"{STATE}/vault-seen")
    path.write_text("keyswitch-seen 2\nmore\n")
    assert used("vault", "rotate", code=1).error == f"{path} {NEWER}"
    assert path.read_text() == "keyswitch-seen 2\nmore\n"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_damaged_vault_names_the_version_that_lies_beside_it(used, number):
    path = used.file(VAULT)
    for before in path.parent.glob("vault.ksv.*"):
        before.unlink()
    path.write_bytes(path.read_bytes()[:-1])
    if number:
        path.with_name(f"vault.ksv.{number}").write_bytes(b"x")
    hint = used("vault", "rotate", code=1).err.splitlines()[-1]
    wanted = (
        f"{path}.{number}, the previous version" if number else "from a backup"
    )
    assert wanted in hint
    assert ("vault.ksv." in hint) == bool(number)
