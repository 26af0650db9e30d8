"""Secrets in commands, servers and other texts of Claude Code's files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch import display
from keyswitch.display import SECRET_STARTS, secrets_in, without_secrets
from keyswitch.errors import InputError
from keyswitch.providers.shapes import Field, check_plain, public_prefix
from keyswitch.targets.claude_code.settings import literals

KEY = "sk-ant-api03-FAKE0123456789abcdefEXAMPLE"
OPAQUE = "FAKE0123456789abcdef0123"
OF_AWS = "FAKEwJalrXUtn/K7MDENG+bPxRfiCYEXAMPLEKEY"
BODY = "FAKE0123456789abcdefEXAMPLE"


def found(document):
    data = json.dumps(document, indent=1).encode()
    return [(x.place, x.secret, x.removable) for x in literals.find("f", data)]


@pytest.mark.parametrize(
    ("document", "place", "secret", "removable"),
    [
        ({"apiKeyHelper": f"echo {KEY}"}, "apiKeyHelper", KEY, True),
        ({"apiKeyHelper": f"printf '%s' '{KEY}'"}, "apiKeyHelper", KEY, True),
        ({"statusLine": {"command": f"K={KEY} x"}}, "statusLine.command",
         KEY, False),
        ({"hooks": {"Stop": [{"hooks": [{"command": f"x {KEY}"}]}]}},
         "hooks.Stop.0.hooks.0.command", KEY, False),
        ({"hooks": {"Stop": [{"hooks": [
            {"command": f"curl -H 'Authorization: Bearer {OPAQUE}' x"}]}]}},
         "hooks.Stop.0.hooks.0.command", OPAQUE, False),
        ({"mcpServers": {"a": {"env": {"ACME_API_KEY": OPAQUE}}}},
         "mcpServers.a.env.ACME_API_KEY", OPAQUE, True),
        ({"mcpServers": {"a": {"headers": {"Authorization": f"Bearer {OPAQUE}"
                                           }}}},
         "mcpServers.a.headers.Authorization", OPAQUE, True),
        ({"mcpServers": {"a": {"headers": {"X-Api-Key": OPAQUE}}}},
         "mcpServers.a.headers.X-Api-Key", OPAQUE, True),
        ({"mcpServers": {"a": {"args": ["--key", KEY]}}},
         "mcpServers.a.args.1", KEY, False),
        ({"mcpServers": {"a": {"args": [f"--api-key={OPAQUE}"]}}},
         "mcpServers.a.args.0", OPAQUE, False),
        ({"mcpServers": {"a": {"args": ["--api-key", OPAQUE]}}},
         "mcpServers.a.args.1", OPAQUE, False),
        ({"mcpServers": {"a": {"url": f"https://x/?k={KEY}"}}},
         "mcpServers.a.url", KEY, False),
        ({"projects": {"/p": {"mcpServers": {"a": {"env": {"X": KEY}}}}}},
         "projects./p.mcpServers.a.env.X", KEY, True),
        ({"env": {"OPENAI_API_KEY": OPAQUE}}, "env.OPENAI_API_KEY", OPAQUE,
         True),
        ({"mcpServers": {"a": {"url": f"https://x/sse?a=1&token={OPAQUE}"}}},
         "mcpServers.a.url", OPAQUE, False),
        ({"mcpServers": {"a": {"args": [f"postgres://u:{OPAQUE}@db/x"]}}},
         "mcpServers.a.args.0", OPAQUE, False),
        ({"mcpServers": {"a": {"url": f"https://{OPAQUE}@x/y"}}},
         "mcpServers.a.url", OPAQUE, False),
        ({"env": {"HTTPS_PROXY": f"http://u:{OPAQUE}@p.example:80"}},
         "env.HTTPS_PROXY", OPAQUE, False),
        ({"env": {"OTEL_EXPORTER_OTLP_HEADERS":
                  f"Authorization=Bearer {OPAQUE}"}},
         "env.OTEL_EXPORTER_OTLP_HEADERS", OPAQUE, False),
        ({"apiKeyHelper": f"echo {OPAQUE}"}, "apiKeyHelper", OPAQUE, True),
        ({"apiKeyHelper": f"printf '%s\\n' '{OPAQUE}'"}, "apiKeyHelper",
         OPAQUE, True),
        ({"apiKeyHelper": f'echo -n "{OPAQUE}"'}, "apiKeyHelper", OPAQUE, True),
        ({"awsCredentialExport": f'echo \'{{"SecretAccessKey":"{OF_AWS}"}}\''},
         "awsCredentialExport", OF_AWS, True),
        ({"awsAuthRefresh": f"aws configure set aws_secret_access_key {OF_AWS}"
          }, "awsAuthRefresh", OF_AWS, False),
        ({"otelHeadersHelper": f"echo 'Authorization: Bearer {OPAQUE}'"},
         "otelHeadersHelper", OPAQUE, False),
        ({"permissions": {"allow": [f"Bash(API_KEY={OPAQUE} make)"]}},
         "permissions.allow.0", OPAQUE, False),
        ({"statusLine": {"command": f"curl -su me:{OPAQUE} https://x"}},
         "statusLine.command", OPAQUE, False),
        ({"statusLine": {"command": f"curl --user 'me:{OPAQUE}' https://x"}},
         "statusLine.command", OPAQUE, False),
        ({"hooks": {"Stop": [{"hooks": [{"headers": {"X-Key": OPAQUE}}]}]}},
         "hooks.Stop.0.hooks.0.headers.X-Key", OPAQUE, False),
    ],
)  # fmt: skip
def test_a_literal_is_found_where_it_stands(document, place, secret, removable):
    assert found(document) == [(place, secret, removable)]


@pytest.mark.parametrize(
    "document",
    [
        {"apiKeyHelper": "keyswitch helper claude-code"},
        {"apiKeyHelper": "echo $ANTHROPIC_API_KEY"},
        {"apiKeyHelper": "echo asking-for-the-key >&2; get-the-key"},
        {
            "permissions": {
                "allow": ["Bash(curl -u me:$THE_PASSWORD_OF_MINE x)"]
            }
        },
        {"permissions": {"deny": ["Read(./secrets/token-of-acme-2026.txt)"]}},
        {"apiKeyHelper": "cat ~/.secrets/token-file-2026-for-acme"},
        {"statusLine": {"command": "/opt/task-sk-status/bin/line"}},
        {"mcpServers": {"a": {"env": {"API_KEY": "${ACME_API_KEY_OF_MINE}"}}}},
        {"mcpServers": {"a": {"env": {"TOKEN": "/run/secrets/token-1234567"}}}},
        {"mcpServers": {"a": {"headers": {"Authorization": "Bearer ${T}"}}}},
        {
            "mcpServers": {
                "a": {"args": ["--token-file", "/x/0123456789abcdef"]}
            }
        },
        {
            "mcpServers": {
                "a": {"args": ["-y", "@acme/server@1.2.3-beta.45678"]}
            }
        },
        {
            "mcpServers": {
                "a": {"url": "https://x/?token=${ACME_TOKEN_OF_MINE}"}
            }
        },
        {"mcpServers": {"a": {"url": "https://me@x.example/?page=123456789"}}},
        {"env": {"HTTPS_PROXY": "http://u:${PROXY_PASSWORD}@p.example:80"}},
        {"env": {"HTTPS_PROXY": "http://p.example:8080"}},
        # Other code finds these, or they hold the end of a key only.
        {"env": {"ANTHROPIC_API_KEY": KEY}},
        {"primaryApiKey": KEY},
        {"customApiKeyResponses": {"approved": [KEY[-20:]]}},
        {"claudeAiOauth": {"accessToken": KEY}},
    ],
)
def test_what_is_no_literal_is_passed_over(document):
    assert found(document) == []


def test_a_broken_file_is_as_plain_as_a_whole_one():
    data = b'{\n"apiKeyHelper": "echo ' + KEY.encode() + b'",\n'
    (one,) = literals.find("f", data)
    assert (one.secret, one.line, one.removable) == (KEY, 2, False)


@pytest.mark.parametrize("start", SECRET_STARTS)
def test_each_beginning_is_known_everywhere(start):
    secret = start + BODY
    assert public_prefix(secret) == start
    for text in (secret, f"my {secret}", f"a={secret}", f"https://x/{secret}"):
        assert BODY not in without_secrets(text)
        assert secrets_in(text) == [secret]
        with pytest.raises(InputError):
            check_plain(Field("model"), text)
    with pytest.raises(InputError):
        check_plain(Field("base_url"), f"https://x.example/v1?a={secret}")


@pytest.mark.parametrize(
    "text",
    ["npm_config_node_gyp_location_of_mine", "provider8_of_0123456789abcdef01",
     "keyJson0123456789abcdef0123"],
)  # fmt: skip
def test_a_name_is_no_secret(text):
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    "address",
    ["https://me:FAKEpass@x.example", "https://FAKEtoken@x.example",
     "https://x.example/?api_key=FAKE", "https://x.example/v1?a=1&Token=FAKE"],
)  # fmt: skip
def test_an_address_carries_no_credential(address):
    field = Field("base_url", pattern="https?://[^\\s@]+")
    with pytest.raises(InputError, match="contains") as caught:
        check_plain(field, address)
    assert "FAKE" not in str(caught.value)


def test_an_ordinary_query_is_fine():
    check_plain(
        Field("base_url"), "https://x.example/v1?api-version=2026-01-01"
    )


@given(
    st.lists(
        st.one_of(
            st.sampled_from([*SECRET_STARTS, "k" * 10, "ä" * 22, "x" * 24]),
            st.text(max_size=3),
        ),
        max_size=6,
    ).map("".join)
)
def test_no_secret_is_missed_for_the_sake_of_speed(text):
    apart = "".join(c if display._in_token(c) else " " for c in text)
    words = apart.replace("=", " ").split()
    words = [word for word in words if without_secrets(word) != word]
    found = secrets_in(text)
    assert len(found) == len(words if without_secrets(text) != text else [])


def test_a_secret_that_begins_like_the_name_of_an_item_is_found():
    item = f"ks1-{'0123456789abcdef' * 2}"
    secret = "sk-ant-api03-FAKE-0123456789abcdefghijklmnopEXAMPLE"
    assert secrets_in(item) == []
    assert secrets_in(f"ks1-{secret}") == [secret]
    assert secrets_in(f"{item}-{secret}") == [secret]
