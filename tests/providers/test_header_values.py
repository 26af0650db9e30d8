"""A secret that no header can carry, or that is none, is not kept."""

import pytest

from keyswitch.errors import InputError
from keyswitch.providers.catalogue import Catalogue
from keyswitch.providers.shapes import check_secret

CATALOGUE = Catalogue()
KINDS = [
    ("anthropic", "api_key", "sk-ant-api03-"),
    ("claude-token", "oauth_token", "sk-ant-oat01-"),
    ("gateway", "auth_token", ""),
    ("openai", "api_key", "sk-"),
    ("gemini", "api_key", "AIza"),
    ("openrouter", "api_key", "sk-or-v1-"),
    ("github", "token", "ghp_"),
    ("foundry", "api_key", ""),
]
BODY = "FAKE0123456789abcdefEXAMPLE"


def kept(kind, text):
    provider, name, start = kind
    found = CATALOGUE.get(provider)
    field = found.field(name)
    secret = check_secret(field, (start + text).encode(), found.id, "")
    return secret.reveal().removeprefix(start)


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k[0])
def test_a_usual_value_is_kept(kind):
    assert kept(kind, BODY) == BODY


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k[0])
@pytest.mark.parametrize("odd", ["…", "é", "ÿ", "😀", "\u0430", "\u2013"])
def test_a_character_that_no_header_carries_is_named(kind, odd):
    for text in (BODY + odd, odd + BODY, BODY[:9] + odd + BODY[9:]):
        with pytest.raises(InputError) as e:
            kept(kind, text)
        assert BODY[:9] not in e.value.message + e.value.hint
        assert odd not in e.value.message


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k[0])
@pytest.mark.parametrize(
    "text",
    ["<token>", "<token>...", "FAKE0123...", "FAKE...", "FA****MPLE",
     "FAKE-abc...EXAMPLE", "<token>FAKE0123", "FAKE<your token>", "[REDACTED]",
     "${TOKEN}", "FAKE${TOKEN}", "{{TOKEN}}",
     "your-api-key-here", "FAKE-key-here",
     "FAKE-xxxxxxxx"],
)  # fmt: skip
def test_a_placeholder_is_no_secret(kind, text):
    with pytest.raises(InputError):
        kept(kind, text)


@pytest.mark.parametrize("kind", KINDS[:2] + KINDS[3:7], ids=lambda k: k[0])
@pytest.mark.parametrize("text", ["FAKE'0123", 'FAKE"x', "FAKE,x", "FAKE<x>y"])
def test_a_provider_s_own_keys_have_their_characters(kind, text):
    with pytest.raises(InputError):
        kept(kind, text + BODY)


@pytest.mark.parametrize(
    "text", ["YOUR_API_KEY", "xxxxxxxx", "$TOKEN", "%TOKEN%", "{TOKEN}",
             "$(cat token)", "changeme",
             "replace-me", "redacted", "none", "insert_token"],
)  # fmt: skip
def test_what_stands_in_for_a_token_is_none(text):
    with pytest.raises(InputError):
        kept(KINDS[2], text)


@pytest.mark.parametrize(
    "text", ["FAKE.a..b", "sk-FAKE-hereby", "FAKE[0]", "FAKE$1xxx",
             "my-secret-FAKE-token"],
)  # fmt: skip
def test_what_only_looks_a_bit_like_one_is_kept(text):
    assert kept(KINDS[2], text) == text


def test_a_gateway_s_token_may_have_any_printable_character():
    assert kept(KINDS[2], f"user:{BODY}$%&|") == f"user:{BODY}$%&|"
