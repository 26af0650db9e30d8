"""`use NAME --here` and `off --here`: a choice of one shell alone."""

import json
import os
import re
import shlex
import subprocess

import pexpect
import pytest

from tests.cli.accounts import FOLDERS, live, token, two_accounts
from tests.cli.keyswitch import KEY, OTHER, two_keys
from tests.shells import sessions

THIRD = "sk-ant-api03-FAKE-third-000000000000000000000000EXAMPL3"
STATE = ".local/state/keyswitch/state.json"
NU = (
    "do --env {{ let ks = (keyswitch {0} | from json); load-env $ks.set; "
    "hide-env --ignore-errors ...$ks.unset }}"
)
POSIX = 'eval "$(keyswitch {0})"'
EVAL = {
    "bash": POSIX,
    "dash": POSIX,
    "fish": "keyswitch {0} | source",
    "ksh": POSIX,
    "mksh": POSIX,
    "nu": NU,
    "zsh": POSIX,
}
ARGV = {"fish": ["-N", "-c"], "nu": ["-n", "-c"], "zsh": ["-f", "-c"]}
SHELLS = pytest.mark.parametrize(
    "shell", [pytest.param(s, marks=pytest.mark.real(s)) for s in EVAL]
)
# Every shell but nushell, which has nowhere to keep what was displaced.
KEEPING = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in EVAL if s != "nu"],
)
ELSEWHERE = 'env -i HOME="$HOME" PATH="$PATH" keyswitch -q'
OWN = "ANTHROPIC_AUTH_TOKEN"  # outranks a key, so it is displaced


@pytest.fixture
def two(bare):
    bare.begin_as(two_keys)("use", "personal")
    return bare


def step_of(shell, step):
    """Write a step in a shell's language."""
    verb, _, rest = step.partition(" ")
    caret = "^" if shell == "nu" else ""
    if verb == "eval":
        return EVAL[shell].format(rest)
    if verb == "elsewhere":
        return f"{caret}sh -c '{ELSEWHERE} {rest} >/dev/null'"
    if verb == "show":
        return f"{caret}sh -c 'echo ${{{rest}-none}}'"
    return step


def shown(ks, shell, *steps, fails=False, **environ):
    """Take the steps in one shell; return what its children showed."""
    text = "\n".join(step_of(shell, step) for step in steps)
    done = subprocess.run(
        [shell, *ARGV.get(shell, ["-c"]), text],
        env={**ks.environ, **environ}, cwd=ks.home, check=False, timeout=60,
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert fails == bool(done.stderr), done.stderr
    return done.stdout.splitlines()


# ------------------------------------------------------------ this shell only


@SHELLS
def test_it_changes_this_shell_and_neither_the_state_nor_another(two, shell):
    before = two.file(STATE).read_bytes()
    assert shown(
        two, shell, "eval use work --here", "show ANTHROPIC_API_KEY",
        "show KEYSWITCH_PROFILE", "keyswitch current",
    ) == [KEY, "work", "work"]  # fmt: skip
    assert two.file(STATE).read_bytes() == before
    assert shown(two, shell, "eval env", "show ANTHROPIC_API_KEY") == [OTHER]
    assert two("current").out == "personal\n"


@SHELLS
def test_what_is_switched_elsewhere_does_not_reach_it(two, shell):
    assert shown(
        two, shell, "eval use work --here", "elsewhere use work",
        "elsewhere use personal", "eval env", "show ANTHROPIC_API_KEY",
        "elsewhere off", "eval env", "eval env", "show ANTHROPIC_API_KEY",
        "keyswitch current",
    ) == [KEY, KEY, "work"]  # fmt: skip


@SHELLS
def test_a_rotated_secret_reaches_it_with_the_next_env(two, shell):
    two.file("new").write_text(THIRD)
    assert shown(
        two, shell, "eval use work --here",
        f"elsewhere rotate work --from-file {two.file('new')}",
        "show ANTHROPIC_API_KEY", "eval env", "show ANTHROPIC_API_KEY",
        "show KEYSWITCH_PROFILE",
    ) == [KEY, THIRD, "work"]  # fmt: skip


@SHELLS
def test_off_here_lets_it_follow_again(two, shell):
    assert shown(
        two, shell, "eval use work --here", "eval off --here",
        "show ANTHROPIC_API_KEY", "show KEYSWITCH_PROFILE",
        "elsewhere use work", "eval env",
        "show ANTHROPIC_API_KEY", "keyswitch current",
    ) == [OTHER, "none", KEY, "work"]  # fmt: skip


@SHELLS
def test_another_one_replaces_it(two, shell):
    assert shown(
        two, shell, "eval use work --here", "eval use personal --here",
        "show ANTHROPIC_API_KEY", "elsewhere use work",
        "eval env", "show KEYSWITCH_PROFILE", "show ANTHROPIC_API_KEY",
        "eval off --here", "show ANTHROPIC_API_KEY", "show KEYSWITCH_PROFILE",
    ) == [OTHER, "personal", OTHER, KEY, "none"]  # fmt: skip


RC = {
    "bash": (".bashrc", ["bash", "-i", "-c"]),
    "fish": (".config/fish/config.fish", ["fish", "-i", "-c"]),
    "zsh": (".zshrc", ["zsh", "-i", "-c"]),
    "ksh": (".kshrc", ["ksh", "-i", "-c"]),
    "dash": (".profile", ["dash", "-l", "-c"]),
}


@pytest.mark.parametrize(
    "shell", [pytest.param(s, marks=pytest.mark.real(s)) for s in RC]
)
def test_a_child_shell_whose_start_file_follows_keeps_it(two, shell):
    file, argv = RC[shell]
    sessions.keep_fish_idle(two.home)
    two.file(file).parent.mkdir(parents=True, exist_ok=True)
    two.file(file).write_text(EVAL[shell].format("env") + "; echo started\n")
    child = shlex.join([*argv, "echo $ANTHROPIC_API_KEY"])
    assert shown(
        two, "bash", "eval use work --here", f"{child} 2>/dev/null",
        "eval off --here", f"{child} 2>/dev/null",
    ) == ["started", KEY, "started", OTHER]  # fmt: skip


# --------------------------------------------------------- the person's own


@KEEPING
def test_off_here_gives_back_what_the_person_had_himself(two, shell):
    two("off")
    assert shown(
        two, shell, "eval use work --here", f"show {OWN}", "eval env",
        "eval off --here", f"show {OWN}", "show ANTHROPIC_API_KEY",
        "show KEYSWITCH_ENV",
        **{OWN: "FAKE-mine", "ANTHROPIC_API_KEY": "FAKE-mine-too"},
    ) == ["none", "FAKE-mine", "FAKE-mine-too", "none"]  # fmt: skip


@SHELLS
def test_off_here_ends_a_profile_variable_of_the_persons_own_as_well(
    two, shell
):
    """The shell follows after it, whoever exported the choice."""
    for before in ((), ("eval use personal --here",)):
        assert shown(
            two, shell, *before, "eval off --here", "show KEYSWITCH_PROFILE",
            "show ANTHROPIC_API_KEY", "eval env", "show ANTHROPIC_API_KEY",
            KEYSWITCH_PROFILE="work",
        ) == ["none", OTHER, OTHER]  # fmt: skip


@SHELLS
def test_off_here_ends_a_profile_variable_that_is_no_name(two, shell):
    assert shown(
        two, shell, "eval off --here", "show KEYSWITCH_PROFILE",
        "show ANTHROPIC_API_KEY", KEYSWITCH_PROFILE="No/Name",
    ) == ["none", OTHER]  # fmt: skip


@SHELLS
def test_off_here_ends_what_env_with_a_name_began(two, shell):
    assert shown(
        two, shell, "eval env work", "eval off --here",
        "show ANTHROPIC_API_KEY", "keyswitch current",
    ) == [OTHER, "personal"]  # fmt: skip


@SHELLS
def test_off_here_of_nothing_does_nothing(two, shell):
    two("off")
    assert shown(two, shell, "eval off --here", "show KEYSWITCH_ENV") == [
        "none"
    ]


@SHELLS
def test_env_unset_ends_the_choice_and_gives_everything_back(two, shell):
    assert shown(
        two, shell, "eval use work --here", "eval env --unset",
        "show KEYSWITCH_PROFILE", "show ANTHROPIC_API_KEY",
        "show KEYSWITCH_ENV",
    ) == ["none", "none", "none"]  # fmt: skip


@SHELLS
def test_env_with_a_name_takes_the_place_of_the_choice(two, shell):
    assert shown(
        two, shell, "eval use work --here", "eval env personal",
        "show KEYSWITCH_PROFILE", "show ANTHROPIC_API_KEY",
        "keyswitch current",
    ) == ["none", OTHER, "personal"]  # fmt: skip


# ------------------------------------------------------------------- logins


@pytest.fixture
def logins(ks):
    two_accounts(ks)  # b is in use
    ks.add("key")
    return ks


@KEEPING
def test_a_login_keeps_its_folder_and_off_here_gives_the_own_one_back(
    logins, shell
):
    folder = str(logins.home / FOLDERS / "a")
    assert shown(
        logins, shell, "eval use a --here", "eval env", "eval env",
        "show CLAUDE_CONFIG_DIR", "show KEYSWITCH_PROFILE",
        "elsewhere use key", "eval env", "show CLAUDE_CONFIG_DIR",
        "eval use a --here", "show CLAUDE_CONFIG_DIR", "eval off --here",
        "show CLAUDE_CONFIG_DIR", "show ANTHROPIC_API_KEY",
        CLAUDE_CONFIG_DIR=str(logins.home / "mine"),
    ) == [
        folder, "a", folder, folder, str(logins.home / "mine"), KEY,
    ]  # fmt: skip
    assert live(logins.home, f"{FOLDERS}/a") == token("a")


@SHELLS
def test_a_key_after_a_login_leaves_the_logins_folder(logins, shell):
    assert shown(
        logins, shell, "eval use a --here", "eval use key --here",
        "show CLAUDE_CONFIG_DIR", "show ANTHROPIC_API_KEY", "eval env",
        "show CLAUDE_CONFIG_DIR", "show KEYSWITCH_PROFILE",
    ) == ["none", KEY, "none", "key"]  # fmt: skip


def test_a_login_that_its_guard_keeps_out_is_not_moved_either(logins):
    logins("edit", "a", "--only", "~/client/**")
    done = logins("use", "a", "--here", code=1)
    assert done.error.startswith("profile 'a' may only be used in ")
    assert done.out == ""
    assert not logins.file(FOLDERS).exists()


def test_on_a_terminal_a_login_stays_where_it_is(logins):
    text = on_a_terminal(logins, "keyswitch use a --here")
    assert 'this shell: eval "$(keyswitch use a --here)"' in text
    assert not logins.file(FOLDERS).exists()


# ------------------------------------------------------------------ refusals


def on_a_terminal(ks, line, **environ):
    """Run a line of bash in a terminal; return what is on the screen."""
    text, status = pexpect.run(
        f"bash --norc -c {shlex.quote(line)}", cwd=str(ks.home),
        env={**ks.environ, "TERM": "dumb", **environ}, withexitstatus=True,
        timeout=60, encoding="utf-8",
    )  # fmt: skip
    assert status == 0, text
    return text.replace("\r\n", "\n")


def test_on_a_terminal_it_says_how_to_use_it_and_shows_no_secret(two):
    text = on_a_terminal(two, "keyswitch use work --here")
    assert text == (
        "keyswitch: to switch this shell: "
        'eval "$(keyswitch use work --here)"\n'
        'keyswitch: to switch it back: eval "$(keyswitch off --here)"\n'
    )
    text = on_a_terminal(two, "keyswitch off --here")
    back = 'to switch this shell back: eval "$(keyswitch off --here)"'
    assert text == f"keyswitch: {back}\n"
    text = on_a_terminal(two, "keyswitch use nobody --here; true")
    assert "no profile named 'nobody'" in text


@pytest.mark.parametrize(
    ("args", "profile"),
    [(("use", "work", "--here"), "work"), (("off", "--here"), "personal")],
)
def test_what_a_settings_file_overrides_is_said_as_env_says_it(
    two, args, profile
):
    settings = two.file(".claude/settings.json")
    settings.write_text('{"env": {"ANTHROPIC_API_KEY": "FAKE-theirs"}}')
    line = f'eval "$(keyswitch {" ".join(args)})"; echo $ANTHROPIC_API_KEY'
    text = on_a_terminal(two, line)
    assert "ANTHROPIC_API_KEY has no effect on Claude Code" in text
    assert {"work": KEY, "personal": OTHER}[profile] in text


@pytest.fixture
def gateway(two):
    """Have a gateway in use, whose address is in Claude Code's settings."""
    two.add(
        "gateway", "--set", "base_url=https://g.example.com",
        provider="gateway", secret="FAKE-gateway-token-EXAMPLE",
    )  # fmt: skip
    two("use", "gateway")
    return two


def test_a_key_that_would_go_to_the_gateway_gets_a_folder_of_its_own(gateway):
    done = gateway("use", "work", "--here")
    folder = gateway.file(".local/share/keyswitch/claude-code/work")
    assert str(folder) in done.out
    settings = json.loads((folder / "settings.json").read_text())
    assert "ANTHROPIC_BASE_URL" not in settings.get("env", {})
    assert "g.example.com" in gateway.file(".claude/settings.json").read_text()


@pytest.mark.parametrize("lane", [(), ("--no-input",)])
def test_a_named_key_that_would_go_to_the_gateway_is_not_exported(
    gateway, lane
):
    done = gateway(*lane, "env", "work", code=1)
    assert done.out == ""
    assert "take precedence (start it with: keyswitch run work" in done.err
    assert KEY in gateway("env", "work", "--format", "dotenv").out


def test_a_helper_does_not_send_a_terminal_s_key_to_the_gateway(gateway):
    there = {"ANTHROPIC_BASE_URL": "https://g.example.com"}
    chosen = {"KEYSWITCH_PROFILE": "work"}
    done = gateway("helper", "claude-code", code=1, **there, **chosen)
    assert done.out == ""
    assert gateway("helper", "claude-code", **chosen).out == KEY + "\n"
    own = {**chosen, "ANTHROPIC_BASE_URL": "https://proxy.example.com"}
    assert gateway("helper", "claude-code", **own).out == KEY + "\n"


def test_a_profile_that_is_not_there_changes_nothing(two):
    done = two("use", "nobody", "--here", code=1)
    assert done.out == ""
    assert "no profile named 'nobody'" in done.error


@pytest.mark.parametrize("args", [("use", "work", "--here"), ("off", "--here")])
def test_an_agent_that_is_denied_gets_nothing(two, args):
    two.file(".config/keyswitch/config.toml").write_text('agents = "deny"\n')
    done = two(*args, code=1, CLAUDECODE="1")
    assert done.out == ""
    assert "an agent is running this command" in done.error


def test_an_agent_that_is_denied_may_end_a_choice_with_nothing_behind_it(two):
    two("off")
    two.file(".config/keyswitch/config.toml").write_text('agents = "deny"\n')
    done = two("off", "--here", CLAUDECODE="1", KEYSWITCH_PROFILE="work")
    assert "unset -v KEYSWITCH_PROFILE;" in done.out
    assert "API_KEY" not in done.out


def test_a_guard_refuses_it_where_the_profile_may_not_be(two):
    two("edit", "work", "--only", "~/client/**")
    done = two("use", "work", "--here", code=1)
    assert done.out == ""
    assert done.error.startswith("profile 'work' may only be used in ~/cl")


@pytest.mark.real("bash")
def test_off_here_where_the_active_profile_may_not_be_pins_nothing(two):
    two("edit", "personal", "--only", "~/client/**")
    assert shown(
        two, "bash", "eval use work --here", "eval off --here 2>/dev/null",
        "show KEYSWITCH_PROFILE", "show ANTHROPIC_API_KEY",
        "elsewhere use work", "eval env",
        "show ANTHROPIC_API_KEY",
    ) == ["none", "none", KEY]  # fmt: skip


@pytest.mark.real("bash")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            "a",
        ),
        "key",
    ],
)
def test_a_choice_comes_back_on_the_way_back_to_where_it_may_be(logins, name):
    for folder in ("client", "other"):
        logins.file(folder).mkdir()
    logins("edit", name, "--only", "~/client/**")
    shows = ("show KEYSWITCH_PROFILE", "show CLAUDE_CONFIG_DIR")
    inside = shown(
        logins, "bash", "cd client", f"eval use {name} --here", *shows,
        "show ANTHROPIC_API_KEY",
    )  # fmt: skip
    assert shown(
        logins, "bash", "cd client", f"eval use {name} --here", "cd ../other",
        "eval env 2>/dev/null", "show CLAUDE_CONFIG_DIR",
        "show ANTHROPIC_API_KEY", "cd ../client", "eval env", *shows,
        "show ANTHROPIC_API_KEY",
    ) == ["none", "none", *inside]  # fmt: skip


def test_no_name_is_no_list_for_eval(two):
    done = two("use", "--here", code=2)
    assert done.out == ""


# ---------------------------------------------------- a switch that stays out


@pytest.mark.parametrize("how", ["KEYSWITCH_PROFILE", "KEYSWITCH_ENV"])
def test_use_switches_the_machine_and_says_that_the_terminal_stays(two, how):
    given = {"KEYSWITCH_PROFILE": "work", "KEYSWITCH_ENV": "work:p:s::"}
    environ = {how: given[how]}
    back = "off --here" if how == "KEYSWITCH_PROFILE" else "env"
    two("use", "work")
    done = two("use", "personal", code=4, **environ)
    assert "keyswitch: switched to 'personal'\n" in done.err
    assert "this terminal still uses 'work'" in done.err
    assert f'fix: eval "$(keyswitch {back})"' in done.err
    assert two("current").out == "personal\n"
    assert two("current", **environ).out == "work\n"
    done = two("use", "personal", "--json", code=4, **environ)
    found = json.loads(done.out)
    assert (found["active"], found["in_effect"]) == ("personal", False)
    assert [f["what"] for f in found["shadowed_by"]] == [
        "this terminal still uses 'work'"
    ]
    assert two("use", "work", **environ).code == 0


@pytest.mark.real("bash")
def test_what_use_advises_in_such_a_terminal_ends_it(two):
    advised = two("use", "personal", code=4, KEYSWITCH_PROFILE="work").err
    line = advised.splitlines()[-1].removeprefix("keyswitch: fix: ")
    assert shown(
        two, "bash", "eval use work --here", f"true; {line}",
        "show ANTHROPIC_API_KEY",
        "keyswitch use personal 2>/dev/null; echo $?",
    ) == [OTHER, "0"]  # fmt: skip


# ------------------------------------------------------------- both lanes


@pytest.mark.parametrize("shell", ["bash", "fish", "nu", "sh", "zsh", "json"])
@pytest.mark.parametrize("folder", [".", "deep/er"])
def test_env_prints_the_same_on_both_lanes_whatever_was_chosen(
    two, shell, folder
):
    marker = "work:f:s:ANTHROPIC_API_KEY,KEYSWITCH_PROFILE:ANTHROPIC_AUTH_TOKEN"
    two.file("deep/er").mkdir(parents=True)
    two.home = two.home / folder
    for environ in (
        {},
        {"KEYSWITCH_PROFILE": "work"},
        {"KEYSWITCH_PROFILE": "work", "KEYSWITCH_ENV": marker},
        {"KEYSWITCH_ENV": marker.replace(":f:", ":p:")},
        {"KEYSWITCH_ENV": "::::", OWN: "FAKE-mine"},
    ):
        fast = two("env", "--shell", shell, **environ)
        full = two("--no-input", "env", "--shell", shell, **environ)
        assert (fast.out, fast.err) == (full.out, full.err)


@pytest.mark.parametrize("args", [("env",), ("current",), ("helper",)])
def test_a_profile_variable_that_is_no_name_fails_the_same_on_both_lanes(
    two, args
):
    if args == ("helper",):
        args = ("helper", "claude-code")
    seen = [
        two(*lane, *args, code=1, KEYSWITCH_PROFILE="No/Name")
        for lane in ((), ("--no-input",))
    ]
    assert {done.out for done in seen} == {""}
    for done in seen:
        assert "KEYSWITCH_PROFILE is not a profile name" in done.err
        assert "unset KEYSWITCH_PROFILE" in done.err


def test_the_helper_answers_for_the_terminals_choice_on_both_lanes(two):
    environ = {"KEYSWITCH_PROFILE": "work"}
    for lane in ((), ("--no-input",)):
        assert two(*lane, "helper", "claude-code").out == OTHER + "\n"
        done = two(*lane, "helper", "claude-code", **environ)
        assert done.out == KEY + "\n"


def test_a_folder_that_was_removed_is_no_reason_to_fail(two):
    gone = two.file("gone")
    text = (
        f'mkdir {gone}; cd {gone}; rmdir {gone}; eval "$(keyswitch use work '
        '--here)"; echo $ANTHROPIC_API_KEY; eval "$(keyswitch env)"; '
        'keyswitch current; eval "$(keyswitch off --here)"; keyswitch current'
    )
    done = subprocess.run(
        ["bash", "-c", text], env=two.environ, check=False, text=True,
        capture_output=True, timeout=60, cwd=os.fspath(two.home),
    )  # fmt: skip
    assert done.stdout.split() == [KEY, "work", "personal"], done.stderr


CAME_ALONG = "was chosen in the terminal that started this one"


def exported(ks, *args, **environ):
    """Return what a shell has after `use --here`, given as text for sh."""
    done = ks(*args, **environ)
    pairs = re.findall(r"(KEYSWITCH_\w+)='([^']*)'", done.out)
    assert pairs, done
    return dict(pairs)


def test_a_choice_that_tmux_brought_along_is_said_once(ks):
    ks.begin_as(two_keys)
    ks("use", "personal")
    chosen = exported(ks, "use", "work", "--here")
    inside = {**chosen, "TMUX_PANE": "%0"}
    first = ks("env", "--shell", "sh", **inside)
    assert CAME_ALONG in first.err
    told = dict(re.findall(r"(KEYSWITCH_TOLD)='([^']*)'", first.out))
    again = ks("env", "--shell", "sh", **inside, **told)
    assert again.err == ""
    # In the terminal itself, or chosen in this pane, there is nothing to say.
    assert ks("env", "--shell", "sh", **chosen).err == ""
    own = exported(ks, "use", "work", "--here", TMUX_PANE="%0")
    assert ks("env", "--shell", "sh", **own, TMUX_PANE="%0").err == ""
    assert CAME_ALONG in ks("env", "--shell", "sh", **own, TMUX_PANE="%1").err


def test_the_pane_goes_with_the_choice(ks):
    ks.begin_as(two_keys)
    chosen = exported(ks, "use", "work", "--here")
    assert "KEYSWITCH_PANE" in chosen
    out = ks("off", "--here", **chosen).out
    assert re.search(r"unset [^;}]*\bKEYSWITCH_PANE\b", out)
    assert "KEYSWITCH_PANE" not in ks("run", "work", "--", "env", **chosen).out


def test_a_name_for_this_shell_has_its_pane_too_until_it_follows(ks):
    ks.begin_as(two_keys)
    ks("use", "personal")
    pinned = exported(ks, "env", "work", "--shell", "sh", TMUX_PANE="%3")
    assert pinned["KEYSWITCH_PANE"].startswith("%3@")
    out = ks("env", "--shell", "sh", **pinned).out
    assert re.search(r"unset [^;}]*\bKEYSWITCH_PANE\b", out)


@pytest.mark.parametrize(
    ("made", "pane", "device", "other"),
    [
        ("-@/dev/pts/1", "", "/dev/pts/1", False),
        ("-@/dev/pts/1", "", "/dev/pts/2", True),
        ("%0@/dev/pts/1", "%0", "/dev/pts/2", True),
        ("%0@/dev/pts/1", "%1", "/dev/pts/1", True),
        # Nobody knows the device: an older keyswitch, or no terminal.
        ("%0", "%0", "/dev/pts/2", False),
        ("-@/dev/pts/1", "", "", False),
        ("", "%0", "/dev/pts/2", False),
    ],
)
def test_another_device_is_another_terminal(made, pane, device, other):
    from keyswitch.terminal import marker

    environ = {"KEYSWITCH_PANE": made, "TMUX_PANE": pane}
    assert marker.came_along(environ, device) is other
