"""The resolver says what the real Claude Code did, case by case.

precedence.json and observed.json hold observations of the real program;
tests/real/replay.py repeats them on the version that is installed.
"""

import os
import subprocess

import pytest

from keyswitch.targets.claude_code import cloud_rules, rules
from keyswitch.targets.claude_code.resolver.resolve import resolve
from keyswitch.targets.claude_code.resolver.scene import Scene, parse_flags
from keyswitch.targets.verdict import SERVICE
from tests import claude_setups
from tests.real import cloud_services

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
CLOUDS = claude_setups.load("clouds.json")
LAYOUTS = claude_setups.load("layouts.json")
MANAGED = claude_setups.load("managed.json")
MIX_UPS = claude_setups.load("mix_ups.json")
GROUPS = sorted({case["id"].partition("/")[0] for case in OBSERVED})


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["id"])
def test_the_verdict_is_what_claude_code_did(case, tmp_path):
    assert differences(case, tmp_path) == []


@pytest.mark.parametrize("case", SURFACES, ids=lambda c: c["id"])
def test_the_verdict_is_that_of_what_started_claude_code(case, tmp_path):
    assert differences(case, tmp_path) == []


@pytest.mark.parametrize("case", CLOUDS, ids=lambda c: c["id"])
def test_the_verdict_is_what_claude_code_did_with_a_cloud(case, tmp_path):
    assert differences(case, tmp_path, of_cloud=True) == []


@pytest.mark.parametrize("rule", cloud_rules.SERVICES, ids=lambda r: r.source)
def test_what_only_a_service_can_answer_is_not_known(rule, tmp_path):
    """A new such source needs an observation of the service's answer."""
    case = next(case for case in CLOUDS if case["id"] == rule.seen)
    assert cloud_services.FETCHED in case["expect"]["authorization"]["value"]
    assert case["not_known"]
    assert differences(case, tmp_path, of_cloud=True) == []


@pytest.mark.parametrize("case", LAYOUTS, ids=lambda c: c["id"])
def test_the_verdict_is_that_of_the_files_that_count_here(case, tmp_path):
    assert differences(case, tmp_path) == []


@pytest.mark.parametrize("case", MANAGED, ids=lambda c: c["id"])
def test_the_verdict_is_that_of_what_an_organization_sets(case, tmp_path):
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


def differences(case, folder, *, of_cloud=False):
    """Return a line for each thing that the verdict has otherwise."""
    setup = case["setup"]
    place = claude_setups.SetupFolder(folder, "http://127.0.0.1:9")
    cwd = os.path.realpath(place.build(setup))  # as getcwd() has it
    environ = {
        "AWS_EC2_METADATA_DISABLED": "true",  # as where that was observed
        "HOME": str(place.home),
        "PATH": os.environ["PATH"],
    }
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
        for what, theirs, ours in compared(case, verdict, of_cloud=of_cloud)
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


def compared(case, verdict, *, of_cloud):
    expect, bearer = case["expect"], verdict.request.bearer
    if case.get("not_known"):
        # It depends on a service, or on a command that may run first.
        yield "why not known", True, bool(bearer and bearer.why_unknown)
        yield "known", False, bool(bearer and bearer.value)
        yield "x-api-key", *header(expect["x-api-key"], verdict.request.key)
        return
    if bearer and bearer.source.kind == SERVICE and not of_cloud:
        # Where that was observed, there was no such machine.
        yield "sent", expect["sent"], False
        return
    for theirs, ours in STATUS.items():
        told = expect.get("status")
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
            *cloud_rules.ORDERS.values(),
        )
        for rule in order
    ],
    ids=lambda r: r.source,
)
def test_each_rule_names_an_observation_that_shows_it(rule):
    assert rule.reason
    assert rule.versions
    assert rule.seen in {case["id"] for case in CASES + OBSERVED + CLOUDS}
