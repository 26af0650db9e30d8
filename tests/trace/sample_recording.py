"""Invented requests: a session with errors, and any number of others."""

from keyswitch.trace.requests.exchange import (
    Body,
    Credential,
    Exchange,
    Likely,
    Timing,
)

STARTED = 1796025600.0
WORK = Credential(
    "x-api-key", "sk-ant-api03-…4fQA", "work", "work (anthropic, Acme API)"
)
HOME = Credential(
    "authorization", "Bearer sk-ant-oat01-…9wAA", "personal",
    "personal (claude-login, Pro)",
)  # fmt: skip
CLOUD = Credential(
    "authorization", "AKIA…MPLE", "acme-bedrock",
    "acme-bedrock (bedrock, Acme)",
    identity="AKIA…MPLE, account 123456789012, eu-central-1",
)  # fmt: skip
STRANGE = Credential("x-api-key", "sk-ant-api03-…77Zw", "", "no profile")
LIMITS = (
    ("anthropic-ratelimit-requests-limit", "50"),
    ("anthropic-ratelimit-requests-remaining", "12"),
    ("anthropic-ratelimit-tokens-remaining", "38000"),
    ("anthropic-ratelimit-tokens-reset", "2026-11-30T12:01:00Z"),
)
EXPIRED = Likely(
    "login-expired",
    "the login has expired",
    ("keyswitch login personal", "or use another profile: keyswitch use work"),
)
BUSY = Likely(
    "rate-limit",
    "the account's limit of tokens a minute is used up",
    ("wait 38 s: retry-after", "keyswitch use --suggest"),
)
MESSAGE = '{"id":"msg_01FAKE","type":"message","content":[{"type":"text","text":"Done."}]}'  # noqa: E501
STREAM = (
    'event: message_start\ndata: {"type":"message_start"}\n\n'
    'event: content_block_delta\ndata: {"delta":{"text":"Done."}}\n\n'
)


def error(kind, message):
    return (
        f'{{"type":"error","error":{{"type":"{kind}","message":"{message}"}}}}'
    )


def exchange(number=1, at=0.0, status=200, **more):
    """Return a request; whatever is not given is that of a good one."""
    credentials = more.pop("credentials", (WORK,))
    took = more.pop("took", 1.2)
    text = more.pop("text", MESSAGE)
    mime = more.pop("mime", "application/json")
    size = more.pop("size", len(text or ""))
    given = {
        "number": number,
        "started": STARTED + at,
        "method": "POST",
        "url": "https://api.anthropic.com/v1/messages?beta=true",
        "way": "base-url",
        "credentials": credentials,
        "request_headers": (
            ("host", "api.anthropic.com"),
            *((one.header, one.masked) for one in credentials),
            ("anthropic-version", "2023-06-01"),
            ("content-type", "application/json"),
            ("user-agent", "claude-cli/2.1.330 (external, sdk-cli)"),
        ),
        "request": Body(48213, "application/json"),
        "timing": Timing(
            0.043 if number % 4 == 1 else None, took * 0.1, took * 0.6, took
        ),
        "status": status,
        "reason": {200: "OK", 401: "Unauthorized"}.get(status, ""),
        "headers": (("content-type", mime), ("request-id", "req_011FAKE")),
        "answer": Body(size, mime, text),
    } | more
    return Exchange(**given)


def session():
    """Return the requests of a session in which much happens."""
    stream = {"text": STREAM, "mime": "text/event-stream"}
    bedrock = "https://bedrock-runtime.eu-central-1.amazonaws.com/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/invoke-with-response-stream"
    return [
        exchange(1, 0.0, method="HEAD", url="https://api.anthropic.com/",
                 credentials=(), took=0.09, text=None, status=404),
        exchange(2, 0.2, took=0.4, method="GET", text='{"ok":true}',
                 url="https://api.anthropic.com/api/hello", credentials=()),
        exchange(3, 0.5, 401, took=0.31, credentials=(HOME,), likely=EXPIRED,
                 text=error("authentication_error", "OAuth token has expired")),
        exchange(4, 1.0, took=2.9, limits=LIMITS, size=18840, **stream),
        exchange(5, 1.3, took=0.8, text='{"input_tokens":4211}',
                 url="https://api.anthropic.com/v1/messages/count_tokens"),
        exchange(6, 4.1, 429, took=0.22, reason="Too Many Requests",
                 limits=(("retry-after", "38"), *LIMITS), likely=BUSY,
                 text=error("rate_limit_error", "too many tokens a minute")),
        exchange(7, 4.9, 529, took=0.02, retry=1, reason="Overloaded",
                 simulated="529", text=error("overloaded_error", "Overloaded")),
        exchange(8, 6.2, took=4.3, retry=2, size=22410, **stream),
        exchange(9, 6.4, credentials=(WORK, HOME), took=1.1),
        exchange(10, 8.0, url=bedrock, credentials=(CLOUD,), took=3.4,
                 size=30215, text=None, mime="application/octet-stream"),
        exchange(11, 8.3, 403, url=bedrock, credentials=(CLOUD,), took=0.28,
                 reason="Forbidden", text='{"message":"not authorized"}'),
        exchange(12, 10.9, took=2.2, size=9120, **stream),
        exchange(13, 11.4, credentials=(STRANGE,), took=0.6, text='{"data":[]}',
                 method="GET", url="https://api.anthropic.com/v1/models"),
        exchange(14, 12.1, 0, took=1.5, text=None, reason="",
                 failure="the service closed the connection", headers=(),
                 url="https://api.anthropic.com/v1/messages?beta=true"),
        exchange(15, 13.0, credentials=(), way="tunnel", method="CONNECT",
                 url="https://statsig.anthropic.com:443", took=2.4, text=None,
                 size=4213, headers=()),
        exchange(16, 13.7, took=2.6, limits=LIMITS, size=15222, **stream),
    ]  # fmt: skip


def many(count):
    """Return as many requests as are asked for."""
    accounts = ((WORK,), (HOME,), (CLOUD,), ())
    return [
        exchange(n, n * 0.3, (200, 200, 429, 500)[n % 4],
                 credentials=accounts[n % 4], text=None)
        for n in range(1, count + 1)
    ]  # fmt: skip
