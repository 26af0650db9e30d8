"""A team of thousands: one change all the same, whatever ends it."""

import json

import pytest

from keyswitch.changes.change import recover
from keyswitch.commit import journal, transaction
from keyswitch.commit.journal import Journal, Step
from keyswitch.disk import atomic
from keyswitch.errors import CleanupLeftError, FileStateError
from keyswitch.profiles.paths import resolve
from keyswitch.team import team_changes, team_source
from keyswitch.workspace import Workspace

MANY = 600  # more than are brought to the disk one by one
ALL = 10_000


def text(number, host="gateway.example.com"):
    return 'name = "big"\n' + "".join(
        f'[profiles.p{i:05}]\nprovider = "gateway"\n'
        f'fields.base_url = "https://{host}"\n'
        f'references.auth_token = "op://Eng/p{i:05}/key"\n'
        for i in range(number)
    )


@pytest.fixture
def workspace(home):
    return Workspace({"HOME": str(home), "PATH": "/usr/bin:/bin"})


def take_over(workspace, number, **how):
    path = f"{workspace.home}/team.toml"
    with open(path, "w", encoding="utf-8") as file:
        file.write(text(number, **how))
    offer = team_source.read(workspace, path)
    shown = team_changes.preview(workspace, "big", offer.team)
    team_changes.take_over(workspace, offer, shown, signer="")
    return shown


def profiles(home):
    return sorted((home / ".config/keyswitch/profiles").glob("p*.toml"))


def stages(home):
    return [*home.rglob(f"{atomic.STAGE_PREFIX}*")]


def test_they_go_to_the_disk_together(workspace, home, monkeypatch):
    calls = []
    real = transaction.stage_all.__globals__["sync_file_system"]
    monkeypatch.setitem(
        transaction.stage_all.__globals__, "sync_file_system",
        lambda folder: (calls.append(folder), real(folder)),
    )  # fmt: skip
    take_over(workspace, MANY)
    assert len(calls) == 1
    assert len(profiles(home)) == MANY
    assert stages(home) == []


def test_one_that_ends_in_the_middle_is_finished(workspace, home, monkeypatch):
    real, done = transaction.install, []

    def install(step):
        done.append(step)
        if len(done) == MANY // 2:
            raise KeyboardInterrupt
        return real(step)

    monkeypatch.setattr(transaction, "install", install)
    with pytest.raises(CleanupLeftError):
        take_over(workspace, MANY)
    assert 0 < len(profiles(home)) < MANY
    assert recover(workspace) == ["finished an interrupted change"]
    assert len(profiles(home)) == MANY
    assert stages(home) == []


def test_one_that_cannot_be_brought_to_the_disk_changes_nothing(
    workspace, home, monkeypatch
):
    def full(folder):
        raise OSError(28, "No space left on device", folder)

    monkeypatch.setitem(
        transaction.stage_all.__globals__, "sync_file_system", full
    )
    with pytest.raises(FileStateError, match="no space left"):
        take_over(workspace, MANY)
    assert profiles(home) == []
    assert stages(home) == []
    assert recover(workspace) == []


def test_a_journal_of_all_of_them_can_be_read_again(home):
    paths = resolve({"HOME": str(home)})
    folder = home / ".local/state/keyswitch/journal"
    folder.mkdir(parents=True)
    long = "/" + "/".join(["x" * 50] * 4)
    steps = [
        Step(f"{long}/p{i}.toml", f"{long}/{atomic.STAGE_PREFIX}{i}",
             "0" * 64, "1" * 64)
        for i in range(2 * ALL)
    ]  # fmt: skip
    journal.prepare(paths, Journal(tuple(steps), ()))
    found = journal.read_prepared(paths)
    assert found is not None
    assert len(found.steps) == 2 * ALL


@pytest.mark.full
def test_thousands_leave_a_short_undo_record(workspace, home):
    take_over(workspace, ALL // 4)
    assert len(profiles(home)) == ALL // 4
    take_over(workspace, ALL // 4, host="other.example.com")
    shown = team_changes.preview(workspace, "big", None)
    team_changes.remove(workspace, "big", shown)
    assert profiles(home) == []
    undo = home / ".local/state/keyswitch/undo.json"
    assert undo.stat().st_size < 4096
    assert len(json.loads(undo.read_text())["records"]) == 3
