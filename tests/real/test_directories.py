"""The real Claude Code sends what the directory it was started in asks for."""

from __future__ import annotations

import json
import shlex

import pytest

from tests.real.accounts import ACCOUNTS, add, exported, sends


@pytest.fixture
def places(machine):
    """Two keys and a gateway; `first` is in use, one directory is linked."""
    add(machine, "first", "second", "gateway")
    machine.keyswitch("use", "first")
    for name in ("linked/below", "else"):
        (machine.home / name).mkdir(parents=True)
    return machine


def enter(machine, folder):
    machine.project = machine.home / folder
    return machine


def silent(recorded, *names):
    """Assert that requests had empty credentials, and none of these left."""
    sent = {v for r in recorded.requests for v in r.credentials.values()}
    assert sent <= {"", "Bearer"}, recorded
    secrets = [ACCOUNTS[name].secret for name in names]
    assert not [s for s in secrets if recorded.mentions(s)]
    return True


def test_a_linked_directory_sends_its_key_and_no_other_does(places):
    enter(places, "linked").keyswitch("link", "second")
    before = places.claude_files()["settings.json"]
    assert sends(places.claude(), "second")
    assert sends(enter(places, "linked/below").claude(), "second")
    assert sends(enter(places, "else").claude(), "first")
    assert places.claude_files()["settings.json"] == before


def test_a_file_counts_for_claude_code_once_it_is_allowed(places):
    enter(places, "linked")
    (places.project / ".keyswitch").write_text("second\n")
    assert sends(places.claude(), "first")
    places.keyswitch("allow")
    assert sends(places.claude(), "second")
    (places.project / ".keyswitch").write_text("second\n\n")
    assert sends(places.claude(), "first")


def test_a_clone_sends_the_key_of_its_remote(places):
    git = places.home / "linked/.git"
    for part in ("objects", "refs"):
        (git / part).mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "config").write_text(
        '[remote "origin"]\n\turl = git@github.com:acme/api.git\n'
    )
    places.keyswitch("link", "--remote", "github.com/acme/*", "second")
    assert sends(enter(places, "linked/below").claude(), "second")
    assert sends(enter(places, "else").claude(), "first")


def test_a_shell_of_a_linked_directory_sends_its_key(places):
    enter(places, "linked").keyswitch("link", "second")
    recorded = places.claude_after_eval()
    assert sends(recorded, "second", ACCOUNTS["second"].sent)


def test_a_key_is_not_sent_the_way_of_another_profile(places):
    """The files lead to one host, the directory's key is for another."""
    enter(places, "linked").keyswitch("link", "gateway")
    recorded = places.claude()
    assert silent(recorded, "first", "gateway")
    places.keyswitch("unlink")
    enter(places, "else").keyswitch("link", "second")
    places.keyswitch("use", "gateway", check=False)
    assert silent(places.claude(), "second", "gateway")


def test_a_shell_of_a_linked_gateway_sends_its_token_to_the_gateway(places):
    enter(places, "linked").keyswitch("link", "gateway")
    recorded = places.claude_after_eval()
    assert sends(recorded, "gateway", recorded.credentials)
    assert not recorded.mentions(ACCOUNTS["first"].secret)


def test_a_shell_of_a_linked_directory_sends_no_key_to_the_gateway_in_use(
    places,
):
    enter(places, "linked").keyswitch("link", "second")
    places.keyswitch("use", "gateway", check=False)
    recorded = places.claude_after_eval()
    to_gateway = [r for r in recorded.requests if r.host == "127.0.0.1"]
    second = ACCOUNTS["second"].secret
    assert not [r.path for r in to_gateway if second in str(r.headers)]


def test_a_terminal_s_own_key_goes_its_own_way_beside_a_gateway(places):
    places.keyswitch("use", "gateway")
    launcher = shlex.join(places.launcher)
    script = f'eval "$({launcher} use second --here)"; exec claude -p hi'
    recorded = places.claude(command=["bash", "-c", script])
    assert sends(recorded, "second", ACCOUNTS["second"].sent)
    assert not recorded.mentions(ACCOUNTS["gateway"].secret)


@pytest.mark.parametrize("rule", ["--only", "--never"])
def test_no_key_of_a_guarded_profile_is_sent_outside(places, rule):
    place = "~/linked/**" if rule == "--only" else "~/else"
    places.keyswitch("edit", "first", rule, place)
    assert silent(enter(places, "else").claude(), "first", "second")
    assert sends(enter(places, "linked/below").claude(), "first")


def test_a_guarded_profile_leaves_a_shell_that_follows(places):
    places.keyswitch("edit", "first", "--only", "~/linked/**")
    assert silent(enter(places, "else").claude_after_eval(), "first")
    recorded = enter(places, "linked").claude_after_eval()
    assert sends(recorded, "first")


def test_run_refuses_a_guarded_profile_before_claude_code_starts(places):
    places.keyswitch("edit", "first", "--only", "~/linked/**")
    recorded = enter(places, "else").claude(
        command=[*places.launcher, "run", "first", "--", "claude"]
    )
    assert recorded.requests == []
    assert "may only be used in" in recorded.stderr


def test_whoami_says_beforehand_what_is_sent(places):
    enter(places, "linked").keyswitch("link", "second")
    found = json.loads(places.keyswitch("whoami", "--json").stdout)
    assert found["request"]["x-api-key"]["profile"] == "second"
    assert sends(places.claude(), "second")


def test_exported_forms_are_what_the_accounts_say():
    assert exported("second") == {"x-api-key": ACCOUNTS["second"].secret}
