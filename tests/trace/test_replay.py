"""Answers from a recording: which one, in which order, with which bytes."""

import json

import pytest

from keyswitch.trace.requests.exchange import Body, Exchange, Timing
from keyswitch.trace.requests.redaction import shown_url
from keyswitch.trace.stand_ins.replay import Replay
from keyswitch.trace.stand_ins.stand_in import Incoming

HOST = "https://api.anthropic.com"
STREAM = "event: ping\ndata: {}\n\nevent: naïve\ndata: …\n\n"


def recorded(path="/v1/messages", text="{}", **what):
    body = what.pop("body", Body(len(text or ""), "application/json", text))
    base = {
        "number": 1,
        "started": 0.0,
        "method": "POST",
        "url": HOST + path,
        "way": "base-url",
        "credentials": (),
        "request_headers": (),
        "request": Body(),
        "timing": Timing(first_byte=30.0, whole=60.0),
        "status": 200,
        "reason": "OK",
        "answer": body,
    }
    return Exchange(**{**base, **what})


def ask(replay, path="/v1/messages", method="POST", host=HOST):
    return replay.answer(Incoming(1, 0.0, method, host + path, (), "anthropic"))


def bodies(replay, paths):
    return [ask(replay, path).body.decode() for path in paths]


def is_refused(canned, *parts):
    error = json.loads(canned.body)["error"]
    assert canned.status == 502
    assert dict(canned.headers)["x-should-retry"] == "false"
    assert error["type"] == "not_recorded"
    return all(part in error["message"] for part in parts)


def test_the_order_is_the_recorded_one_and_the_last_answer_stays():
    replay = Replay(
        [recorded(text="1"), recorded("/b", "x"), recorded(text="2")]
    )
    paths = ["/v1/messages", "/b", "/b", "/v1/messages", "/v1/messages"]
    assert bodies(replay, paths) == ["1", "x", "x", "2", "2"]


def test_method_path_and_query_have_to_be_the_same():
    replay = Replay([recorded("/v1/messages?beta=true")])
    assert ask(replay, "/v1/messages?beta=true").status == 200
    assert is_refused(ask(replay), "no answer for POST /v1/messages")
    other = ask(replay, "/v1/messages?beta=true", "GET")
    assert is_refused(other, "no answer for GET /v1/messages?beta=true")
    assert is_refused(ask(Replay([])), "/v1/messages")


def test_the_own_host_comes_first_and_another_will_do():
    other = "https://gateway.example.com"
    replay = Replay(
        [recorded(text="1"), recorded(text="2", url=f"{other}/v1/messages")]
    )
    assert ask(replay, host=other).body == b"2"
    assert ask(replay).body == b"1"
    elsewhere = [ask(replay, host="http://127.0.0.1:1").body for _ in "123"]
    assert elsewhere == [b"1", b"2", b"2"]


def test_a_secret_in_the_address_is_masked_on_both_sides():
    key = "AIzaFAKE0123456789FAKE0123456789EXAMPLE"
    masked = recorded(url=shown_url(f"{HOST}/v1/m:g?key={key}&alt=sse"))
    assert key not in masked.url
    canned = ask(Replay([masked]), f"/v1/m:g?key={key}&alt=sse")
    assert canned.status == 200
    refused = ask(Replay([]), f"/v1/m:g?key={key}")
    assert key.encode() not in refused.body


def test_headers_of_the_coding_and_of_the_connection_stay_behind():
    headers = (
        ("Content-Type", "text/event-stream; charset=utf-8"),
        ("Content-Encoding", "gzip"),
        ("content-length", "7"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "keep-alive"),
        ("Set-Cookie", "sid=…"),
        ("request-id", "req_1"),
        ("x-many", "1"),
        ("x-many", "2"),
        ("bad name", "x"),
        ("", "x"),
        ("injected", "1\r\nset-cookie: a=b"),
    )
    canned = ask(Replay([recorded(text=STREAM, headers=headers)]))
    assert canned.body.decode() == STREAM
    assert canned.headers == (
        ("Content-Type", "text/event-stream; charset=utf-8"),
        ("request-id", "req_1"),
        ("x-many", "1"),
        ("x-many", "2"),
    )
    assert canned.label == "replay"


def test_an_error_is_replayed_like_any_answer():
    canned = ask(Replay([recorded(status=529, reason="Overloaded")]))
    assert (canned.status, canned.reason) == (529, "Overloaded")


@pytest.mark.parametrize(
    "body",
    [
        Body(9, "application/json", None),
        Body(9, "application/vnd.amazon.eventstream", None),
        Body(9, "application/json", "{", cut=True),
    ],
)
def test_an_answer_that_was_not_kept_is_refused_and_not_invented(body):
    canned = ask(Replay([recorded(body=body)]))
    assert is_refused(canned, "does not contain the whole answer")


def test_an_answer_without_a_body_is_one():
    canned = ask(Replay([recorded(body=Body(), status=204)]))
    assert (canned.status, canned.body) == (204, b"")


@pytest.mark.parametrize("status", [0, -1, 99, 101, 600, 10**9])
def test_what_is_no_answer_is_passed_over(status):
    replay = Replay([recorded(status=status), recorded(text="2")])
    assert ask(replay).body == b"2"
    assert is_refused(ask(Replay([recorded(status=status)])))


def test_a_recording_that_somebody_wrote_by_hand_breaks_nothing():
    odd = recorded(text="\ud800", url="no address", reason="a\r\nb: c")
    replay = Replay([odd, recorded(url="", text="")])
    canned = replay.answer(Incoming(1, 0.0, "POST", "http://h", (), ""))
    assert (canned.body, canned.reason) == (b"?", "")
