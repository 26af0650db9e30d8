"""A secret that was pasted with something around it is recognised."""

import pytest

from tests.cli.terminal import COMMAND, Terminal

KEY = (
    "sk-ant-api03-FAKE-0123456789abcdefghijklmnopqrstuvwxyz0123456789"
    "abcdefghijklmnopqrstuvwxyz01234567EXAMPLE-AA"
)


@pytest.mark.parametrize(
    ("text", "wrapping"),
    [
        (f"export ANTHROPIC_API_KEY={KEY}", "a shell command"),
        (f"export ANTHROPIC_API_KEY='{KEY}';", "a shell command"),
        (f"set -gx ANTHROPIC_API_KEY {KEY}", "a shell command"),
        (f"ANTHROPIC_API_KEY={KEY}", "a name"),
        (f'$env:ANTHROPIC_API_KEY = "{KEY}"', "a name"),
        (f"Bearer {KEY}", "the word Bearer"),
        (f"Authorization: Bearer {KEY}", "the word Bearer"),
        (f"x-api-key: {KEY}", "a header's name"),
        (f'"{KEY}"', "quotes"),
        (f"KEY={KEY}", "a name"),
    ],
)
def test_what_is_around_a_key_is_named(ks, text, wrapping):
    error = ks.add("work", secret=text, code=1).error
    assert f"has {wrapping} around it" in error
    assert KEY not in error


def test_a_key_with_an_equals_sign_in_it_is_taken(ks):
    secret = "FAKEabc=def==0123456789EXAMPLE"
    ks.add("own", "--set", "env=OWN_API_KEY", secret=secret, provider="custom")


@pytest.mark.parametrize("text", ['" "', "' '", "export A=''", "A= ;", "``"])
def test_nothing_but_a_wrapping_is_no_secret(ks, text):
    error = ks.add("work", secret=text, code=1).error
    assert "traceback" not in error.lower()


@pytest.mark.parametrize(("answer", "taken"), [("y", True), ("n", False)])
def test_a_terminal_offers_what_is_inside(ks, answer, taken):
    add = ("add", "work", "--provider", "anthropic")
    terminal = Terminal(ks, *COMMAND, *add)
    terminal.sees("API key:").type(f"export ANTHROPIC_API_KEY='{KEY}'\n")
    terminal.sees("has a shell command around it")
    terminal.sees("use what is inside?").type(f"{answer}\n")
    if taken:
        terminal.sees("added 'work'")
        assert terminal.ends() == 0
        assert ks("helper", "api-key", "work").out == f"{KEY}\n"
    else:
        terminal.sees("API key:").type("\x03")
        assert terminal.ends() != 0
    assert KEY not in terminal.raw


@pytest.mark.parametrize(
    ("text", "wrapping"),
    [
        (f"api_key={KEY}", "a name"),
        (f"anthropic_api_key: {KEY}", "a name"),
        (f'"apiKey": "{KEY}",', "a name"),
        (f"-H 'x-api-key: {KEY}'", "an option of curl"),
        (f"--header 'Authorization: Bearer {KEY}'", "an option of curl"),
        (f"setx ANTHROPIC_API_KEY {KEY}", "a shell command"),
    ],
)
def test_other_forms_of_configuration_are_named(ks, text, wrapping):
    error = ks.add("work", secret=text, code=1).error
    assert f"has {wrapping} around it" in error
    assert KEY not in error
