"""A hook looks where keyswitch looks: above the directory itself."""

import os
import shlex
import shutil
import subprocess

import pytest

from tests.shells import sessions

EACH = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in sessions.SHELLS],
)


@pytest.fixture
def project(machine):
    """A project that asks for `personal`, and a way in through a link."""
    folder = machine.home / "real/pro\nject"
    (folder / "sub").mkdir(parents=True)
    os.symlink(folder / "sub", machine.home / "lnk")
    subprocess.run(
        ["keyswitch", "link", "personal"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


@EACH
def test_a_file_above_the_directory_itself_is_watched(machine, project, shell):
    terminal = machine.open(shell)
    assert terminal.said("cd ~/lnk") == ["keyswitch: work -> personal"]
    machine.calls()
    assert terminal.said() == []
    assert machine.calls() == []
    (project / ".keyswitch").unlink()
    assert terminal.said() == ["keyswitch: personal -> work"]
    assert terminal.key() == "work"


@EACH
def test_a_file_beside_the_link_is_not_looked_at(machine, project, shell):
    terminal = machine.open(shell)
    terminal.enter("cd ~/lnk")
    machine.calls()
    (machine.home / ".keyswitch").write_text("work\n")
    terminal.enter()
    # The home is above both.
    assert machine.calls() == [f"env --shell {shell}"]
    os.makedirs(machine.home / "other")
    os.symlink(project, machine.home / "other/lnk")
    terminal.enter("cd ~/other/lnk/sub")
    machine.calls()
    (machine.home / "other/.keyswitch").write_text("work\n")
    terminal.enter()
    assert machine.calls() == []


@EACH
def test_a_directory_that_was_removed_does_not_stop_a_prompt(machine, shell):
    gone = machine.home / "gone/deep"
    gone.mkdir(parents=True)
    terminal = machine.open(shell)
    terminal.enter(f"cd {shlex.quote(str(gone))}")
    shutil.rmtree(machine.home / "gone")
    machine.keyswitch("use", "personal")
    terminal.enter()
    assert terminal.shows("echo on") == "on"
    terminal.enter("cd /")
    assert terminal.key() == "personal"


@EACH
def test_a_directory_that_moves_with_the_shell_in_it_is_looked_at(
    machine, project, shell
):
    terminal = machine.open(shell)
    folder = machine.home / "plainly"
    shutil.copytree(project, folder)
    terminal.enter(f"cd {shlex.quote(str(folder))}")
    terminal.enter("keyswitch allow")
    assert terminal.key() == "personal"
    other = machine.home / "other"
    shutil.copytree(project, other)
    folder.rename(machine.home / "elsewhere")
    other.rename(folder)
    terminal.enter()
    assert terminal.shows("keyswitch current") == "work"
    assert terminal.key() == "work"
    terminal.enter(f"cd {shlex.quote(str(folder))}")
    assert terminal.key() == "personal"
