"""Where the new account cannot be had, the former one is not used either."""

import os
import subprocess

import pytest

from tests.shells import sessions

EACH = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in sessions.SHELLS],
)


def _lose_the_vault(machine):
    for path in machine.home.rglob("vault.ksv*"):
        path.unlink()


def _status(shell):
    return "$status" if shell == "fish" else "$?"


@EACH
def test_a_switch_elsewhere_takes_the_former_account_away(machine, shell):
    terminal = machine.open(shell)
    assert terminal.key() == "work"
    _lose_the_vault(machine)
    subprocess.run(
        ["keyswitch", "use", "personal"], check=False, capture_output=True
    )
    said = terminal.said()
    assert said[0].startswith("keyswitch: error: ")
    assert said[1:] == ["keyswitch: work -> none"]
    assert terminal.key() is None
    assert terminal.said() == []


@EACH
def test_use_says_so_and_the_wrapper_has_the_status(machine, shell):
    terminal = machine.open(shell)
    _lose_the_vault(machine)
    line = f"keyswitch use personal 2>said; echo {_status(shell)}"
    assert terminal.shows(line) == "4"
    said = (machine.home / "said").read_text()
    assert "no program gets the secret of 'personal'" in said
    assert terminal.key() is None


@EACH
def test_a_removed_profile_is_no_longer_exported(machine, shell):
    terminal = machine.open(shell)
    profile = machine.home / ".config/keyswitch/profiles/work.toml"
    profile.unlink()
    terminal.enter("cd /")
    assert terminal.key() is None


@EACH
def test_what_was_there_before_comes_back(machine, shell):
    mine = "sk-ant-api03-FAKE-mine-0123456789abcdefghEX"
    terminal = machine.open(shell, env={"ANTHROPIC_API_KEY": mine})
    assert terminal.key() == "work"
    _lose_the_vault(machine)
    terminal.enter("keyswitch use personal 2>/dev/null")
    assert terminal.key() == "mine"


@pytest.mark.real("bash")
def test_a_terminal_keeps_the_account_that_it_has_unchanged(machine):
    terminal = machine.open("bash")
    _lose_the_vault(machine)
    os.environ.pop("KEYSWITCH_SESSION", None)
    terminal.enter("keyswitch lock; cd /")
    assert terminal.key() == "work"


@pytest.mark.real("bash")
def test_a_name_that_cannot_be_had_changes_nothing(machine):
    terminal = machine.open("bash")
    _lose_the_vault(machine)
    terminal.enter('eval "$(keyswitch env personal)"')
    assert terminal.key() == "work"


SCRIPT = """{line}
case ${{ANTHROPIC_API_KEY-none}} in *-work-*) echo work ;; esac
rm -r "$HOME/.local/share/keyswitch"
keyswitch use personal || :
{line}
echo "went on with ${{ANTHROPIC_API_KEY-none}}"
"""
MINE = "sk-ant-api03-FAKE-mine-0123456789abcdefghEX"


@pytest.mark.parametrize("form", ['eval "$(KS)"', "eval $(KS)"])
@pytest.mark.parametrize(
    ("language", "argv"),
    [
        pytest.param(language, argv, marks=pytest.mark.real(argv[0]))
        for language, argv in (
            ("bash", ["bash"]),
            ("zsh", ["zsh", "-f"]),
            ("ksh", ["ksh"]),
            ("ksh", ["mksh"]),
            ("sh", ["dash"]),
            ("sh", ["busybox", "sh"]),
        )
    ],
)
def test_a_script_under_set_e_does_not_run_on(machine, language, argv, form):
    line = form.replace("KS", f"keyswitch env --shell {language}")
    done = subprocess.run(
        [*argv, "-e", "-c", SCRIPT.format(line=line)],
        env={**os.environ, "ANTHROPIC_API_KEY": MINE},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("work\n", 1)


@pytest.mark.real("fish")
def test_fish_has_a_failing_status(machine):
    line = "keyswitch env --shell fish | source"
    script = (
        f'{line}; rm -r "$HOME/.local/share/keyswitch"; '
        f"keyswitch use personal; {line}; echo $status $ANTHROPIC_API_KEY"
    )
    done = subprocess.run(
        ["fish", "-N", "-c", script],
        env={**os.environ, "ANTHROPIC_API_KEY": MINE},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == f"1 {MINE}\n"


@pytest.mark.real("nu")
def test_nushell_loses_the_former_account(machine):
    line = (
        "let ks = (keyswitch env --shell nu | from json); "
        "load-env $ks.set; hide-env --ignore-errors ...$ks.unset"
    )
    script = (
        f"{line}; print ('ANTHROPIC_API_KEY' in $env); "
        'rm -r $"($env.HOME)/.local/share/keyswitch"; '
        f"do -i {{ keyswitch use personal }}; {line}; "
        "print ('ANTHROPIC_API_KEY' in $env)"
    )
    done = subprocess.run(
        ["nu", "-n", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout == "true\nfalse\n"
    assert "keyswitch: error: " in done.stderr
