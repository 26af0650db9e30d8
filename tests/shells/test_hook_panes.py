"""A choice of one terminal says so where it came along into another."""

import pytest

from tests.shells import sessions

EACH = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in sessions.SHELLS],
)
CAME_ALONG = "was chosen in the terminal that started this one"
PIN = {"fish": "keyswitch env personal | source"}
POSIX_PIN = 'eval "$(keyswitch env personal)"'


def _inherited(terminal, **environ):
    """Return what another terminal gets that is started from this one."""
    found = terminal.environment()
    kept = {
        n: v for n, v in found.items() if n[:9] in {"ANTHROPIC", "KEYSWITCH"}
    }
    return {**kept, **environ}


@EACH
def test_a_choice_of_this_terminal_in_another_device(machine, shell):
    first = machine.open(shell)
    first.enter("keyswitch use personal --here")
    assert CAME_ALONG not in first.enter()
    other = machine.open(shell, env=_inherited(first))
    assert other.greeting.count(CAME_ALONG) == 1
    assert CAME_ALONG not in other.enter()


@EACH
def test_two_servers_of_a_multiplexer_have_the_same_panes(machine, shell):
    first = machine.open(shell, env={"TMUX_PANE": "%0"})
    first.enter("keyswitch use personal --here")
    other = machine.open(shell, env=_inherited(first, TMUX_PANE="%0"))
    assert other.greeting.count(CAME_ALONG) == 1


@EACH
def test_what_env_was_told_by_name_is_said_in_a_pane(machine, shell):
    first = machine.open(shell)
    first.enter(PIN.get(shell, POSIX_PIN))
    assert CAME_ALONG not in first.enter()
    pane = machine.open(shell, env=_inherited(first, TMUX_PANE="%0"))
    assert pane.greeting.count(f"'personal' {CAME_ALONG}") == 1
    assert CAME_ALONG not in pane.enter()
    assert pane.key() == "personal"
    # A shell inside it has been told.
    inner = machine.open(shell, env=_inherited(pane, TMUX_PANE="%0"))
    assert CAME_ALONG not in inner.greeting
