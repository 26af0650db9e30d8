"""What a switch does to logins: whose they are, what is kept, what comes back.

Each test is one home with the profiles "one" (account A) and "two" (B), and
what Claude Code wrote in between.
"""

import json
import os
import shutil

import pytest

from keyswitch.changes.login_ledger import KEPT
from keyswitch.errors import InputError, StoreError
from keyswitch.model import Profile
from keyswitch.secret import Secret
from keyswitch.switching.activation import use as activate
from keyswitch.switching.editing import profile_changes
from keyswitch.switching.logging_in import capture, leftovers, logout
from keyswitch.switching.upkeep import undo
from keyswitch.targets.claude_code.login import parts as login_parts
from tests.switching.claude_accounts import (
    DEVICE,
    NAME,
    OAUTH,
    Account,
    OldSession,
    blanked,
)
from tests.switching.test_login_interleavings import (
    ELSEWHERE,
    FOREIGN,
    A,
    B,
    World,
)

ANSWERS = "customApiKeyResponses"


class NamedLogins(World):
    """Commands by their names, facts by theirs."""

    def keep(self, name, account=None):
        if account is not None:
            self.whose[name] = account
        assert self.keyswitch(lambda w: capture.capture(w, name, store="vault"))

    def use(self, name):
        assert self.keyswitch(lambda w: activate.use(w, name, configure=True))

    def off(self):
        assert self.keyswitch(activate.off)

    def undo(self):
        assert self.keyswitch(undo.undo_last)

    def remove(self, name):
        assert self.keyswitch(
            lambda w: profile_changes.remove(w, name),
            gives_up=self.whose[name],
        )

    def adopt(self, name, account):
        self.whose[name] = account
        assert self.keyswitch(
            lambda w: capture.from_orphan(w, name, store="vault")
        )

    def notes_of(self, act):
        return "\n".join(act(self.workspace()).notes)

    def log_in(self, account, **more):
        return self.elsewhere(lambda: self.claude.log_in(account, **more))

    def kept(self, name):
        """Return the stored logins of a profile, newest first."""
        entries = self.entries()
        return [
            self.parts(g, entries)
            for g in self.ledger().generations.get(name, ())
        ]

    def orphans(self):
        entries = self.entries()
        return [self.parts(g, entries) for g in self.ledger().orphans]

    @property
    def live(self):
        return self.claude.login().get("accessToken", "")


@pytest.fixture
def home(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    made = NamedLogins()
    for name, account in (("two", B), ("one", A)):
        made.log_in(account)
        made.keep(name, account)
    made.use("one")
    yield made
    shutil.rmtree(made.home)


def config(home):
    return json.loads(home.claude.config.read_text())


# ------------------------------------------------------------- whose it is


def test_renewed_tokens_are_the_account_s_however_often(home):
    for _ in range(4):
        home.claude.renew()
    newest = home.live
    home.use("two")
    assert home.kept("one")[0].access_token == newest


def test_a_token_is_known_again_without_any_account(home):
    login = home.claude.login()
    bare = {k: v for k, v in login.items() if not k.endswith("Uuid")}
    home.claude.write(home.claude.credentials, **{OAUTH: bare})
    home.claude.write(home.claude.config, **{NAME: None})
    home.use("two")
    assert len(home.kept("one")) == 1
    assert home.orphans() == []


def test_old_tokens_that_name_no_account_are_the_shown_name_s(home):
    """A Claude Code that never writes the account beside the tokens."""
    for account, name in ((FOREIGN, "four"), (A, "five")):
        home.log_in(account, own_name=False)
        if name == "four":
            home.keep(name, account)
    home.use("four")
    home.claude.renew()
    newest = home.live
    home.use("two")
    assert home.kept("four")[0].access_token == newest


def test_tokens_that_name_none_where_others_do_are_nobody_s(home):
    home.log_in(A, own_name=False)
    home.use("two")
    assert len(home.kept("one")) == 1
    assert len(home.orphans()) == 1


def test_logout_takes_the_console_key_beside_another_one_s_tokens(home):
    home.use("one")
    session = OldSession(home.claude)
    home.elsewhere(lambda: home.claude.console(B))
    home.elsewhere(session.write_back)
    assert home.claude.key()
    assert home.keyswitch(
        lambda w: logout.remove(w, "two"), gives_up=home.whose["two"]
    )
    assert not home.claude.key()
    assert home.service.owner[home.live] == A
    assert home.claude.name() != B.name()


# ------------------------------------------- tokens that name no account


@pytest.fixture
def old(monkeypatch):
    """A home of a Claude Code that never writes the account to the tokens."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    made = NamedLogins()
    made.service.bare |= {A, B}
    for name, account in (("anna", A), ("bert", B)):
        made.log_in(account)
        made.keep(name, account)
    yield made
    shutil.rmtree(made.home)


def written_back(home):
    """Let an old session of anna write its renewed tokens over bert's."""
    home.use("anna")
    session = OldSession(home.claude)
    home.use("bert")
    assert session.write_back()
    return session


def test_tokens_that_go_by_the_shown_name_are_kept_beside_the_former(old):
    bert = old.live
    anna = written_back(old).memory["accessToken"]
    old.use("anna")
    assert "it was saved for 'bert'" in "\n".join(old.said)
    assert [p.access_token for p in old.kept("bert")] == [anna, bert]


def test_what_was_kept_by_a_wrong_name_goes_to_whom_it_belongs(old):
    bert = old.live
    anna = written_back(old).memory["accessToken"]
    old.use("anna")
    old.adopt("anna", A)
    assert "it was saved as the login of 'bert'" in "\n".join(old.said)
    for name, account, token in (("anna", A, anna), ("bert", B, bert)):
        old.use(name)
        assert (old.live, old.claude.name()) == (token, account.name())


def test_what_goes_by_a_name_pushes_no_sure_login_out(old):
    bert = old.live
    session = written_back(old)
    for _ in range(KEPT + 2):
        old.use("anna")
        old.use("bert")
        session.write_back()
    assert bert in {p.access_token for p in old.kept("bert")}


def test_logins_of_a_wrong_name_outlive_its_profile(old):
    anna = written_back(old).memory["accessToken"]
    old.use("anna")  # bert's newest is anna's
    old.log_in(B)
    old.keep("bert")
    old.remove("bert")
    assert anna in {p.access_token for p in old.orphans()}
    assert "2 older logins of 'bert'" in old.said[-1]
    assert "keyswitch login NAME --orphan" in old.said[-1]


def test_a_capture_of_tokens_that_name_nobody_says_so(old):
    old.log_in(FOREIGN)
    old.service.bare.add(FOREIGN)
    old.log_in(FOREIGN)
    old.keep("four", FOREIGN)
    said = "the account of this login is unknown; Claude Code shows d@"
    assert said in "\n".join(old.said)


def test_tokens_that_name_no_account_are_no_shown_account_s(old):
    """They may be anybody's, so that one does not push another out."""
    old.service.bare.add(FOREIGN)
    found = set()
    for _ in range(KEPT + 2):
        old.log_in(FOREIGN)
        found.add(old.live)
        old.use("anna")
        said = (
            "the previous login is unknown, though Claude Code shows d@example"
        )
        assert said in old.said[-1]
    assert {p.access_token for p in old.orphans()} == found


@pytest.mark.parametrize("name", [FOREIGN.user, "new"])
def test_a_new_profile_is_of_nobody_s_login_before_that_of_another(old, name):
    old.service.bare.add(FOREIGN)
    old.log_in(FOREIGN)
    foreign = old.live
    old.use("bert")
    old.claude.renew()  # its tokens name no account, and bert is shown
    renewed = old.live
    old.use("anna")
    assert old.kept("bert")[0].access_token == renewed
    old.adopt(name, FOREIGN)
    assert old.kept(name)[0].access_token == foreign
    assert old.kept("bert")[0].access_token == renewed


def test_another_organisation_of_the_same_person_is_another_account(home):
    home.log_in(ELSEWHERE)
    home.use("two")
    assert len(home.kept("one")) == 1
    home.adopt("other", ELSEWHERE)
    home.use("other")
    home.claude.renew()
    home.use("one")
    assert len(home.kept("other")) == 2


def test_what_two_profiles_could_own_is_nobody_s(home):
    """Two organisations of one person, and tokens that name neither."""
    home.log_in(ELSEWHERE)
    home.keep("other", ELSEWHERE)
    made = home.log_in(A)
    made = {k: v for k, v in made.items() if k != "organizationUuid"}
    home.claude.write(home.claude.credentials, **{OAUTH: made})
    home.claude.write(home.claude.config, **{NAME: None})
    home.use("two")
    assert (len(home.kept("one")), len(home.kept("other"))) == (1, 1)
    assert len(home.orphans()) == 1


def test_a_key_profile_of_a_login_s_old_name_gets_no_login(home):
    home.use("two")
    home.remove("one")
    workspace = home.workspace()
    key = Secret("sk-ant-api03-FAKE-one-" + "0" * 60)
    fresh = {"api_key": profile_changes.new_secret(workspace, "vault", key)}
    profile_changes.add(workspace, Profile("one", "anthropic"), fresh)
    home.log_in(A)
    home.use("two")
    profile, _ = home.workspace().load("one")
    assert set(profile.secrets) == {"api_key"}
    assert len(home.orphans()) == 1


# ------------------------------------------- two accounts in the same files


def mixed(home):
    """Let an old session of B write its tokens under A's name."""
    home.use("two")
    session = OldSession(home.claude)
    home.claude.write(home.claude.credentials, **{DEVICE: None})
    home.use("one")
    home.claude.write(
        home.claude.credentials, **{DEVICE: f"FAKE-device-{A.user}"}
    )
    answers = {"approved": ["tail-of-a"]}
    home.claude.write(home.claude.config, **{ANSWERS: answers})
    home.elsewhere(session.write_back)
    return session


def test_only_its_own_is_stored_with_a_login_under_another_s_name(home):
    session = mixed(home)
    home.use("two")
    newest = home.kept("two")[0]
    assert newest.access_token == session.memory["accessToken"]
    assert newest.value(NAME) == B.name()
    assert newest.value(DEVICE) is None
    assert newest.value(ANSWERS) is None
    assert home.claude.name() == B.name()


def test_a_login_under_another_s_name_is_put_right_by_use(home):
    mixed(home)
    leftovers.remember(home.workspace())
    home.use("two")
    assert home.claude.name() == B.name()
    assert home.live == home.kept("two")[0].access_token


def test_a_console_key_beside_another_s_tokens_is_kept_for_itself(home):
    home.use("two")
    session = OldSession(home.claude)
    key = home.elsewhere(lambda: home.claude.console(FOREIGN))
    home.elsewhere(session.write_back)
    home.use("one")
    assert key not in {p.managed_key for p in home.kept("two")}
    assert [p.managed_key for p in home.orphans()] == [key]
    assert home.claude.key() == ""


def test_a_key_that_is_known_as_another_s_is_left_out(home):
    key = home.elsewhere(lambda: home.claude.console(FOREIGN))
    home.keep("four", FOREIGN)
    home.log_in(A)
    home.claude.write(home.claude.config, primaryApiKey=key)
    home.use("two")
    assert home.kept("one")[0].managed_key == ""
    assert home.kept("four")[0].managed_key == key


def test_logout_of_mixed_files_leaves_what_is_another_s(home):
    mixed(home)
    leftovers.remember(home.workspace())
    assert home.keyswitch(lambda w: logout.remove(w, "two"), gives_up=B)
    assert home.claude.login() == {}
    assert home.claude.name() == A.name()
    assert config(home)[ANSWERS] == {"approved": ["tail-of-a"]}


# -------------------------------------------------------- what is not stored


def test_what_is_left_of_a_refused_login_replaces_no_tokens(home):
    """R3, with a Console key still beside the blanked login."""
    key = home.service.console_key(A)
    home.claude.write(home.claude.config, primaryApiKey=key)
    home.use("two")
    home.use("one")
    home.claude.blank()
    home.use("two")
    assert len(home.kept("one")) == 1
    assert home.kept("one")[0].has_tokens
    home.use("one")
    assert home.live


def test_a_new_key_beside_a_refused_login_is_kept_beside_it(home):
    key = home.service.console_key(A)
    home.claude.blank()
    home.claude.write(home.claude.config, primaryApiKey=key)
    home.use("two")
    assert home.kept("one")[0].has_tokens
    assert [p.managed_key for p in home.orphans()] == [key]


def test_a_key_that_stays_the_same_is_no_sign_of_an_old_login(home):
    home.claude.write(
        home.claude.config, primaryApiKey=home.service.console_key(A)
    )
    for _ in range(3):
        home.use("two")
        home.use("one")
        home.claude.renew()
    newest = home.live
    home.use("two")
    assert home.kept("one")[0].access_token == newest
    assert home.orphans() == []


def test_nothing_is_stored_twice(home):
    before = len(home.entries())
    for name in ("two", "one", "one", "two", "key", "two"):
        home.use(name)
    assert len(home.entries()) == before


def test_what_changed_beside_the_tokens_takes_the_place_of_the_former(home):
    home.claude.renew()
    home.use("two")
    home.use("one")
    for number in range(4):
        answers = {"approved": [f"tail-{number}"]}
        home.claude.write(home.claude.config, **{ANSWERS: answers})
        home.use("two")
        home.use("one")
    assert config(home)[ANSWERS] == {"approved": ["tail-3"]}
    assert len({p.access_token for p in home.kept("one")}) == 2
    assert len(home.kept("one")) == 2


# --------------------------------------------------------------------- stores


def test_a_login_stays_in_its_store_when_another_is_chosen(home, monkeypatch):
    """R5 and no silent change of store: the target's is not for the live."""
    stored = []
    real = capture.LoginBook._put

    def put(self, parts, store, number):
        stored.append(store)
        return real(self, parts, "vault", number)

    monkeypatch.setattr(capture.LoginBook, "_put", put)
    path = home.home / ".config/keyswitch/profiles/two.toml"
    path.write_text(path.read_text().replace('"vault"', '"keychain"'))
    home.claude.renew()
    with pytest.raises(StoreError):
        activate.use(home.workspace(), "two", configure=True)
    assert set(stored) == {"vault"}


def test_a_store_that_lies_changes_nothing(home, monkeypatch):
    from keyswitch.secrets.vault.reading import Vault

    home.claude.renew()
    before = home.claude.credentials.read_bytes(), home.ledger()
    real = Vault.get
    monkeypatch.setattr(
        Vault,
        "get",
        lambda self, item, generation: Secret(
            real(self, item, generation).reveal()[:-1] + " }"
        ),
    )
    with pytest.raises(StoreError):
        activate.use(home.workspace(), "two", configure=True)
    monkeypatch.undo()
    assert (home.claude.credentials.read_bytes(), home.ledger()) == before


def test_a_profile_file_that_is_an_old_copy_does_not_bring_old_tokens(home):
    path = home.home / ".config/keyswitch/profiles/one.toml"
    old = path.read_text()
    home.claude.renew()
    newest = home.live
    home.use("two")
    path.write_text(old)
    home.use("one")
    assert home.live == newest


# ------------------------------------------------------------ what comes back


@pytest.fixture
def bare(monkeypatch):
    """A home with "one" and "two" kept, and nobody logged in."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    made = NamedLogins()
    for name, account in (("two", B), ("one", A)):
        made.log_in(account)
        made.keep(name, account)
    made.claude.credentials.unlink()
    made.claude.config.unlink()
    made.off()
    yield made
    shutil.rmtree(made.home)


def test_off_takes_the_login_out_where_there_was_none(bare):
    bare.claude.write(bare.claude.config, odd=1)
    before = bare.claude.config.read_bytes()
    bare.use("one")
    bare.use("two")
    bare.off()
    assert not bare.claude.credentials.exists()
    assert bare.claude.config.read_bytes() == before


def test_off_gives_back_answers_that_were_there_without_a_login(bare):
    mine = {"approved": ["tail-of-mine"], "rejected": []}
    bare.claude.write(bare.claude.config, **{ANSWERS: mine})
    bare.use("one")
    bare.claude.write(bare.claude.config, **{ANSWERS: {"approved": ["x"]}})
    bare.use("two")
    bare.off()
    assert config(bare)[ANSWERS] == mine
    assert bare.claude.login() == {}
    assert bare.orphans() == []


def test_off_gives_back_the_newest_tokens_of_what_was_there(home):
    home.off()
    home.log_in(FOREIGN)
    session = OldSession(home.claude)
    home.use("one")
    home.elsewhere(session.write_back)
    newest = session.memory["accessToken"]
    home.use("two")
    home.off()
    assert home.live == newest
    assert home.claude.name() == FOREIGN.name()


def test_off_gives_back_what_became_a_profile_since_as_that(home):
    home.off()
    home.log_in(FOREIGN)
    home.use("one")
    home.adopt("four", FOREIGN)
    home.use("four")
    home.claude.renew()
    newest = home.live
    home.use("two")
    home.off()
    assert home.live == newest
    assert home.kept("four")[0].access_token == newest


def test_off_gives_back_the_right_one_of_two_strangers(home):
    home.off()
    home.log_in(FOREIGN)
    home.use("one")
    home.off()
    stranger = home.live
    home.log_in(Account("e"))
    home.use("one")
    home.off()
    home.claude.write(home.claude.credentials, **{OAUTH: None})
    entry = next(
        p for p in home.orphans() if p.identity.account == FOREIGN.uuid
    )
    for path, keys in (
        (home.claude.credentials, login_parts.CREDENTIALS_KEYS),
        (home.claude.config, login_parts.CONFIG_KEYS),
    ):
        data = login_parts.applied("x", path.read_bytes(), entry, keys)
        path.write_bytes(data)
    home.use("two")
    home.off()
    assert home.live == stranger


def test_off_says_so_when_what_was_there_is_kept_no_more(home):
    home.use("two")
    home.remove("one")
    assert "no longer stored" in home.notes_of(activate.off)
    assert home.live == home.kept("two")[0].access_token
    home.check()


def test_a_login_that_is_refused_comes_back_from_its_store(home):
    stored = home.kept("one")[0].access_token
    home.claude.blank()
    home.use("two")
    home.off()
    assert home.live == stored


# ----------------------------------------------------------------------- undo


@pytest.mark.parametrize("before", ["one", "key", ""])
def test_undo_of_a_switch_brings_the_login_back_whatever_was_active(
    home, before
):
    home.use("one")
    if before:
        home.use(before)
    else:
        home.off()
    live, name = home.live, home.claude.name()
    folders = home.ledger().folders
    home.use("two")
    home.undo()
    assert (home.live, home.claude.name()) == (live, name)
    assert home.active() == before
    assert home.ledger().folders == folders


def test_undo_of_a_switch_brings_a_stranger_s_login_back(home):
    home.use("key")
    home.log_in(FOREIGN)
    live = home.live
    home.use("two")
    home.undo()
    assert home.live == live
    assert home.active() == "key"


def test_undo_of_off_puts_the_login_in_place_again(home):
    home.use("two")
    home.use("key")
    live = home.live
    home.off()
    assert home.live != live
    home.undo()
    assert home.live == live
    assert home.active() == "key"


def test_undo_of_a_key_s_switch_moves_no_login(home):
    home.use("key")
    home.log_in(FOREIGN)
    live = home.live
    home.undo()
    assert home.live == live


def test_undo_keeps_what_was_stored_on_the_way(home):
    home.claude.renew()
    newest = home.live
    home.use("two")
    home.undo()
    home.claude.renew()
    home.use("two")
    assert newest in {p.access_token for p in home.kept("one")}


def test_a_removed_login_comes_back_with_its_tokens(home):
    home.use("two")
    home.claude.renew()
    home.remove("one")
    home.undo()
    home.use("one")
    assert home.service.owner[home.live] == A


def test_a_renamed_login_goes_on_under_its_name(home):
    home.whose["uno"] = A
    folder = str(home.claude.folder)
    home.keyswitch(lambda w: profile_changes.rename(w, "one", "uno"))
    assert home.ledger().folders[folder].live == "uno"
    home.undo()
    assert home.ledger().folders[folder].live == "one"
    home.keyswitch(lambda w: profile_changes.rename(w, "one", "uno"))
    home.claude.renew()
    home.use("two")
    assert len(home.kept("uno")) == 2
    home.undo()
    home.off()
    assert home.service.owner[home.live] == A


# ------------------------------------------------------------- the watch


def test_a_login_that_somebody_made_on_purpose_is_left_alone(home):
    home.log_in(B)
    live = home.live
    [said] = leftovers.notice(home.workspace())
    assert said == "Claude Code was logged in as 'two', so 'one' is not in use"
    assert home.live == live
    assert leftovers.notice(home.workspace()) == []


def test_another_organisation_on_purpose_is_left_alone_too(home):
    home.log_in(ELSEWHERE)
    live = home.live
    [said] = leftovers.notice(home.workspace())
    assert said.startswith("Claude Code was logged in with another")
    assert home.live == live


def test_the_own_renewal_is_nothing_to_speak_of(home):
    home.claude.renew()
    assert leftovers.notice(home.workspace()) == []
    home.claude.blank()
    assert leftovers.notice(home.workspace()) == []


def test_a_stranger_s_old_session_is_put_aside(home):
    home.log_in(FOREIGN)
    session = OldSession(home.claude)
    home.use("one")
    home.elsewhere(session.write_back)
    [said] = leftovers.notice(home.workspace())
    assert "an account without a profile" in said
    assert home.service.owner[home.live] == A
    assert session.memory["accessToken"] in {
        p.access_token for p in home.orphans()
    }


def test_a_key_in_use_is_not_disturbed_by_logins(home):
    session = OldSession(home.claude)
    home.use("two")
    home.use("key")
    home.elsewhere(session.write_back)
    assert leftovers.notice(home.workspace()) == []
    assert home.live == session.memory["accessToken"]


# ------------------------------------------------------------------- names


def test_a_login_has_no_second_copy(home):
    with pytest.raises(InputError, match="second copy"):
        profile_changes.copy(home.workspace(), "one", "again")


def test_a_name_whose_file_was_deleted_starts_anew(home):
    (home.home / ".config/keyswitch/profiles/one.toml").unlink()
    home.log_in(FOREIGN)
    home.keep("one", FOREIGN)
    assert len(home.kept("one")) == 1
    assert [p.identity.account for p in home.orphans()] == [A.uuid]


def test_a_blanked_login_is_what_claude_code_leaves(home):
    """The simulator's own promise, which the others rely on."""
    home.claude.renew()
    home.claude.blank()
    assert blanked(home.claude.login()) == home.claude.login()
    assert home.live == ""
