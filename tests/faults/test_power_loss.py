"""What a power cut leaves: all old or all new, and what was said to be done.

A kill does not show that, since the page cache survives it.
"""

import subprocess
import time

import pytest

from tests.faults import power
from tests.faults.full.matrix import NAMES
from tests.faults.harness import folder_in_memory
from tests.faults.power import ENDS, Job
from tests.proof import record

pytestmark = pytest.mark.real("power")


@pytest.fixture
def room(tmp_path):
    with folder_in_memory(tmp_path) as folder:
        power.require_disk(folder)
        yield folder


def cut(room, job, what):
    """Do a job, and put what came of it into the table."""
    done = power.cut_everywhere(job, room)
    record(promise="P2", what=what, points=done["points"],
           violations=len(done["violations"]))  # fmt: skip
    assert done["points"] > 1
    assert done["violations"][:5] == []


def test_a_switch_survives_a_power_cut_at_some_of_its_calls(room):
    job = Job("use", step=9, foreign_commit=True)
    cut(room, job, "power cuts, a sample of two commands")


def test_a_first_switch_survives_a_power_cut_at_some_of_its_calls(room):
    job = Job("first-use", step=9, offset=4, foreign_commit=True)
    cut(room, job, "power cuts, a sample of two commands")


# Files go to the disk together, as those of a large change do.
TOGETHER = "from keyswitch.commit import staging\nstaging._AT_ONCE = 0\n"


@pytest.mark.full
@pytest.mark.parametrize("name", ["team-add", "team-update", "use"])
def test_files_that_are_synced_together_survive_a_power_cut(room, name):
    job = Job(name, step=4, foreign_commit=True, defect=TOGETHER)
    cut(room, job, "power cuts, files synced together")


@pytest.mark.parametrize("name", ENDS)
def test_what_returned_0_is_on_the_disk(room, name):
    done = power.cut_everywhere(Job(name), room)
    bad = done["violations"]
    record(promise="P2", what="power cuts after a command, all of the home",
           points=done["points"], violations=len(bad))  # fmt: skip
    assert bad == []


def test_where_no_disk_can_be_mounted_the_reason_is_given(tmp_path, mocker):
    mocker.patch.object(power, "why_not", return_value="no loop device")
    with pytest.raises(pytest.skip.Exception, match="no loop device"):
        power.require_disk(tmp_path)


@pytest.mark.full
def test_what_hangs_is_ended_and_leaves_no_loop_device(room):
    hang = "import os, signal\nos.fsync = lambda fd: signal.pause()\n"
    with pytest.raises(subprocess.TimeoutExpired):
        power.cut_everywhere(Job("use", defect=hang), room, limit=5)
    deadline = time.monotonic() + 20  # the kernel detaches them by and by
    while str(room) in power.loops():
        assert time.monotonic() < deadline, power.loops()
        time.sleep(0.05)


@pytest.mark.full
@pytest.mark.parametrize("offset", range(4))
@pytest.mark.parametrize("name", ["use", "first-use"])
def test_a_switch_survives_a_power_cut_at_any_of_its_calls(room, name, offset):
    job = Job(name, step=4, offset=offset, foreign_commit=True)
    cut(room, job, "power cuts at every call of two commands")


@pytest.mark.full
@pytest.mark.parametrize("name", NAMES)
def test_a_command_survives_a_power_cut(room, name):
    offset = NAMES.index(name) % 15
    job = Job(name, step=29, offset=offset, foreign_commit=True)
    cut(room, job, "power cuts after and in every command")


# ---------------------------------------------------------------- its teeth

NO_FSYNC = """
import os
from keyswitch.disk import atomic
os.fsync = lambda descriptor: None
"""
NO_FSYNC_OF_FILES = """
import os, stat
real = os.fsync
def fsync(descriptor):
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        real(descriptor)
os.fsync = fsync
"""
NO_FSYNC_OF_FOLDERS = """
from keyswitch.disk import atomic
atomic.sync_dir = lambda path: None
"""


NO_FSYNC_OF_THE_KEY = """
from keyswitch.disk import atomic
atomic.make_durable = lambda path: None
"""


@pytest.mark.parametrize(
    ("defect", "kind"),
    [
        pytest.param(
            NO_FSYNC, "returned 0", id="no fsync", marks=pytest.mark.full
        ),
        pytest.param(
            NO_FSYNC_OF_FILES,
            "after-commit",
            id="no fsync of files",
            marks=pytest.mark.full,
        ),
        pytest.param(
            NO_FSYNC_OF_FOLDERS, "returned 0", id="no fsync of folders"
        ),
    ],
)
def test_a_keyswitch_that_does_not_sync_is_caught(room, defect, kind):
    job = Job("use", step=4, foreign_commit=True, defect=defect)
    found = power.cut_everywhere(job, room)["violations"]
    caught = any(kind in violation for violation in found)
    record(promise="P2", what="seeded defects that power cuts have to show",
           points=1, violations=int(not caught))  # fmt: skip
    assert caught, found


def test_a_key_of_fingerprints_that_is_not_synced_is_caught(room):
    job = Job("key", defect=NO_FSYNC_OF_THE_KEY)
    found = power.cut_everywhere(job, room)["violations"]
    caught = any("install.key" in violation for violation in found)
    record(promise="P2", what="seeded defects that power cuts have to show",
           points=1, violations=int(not caught))  # fmt: skip
    assert caught, found
