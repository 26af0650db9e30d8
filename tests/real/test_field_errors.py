"""The texts of the field, printed by the real programs and explained.

Each row of the vectors that is `real` names a home and what the service
answers; the text that comes out is piped into `keyswitch explain`.
"""

from __future__ import annotations

import json
import subprocess

import pytest

from tests import components
from tests.claude_setups import VECTORS, SetupFolder
from tests.real import claude
from tests.real.accounts import FIRST_KEY
from tests.real.conftest import KEYSWITCH
from tests.real.screen import Screen

DOCUMENT = json.loads((VECTORS / "field_errors.json").read_text("utf-8"))
ROWS = [
    pytest.param(row, id=row["id"], marks=pytest.mark.real(row["client"]))
    for row in DOCUMENT["rows"]
    if row["shown"] == "real"
]


@pytest.mark.parametrize("row", ROWS)
def test_what_the_program_prints_is_explained(service, tmp_path, row):
    setup = DOCUMENT["homes"][row["home"]]
    place = SetupFolder(tmp_path, service.url)
    cwd = place.build(setup)
    for answers in (setup.get("answers", {}), row.get("answers", {})):
        service.answers |= {end: tuple(said) for end, said in answers.items()}
    if "refusal" in row:
        service.refused.add("api.anthropic.com")
        service.refusal = row["refusal"]
    env = {
        **claude.base_environment(place.home, service),
        **{name: place.fill(value) for name, value in setup["env"].items()},
    }
    printed = PRINTED[row["client"]](service, env, cwd)
    explained = explain(printed, env, cwd)
    assert [cause["id"] for cause in explained][:1] == [row["cause"]], printed


def of_claude(service, env, cwd):
    recorded = claude.run(service, env, cwd=cwd)
    assert recorded.exit_code == 1
    return recorded.stdout


def of_codex(service, env, cwd):
    """Run `codex exec`; whatever it asks other hosts, the stub answers."""
    done = subprocess.run(
        [components.locate("codex"), "exec", "--skip-git-repo-check", "hi"],
        env={**env, "SSL_CERT_FILE": str(service.authority.ca_file)},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    return done.stderr.rpartition("\nERROR:")[2]


PRINTED = {"claude": of_claude, "codex": of_codex}


def test_a_declined_key_is_the_cause_where_nobody_is_logged_in(machine):
    """A no that was given once: a session says so at each turn, `-p` sends."""
    known = {
        "hasCompletedOnboarding": True,
        "projects": {str(machine.project): {"hasTrustDialogAccepted": True}},
        "customApiKeyResponses": {
            "approved": [],
            "rejected": [FIRST_KEY[-20:]],
        },
    }
    (machine.home / ".claude.json").write_text(json.dumps(known))
    env = {**machine.env, "ANTHROPIC_API_KEY": FIRST_KEY}
    program = str(components.locate("claude"))
    with Screen([program], env, machine.project) as screen:
        screen.ready()
        screen.type("hi")
        shown = screen.until(lambda now: "Please run /login" in now)
    assert "Not logged in" in shown
    for text in (shown, "Not logged in · Please run /login"):
        first, *_ = explain(text, env, machine.project)
        assert first["id"] == "not-logged-in"
        assert "was declined" in first["why"][0]
        assert first["fix"][0].endswith("`keyswitch doctor --fix`")


def explain(text, env, cwd):
    done = subprocess.run(
        [*KEYSWITCH, "explain", "--json"],
        env={**env, "PYTHONPATH": str(components.ROOT), "LC_ALL": "C.UTF-8"},
        cwd=cwd,
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)["causes"]
