"""Headers of ANTHROPIC_CUSTOM_HEADERS, on the real Claude Code."""

import json

import pytest

from tests.claude_setups import VECTORS

NAME = "ANTHROPIC_CUSTOM_HEADERS"
TOKEN = "FAKE-gateway-token-0123456789EXAMPLE"
SECRET = "FAKE-cf-secret-EXAMPLE"
FILE = VECTORS.parent / "headers" / "observed.json"
CASES = json.loads((VECTORS.parent / "headers/observed.json").read_text())[
    "cases"
]


def arrived(recorded, names):
    found = [m.headers for m in recorded.messages]
    return [{n: h[n] for n in names if n in h} for h in found]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_headers_arrive_as_they_were_observed(machine, case):
    recorded = machine.claude(
        ANTHROPIC_AUTH_TOKEN=TOKEN,
        ANTHROPIC_BASE_URL=machine.service.url,
        **{NAME: case["text"]},
    )
    assert bool(recorded.messages) == case["sent"]
    for headers in arrived(recorded, case["headers"]):
        assert headers == case["headers"]


@pytest.mark.parametrize("in_settings", [False, True])
def test_a_profiles_headers_arrive_and_another_accounts_do_not(
    machine, in_settings
):
    (machine.project / "headers").write_text(f"X-Gate-Secret: {SECRET}")
    (machine.project / "token").write_text(TOKEN)
    machine.keyswitch(
        "add", "gate", "--provider", "gateway", "--store", "vault",
        "--from-file", "auth_token=token",
        "--from-file", "secret_headers=headers",
        "--set", f"base_url={machine.service.url}",
        "--set", "headers=X-Gate: plain\\nX-Two: 2",
    )  # fmt: skip
    own, environ = "X-Team: blue\nCookie: a=FAKE-cookie-EXAMPLE", {}
    if in_settings:
        machine.claude_home.mkdir(exist_ok=True)
        settings = machine.claude_home / "settings.json"
        settings.write_text(json.dumps({"env": {NAME: own}}))
    else:
        environ[NAME] = own
    recorded = machine.claude(
        command=[*machine.launcher, "run", "gate", "--", "claude"], **environ
    )
    names = ("x-gate", "x-two", "x-gate-secret", "x-team", "cookie")
    assert recorded.messages
    for headers in arrived(recorded, names):
        assert headers == {
            "x-gate": "plain",
            "x-two": "2",
            "x-gate-secret": SECRET,
            "x-team": "blue",
        }
