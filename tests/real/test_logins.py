"""Subscription logins: no renewal is lost, and each request is the right one's.

The real Claude Code logs in, renews and logs out; the service's side is
`oauth.OAuth`, where a refresh token works once. A token that keyswitch lost,
or put back too late, ends in a renewal that is refused.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import struct
import subprocess
import threading
import time

import pytest

from tests import components
from tests.desktop import desktop
from tests.real.accounts import FIRST_KEY, add, sends
from tests.real.oauth import CONSOLE, OAuth

CLAUDE = components.locate("claude")
# Claude Code's locks of a login, in the order in which it takes them.
LOCKS = [".oauth_refresh.lock", ".claude.lock", ".storage-write.lock"]


class AccountOwner:
    """Somebody with several accounts, on one machine."""

    def __init__(self, machine, oauth):
        self.machine = machine
        self.oauth = oauth
        self.credentials = machine.claude_home / ".credentials.json"
        self.config = machine.home / ".claude.json"
        self.keyswitch = machine.keyswitch

    def browser(self, name):
        """Return the variables that stand for a login in the browser."""
        account = self.oauth.accounts[name]
        return {
            "CLAUDE_CODE_OAUTH_REFRESH_TOKEN": account.refresh,
            "CLAUDE_CODE_OAUTH_SCOPES": account.scopes,
        }

    def log_in(self, *names):
        """Log Claude Code in, to one account after the other."""
        for name in names:
            done = self.machine.run(
                [CLAUDE, "auth", "login"], **self.browser(name)
            )
            assert "Login successful" in done.stdout

    def capture(self, *names):
        """Make a profile of each account, which is logged in to before."""
        for name in names:
            self.log_in(name)
            self.keyswitch("login", name, "--capture")

    def use_while_it_runs(self, name):
        """Switch, once more where Claude Code writes at the same time."""
        for _ in range(5):
            done = self.keyswitch("use", name, check=False)
            if done.returncode == 0:
                return
            assert "try again in a moment" in done.stderr

    def log_out(self):
        """Log out as Claude Code does it, at the service as well."""
        self.machine.run([CLAUDE, "auth", "logout"])

    def let_expire(self, name):
        """Let the live access token end; Claude Code knows when it does."""
        document = json.loads(self.credentials.read_text())
        document["claudeAiOauth"]["expiresAt"] = 1
        self.credentials.write_text(json.dumps(document))
        self.oauth.expire(name)

    def sends(self, name):
        """Assert that Claude Code works, as this account and no other."""
        recorded = self.machine.claude()
        assert recorded.exit_code == 0, recorded
        return self.spoke(recorded.requests, name)

    def spoke(self, requests, name):
        """Assert that requests, at last with the newest token, are its."""
        shown = [r.credentials for r in requests if r.credentials]
        own = f"Bearer sk-ant-oat01-FAKE-{name}-"
        assert all(
            sent.keys() == {"authorization"}
            and sent["authorization"].startswith(own)
            for sent in shown
        ), shown
        newest = self.oauth.accounts[name].newest
        assert shown[-1]["authorization"] == f"Bearer {newest}"
        return True

    def can_renew(self, *names):
        """Assert that what is kept of each account is its newest token."""
        for name in names:
            self.keyswitch("use", name)
            self.oauth.expire(name)
            assert self.sends(name)
        assert self.oauth.refused == []
        return True

    def says(self, command, **environ):
        """Return a document of whoami or doctor, with its exit status."""
        done = self.keyswitch(command, "--json", check=False, **environ)
        return {**json.loads(done.stdout), "exit": done.returncode}

    def in_use(self, name):
        said = self.says("whoami")
        assert (said["exit"], said["active"]) == (0, name), said
        return said["in_use"]

    def findings(self):
        return {f["id"]: f for f in self.says("doctor")["findings"]}

    def answers(self):
        """Return what Claude Code knows of keys: approved and rejected."""
        return json.loads(self.config.read_text()).get("customApiKeyResponses")

    def answer(self, **answers):
        self.edit(self.config, customApiKeyResponses=answers)

    def edit(self, path, **members):
        document = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**document, **members}, indent=2))


class Session:
    """A session of Claude Code that goes on after an answer."""

    def __init__(self, machine):
        self._machine = machine

    def __enter__(self):
        self._process = subprocess.Popen(
            [CLAUDE, "-p", "--verbose", "--input-format", "stream-json",
             "--output-format", "stream-json"],
            env=self._machine.env, cwd=self._machine.project, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        return self

    def __exit__(self, kind, *unused):
        with self._process as process:
            if kind is not None:
                process.kill()

    def ask(self, text):
        message = {"role": "user", "content": text}
        line = json.dumps({"type": "user", "message": message})
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def answer(self):
        """Wait for the end of the turn; return whether it went well."""
        for line in self._process.stdout:
            event = json.loads(line)
            if event["type"] == "result":
                return not event["is_error"]
        return False


class LockWatch:
    """What happens to lock folders, as the kernel tells it: none is missed."""

    CREATED, DELETED = 0x100, 0x200

    def __init__(self, *folders):
        libc = ctypes.CDLL(None)
        self._descriptor = libc.inotify_init1(os.O_CLOEXEC)
        for folder in folders:
            libc.inotify_add_watch(
                self._descriptor,
                os.fsencode(folder),
                self.CREATED | self.DELETED,
            )
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self.taken = []
        self.held = []  # seconds
        self._since = {}

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._over.set()
        self._thread.join()
        os.close(self._descriptor)

    def _read(self):
        last = False
        while not last:
            last = self._over.is_set()
            while select.select([self._descriptor], [], [], 0.02)[0]:
                self._note(os.read(self._descriptor, 1 << 16))

    def _note(self, events):
        while events:
            _, mask, _, length = struct.unpack_from("iIII", events)
            name = events[16 : 16 + length].rstrip(b"\0").decode()
            events = events[16 + length :]
            if mask & self.CREATED and name.endswith(".lock"):
                self.taken.append(name)
                self._since[name] = time.monotonic()
            elif name in self._since and name in LOCKS:
                self.held.append(time.monotonic() - self._since.pop(name))


def wait_for(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.01)


@pytest.fixture
def oauth(service):
    service.oauth = OAuth("a", "b", "c")
    yield service.oauth
    service.oauth.release()


@pytest.fixture
def person(machine, oauth):
    (machine.home / ".config" / "keyswitch").mkdir(parents=True, exist_ok=True)
    place = machine.home / ".config" / "keyswitch" / "config.toml"
    place.write_text('store = "vault"\n')
    return AccountOwner(machine, oauth)


# ----------------------------------------------------------- back and forth


def test_switching_back_and_forth_keeps_every_renewal(person, oauth):
    person.capture("a", "b")
    for turn in range(10):
        name = "ab"[turn % 2]
        person.keyswitch("use", name)
        if turn in (2, 5, 6):
            person.let_expire(name)
        if turn in (3, 8):
            oauth.expire(name)  # before its time: the service says 401
        assert person.sends(name)
        assert person.in_use(name)
    assert person.can_renew("a", "b")


def test_a_renewal_that_lasts_shorter_is_newer_all_the_same(person, oauth):
    person.capture("b", "a")
    oauth.hours = 1
    assert person.can_renew("a", "b")
    assert person.can_renew("a", "b")


def test_a_renewal_by_a_run_with_a_key_is_kept(person, machine):
    """Claude Code renews a login that it does not even use."""
    add(machine, "first")
    person.capture("b", "a")
    person.keyswitch("use", "first")
    person.let_expire("a")
    assert machine.claude().messages[0].credentials["x-api-key"] == FIRST_KEY
    person.keyswitch("use", "b")
    assert person.sends("b")
    assert person.can_renew("a", "b")


def test_undoing_a_switch_keeps_the_renewal_in_between(person):
    person.capture("b", "a")
    person.keyswitch("use", "a")
    person.keyswitch("use", "b")
    person.let_expire("b")
    assert person.sends("b")
    person.keyswitch("undo")
    assert person.sends("a")
    assert person.can_renew("b", "a")


@pytest.mark.real("gnome-keyring")
def test_a_renewed_login_stays_in_the_store_that_was_chosen(
    person, machine, tmp_path
):
    with desktop(tmp_path) as place:
        machine.env |= place.environ | {"HOME": str(machine.home)}
        person.log_in("a")
        person.keyswitch("login", "a", "--capture", "--store", "keychain")
        person.capture("b")
        person.keyswitch("use", "a")
        person.let_expire("a")
        assert person.sends("a")
        person.keyswitch("use", "b")
        shown = json.loads(person.keyswitch("show", "a", "--json").stdout)
        assert shown["profile"]["secrets"]["login"]["store"] == "keychain"
        assert person.can_renew("a", "b")


def test_off_gives_each_folder_its_own_login_back(person, machine):
    """Two configuration folders, each with a login of no profile."""
    other = {"CLAUDE_CONFIG_DIR": str(machine.home / "other")}
    person.capture("a")
    person.log_in("b")
    machine.run([CLAUDE, "auth", "login"], **person.browser("c"), **other)
    for environ in ({}, other, {}):
        person.keyswitch("use", "a", **environ)
        person.keyswitch("off", **environ)
    assert person.sends("b")


# ------------------------------------------------------------- a new login


def test_a_new_login_leaves_the_present_one_alone(person, machine, oauth):
    person.log_in("a")
    before = machine.claude_files(), person.credentials.read_bytes()
    used = oauth.used.copy()
    done = person.keyswitch("login", "work", **person.browser("b"))
    assert "switch to it: keyswitch use work" in done.stderr
    assert (machine.claude_files(), person.credentials.read_bytes()) == before
    assert not [t for t, _ in oauth.used - used if "FAKE-a-" in t]
    assert list(machine.home.rglob("scratch-*")) == []
    newest = oauth.accounts["b"]
    assert machine.holds(newest.newest) == machine.holds(newest.refresh) == []
    person.keyswitch("use", "work")
    assert person.sends("b")


def test_a_login_that_fails_leaves_nothing_behind(person, machine, oauth):
    person.log_in("a")
    before = machine.claude_files(), person.credentials.read_bytes()
    wrong = {**person.browser("b"), "CLAUDE_CODE_OAUTH_REFRESH_TOKEN": "FAKE"}
    done = person.keyswitch("login", "work", check=False, **wrong)
    assert done.returncode == 1
    assert "failed with status 1" in done.stderr
    assert list(machine.home.rglob("scratch-*")) == []
    assert (machine.claude_files(), person.credentials.read_bytes()) == before
    assert person.keyswitch("list").stdout == ""
    assert person.sends("a")


# ----------------------------------------------------------- between kinds


def test_accounts_of_all_kinds_follow_one_another(person, machine):
    add(machine, "first", "keys", "gateway")
    person.capture("a")
    person.log_in("c")
    person.edit(person.credentials, mcpOAuth={"one": {"token": "FAKE-mcp"}})
    person.edit(person.config, mcpServers={"one": {"command": "true"}})
    before = person.credentials.read_bytes()

    for name in ("a", "first", "keys", "a", "gateway"):
        person.keyswitch("use", name)
        if name == "a":
            assert person.sends("a")
        else:
            recorded = machine.claude()
            assert sends(recorded, name)
            assert not recorded.mentions("sk-ant-oat01-FAKE")
        assert person.in_use(name)
        assert "FAKE-mcp" in person.credentials.read_text()

    person.keyswitch("off")
    assert person.credentials.read_bytes() == before
    document = json.loads(person.config.read_text())
    assert document["mcpServers"] == {"one": {"command": "true"}}
    assert document["oauthAccount"]["emailAddress"] == "c@mail.example"
    assert person.sends("c")


def test_a_console_login_takes_turns_with_a_subscription(person, oauth):
    oauth.accounts["c"].scopes = CONSOLE
    person.capture("a", "c")
    for name in ("a", "c", "a", "c"):
        person.keyswitch("use", name)
        if name == "a":
            assert person.sends("a")
            assert "primaryApiKey" not in person.config.read_text()
        else:
            sent = person.machine.claude().credentials
            assert sent == {"x-api-key": oauth.console_key("c")}
            assert not person.credentials.exists()
        assert person.in_use(name)


# ------------------------------------------------------------------ log out


def test_after_claude_codes_own_logout_what_is_said_is_true(person, oauth):
    person.capture("b", "a")
    last = oauth.accounts["a"].refresh
    person.log_out()
    assert oauth.revoked == [last]
    said = person.says("whoami")
    assert (said["exit"], said["in_use"]) == (4, False)
    assert not said["request"]["sent"]
    assert "nothing-sent" in person.findings()

    # What was kept of it is worth nothing any more, which `use` foresees.
    done = person.keyswitch("use", "a")
    assert "keyswitch login a" in done.stderr
    assert person.machine.claude().exit_code == 1
    assert "login-blanked" in person.findings()
    assert person.says("whoami")["exit"] == 4
    assert "keyswitch login a" in person.keyswitch("use", "a").stderr

    oauth.hand_out("a")
    person.keyswitch("login", "a", **person.browser("a"))
    person.keyswitch("use", "a")
    assert person.sends("a")
    assert person.in_use("a")
    person.keyswitch("use", "b")
    assert person.sends("b")


def test_logout_of_keyswitch_asks_the_service_for_nothing(person, oauth):
    person.capture("b", "a")
    person.edit(person.credentials, mcpOAuth={"one": {"token": "FAKE-mcp"}})
    person.answer(approved=["FAKE-approved"], rejected=[])
    used = oauth.used.copy()
    person.keyswitch("logout", "a", "--yes")
    recorded = person.machine.claude()
    assert "Not logged in" in recorded.stdout
    assert recorded.credentials is None
    assert (oauth.used, oauth.revoked) == (used, [])
    account = oauth.accounts["a"]
    assert person.machine.holds(account.newest) == []
    assert person.machine.holds(account.refresh) == []
    assert "FAKE-mcp" in person.credentials.read_text()
    assert person.answers() == {"approved": ["FAKE-approved"], "rejected": []}
    assert person.can_renew("b")


# ----------------------------------------------------------- while it runs


def test_a_running_session_takes_the_new_account_at_its_next_turn(
    person, machine, oauth
):
    person.capture("b", "a")
    oauth.messages = threading.Event()
    with Session(machine) as session:
        machine.service.taken()
        session.ask("one")
        assert oauth.waiting.acquire(timeout=20)
        with LockWatch(machine.home, machine.claude_home) as watch:
            person.use_while_it_runs("b")
        oauth.messages.set()
        assert session.answer()
        assert person.spoke(machine.service.taken(), "a")
        session.ask("two")
        assert session.answer()
        assert person.spoke(machine.service.taken(), "b")
    taken = [name for name in watch.taken if name in LOCKS]
    assert taken == LOCKS * (len(taken) // 3 or 1)  # once for each attempt
    assert ".claude.json.lock" in watch.taken
    # Claude Code waits that long for each of them, and goes on without.
    assert max(watch.held) < 1
    assert person.can_renew("a", "b")


def test_a_session_that_is_refused_after_a_switch_takes_the_new_account(
    person, machine, oauth
):
    person.capture("b", "a")
    oauth.messages = threading.Event()
    with Session(machine) as session:
        session.ask("one")
        assert oauth.waiting.acquire(timeout=20)
        person.use_while_it_runs("b")
        oauth.expire("a")
        oauth.messages.set()
        assert session.answer()
    last = machine.service.taken()[-1:]
    assert person.spoke(last, "b")
    assert person.in_use("b")
    assert person.can_renew("a", "b")


def test_a_switch_waits_for_a_renewal_that_is_under_way(person, machine, oauth):
    person.capture("b", "a")
    person.let_expire("a")
    before = person.credentials.read_bytes()
    oauth.renewals = threading.Event()
    with Session(machine) as session:
        session.ask("one")
        assert oauth.waiting.acquire(timeout=20)
        with subprocess.Popen(
            [*machine.launcher, "use", "b"],
            env=machine.env, cwd=machine.project, text=True,
            stderr=subprocess.PIPE,
        ) as switch:  # fmt: skip
            time.sleep(1)  # it waits for the lock, and has left nothing yet
            assert switch.poll() is None
            assert not list(machine.claude_home.glob(".keyswitch-*"))
            assert person.credentials.read_bytes() == before
            oauth.renewals.set()
            said = switch.communicate()[1]
        # Claude Code writes more than the tokens then.
        assert switch.returncode == 0 or "try again in a moment" in said
        assert session.answer()
    person.use_while_it_runs("b")
    assert person.sends("b")
    assert person.can_renew("a", "b")


# ------------------------------------------------------ answers about keys


def test_answers_about_keys_are_the_persons_while_a_login_is_in_use(
    person, machine
):
    add(machine, "first")
    person.log_in("a")
    mine = {"approved": ["FAKE-mine"], "rejected": ["FAKE-no"]}
    person.answer(**mine)
    person.keyswitch("use", "first")
    person.keyswitch("login", "a", "--capture")
    person.keyswitch("login", "b", **person.browser("b"))
    for name in ("first", "a", "b", "first", "b", "a"):
        person.keyswitch("use", name)
        if name == "first":
            known = person.answers()
            assert FIRST_KEY[-20:] in known["approved"]
            assert known["rejected"] == mine["rejected"]
        else:
            assert person.answers() == mine
    mine["rejected"].append("FAKE-later")
    person.answer(**mine)
    for name in ("b", "a"):
        person.keyswitch("use", name)
    assert person.answers() == mine
    person.keyswitch("off")
    assert person.answers() == mine
    assert person.sends("a")


def test_answers_about_keys_survive_a_login_where_none_was(person):
    mine = {"approved": ["FAKE-mine"], "rejected": ["FAKE-no"]}
    person.answer(**mine)
    person.keyswitch("login", "b", **person.browser("b"))
    person.keyswitch("use", "b")
    assert person.answers() == mine
    person.keyswitch("off")
    assert person.answers() == mine
    assert person.machine.claude().credentials is None
