"""The resolver says what the real Claude Code did, case by case.

precedence.json and observed.json hold observations of the real program;
tests/real/replay.py repeats them on the version that is installed.
"""

import os
import subprocess

import pytest

from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver.resolve import resolve
from keyswitch.targets.claude_code.resolver.scene import Scene, parse_flags
from tests import claude_setups

STATUS = {
    "loggedIn": "logged_in",
    "authMethod": "auth_method",
    "apiProvider": "api_provider",
    "apiKeySource": "api_key_source",
    "email": "email",
    "orgName": "org_name",
    "subscriptionType": "subscription_type",
}

# The service was asked for these, which cannot be told from here.
ASKED = {("real/cred-expired-norefresh", "email")}

CASES = claude_setups.load("precedence.json")
OBSERVED = claude_setups.load("observed.json")
SURFACES = claude_setups.load("surfaces.json")
LAYOUTS = claude_setups.load("layouts.json")
MIX_UPS = claude_setups.load("mix_ups.json")
GROUPS = sorted({case["id"].partition("/")[0] for case in OBSERVED})


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["id"])
def test_the_verdict_is_what_claude_code_did(case, tmp_path):
    assert differences(case, tmp_path) == []


@pytest.mark.parametrize("case", SURFACES, ids=lambda c: c["id"])
def test_the_verdict_is_that_of_what_started_claude_code(case, tmp_path):
    assert differences(case, tmp_path) == []


@pytest.mark.parametrize("case", LAYOUTS, ids=lambda c: c["id"])
def test_the_verdict_is_that_of_the_files_that_count_here(case, tmp_path):
    assert differences(case, tmp_path) == []


@pytest.mark.parametrize("case", MIX_UPS, ids=lambda c: c["id"])
def test_a_credential_of_a_wrong_kind_is_sent_as_claude_code_does(
    case, tmp_path
):
    assert differences(case, tmp_path) == []


@pytest.mark.parametrize("group", GROUPS)
def test_every_further_observation_is_predicted(group, tmp_path):
    found = []
    for number, case in enumerate(OBSERVED):
        if case["id"].partition("/")[0] == group:
            folder = tmp_path / str(number)
            folder.mkdir()
            found += differences(case, folder)
    assert found == []


def test_there_are_thousands_of_observations():
    assert len(CASES) == 611
    assert len(OBSERVED) > 4000
    assert len({case["id"] for case in OBSERVED}) == len(OBSERVED)


def differences(case, folder):
    """Return a line for each thing that the verdict has otherwise."""
    setup = case["setup"]
    place = claude_setups.SetupFolder(folder, "http://127.0.0.1:9")
    cwd = os.path.realpath(place.build(setup))  # as getcwd() has it
    environ = {"HOME": str(place.home), "PATH": os.environ["PATH"]}
    environ |= {k: place.fill(v) for k, v in setup["env"].items()}
    with claude_setups.descriptors(setup) as opened:
        environ |= {name: str(number) for name, number in opened.items()}
        scene = Scene(
            environ,
            home=environ["HOME"],
            cwd=cwd,
            flags=parse_flags([place.fill(a) for a in setup["args"]]),
            managed_dir=str(place.managed),
        )
        verdict = resolve(scene, runner(environ, cwd))
    return [
        f"{case['id']}: {what}: Claude Code {theirs}, the verdict {ours}"
        for what, theirs, ours in compared(case, verdict)
        if theirs != ours
    ]


def runner(environ, cwd):
    def run(command):
        done = subprocess.run(
            ["/bin/sh", "-c", command.text],
            env=environ, cwd=cwd, capture_output=True, check=False,
        )  # fmt: skip
        return None if done.returncode else done.stdout.decode()

    return run


def compared(case, verdict):
    expect = case["expect"]
    for theirs, ours in STATUS.items():
        told = expect["status"]
        asked = (case["id"], theirs) in ASKED
        if told is not None and theirs in told and not asked:
            yield theirs, told[theirs], getattr(verdict.status, ours)
    yield "sent", expect["sent"], verdict.request.sent
    yield "x-api-key", *header(expect["x-api-key"], verdict.request.key)
    yield (
        "authorization",
        *header(expect["authorization"], verdict.request.bearer),
    )


def header(theirs, ours):
    """Return both as (scheme, value); a fetched token has no value here."""
    if ours is None:
        return theirs and (theirs["scheme"], theirs["value"]), None
    value = ours.value.reveal() if ours.value is not None else None
    if value is None and theirs and "REFRESHED" in theirs["value"]:
        value = theirs["value"]
    return theirs and (theirs["scheme"], theirs["value"]), (ours.scheme, value)


@pytest.mark.parametrize(
    "rule",
    [
        rule
        for order in (
            rules.KEY_ORDER,
            rules.BEARER_ORDER,
            rules.LOGIN_ORDER,
            rules.STATUS_ORDER,
        )
        for rule in order
    ],
    ids=lambda r: r.source,
)
def test_each_rule_names_an_observation_that_shows_it(rule):
    assert rule.reason
    assert rule.seen in {case["id"] for case in CASES + OBSERVED}
