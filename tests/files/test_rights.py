"""Permission bits are set on what was looked at, never by a path alone."""

import os
import stat
import subprocess
import sys

import pytest

from keyswitch.commit import steps
from keyswitch.commit.journal import Step
from keyswitch.disk import permissions
from keyswitch.model import Rights
from tests.components import ROOT
from tests.files.test_modes import AS_ANOTHER, SOMEBODY


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def give(path, before, after):
    steps.give_rights([Rights(str(path), before, after)])


@pytest.mark.parametrize("before", [0o644, 0o200, 0o000])
def test_a_mode_is_changed_even_where_nobody_may_read(tmp_path, before):
    path = tmp_path / "file"
    path.touch()
    path.chmod(before)
    give(path, before, 0o600)
    assert mode_of(path) == 0o600


@AS_ANOTHER
@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
def test_another_user_may_do_so_as_well(new_room):
    path = new_room() / "file"
    path.touch()
    os.chown(path, SOMEBODY, SOMEBODY)
    path.chmod(0o000)
    # No fork: pytest's workers have threads, and a lock that one of them holds
    # would be held in the child for good.
    code = (
        "import sys\n"
        "from keyswitch.commit import steps\n"
        "from keyswitch.model import Rights\n"
        "steps.give_rights([Rights(sys.argv[1], 0, 0o600)])"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(path)],
        env={"PYTHONPATH": str(ROOT)}, user=SOMEBODY, check=True,
    )  # fmt: skip
    assert mode_of(path) == 0o600


def test_a_link_that_took_the_place_of_the_file_is_left_alone(tmp_path):
    victim = tmp_path / "victim"
    victim.touch()
    victim.chmod(0o644)
    (tmp_path / "file").symlink_to(victim)
    give(tmp_path / "file", 0o644, 0o600)
    assert mode_of(victim) == 0o644


def test_a_fifo_that_took_its_place_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "file")
    (tmp_path / "file").chmod(0o644)
    give(tmp_path / "file", 0o600, 0o640)
    assert mode_of(tmp_path / "file") == 0o644


@pytest.mark.parametrize("odd", ["a link", "a FIFO"])
def test_a_rewrite_in_place_goes_to_a_file_only(tmp_path, odd):
    victim, target, stage = (tmp_path / n for n in ("victim", "to", "stage"))
    victim.write_text("kept")
    stage.write_text("new")
    if odd == "a link":
        target.symlink_to(victim)
    else:
        os.mkfifo(target)
    with pytest.raises(OSError, match=str(target)):
        steps._write_in_place(Step(str(target), str(stage), None, None))
    assert victim.read_text() == "kept"
    assert stage.exists()


def test_a_mode_that_somebody_has_changed_stays(tmp_path):
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o640)
    give(path, 0o644, 0o600)
    assert mode_of(path) == 0o640


def test_a_link_itself_has_no_mode_to_change(tmp_path):
    (tmp_path / "link").symlink_to("nothing")
    permissions.change_mode(str(tmp_path / "link"), 0o600)
    assert os.readlink(tmp_path / "link") == "nothing"
