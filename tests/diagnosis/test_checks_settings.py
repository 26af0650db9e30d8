"""Settings that Claude Code ignores, refuses, or reads in its own way."""

import pytest

from keyswitch.targets.verdict import Mend
from tests.diagnosis.homes import (
    BEDROCK,
    CONFIG,
    KEY,
    OTHER,
    PROJECT,
    SETTINGS,
    Home,
)


def env(**values):
    return {"env": values}


def with_env(place=SETTINGS, **values):
    return Home(
        files={place: env(**values)}, environ={"ANTHROPIC_API_KEY": KEY}
    )


HOMES = {
    "settings-ignored": (
        Home(files={SETTINGS: '{"env": {},}'}),
        Home(files={SETTINGS: '{"env": {}}'}),
    ),
    "config-corrupted": (
        Home(files={CONFIG: '{"projects'}),
        Home(files={CONFIG: ""}),
    ),
    "config-unreadable": (
        Home(files={f"{CONFIG}/x": ""}),  # a directory
        Home(files={CONFIG: "[]"}),
    ),
    "file-unreadable": (
        Home(files={".aws/credentials/x": ""}, environ=BEDROCK),
        Home(files={".aws/credentials": "x"}, environ=BEDROCK),
    ),
    "setting-null": (
        with_env(ANTHROPIC_BASE_URL=None),
        with_env(ANTHROPIC_BASE_URL="null"),
    ),
    "setting-cancels": (
        with_env(ANTHROPIC_AUTH_TOKEN=""),
        with_env(ANTHROPIC_MODEL=""),
    ),
    "setting-overrides-shell": (
        with_env(ANTHROPIC_API_KEY=OTHER),
        with_env(ANTHROPIC_API_KEY=f" {KEY} "),
    ),
}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{\n// no\n}", "not valid JSON in line 2"),
        ("[]", "not a JSON object"),
        ('{"apiKeyHelper": 5}', "'apiKeyHelper' has the wrong type"),
        ("[" * 9999, "not valid JSON"),
    ],
)
def test_a_file_that_does_not_count_says_why(look, text, what):
    finding = look(Home(files={SETTINGS: text}))["settings-ignored"]
    assert "ignores all of" in finding.what
    assert what in finding.what


def test_a_managed_one_keeps_claude_code_from_starting(look):
    found = look(Home(managed={"managed-settings.json": "{"}))
    assert "refuses to start" in found["settings-ignored"].what


def test_a_file_of_the_command_line_that_does_not_parse_is_ignored(look):
    home_ = Home(files={"project/x.json": "{"}, flags=("--settings", "x.json"))
    assert "ignores all of" in look(home_)["settings-ignored"].what


def test_a_text_of_the_command_line_that_does_not_parse_is_refused(look):
    finding = look(Home(flags=("--settings", "{x}")))["settings-ignored"]
    assert "refuses to start for the text after --settings" in finding.what


@pytest.mark.parametrize("place", [SETTINGS, PROJECT])
def test_a_null_of_a_person_can_be_taken_out(look, place):
    finding = look(with_env(place, ANTHROPIC_MODEL=None))["setting-null"]
    assert (finding.mend.kind, finding.mend.expected) == (Mend.MEMBER, "null")


@pytest.mark.parametrize(
    "home_",
    [
        Home(managed={"managed-settings.json": env(ANTHROPIC_MODEL=None)}),
        Home(flags=("--settings", '{"env": {"ANTHROPIC_MODEL": null}}')),
        Home(files={SETTINGS: '{"env": {"A": 1, "A": null}}'}),
        Home(files={SETTINGS: b'{"x": "\xfc", "env": {"A": null}}'}),
    ],
    ids=["managed", "flag", "twice", "not UTF-8"],
)
def test_one_that_cannot_be_edited_is_only_named(look, home_):
    assert look(home_)["setting-null"].mend is None


def test_a_setting_that_replaces_the_shell_s_is_named_with_its_line(look):
    finding = look(HOMES["setting-overrides-shell"][0])
    assert finding["setting-overrides-shell"].place.endswith(f"{SETTINGS}:3")


def test_the_command_line_replaces_the_shell_s_too(look):
    settings = f'{{"env": {{"ANTHROPIC_API_KEY": "{OTHER}"}}}}'
    home_ = with_env().but(flags=("--settings", settings))
    assert "--settings" in look(home_)["setting-overrides-shell"].what
