"""Real clients through `trace --intercept`: real hosts, in TLS, as without."""

from __future__ import annotations

import json
import re

import pytest

from tests import components
from tests.real import sigv4
from tests.real.test_trace import AWS, KEY, OPENAI, SDK, seen

CODEX = ["codex", "exec", "--skip-git-repo-check", "-m", "gpt-5", "hi"]


# Claude Code's checksum of a body, in it; of ids and times as well.
CHECKSUM = re.compile(r"\bcch=[0-9a-f]{5};")


def unsummed(requests):
    return [(*most, CHECKSUM.sub("", body)) for *most, body in seen(requests)]


def claude(_):
    return ["claude", "-p", "hi"], {"ANTHROPIC_API_KEY": KEY}


def claude_of_settings(machine):
    """Let a settings file name proxy and authorities: it beats variables."""
    machine.claude_home.mkdir(exist_ok=True)
    env = {
        "HTTPS_PROXY": machine.service.url,
        "NODE_EXTRA_CA_CERTS": str(machine.service.authority.ca_file),
    }
    machine.claude_home.joinpath("settings.json").write_text(
        json.dumps({"env": env})
    )
    return claude(machine)


def newest_claude(_):
    return ["newest-claude", "-p", "hi"], {"ANTHROPIC_API_KEY": KEY}


def codex(_):
    return CODEX, {"CODEX_API_KEY": OPENAI}


def aws(machine):
    return ["aws", "sts", "get-caller-identity"], AWS


def python_sdk(machine):
    return ["python-sdk", "-c", SDK], {"ANTHROPIC_API_KEY": KEY}


@pytest.mark.parametrize(
    ("client", "part", "hosts"),
    [
        pytest.param(one, part, hosts, marks=pytest.mark.real(part))
        for one, part, hosts in (
            (aws, "aws", {"sts.eu-central-1.amazonaws.com"}),
            (claude, "claude", {"api.anthropic.com"}),
            (claude_of_settings, "claude", {"api.anthropic.com"}),
            (newest_claude, "newest-claude", {"api.anthropic.com"}),
            (python_sdk, "python-sdk", {"api.anthropic.com"}),
        )
    ],
)
def test_a_service_gets_what_it_gets_without(machine, client, part, hosts):
    words, environ = client(machine)
    words = [components.locate(part), *words[1:]]
    authority = str(machine.service.authority.ca_file)
    environ = {
        **environ,
        "AWS_CA_BUNDLE": authority,
        "SSL_CERT_FILE": authority,
    }
    machine.run(words, check=False, **environ)  # it asks less the next time
    machine.service.taken()
    machine.run(words, check=False, **environ)
    direct = machine.service.taken()
    done = machine.keyswitch(
        "trace", "--json", "--intercept", "--", *words, check=False, **environ
    )
    traced = machine.service.taken()
    assert {r.host for r in traced} == hosts
    assert unsummed(traced) == unsummed(direct)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {(r["way"], r["host"]) for r in lines} == {
        ("intercepted", host) for host in hosts
    }
    assert len(lines) == len(traced)
    # A signature is for the real host: it stays as the client made it.
    keys = AWS["AWS_ACCESS_KEY_ID"], AWS["AWS_SECRET_ACCESS_KEY"]
    signed = [r for r in traced if "x-amz-date" in r.headers]
    assert all(sigv4.is_signed_with(r, *keys) for r in signed)
    assert bool(signed) == (client is aws)


@pytest.mark.real("codex")
def test_codex_is_seen_at_all_its_hosts(machine):
    authority = str(machine.service.authority.ca_file)
    words = [components.locate("codex"), *CODEX[1:]]
    done = machine.keyswitch(
        "trace", "--json", "--intercept", "--", *words, check=False,
        CODEX_API_KEY=OPENAI, SSL_CERT_FILE=authority,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {r["way"] for r in lines} == {"intercepted"}
    assert {"api.openai.com", "chatgpt.com"} <= {r["host"] for r in lines}
    asked = [r for r in lines if r["path"] == "/v1/responses"]
    assert {r["status"] for r in asked} >= {426}  # no websocket
    assert {r["method"] for r in asked} == {"GET", "POST"}
