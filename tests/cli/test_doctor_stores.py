"""Doctor names a store that is missing or old, an item that is not there."""

import json

import pytest

from tests.cli.keyswitch import KEY, two_keys


@pytest.fixture
def two(ks):
    ks.begin_as(two_keys)
    ks("use", "work")
    return ks


def found(ks, **environ):
    done = ks("doctor", "--json", code=None, **environ)
    assert KEY not in done.out + done.err
    return {f["id"]: f for f in json.loads(done.out)["findings"]}


def vault(ks):
    return ks.file(".local/share/keyswitch/vault.ksv")


def test_a_home_in_order_has_none_of_it(two):
    assert not {"store-unusable", "secret-missing"} & set(found(two))


def test_a_vault_that_is_gone(two):
    for path in vault(two).parent.glob("vault.ksv*"):
        path.unlink()
    entry = found(two)["store-unusable"]
    assert entry["severity"] == "error"
    assert "'personal', 'work'" in entry["what"]
    assert "keyswitch vault init" in entry["fix"]


def test_a_vault_that_is_older_than_it_was(two):
    before = vault(two).read_bytes()
    two("rotate", "personal", "--stdin", stdin=KEY)
    vault(two).write_bytes(before)
    entry = found(two)["store-unusable"]
    assert "older than when last seen" in entry["why"]
    assert "accept-rollback" in entry["fix"]


def test_an_item_of_another_profile_that_is_not_there(two):
    path = two.profile_file("personal")
    text = path.read_text()
    item = text.split('item = "')[1].split('"')[0]
    path.write_text(text.replace(item, "ks1-" + "0" * 32))
    two("use", "work")
    entry = found(two)["secret-missing"]
    assert entry["severity"] == "warning"
    assert entry["fix"] == "keyswitch rotate personal"


def test_a_profile_that_a_terminal_still_exports(two):
    line = two("env", "work", "--shell", "sh").out
    exported = dict(
        pair.split("=", 1)
        for pair in two.at(".", "env", "work", "--format", "dotenv").out.split()
    )
    marker = line.split("KEYSWITCH_ENV='")[1].split("'")[0]
    two("off")
    two("remove", "work", "--yes")
    entry = found(
        two,
        KEYSWITCH_ENV=marker,
        **{n: v.strip("'\"") for n, v in exported.items()},
    )["exported-profile-missing"]
    assert entry["fix"] == 'eval "$(keyswitch env --unset)"'


def test_a_profile_that_the_terminal_itself_chose(two):
    entry = found(two, KEYSWITCH_PROFILE="gone")["profile-missing"]
    assert entry["fix"] == 'eval "$(keyswitch off --here)"'
