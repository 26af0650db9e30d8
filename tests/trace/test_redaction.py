"""No credential is shown, in whatever place a request has it."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.trace.requests import redaction
from keyswitch.trace.requests.naming import account_of, identity_of

SECRET = "sk-ant-api03-FAKEsecretVALUE7q3WzEXAMPLE"
OPAQUE = "FAKEopaqueVALUE0q7XvTzWmRb2LpYdHs9EXAMPLE"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AKIAFAKEFAKEEXAMPLEA/20261130/eu-central-1/"
    "bedrock/aws4_request, SignedHeaders=host, Signature=" + "ab12" * 16
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-api-key", SECRET),
        ("X-Api-Key", OPAQUE),
        ("Authorization", f"Bearer {SECRET}"),
        ("Authorization", f"bearer  {OPAQUE}"),
        ("Authorization", OPAQUE),
        (
            "Authorization",
            "Basic " + base64.b64encode(OPAQUE.encode()).decode(),
        ),
        ("api-key", OPAQUE),
        ("x-goog-api-key", OPAQUE),
        ("X-Amz-Security-Token", OPAQUE),
        ("Cookie", f"session={OPAQUE}; other={SECRET}"),
        ("Cookie", OPAQUE),
        ("Cookie", f"id={OPAQUE}==; a={OPAQUE}=x"),
        ("Set-Cookie", f"id={OPAQUE}; Path=/"),
        ("CF-Access-Client-Secret", OPAQUE),
        ("Proxy-Authorization", f"Basic {OPAQUE}"),
        ("X-Odd", f"prefix {SECRET} suffix"),
        ("user-agent", f"tool/1 {SECRET}"),
        ("X-Team", OPAQUE),
    ],
)
def test_a_header_shows_no_credential(name, value):
    shown = redaction.shown(name, value)
    for one in (SECRET, OPAQUE, base64.b64encode(OPAQUE.encode()).decode()):
        assert one not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("anthropic-beta", "claude-code-20250219,oauth-2025-04-20"),
        ("anthropic-ratelimit-requests-reset", "2026-11-30T12:00:00Z"),
        ("content-type", "application/json"),
        ("request-id", "req_011CTxABCDEF0123456789"),
        ("user-agent", "claude-cli/2.1.330 (external, cli)"),
        ("x-stainless-package-version", "0.60.0"),
    ],
)
def test_a_header_that_says_something_stays(name, value):
    assert redaction.shown(name, value) == value


def test_a_signature_shows_its_public_parts_only():
    shown = redaction.shown("Authorization", SIGNED)
    assert "Credential=AKIAFAKEFAKEEXAMPLEA/20261130/eu-central-1" in shown
    assert "ab12" not in shown


@pytest.mark.parametrize(
    "name",
    ["key", "api_key", "access_token", "X-Amz-Signature", "code", "sig",
     "X-Amz-Security-Token", "client_secret"],
)  # fmt: skip
def test_an_address_shows_no_credential(name):
    url = f"https://h.example.com/v1/models?a=1&{name}={quote(OPAQUE)}&b=2"
    shown = redaction.shown_url(url)
    assert OPAQUE not in shown
    assert shown.startswith("https://h.example.com/v1/models?a=1&")
    assert shown.endswith("&b=2")


def test_an_address_shows_no_password_of_its_user():
    url = f"https://me:{OPAQUE}@h.example.com/x"
    assert redaction.shown_url(url) == "https://h.example.com/x"


BODIES = [
    json.dumps({"access_token": OPAQUE, "n": 1}),
    json.dumps({"deep": [{"refreshToken": OPAQUE}]}),
    json.dumps({"text": json.dumps({"api_key": OPAQUE})}),
    f"grant_type=refresh_token&refresh_token={OPAQUE}&client_id=x",
    f"<SecretAccessKey>{OPAQUE}</SecretAccessKey>",
    f"<SessionToken>{OPAQUE}</SessionToken>",
    f"password: {OPAQUE}",
    f"a word {SECRET} in a sentence",
]


@pytest.mark.parametrize("body", BODIES)
def test_a_body_shows_no_credential(body):
    shown = redaction.Scrubber().scrub(body)
    assert OPAQUE not in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    "form", [str, quote, lambda t: json.dumps({"echo": t})]
)
def test_a_credential_that_was_sent_is_in_no_body(form):
    scrubber = redaction.Scrubber()
    value = "odd+value/with=signs & spaces"
    scrubber.learn(value)
    assert value not in scrubber.scrub(form(value))
    assert quote(value, safe="") not in scrubber.scrub(quote(value, safe=""))


def test_a_body_without_a_credential_stays():
    body = json.dumps({"usage": {"input_tokens": 12345678}, "max_tokens": 9})
    assert redaction.Scrubber().scrub(body) == body


@given(st.text(max_size=200), st.text(max_size=200))
def test_nothing_breaks_it(name, value):
    redaction.shown(name, value)
    redaction.shown_url(value)
    redaction.Scrubber().scrub(value)
    redaction.credentials_in(name, value)


@pytest.mark.parametrize(
    ("key", "account"),
    [
        ("ASIAQNZGKIQY56JQ7WML", "029608264753"),  # published by its finder
        ("AKIAIOSFODNN7EXAMPLE", ""),  # of the old form, which names none
        ("AKIA", ""),
        ("no key", ""),
    ],
)
def test_the_account_is_read_from_a_key_id(key, account):
    assert account_of(key) == account


def test_an_identity_of_a_signature_that_is_none():
    assert identity_of("AWS4-HMAC-SHA256 nothing") == ""
