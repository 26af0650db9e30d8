"""A person's own headers: read as Claude Code does, and judged in doubt."""

import json

import pytest

from keyswitch.providers.custom_headers import (
    beside,
    is_credential,
    joined,
    of_the_person,
    plain,
    said,
    split,
)
from tests.claude_setups import VECTORS

FILE = VECTORS.parent / "headers" / "observed.json"
OBSERVED = json.loads((VECTORS.parent / "headers/observed.json").read_text())[
    "cases"
]


@pytest.mark.parametrize("case", OBSERVED, ids=lambda case: case["id"])
def test_headers_are_read_as_claude_code_reads_them(case):
    seen = {n.lower(): v for n, v, _ in split(case["text"]) if n}
    if case["sent"]:
        assert seen == case["headers"]


PLAIN = {
    "X-Team": "blue",
    "X-Cost-Center": "1234",
    "X-Environment": "production",
    "X-Trace-Sampled": "1",
    "X-Org-Name": "Acme, Inc.",
    "User-Agent": "team-blue/1.2.3",
    "X-Region": "eu-central-1",
    "X-Date": "2026-11-30",
    "anthropic-version": "2023-06-01",
    "X-Contact": "someone@example.com",
}
CREDENTIALS = {
    "Authorization": "Bearer x",
    "Proxy-Authorization": "Basic x",
    "X-Api-Key": "x",
    "api-key": "x",
    "Ocp-Apim-Subscription-Key": "x",
    "CF-Access-Client-Id": "x.access",
    "CF-Access-Client-Secret": "x",
    "Cookie": "a=b",
    "X-Auth-Request-User": "me",
    "X-Amz-Security-Token": "x",
    "X-Goog-IAP-JWT-Assertion": "x",
    "X-Session": "x",
    "X-Signature": "x",
    "X-Password": "x",
    "X-Csrf-Token": "x",
    "X-Client-Cert": "x",
    "X-Team": "Bearer blue",
    "X-Other": "sk-ant-FAKE",
    "X-Random": "0123abcdFAKE4567EXAMPLE",
    "X-Letters": "abcdefghijklmnopqrstuvwxyz",
    "X-Uuid": "550e8400-e29b-41d4-a716-446655440000",
    "X-Two-Words": "blue 0123abcdFAKE4567EXAMPLE",
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_header_that_says_no_account_stays(name):
    assert not is_credential(name, PLAIN[name])
    assert plain(f"{name}: {PLAIN[name]}") == (f"{name}: {PLAIN[name]}", [])


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_header_that_may_be_a_credential_goes(name):
    text = f"X-First: 1\r\n{name}: {CREDENTIALS[name]}\nX-Last: 2"
    assert plain(text) == ("X-First: 1\nX-Last: 2", [name])


def test_a_line_that_is_no_header_is_not_shown():
    token = "FAKE0123456789abcdefEXAMPLE"
    for line in (token, f"{token}: x", f"a b {token}: x", f": {token}"):
        kept, gone = plain(f"X-Team: blue\n{line}")
        assert kept == "X-Team: blue"
        assert token not in said(gone)


def test_a_profiles_headers_come_first_and_can_be_told_from_a_persons():
    both = joined("X-Gate: a\nX-Team: ours", "X-Team: blue\nX-Own: 1")
    assert of_the_person(both) == "X-Own: 1"
    assert of_the_person(joined("X-Gate: a", "")) == ""
    assert of_the_person(joined("", "X-Own: 1")) == "X-Own: 1"
    assert beside("X-Gate: a", "X-Own: 1") == "X-Gate: a\nX-Own: 1"
    assert beside("", "X-Own: 1") == "X-Own: 1"
