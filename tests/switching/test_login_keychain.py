"""Logins in the macOS keychain, switched with the whole command.

The command runs as on macOS, with a stand-in for `security`; what Claude Code
would do there is played by the tests.
"""

import json
import shutil
import subprocess
import sys

import pytest

from keyswitch.targets.claude_code.login.keychain import CONSOLE, LOGIN
from tests.cli.keyswitch import Keyswitch
from tests.components import ROOT
from tests.forks import client
from tests.targets.fake_security import FakeSecurity

AS_ON_MACOS = """
from keyswitch.workspace import Workspace
from keyswitch.targets.claude_code.login import keychain
Workspace.platform = "darwin"
keychain.SECURITY = {program!r}
"""

# What `claude auth login` does on macOS: the item, and who it is.
CLAUDE = """#!/bin/sh
digest=$(printf %s "$CLAUDE_CONFIG_DIR" | sha256sum | cut -c1-8)
echo "add-generic-password -U -a me -s 'Claude Code-credentials-$digest' \
-X {digits}" | {program} -i
cp {account} "$CLAUDE_CONFIG_DIR/.claude.json"
"""


def token(account, state, kind="oat"):
    return f"sk-ant-{kind}01-FAKE-{account}-{state}-EXAMPLE"


def document(account, state, **others):
    """Return what Claude Code keeps of a login; others are not the login's."""
    oauth = {
        "accessToken": token(account, state),
        "refreshToken": token(account, state, "ort"),
        "expiresAt": 4_000_000_000_000 + state,
        "scopes": ["user:inference"],
        "accountUuid": f"uuid-{account}",
    }
    return json.dumps({"claudeAiOauth": oauth, **others})


def config(account, **others):
    return json.dumps(
        {
            "oauthAccount": {
                "accountUuid": f"uuid-{account}",
                "emailAddress": f"{account}@example.com",
            },
            **others,
        }
    )


class Mac(Keyswitch):
    """A home on a machine with a keychain."""

    def __init__(self, home, security, server):
        super().__init__(home, USER="me")
        self.security, self.server = security, server

    def killed(self, *args):
        """Run a command that does not live to its end."""
        self(*args, code=-9)

    def log_in(self, account, state=1, **others):
        """Log in as somebody, or renew that login (a higher state)."""
        self.security.put(LOGIN, document(account, state, **others))
        (self.home / ".claude").mkdir(exist_ok=True)
        self.file(".claude.json").write_text(config(account))

    def capture(self, account, state=1, **others):
        self.log_in(account, state, **others)
        self("login", account, "--capture", "--store", "vault")

    @property
    def live(self):
        """The access token in the item, "" if there is none."""
        found = json.loads(self.security.get(LOGIN) or "{}")
        return found.get("claudeAiOauth", {}).get("accessToken", "")

    @property
    def named(self):
        """The account that Claude Code shows, "" if none."""
        found = json.loads(self.file(".claude.json").read_text())
        return found.get("oauthAccount", {}).get("accountUuid", "")

    def stored(self):
        """Return every token that is in the vault."""
        from keyswitch.profiles.paths import resolve
        from keyswitch.secrets.vault.reading import Vault

        return "\n".join(Vault(resolve(self.environ)).entries().values())


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """Two accounts, of which b is in use; returns (its folder, keyswitch)."""
    folder = tmp_path_factory.mktemp("machine")
    security = FakeSecurity(folder / "now" / "security")
    (folder / "now/home").mkdir()
    program = str(security.program)
    server = client.Server(setup=AS_ON_MACOS.format(program=program))
    made = Mac(folder / "now/home", security, server)
    made.with_vault()
    made.capture("a")
    made("off")
    made.capture("b")
    shutil.copytree(folder / "now", folder / "kept", symlinks=True)
    yield folder, server
    server.close()


@pytest.fixture
def both(machine):
    """Return that machine as it was in the beginning, at the same place."""
    folder, server = machine
    shutil.rmtree(folder / "now")
    shutil.copytree(folder / "kept", folder / "now", symlinks=True)
    security = FakeSecurity(folder / "now/security")
    return Mac(folder / "now/home", security, server)


@pytest.fixture
def security(both):
    yield both.security
    assert both.security.unmet == []


def has(text, account, state):
    return all(token(account, state, k) in text for k in ("oat", "ort"))


def test_there_and_back_keeps_both_lineages(both):
    both("use", "a")
    assert (both.live, both.named) == (token("a", 1), "uuid-a")
    both.log_in("a", 2)
    both("use", "b")
    assert (both.live, both.named) == (token("b", 1), "uuid-b")
    both.log_in("b", 2)
    both("use", "a")
    assert (both.live, both.named) == (token("a", 2), "uuid-a")
    both("use", "b")
    assert both.live == token("b", 2)


def test_no_token_is_in_a_file_or_an_argument(both, security):
    both("use", "a")
    both("use", "b")
    assert not both.file(".claude/.credentials.json").exists()
    for name, data in both.everything().items():
        assert b"FAKE-a-1" not in data, name
        assert b"FAKE-b-1" not in data, name
    arguments = json.dumps([argv for argv, _ in security.calls])
    assert "FAKE" not in arguments
    assert b"FAKE-a-1".hex() not in arguments


def test_what_is_no_login_stays_in_the_item(both, security):
    shared = {"mcpOAuth": {"one": {"accessToken": "FAKE mcp"}}}
    both.log_in("b", 2, **shared)
    both("use", "a")
    assert both.live == token("a", 1)
    assert json.loads(security.get(LOGIN))["mcpOAuth"] == shared["mcpOAuth"]


def test_a_blanked_login_never_replaces_a_stored_one(both, security):
    both("use", "a")
    oauth = {"accessToken": "", "refreshToken": "", "expiresAt": 0}
    security.put(LOGIN, json.dumps({"claudeAiOauth": oauth}))
    both("use", "b")
    assert both.live == token("b", 1)
    both("use", "a")
    assert both.live == token("a", 1)


def test_off_gives_back_what_was_there(both):
    both("use", "a")
    both.log_in("a", 2)
    both("off")
    assert (both.live, both.named) == (token("b", 1), "uuid-b")
    assert has(both.stored(), "a", 2)


def test_undo_puts_the_former_login_back(both):
    both("use", "a")
    both.log_in("a", 2)
    both("undo")
    assert (both.live, both.named) == (token("b", 1), "uuid-b")
    assert has(both.stored(), "a", 2)


def test_off_removes_the_item_where_there_was_no_login(both, security):
    security.clear()
    both.file(".claude.json").write_text("{}")
    both("use", "a")
    assert both.live == token("a", 1)
    both("off")
    assert security.items == {}
    assert has(both.stored(), "a", 1)


def test_logout_takes_the_login_out_of_the_item(both, security):
    both("use", "a")
    done = both("logout", "a", "--yes")
    assert f"keychain:{LOGIN}" in done.out
    assert security.items == {}
    assert "FAKE-a" not in both.stored()
    assert has(both.stored(), "b", 1)


def test_a_login_of_the_file_stays_in_the_file(both, security):
    security.clear()
    live = both.file(".claude/.credentials.json")
    live.write_text(document("b", 2))
    both("use", "a")
    assert token("a", 1) in live.read_text()
    assert security.items == {}
    both("use", "b")
    assert token("b", 2) in live.read_text()


def test_an_item_is_emptied_rather_than_uncover_a_file(both, security):
    file = both.file(".claude/.credentials.json")
    file.write_text(document("old", 1))
    both("use", "a")
    both("logout", "a", "--yes")
    assert security.get(LOGIN) == b"{}"
    assert token("old", 1) in file.read_text()


def test_a_console_login_has_its_key_in_an_item(both, security):
    key = "sk-ant-api03-FAKE-console-EXAMPLE"
    security.put(LOGIN, "{}")
    security.put(CONSOLE, key)
    both.file(".claude.json").write_text(config("c"))
    both("login", "c", "--capture", "--store", "vault")
    both("use", "a")
    assert security.get(CONSOLE) is None
    assert both.live == token("a", 1)
    both("use", "c")
    assert security.get(CONSOLE) == key.encode()
    assert (both.live, both.named) == ("", "uuid-c")
    assert key not in both.file(".claude.json").read_text()


def test_the_folder_of_the_variable_has_an_item_of_its_own(both, security):
    folder = str(both.home / "other")
    name = f"{LOGIN}-{_digest(folder)}"
    security.put(name, document("c", 1))
    (both.home / "other").mkdir()
    (both.home / "other/.claude.json").write_text(config("c"))
    given = {"CLAUDE_CONFIG_DIR": folder}
    both("login", "c", "--capture", "--store", "vault", **given)
    both("use", "a", **given)
    assert token("a", 1) in security.get(name).decode()
    assert both.live == token("b", 1)


def _digest(text):
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()[:8]


# ------------------------------------------------------------- what goes wrong


def test_a_locked_keychain_changes_nothing(both, security):
    before = both.everything()
    security.order("fail-read", 36, times=100)
    done = both("use", "a", code=5)
    assert "the macOS keychain is locked" in done.error
    security.order("fail-read", 36, times=0)
    assert both.live == token("b", 1)
    assert both.everything() == before


def test_a_login_without_room_changes_nothing(both, security):
    both.log_in("b", 2, mcpOAuth={"one": "FAKE" * 450})
    item = security.get(LOGIN)
    done = both("use", "a", code=1)
    assert "does not fit" in done.error
    assert security.get(LOGIN) == item
    assert both.named == "uuid-b"


def test_a_damaged_item_is_not_replaced(both, security):
    security.put(LOGIN, '{"claudeAiOauth":{"accessToken":"FAKE')
    both("use", "a", code=1)
    assert security.get(LOGIN) == b'{"claudeAiOauth":{"accessToken":"FAKE'


@pytest.mark.parametrize("reads", range(2))  # as many as `use` does
def test_a_renewal_at_any_time_is_kept(both, security, reads):
    # Whoever looks at the login reads its item, then this one.
    security.order(
        f"write-after-reading-{CONSOLE}",
        {f"{LOGIN}|me": document("b", 2).encode().hex()},
        skipped=reads,
    )
    both("use", "a")
    both("list")
    assert both.live == token("a", 1)
    assert has(both.stored(), "b", 2)


@pytest.mark.parametrize("when", ["kill-before-write", "kill-after-write"])
@pytest.mark.parametrize("command", [("use", "a"), ("off",)])
def test_a_kill_at_the_write_loses_nothing(both, security, when, command):
    if command == ("off",):
        both("use", "a")
        both("use", "b")
        both("use", "a")
        wanted = "b"
    else:
        wanted = "a"
    other = {"a": "b", "b": "a"}[wanted]
    both.log_in(other, 2)
    security.order(when)
    both.killed(*command)
    assert has(both.stored(), other, 2)
    done = both("list")
    assert "finished an interrupted" in done.err
    assert (both.live, both.named) == (token(wanted, 1), f"uuid-{wanted}")
    assert has(both.stored(), other, 2)
    both("use", other)
    assert both.live == token(other, 2)
    assert both("list").err == ""


def test_a_refused_write_is_said_and_made_up_for(both, security):
    both.log_in("b", 2)
    security.order("fail-write", 51, times=2)
    done = both("use", "a", code=6)
    assert "the login was not written" in done.error
    assert both.live == token("b", 2)
    assert "not yet written" in both("list").err
    assert "finished an interrupted" in both("list").err
    assert (both.live, both.named) == (token("a", 1), "uuid-a")
    both("use", "b")
    assert both.live == token("b", 2)


def test_going_back_from_a_refused_write_names_the_right_account(
    both, security
):
    security.order("fail-write", 51, times=100)
    both("use", "a", code=6)
    both("use", "b")
    assert (both.live, both.named) == (token("b", 1), "uuid-b")
    security.order("fail-write", 51, times=0)
    assert both("list").err == ""
    assert (both.live, both.named) == (token("b", 1), "uuid-b")


def test_an_item_that_changed_after_a_kill_is_left_alone(both, security):
    security.order("kill-before-write")
    both.killed("use", "a")
    both.log_in("c", 1)
    assert "changed the keychain item" in both("list").err
    assert (both.live, both.named) == (token("c", 1), "uuid-c")


def test_what_an_old_session_wrote_back_is_repaired(both, security):
    both("use", "a")
    security.put(LOGIN, document("b", 2))
    done = both("list")
    assert "an old session had restored the login of 'b'" in done.err
    assert both.live == token("a", 1)
    assert has(both.stored(), "b", 2)
    assert both("list").err == ""


# ------------------------------------------------------------------ logging in


@pytest.fixture
def claude(both, security, tmp_path):
    """A `claude` on PATH whose login is that of c."""
    account = tmp_path / "account"
    account.write_text(config("c"))
    program = tmp_path / "bin/claude"
    program.parent.mkdir()
    program.write_text(
        CLAUDE.format(
            digits=document("c", 1).encode().hex(),
            program=security.program,
            account=account,
        )
    )
    program.chmod(0o700)
    both.environ["PATH"] = f"{program.parent}:{both.environ['PATH']}"
    return program


def test_a_login_of_its_own_leaves_no_item_behind(both, security, claude):
    before = security.items
    both("login", "c", "--store", "vault")
    assert security.items == before
    assert has(both.stored(), "c", 1)


def test_the_item_of_a_killed_login_is_removed(both, security, claude):
    before = security.items
    claude.write_text(claude.read_text() + "kill -9 $PPID\n")
    both.killed("login", "c", "--store", "vault")
    assert security.items != before
    both("list")
    assert security.items == before


# --------------------------------------------------------------- other systems


def test_elsewhere_nothing_of_it_is_loaded(tmp_path):
    script = (
        "import sys\n"
        "from keyswitch.__main__ import main\n"
        "main(['login', 'a', '--capture', '--store', 'vault'])\n"
        "main(['use', 'a'])\n"
        "main(['whoami'])\n"
        "print([m for m in sys.modules if m.endswith('keychain')])\n"
    )
    ks = Keyswitch(tmp_path).with_vault()
    ks.file(".claude").mkdir()
    ks.file(".claude/.credentials.json").write_text(document("a", 1))
    ks.file(".claude.json").write_text(config("a"))
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**ks.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    last = done.stdout.splitlines()[-1]
    assert "login_keychain" not in last
    assert "claude_code.keychain" not in last
