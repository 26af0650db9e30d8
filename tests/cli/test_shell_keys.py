"""While a key profile is active, Claude Code does not see the shell's keys."""

import json
import shlex
import subprocess
import sys

import pexpect
import pytest

from tests.cli.keyswitch import OTHER

OAUTH = "sk-ant-oat01-FAKE-token-00000000000000000000000EXAMPLE"
OWN = "sk-ant-api03-FAKE-own-0000000000000000000000000EXAMPL9"
CANCELLED = {
    "ANTHROPIC_API_KEY": "",
    "ANTHROPIC_AUTH_TOKEN": "",
    "CLAUDE_CODE_OAUTH_TOKEN": "",
}
SETTINGS = ".claude/settings.json"
FOLDER = ".local/share/keyswitch/claude-code/token"


@pytest.fixture
def person(ks):
    """Two keys, a gateway and a token; the key `one` is in use."""
    ks.add("one")
    ks.add("two", secret=OTHER)
    ks(
        "add",
        "token",
        "--provider",
        "claude-token",
        "--store",
        "vault",
        "--stdin",
        stdin=OAUTH,
    )
    ks(
        "add",
        "gate",
        "--provider",
        "gateway",
        "--set",
        "base_url=https://gw.test",
        "--stdin",
        stdin="FAKE-gateway-EXAMPLE",
    )
    ks("use", "one")
    return ks  # fmt: skip


def settings(ks):
    return json.loads(ks.file(SETTINGS).read_text())


def checks_of(ks):
    done = subprocess.run(
        [sys.executable, "-m", "keyswitch", "doctor", "--json"],
        env={**ks.environ, "ANTHROPIC_API_KEY": OWN},
        cwd=ks.home, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return {one["id"] for one in json.loads(done.stdout)["findings"]}


def keep(ks):
    ks.file(".config/keyswitch/config.toml").write_text('shell_keys = "keep"\n')


def on_terminal(ks, command, **environ):
    """Return what a person reads when a shell runs this."""
    return pexpect.run(
        f"bash -c {shlex.quote(command)}",
        env={**ks.environ, **environ}, cwd=str(ks.home), timeout=30,
    ).decode()  # fmt: skip


def test_a_key_profile_cancels_what_competes_and_off_takes_that_back(person):
    assert settings(person)["env"] == CANCELLED
    before = person.file(SETTINGS).read_bytes()
    person("use", "two")
    assert person.file(SETTINGS).read_bytes() == before
    person("use", "gate")
    address = {"ANTHROPIC_BASE_URL": "https://gw.test"}
    assert settings(person)["env"] == {**CANCELLED, **address}
    person("off")
    assert not person.file(SETTINGS).exists()


def test_a_bedrock_key_cancels_the_shells_own_one_as_well(ks):
    ks(
        "add",
        "b",
        "--provider",
        "bedrock",
        "--set",
        "region=eu-central-1",
        "--fd",
        "bearer_token=0",
        stdin="ABSKFAKEbearer0123456789EXAMPLE",
    )
    ks("use", "b")  # fmt: skip
    env = settings(ks)["env"]
    cancelled = {**CANCELLED, "AWS_BEARER_TOKEN_BEDROCK": ""}
    assert {n: v for n, v in env.items() if v == ""} == cancelled


@pytest.mark.parametrize("name", sorted(CANCELLED))
def test_a_key_of_the_shell_keeps_no_profile_from_being_in_effect(person, name):
    done = person("use", "two", "--json", **{name: OWN})
    assert json.loads(done.out)["in_effect"] is True
    here = json.loads(person("whoami", "--json", **{name: OWN}).out)
    assert here["in_use"] is True
    assert not [q for q in here["interactive"] if "warns" in q]


def test_doctor_finds_nothing_in_what_use_has_cancelled(person):
    checks = checks_of(person)
    assert not checks & {"setting-cancels", "setting-overrides-shell"}


def test_doctor_names_an_empty_key_that_stands_beside_no_helper_of_ours(ks):
    ks.file(".claude").mkdir()
    ks.file(SETTINGS).write_text('{"env": {"ANTHROPIC_API_KEY": ""}}')
    assert {"setting-cancels", "setting-overrides-shell"} <= checks_of(ks)


def test_the_setting_leaves_the_shells_keys_alone(person):
    keep(person)
    person("use", "one")
    assert list(settings(person)) == ["apiKeyHelper"]


def test_who_used_an_older_version_gets_them_at_the_next_switch(person):
    """The older version's files are those of the setting."""
    keep(person)
    person("use", "one")
    person.file(".config/keyswitch/config.toml").unlink()
    person("use", "two")
    assert settings(person)["env"] == CANCELLED
    person("off")
    assert not person.file(SETTINGS).exists()


@pytest.mark.parametrize("line", ["env", "env two", "use two --here"])
def test_a_shell_is_not_warned_of_what_the_helper_answers(person, line):
    said = on_terminal(person, f'eval "$(keyswitch {line})"')
    assert "no effect" not in said


def test_a_shell_is_warned_that_a_token_is_cancelled(person):
    said = on_terminal(person, 'eval "$(keyswitch env token)"')
    assert "CLAUDE_CODE_OAUTH_TOKEN has no effect on Claude Code" in said


def test_a_shell_is_warned_where_another_helper_answers(person):
    person.file(".claude").joinpath("settings.json").write_text(
        json.dumps({"apiKeyHelper": "echo FAKE", "env": CANCELLED})
    )
    said = on_terminal(person, 'eval "$(keyswitch env two)"')
    assert "ANTHROPIC_API_KEY has no effect on Claude Code" in said


def test_a_token_of_this_terminal_alone_gets_a_folder_without_the_helper(
    person,
):
    script = person("use", "token", "--here").out
    assert str(person.file(FOLDER)) in script
    assert not person.file(f"{FOLDER}/settings.json").exists()


def test_a_directory_that_asks_for_a_token_is_told_how_to_start_it(person):
    person("link", "token")
    done = person("env", "--shell", "bash")
    assert OAUTH not in done.out
    assert "keyswitch run token -- claude" in done.err


@pytest.mark.parametrize("anonymous", [True, False])
def test_run_delivers_a_token_that_the_settings_cancel(person, anonymous):
    """In settings of an anonymous file, or in a folder without the helper."""
    program = person.file("bin/claude")
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$CLAUDE_CONFIG_DIR"\ncat "$2"\n')
    program.chmod(0o755)
    lost = "" if anonymous else "del os.memfd_create; "
    text = (
        f"import os, sys; {lost}from keyswitch.__main__ import main; "
        "sys.exit(main(sys.argv[1:]))"
    )
    path = f"{program.parent}:{person.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-c", text, "run", "token", "--", "claude"],
        env={**person.environ, "PATH": path},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0 or not anonymous, done.stderr
    folder, _, given = done.stdout.partition("\n")
    assert bool(folder) is not anonymous
    if anonymous:
        assert json.loads(given)["env"]["CLAUDE_CODE_OAUTH_TOKEN"] == OAUTH
