"""A value that somebody else has set is theirs, whatever its name."""

import shlex

import pytest

from tests.shells import sessions

EACH = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in sessions.SHELLS],
)
MINE = "sk-ant-api03-FAKE-mine-0123456789abcdefghEX"
PROJECT = "sk-ant-api03-FAKE-project-0123456789abcdEX"
SET = {"fish": "set -gx ANTHROPIC_API_KEY {}"}
POSIX_SET = "export ANTHROPIC_API_KEY={}"


def _set(shell, value=MINE):
    return SET.get(shell, POSIX_SET).format(value)


@EACH
def test_a_key_set_after_the_profile_is_kept_and_given_back(machine, shell):
    terminal = machine.open(shell)
    assert terminal.key() == "work"
    terminal.enter(_set(shell))
    terminal.enter("keyswitch use personal")
    assert terminal.key() == "personal"
    terminal.enter("keyswitch off")
    assert terminal.key() == "mine"


@EACH
def test_off_takes_away_nobody_elses_key(machine, shell):
    terminal = machine.open(shell)
    terminal.enter(_set(shell))
    terminal.enter("keyswitch off")
    assert terminal.key() == "mine"
    assert "KEYSWITCH_ENV" not in terminal.environment()


@EACH
def test_a_start_files_key_comes_back_in_a_nested_shell(machine, shell):
    outer = machine.open(shell).environment()
    inherited = {
        n: v for n, v in outer.items() if n[:9] in {"ANTHROPIC", "KEYSWITCH"}
    }
    rc = f"{_set(shell)}\n{sessions.HOOK[shell]}"
    inner = machine.open(shell, rc=rc, env=inherited)
    assert inner.key() == "work"
    inner.enter("keyswitch off")
    assert inner.key() == "mine"


@pytest.mark.real("bash")
def test_a_value_of_keyswitchs_is_not_taken_for_a_persons(machine):
    terminal = machine.open("bash")
    for name in ("personal", "work", "personal"):
        terminal.enter(f"keyswitch use {name}")
    terminal.enter("keyswitch off")
    assert terminal.key() is None


@pytest.mark.real("bash")
def test_the_marker_reveals_nothing_without_the_key(machine):
    marks = []
    for _ in range(2):
        marker = machine.open("bash").environment()["KEYSWITCH_ENV"]
        marks.append(marker.split(":")[5])
        (key,) = machine.home.rglob("install.key")
        key.write_bytes(b"\1" * 32)
    assert marks[0] != marks[1]
    assert all(len(part) == 8 for part in marks[0].split(","))


@pytest.mark.real("bash")
def test_without_the_key_of_the_marker_a_name_has_to_do(machine):
    terminal = machine.open("bash")
    (key,) = machine.home.rglob("install.key")
    key.write_bytes(b"\1" * 32)
    terminal.enter("keyswitch off")
    assert terminal.key() is None


DIRENV = {s: f'eval "$(direnv hook {s})"' for s in ("bash", "zsh")} | {
    "fish": "direnv hook fish | source"
}


@EACH
@pytest.mark.real("direnv")
@pytest.mark.parametrize("order", ["before", "after"])
def test_a_projects_envrc_wins_and_that_is_said_once(machine, shell, order):
    project = machine.folder / "project"
    project.mkdir()
    (project / ".envrc").write_text(f"export ANTHROPIC_API_KEY={PROJECT}\n")
    hooks = [DIRENV[shell], sessions.HOOK[shell]]
    if order == "after":
        hooks.reverse()
    quiet = {"DIRENV_LOG_FORMAT": ""}
    terminal = machine.open(shell, rc="\n".join(hooks), env=quiet)
    terminal.enter(f"direnv allow {shlex.quote(str(project))}")
    assert terminal.key() == "work"
    said = terminal.said(f"cd {shlex.quote(str(project))}")
    said += terminal.said()
    expected = f"keyswitch: {project}/.envrc sets ANTHROPIC_API_KEY, so"
    assert [line for line in said if line.startswith(expected)] != []
    assert len([line for line in said if ".envrc" in line]) == 1
    assert terminal.key() == "project"
    terminal.enter("keyswitch use personal")
    assert terminal.key() == "project"
    assert [s for s in terminal.said("cd . && true") if ".envrc" in s] == []
    terminal.enter("cd /")
    terminal.enter()
    assert terminal.key() == "personal"
    terminal.enter("keyswitch off")
    assert terminal.key() is None


@pytest.mark.real("bash")
@pytest.mark.real("direnv")
@pytest.mark.parametrize("order", ["before", "after"])
def test_direnv_gives_no_account_back_that_ended_in_a_project(machine, order):
    project = machine.folder / "project"
    project.mkdir()
    (project / ".envrc").write_text(f"export ANTHROPIC_API_KEY={PROJECT}\n")
    hooks = [DIRENV["bash"], sessions.HOOK["bash"]]
    if order == "after":
        hooks.reverse()
    quiet = {"DIRENV_LOG_FORMAT": ""}
    terminal = machine.open("bash", rc="\n".join(hooks), env=quiet)
    terminal.enter(f"direnv allow {shlex.quote(str(project))}")
    assert terminal.key() == "work"
    terminal.enter(f"cd {shlex.quote(str(project))}")
    terminal.enter()
    terminal.enter("keyswitch off")
    assert terminal.key() == "project"
    terminal.enter("cd /")
    terminal.enter()
    assert terminal.key() is None
    assert "KEYSWITCH_ENV" not in terminal.environment()
