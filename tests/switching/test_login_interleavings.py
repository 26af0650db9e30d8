"""Logins under every order of events: no token is lost, none changes hands.

Actors: a person at keyswitch and at Claude Code, a Claude Code that renews
with its locks held, and old sessions that write another account's tokens back
whenever they like. Tokens name their account, or do not, as those of an old
Claude Code: then one may be kept under a wrong name, but not without a word.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from keyswitch.changes import history, login_ledger
from keyswitch.commit import journal, transaction
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import profile_files, state
from keyswitch.secret import Secret
from keyswitch.secrets.vault.access import create
from keyswitch.secrets.vault.reading import Vault, entry_name
from keyswitch.switching.activation import use as activate
from keyswitch.switching.editing import profile_changes
from keyswitch.switching.logging_in import capture, leftovers, logout
from keyswitch.switching.upkeep import undo
from keyswitch.targets.claude_code.login import parts as login_parts
from keyswitch.workspace import Workspace
from tests.switching.claude_accounts import Account, Claude, OldSession, Service

A, B, C, FOREIGN = (Account(user) for user in "abcd")
ELSEWHERE = Account("a", "other")  # the same person in another organisation
ACCOUNTS = [A, B, C, FOREIGN, ELSEWHERE]
IN_DOUBT = "is unknown"  # of every word about a login that names no account
LOGINS = ["one", "two", "three", "four"]
KEYS = ["key", "spare"]

accounts = st.sampled_from(ACCOUNTS)
logins = st.sampled_from(LOGINS)
names = st.sampled_from([*LOGINS, *KEYS])


class World:
    """One home: what keyswitch did in it, what Claude Code did, what is so."""

    def __init__(self):
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.home = Path(
            tempfile.mkdtemp(prefix="keyswitch-logins-", dir=memory)
        )
        self.environ = {"HOME": str(self.home), "PATH": os.environ["PATH"]}
        config = self.home / ".config/keyswitch"
        config.mkdir(parents=True)
        (config / "config.toml").write_text('store = "vault"\ncache = "off"\n')
        self.service = Service()
        self.claude = Claude(self.home, self.service)
        self.sessions = []
        self.excused = set()  # tokens that Claude Code itself wrote over
        self.whose = {}  # profile -> account
        self.by_word = set()  # profiles whose account a person alone knows
        self.said = []  # by the present command
        self.told = set()  # tokens of which it was said that they may be any's
        self.between = None  # happens between the next plan and its commit
        workspace = self.workspace()
        self.paths = workspace.paths
        create(self.paths, passphrase=None, machine_key=True)
        for name in KEYS:
            self._add_key(workspace, name)

    def _add_key(self, workspace, name):
        from keyswitch.model import Profile

        key = Secret(f"sk-ant-api03-FAKE-{name}-{'0' * 60}-EXAMPLE")
        fresh = {"api_key": profile_changes.new_secret(workspace, "vault", key)}
        profile_changes.add(workspace, Profile(name, "anthropic"), fresh)

    def workspace(self):
        return Workspace(
            self.environ, tell=self.said.append, cwd=str(self.home)
        )

    # -------------------------------------------------------------- actions

    def keyswitch(self, act, *, gives_up=None):
        """Run one command as the command line does; True: it succeeded.

        `gives_up` is the account whose tokens a person wants to be rid of.
        """
        before = self.claude.shared()
        self.interrupted = False
        self.said = []
        workspace = self.workspace()
        try:
            self.said += leftovers.notice(workspace)
            self.said += getattr(act(workspace), "notes", [])
        except KeyswitchError:
            return False
        finally:
            after = self.claude.shared()
            assert {k: after.get(k, v) for k, v in before.items()} == before
            self.between = None
            self.excused |= self.tokens_of_account(gives_up)
            self.check()
        return True

    def elsewhere(self, act):
        """Let Claude Code write; what it writes over is not our loss."""
        safe = set(self.stored_tokens())
        before = self.claude.tokens()
        done = act()
        self.excused |= before - self.claude.tokens() - safe
        return done

    def interrupt(self):
        """Do what was kept for the moment between a plan and its commit."""
        act, self.between = self.between, None
        if act is not None:
            self.interrupted = True
            self.elsewhere(act)

    # ---------------------------------------------------------------- facts

    def ledger(self):
        path = self.paths.logins_file
        return login_ledger.decode(path, read_regular(path, 1 << 22))

    def entries(self):
        return Vault(self.paths).entries()

    def active(self):
        return state.read(self.paths).active

    def undoable(self):
        data = read_regular(self.paths.undo_file, 1 << 24)
        return history.parse_undo(data, self.paths.undo_file)

    def parts(self, generation, entries):
        return login_parts.unpack(
            entries[entry_name(generation.item, generation.generation)]
        )

    def tokens_of_account(self, account):
        return {t for t, a in self.service.owner.items() if a == account}

    def stored_tokens(self):
        entries = self.entries()
        refs = [g.ref for g in self.ledger().items()]
        for profile in self.profiles().values():
            refs += profile.secrets.values()
        for ref in refs:
            yield from tokens_of(self.parts(ref, entries))

    def profiles(self):
        found, broken = profile_files.load_all(self.paths)
        assert not broken
        return {p.name: p for p in found if p.provider == "claude-login"}

    # ------------------------------------------------------- what always holds

    def check(self):
        ledger, entries = self.ledger(), self.entries()
        profiles = self.profiles()
        self._files_parse()
        self._agree(ledger, entries, profiles)
        self._no_poison(ledger, entries, profiles)
        self._nothing_lost()

    def _files_parse(self):
        for path in (self.claude.credentials, self.claude.config):
            if path.exists():
                assert isinstance(json.loads(path.read_text()), dict)

    def _agree(self, ledger, entries, profiles):
        assert set(ledger.generations) <= set(profiles)
        for name, profile in profiles.items():
            kept = ledger.generations.get(name, ())
            ref = profile.secrets.get("login")
            if kept:
                assert (ref.item, ref.generation) == kept[0][1:3]
            elif ref is not None:
                # A removed one that came back; the next switch enters it.
                assert entry_name(ref.item, ref.generation) in entries
        named = {entry_name(g.item, g.generation) for g in ledger.items()}
        assert named <= set(entries)

    def _no_poison(self, ledger, entries, profiles):
        for name, kept in ledger.generations.items():
            account = self.whose[name]
            fields = profiles[name].fields
            shown = fields.get("account_uuid"), fields.get("organization_uuid")
            known = (account.uuid, account.org)
            assert shown in (known, (None, None)) or name in self.by_word
            for generation in kept:
                parts = self.parts(generation, entries)
                if not self._is_right(tokens_of(parts), account):
                    continue
                assert parts.named_identity.account in ("", account.uuid)
                device = parts.value("trustedDeviceToken")
                assert device in (None, f"FAKE-device-{account.user}")

    def _is_right(self, tokens, account):
        """Tell whether tokens are an account's, or were said to be unsure."""
        if {self.service.owner[t] for t in tokens} == {account}:
            return True
        if any(IN_DOUBT in line for line in self.said):
            self.told |= tokens
        assert tokens <= self.told, f"of {account} without a word: {tokens}"
        return False

    def _nothing_lost(self):
        live, stored = self.claude.tokens(), set(self.stored_tokens())
        self.excused -= live | stored
        for token in self.service.working - live - stored - self.excused:
            owner, number = self.service.owner[token], self.service.number
            newer = {
                number[t]
                for t in stored & self.service.refreshing
                if self.service.owner[t] == owner and number[t] > number[token]
            }
            assert len(newer) >= login_ledger.KEPT, f"lost: {token}"


def tokens_of(parts):
    found = (parts.refresh_token, parts.access_token, parts.managed_key)
    return {token for token in found if token}


class Interleavings(RuleBasedStateMachine):
    """Everybody acts in any order."""

    @initialize(
        bare=st.sampled_from([[], [], ACCOUNTS, [A, B], [B, FOREIGN]]),
        over=st.booleans(),
        named=st.booleans(),
    )
    def begin(self, bare, over, named):
        self.world = World()
        self.claude = self.world.claude
        self.world.service.bare |= set(bare)
        self.unnamed = () if named else bare
        if over:  # a renewal is due from the first moment
            self.world.service.begin = 1
        for name, account in zip(LOGINS, (A, B, C), strict=False):
            self.world.elsewhere(lambda a=account: self.log_in(a))
            self.capture(name)
            assert self.world.whose[name] == account

    def teardown(self):
        if hasattr(self, "world"):
            shutil.rmtree(self.world.home)

    def log_in(self, account):
        self.claude.log_in(account)
        if account in self.unnamed:
            self.claude.write(self.claude.config, oauthAccount=None)
        device = f"FAKE-device-{account.user}"
        self.claude.write(self.claude.credentials, trustedDeviceToken=device)

    # ------------------------------------------------------------- keyswitch

    @rule(name=names)
    def use(self, name):
        world = self.world
        if not world.keyswitch(lambda w: activate.use(w, name, configure=True)):
            return
        if name in LOGINS and not world.interrupted:
            tokens = self.claude.tokens()
            owners = {world.service.owner[t] for t in tokens}
            assert owners == {world.whose[name]} or tokens <= world.told
            named = self.claude.name().get("accountUuid")
            known = (None, world.whose[name].uuid)
            assert named in known or name in world.by_word

    @rule()
    def off(self):
        assert self.world.keyswitch(activate.off)

    @rule()
    def undo(self):
        self.world.keyswitch(undo.undo_last)

    @rule(name=st.sampled_from([*LOGINS, *KEYS, ""]))
    def there_and_back(self, name):
        """What `undo` takes back is as it was, if nobody acted meanwhile."""
        world = self.world
        world.keyswitch(lambda w: None)
        whose, active = self._whose(), world.active()
        act = (
            (lambda w: activate.use(w, name, configure=True))
            if name
            else (activate.off)
        )
        records = world.undoable()
        done = world.keyswitch(act) and world.undoable() != records
        if done and not world.interrupted:
            assert world.keyswitch(undo.undo_last)
            assert world.active() == active
            # For a login that was refused, the stored one may come back.
            assert self._whose() == whose or not whose

    def _whose(self):
        """Return the account whose login is live; a blanked one is none."""
        login, owner = self.claude.login(), self.world.service.owner
        return {
            owner[login[k]]
            for k in ("accessToken", "refreshToken")
            if login.get(k)
        } or {owner[key] for key in (self.claude.key(),) if key}

    @rule(name=names)
    def capture(self, name):
        self._kept_as(
            name,
            lambda w: capture.capture(w, name, store="vault"),
        )

    @rule(name=names)
    def adopt(self, name):
        self._kept_as(
            name,
            lambda w: capture.from_orphan(w, name, store="vault"),
        )

    def _kept_as(self, name, act):
        """A name stands for the account that it was first given to."""
        world = self.world
        known = world.profiles()

        def noting(workspace):
            profile = act(workspace)
            if name not in known:
                world.whose[name] = self._shown(profile)
            elif "account_uuid" not in known[name].fields:
                # No account was ever known: a person's word is all there is,
                # and from now on the profile is of the account that is shown.
                world.by_word.add(name)
                for ref in world.ledger().generations.get(name, ()):
                    parts = world.parts(ref, world.entries())
                    world.told |= tokens_of(parts)
                if profile.fields.get("account_uuid"):
                    world.whose[name] = self._shown(profile)
            return profile

        world.keyswitch(noting)

    def _shown(self, profile):
        """Return the account of a new profile; a person knows it anyway."""
        shown = profile.fields.get("account_uuid")
        org = profile.fields.get("organization_uuid")
        for account in ACCOUNTS if shown else ():
            if (account.uuid, account.org) == (shown, org):
                return account
        token = next(iter(tokens_of(self._stored(profile))))
        return self.world.service.owner[token]

    def _stored(self, profile):
        login = profile.secrets["login"]
        entry = entry_name(login.item, login.generation)
        return login_parts.unpack(self.world.entries()[entry])

    @rule(name=logins)
    def logout(self, name):
        world = self.world
        if name not in world.profiles():
            return
        account = world.whose[name]
        world.excused |= world.told  # kept as another's, a person was told
        assert world.keyswitch(
            lambda w: logout.remove(w, name), gives_up=account
        )
        left = {*world.stored_tokens(), *self.claude.tokens()}
        if not (world.interrupted or world.service.bare):
            assert not left & world.tokens_of_account(account)
        assert "login" not in world.profiles()[name].secrets

    # ------------------------------------------------------------ Claude Code

    @rule(during=st.booleans())
    def renew(self, during):
        self._elsewhere(self.claude.renew, during=during)

    @rule(account=accounts, during=st.booleans())
    def another_login(self, account, during):
        self._elsewhere(lambda: self.log_in(account), during=during)

    @rule(account=st.sampled_from([B, FOREIGN]))
    def console(self, account):
        self._elsewhere(lambda: self.claude.console(account))

    @rule()
    def refused(self):
        self._elsewhere(self.claude.blank)

    @rule()
    def session_begins(self):
        if self.claude.login().get("refreshToken"):
            self.world.sessions.append(OldSession(self.claude))

    @rule(number=st.integers(0, 3), during=st.booleans())
    def session_writes_back(self, number, during):
        sessions = self.world.sessions
        if number < len(sessions):
            self._elsewhere(sessions[number].write_back, during=during)

    def _elsewhere(self, act, *, during=False):
        """Act now, or in the middle of the next command."""
        if during:
            self.world.between = act
        else:
            self.world.elsewhere(act)

    @invariant()
    def all_is_well(self):
        if hasattr(self, "world"):
            self.world.check()


@pytest.fixture
def interleave(monkeypatch):
    """Return a function that runs so many interleavings."""
    # Durable or not makes no difference here, and costs the most.
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(transaction, "_PAUSE", 0)
    prepare = journal.prepare
    running = []

    def prepared(paths, found):
        prepare(paths, found)
        if running:
            running[0].interrupt()

    monkeypatch.setattr(journal, "prepare", prepared)
    original = World.__init__

    def init(self):
        running.clear()
        original(self)
        running[:] = [self]

    monkeypatch.setattr(World, "__init__", init)

    def run(examples, steps, part=0):
        machine = type(f"Part{part}", (Interleavings,), {})
        if settings.default.derandomize:  # the parts must not be the same
            machine = seed(part)(machine)
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )

    return run


def test_a_sample_of_interleavings_loses_no_token(interleave):
    interleave(30, 15)


@pytest.mark.full
@pytest.mark.parametrize("part", range(1, 9))  # beside each other
def test_hundreds_of_interleavings_lose_no_token(interleave, part, times):
    interleave(16 * times, 30, part)  # with --times 8 a thousand
