"""S4: a file that is written when a switch is all but done.

Between the last look at a file and the rename that replaces it, another
program may write it. Most of that time the commit is on its way to the disk.
"""

import json
import os
import signal

import pytest

from tests.faults.cases import ENVIRON, cli
from tests.faults.harness import Warm, files_below, run
from tests.files import homes
from tests.files.homes import FILES
from tests.proof import record

# Just while the commit goes to disk, another process writes a file.
WRITTEN_MEANWHILE = """
import os, subprocess, sys
from keyswitch.disk import atomic
real = atomic.sync_dir
def sync_dir(path):
    real(path)
    if os.path.exists(os.path.join(path, "commit")):
        if not os.path.exists("written"):
            subprocess.run([sys.executable, "-c", "{writer}"], check=True)
atomic.sync_dir = sync_dir
"""
WRITER = (
    "import os; p, q = '.claude/settings.json', '.claude/theirs'; "
    "t = open(p).read(); assert t.count('dark') == 1; "
    "open(q, 'w').write(t.replace('dark', 'light')); "
    "{how}; open('written', 'w')"
)
HOW = {
    "by a rename": "os.rename(q, p)",
    "in place": "open(p, 'w').write(open(q).read()); os.unlink(q)",
}


# Where the process ends that takes its commit back.
KILLED = """
import os, signal
from keyswitch.commit import journal
real_uncommit = journal.uncommit
def uncommit(paths):
    if {after}:
        real_uncommit(paths)
    os.kill(os.getpid(), signal.SIGKILL)
journal.uncommit = uncommit
"""


def overtaken(folder, how, defect=""):
    """Switch while the settings are written; returns (home, what it said)."""
    script = WRITTEN_MEANWHILE.format(writer=WRITER.format(how=HOW[how]))
    home = folder / "home"
    home.mkdir()
    (home / "written").touch()  # not yet
    start = Warm(defect=script + defect)
    homes.make(home, start)
    (home / "written").unlink()
    done = start(cli("use", "cloud"), home, ENVIRON)
    start.close()
    assert (home / "written").exists()
    return home, done


def lost_or_left(home):
    text = (home / FILES["settings"]).read_text()
    found = ["theirs is lost"] * ("light" not in text)
    found += [name for name in files_below(home) if ".keyswitch-" in name]
    return found + os.listdir(home / ".local/state/keyswitch/journal")


@pytest.mark.parametrize("how", HOW)
def test_what_is_written_while_the_commit_goes_to_disk_is_not_lost(
    tmp_path, how
):
    home, done = overtaken(tmp_path, how)
    assert done.returncode == 0, done.stderr.decode()
    found = lost_or_left(home)
    if "eu-central-1" not in (home / FILES["settings"]).read_text():
        found.append("ours is lost")
    record(promise="P5", what="S4: written while the commit goes to disk",
           points=1, violations=len(found))  # fmt: skip
    assert not found


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_where_the_commit_is_taken_back_loses_nothing(tmp_path, after):
    home, done = overtaken(tmp_path, "by a rename", KILLED.format(after=after))
    assert done.returncode == -signal.SIGKILL
    said = run(cli("history"), home, ENVIRON).stderr.decode()
    assert ("undid" if after else "not touched") in said
    found = lost_or_left(home)
    pointer = json.loads((home / FILES["state"]).read_text())["active"]
    if pointer != ("one" if after else "cloud"):
        found.append(f"{pointer} is active")
    record(promise="P5", what="S4: a kill where that is noticed", points=1,
           violations=len(found))  # fmt: skip
    assert not found
