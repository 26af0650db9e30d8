"""The known ways in which switchers lost logins, one by one.

After each command the world checks that no token was lost or changed hands,
that profiles, ledger and store agree, and that foreign sections kept their
text; each scenario ends with an undo and a switch there and back.
"""

import json
import os
import shutil
import threading
import time

import pytest

from keyswitch.changes.login_ledger import KEPT
from keyswitch.commit import journal
from keyswitch.errors import FileStateError
from keyswitch.switching.activation import use as activate
from keyswitch.switching.editing import profile_changes
from keyswitch.switching.logging_in import capture, leftovers
from keyswitch.switching.upkeep import undo
from keyswitch.workspace import Workspace
from tests.switching.claude_accounts import OldSession
from tests.switching.test_login_interleavings import FOREIGN, A, B, C, World


class TwoLogins(World):
    """A home with the logins of A ("one") and B ("two"), A's in use."""

    def __init__(self, **environ):
        self.more = environ
        super().__init__()

    def begin(self):
        for name, account in (("one", A), ("two", B)):
            self.elsewhere(lambda a=account: self.claude.log_in(a))
            self.whose[name] = account
            assert self.capture(name)
        assert self.use("one")
        return self

    def workspace(self):
        return Workspace({**self.environ, **self.more}, cwd=str(self.home))

    def capture(self, name):
        return self.keyswitch(lambda w: capture.capture(w, name, store="vault"))

    def use(self, name):
        return self.keyswitch(lambda w: activate.use(w, name, configure=True))

    def owners(self):
        return {self.service.owner[t] for t in self.claude.tokens()}

    def there_and_back(self):
        """Take the last change back, then show that both still work."""
        self.keyswitch(undo.undo_last)
        for name in ("two", "one", "two"):
            assert self.use(name)
            assert self.owners() == {self.whose[name]}
            before = self.claude.login()["refreshToken"]
            self.claude.renew()
            # The service took the token: it was the newest of its line.
            assert self.claude.login()["refreshToken"] not in ("", before)


@pytest.fixture
def place(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    made = TwoLogins().begin()
    yield made
    shutil.rmtree(made.home)


def test_x1_a_wiped_login_replaces_no_stored_one(place):
    # Without a renewal at the service: the stored copy is the good one.
    place.claude.blank()
    assert place.use("two")
    assert place.owners() == {B}
    place.there_and_back()


def test_x2_a_file_without_a_login_replaces_no_stored_one(place):
    place.elsewhere(
        lambda: place.claude.write(place.claude.credentials, claudeAiOauth=None)
    )
    assert place.use("two")
    assert place.owners() == {B}
    place.there_and_back()


@pytest.mark.parametrize("account", [B, FOREIGN])
def test_x3_the_pointer_is_no_evidence_of_whose_a_login_is(place, account):
    place.elsewhere(lambda: place.claude.log_in(account))
    tokens = place.claude.tokens()
    assert place.use("one")  # what is live is not one's, whatever was active
    assert place.owners() == {A}
    assert tokens <= set(place.stored_tokens())
    place.there_and_back()


def test_x4_an_older_login_than_the_stored_one_is_kept_beside_it(place):
    old = place.claude.login()
    assert place.use("two")
    assert place.use("one")
    place.claude.renew()
    newest = place.claude.login()
    assert place.use("two")
    place.elsewhere(
        lambda: place.claude.write(place.claude.credentials, claudeAiOauth=old)
    )
    place.claude.write(place.claude.config, oauthAccount=A.name())
    assert place.use("one")
    assert place.claude.login() == newest
    place.there_and_back()


@pytest.mark.parametrize("who", ["polite", "rude"])
def test_x5_a_token_that_is_renewed_before_the_commit_is_kept(
    place, monkeypatch, who
):
    happened = []
    act = (
        place.claude.renew
        if who == "polite"
        else OldSession(place.claude).write_back
    )
    prepare = journal.prepare

    def prepared(paths, found):
        prepare(paths, found)
        if not happened:
            act()
            happened.append(place.claude.login()["refreshToken"])

    monkeypatch.setattr(journal, "prepare", prepared)
    assert place.use("two")
    assert len(happened) == 1
    assert happened[0] in set(place.stored_tokens())
    assert place.use("one")
    assert place.claude.login()["refreshToken"] == happened[0]
    place.there_and_back()


def test_x6_a_console_key_beside_a_stored_login_is_kept_and_goes(place):
    key = place.elsewhere(lambda: place.claude.console(FOREIGN))
    assert place.use("one")
    assert place.claude.key() == ""
    assert key in set(place.stored_tokens())
    place.there_and_back()


def test_x7_a_link_stays_a_link(place):
    real = place.home / "elsewhere.json"
    place.claude.credentials.rename(real)
    place.claude.credentials.symlink_to(real)
    assert place.use("two")
    assert place.claude.credentials.is_symlink()
    assert place.owners() == {B}
    assert json.loads(real.read_text()) == json.loads(
        place.claude.credentials.read_text()
    )


def test_x7_a_link_to_nothing_is_made_good_or_refused(place):
    place.claude.credentials.unlink()
    target = place.home / "gone/credentials.json"
    place.claude.credentials.symlink_to(target)
    done = place.use("two")
    assert place.claude.credentials.is_symlink()
    if done:
        assert place.owners() == {B}
    else:
        assert not target.exists()


def test_x7_a_folder_in_the_files_place_is_refused(place):
    place.claude.credentials.unlink()
    place.claude.credentials.mkdir()
    with pytest.raises(FileStateError, match="credentials"):
        activate.use(place.workspace(), "two", configure=True)
    place.claude.credentials.rmdir()
    place.there_and_back()


@pytest.mark.parametrize(
    "folder", ["other", "./relative", "~/.claude", "with spaces"]
)
def test_x8_a_folder_of_the_variable_has_its_own_login(monkeypatch, folder):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    place = TwoLogins()
    given = folder.replace("~", str(place.home))
    place.more = {"CLAUDE_CONFIG_DIR": given}
    claude = place.claude
    claude.folder = place.home / os.path.normpath(folder.removeprefix("~/"))
    claude.credentials = claude.folder / ".credentials.json"
    claude.config = claude.folder / ".claude.json"
    claude.folder.mkdir(exist_ok=True)
    try:
        place.begin()
        assert place.use("two")
        assert place.owners() == {B}
        assert claude.name() == B.name()
        usual = place.home / ".claude.json"
        assert not usual.exists()
    finally:
        shutil.rmtree(place.home)


def test_x9_what_keyswitch_does_not_know_stays(place):
    texts = {
        path: path.read_text()
        for path in (place.claude.credentials, place.claude.config)
    }
    for path, text in texts.items():
        odd = '{"future" :\t{"a":[1,2.50]},' + text.removeprefix("{")
        path.write_text(odd)
    assert place.use("two")
    for path in texts:
        assert path.read_text().startswith('{"future" :\t{"a":[1,2.50]},')
    place.there_and_back()


def test_x10_what_all_accounts_share_is_not_brought_back(place):
    assert place.use("two")
    # Meanwhile an MCP server is logged out, and another one is set up.
    place.claude.write(place.claude.credentials, mcpOAuth={"new": 1})
    place.claude.write(
        place.claude.config, mcpServers=None, projects={"/y": {}}
    )
    assert place.use("one")
    assert place.claude.shared() == {
        "mcpOAuth": '{"new": 1}',
        "odd": "1E5",
        "projects": '{"/y": {}}',
        "mcpServers": None,
    }
    place.there_and_back()


def test_x11_a_lock_that_is_held_is_waited_for_and_then_left_alone(place):
    lock = place.claude.locks[0]
    lock.mkdir()
    over = threading.Event()

    def heartbeat():
        while not over.wait(0.5):
            os.utime(lock)

    beating = threading.Thread(target=heartbeat)
    beating.start()
    before = place.claude.credentials.read_bytes()
    begun = time.monotonic()
    try:
        with pytest.raises(FileStateError, match="Claude Code has held"):
            activate.use(place.workspace(), "two", configure=True)
    finally:
        over.set()
        beating.join()
    assert 4 < time.monotonic() - begun < 9
    assert place.claude.credentials.read_bytes() == before
    assert lock.is_dir()
    lock.rmdir()
    place.check()
    place.there_and_back()


def test_x12_undo_gives_back_the_newest_tokens_not_the_old_file(place):
    place.claude.renew()
    newest = place.claude.login()
    assert place.use("two")
    place.claude.renew()
    assert place.keyswitch(undo.undo_last)
    assert place.claude.login() == newest
    assert place.owners() == {A}
    place.there_and_back()


def test_an_old_sessions_login_is_noticed_by_the_next_command(place):
    session = OldSession(place.claude)
    assert place.use("two")
    assert place.elsewhere(session.write_back)
    [said] = leftovers.notice(place.workspace())
    assert said == (
        "an old session had restored the login of 'one'; both are saved, and "
        "'two' is in use again"
    )
    assert place.owners() == {B}
    assert place.use("one")
    assert place.claude.login() == session.memory
    place.there_and_back()


# ------------------------------- another account's login under a profile's name


class Mistaken(TwoLogins):
    """A third login, "three" of C, whose tokens and files name no account.

    So nothing can contradict a person who gives it the logins of FOREIGN.
    """

    def begin(self):
        super().begin()
        self.service.bare |= {C, FOREIGN}
        self.log_in(C)
        self.own = self.claude.login()["refreshToken"]
        self.whose["three"] = C
        self.by_word.add("three")
        assert self.capture("three")
        return self

    def log_in(self, account):
        self.elsewhere(lambda: self.claude.log_in(account))
        self.claude.write(self.claude.config, oauthAccount=None)
        self.told |= self.claude.tokens()

    def console(self, account):
        self.elsewhere(lambda: self.claude.console(account))
        self.told |= self.claude.tokens()

    def adopt(self, name):
        return self.keyswitch(
            lambda w: capture.from_orphan(w, name, store="vault")
        )

    def remove(self, name):
        # The newest login, FOREIGN's, is the one that a person is rid of.
        return self.keyswitch(
            lambda w: profile_changes.remove(w, name), gives_up=FOREIGN
        )

    def is_stored(self, token):
        return token in set(self.stored_tokens())


@pytest.fixture
def mistaken(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    made = Mistaken().begin()
    yield made
    shutil.rmtree(made.home)


def test_console_keys_given_by_mistake_push_no_login_out(mistaken):
    """Found by an interleaving: the keys that follow go to "three", too."""
    mistaken.console(FOREIGN)
    assert mistaken.use("one")
    assert mistaken.adopt("three")
    for _ in range(KEPT):
        mistaken.console(FOREIGN)
        assert mistaken.use("three")
    assert mistaken.is_stored(mistaken.own)


@pytest.mark.parametrize("kind", ["console", "log_in"])
def test_logins_captured_by_mistake_push_no_login_out(mistaken, kind):
    for _ in range(KEPT):
        getattr(mistaken, kind)(FOREIGN)
        assert mistaken.capture("three")
    assert mistaken.is_stored(mistaken.own)


def test_logins_of_nobody_given_by_mistake_push_no_login_out(mistaken):
    for _ in range(KEPT):
        mistaken.log_in(FOREIGN)
        assert mistaken.use("one")
        assert mistaken.adopt("three")
    assert mistaken.is_stored(mistaken.own)


def test_console_keys_of_one_account_push_none_of_its_logins_out(place):
    place.elsewhere(lambda: place.claude.log_in(FOREIGN))
    token = place.claude.login()["refreshToken"]
    for _ in range(KEPT + 1):
        assert place.use("one")
        place.elsewhere(lambda: place.claude.console(FOREIGN))
    assert place.use("one")
    assert token in set(place.stored_tokens())


@pytest.mark.parametrize("kind", ["console", "log_in"])
def test_a_login_under_a_mistaken_one_outlives_its_profile(mistaken, kind):
    getattr(mistaken, kind)(FOREIGN)
    assert mistaken.capture("three")
    assert mistaken.remove("three")
    assert mistaken.is_stored(mistaken.own)
