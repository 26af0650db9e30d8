"""Commands that give a credential: gone, slow, failing, or somebody else's."""

import pytest

from tests.diagnosis.homes import (
    AWS_FILES,
    BEDROCK,
    COMMAND,
    KEY,
    PAIR,
    PROJECT,
    SETTINGS,
    TOKEN,
    Home,
    helper,
    profile,
)

SLOW = "keyswitch.diagnosis.findings.commands.SLOW"
WHOLE = (
    '{"Credentials": {"AccessKeyId": "FAKE", "SecretAccessKey": "FAKE", '
    '"SessionToken": "FAKE"}}'
)


def with_helper(command, key="apiKeyHelper", **changes):
    return Home(files={SETTINGS: {key: command}}).but(**changes)


WORK = with_helper("echo FAKE", profiles={"work": profile()}, chosen="work")

HOMES = {
    "helper-broken": (
        with_helper("{home}/bin/gone"),
        with_helper(
            "{home}/bin/there",
            files={
                SETTINGS: {"apiKeyHelper": "{home}/bin/there --now"},
                "bin/there": "#!/bin/sh\n",
            },
        ),
    ),
    "helper-failing": (
        with_helper("exit 3", run=5),
        with_helper("exit 3"),
    ),
    "helper-slow": (
        with_helper("echo FAKE", run=5, patches={SLOW: -1.0}),
        with_helper("echo FAKE", run=5),
    ),
    "helper-of-repository": (
        Home(files={PROJECT: {"apiKeyHelper": "echo FAKE"}}),
        with_helper("echo FAKE"),
    ),
    "helper-not-ours": (
        WORK,
        WORK.but(files={SETTINGS: helper()}),
    ),
}


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("gone-FAKE --now", "program not found: 'gone-FAKE'"),
        ("A=1 B=/x/y gone", "program not found: 'gone'"),
        ("gone|head -1", "program not found: 'gone'"),
        ("gone;echo x", "program not found: 'gone'"),
        ("./gone", "/project/./gone is missing"),
        ("{home}/plain", "is not executable"),
        ("{home}/bin", "is a folder"),
    ],
)
def test_a_command_that_cannot_run_says_why(look, command, what):
    files = {
        SETTINGS: {"apiKeyHelper": command},
        "plain": "echo FAKE",
        "bin/there": "",
    }
    assert what in look(Home(files=files))["helper-broken"].what


@pytest.mark.parametrize(
    "command",
    [
        "cat ~/.key",
        "~/bin/gone",
        "$HOME/bin/gone",
        "$(gone)",
        "{ gone; }",
        "(gone)",
        "'unfinished",
        "",
        " ",
        "A=1",
        ". {home}/key; echo $KEY",
        "command -v x",
        "test -f x && cat x",
        "[ -f x ] && cat x",
        "while :; do echo x; done",
        ": nothing",
        "read -r key < x; echo $key",
        "gone$SUFFIX",
    ],
)
def test_what_only_a_shell_can_tell_is_not_judged(look, command):
    assert "helper-broken" not in look(with_helper(command))


def test_a_program_is_looked_for_where_the_settings_say(look):
    document = {
        "apiKeyHelper": "mine",
        "env": {"PATH": "{home}/tools/bin"},
    }
    files = {SETTINGS: document, "tools/bin/mine": "#!/bin/sh\n"}
    assert "helper-broken" not in look(Home(files=files))


@pytest.mark.parametrize("command", [KEY, f"'{TOKEN}'"])
def test_a_key_in_a_command_s_place_is_not_shown(look, command):
    finding = look(with_helper(command))["helper-broken"]
    assert finding.what == (
        "apiKeyHelper cannot run: it looks like a key, not a command"
    )


def test_a_keyswitch_that_moved_is_put_right_by_itself(look):
    finding = look(WORK.but(files={SETTINGS: helper()}))["helper-broken"]
    assert "keyswitch use work" in finding.fix


@pytest.mark.parametrize(
    ("command", "what"),
    [
        ("exit 3", "failed with status 3"),
        ("true", "prints nothing"),
        ("echo ' '", "prints nothing"),
        ("echo two words", "prints more than one word"),
        ("exec /bin/sleep 60", "no answer within 0 s"),
    ],
)
def test_a_helper_that_gives_no_key_says_how_it_went(look, command, what):
    limit = 0.2 if "sleep" in command else 30
    finding = look(with_helper(command, run=limit))["helper-failing"]
    assert finding.what == f"apiKeyHelper: {what}"
    assert "empty key" in finding.why


def test_an_export_that_is_not_whole_fails_in_silence(look):
    home_ = with_helper("echo {}", "awsCredentialExport", run=30)
    finding = look(home_.but(environ={**BEDROCK, **PAIR}))["helper-failing"]
    assert "prints an incomplete set of keys" in finding.what
    assert "falls back" in finding.why


def test_an_export_that_is_whole_is_fine(look):
    command = f"echo '{WHOLE}'"
    home_ = with_helper(command, "awsCredentialExport", run=30)
    found = look(home_.but(environ=BEDROCK))
    assert "helper-failing" not in found


@pytest.mark.parametrize(
    ("key", "environ"),
    [("awsCredentialExport", {}), ("apiKeyHelper", {**BEDROCK, **PAIR})],
)
def test_what_is_not_used_here_does_not_run(look, home, key, environ):
    command = "echo x > {home}/ran; exit 1"
    look(with_helper(command, key, environ=environ, run=30))
    assert not (home / "ran").exists()


@pytest.mark.parametrize(
    ("key", "environ", "severity"),
    [
        ("apiKeyHelper", {}, "error"),
        ("apiKeyHelper", {**BEDROCK, **PAIR}, "warning"),
        ("awsCredentialExport", BEDROCK, "error"),
        ("awsCredentialExport", {}, "warning"),
    ],
)
def test_what_is_not_used_here_is_no_error(look, key, environ, severity):
    home_ = with_helper("{home}/gone", key, environ=environ, files={
        SETTINGS: {key: "{home}/gone"}, **AWS_FILES,
    })  # fmt: skip
    assert look(home_)["helper-broken"].severity == severity


def test_a_helper_of_the_bearer_of_a_cloud_is_used(look):
    environ = {**BEDROCK, "CLAUDE_CODE_SKIP_BEDROCK_AUTH": "1"}
    found = look(with_helper("{home}/gone", environ=environ))
    assert found["helper-broken"].severity == "error"


def test_our_own_command_needs_no_note(look):
    files = {SETTINGS: {"apiKeyHelper": f"{COMMAND} helper api-key work"}}
    assert "helper-not-ours" not in look(WORK.but(files=files))
