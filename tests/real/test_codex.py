"""The real Codex sends the key of an `openai` profile, to OpenAI only."""

from __future__ import annotations

import pytest

from tests import components

KEY = "sk-proj-FAKE0123456789FAKE0123456789FAKE0123456789FAKE0123EXAMPLE"
EXEC = ("exec", "--skip-git-repo-check", "hi")


@pytest.mark.real("codex")
@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ((), f"Bearer {KEY}"),
        (("--set", "base_url=https://gateway.example.com/v1"), None),
    ],
)
def test_codex_exec_of_a_profile(machine, fields, sent):
    provider = ("--provider", "openai", *fields, "--stdin")
    machine.keyswitch("add", "oa", *provider, stdin=KEY)
    machine.service.taken()
    authority = str(machine.service.authority.ca_file)
    codex = components.locate("codex")
    machine.keyswitch(
        "run", "oa", "--", codex, *EXEC, check=False, SSL_CERT_FILE=authority
    )
    asked = [
        request
        for request in machine.service.taken()
        if request.path.startswith("/v1/responses")
    ]
    assert {request.host for request in asked} == {"api.openai.com"}
    assert {r.headers.get("authorization") for r in asked} == {sent}
