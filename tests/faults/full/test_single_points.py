"""Single faults whose outcome was once wrong."""

import stat

import pytest

from tests.faults.cases import ENVIRON
from tests.faults.full.commands import PASSWD, command_case, older_entries
from tests.faults.harness import (
    Place,
    folder_in_memory,
    hit,
    points_of,
)

pytestmark = pytest.mark.real("strace")


class Struck:
    """A command that got one fault at a call with a text, usually the last."""

    def __init__(self, room, warm, name, fault, call, text, *, which=-1):
        case, self.environ = command_case(name, "plain", warm, room / "kit")
        self.place = Place(room / "place", warm)
        case.make_home(self.place.home)
        self.place.keep()
        self.case, self._run = case, warm
        found = points_of(
            case.command, self.place.fresh(), ENVIRON, self.place.log, run=warm
        )
        point = [p for p in found if p.call == call and text in p.text][which]
        self.home, self.done = hit(
            case.command, self.environ, self.place, point, fault
        )
        self.said = self.done.stderr.decode()

    def then(self, command=None):
        """Run the next command."""
        command = command or self.case.recover
        return self._run(command, self.home, self.environ)


@pytest.fixture
def struck(tmp_path, warm):
    with folder_in_memory(tmp_path) as room:
        yield lambda *what, **which: Struck(room, warm, *what, **which)


def test_the_message_names_the_file_that_could_not_be_written(struck):
    one = struck("use", "ENOSPC", "write", "history.jsonl")
    assert one.done.returncode == 1
    assert f"{one.home}/.local/state/keyswitch/history.jsonl" in one.said


def test_the_message_names_the_folder_that_could_not_be_synced(struck):
    one = struck("first-use", "EIO", "fsync", "/.claude>", which=0)
    assert one.done.returncode == 1
    assert f"cannot use {one.home}/.claude:" in one.said


def test_a_kill_before_a_mode_is_narrowed_is_made_up_for(struck):
    one = struck("doctor-fix", "KILL", "fchmod", ".credentials.json")
    login = one.home / ".claude/.credentials.json"
    assert stat.S_IMODE(login.stat().st_mode) == 0o644
    one.then()
    assert stat.S_IMODE(login.stat().st_mode) == 0o600


def test_an_undo_that_was_killed_gives_the_mode_back_too(struck):
    one = struck("undo-fix", "KILL", "fchmod", ".credentials.json")
    one.then()
    login = one.home / ".claude/.credentials.json"
    assert stat.S_IMODE(login.stat().st_mode) == 0o644


def test_a_stage_of_the_vault_goes_with_the_next_vault_command(struck):
    one = struck("vault-passwd", "KILL", "rename", "-vault.ksv")
    folder = one.home / ".local/share/keyswitch"
    assert list(folder.glob(".keyswitch-*"))
    assert one.then(PASSWD).returncode == 0
    assert not list(folder.glob(".keyswitch-*"))


def test_a_passphrase_that_was_changed_is_not_called_a_failure(struck):
    one = struck("vault-passwd", "ENOSPC", "write", "vault-seen")
    assert (one.done.returncode, one.said) == (
        0,
        "keyswitch: changed the passphrase\n",
    )


def test_a_passing_fault_after_the_new_vault_is_no_failure(struck):
    one = struck("vault-passwd", "EIO", "fsync", "/.local/share/keyswitch>")
    assert one.done.returncode == 0


@pytest.mark.parametrize(("call", "which"), [("unlink", 0), ("rename", -1)])
def test_a_deleted_secret_does_not_live_on_in_an_older_vault(
    struck, call, which
):
    one = struck("undo-add", "KILL", call, "vault.ksv", which=which)
    one.then()
    assert older_entries(one.home) <= {*one.case.entries(one.home)}
    assert len(one.case.entries(one.home)) == 3


def test_ctrl_c_leaves_no_lock_that_makes_claude_code_wait(struck):
    one = struck("first-use", "INT", "mkdir", ".claude.json.lock")
    assert one.done.returncode == 130
    assert not (one.home / ".claude.json.lock").exists()


def test_ctrl_c_after_the_change_does_not_say_that_nothing_changed(struck):
    one = struck("use", "INT", "unlink", "/journal/commit")
    assert one.done.returncode == 130
    assert "interrupted, but the change is made" in one.said


def test_ctrl_c_at_the_commit_says_that_the_change_is_made(struck):
    one = struck("edit-isolated", "INT", "rename", "/journal/prepared")
    assert one.done.returncode == 6
    assert "the change was made, but interrupted before" in one.said
    assert "the next keyswitch command finishes it" in one.said


def test_a_folder_that_could_not_be_made_is_said_after_the_change(struck):
    one = struck("edit-isolated", "ENOSPC", "mkdir", "/claude-code/two")
    assert one.done.returncode == 6
    assert "'two' was changed, but not its folder" in one.said
    assert (
        "the next keyswitch command that uses it makes the folder" in one.said
    )
