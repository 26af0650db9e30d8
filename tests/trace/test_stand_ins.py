"""Simulated errors and recordings through the proxy, as a command sees them."""

import http.client

import pytest

from tests.trace.test_trace import ASK

POST = ASK + "print(ask('POST', '/v1/messages', '{}'))\n"
READ = """
try:
    print(ask('POST', '/v1/messages', '{}'))
except Exception as error:
    print(type(error).__name__, getattr(error, 'partial', b''))
"""


def test_the_error_comes_in_the_services_place(trace, upstream):
    done = trace("--simulate", "401", code=POST)
    assert "(401, b'" in done.err
    assert "invalid x-api-key" in done.err
    assert upstream.got == []
    (request,) = done.requests
    assert request["simulated"] == "401"
    assert request["cause"]["id"] == "api-key-invalid"


def test_errors_for_some_requests_and_others_for_the_rest(trace, upstream):
    options = ("--simulate", "529 first 1", "--simulate", "429 every 3rd")
    done = trace(*options, code=ASK + 4 * POST.removeprefix(ASK))
    assert [r["status"] for r in done.requests] == [529, 200, 429, 200]
    assert [r["simulated"] for r in done.requests] == ["529", None, "429", None]
    assert [got.body for got in upstream.got] == [b"{}", b"{}"]


@pytest.mark.parametrize("size", [0, 1, 7])
def test_an_answer_is_cut_where_it_is_asked_for(trace, upstream, size):
    upstream.answers["/v1/messages"] = (200, b"0123456789")
    rule = f"cut after {size} bytes"
    done = trace("--simulate", rule, code=ASK + READ)
    (request,) = done.requests
    assert request["failure"] == "cut, as simulated"
    assert request["simulated"] == "cut"
    assert f" {b'0123456789'[:size]}\n" in done.err


def test_a_slow_answer_is_the_services_own(trace, upstream):
    done = trace("--simulate", "slow 0.4 s", code=POST)
    (request,) = done.requests
    assert (request["status"], request["simulated"]) == (200, "slow")
    assert request["whole_ms"] >= 400
    assert len(upstream.got) == 1


def test_a_text_that_is_not_understood_runs_nothing(trace, upstream):
    done = trace("--simulate", "429 sometimes", code=POST)
    assert (done.code, upstream.got) == (1, [])
    assert "cannot understand what follows 429" in done.err
    assert "every 3rd" in done.err


def test_a_failing_exit_of_the_command_is_handed_on(trace):
    code = POST + "sys.exit(7)\n"
    assert trace("--simulate", "429", code=code).code == 7


def test_what_reads_a_body_first_passes_it_whole(trace, upstream):
    code = ASK + "print(ask('POST', '/v1/messages', 'x' * 3_000_000))\n"
    trace("--simulate", "429 after 60 s", code=code)
    (got,) = upstream.got
    assert len(got.body) == 3_000_000


def test_a_chunked_body_and_none_pass_as_well(trace, upstream):
    code = ASK + (
        "print(ask('POST', '/v1/messages', iter([b'a', b'bc'])))\n"
        "print(ask('GET', '/v1/models'))\n"
        "print(ask('POST', '/v1/messages', ''))\n"
    )
    done = trace("--simulate", "429 after 60 s", code=code)
    assert [got.body for got in upstream.got] == [b"abc", b"", b""]
    assert {r["status"] for r in done.requests} == {http.client.OK}
