"""examples/prompt/: each piece shows the profile's name, and only that."""

import json
import os
import re
import shlex
import subprocess
import time
import tomllib

import pytest

from keyswitch.shells.hook_scripts import hook_script
from tests.cli.keyswitch import KEY, OTHER, Keyswitch
from tests.components import PYTHON, ROOT

PIECES = ROOT / "examples" / "prompt"
MARKER = "work:f:1a.2b:ANTHROPIC_API_KEY:"

USE_PRIVATE = "keyswitch use private 2>&1"

# Shell -> how it is started, its piece, and what prints its prompt.
SHELLS = {
    "bash": (
        ["bash", "--norc", "--noprofile"],
        "bash.sh",
        'for c in "${PROMPT_COMMAND[@]}"; do eval "$c"; done; echo "${PS1@P}"',
    ),
    "zsh": (["zsh", "-f"], "zsh.zsh", 'print -rP -- "$PROMPT"'),
    "fish": (["fish", "-N"], "fish.fish", "fish_right_prompt; echo ''"),
}

EACH = pytest.mark.parametrize(
    "shell", [pytest.param(s, marks=pytest.mark.real(s)) for s in SHELLS]
)


def run_script(shell, text, folder, **environ):
    path = folder / f"script-{shell}"
    path.write_text(text)
    done = subprocess.run(
        [*SHELLS[shell][0], str(path)],
        env={"PATH": os.environ["PATH"], "HOME": str(folder),
             "LC_ALL": "C.UTF-8", **environ},
        cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout


def prompt(shell, folder, **environ):
    """Return what a shell's prompt is, after `> ` was its whole prompt."""
    _, piece, show = SHELLS[shell]
    text = f"PS1='> '\nsource '{PIECES / piece}'\n{show}\n"
    if shell == "fish":
        text = text.removeprefix("PS1='> '\n")
    return run_script(shell, text, folder, **environ).rstrip("\n ")


@EACH
@pytest.mark.parametrize(
    ("marker", "name"),
    [
        (MARKER, "[work]"),
        ("a-b.c_1:p:1:A,B:C", "[a-b.c_1]"),
        (":f:1a.2b::", ""),
        ("", ""),
        ("$(id)`id`:f:1::", "[$(id)`id`]"),
        ("%n\\u\\[:f:1::", "[%n\\u\\[]"),
    ],
)
def test_the_prompt_shows_the_name_in_the_marker(shell, home, marker, name):
    rest = "" if shell == "fish" else ">"
    wanted = " ".join(part for part in (name, rest) if part)
    assert prompt(shell, home, KEYSWITCH_ENV=marker) == wanted


@EACH
def test_a_shell_without_a_marker_has_its_own_prompt(shell, home):
    assert prompt(shell, home) == ("" if shell == "fish" else ">")


@EACH
@pytest.mark.real("strace")
def test_a_piece_starts_no_process(shell, home):
    _, piece, show = SHELLS[shell]
    path = home / "script"
    path.write_text(f"source '{PIECES / piece}'\n{show}\n{show}\n")
    trace = home / "trace"
    subprocess.run(
        ["strace", "-f", "-e", "trace=execve,fork,vfork,clone3,clone",
         "-o", str(trace), *SHELLS[shell][0], str(path)],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C",
             "KEYSWITCH_ENV": MARKER},
        cwd=home, check=True, capture_output=True,
    )  # fmt: skip
    calls = re.findall(
        r"^\d+ +(\w+)\((?!.*CLONE_THREAD)", trace.read_text(), re.MULTILINE
    )
    assert calls == ["execve"]


@pytest.mark.real("bash")
def test_the_piece_for_bash_keeps_the_status(home):
    text = f"source '{PIECES / 'bash.sh'}'\n(exit 7)\nkeyswitch_prompt\necho $?"
    assert run_script("bash", text, home) == "7\n"


@pytest.fixture
def keyswitch(tmp_path):
    """Give a home with two profiles, and the command on PATH."""
    folder = tmp_path / "person"
    folder.mkdir()
    command = tmp_path / "bin" / "keyswitch"
    command.parent.mkdir()
    command.write_text(
        f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} "
        f'exec {PYTHON} -P -m keyswitch "$@"\n'
    )
    command.chmod(0o755)
    found = Keyswitch(folder, PATH=f"{command.parent}:{os.environ['PATH']}")
    found.with_vault()
    found.add("work", secret=KEY)
    found.add("private", secret=OTHER)
    found("use", "work")
    return found


@EACH
def test_the_prompt_follows_a_switch_by_the_hook(shell, keyswitch):
    _, piece, show = SHELLS[shell]
    state = keyswitch.home / ".local/state/keyswitch/state.json"
    hook = keyswitch.home / "hook"
    hook.write_text(hook_script(shell, str(state), "/none"))
    text = (
        f"source '{hook}'\nsource '{PIECES / piece}'\n"
        f"__keyswitch_hook\n{show}\n"
        f"env -u KEYSWITCH_ENV -u ANTHROPIC_API_KEY {USE_PRIVATE}\n"
        f"__keyswitch_hook 2>&1\n{show}\n"
    )
    environ = {**keyswitch.environ, "TERM": "dumb"}
    del environ["HOME"]
    shown = run_script(shell, text, keyswitch.home, **environ)
    assert re.findall(r"\[[a-z]+\]", shown) == ["[work]", "[private]"]


class Tmux:
    """A tmux with the example, shown by another tmux as its terminal.

    `#(...)` is filled in for attached clients only, so there has to be one.
    """

    def __init__(self, environ, folder):
        self.environ = environ
        self.folder = folder

    def __call__(self, server, *args):
        config = PIECES / "tmux.conf" if server == "inner" else "/dev/null"
        return subprocess.run(
            ["tmux", "-S", str(self.folder / server), "-f", str(config), *args],
            env=self.environ, cwd=self.folder, text=True, check=True,
            stdin=subprocess.DEVNULL, capture_output=True,
        ).stdout  # fmt: skip

    def open(self, session, directory):
        """Show a pane that has changed into a directory."""
        new = ("new-session", "-d", "-s", session)
        go = 'cd "$GO" && exec cat'
        self("inner", *new, "-e", f"GO={directory}", go)
        self("inner", "set", "-g", "status-interval", "1")
        attach = f"TMUX= tmux -S '{self.folder}/inner' attach -t {session}"
        self("outer", *new, "-x", "100", attach)
        self("outer", "set", "-g", "status", "off")

    def shows(self, session, name):
        """Tell whether a session's status line comes to show the name."""
        wanted = re.compile(rf"\* +{name} ?\d\d:\d\d$")
        end = time.monotonic() + 20
        while time.monotonic() < end:
            screen = self("outer", "capture-pane", "-p", "-t", session)
            if wanted.search(screen.strip()):
                return True
            time.sleep(0.05)
        return False


@pytest.fixture
def tmux(keyswitch, tmp_path):
    environ = {**keyswitch.environ, "TERM": "xterm", "SHELL": "/bin/sh"}
    place = Tmux(environ, tmp_path)
    yield place
    for server in ("outer", "inner"):
        if (tmp_path / server).exists():
            place(server, "kill-server")


TMUX = pytest.mark.real("tmux")


@TMUX
def test_tmux_shows_the_active_profile_and_follows(tmux, keyswitch):
    tmux.open("home", keyswitch.home)
    assert tmux.shows("home", "work")
    keyswitch("use", "private")
    assert tmux.shows("home", "private")
    keyswitch("off")
    assert tmux.shows("home", "")


@TMUX
def test_tmux_shows_the_profile_of_the_pane_s_directory(tmux, keyswitch):
    linked = keyswitch.home / "it's linked #{x} $(id)"
    linked.mkdir()
    subprocess.run(
        ["keyswitch", "link", "private"], env=keyswitch.environ, cwd=linked,
        check=True, capture_output=True,
    )  # fmt: skip
    tmux.open("linked", linked)
    tmux.open("home", keyswitch.home)
    assert tmux.shows("linked", "private")
    assert tmux.shows("home", "work")


@pytest.mark.parametrize(
    ("marker", "name"), [(MARKER, "work"), (":f:1::", ""), ("", "")]
)
def test_the_command_for_starship_prints_the_name(marker, name):
    text = (PIECES / "starship.toml").read_text(encoding="utf-8")
    module = tomllib.loads(text)["custom"]["keyswitch"]
    done = subprocess.run(
        [*module["shell"], module["command"]],
        env={"PATH": os.environ["PATH"], "KEYSWITCH_ENV": marker},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (name, "")


@pytest.mark.real("zsh")
@pytest.mark.parametrize(
    ("marker", "segments"),
    [(MARKER, [["segment", "-f", "208", "-t", "work"]]), ("", [])],
)
def test_the_segment_for_powerlevel10k_asks_for_the_name(
    home, marker, segments
):
    text = (
        "p10k() { print -r -- '['${(j:,:)${(qqq)@}}']' }\n"
        f"source '{PIECES / 'powerlevel10k.zsh'}'\nprompt_keyswitch\n"
    )
    shown = run_script("zsh", text, home, KEYSWITCH_ENV=marker)
    assert [json.loads(line) for line in shown.splitlines()] == segments
