"""A new terminal reads the hook from a file: no program, unless it has to."""

import os
import shlex
import subprocess

import pytest

from keyswitch.changes import hook_files
from keyswitch.profiles.paths import Paths, resolve
from keyswitch.shells.hook_scripts import hook_file
from keyswitch.switching.editing.start_files import block_for
from keyswitch.workspace import Workspace
from tests.shells import sessions
from tests.shells.test_hook_scripts import FOLDER, PATHS, QUIET, cut, run
from tests.shells.test_hook_strace import processes

EACH = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in sessions.SHELLS],
)


def installed(machine, shell):
    """Install the hook; return its file and what the start file says."""
    machine.keyswitch("install", shell, "--yes")
    entries = hook_files.recorded(resolve(os.environ))
    (start,) = [e.path for e in entries if e.shell == shell]
    with open(start, encoding="utf-8") as f:
        return machine.state.with_name(f"hook.{shell}"), f.read()


def calls(machine):
    """Return every command line since the last time, `hook` as well."""
    file = machine.calls_file
    lines = file.read_text().splitlines() if file.exists() else []
    file.unlink(missing_ok=True)
    return lines


@EACH
def test_a_new_terminal_with_nothing_active_starts_nothing(machine, shell):
    _, start = installed(machine, shell)
    machine.keyswitch("off")
    terminal = machine.open(shell, rc=start)
    folder = machine.home / "folder"
    folder.mkdir()
    terminal.enter(f"cd {folder}")
    assert calls(machine) == []
    machine.keyswitch("use", "personal")
    assert terminal.said() == ["keyswitch: none -> personal"]
    assert terminal.key() == "personal"


@EACH
def test_a_new_terminal_with_a_profile_starts_one_program(machine, shell):
    _, start = installed(machine, shell)
    terminal = machine.open(shell, rc=start)
    assert calls(machine) == [f"env --shell {shell}"]
    assert terminal.key() == "work"
    machine.keyswitch("off")
    assert terminal.said() == ["keyswitch: work -> none"]
    assert terminal.key() is None


@EACH
def test_what_may_choose_a_profile_is_asked_about(machine, shell):
    _, start = installed(machine, shell)
    machine.keyswitch("off")
    folder = machine.home / "linked"
    folder.mkdir()
    (folder / ".keyswitch").write_text("work\n")
    terminal = machine.open(shell, rc=start)
    terminal.enter(f"cd {folder}")
    assert calls(machine) == [f"env --shell {shell}"]
    settings = machine.home / ".config/keyswitch/config.toml"
    settings.write_text('cache = "off"\n')
    terminal.enter("cd ..")
    assert calls(machine) == []
    settings.write_text("[links]\n")
    terminal.enter("cd linked/..")
    assert calls(machine) == []  # the directory is the same
    terminal.enter("cd /")
    assert calls(machine) == [f"env --shell {shell}"]


def other_version(file, _):
    text = file.read_text()
    assert text.count('*"0.') + text.count("'\"0.") == 1
    file.write_text(text.replace('*"0.', '*"9.').replace("'\"0.", "'\"9."))


def link(file, _):
    other = file.with_name("elsewhere")
    file.rename(other)
    file.symlink_to(other)


def missing(file, _):
    file.unlink()


def cut_short(file, _):
    file.write_text(file.read_text()[:-40])


def elsewhere(_, monkeypatch):
    monkeypatch.setenv("KEYSWITCH_HOME", "/nowhere/keyswitch")


def other_owner(file, _):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    os.chown(file, 12_345, 12_345)


@EACH
@pytest.mark.parametrize(
    "harm", [other_version, link, missing, cut_short, elsewhere, other_owner]
)
def test_a_file_that_does_not_count_is_not_read(
    machine, monkeypatch, shell, harm
):
    file, start = installed(machine, shell)
    harm(file, monkeypatch)
    script = machine.folder / "start"
    script.write_text(f"{start}\ntrue\n")
    show = "type keyswitch >/dev/null"
    status, out, _ = run([*QUIET[shell], "-c", f". {script}; {show}"])
    assert (status, out) == (0, b"")
    assert calls(machine) == [f"hook {shell}"]


@EACH
def test_the_file_leaves_no_variable_but_the_hook_s(machine, shell):
    _, start = installed(machine, shell)
    script = machine.folder / "start"
    script.write_text(start)
    names = {
        "bash": "compgen -A variable __keyswitch; compgen -e __keyswitch",
        "zsh": "print -l ${(k)parameters[(I)__keyswitch*]}",
        "fish": "set --names | string match '__keyswitch*'",
    }[shell]
    options = {"bash": "set -aeu; ", "zsh": "setopt ALL_EXPORT; "}
    line = f"{options.get(shell, '')}. {script}; {names}"
    found = run([*QUIET[shell], "-c", line])[1].decode().split()
    key = {"__keyswitch_key"} if shell == "fish" else set()
    assert set(found) - key == {"__keyswitch_state", "__keyswitch_config"}
    assert len(found) == len(set(found))  # none is exported


@EACH
@pytest.mark.parametrize("path", PATHS)
def test_a_home_of_any_name_is_read(tmp_path, shell, path):
    home = os.fsencode(tmp_path) + os.fsencode(os.path.dirname(path))
    environ = {"HOME": os.fsdecode(home)}
    workspace = Workspace(environ)
    os.makedirs(workspace.paths.state, mode=0o700)
    with open(workspace.paths.hook_file(shell), "w", encoding="utf-8") as f:
        f.write(hook_file(workspace.paths, environ, shell))
    start = tmp_path / "start"
    start.write_text(block_for(workspace, shell), encoding="utf-8")
    program = tmp_path / "keyswitch"
    program.write_text("#!/bin/sh\necho started >&2\n")
    program.chmod(0o755)
    done = run(
        [*QUIET[shell], "-c", f'. {start}; printf %s "$__keyswitch_config"'],
        env={**environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert done == (0, os.fsencode(workspace.paths.config_file), b"")


@EACH
@pytest.mark.full
@pytest.mark.parametrize("first", range(8))
def test_a_file_cut_at_any_byte_defines_nothing(tmp_path, shell, first):
    paths = Paths(config="/c", data="/d", state="/s")
    # As it is read where it counts: the harness sets no HOME of its own.
    text = hook_file(paths, os.environ, shell)
    defined, looked_at, wanted = cut(tmp_path, shell, text, first)
    assert defined == []
    assert looked_at == wanted


@EACH
def test_words_are_completed_by_what_is_read_then(tmp_path, shell):
    paths = resolve(os.environ)
    hook = tmp_path / "hook"
    hook.write_text(hook_file(paths, os.environ, shell), encoding="utf-8")
    before = {"zsh": "autoload -Uz compinit; compinit -D\n"}.get(shell, "")
    terminal = sessions.Terminal(
        shell, tmp_path / "terminal", rc=f"{before}. {hook}",
        env={"TERM": "xterm"},
    )  # fmt: skip
    try:
        for _ in range(2):
            shown = terminal.enter("echo; : keyswitch; keyswitch vault ini\t-h")
            assert "Usage: keyswitch vault init" in shown
    finally:
        terminal.close()


@pytest.mark.real("shellcheck")
def test_shellcheck_finds_nothing_in_the_bash_file():
    argv = ["shellcheck", "-s", "bash", str(FOLDER / "file.bash")]
    assert run(argv) == (0, b"", b"")


@pytest.mark.real("fish")
def test_the_fish_file_is_indented_as_fish_does():
    argv = ["fish_indent", "--check", str(FOLDER / "file.fish")]
    assert run(argv) == (0, b"", b"")


@pytest.mark.real("strace")
@EACH
def test_reading_the_block_starts_no_process(machine, shell):
    _, start = installed(machine, shell)
    script = machine.folder / "start"
    script.write_text(start)
    log = machine.folder / "trace"
    argv = [*QUIET[shell], "-c", f". {shlex.quote(str(script))}"]
    subprocess.run(
        ["strace", "-f", "-qq", "-o", str(log), "-e",
         "trace=clone,clone3,fork,vfork,execve", *argv],
        capture_output=True, check=True,
    )  # fmt: skip
    own, *others = processes(log.read_text())
    assert "execve(" in own
    assert others == []
