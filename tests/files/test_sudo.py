"""U1: root in the home of another user changes nothing there.

`sudo -E` and an older sudo keep HOME. What root makes there is root's, and its
user could not switch any more.
"""

import json
import os
import subprocess

import pytest

from tests.cli.keyswitch import Keyswitch
from tests.faults.cases import MAIN, cli
from tests.files import tree, users
from tests.files.users import ME, ROOT_USER
from tests.leaks.commands import FORMS, form, make_home
from tests.proof import record

pytestmark = [users.only_root, pytest.mark.real("other-users")]

MORE = {
    "login": form("login fresh"),
    "use a cloud": form("use cloud"),
    "vault recovery": form("vault recovery"),
    "install fish": form("install fish --yes"),
    "link a remote": form("link --remote github.com/acme/* work"),
    "edit, isolated": form("edit work --isolated"),
}
INIT = form("vault init --machine-key")
# They may do their work, and write nothing. What has been stopped before it
# came to write has its code from elsewhere.
READING = {
    "completion", "current", "doctor --report", "env", "env of a gateway",
    "env of a reference", "explain", "helper api-key", "helper aws",
    "helper claude-code", "history", "hook", "list", "lock", "managers check",
    "managers list", "providers", "run", "run --redact", "shell", "show",
    "statusline", "team diff", "team list", "team update", "unlock",
    "use --here", "use --suggest", "vault status", "verify", "whoami",
    "whoami --verify",
}  # fmt: skip
# Of those, what hands a secret over.
GIVING = (
    "env", "env of a gateway", "env of a reference", "helper api-key",
    "helper aws", "helper claude-code", "run", "run --redact", "shell",
    "use --here", "verify",
)  # fmt: skip
EARLIER = {
    "add, nobody to ask", "add, wrong shape", "import, wrong passphrase",
    "team add, a key in it", "team add, nobody to ask", "team remove",
    "team show",
    "unlock, wrong",
}  # fmt: skip
CHANGING = {
    name: one
    for name, one in {**FORMS, **MORE}.items()
    if name not in READING | EARLIER
}


@pytest.fixture(scope="module")
def homes():
    """Homes that begin as the one in which everything has been done."""
    with users.room() as room:
        make_home(room.home)
        # Something to mend, and something to log in with.
        settings = room.home / ".claude/settings.json"
        document = json.loads(settings.read_text())
        document["env"] = {"HTTPS_PROXY": None}
        settings.write_text(json.dumps(document))
        claude = room.folder / "claude"
        claude.write_text("#!/bin/sh\nexec touch ~/was-started\n")
        claude.chmod(0o755)
        room.keep()
        yield room


def untouched(home):
    home.mkdir()


def with_folders_of_roots(home):
    """Put there what an earlier sudo has made."""
    for name in (".claude", ".config", ".local/state", ".local/share"):
        (home / name).mkdir(parents=True)


STATES = {"empty": untouched, "with folders of root's": with_folders_of_roots}


def run(room, one, home, **environ):
    """Run a form as root; sudo says who began it."""
    (room.home / one.folder).mkdir(exist_ok=True)
    return room.run(
        cli(*one.args, stdin=one.stdin.encode()),
        user=ROOT_USER,
        home=home,
        SUDO_UID=str(ME),
        SUDO_USER="somebody",
        PATH=f"{room.folder}:{os.environ['PATH']}",
        **one.environ,
    )


@pytest.mark.parametrize("name", CHANGING)
def test_no_command_of_roots_changes_the_home_of_another_user(homes, name):
    home = homes.fresh()
    done = run(homes, CHANGING[name], home)
    found = users.refused(done) + homes.changes()
    if f"{home} belongs to user {ME}, but you are root\n" not in (
        done.stderr.decode()
    ):
        found.append(f"another reason: {done.stderr.decode()}")
    report("sudo in another user's home, refused", found)


@pytest.mark.parametrize("name", sorted(READING | EARLIER))
def test_what_only_reads_leaves_nothing_of_roots_behind(homes, name):
    home = homes.fresh()
    for cache in (home / ".local/state/keyswitch/compiled").iterdir():
        cache.unlink()
    done = run(homes, FORMS[name], home)
    found = homes.changes()
    if done.returncode == 3:
        found.append(done.stderr.decode())
    report("sudo in another user's home, only read", found)


@pytest.mark.parametrize("name", GIVING)
def test_root_is_given_no_secret_of_another_user(homes, name):
    home = homes.fresh()
    done = run(homes, FORMS[name], home)
    assert done.returncode == 1, done
    assert b"sk-ant" not in done.stdout
    assert done.stdout == b""
    told = done.stderr.decode()
    assert f"{home} belongs to user {ME}, but you are root" in told
    assert "run it without sudo" in told


@pytest.mark.parametrize("state", STATES)
def test_nothing_is_made_in_a_home_where_nothing_was(homes, state):
    found = []
    for name, one in {**FORMS, **MORE, "vault init": INIT}.items():
        home = homes.anew(STATES[state])
        os.chown(home, ME, ME)
        done = run(homes, one, home)
        found += [f"{name}: {change}" for change in homes.changes()]
        if name in ("add", "vault init", "install", "login --capture"):
            found += [f"{name}: {text}" for text in users.refused(done)]
        record(
            promise="P1", what="U1: sudo in another user's home, empty",
            points=1, violations=int(bool(found)),
        )  # fmt: skip
    assert not found, "\n".join(found)


def report(what, found):
    record(
        promise="P1", what=f"U1: {what}", points=1, violations=int(bool(found))
    )
    assert not found, "\n".join(found)


@pytest.mark.parametrize("variable", ["KEYSWITCH_HOME", "CLAUDE_CONFIG_DIR"])
def test_folders_elsewhere_do_not_make_it_roots_home(homes, tmp_path, variable):
    home = homes.fresh()
    done = homes.run(
        cli("off"), user=ROOT_USER, **{variable: str(tmp_path / "elsewhere")}
    )
    assert not users.refused(done) + homes.changes()
    assert f"{home} belongs to" in done.stderr.decode()


def test_a_folder_in_the_home_of_another_user_is_refused_as_well(homes):
    home = homes.fresh()
    own = home.parent / "of-root"
    own.mkdir()
    before = tree.look(home)
    done = homes.run(
        cli("vault", "init", "--machine-key"), user=ROOT_USER, home=own,
        KEYSWITCH_HOME=str(home / "new"),
    )  # fmt: skip
    assert not users.refused(done)
    assert tree.look(home) == before
    assert f"{home} belongs to another user" in done.stderr.decode()
    own.rmdir()


@pytest.mark.parametrize("owner", [ROOT_USER, ME])
def test_everybody_may_work_in_their_own_home(homes, owner):
    home = homes.fresh(owner)
    done = homes.run(cli("use", "gw"), user=owner)
    assert done.returncode == 0, done.stderr.decode()
    owners = {entry.owner for entry in tree.look(home).values()}
    assert owners == {(owner, owner)}


def test_a_home_of_roots_is_fine_for_who_may_write_in_it(homes):
    home = homes.fresh()
    os.chown(home, ROOT_USER, ROOT_USER)
    done = homes.run(cli("edit", "work", "--label", "Acme"))
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.real("unshare")
def test_root_of_a_user_namespace_works_in_the_home_mapped_to_it(homes):
    home = homes.fresh(ROOT_USER)
    apart = ("unshare", "--user", "--map-root-user")
    if subprocess.run([*apart, "true"], check=False).returncode != 0:
        pytest.skip("no user namespaces here")
    done = subprocess.run(
        [*apart, *MAIN, "use", "gw"], env=Keyswitch(home).environ, cwd=home,
        capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()


@pytest.mark.real("other-users")
def test_a_process_of_roots_own_is_told_what_to_do(homes):
    home = homes.fresh()
    done = users.as_user(ROOT_USER, [*MAIN, "use", "gw"], home)
    assert done.returncode == 1
    assert done.stderr.decode() == (
        f"keyswitch: error: {home} belongs to user {ME}, but you are root\n"
        "keyswitch: hint: run it without sudo, or with sudo -H to use root's "
        "home\n"
    )


# Without the one line that asks whose home it is, and without the other.
MUTANTS = {
    "the home is anybody's": "is_foreign_home = lambda: False",
    "the way is anybody's": "_trusted = lambda: range(1 << 20)",
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_these_tests_would_see_a_keyswitch_that_does_not_ask(mutant):
    defect = f"import keyswitch.disk.ownership as o; o.{MUTANTS[mutant]}\n"
    with users.room(defect) as room:
        home = room.anew(with_folders_of_roots)
        os.chown(home, ME, ME)
        done = run(room, INIT, home)
        if mutant == "the home is anybody's":  # then the way still is not
            assert f"{home} belongs to another user" in done.stderr.decode()
        else:
            assert ".local/state/keyswitch/machine.key came" in room.changes()
