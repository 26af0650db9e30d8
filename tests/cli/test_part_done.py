"""Commands that end when some of it is done: they say so, and how much."""

import hashlib
import os
import subprocess
import sys
import time

import pytest

from keyswitch.cli import failures, main
from keyswitch.cli.secrets import store_choice
from keyswitch.errors import (
    CleanupLeftError,
    ExitCode,
    FileStateError,
    InputError,
    LateInterruptError,
)
from keyswitch.outcome import SoFar
from keyswitch.switching.upkeep import removal
from tests.cli.keyswitch import two_keys
from tests.cli.terminal import COMMAND, Terminal
from tests.references import file_manager
from tests.team.files import SOUND

STATE = ".local/state/keyswitch"
PHRASE = "FAKE a long passphrase EXAMPLE\r"
NOTHING_BUT = "keyswitch: interrupted, nothing changed except"
PART = "keyswitch: interrupted, but part of it is done"


@pytest.fixture
def two(bare):
    return bare.begin_as(two_keys)


def interrupted(terminal):
    """Type Ctrl-C; return the last line."""
    terminal.type("\x03")
    assert terminal.ends() == 130
    return terminal.shown.strip().splitlines()[-1]


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)


@pytest.fixture
def logging_in(bare):
    """A first login, which has just made the vault that it goes to."""

    def begin(claude):
        kit = bare.home.parent / "kit"
        kit.mkdir()
        program(kit / "claude", claude)
        path = os.pathsep.join((str(kit), bare.environ["PATH"]))
        begun = Terminal(
            bare, *COMMAND, "login", "me", columns=200, PATH=path,
            DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent",
        )  # fmt: skip
        begun.sees("create an encrypted vault?").type("y\r")
        begun.sees("new passphrase:").type(PHRASE)
        return begun.sees("confirm passphrase:").type(PHRASE)

    return begin


def test_a_new_vault_is_not_the_login_that_was_asked_for(logging_in):
    terminal = logging_in("echo waiting; sleep 30").sees("waiting")
    assert interrupted(terminal) == f"{NOTHING_BUT} the new vault"


def test_a_login_that_fails_is_a_failure_beside_a_new_vault(logging_in):
    terminal = logging_in("exit 7")
    assert terminal.ends() == ExitCode.FAILED
    assert "hint: try again: keyswitch login me" in terminal.shown


def test_a_command_that_was_allowed_stays_allowed(two):
    program(two.file("tool"), "sleep 30")
    config = f'[exec]\ncorp = ["{two.file("tool")}"]\n'
    two.file(".config/keyswitch/config.toml").write_text(config)
    terminal = Terminal(
        two, *COMMAND, "edit", "work", "--reference", "exec:corp"
    )
    terminal.sees("let references run").type("y\r").sees("waiting for")
    said = interrupted(terminal)
    assert said == f"{NOTHING_BUT} the permission for 'exec:corp'"


def test_own_files_that_are_mended_are_a_part_of_what_doctor_fixes(two):
    two.file(f"{STATE}/undo.json").write_text("{no")
    two.file(".claude").mkdir()
    login = two.file(".claude/.credentials.json")
    login.write_text('{"claudeAiOauth": {"accessToken": "FAKE"}}')
    login.chmod(0o644)
    terminal = Terminal(two, *COMMAND, "doctor", "--fix")
    terminal.sees("changes?").type("y\r")
    terminal.until(lambda shown: shown.count("changes?") == 2)
    assert interrupted(terminal) == PART


@pytest.fixture
def managed(two):
    """A manager that does not answer once it has a file `slow`."""
    file_manager.set_up(two.home)
    tool = two.file("tool")
    tool.write_text(
        tool.read_text().replace("get) ", 'get) test -e "slow-$2" && sleep 30;')
    )
    two("managers", "allow", "corp", "--yes")
    return two


def test_some_of_all_profiles_are_moved(managed):
    managed.file("slow-work-api_key").touch()
    terminal = Terminal(
        managed, *COMMAND,
        "migrate", "--all", "--to", "corp:{profile}-{field}",
    ).sees("1 of 2")  # fmt: skip
    assert interrupted(terminal) == PART


def test_a_value_that_is_in_its_manager_is_said(managed):
    tool = managed.file("tool")
    tool.write_text(tool.read_text().replace("mv ", "touch slow-key; mv "))
    managed("managers", "allow", "corp", "--yes")
    terminal = Terminal(
        managed, *COMMAND, "migrate", "work", "--to", "corp:key"
    )
    end = time.monotonic() + 30
    while not managed.file("corp/key").exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    assert (
        interrupted(terminal.sees("waiting for")) == f"{NOTHING_BUT} corp:key"
    )


def test_one_of_two_teams_is_up_to_date(ks):
    other = SOUND.replace("acme", "beta").replace("[profiles.", "[profiles.b-")
    texts = {"acme": SOUND, "beta": other}
    for name, text in texts.items():
        ks.file(name).mkdir()
        file = ks.file(f"{name}/keyswitch-team.toml")
        file.write_text(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        ks("team", "add", name, "--sha256", digest)
        file.write_text(text.replace("gateway.example", "other.example"))
    asked = Terminal(ks, *COMMAND, "team", "update", lines=90, columns=200)
    asked.sees("type yes").type("yes\r")
    asked.sees("'beta' decides").type("no\r")
    assert asked.ends() == ExitCode.CLEANUP_LEFT
    assert "cancelled, but part of it is done" in asked.shown
    file.write_text("name = 1")
    done = ks("team", "update", code=1)
    assert "is done" not in done.err
    ks.file("acme/keyswitch-team.toml").write_text(SOUND)
    asked = Terminal(ks, *COMMAND, "team", "update", lines=90, columns=200)
    asked.sees("type yes").type("yes\r")
    assert asked.ends() == ExitCode.CLEANUP_LEFT
    assert "; part of it is done" in asked.shown


# ------------------------------------------------- the words, by themselves


@pytest.fixture
def so_far(monkeypatch):
    found = SoFar()
    for module in (failures, main, removal, store_choice):
        monkeypatch.setattr(module, "so_far", found)
    return found


def test_what_is_said_of_the_changes_so_far(so_far):
    assert str(so_far) == "nothing changed"
    so_far.beside.append("the key")
    assert str(so_far) == "nothing changed except the key"
    so_far.changes.append("journal")
    assert str(so_far) == "but the change is made"
    so_far.to_come(1)
    assert str(so_far) == "but part of it is done"
    so_far.changes.append("journal")
    assert str(so_far) == "but the change is made"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("it is no use", "try again; nothing changed"),
         ["it is no use; the change is made", "try again"]),
        (FileStateError("the disk is full", "nothing changed; free some"),
         ["the disk is full; the change is made", "free some"]),
        (CleanupLeftError("the change was made, but", "nothing changed; x"),
         ["the change was made, but", "x"]),
    ],
)  # fmt: skip
def test_an_error_after_the_change_says_that_it_is_made(
    so_far, monkeypatch, capsys, error, said
):
    def change(_args):
        so_far.changes.append("journal")
        raise error

    monkeypatch.setattr(main, "_click", change)
    assert main.run(["use", "work"]) == ExitCode.CLEANUP_LEFT
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ", 2)[2] for line in lines] == said


def test_a_bug_after_the_change_says_that_it_is_made(
    so_far, monkeypatch, capsys
):
    def change(_args):
        so_far.changes.append("journal")
        raise ZeroDivisionError

    monkeypatch.setattr(main, "_click", change)
    assert main.run(["use", "work"]) == ExitCode.BUG
    said = "ZeroDivisionError in 'use'; the change is made\n"
    assert said in capsys.readouterr().err


def steps(*errors):
    def carry_out(error):
        if error:
            raise error

    return [
        removal.RemovalStep(f"/place{n}", "goes", lambda e=error: carry_out(e))
        for n, error in enumerate(errors)
    ]


def carry_out(*errors):
    return removal.carry_out(steps(*errors), lambda step: step.carry_out())


@pytest.mark.usefixtures("so_far")
def test_a_place_that_only_has_to_be_cleaned_up_is_not_called_unchanged():
    with pytest.raises(CleanupLeftError, match="it was made"):
        carry_out(None, CleanupLeftError("it was made", "wait"), None)
    with pytest.raises(CleanupLeftError, match="not changed: /place1 "):
        carry_out(None, InputError("no", "do"), CleanupLeftError("made", "x"))


@pytest.mark.usefixtures("so_far")
def test_a_late_ctrl_c_ends_the_steps_that_follow():
    late = LateInterruptError("it was made, but interrupted", "wait")
    with pytest.raises(LateInterruptError):
        carry_out(late, InputError("this is not reached", ""))


# ------------------------------------------------------- nobody who reads it


def piped(ks, *args, **environ):
    """Run a command for a reader that is gone; return (status, stderr)."""
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$0" -m keyswitch "$@" | :',
         sys.executable, *args],
        capture_output=True, env={**ks.environ, **environ}, cwd=ks.home,
        check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr.decode()


def test_a_long_list_that_nobody_reads_does_not_keep_tokens(two):
    lines = [
        f"export ANTHROPIC_API_KEY=sk-ant-api03-FAKE{n:04}-{'0' * 30}EXAMPLE\n"
        for n in range(120)
    ]
    two.file(".bashrc").write_text("".join(lines))
    status, err = piped(two, "revoke-local", "--all", "--yes")
    assert (status, "0 left" in err) == (0, True), err
    assert two.file(".bashrc").read_text() == ""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_recovery_code_that_nobody_reads_is_said(two, unbuffered):
    def recovery():
        vault = two.file(".local/share/keyswitch/vault.ksv").read_bytes()
        return vault.count(b'"recovery"')

    before = recovery()
    status, err = piped(two, "vault", "recovery", PYTHONUNBUFFERED=unbuffered)
    assert status == ExitCode.FAILED
    assert "error: nobody read the recovery code\n" in err
    assert recovery() == before
