"""S4: whatever is exchanged at whatever moment, nothing is written outside.

A victim belongs to another user and is open to everybody, or lies where only a
link of another user leads to: each write to it would be a violation.
"""

import contextlib
import itertools
import os

import pytest

from tests.faults.cases import cli
from tests.files import homes, users
from tests.files.homes import FILES
from tests.files.swapping import attacker
from tests.files.users import ME, OTHER, give
from tests.proof import record

pytestmark = [users.only_root, pytest.mark.real("other-users")]

COMMANDS = [cli("use", "cloud"), cli("use", "b"), cli("use", "one")]
EDITS = [cli("edit", "one", "--label", "Acme"),
         cli("edit", "one", "--label", "Else")]  # fmt: skip
IMPATIENT = "from keyswitch.commit import transaction as t; t._PAUSE = 0\n"


@pytest.fixture(scope="module")
def room():
    """Homes that begin as one in which a few profiles were made."""
    with users.room(defect=IMPATIENT) as room:
        homes.make(room.home, room.start)
        room.keep()
        yield room


SHORT, LONG = (30, 1_000), (100, 5_000)


def sized(*names):
    """Return each with few commands, and the first with many as well.

    How many commands run, and how many exchanges they have to see.
    """
    return [pytest.param(name, SHORT, id=f"{name}-30") for name in names] + [
        pytest.param(names[0], LONG, id=f"{names[0]}-100",
                     marks=pytest.mark.full)
    ]  # fmt: skip


class Victim:
    """A folder with files, and everything that a write would change."""

    def __init__(self, folder, owner):
        self.folder = folder
        folder.mkdir()
        for file in ("settings", "config", "credentials", "profile"):
            path = folder / os.path.basename(FILES[file])
            path.write_text("{}\n")
            path.chmod(0o666)
        folder.chmod(0o777 if owner == OTHER else 0o700)
        give(folder, owner)
        self.before = self._look()

    def _look(self):
        """The times of a folder tell of names that came and went again."""
        paths = [self.folder, *sorted(self.folder.iterdir())]
        return {
            path.name: (
                (found := path.stat()).st_mode, found.st_uid, found.st_gid,
                found.st_ino, found.st_mtime_ns, found.st_ctime_ns,
                path.is_file() and path.read_bytes(),
            )
            for path in paths
        }  # fmt: skip

    def violations(self):
        """Return which of its files were touched."""
        now = self._look()
        return [
            name
            for name in self.before.keys() | now.keys()
            if self.before.get(name) != now.get(name)
        ]


def attacked(room, size, commands, attack, *, between=lambda: None, **environ):
    """Run commands during an attack; returns their exit codes and stderr."""
    runs, least = size
    done = []
    with attack as exchanges:
        for command in itertools.cycle(commands):
            if len(done) >= runs and exchanges() >= least:
                break
            assert len(done) < 5 * runs, f"only {exchanges()} exchanges"
            done.append(
                room.start(
                    command, room.home, users.environ_of(ME, **environ),
                    kill_after=30,
                )
            )  # fmt: skip
            between()
    return [d.returncode for d in done], [d.stderr.decode() for d in done]


def report(what, runs, found):
    codes, said = runs
    found = list(found)
    found += [text for code, text in zip(codes, said, strict=True)
              if code not in (0, 1, 4, 6)]  # fmt: skip
    record(
        promise="P5", what=f"S4: {what}", points=len(codes),
        violations=len(found),
    )  # fmt: skip
    assert not found, "\n".join(found)
    print({code: codes.count(code) for code in sorted(set(codes))})


@pytest.fixture
def victim(room):
    """What another user lets everybody write to."""
    made = Victim(room.folder / "victim", OTHER)
    yield made
    users.remove(made.folder)


@pytest.fixture
def kit(room):
    """Where an attacker keeps what is not in place just now."""
    folder = room.folder / "kit"
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    users.remove(folder)


@pytest.mark.parametrize(
    ("file", "size"), sized("settings", "config", "credentials", "profile")
)
def test_a_file_that_turns_into_a_link_and_back(room, size, victim, kit, file):
    home = room.fresh()
    commands = EDITS if file == "profile" else COMMANDS
    link = kit / "link"
    link.symlink_to(victim.folder / os.path.basename(FILES[file]))
    os.lchown(link, ME, ME)
    runs = [], []
    for _ in range(3):  # by chance all of a round may be refused
        codes, said = attacked(
            room, size, commands,
            attacker(ME, home / FILES[file], "exchange", link),
        )  # fmt: skip
        runs = [*runs[0], *codes], [*runs[1], *said]
        if {0, 4} & {*codes}:
            break
    assert {0, 4} & {*runs[0]}  # or there was nothing to write
    report("a file and a link take turns", runs, victim.violations())


@pytest.fixture
def shared(room):
    """A folder as /tmp is, in another one, since locks lie beside it."""
    for folder in (outer := room.folder / "outer", outer / "shared"):
        folder.mkdir()
        folder.chmod(0o1777)
    yield folder
    users.remove(outer)


@pytest.mark.parametrize(
    ("variable", "size"), sized("CLAUDE_CONFIG_DIR", "KEYSWITCH_HOME")
)
def test_a_folder_that_another_user_lets_come_and_go(
    room, size, shared, kit, variable
):
    home = room.fresh()
    private = Victim(home / "private", ME)
    (kit / "folder").mkdir(mode=0o777)
    (kit / "link").symlink_to(private.folder)
    give(kit, OTHER)
    name = shared / "it"

    def begin_again():
        with contextlib.suppress(FileNotFoundError):
            if name.lstat().st_uid == ME:
                users.remove(name)

    commands = COMMANDS
    if variable == "KEYSWITCH_HOME":
        commands = [cli("vault", "init", "--machine-key")]
    runs = attacked(
        room, size, commands,
        attacker(OTHER, name, "come and go", kit / "folder", kit / "link"),
        between=begin_again, **{variable: str(name)},
    )  # fmt: skip
    report("another user's folder and link come and go", runs,
           private.violations())  # fmt: skip


def file_comes_and_goes(room, size, shared, kit, file):
    """Attack a file in a shared folder; returns the runs, what was touched."""
    home = room.fresh()
    private = Victim(home / "private", ME)
    name = os.path.basename(FILES[file])
    (kit / "file").write_text("{}\n")
    (kit / "file").chmod(0o666)
    (kit / "link").symlink_to(private.folder / name)
    give(kit, OTHER)
    kept = ("settings.json", ".claude.json", ".credentials.json")
    open_to_all = []

    def begin_again():
        for path in [shared / one for one in kept]:
            with contextlib.suppress(FileNotFoundError):
                found = path.lstat()
                if found.st_uid != ME:
                    continue
                if found.st_mode & 0o022:
                    open_to_all.append(f"{path.name}: {found.st_mode:o}")
                path.unlink()

    runs = attacked(
        room, size, COMMANDS,
        attacker(OTHER, shared / name, "come and go",
                 kit / "file", kit / "link"),
        between=begin_again, CLAUDE_CONFIG_DIR=str(shared),
    )  # fmt: skip
    return runs, private.violations() + open_to_all


@pytest.mark.parametrize(
    ("file", "size"), sized("settings", "config", "credentials")
)
def test_a_file_that_another_user_lets_come_and_go(
    room, size, shared, kit, file
):
    runs, found = file_comes_and_goes(room, size, shared, kit, file)
    report("another user's file and link come and go", runs, found)


# How each is made, the file to attack, and what gives it away.
MUTANTS = {
    "it follows anybody's links": (
        """
from keyswitch.disk import ownership as o
import keyswitch.commit.transaction as t
o._require_own = lambda *_: None
o.require_way_to = t.require_way_to = lambda *_: None
""",
        "credentials",
        "private",
    ),
    "it takes anybody's modes over": (
        """
from keyswitch.disk import atomic as a
a.is_planted = lambda _: False
""",
        "settings",
        "settings.json: 1006",
    ),
}


@pytest.mark.full
@pytest.mark.parametrize("mutant", MUTANTS)
def test_the_attack_would_succeed_on_another_keyswitch(
    room, shared, kit, mutant
):
    defect, file, sign = MUTANTS[mutant]
    found = []
    with users.room(IMPATIENT + defect) as other:
        homes.make(other.home, other.start)
        other.keep()
        for _ in range(40):  # often the first is enough
            _, touched = file_comes_and_goes(other, (25, 25), shared, kit, file)
            found += touched
            if any(sign in text for text in found):
                return
            for path in (*kit.iterdir(), *shared.iterdir()):
                users.remove(path)
    pytest.fail(f"it was not seen: {found}")
