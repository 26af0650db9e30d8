"""No keychain takes another's place, and no vault a keychain's, unsaid."""

import pytest

from keyswitch.changes import store_choice
from keyswitch.secrets.keychain.store import KeychainStore
from keyswitch.workspace import Workspace
from tests.cli.keyswitch import KEY, Keyswitch
from tests.keychains.lane import Lane
from tests.keychains.states import STATES
from tests.proof import record


@pytest.fixture(scope="module")
def lane(tmp_path_factory):
    made = Lane(tmp_path_factory.mktemp("second"))
    yield made
    made.close()


class Answers:
    """What each backend answers to a probe; notes who was asked."""

    def __init__(self, monkeypatch, **answers):
        self.asked = []

        def call(_self, _op, backend, *_rest):
            self.asked.append(backend)
            return answers[backend.replace("-", "_")]

        monkeypatch.setattr(KeychainStore, "_call", call)


GOOD = {"ok": True, "locked": False}


@pytest.mark.parametrize("error", ["locked", "silent", "denied", "plain"])
def test_a_keychain_that_is_there_is_not_passed_over(monkeypatch, error):
    answers = Answers(
        monkeypatch, secret_service={"error": error}, kwallet=GOOD
    )
    found = KeychainStore().probe()
    assert (found.ok, answers.asked) == (False, ["secret-service"])


def test_another_keychain_than_the_first_is_named(monkeypatch, home):
    Answers(
        monkeypatch,
        secret_service={"error": "absent", "why": "not running"},
        kwallet=GOOD,
    )
    choice = store_choice.choose_store(Workspace({"HOME": str(home)}), None)
    assert choice.notes == ("Secret Service: not running, so KWallet is used",)


@pytest.mark.parametrize(
    "state", ["no-service", "mute", "locked", "plain-only", "no-default"]
)
def test_the_vault_takes_the_keychain_s_place_only_with_a_word(
    lane, tmp_path, state
):
    wrong = STATES[state]
    lane.empty_home()
    lane.order(wrong.orders)
    ks = Keyswitch(tmp_path, **lane.environ(wrong.bus)).with_vault()
    add = ("--provider", "anthropic", "--stdin")
    done = ks("add", "work", *add, stdin=KEY)
    assert "no keychain here" in done.err
    assert "so the secret goes to the vault" in done.err
    if state != "no-service":  # one that is there, and of no use
        assert "(Secret Service: " in done.err
    done = ks("add", "other", *add, "--store", "keychain", stdin=KEY, code=1)
    assert "no usable keychain" in done.error
    assert not ks.profile_file("other").exists()
    lane.settle()
    assert lane.items == {}
    record(promise="P8", what="the vault in a keychain's place", points=2,
           violations=0)  # fmt: skip


def test_a_missing_keychain_is_told_of_once(monkeypatch, home):
    gone = {"error": "absent", "why": "not running"}
    Answers(monkeypatch, secret_service=gone, kwallet=gone)
    ks = Keyswitch(home).with_vault()
    first = store_choice.choose_store(Workspace({"HOME": str(home)}), None)
    assert first.notes == ("no keychain here, so the secret goes to the vault",)
    ks.add("one")
    second = store_choice.choose_store(Workspace({"HOME": str(home)}), None)
    assert second.notes == ()
    assert "Secret Service: not running" in second.details  # for -v
    # Where there was one, its secrets lie there: that is another matter.
    file = ks.profile_file("one")
    file.write_text(file.read_text().replace('"vault"', '"keychain"'))
    third = store_choice.choose_store(Workspace({"HOME": str(home)}), None)
    assert "(Secret Service: not running" in third.notes[0]


def test_a_service_without_a_collection_is_no_missing_one(monkeypatch, home):
    there = {"error": "absent", "why": "no collection", "there": True}
    gone = {"error": "absent", "why": "not running"}
    Answers(monkeypatch, secret_service=there, kwallet=gone)
    Keyswitch(home).with_vault()
    choice = store_choice.choose_store(Workspace({"HOME": str(home)}), None)
    assert "(Secret Service: no collection" in choice.notes[0]
