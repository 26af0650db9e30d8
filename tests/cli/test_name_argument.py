"""A name that was left out is chosen on a terminal, and missing elsewhere."""

import pytest

from tests.cli.keyswitch import two_keys
from tests.cli.logins import Logins
from tests.cli.terminal import COMMAND, Terminal

DOWN, ENTER, ESCAPE = "\x1b[B", "\r", "\x1b"
ASKED = "profile (number, name or a few letters):"
# Each command that takes a profile's name, and what it asks or says next.
COMMANDS = {
    "show": "claude-login",
    "edit --label TEXT": "changed 'me'",
    "remove": "remove profile 'me'?",
    "rename": "name of the profile:",
    "copy": "name of the profile:",
    "rotate": "'me'",
    "logout": "remove these",
    "migrate --to vault": "me",
    "link --remote example.com/*": "linked clones of example.com/* to 'me'",
    "shell": "the login of 'me' is in use",
}


@pytest.fixture
def three(bare):
    ks = bare.begin_as(two_keys)
    Logins(ks).capture("me")
    return ks


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_name_is_chosen(three, command):
    terminal = Terminal(three, *COMMAND, *command.split())
    terminal.sees("Enter selects").type("me").sees("1 of ").type(ENTER)
    terminal.sees(COMMANDS[command])
    terminal.child.close(force=True)


@pytest.mark.parametrize("command", COMMANDS)
def test_escape_changes_nothing(three, command):
    before = three.everything()
    terminal = Terminal(three, *COMMAND, *command.split()).sees("Enter")
    terminal.type(ESCAPE)
    assert terminal.ends() == 130
    assert "keyswitch: interrupted, nothing changed" in terminal.shown
    assert three.everything() == before


@pytest.mark.parametrize("command", COMMANDS)
def test_where_nobody_is_asked_it_is_missing(three, command):
    assert three(*command.split(), code=2).error
    terminal = Terminal(three, *COMMAND, "--no-input", *command.split())
    assert terminal.ends() == 2
    piped = Terminal(
        three, "sh", "-c", '"$@" | cat; echo ended', "sh",
        *COMMAND, *command.split(),
    )  # fmt: skip
    assert piped.sees("ended").ends() == 0
    assert "hint:" in piped.shown
    assert "Enter selects" not in piped.raw


def test_a_new_name_is_asked_for_after_the_old_one(three):
    terminal = Terminal(three, *COMMAND, "rename", SSH_TTY="/dev/pts/1")
    terminal.sees(ASKED).type("work\r").sees("name of the profile:")
    terminal.type("acme\r")
    assert terminal.ends() == 0
    assert "renamed 'work' to 'acme'" in terminal.shown


def test_only_logins_can_be_logged_out(three):
    terminal = Terminal(three, *COMMAND, "logout").sees("1 of 1")
    assert terminal.names == ["me"]
    terminal.type(ESCAPE)
    assert terminal.ends() == 130


def test_a_login_is_asked_how_it_shall_be_called(three):
    terminal = Terminal(three, *COMMAND, "login").sees("name of the profile:")
    terminal.type(ENTER)
    assert terminal.ends() == 130


@pytest.mark.parametrize("command", ["team show", "team remove"])
def test_without_teams_there_is_none_to_choose(three, command):
    terminal = Terminal(three, *COMMAND, *command.split())
    assert terminal.ends() == 1
    assert "no teams yet" in terminal.shown
