"""A terminal that cannot take a switch does not keep the former account."""

import pytest

from tests.shells import sessions

EACH = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in sessions.SHELLS],
)
REFUSED = (
    "keyswitch: error: nothing changed, because this shell has readonly, local"
)
GATEWAY = "https://gw.example"


def _in_the_way(shell, line):
    """Return a line that runs another beside a variable nobody can unset."""
    if shell == "fish":
        return (
            f"function f; set -lx ANTHROPIC_BASE_URL {GATEWAY}; {line}; end; f"
        )
    return f"readonly ANTHROPIC_BASE_URL=; {line}"


@EACH
def test_use_fails_and_the_former_key_is_gone(machine, shell):
    terminal = machine.open(shell)
    assert terminal.key() == "work"
    said = terminal.said(_in_the_way(shell, "keyswitch use personal"))
    assert len([line for line in said if line.startswith(REFUSED)]) == 1
    assert "keyswitch: work -> none" in said
    assert terminal.key() is None


@EACH
def test_the_wrapper_has_the_status(machine, shell):
    terminal = machine.open(shell)
    status = "$status" if shell == "fish" else "$?"
    line = f"keyswitch use personal 2>/dev/null; echo {status}"
    if shell != "fish":
        line = f"{{ {line}; }}"
    assert terminal.shows(_in_the_way(shell, line)) == "4"


@pytest.mark.real("bash")
@pytest.mark.parametrize("local", ["", "="])
def test_a_local_variable_of_a_function_is_one(machine, local):
    terminal = machine.open("bash")
    terminal.enter(f"export ANTHROPIC_BASE_URL={GATEWAY}")
    terminal.enter(
        f"f() {{ local ANTHROPIC_BASE_URL{local}; keyswitch use personal; }}"
    )
    terminal.enter("f; code=$?")
    assert terminal.shows("echo $code") == "4"
    assert terminal.key() is None


@pytest.mark.real("bash")
@pytest.mark.real("zsh")
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_prompt_says_it_once_and_goes_on(machine, shell):
    terminal = machine.open(shell)
    terminal.enter("readonly ANTHROPIC_BASE_URL=")
    machine.keyswitch("use", "personal")
    said = terminal.said("false")
    assert [line[: len(REFUSED)] for line in said] == [
        REFUSED, "keyswitch: work -> none",
    ]  # fmt: skip
    assert terminal.said() == []
    assert terminal.key() is None


@EACH
def test_a_choice_of_this_terminal_is_refused_in_one_line(machine, shell):
    terminal = machine.open(shell)
    said = terminal.said(_in_the_way(shell, "keyswitch use personal --here"))
    assert len([line for line in said if line.startswith(REFUSED)]) == 1
    assert terminal.key() == "work"
