"""Simulated errors: what a text means, for which requests, what is sent."""

import json
import random
import re

import pytest

from keyswitch.errors import InputError
from keyswitch.trace.stand_ins import service_errors
from keyswitch.trace.stand_ins.simulation import KINDS, parse
from keyswitch.trace.stand_ins.stand_in import Canned, Disturbance, Incoming

MESSAGES = "https://api.anthropic.com/v1/messages?beta=true"
FAMILIES = (
    "anthropic", "aws", "bedrock", "foundry", "gemini", "openai", "vertex",
)  # fmt: skip


def asked(
    number=1,
    elapsed=0.0,
    *,
    url=MESSAGES,
    family="anthropic",
    body=b'{"stream": true}',
    method="POST",
    **headers,
):
    named = tuple((n.replace("_", "-"), v) for n, v in headers.items())
    return Incoming(number, elapsed, method, url, named, family, body)


def labels(*texts, times=range(10)):
    """Return the numbers of the requests that get an error, and which."""
    stand_in = parse(*texts)
    given = [
        (n, stand_in.answer(asked(n, float(t)))) for n, t in enumerate(times, 1)
    ]
    return {n: effect.label for n, effect in given if effect}


def sent(kind, **what):
    """Return an error and the document in its body."""
    canned = parse(kind).answer(asked(**what))
    assert isinstance(canned, Canned)
    return canned, json.loads(canned.body)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("429", range(1, 11)),
        ("429 every 3rd", (3, 6, 9)),
        ("429 every 3", (3, 6, 9)),
        ("429 every third request", (3, 6, 9)),
        ("429 every other", (2, 4, 6, 8, 10)),
        ("429 every 1st", range(1, 11)),
        ("429 after 5 s", range(6, 11)),
        ("429 after 5s", range(6, 11)),
        ("429 after 5000 ms", range(6, 11)),
        ("429 after 0.1 minutes", range(7, 11)),
        ("429 after 2.5 seconds", range(4, 11)),
        ("429 after 4 requests", range(5, 11)),
        ("429 first 2", (1, 2)),
        ("429 once", (1,)),
        ("429 every 3rd after 5 s", (8,)),
        ("429 after 5 s, every 2nd", (7, 9)),
        ("429 first 2 and every 3rd", (3, 6)),
        ("429 after 5 s first 2", (6, 7)),
        ("  429   EVERY\t3RD  ", (3, 6, 9)),
    ],
)
def test_the_conditions_of_an_error(text, numbers):
    assert labels(text) == dict.fromkeys(numbers, "429")


def test_a_request_gets_the_first_error_that_is_for_it():
    found = labels("429 first 1", "529 every 3rd", "cut after 7 s")
    assert found == {1: "429", 3: "529", 6: "529", 8: "cut", 9: "529"} | {
        10: "cut"
    }


def test_an_error_that_another_took_the_place_of_is_not_used_up():
    assert labels("401 first 2", "529 first 2") == {
        1: "401", 2: "401", 3: "529", 4: "529",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("429", "GPGP"),
        ("429 after 2 s", "GP"),
        ("429 first 1", "P"),
        ("429 every 2nd", "P"),
        ("429 after 1 request", "P"),
    ],
)
def test_lists_and_probes_get_errors_and_do_not_count(text, answered):
    stand_in = parse(text)
    got = [
        method[0]
        for n, method in enumerate(("GET", "POST", "GET", "POST"))
        if stand_in.answer(asked(n, float(n), method=method))
    ]
    assert "".join(got) == answered


def test_slow_and_cut_say_how_much():
    def effect(text):
        return parse(text).answer(asked())

    assert effect("slow") == Disturbance("slow", wait=10.0)
    assert effect("slow 2.5 s") == Disturbance("slow", wait=2.5)
    assert effect("slow by 2 minutes") == Disturbance("slow", wait=120.0)
    assert effect("cut") == Disturbance("cut", cut_after=100)
    assert effect("cut after 0 bytes") == Disturbance("cut", cut_after=0)
    assert effect("cut after 7 bytes") == Disturbance("cut", cut_after=7)
    assert parse("cut after 7 bytes after 1 s").answer(asked()) is None


@pytest.mark.parametrize(
    "text",
    ["", " ", "500", "429x", "4290", "429,5", "429 foo", "429 every",
     "429 every 0th", "429 first 0", "429 after 5", "429 after s",
     "429 every 3rd every 2nd", "429 every 2 s", "401 slow", "429 5 s",
     "429 after 99999999999999999999 s", "401-aws", "expired"],
)  # fmt: skip
def test_another_text_is_refused_with_what_can_be_written(text):
    with pytest.raises(InputError) as caught:
        parse("401", text)
    message, hint = caught.value.message, caught.value.hint
    assert text.strip() in message
    assert "cannot understand" in message or all(kind in hint for kind in KINDS)


WORDS = (
    *KINDS, "every", "after", "first", "once", "3rd", "5", "s", "0", "-1", "²",
    "٣", "requests", "bytes", ",", "and", "\0", "\n", "\u017f", "9" * 5000,
    "(", "%", "nan", "inf", "1e9",
)  # fmt: skip


def test_no_text_breaks_it():
    rng = random.Random(15)
    refused = []
    for _ in range(20_000):
        text = " ".join(rng.choices(WORDS, k=rng.randrange(7)))
        try:
            stand_in = parse(text)
        except InputError as error:
            refused.append(len(error.message))
            continue
        for number in range(3):
            stand_in.answer(asked(number, float(number * 10)))
    assert len(refused) < 19_900
    assert max(refused) < 120


@pytest.mark.parametrize("family", [*FAMILIES, "a provider of one's own"])
@pytest.mark.parametrize("kind", sorted({*KINDS} - {"slow", "cut"}))
def test_each_service_has_each_error(kind, family):
    url = "https://example.com/v1/messages"
    canned = parse(kind).answer(asked(url=url, family=family))
    assert isinstance(canned, Canned)
    assert canned.label == kind
    assert canned.reason
    text = canned.body + repr(canned.headers).encode()
    assert b"$" not in text  # every place is filled in
    kinds = {n for n, v in canned.headers if n == "content-type" and v}
    assert kinds == {"content-type"}
    if "json" in dict(canned.headers)["content-type"] and kind != "bad-json":
        json.loads(canned.body)


def test_the_errors_of_anthropic_are_of_the_credential_that_was_sent():
    canned, document = sent("401", x_api_key="sk-ant-api03-FAKE")
    assert canned.status == 401
    error = {"type": "authentication_error", "message": "invalid x-api-key"}
    assert document["error"] == error
    assert document["request_id"] == dict(canned.headers)["request-id"]
    _, document = sent("401", Authorization="Bearer sk-ant-oat01-FAKE")
    assert document["error"]["message"] == "Invalid bearer token"
    canned, _ = sent("429", x_api_key="sk-ant-api03-FAKE")
    names = dict(canned.headers)
    assert names["retry-after"] == "5"
    assert "anthropic-ratelimit-requests-reset" in names
    assert "anthropic-ratelimit-unified-status" not in names
    canned, _ = sent("429", Authorization="Bearer sk-ant-oat01-FAKE")
    names = dict(canned.headers)
    assert names["anthropic-ratelimit-unified-status"] == "rejected"
    assert int(names["anthropic-ratelimit-unified-reset"]) > 1_700_000_000
    assert "anthropic-ratelimit-requests-reset" not in names
    # Anthropic's SDKs for Python send keys so, since 2.14.0 or before.
    _, document = sent("401", authorization="bearer sk-ant-api03-FAKE")
    assert document["error"]["message"] == "Invalid bearer token"
    both = {"x_api_key": "a", "authorization": "Bearer a"}  # by a helper
    _, document = sent("401", **both)
    assert document["error"]["message"] == "invalid x-api-key"
    canned, _ = sent("429", authorization="bearer sk-ant-api03-FAKE")
    assert dict(canned.headers)["retry-after"] == "5"


def test_aws_says_what_is_wrong_in_a_header_of_its_own():
    canned, document = sent("403-aws", family="bedrock")
    invalid = "The security token included in the request is invalid."
    assert (canned.status, document) == (403, {"message": invalid})
    kind = dict(canned.headers)["x-amzn-errortype"]
    assert kind.startswith("UnrecognizedClientException")
    xml = parse("403-aws").answer(asked(family="aws"))
    assert b"<Code>InvalidClientTokenId</Code>" in xml.body
    kind = "application/json"
    _, document = sent("403-aws", family="aws", content_type=kind)
    assert document == {"message": invalid}


def test_an_overloaded_service_says_it_inside_a_stream():
    canned = parse("overloaded").answer(asked())
    assert canned.status == 200
    assert dict(canned.headers)["content-type"].startswith("text/event-stream")
    event, data, *rest = canned.body.decode().split("\n")
    assert (event, rest) == ("event: error", ["", ""])
    document = json.loads(data.removeprefix("data: "))
    assert document["error"]["type"] == "overloaded_error"
    frame = parse("overloaded").answer(asked(family="bedrock")).body
    botocore = pytest.importorskip("botocore.eventstream")
    buffer = botocore.EventStreamBuffer()
    buffer.add_data(frame)
    (message,) = buffer
    assert message.headers[":message-type"] == "exception"
    assert message.headers[":exception-type"] == "serviceUnavailableException"
    assert json.loads(message.payload) == {
        "message": "Bedrock is unable to process your request."
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_who_asked_for_no_stream_gets_the_status(family):
    for body in (b"", b"{}", rb'{"text": "\"stream\": true"}'):
        url = "https://example.com/v1/messages"
        what = asked(url=url, family=family, body=body)
        assert parse("overloaded").answer(what).status == 529
    url = "https://example.com/v1/m:streamRawPredict"
    what = asked(url=url, family=family, body=b"")
    assert parse("overloaded").answer(what).status in (200, 529)


@pytest.mark.parametrize(
    ("url", "family"),
    [
        (MESSAGES, "anthropic"),
        ("https://bedrock-runtime.eu-west-1.amazonaws.com/model/m/invoke",
         "bedrock"),
        ("https://sts.amazonaws.com/", "aws"),
        ("https://sts.eu-west-1.amazonaws.com/", "aws"),
        ("https://us-east5-aiplatform.googleapis.com/v1/p:rawPredict",
         "vertex"),
        ("https://me.services.ai.azure.com/anthropic/v1/messages", "foundry"),
        ("https://chatgpt.com/backend-api/codex/responses", "openai"),
        ("https://generativelanguage.googleapis.com/v1beta/models/m:generate",
         "gemini"),
        ("https://registry.npmjs.org/left-pad", ""),
        ("https://evil-api.anthropic.com.example.com/v1/messages", ""),
        ("https://[", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_a_request_of_an_unknown_family_is_known_by_its_host(url, family):
    assert service_errors.family_of(asked(url=url, family="")) == family


@pytest.mark.parametrize(
    "path", ["/api/oauth/profile", "/v1/oauth/token", "/api/hello", "/"]
)
def test_requests_that_are_no_calls_of_the_api_pass(path):
    stand_in = parse("401")
    url = f"https://api.anthropic.com{path}"
    assert stand_in.answer(asked(url=url)) is None
    url = "https://gateway.example.com/anthropic/v1/messages"
    assert stand_in.answer(asked(url=url)).status == 401


def test_each_file_of_answers_has_the_same_errors():
    expected = {"401", "429", "529", "expired-login"}
    for family in FAMILIES:
        file = service_errors._files()[family]
        errors = {k for k in file if re.match(r"[\d]|over|exp", k)}
        assert errors >= expected, family
    assert {*KINDS} == service_errors.kinds() | {"slow", "cut"}
