"""`shell NAME`: a shell of one profile inside the present one."""

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

from tests.cli.accounts import FOLDERS, live, token, two_accounts
from tests.cli.keyswitch import KEY, OTHER, two_keys
from tests.shells import sessions

WAIT = 30
SAID = "keyswitch: this shell uses 'work'; to leave it: exit"
LEFT = "keyswitch: left the shell of 'work'"
RIVAL = "ANTHROPIC_AUTH_TOKEN"
START = {
    "bash": (".bashrc", "PS1='inner[$KEYSWITCH_SHELL]> '"),
    "fish": (
        ".config/fish/config.fish",
        (
            "set -g fish_greeting; function fish_title; end; function "
            """fish_prompt; echo -n "inner[$KEYSWITCH_SHELL]> "; end"""
        ),
    ),
    "zsh": (
        ".zshrc",
        (
            "setopt PROMPT_SUBST; unsetopt PROMPT_SP; "
            "PS1='inner[$KEYSWITCH_SHELL]> '"
        ),
    ),
}
FOLLOW = {
    "bash": 'eval "$(keyswitch env)"',
    "fish": "keyswitch env | source",
    "zsh": 'eval "$(keyswitch env)"',
}
INNER = r"inner\[work\]> "
OUTER = "outer> "
PIPED = ("bash", "zsh", "fish", "dash", "ksh", "mksh")


def of(*shells):
    return pytest.mark.parametrize(
        "shell", [pytest.param(s, marks=pytest.mark.real(s)) for s in shells]
    )


TYPED = of("bash", "zsh", "fish")


@pytest.fixture
def two(bare):
    ks = bare.begin_as(two_keys)
    ks("use", "personal")
    for file, text in START.values():
        ks.file(file).parent.mkdir(parents=True, exist_ok=True)
        ks.file(file).write_text(text + "\n")
    return ks


class Terminal:
    """A bash in a terminal, in which a person types."""

    def __init__(self, ks, **environ):
        sessions.keep_fish_idle(ks.home)
        self.child = pexpect.spawn(
            "bash", ["--norc"], cwd=str(ks.home), timeout=WAIT,
            encoding="utf-8", codec_errors="replace",
            env={**ks.environ, "TERM": "dumb", "PS1": OUTER, **environ},
        )  # fmt: skip
        self.prompt = OUTER
        self.child.expect_exact(OUTER)

    def types(self, line, prompt=None):
        """Type a line; return what is shown until the next prompt."""
        self.child.sendline(line)
        return self.waits(prompt)

    def waits(self, prompt=None):
        self.prompt = prompt or self.prompt
        self.child.expect(self.prompt)
        return self.child.before.replace("\r", "")

    def answers(self, line):
        """Run one command; return its own output, without the echo."""
        path = Path(self.child.cwd) / "shown"
        path.unlink(missing_ok=True)
        # A shell may draw its prompt again; the file comes once.
        self.types(f"{line} >{path}.part; mv {path}.part {path}")
        until(path.exists)
        return path.read_text()

    def status(self):
        """Return the status of the command before, in the outer shell."""
        return re.search(r"status=(\d+)", self.types('echo st""atus=$?'))[1]


@pytest.fixture
def terminal(two):
    opened = []

    def start(**environ):
        opened.append(Terminal(two, **environ))
        return opened[-1]

    yield start
    for one in opened:
        one.child.close(force=True)


def until(condition):
    """Poll; what does not come in time is a failure."""
    deadline = time.monotonic() + WAIT
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come")


def processes(ks):
    """Return {pid: (command line, environment)} of this home's processes.

    keyswitch forbids others to look into it: to all but root its environment
    is None, and its parent's says whose it is.
    """
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            line = (entry / "cmdline").read_bytes()
            try:
                environ = (entry / "environ").read_bytes()
            except PermissionError:
                environ = None
            if f"HOME={ks.home}\0".encode() in environ_of(entry, environ):
                found[int(entry.name)] = (line, environ)
    return found


def environ_of(entry, environ):
    """Return a process's environment, or its nearest readable ancestor's."""
    while environ is None:
        status = (entry / "stat").read_text().rpartition(")")[2].split()
        entry = entry.with_name(status[1])
        with contextlib.suppress(PermissionError):
            environ = (entry / "environ").read_bytes()
    return environ


def keyswitch_pid(ks):
    """Return the process that waits for the inner shell."""
    return next(
        (
            pid
            for pid, (line, _) in processes(ks).items()
            if b"\0shell\0work" in line and b"keyswitch" in line
        ),
        None,
    )


# ------------------------------------------------------- without a terminal


@of(*PIPED)
def test_a_pipe_s_commands_are_run_with_the_profile_and_no_rival(two, shell):
    done = two(
        "shell", "work", "--shell", shell, stdin="env\n",
        **{RIVAL: "FAKE-rival", "CLAUDE_CODE_USE_BEDROCK": "1"},
    )  # fmt: skip
    assert done.err.splitlines()[0] == SAID
    assert done.err.splitlines()[-1] == LEFT
    seen = dict(
        line.partition("=")[::2] for line in done.out.splitlines() if line
    )
    assert seen["ANTHROPIC_API_KEY"] == KEY
    assert (seen["KEYSWITCH_PROFILE"], seen["KEYSWITCH_SHELL"]) == (
        "work",
        "work",
    )
    assert RIVAL not in seen
    assert "CLAUDE_CODE_USE_BEDROCK" not in seen


@of("bash", "zsh", "fish", "dash", "ksh", "mksh")
def test_its_status_is_the_shells(two, shell):
    done = two("shell", "work", "--shell", shell, stdin="exit 7\n", code=7)
    assert done.err.splitlines()[-1] == LEFT


def test_a_shell_that_a_signal_ended_has_the_signals_status(two):
    done = two("shell", "work", "--shell", "sh", stdin="kill -9 $$", code=137)
    assert done.err.splitlines()[-1] == LEFT


def test_what_is_in_the_shell_before_goes_where_the_profile_lacks_it(two):
    marker = "other:f:s:OPENAI_API_KEY,KEYSWITCH_PROFILE:"
    done = two(
        "shell", "work", "--shell", "sh", stdin="env",
        KEYSWITCH_ENV=marker, KEYSWITCH_PROFILE="other",
        KEYSWITCH_TOLD="x", OPENAI_API_KEY="sk-FAKE",
    )  # fmt: skip
    assert "OPENAI_API_KEY" not in done.out
    assert "KEYSWITCH_TOLD" not in done.out
    assert "KEYSWITCH_PROFILE=work\n" in done.out
    assert re.search(
        r"^KEYSWITCH_ENV=work:f:\S+:ANTHROPIC_API_KEY::\w{8},\w{8}$",
        done.out,
        re.MULTILINE,
    )


def test_quiet_says_nothing(two):
    assert two("-q", "shell", "work", "--shell", "sh").err == ""


# ------------------------------------------------------------------ refusals


def test_a_shell_in_a_shell_is_refused_with_the_way_out(two):
    done = two("shell", "personal", code=2, KEYSWITCH_SHELL="work")
    assert done.error == "this is already a keyswitch shell for 'work'"
    assert done.err.splitlines()[-1] == "keyswitch: hint: leave it first: exit"
    inner = f"{shlex.quote(sys.executable)} -m keyswitch shell personal; exit"
    done = two("shell", "work", "--shell", "sh", stdin=inner, code=2)
    assert "this is already a keyswitch shell for 'work'" in done.err


@pytest.mark.parametrize("program", ["tcsh-no", "./no", "/no/such", "ba sh"])
def test_a_shell_that_is_not_there_is_an_error(two, program):
    done = two("shell", "work", "--shell", program, code=1)
    assert done.error == f"shell not found: '{program}'"
    assert "uses 'work'" not in done.err


def test_a_program_that_cannot_be_started_is_an_error(two):
    program = two.file("broken")
    program.write_bytes(b"\x00\x01")
    program.chmod(0o755)
    done = two("shell", "work", "--shell", str(program), code=1)
    assert done.error.startswith(f"cannot run '{program}': ")


def test_a_profile_that_is_not_there_is_an_error(two):
    assert "no profile named 'nobody'" in two("shell", "nobody", code=1).error


@pytest.mark.parametrize("option", ["--only", "--never"])
def test_a_guard_refuses_it_before_anything_is_read(two, option):
    place = {"--only": "~/client/**", "--never": "~/**"}[option]
    two("edit", "work", option, place)
    two.file("here").mkdir()
    two.home = two.home / "here"
    done = two("shell", "work", "--shell", "sh", stdin="env", code=1)
    assert done.out == ""
    assert done.error.startswith("profile 'work' may ")


def test_an_agent_that_is_denied_is_refused(two):
    two.file(".config/keyswitch/config.toml").write_text('agents = "deny"\n')
    done = two("shell", "work", stdin="env", code=1, CLAUDECODE="1")
    assert done.out == ""
    assert "an agent is running this command" in done.error


def test_a_locked_store_starts_nothing(two):
    two.file(".local/state/keyswitch/machine.key").unlink()
    two("lock")
    done = two("shell", "work", "--shell", "sh", stdin="env", code=5)
    assert done.out == ""
    assert "uses 'work'" not in done.err


def test_what_a_settings_file_overrides_is_said(two):
    settings = two.file(".claude/settings.json")
    settings.write_text('{"env": {"ANTHROPIC_API_KEY": "FAKE-theirs"}}')
    done = two("-q", "shell", "work", "--shell", "sh")
    assert "ANTHROPIC_API_KEY has no effect on Claude Code" in done.err
    assert str(settings) in done.err


# -------------------------------------------------------------------- logins


def test_a_login_that_is_not_in_use_gets_a_folder_of_its_own(ks):
    two_accounts(ks)
    folder = ks.home / FOLDERS / "a"
    text = 'echo "$CLAUDE_CONFIG_DIR $KEYSWITCH_ENV"'
    done = ks("shell", "a", "--shell", "sh", stdin=text)
    where, marker = done.out.split()
    assert where == str(folder)
    assert marker.split(":")[3] == "CLAUDE_CONFIG_DIR"
    assert live(ks.home, f"{FOLDERS}/a") == token("a")
    assert live(ks.home) == token("b")


def test_a_login_in_its_shell_keeps_its_folder_through_env(ks):
    two_accounts(ks)
    text = 'eval "$(keyswitch env)"; echo $CLAUDE_CONFIG_DIR'
    done = ks("shell", "a", "--shell", "bash", stdin=f"{text}; {text}")
    assert done.out.split() == [str(ks.home / FOLDERS / "a")] * 2


def test_a_login_that_is_in_use_elsewhere_is_refused(ks):
    two_accounts(ks)
    done = ks("shell", "b", "--shell", "sh", stdin="env", code=1)
    assert done.out == ""
    assert "a second copy would stop working" in done.error
    assert live(ks.home) == token("b")


# ------------------------------------------------------------- which program


@of("bash", "zsh", "fish", "ksh", "mksh")
def test_the_default_is_the_shell_that_one_is_in(two, shell):
    done = subprocess.run(
        [shell, "-c", "keyswitch shell work; exit 0"],
        env={**two.environ, "SHELL": "/bin/false"}, cwd=two.home, timeout=60,
        check=False, capture_output=True, text=True,
        input="sh -c 'readlink /proc/$PPID/exe'\n",
    )  # fmt: skip
    assert done.stdout == os.path.realpath(shutil.which(shell)) + "\n", done


@of("mksh")
def test_the_default_is_found_by_what_runs_and_not_by_its_name(two, shell):
    folder = two.file("bin")
    folder.mkdir()
    for program in ("env", "keyswitch", "readlink"):
        (folder / program).symlink_to(shutil.which(program))
    done = subprocess.run(
        [shutil.which(shell), "-c", "keyswitch shell work; exit 0"],
        env={**two.environ, "PATH": str(folder)}, cwd=two.home, check=False,
        capture_output=True, text=True, timeout=60, input="echo $KSH_VERSION\n",
    )  # fmt: skip
    assert "MIRBSD KSH" in done.stdout, done


def test_without_a_shell_around_it_is_the_usual_one(two):
    program = two.file("mine")
    program.write_text("#!/bin/sh\necho mine $ANTHROPIC_API_KEY\n")
    program.chmod(0o755)
    done = two("shell", "work", SHELL=str(program))
    assert done.out == f"mine {KEY}\n"
    assert two("shell", "work", stdin="echo $0").out.split("/")[-1] == "sh\n"


# ------------------------------------------------------------ in a terminal


@TYPED
def test_in_a_terminal_it_says_so_and_exit_leaves_it(terminal, shell):
    person = terminal()
    shown = person.types(f"keyswitch shell work --shell {shell}", INNER)
    assert SAID in shown
    assert person.answers("printenv ANTHROPIC_API_KEY") == KEY + "\n"
    assert LEFT in person.types("exit 7", OUTER)
    assert person.status() == "7"
    assert person.answers("echo ${ANTHROPIC_API_KEY-none}") == "none\n"


@TYPED
def test_what_is_switched_elsewhere_does_not_reach_it(two, terminal, shell):
    file, text = START[shell]
    two.file(file).write_text(f"{text}\n{FOLLOW[shell]}\n")
    person = terminal()
    person.types(f"keyswitch shell work --shell {shell}", INNER)
    two("use", "work")
    two("use", "personal")
    for line in ("true", FOLLOW[shell]):
        person.types(line)
        assert person.answers("printenv ANTHROPIC_API_KEY") == KEY + "\n"
    assert person.answers("keyswitch current") == "work\n"
    person.child.sendline("keyswitch use personal")
    person.child.expect_exact("this terminal still uses 'work'")


@TYPED
def test_a_rotated_secret_reaches_it_with_the_next_env(two, terminal, shell):
    person = terminal()
    person.types(f"keyswitch shell work --shell {shell}", INNER)
    two("rotate", "work", "--stdin", stdin=OTHER)
    person.types(FOLLOW[shell])
    assert person.answers("printenv ANTHROPIC_API_KEY") == OTHER + "\n"


@TYPED
def test_a_start_file_s_own_key_does_not_stay_where_the_shell_follows(
    two, terminal, shell
):
    file, text = START[shell]
    export = "set -gx" if shell == "fish" else "export"
    sign = " " if shell == "fish" else "="
    own = f"{export} ANTHROPIC_API_KEY{sign}FAKE-mine"
    two.file(file).write_text(f"{text}\n{own}\n{FOLLOW[shell]}\n")
    person = terminal()
    person.types(f"keyswitch shell work --shell {shell}", INNER)
    assert person.answers("printenv ANTHROPIC_API_KEY") == KEY + "\n"


@TYPED
def test_ctrl_c_ends_neither_keyswitch_nor_the_shell(two, terminal, shell):
    person = terminal()
    person.types(f"keyswitch shell work --shell {shell}", INNER)
    before = keyswitch_pid(two)
    person.child.sendline("sleep 61")
    until(lambda: sleeper(two))
    person.child.sendintr()
    person.waits()
    until(lambda: not sleeper(two))
    for _ in range(3):
        person.child.sendintr()
        person.waits()
    os.kill(before, signal.SIGINT)
    os.kill(before, signal.SIGQUIT)
    assert person.answers("echo here") == "here\n"
    assert keyswitch_pid(two) == before
    person.types("exit", OUTER)
    assert person.answers("echo outside") == "outside\n"


def sleeper(ks, seconds=61):
    wanted = f"sleep\0{seconds}\0".encode()
    return [p for p, (line, _) in processes(ks).items() if line == wanted]


def state_of(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


@TYPED
def test_job_control_works_inside(two, terminal, shell):
    person = terminal()
    person.types(f"keyswitch shell work --shell {shell}", INNER)
    person.child.sendline("sleep 61")
    pid = until(lambda: sleeper(two))[0]
    person.child.sendcontrol("z")
    person.waits()
    until(lambda: state_of(pid) == "T")
    person.child.sendline("fg")
    until(lambda: state_of(pid) == "S")
    person.child.sendintr()
    person.waits()
    until(lambda: not sleeper(two))
    person.types("exit", OUTER)


@of("bash", "zsh")
def test_a_shell_that_suspends_itself_gives_the_terminal_back(terminal, shell):
    person = terminal()
    person.types(f"keyswitch shell work --shell {shell}", INNER)
    person.types("suspend", OUTER)
    assert person.answers("echo outside") == "outside\n"
    person.types("fg", "keyswitch shell work")
    person.types("", INNER)
    assert person.answers("printenv ANTHROPIC_API_KEY") == KEY + "\n"
    assert LEFT in person.types("exit 7", OUTER)
    assert person.status() == "7"


@TYPED
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("busy", [False, True])
def test_a_signal_to_keyswitch_leaves_no_stray_shell(
    two, terminal, shell, name, busy
):
    person = terminal()
    modes = person.answers("stty -g")
    person.types(f"keyswitch shell work --shell {shell}", INNER)
    if busy and shell != "fish":  # which waits for its command
        person.child.sendline("sleep 61")
        until(lambda: sleeper(two))
    os.kill(keyswitch_pid(two), getattr(signal, name))
    shown = person.waits(OUTER)
    assert LEFT in shown
    assert int(person.status()) == 128 + getattr(signal, name)
    assert person.answers("stty -g") == modes
    assert person.answers("echo here") == "here\n"
    left = {
        pid for pid, (line, _) in processes(two).items() if b"\0work" in line
    }
    assert not left


@TYPED
def test_a_terminal_that_is_closed_takes_all_of_it_along(two, terminal, shell):
    person = terminal()
    person.types(f"keyswitch shell work --shell {shell}", INNER)
    assert processes(two)
    person.child.close(force=False)
    until(lambda: not processes(two))


@TYPED
def test_no_argument_and_no_outer_process_holds_a_secret(two, terminal, shell):
    person = terminal()
    person.types(f"keyswitch shell work --shell {shell}", INNER)
    found = processes(two)
    keyswitch = keyswitch_pid(two)
    holders = set()
    for pid, (line, environ) in found.items():
        assert KEY.encode() not in line
        if KEY.encode() in (environ or b""):
            holders.add(pid)
    assert keyswitch in found
    assert keyswitch not in holders
    assert person.child.pid not in holders
    assert holders  # the shell itself, and what it started
    for path, data in two.everything().items():
        assert KEY.encode() not in data, path


@TYPED
def test_off_here_inside_lets_that_shell_follow(two, terminal, shell):
    person = terminal()
    person.types(f"keyswitch shell work --shell {shell}", INNER)
    end = FOLLOW[shell].replace("keyswitch env", "keyswitch off --here")
    person.types(end)
    assert person.answers("printenv ANTHROPIC_API_KEY") == OTHER + "\n"
    assert person.answers("keyswitch current") == "personal\n"
