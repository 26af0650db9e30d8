"""The harness finds what it is there to find: seeded defects are caught.

Each defect is caught by the kind of violation that it leads to.
"""

import sys

import pytest

from tests.faults.cases import ENVIRON
from tests.faults.full.commands import command_case
from tests.faults.harness import (
    Command,
    Warm,
    folder_in_memory,
    inject_everywhere,
)
from tests.proof import record

pytestmark = pytest.mark.real("strace")

NAIVE = """
import os
for name in ("settings.json", "state.json"):
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(descriptor, b'{"active": ')
    os.write(descriptor, b'"new"}')
    os.close(descriptor)
    os.chmod(name, 0o600)
"""


class NaiveWriter:
    """A program that writes two files in place, one after the other."""

    command = Command((sys.executable, "-c", NAIVE))
    recover = Command(("true",))

    def make_home(self, home):
        for name in ("settings.json", "state.json"):
            (home / name).write_text('{"active": "old"}')

    def check_between(self, home):
        return []

    def snapshot(self, home):
        names = ("settings.json", "state.json")
        return tuple((home / name).read_text() for name in names)

    def leftovers(self, home):
        return []


@pytest.mark.parametrize("fault", ["KILL", "ENOSPC"])
def test_a_writer_that_is_not_atomic_is_caught(tmp_path, fault):
    report = inject_everywhere(NaiveWriter(), ENVIRON, tmp_path, faults=[fault])
    torn = [v for v in report.violations if "neither old nor new" in v]
    assert len(torn) >= 3


NO_FSYNC = """
import os
os.fsync = lambda descriptor: None
"""
NO_FSYNC_OF_FOLDERS = """
from keyswitch.disk import atomic
atomic.sync_dir = lambda path: None
"""
NO_RENAME = """
import os
def rename(stage, target, real=os.rename):
    if "journal" in target:
        return real(stage, target)
    text = open(stage, "rb").read()
    with open(target, "wb", buffering=0) as file:
        file.write(text[:9])
        file.write(text[9:])
    os.unlink(stage)
os.rename = rename
"""
NO_RECOVERY = """
from keyswitch.changes import intents
from keyswitch.commit import transaction
from keyswitch.profiles import odd_files
odd_files.sweep = lambda paths: None
transaction.recover = lambda paths: []
intents.sweep = lambda paths: None
"""
OVER_THE_LINK = """
import os
from keyswitch.disk import atomic
from keyswitch.disk import ownership
atomic.resolve_target = os.path.abspath
ownership.require_way_to = lambda *_: None
"""
OPEN_TO_ALL = """
import os
from keyswitch.disk import atomic
def dress(descriptor, target, mode, *, private):
    os.fchmod(descriptor, 0o644)
atomic._set_rights = dress
"""
NO_HARVEST = """
from keyswitch.switching.logins.book import LoginBook
LoginBook.keep_for = lambda *args, **options: None
"""


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    starter = Warm()
    yield starter
    starter.close()


@pytest.fixture
def caught(tmp_path, sound):
    """Return a function that kills a keyswitch with a defect everywhere."""

    def catch(defect, name="use", *, layout="plain", step=5):
        with folder_in_memory(tmp_path) as room:
            broken = Warm(defect=defect)
            case, environ = command_case(name, layout, sound, room / "kit")
            report = inject_everywhere(
                case,
                environ,
                room,
                faults=["KILL"],
                step=step,
                runners=[broken],
            )
            broken.close()
        return report.violations

    return catch


@pytest.mark.parametrize(
    ("name", "defect", "options", "kind"),
    [
        ("no fsync", NO_FSYNC, {}, "was renamed before it was synced"),
        (
            "no fsync of folders",
            NO_FSYNC_OF_FOLDERS,
            {},
            "was not synced after a rename",
        ),
        ("no rename", NO_RENAME, {"step": 2}, "does not parse"),
        ("no recovery", NO_RECOVERY, {"name": "add"}, "left behind"),
        (
            "over the link",
            OVER_THE_LINK,
            {"layout": "links", "name": "use-bedrock"},
            "was replaced",
        ),
        ("mode 0644", OPEN_TO_ALL, {}, "is open to others"),
    ],
)
def test_a_keyswitch_with_a_defect_is_caught(
    caught, name, defect, options, kind
):
    found = any(kind in v for v in caught(defect, **options))
    record(
        promise="P1",
        what="seeded defects that the fault tests have to catch",
        points=1,
        violations=int(not found),
    )
    assert found, name


def test_a_keyswitch_that_keeps_no_live_login_is_caught(caught):
    found = caught(NO_HARVEST, "login-use", step=12)
    assert any("the login a 4 is lost" in v for v in found)


def test_the_same_without_a_defect_is_not_caught(caught):
    assert caught("", "use-bedrock", step=9) == []
