"""The hook of nushell, in a real nushell."""

import json
import os
import re
import subprocess
import time

import pexpect
import pytest

from keyswitch.shells.hook_scripts import hook_script
from tests.cli.keyswitch import KEY, OTHER, Keyswitch

pytestmark = pytest.mark.real("nu")

# Says what it was called with, waits for the end of its input, and prints
# whatever the test put there.
PROGRAM = """\
#!/bin/sh
printf '%s\\n' "$*" >> "$HOME/calls"
cat > "$HOME/input"
cat "$HOME/reply"
exit "$(cat "$HOME/status")"
"""


class Script:
    """Runs nushell on lines that follow the hook, with a fake keyswitch."""

    def __init__(self, folder):
        self.home = folder / "home"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.home.mkdir()
        (self.bin / "keyswitch").write_text(PROGRAM)
        (self.bin / "keyswitch").chmod(0o755)
        self.state = self.home / "state.json"
        self.state.write_text("one")
        self.reply(set={"KEYSWITCH_ENV": "work:f:1:A:"})

    def reply(self, status=0, **document):
        text = {"version": 1, "set": {}, "unset": [], **document}
        (self.home / "reply").write_text(json.dumps(text) if document else "")
        (self.home / "status").write_text(str(status))

    def __call__(self, *lines, before="", **environ):
        hook = self.home / "hook.nu"
        config = str(self.home / "config.toml")
        hook.write_text(before + hook_script("nu", str(self.state), config))
        text = "\n".join([f"source {json.dumps(str(hook))}", *lines, ""])
        (self.home / "script.nu").write_text(text)
        done = subprocess.run(
            ["nu", "--no-config-file", str(self.home / "script.nu")],
            env={
                "HOME": str(self.home),
                "PATH": f"{self.bin}:{os.path.dirname(nu())}:/usr/bin:/bin",
                **environ,
            },
            cwd=self.home,
            input="not for keyswitch\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        self.said = done.stderr
        return done.stdout.splitlines()

    @property
    def calls(self):
        try:
            return (self.home / "calls").read_text().splitlines()
        except FileNotFoundError:
            return []


def nu():
    return next(
        os.path.join(folder, "nu")
        for folder in os.environ["PATH"].split(":")
        if os.access(os.path.join(folder, "nu"), os.X_OK)
    )


@pytest.fixture
def script(tmp_path):
    return Script(tmp_path)


ASK = "env --shell nu"
FOLLOW = "__keyswitch_follow"


def test_only_a_change_starts_keyswitch(script):
    (script.home / "sub").mkdir()
    script(FOLLOW, FOLLOW, FOLLOW)
    assert script.calls == [ASK]
    script(FOLLOW, "'two' | save --force state.json", FOLLOW, FOLLOW)
    assert script.calls == [ASK] * 3
    script(FOLLOW, "cd sub", FOLLOW, FOLLOW)
    assert script.calls == [ASK] * 5
    assert script.said == ""


def test_a_directory_s_file_counts_from_below_and_when_it_is_edited(script):
    (script.home / "a/b").mkdir(parents=True)
    (script.home / "a/.keyswitch").write_text("work")
    edit = "'home' | save --force ../.keyswitch"
    script("cd a/b", FOLLOW, FOLLOW)
    assert script.calls == [ASK]
    script("cd a/b", FOLLOW, edit, FOLLOW, FOLLOW)
    assert script.calls == [ASK] * 3
    script("cd a/b", FOLLOW, "rm ../.keyswitch", FOLLOW, FOLLOW)
    assert script.calls == [ASK] * 5


@pytest.mark.parametrize(
    "edit",
    [
        # The same size and the same times.
        "'home' | save --force ../.keyswitch; ^touch -d @1 ../.keyswitch",
        # Another file, as old as that one.
        "^touch -d @1 ../other; mv --force ../other ../.keyswitch",
        # Not the nearest one, which nobody may have allowed.
        "'home' | save --force ../../.keyswitch",
        "rm ../.keyswitch; ^ln -s other ../.keyswitch",
        "^ln -s nowhere .keyswitch",
    ],
)
def test_an_edit_is_noticed_whatever_the_times_say(script, edit):
    (script.home / "a/b").mkdir(parents=True)
    for name in (".keyswitch", "a/.keyswitch", "a/other"):
        (script.home / name).write_text("work")
        os.utime(script.home / name, (1, 1))
    script("cd a/b", FOLLOW, FOLLOW, edit, FOLLOW, FOLLOW)
    assert script.said == ""
    assert script.calls == [ASK] * 2


def test_a_file_above_the_directory_itself_is_watched(script):
    (script.home / "real/a").mkdir(parents=True)
    (script.home / "real/.keyswitch").write_text("work")
    os.symlink(script.home / "real/a", script.home / "lnk")
    script("cd lnk", FOLLOW, "rm ~/real/.keyswitch", FOLLOW, FOLLOW)
    assert script.calls == [ASK] * 2


def test_a_fifo_is_not_opened(script):
    os.mkfifo(script.home / ".keyswitch")
    script.state.unlink()
    os.mkfifo(script.state)
    assert script(FOLLOW, "print done") == ["done"]


def test_variables_are_set_and_unset(script):
    script.reply(set={"KEYSWITCH_ENV": "work:f:1:A:", "A": "x y"}, unset=["B"])
    lines = script(
        FOLLOW, "print $env.A ($env.B? | default gone)", "^printenv A", B="b"
    )
    assert lines == ["x y", "gone", "x y"]


def test_a_change_of_the_name_is_said_but_not_at_first(script):
    other = 'load-env {KEYSWITCH_ENV: "home:f:1::", __keyswitch_seen: ""}'
    script(FOLLOW, other, FOLLOW)
    assert script.said == "keyswitch: home -> work\n"
    script(FOLLOW, 'load-env {__keyswitch_seen: ""}', FOLLOW)
    assert script.said == ""
    script(FOLLOW, other, FOLLOW, KEYSWITCH_ENV="\x1b[31m:f:1::")
    assert script.said == "keyswitch: home -> work\n"


def test_a_name_that_no_profile_can_have_is_not_printed(script):
    forged = (
        r'load-env {KEYSWITCH_ENV: "\u{1b}[31m:f:1::", __keyswitch_seen: ""}'
    )
    script(FOLLOW, forged, FOLLOW)
    assert script.said == "keyswitch: none -> work\n"


def test_what_an_outer_nushell_saw_counts_for_nothing(script):
    seen = script(FOLLOW, "print $env.__keyswitch_seen")
    script(FOLLOW, __keyswitch_seen=seen[0])
    assert script.calls == [ASK] * 2


def test_a_failure_changes_nothing_and_is_not_repeated(script):
    script.reply(3, set={"A": "new"})
    lines = script(FOLLOW, FOLLOW, "print $env.A", A="old")
    assert lines == ["old"]
    assert script.calls == [ASK]
    assert script.said == ""


def test_without_keyswitch_nothing_happens(script):
    (script.bin / "keyswitch").unlink()
    assert script(FOLLOW, "print done") == ["done"]
    assert script.said == ""


def test_nobody_is_asked_anything(script):
    script(FOLLOW)
    assert (script.home / "input").read_bytes() == b""


def test_a_pinned_shell_is_left_alone_until_it_is_no_more(script):
    pinned = "home:p:1:A:"
    lines = script(
        FOLLOW,
        f'$env.KEYSWITCH_ENV = "{pinned}"',
        FOLLOW,
        "print $env.KEYSWITCH_ENV",
        "hide-env KEYSWITCH_ENV",
        FOLLOW,
        "print $env.KEYSWITCH_ENV",
    )
    assert lines == [pinned, "work:f:1:A:"]
    assert script.calls == [ASK] * 2


def test_a_pinned_shell_loses_a_profile_that_is_removed(script):
    profile = script.home / "profiles" / "home.toml"
    profile.parent.mkdir()
    script.reply(unset=["KEYSWITCH_ENV", "A"])
    pinned = ('$env.KEYSWITCH_ENV = "home:p:1:A:"', '$env.A = "FAKE"', FOLLOW)
    lines = script(*pinned, "print ($env.A? | default none)")
    assert lines == ["none"]
    assert script.calls == ["env --unset --shell nu"]
    assert "profile 'home' no longer exists" in script.said
    profile.touch()
    assert script(*pinned, "print $env.A") == ["FAKE"]
    assert script.calls == ["env --unset --shell nu"]


@pytest.mark.parametrize("status", [0, 3])
def test_the_last_exit_code_stays(script, status):
    script.reply(status, set={"A": "new"})
    lines = script(
        "try { ^sh -c 'exit 7' } catch { }", FOLLOW, "print $env.LAST_EXIT_CODE"
    )
    assert lines == ["7"]
    assert script.calls == [ASK]


def test_a_person_s_own_open_and_ls_are_not_used(script):
    own = "def open [...a] { error make {msg: no} }\nalias ls = ^nothing\n"
    script(FOLLOW, "'two' | ^tee state.json | ignore", FOLLOW, before=own)
    assert script.calls == [ASK] * 2
    assert script.said == ""


@pytest.mark.parametrize("name", ["a b", "'\"\\", "$x`(1)", "é\u202e", "[x]*?"])
def test_the_state_file_may_be_called_anything(script, name):
    script.state = script.home / name
    script.state.write_text("one")
    change = f"'two' | save --force {json.dumps(name, ensure_ascii=False)}"
    script(FOLLOW, change, FOLLOW)
    assert script.calls == [ASK] * 2


def test_sourced_twice_it_is_there_once(script):
    count = "print ($env.config.hooks.pre_prompt | length)"
    again = f"source {json.dumps(str(script.home / 'hook.nu'))}"
    own = "$env.config.hooks.pre_prompt ++= [{|| print own }]"
    assert script(count, again, again, count) == ["1", "1"]
    assert script(own, again, count) == ["2"]


WORDS = ["run", "work", "--", "a b", "*", "$x", "", "-n", "1.50", "--here"]


def test_arguments_reach_the_command_as_they_are(script):
    (script.bin / "keyswitch").write_text('#!/bin/sh\nprintf "<%s>" "$@"\n')
    words = " ".join(w if w.isalpha() else f"r#'{w}'#" for w in WORDS[:-3])
    said = script(f"keyswitch {words} {' '.join(WORDS[-3:])}")
    assert said == ["".join(f"<{w}>" for w in WORDS)]


def test_a_home_directory_s_tilde_is_expanded_as_for_any_program(script):
    script("keyswitch add x --from-file ~/key")
    assert script.calls == [f"add x --from-file {script.home}/key"]


def test_the_output_of_a_command_can_be_used(script):
    (script.home / "reply").write_text("a\nb\n")
    assert script("keyswitch list | lines | reverse | to nuon") == ["[b, a]"]


def test_a_document_of_a_changing_command_can_be_used(script):
    script.reply(set={"A": "new"})
    text = "print (keyswitch use x --json | from json | get version)"
    assert script(text, FOLLOW, "print $env.A") == ["1", "new"]
    assert script.calls == ["use x --json", ASK]


def test_a_changing_command_keeps_its_status_and_is_followed_at_once(script):
    script.reply(set={"A": "new"})
    assert script("keyswitch use work", "print $env.A")[-1].endswith("new")
    assert script.calls == ["use work", ASK]
    (script.bin / "keyswitch").write_text(
        "#!/bin/sh\n[ $1 = env ] && exec cat $HOME/reply\nexit 4\n"
    )
    attempt = "try { keyswitch use x } catch {|e| print $e.exit_code }"
    assert script(attempt, "print $env.A") == ["4", "new"]


def test_here_applies_what_the_command_prints(script):
    script.reply(set={"A": "new"}, unset=["B"])
    lines = script(
        "keyswitch use work --here", "print $env.A ($env.B? | default gone)",
        B="b",
    )  # fmt: skip
    assert lines == ["new", "gone"]
    assert script.calls == ["use work --here"]


def test_here_with_another_output_prints_it(script):
    (script.home / "reply").write_text("Usage: ...\n")
    assert script("keyswitch use --here --help") == ["Usage: ..."]


def test_a_failed_here_applies_nothing(script):
    script.reply(5, set={"A": "new"})
    attempt = "try { keyswitch use x --here } catch {|e| print $e.exit_code }"
    assert script(attempt, "print $env.A", A="old") == ["5", "old"]


CONFIG = """\
$env.config.show_banner = false
def told [name] {{
    {{
        status: $env.LAST_EXIT_CODE
        key: $env.ANTHROPIC_API_KEY?
        profile: $env.KEYSWITCH_PROFILE?
    }} | to json | save --force $"{folder}/($name)"
}}
"""


class Terminal:
    """A nushell in a terminal of its own, which answers like one."""

    def __init__(self, ks, folder, *, argv=("nu",)):
        self.folder = folder
        folder.mkdir()
        config = CONFIG.format(folder=folder)
        hook = hook_script(
            "nu", str(ks.file(".local/state/keyswitch/state.json")), ""
        )
        (folder / "config.nu").write_text(config + hook)
        self.text = ""
        self.asked = self.answered = 0
        self.child = pexpect.spawn(
            argv[0],
            [*argv[1:], "--config", str(folder / "config.nu")],
            env={**ks.environ, "TERM": "xterm"},
            cwd=str(ks.home),
            encoding="utf-8",
            dimensions=(24, 200),
        )
        self.until(lambda: "133;B" in self.text)

    def until(self, done, *, again=""):
        """Wait; `again` is typed every few seconds, as a key can get lost.

        nushell asks where the cursor is, and may drop what comes just then.
        """
        begun = time.monotonic()
        tries = 0
        while not done():
            waited = time.monotonic() - begun
            assert waited < 30, self.text
            if again and waited > 5 * (tries + 1):
                tries += 1
                self.child.send(again)
            try:
                part = self.child.read_nonblocking(4096, 0.05)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                self.child.wait()
                continue
            self.text += part
            # It asks where the cursor is, and waits for the answer.
            for _ in range(self.answered, self.text.count("\x1b[6n")):
                self.answered += 1
                self.child.send("\x1b[1;1R")

    def type(self, line):
        self.child.send(line + "\r")
        return self.told()

    def told(self):
        """Return what this terminal has now; another prompt passes."""
        self.asked += 1
        file = self.folder / f"told{self.asked}"
        self.child.send(f"told {file.name}\r")
        self.until(
            lambda: file.exists() and file.read_text().endswith("}"),
            again=f"\x15told {file.name}\r",
        )
        return json.loads(file.read_text())

    @property
    def said(self):
        return re.findall(r"keyswitch: \S+ -> \S+", self.text)

    def close(self):
        self.child.send("exit\r")
        self.until(lambda: not self.child.isalive())
        self.child.close()


@pytest.fixture
def ks(tmp_path):
    home = tmp_path / "home"
    own = home / ".config/nushell"
    own.mkdir(parents=True)
    for name in ("config.nu", "env.nu"):
        (own / name).touch()  # else the first start makes them, and is another
    ks = Keyswitch(home).with_vault()
    ks.add("one")
    ks.add("two", secret=OTHER)
    ks("use", "one")
    return ks


def test_a_terminal_follows_a_switch_that_is_made_in_another(ks, tmp_path):
    first = Terminal(ks, tmp_path / "first")
    second = Terminal(ks, tmp_path / "second")
    assert first.told()["key"] == second.told()["key"] == KEY
    assert first.type("keyswitch use two")["key"] == OTHER
    assert second.type("sh -c 'exit 7'") == {
        "status": 7, "key": OTHER, "profile": None,
    }  # fmt: skip
    assert (first.said, second.said) == ([], ["keyswitch: one -> two"])
    assert first.type("keyswitch off")["key"] is None
    assert second.type("")["key"] is None
    assert second.said[-1] == "keyswitch: two -> none"
    first.close()
    second.close()


def test_here_is_for_one_terminal(ks, tmp_path):
    first = Terminal(ks, tmp_path / "first")
    assert first.type("keyswitch use two --here") == {
        "status": 0, "key": OTHER, "profile": "two",
    }  # fmt: skip
    second = Terminal(ks, tmp_path / "second")
    assert second.told()["key"] == KEY
    assert first.type("keyswitch off --here") == {
        "status": 0, "key": KEY, "profile": None,
    }  # fmt: skip
    first.close()
    second.close()


def processes(log):
    """Return the lines of an strace log that start a process or a program."""
    return [
        line
        for line in log.splitlines()
        if re.search(r"\b(execve|v?fork|clone3?)\(", line)
        and "CLONE_THREAD" not in line
    ]


@pytest.mark.real("strace")
def test_no_process_is_started_where_nothing_changed(ks, tmp_path):
    log = tmp_path / "log"
    calls = "trace=execve,?fork,?vfork,clone,?clone3,?open,openat"
    strace = ("strace", "-f", "-qq", "-o", str(log), "-e", calls, "nu")
    terminal = Terminal(ks, tmp_path / "first", argv=strace)
    terminal.told()
    for _ in range(3):
        terminal.type("")
    ks("use", "two")
    assert terminal.type("")["key"] == OTHER
    terminal.close()
    text = log.read_text(errors="replace")
    _, quiet = text.split("/told1", 1)
    quiet, busy = quiet.split("/told4", 1)
    assert processes(quiet) == []
    assert any("keyswitch" in line for line in processes(busy))
