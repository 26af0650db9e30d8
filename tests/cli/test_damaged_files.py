"""Files of keyswitch's own that a disk or a person damaged."""

import os

import pytest

from keyswitch.cli import failures, main
from keyswitch.errors import DamagedFileError, ExitCode
from keyswitch.outcome import SoFar
from tests.cli.keyswitch import KEY, OTHER, two_keys

STATE = ".local/state/keyswitch"


@pytest.fixture
def two(bare):
    return bare.begin_as(two_keys)


def test_what_stdin_gave_is_kept_when_a_command_begins_again(two):
    two.file(f"{STATE}/undo.json").write_text("{")
    done = two("rotate", "work", "--stdin", stdin=OTHER)
    assert "undo.json is damaged; moved it to" in done.err
    assert two("helper", "api-key", "work").out == OTHER + "\n"


def test_what_a_pipe_with_a_name_gave_is_kept_as_well(two):
    two.file(f"{STATE}/undo.json").write_bytes(b"\xff\xfe")
    reading, writing = os.pipe()
    try:
        os.write(writing, OTHER.encode())
        os.close(writing)
        two.fresh = True
        path = f"/proc/{os.getpid()}/fd/{reading}"
        two("rotate", "work", "--from-file", path)
    finally:
        os.close(reading)
    assert two("helper", "api-key", "work").out == OTHER + "\n"


def test_a_damaged_file_is_named_once(two):
    two("use", "work")
    two.file(f"{STATE}/state.json").write_bytes(b"\0" * 90)
    assert "state.json is damaged" in two("list").err
    assert two("list").err == ""
    assert two("use", "work").code == 0


def test_a_command_whose_change_is_made_does_not_begin_again(monkeypatch):
    begun = []

    def change(_args):
        begun.append(1)
        main.so_far.changes.append("journal")
        raise DamagedFileError("/x/undo.json", "nothing")

    monkeypatch.setattr(main, "_click", change)
    monkeypatch.setattr(main, "so_far", SoFar())
    monkeypatch.setattr(failures, "set_aside", lambda _: None)
    assert main.run(["use", "work"]) == ExitCode.CLEANUP_LEFT
    assert begun == [1]


def test_a_committed_change_whose_journal_is_damaged_is_said(two):
    journal = two.file(f"{STATE}/journal")
    (journal / "commit").write_text('{"steps": [{"target": "\\u0000"')
    done = two("use", "work")
    assert "may be incomplete" in done.err
    assert os.listdir(journal) == []
    assert two.file(f"{STATE}/journal-commit.damaged-1").exists()


def test_the_files_that_were_set_aside_stop_nothing(two):
    two("use", "work")
    [record] = [
        path
        for path in two.file(f"{STATE}/baseline").iterdir()
        if path.name not in ("logins.json", "made.json")
    ]
    record.write_text("{}")
    assert "is damaged" in two("use", "personal").err
    assert two("use", "work").err == "keyswitch: switched to 'work'\n"
    two("uninstall", "--all", "--yes")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda state: (state / "journal").rmdir(), ""),
        (lambda state: os.mkfifo(state / "history.jsonl"), "a FIFO"),
        (lambda state: (state / "lock").mkdir(), "a directory"),
        (
            lambda state: (state / "remotes").symlink_to("x"),
            "dangling symbolic link",
        ),
    ],
    ids=["folder", "fifo", "lock", "link"],
)
def test_doctor_finds_and_mends_what_is_no_file(two, damage, says):
    state = two.file(STATE)
    for name in ("history.jsonl", "lock", "remotes"):
        (state / name).unlink(missing_ok=True)
    damage(state)
    found = two("doctor", code=None)
    assert says in found.out + found.err
    two("doctor", "--fix", "--yes", code=None)
    assert two("use", "work").code == 0


def test_doctor_names_a_file_that_only_a_person_can_mend(two):
    two.profile_file("personal").write_bytes(b"\xff")
    two.file(".local/share/keyswitch/vault.ksv").write_bytes(b"x")
    done = two("doctor", code=1)
    assert "the vault is damaged" in done.out
    assert "profile 'personal' cannot be used" in done.out


def test_doctor_sets_settings_aside_that_stop_every_use(two):
    config = two.file(".config/keyswitch/config.toml")
    config.write_text("agents = ")
    two("use", "work", code=1)
    assert "fix: keyswitch doctor --fix\n" in two("doctor", code=1).out
    two("doctor", "--fix", "--yes", code=None)
    assert config.with_name("config.toml.damaged-1").read_text() == "agents = "
    two("use", "work")
    assert KEY in two("env", "--format", "json").out


def test_the_fix_of_a_lost_machine_key_can_be_followed(two):
    key, kept = two.file(f"{STATE}/machine.key"), two.file("kept")
    key.rename(kept)
    assert f"fix: restore {key}\n" in two("doctor", code=1).out
    kept.rename(key)
    two("vault", "recovery")
    key.unlink()
    found = two("doctor", code=1).out
    assert "fix: keyswitch vault recovery --use\n" in found


def test_a_link_to_a_machine_key_on_a_disk_that_is_away_stays(two):
    path, away = two.file(f"{STATE}/machine.key"), two.file("disk")
    path.rename(away)
    path.symlink_to("../../../disk")
    two("run", "work", "--", "true")
    away.rename(two.file("elsewhere"))
    for args in (("run", "work", "--", "true"), ("doctor", "--fix", "--yes"),
                 ("use", "work"), ("lock",)):  # fmt: skip
        two(*args, code=None)
    two.file("elsewhere").rename(away)
    assert path.is_symlink()
    assert KEY in two("run", "work", "--", "env").out


@pytest.mark.parametrize("folder", ["journal", "baseline", "intents", "bound"])
@pytest.mark.parametrize(
    "line", [("doctor", "--fix", "--yes"), ("use", "work")]
)
def test_nothing_behind_a_link_in_the_state_is_moved(two, folder, line):
    others = two.file("others")
    others.mkdir()
    names = ("passwd", "x.json", "0" * 16 + ".json", ".keyswitch-x")
    for name in names:
        (others / name).write_text("not keyswitch's")
    own = two.file(f"{STATE}/{folder}")
    if own.exists():
        own.rename(own.with_name("former"))
    own.symlink_to(others)
    done = two(*line, code=None)
    assert f"keyswitch/{folder}" in done.err
    assert sorted(p.name for p in others.iterdir()) == sorted(names)
    assert not own.is_symlink()
    two("use", "personal")
