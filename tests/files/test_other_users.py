"""U1: what another user owns, or could exchange, is not rewritten or used.

All commands run as one user in a home where another one has had a hand in.
"""

import json
import os
import shutil
import sys

import pytest

from tests.faults.cases import KEYS, MAIN, cli
from tests.files import homes, users
from tests.files.homes import FILES, TASKS
from tests.files.users import ME, OTHER, ROOT_USER, give
from tests.proof import record

pytestmark = [users.only_root, pytest.mark.real("other-users")]

OWN = {
    "configuration folder": ".config/keyswitch",
    "profiles folder": ".config/keyswitch/profiles",
    "state folder": ".local/state/keyswitch",
    "journal folder": ".local/state/keyswitch/journal",
    "config.toml": ".config/keyswitch/config.toml",
    "history": ".local/state/keyswitch/history.jsonl",
    "home": ".",
}
CLAUDE, VAULT, MACHINE_KEY = (
    ".claude", ".local/share/keyswitch", ".local/state/keyswitch/machine.key",
)  # fmt: skip
ADD = cli(
    "add", "three", "--provider", "anthropic", "--stdin",
    stdin=KEYS["new"].encode(),
)  # fmt: skip
COMMANDS = {name: task.command for name, task in TASKS.items()} | {
    "add": ADD,
    "use-one": cli("use", "one"),  # which is in use: no secret is read
    "env": cli("env", "one", "--shell", "bash"),
    "current": cli("current"),
}
READS = {  # what a command only reads
    "use-one": (FILES["profile"],),
    "add": (OWN["config.toml"], MACHINE_KEY, FILES["vault"]),
    "rotate": (MACHINE_KEY,),
    "current": (FILES["state"],),
    "env": (FILES["profile"], FILES["vault"]),
}
PAIRS = [
    *((t, FILES[f]) for t, found in TASKS.items() for f in found.writes),
    *((task, name) for task, names in READS.items() for name in names),
    *(
        (task, name)
        for task in ("use", "edit", "rotate", "off", "add", "install", "undo")
        for name in OWN.values()
        if name != OWN["config.toml"]
    ),
    *(("use", name) for name in (CLAUDE,)),
    *(("rotate", name) for name in (VAULT,)),
]


@pytest.fixture(scope="module")
def room():
    """Homes that begin as one in which a few profiles were made."""
    with users.room() as room:
        homes.make(room.home, room.start)
        room.keep()
        yield room


def begun(room, task):
    """Give a home of ours in which a task may begin."""
    home = room.fresh(ROOT_USER)  # who does the steps
    if task in TASKS:
        homes.do(home, room.start, TASKS[task].steps)
    if task == "env":
        for path in (home / ".local/state/keyswitch/compiled").iterdir():
            path.unlink()
    give(home, ME)
    return home


def report(what, found):
    record(
        promise="P1", what=f"U1: {what}", points=1, violations=int(bool(found))
    )
    assert not found, "\n".join(found)


def checked(room, done, task):
    """Return what is wrong with it as a refusal."""
    if task in ("doctor", "revoke-local"):
        found = [] if done.returncode in (1, 6) else [f"exit {done.returncode}"]
    else:
        found = users.refused(done)
    # That nothing was stored cannot be known before it can be read.
    return found + room.changes(may_intend=True)


def mark_first(pairs):
    """Leave what is one of many to the long tier."""
    seen = set()
    for task, name in sorted(set(pairs), key=lambda pair: pair[::-1]):
        marks = [pytest.mark.full] if name in seen else []
        seen.add(name)
        yield pytest.param(task, name, marks=marks, id=f"{task}-{name}")


@pytest.mark.parametrize(("task", "name"), [*mark_first(PAIRS)])
@pytest.mark.parametrize("mode", [0o755, 0o777], ids=["read", "all"])
def test_what_another_user_owns_is_refused(room, task, name, mode):
    path = begun(room, task) / name
    os.chown(path, OTHER, OTHER)
    path.chmod(mode if path.is_dir() else mode & 0o666)
    found = checked(room, room.run(COMMANDS[task]), task)
    report("another user's files and folders", found)


@pytest.mark.parametrize(
    ("task", "name"),
    [
        *(("edit", n) for n in (".", ".config", ".local", ".local/state")),
        *(("add", n) for n in (OWN["state folder"], OWN["profiles folder"])),
        ("use", "."), ("use", CLAUDE), ("rotate", VAULT),
        ("add", ".local/share"), ("install", "."),
    ],
)  # fmt: skip
def test_a_folder_that_everybody_may_write_in_is_refused(room, task, name):
    folder = begun(room, task) / name
    folder.chmod(0o777)
    done = room.run(COMMANDS[task])
    found = checked(room, done, task)
    if f"chmod o-w {folder}" not in done.stderr.decode():
        found.append("the remedy is not said")
    report("folders that everyone can write to", found)


@pytest.mark.parametrize("task", ["use", "edit", "add", "vault"])
def test_the_home_of_another_user_is_refused(room, task):
    home = room.fresh(OTHER)
    home.chmod(0o777)
    command = COMMANDS.get(task, cli("vault", "rotate"))
    found = checked(room, room.run(command), task)
    report("the home of another user", found)


def test_nothing_is_made_in_an_open_home_of_another_user(room):
    home = room.anew(os.mkdir)
    os.chown(home, OTHER, OTHER)
    home.chmod(0o777)
    found = []
    for command in (cli("vault", "init", "--machine-key"), ADD):
        found += checked(room, room.run(command), "")
    report("the home of another user", found)


# --------------------------------------------------------- a shared folder


@pytest.fixture
def shared(room):
    """A folder as /tmp is: everybody makes files, nobody moves others'."""
    folder = room.folder / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    yield folder
    shutil.rmtree(folder)


def planted(path, text, owner=OTHER):
    path.write_text(text)
    os.chown(path, owner, owner)
    path.chmod(0o666)
    return path


@pytest.mark.parametrize("name", ["settings.json", ".credentials.json"])
def test_a_file_planted_in_a_shared_folder_is_refused(room, shared, name):
    begun(room, "use")
    victim = planted(shared / name, "{}")
    before = victim.stat()
    done = room.run(COMMANDS["use"], CLAUDE_CONFIG_DIR=str(shared))
    found = checked(room, done, "use")
    if victim.stat() != before or os.listdir(shared) != [name]:
        found.append("the shared folder changed")
    report("files planted in a shared folder", found)


TO = ["settings.json", ".credentials.json", ".claude.json"]


@pytest.mark.parametrize("name", TO)
def test_a_link_planted_in_a_shared_folder_is_not_followed(room, shared, name):
    home = begun(room, "use")
    victim = planted(home / "of-mine.json", "{}\n", ME)
    link = shared / name
    link.symlink_to(victim)
    os.lchown(link, OTHER, OTHER)
    done = room.run(COMMANDS["use"], CLAUDE_CONFIG_DIR=str(shared))
    found = checked(room, done, "use")
    if os.listdir(shared) != [name]:
        found.append("the shared folder changed")
    report("links planted in a shared folder", found)


@pytest.mark.parametrize(
    ("variable", "task"),
    [("CLAUDE_CONFIG_DIR", "use"), ("KEYSWITCH_HOME", "add"),
     ("XDG_STATE_HOME", "edit"), ("XDG_CONFIG_HOME", "add")],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["folder", "link", "above"])
def test_a_way_that_another_user_has_made_is_refused(
    room, shared, variable, task, kind
):
    home = begun(room, task)
    inner = shared / "it"
    if kind == "link":
        (home / "private").mkdir(mode=0o700)
        os.chown(home / "private", ME, ME)
        inner.symlink_to(home / "private")
    else:
        inner.mkdir(mode=0o755)
    os.lchown(inner, OTHER, OTHER)
    if kind == "above":
        inner /= "mine"
        inner.mkdir()
        os.chown(inner, ME, ME)
    done = room.run(COMMANDS[task], **{variable: str(inner)})
    found = room.changes() + ([] if done.returncode == 1 else ["not refused"])
    if inner.exists() and list(inner.iterdir()):
        found.append(f"made {list(inner.iterdir())}")
    if variable != "XDG_CONFIG_HOME":
        found += users.refused(done)
    report("ways through another user's folders and links", found)


def test_a_link_of_ones_own_in_a_shared_folder_is_followed(room, shared):
    home = begun(room, "use")
    link = shared / "link"
    link.symlink_to(home / ".claude")
    os.lchown(link, ME, ME)
    done = room.run(COMMANDS["use"], CLAUDE_CONFIG_DIR=str(link))
    assert done.returncode in (0, 4), done.stderr.decode()
    assert link.is_symlink()


@pytest.mark.parametrize("shell", ["bash", "json"])
def test_a_planted_keyswitch_home_exports_nothing(room, shared, shell):
    begun(room, "env")
    room.run(cli("env", "cloud", "--shell", shell))  # so that it is compiled
    usual = room.run(cli("env", "--shell", shell))
    assert usual.stdout
    place = shared / "ks"
    for part, name in (("config", ".config"), ("state", ".local/state"),
                       ("data", ".local/share")):  # fmt: skip
        shutil.copytree(room.home / name / "keyswitch", place / part)
    give(place, OTHER)
    users.open_up(place)
    done = room.run(cli("env", "--shell", shell), KEYSWITCH_HOME=str(place))
    found = users.refused(done) + ["it printed"] * bool(done.stdout)
    report("a planted folder of keyswitch's own", found)


def test_a_compiled_profile_of_another_user_is_not_used(room):
    home = begun(room, "env")
    command = cli("env", "cloud", "--shell", "json")
    usual = json.loads(room.run(command).stdout)
    kept = home / ".local/state/keyswitch/compiled/cloud"
    text = kept.read_text()
    assert "set AWS_REGION eu-central-1" in text
    planted(kept, text.replace("eu-central-1", "evil"))
    found = ["it was used"] * (json.loads(room.run(command).stdout) != usual)
    report("planted caches", found)


# ------------------------------------------------------- the runtime folder

PHRASE = b"FAKE passphrase of this test"
# Where the kernel keeps no keys, as in many a container.
UNLOCK = """
import sys
from keyswitch import kernel_keyring
kernel_keyring._session = -1
from keyswitch.__main__ import main
sys.exit(main(["unlock", "--passphrase-fd", "0"]))
"""


@pytest.mark.real("other-users")
@pytest.mark.parametrize(
    ("owner", "mode", "fine"),
    [(ME, 0o700, True), (ME, 0o750, False), (ME, 0o701, False),
     (ME, 0o1777, False), (OTHER, 0o700, False), (OTHER, 0o777, False),
     (0, 0o1777, False)],
)  # fmt: skip
def test_only_a_private_runtime_folder_keeps_a_key(
    room, shared, owner, mode, fine
):
    begun(room, "use")
    passwd = cli("vault", "passwd", "--passphrase-fd", "0", stdin=PHRASE)
    assert room.run(passwd).returncode == 0
    folder = shared / "run"
    folder.mkdir()
    os.chown(folder, owner, owner)
    folder.chmod(mode)
    done = users.as_user(
        ME, [sys.executable, "-c", UNLOCK], room.home, given=PHRASE,
        XDG_RUNTIME_DIR=str(folder),
    )  # fmt: skip
    kept = os.listdir(folder)
    found = [] if bool(kept) == fine else [f"kept {kept}"]
    if (b"is not a private folder" in done.stderr) == fine:
        found.append("it is not said, or for nothing")
    report("runtime folders", [*found, done.stderr.decode()] if found else [])


@pytest.mark.real("other-users")
@pytest.mark.parametrize("name", ["settings", "profile", "state"])
def test_a_process_of_its_own_refuses_it_as_well(room, name):
    home = begun(room, "use")
    for file in (FILES[name], FILES["profile"].replace("one", "b")):
        planted(home / file, (home / file).read_text())
    done = users.as_user(ME, [*MAIN, "use", "b"], home)
    assert not users.refused(done)
    assert b"belongs to another user" in done.stderr


MUTANTS = {
    "anybody's files": """
from keyswitch.profiles import state
from keyswitch.disk import atomic
from keyswitch import compiled
for module in (atomic, state, compiled):
    module.is_planted = lambda _: False
""",
    "anybody's folders": """
from keyswitch.disk import ownership
ownership._require_own = lambda *_: None
""",
}


@pytest.mark.parametrize(
    ("mutant", "task", "name"),
    [("anybody's files", "env", FILES["profile"]),
     ("anybody's files", "current", FILES["state"]),
     ("anybody's folders", "edit", ".config")],
)  # fmt: skip
def test_these_tests_would_see_a_keyswitch_that_uses(mutant, task, name):
    with users.room(MUTANTS[mutant]) as room:
        homes.make(room.home, room.start)
        room.keep()
        planted_on = begun(room, task) / name
        os.chown(planted_on, OTHER, OTHER)
        planted_on.chmod(0o777 if planted_on.is_dir() else 0o644)
        assert checked(room, room.run(COMMANDS[task]), task)
