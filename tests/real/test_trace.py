"""Real clients through `trace`: the service gets what it gets without."""

from __future__ import annotations

import json
import os
import re

import pytest

from tests import components
from tests.real import sigv4

KEY = "sk-ant-api03-FAKE-traced-00000000000000000000000000EXAMPLE"
OPENAI = "sk-proj-FAKE0123456789FAKE0123456789FAKE0123456789FAKE0123EXAMPLE"
AWS = {
    "AWS_ACCESS_KEY_ID": "AKIAFAKEFAKEEXAMPLEA",
    "AWS_SECRET_ACCESS_KEY": "FAKEsecretEXAMPLE0000000000000000000000",
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
}
# What differs from run to run, and what belongs to one connection.
VOLATILE = {
    "amz-sdk-invocation-id", "authorization", "connection", "x-amz-date",
    "x-amz-content-sha256",
}  # fmt: skip
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DIGITS = re.compile(r"\d{10,}(?:\.\d+)?")
AGENT = re.compile(r"m/[A-Za-z,]+")  # a set, in any order
SDK = """
import anthropic
client = anthropic.Anthropic(max_retries=0)
said = {"role": "user", "content": "hi"}
client.messages.create(model="claude", max_tokens=5, messages=[said])
"""


def claude(machine):
    url = {"ANTHROPIC_BASE_URL": machine.service.url, "ANTHROPIC_API_KEY": KEY}
    return ["claude", "-p", "hi"], url


def claude_of_bedrock(machine):
    flags = {
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "ANTHROPIC_BEDROCK_BASE_URL": machine.service.url,
    }
    return ["claude", "-p", "hi"], {**AWS, **flags}


def claude_of_settings(machine):
    """Let a settings file name the address, which beats variables."""
    machine.claude_home.mkdir(exist_ok=True)
    env = {"ANTHROPIC_BASE_URL": machine.service.url}
    machine.claude_home.joinpath("settings.json").write_text(
        json.dumps({"env": env})
    )
    return ["claude", "-p", "hi"], {"ANTHROPIC_API_KEY": KEY}


def codex(machine):
    folder = machine.home / ".codex"
    folder.mkdir(exist_ok=True)
    folder.joinpath("config.toml").write_text(
        f'openai_base_url = "{machine.service.url}/v1"\n'
    )
    words = ["codex", "exec", "--skip-git-repo-check", "-m", "gpt-5", "hi"]
    return words, {"CODEX_API_KEY": OPENAI}


def aws(machine):
    words = ["aws", "sts", "get-caller-identity"]
    return words, {**AWS, "AWS_ENDPOINT_URL": machine.service.url}


def python_sdk(machine):
    url = {"ANTHROPIC_BASE_URL": machine.service.url, "ANTHROPIC_API_KEY": KEY}
    return ["python-sdk", "-c", SDK], url


PARTS = {aws: "aws", codex: "codex", python_sdk: "python-sdk"}


def seen(requests):
    """Return requests without what no two runs share."""
    found = []
    for one in requests:
        if one.headers.get("upgrade") == "websocket":
            continue  # trace refuses those, and the client goes on without
        headers = {
            name: AGENT.sub("m/", DIGITS.sub("N", UUID.sub("ID", value)))
            for name, value in one.headers.items()
            if name not in VOLATILE
        }
        # Times in a body change its length.
        length = headers.pop("content-length", "")
        assert length in ("", str(len(one.body)))
        headers["has-length"] = str(bool(length))
        body = one.body.decode("latin-1")
        if body.startswith("{"):  # Codex gives its members any order
            body = json.dumps(json.loads(body), sort_keys=True)
        body = DIGITS.sub("N", UUID.sub("ID", body))
        found.append((one.method, one.path, sorted(headers.items()), body))
    return sorted(found, key=str)


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(one, marks=pytest.mark.real(PARTS.get(one, "claude")))
        for one in (
            claude,
            claude_of_bedrock,
            claude_of_settings,
            codex,
            aws,
            python_sdk,
        )
    ],
)  # fmt: skip
def test_the_service_gets_what_it_gets_without_trace(machine, client):
    words, environ = client(machine)
    words[0] = components.locate(words[0])
    if client is python_sdk and os.path.isabs(os.readlink(words[0])):
        words[0] = os.readlink(words[0])  # the one beside its packages
    machine.run(words, check=False, **environ)
    direct = machine.service.taken()
    done = machine.keyswitch(
        "trace", "--json", "--", *words, check=False, **environ
    )
    traced = machine.service.taken()
    assert seen(direct)
    assert seen(traced) == seen(direct)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    credentials = [c for line in lines for c in line["credentials"]]
    assert {c["whose"] for c in credentials} == {"no profile"}
    signed = [r for r in traced if "x-amz-date" in r.headers]
    keys = AWS["AWS_ACCESS_KEY_ID"], AWS["AWS_SECRET_ACCESS_KEY"]
    assert all(sigv4.is_signed_with(r, *keys) for r in signed)
    assert bool(signed) == ("AWS_REGION" in environ)


def test_a_profile_of_keyswitch_is_named_whatever_brings_it(machine):
    machine.keyswitch(
        "add", "gate", "--provider", "gateway", "--stdin",
        "--set", f"base_url={machine.service.url}", stdin=KEY,
    )  # fmt: skip
    claude_code = components.locate("claude")
    machine.keyswitch("use", "gate")
    by_use = machine.keyswitch("trace", "--json", "--", claude_code, "-p", "hi")
    machine.keyswitch("off")
    by_name = machine.keyswitch(
        "trace", "--json", "--profile", "gate", "--", claude_code, "-p", "hi"
    )
    for done in (by_use, by_name):
        requests = [json.loads(line) for line in done.stdout.splitlines()]
        owners = {
            (c["header"], c["profile"])
            for r in requests
            for c in r["credentials"]
        }
        assert owners == {("authorization", "gate"), ("x-api-key", "gate")}
        assert KEY not in done.stdout + done.stderr
