"""A command's requests: what passes, what is shown, whose it is."""

import contextlib
import gzip
import http.client
import itertools
import json
import os
import re
import signal
import subprocess
import time
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
import zstandard

from tests.cli.keyswitch import KEY, OTHER
from tests.real import sigv4
from tests.trace.upstream import BETWEEN, STREAM

# The traced command: `ask` sends one request to the base URL that it was given.
ASK = """
import http.client, os, sys
from urllib.parse import urlsplit
base = urlsplit(os.environ["ANTHROPIC_BASE_URL"])
connection = http.client.HTTPConnection(base.hostname, base.port)
def ask(method="GET", path="/v1/models", body=None, **headers):
    names = {n.replace("_", "-"): v for n, v in headers.items()}
    connection.request(method, base.path + path, body, names)
    answer = connection.getresponse()
    return answer.status, answer.read()
"""


def test_the_profile_of_a_key_is_named_by_its_fingerprint(trace, upstream, ks):
    ks("add", "work", "--provider", "anthropic", "--stdin", stdin=KEY)
    done = trace(code=ASK + f"print(ask(x_api_key={KEY!r}))")
    (request,) = done.requests
    assert done.code == 0
    assert "(200, b'{\"ok\": 0}')" in done.err  # the command's own output
    assert request["method"] == "GET"
    assert request["host"] == f"127.0.0.1:{upstream.port}"
    assert request["path"] == "/v1/models"
    assert request["status"] == 200
    assert request["credentials"] == [
        {
            "header": "x-api-key",
            "masked": "sk-ant-api03-…MPLE",
            "profile": "work",
            "whose": "work (anthropic)",
            "identity": None,
        }
    ]
    assert upstream.got[0].named["x-api-key"] == KEY
    assert KEY not in done.out + done.err


def test_two_accounts_in_one_request_are_both_named(trace, ks):
    ks("add", "work", "--provider", "anthropic", "--stdin", stdin=KEY)
    ks("add", "mine", "--provider", "anthropic", "--stdin", stdin=OTHER)
    code = f"ask(x_api_key={KEY!r}, authorization='Bearer ' + {OTHER!r})"
    (request,) = trace(code=ASK + code).requests
    named = {c["header"]: c["profile"] for c in request["credentials"]}
    assert named == {"x-api-key": "work", "authorization": "mine"}


def test_a_credential_of_no_profile_is_said_to_be_of_none(trace):
    code = "ask(x_api_key='sk-ant-api03-FAKE-nobody-000000000000EXAMPLE')"
    (request,) = trace(code=ASK + code).requests
    assert [c["whose"] for c in request["credentials"]] == ["no profile"]
    assert request["credentials"][0]["profile"] is None


def test_a_stored_login_is_named_by_its_account(trace, ks):
    token = "sk-ant-oat01-FAKE-login-0000000000000000000EXAMPLE"
    folder = ks.home / ".claude"
    folder.mkdir()
    login = {
        "accessToken": token,
        "refreshToken": "r",
        "scopes": ["user:inference"],
        "subscriptionType": "max",
    }
    account = {"emailAddress": "me@example.com"}
    for path, document in (
        (folder / ".credentials.json", {"claudeAiOauth": login}),
        (ks.home / ".claude.json", {"oauthAccount": account}),
    ):
        path.write_text(json.dumps(document))
    code = f"ask(authorization='Bearer ' + {token!r})"
    (request,) = trace(code=ASK + code).requests
    whose = request["credentials"][0]["whose"]
    assert whose == "me@example.com (max), no profile"


def test_headers_and_bodies_reach_the_service_as_they_were_sent(
    trace, upstream
):
    body = bytes(range(256)) * 5000
    code = """
print(ask("POST", "/a%2Fb//c?x=%20y&x-amz=1", bytes(range(256)) * 5000,
    X_Odd="a, b", accept_encoding="identity", user_agent="me/1"))
"""
    done = trace(code=ASK + code)
    (got,) = upstream.got
    assert done.requests[0]["sent_bytes"] == len(body)
    assert got.path == "/a%2Fb//c?x=%20y&x-amz=1"
    assert got.body == body
    assert got.named == {
        "host": f"127.0.0.1:{upstream.port}",
        "content-length": str(len(body)),
        "x-odd": "a, b",
        "accept-encoding": "identity",
        "user-agent": "me/1",
    }


def test_a_chunked_request_stays_chunked(trace, upstream):
    code = (
        "ask('POST', '/c', iter([b'one', b'two']), transfer_encoding='chunked')"
    )
    code = """
connection.putrequest("POST", base.path + "/c")
connection.putheader("Transfer-Encoding", "chunked")
connection.endheaders(iter([b"one", b"two"]), encode_chunked=True)
print(connection.getresponse().read())
"""
    done = trace(code=ASK + code)
    assert upstream.got[0].body == b"onetwo"
    assert upstream.got[0].named["transfer-encoding"] == "chunked"
    assert done.requests[0]["sent_bytes"] == 6


def test_each_part_of_a_stream_arrives_when_it_is_sent(trace):
    code = """
import time
connection.request("GET", base.path + "/stream")
answer = connection.getresponse()
began, parts = time.time(), []
while part := answer.read1():
    parts.append((part, time.time() - began))
print(parts)
"""
    done = trace(code=ASK + code)
    parts = eval(done.err.splitlines()[0])
    assert [part for part, _ in parts] == STREAM
    times = [at for _, at in parts]
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert min(gaps) > BETWEEN / 3
    assert done.requests[0]["first_byte_ms"] < BETWEEN * 1000
    assert done.requests[0]["whole_ms"] > BETWEEN * 4 * 1000


def test_connections_are_kept_in_both_directions(trace, upstream):
    code = "for _ in range(3): ask()"
    done = trace(code=ASK + code)
    assert len({got.client for got in upstream.got}) == 1
    connects = [request["connect_ms"] for request in done.requests]
    assert connects[0] is not None
    assert connects[1:] == [None, None]


def test_answers_without_a_body_pass_and_the_connection_is_kept(
    trace, upstream
):
    code = """
print(ask("HEAD", "/v1/models"))
print(ask("GET", "/nothing"))
print(ask("GET", "/v1/models"))
"""
    done = trace(code=ASK + code)
    lines = done.err.splitlines()
    assert lines[:3] == ["(200, b'')", "(204, b'')", "(200, b'{\"ok\": 0}')"]
    assert [r["received_bytes"] for r in done.requests] == [0, 0, 9]
    assert len({got.client for got in upstream.got}) == 1


def test_a_broken_provider_file_and_a_proxy_of_another_kind_are_no_bugs(
    trace, ks
):
    folder = ks.home / ".config" / "keyswitch" / "providers"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "acme.toml").write_text("not [ toml")
    code = """
try:
    ask()
except ConnectionError:
    print("as without trace")
"""
    environ = {"HTTP_PROXY": "socks5://127.0.0.1:1", "NO_PROXY": "x.example"}
    done = trace(code=ASK + code, environ=environ)
    assert "as without trace" in done.err
    assert "is not an HTTP proxy" in done.requests[0]["failure"]


def test_a_websocket_is_refused_with_a_status_that_says_so(trace, upstream):
    code = "print(ask(connection='Upgrade', upgrade='websocket'))"
    done = trace(code=ASK + code)
    assert "(426, b'')" in done.err
    assert upstream.got == []
    assert done.requests[0]["simulated"] == "no websockets"


def test_an_error_is_explained(trace, upstream):
    upstream.answers["/v1/models"] = (
        401,
        {
            "error": {
                "type": "authentication_error",
                "message": "invalid x-api-key",
            }
        },
    )
    (request,) = trace(code=ASK + "ask()").requests
    assert request["status"] == 401
    assert request["cause"]["title"]
    assert request["cause"]["fix"]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_packed_error_is_explained_and_passes_as_it_is(
    trace, upstream, coding
):
    text = json.dumps({"error": {"message": "invalid x-api-key"}}).encode()
    pack = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "br": brotli.compress,
        "zstd": zstandard.compress,
    }[coding]
    packed = pack(text)
    upstream.answers["/v1/models"] = (401, packed)
    upstream.headers["Content-Encoding"] = coding
    done = trace(code=ASK + "print(ask()[1].hex())")
    assert bytes.fromhex(done.err.splitlines()[0]) == packed
    assert "x-api-key" in done.requests[0]["cause"]["title"]


def test_a_repeated_request_is_a_retry(trace, upstream):
    upstream.answers["/v1/models"] = (
        529,
        {"error": {"type": "overloaded_error"}},
    )
    code = "[ask() for _ in range(3)]"
    done = trace(code=ASK + code)
    assert [r["retry"] for r in done.requests] == [0, 1, 2]


def test_rate_limits_are_shown(trace, upstream):
    upstream.headers["anthropic-ratelimit-requests-remaining"] = "7"
    (request,) = trace(code=ASK + "ask()").requests
    assert request["rate_limits"] == {
        "anthropic-ratelimit-requests-remaining": "7"
    }


def test_a_service_that_hangs_up_hangs_up_on_the_client(trace, upstream):
    upstream.hangs_up.add("/v1/models")
    code = """
try:
    ask("POST")
except (http.client.RemoteDisconnected, ConnectionError):
    print("as without trace")
"""
    done = trace(code=ASK + code)
    assert "as without trace" in done.err
    assert done.requests[0]["status"] is None
    assert done.requests[0]["failure"] == "the service closed the connection"


def test_the_commands_exit_status_is_passed_on(trace):
    assert trace(code="import sys; sys.exit(7)").code == 7


def test_a_signature_is_made_for_the_real_host(trace, upstream):
    keys = {
        "AWS_ACCESS_KEY_ID": "AKIAFAKEFAKEEXAMPLEA",
        "AWS_SECRET_ACCESS_KEY": "FAKEsecretEXAMPLE0000000000000000000000",
    }
    code = """
import os, urllib.request
from botocore.session import Session
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
url = os.environ["ANTHROPIC_BEDROCK_BASE_URL"] + "/model/a%3A1/invoke"
request = AWSRequest("POST", url, data=b"{}", headers={"X-Team": "blue"})
keys = Session().get_credentials()
SigV4Auth(keys, "bedrock", "eu-central-1").add_auth(request)
sent = urllib.request.Request(url, b"{}", dict(request.headers))
print(urllib.request.urlopen(sent).status)
"""
    environ = {
        **keys,
        "CLAUDE_CODE_USE_BEDROCK": "1",
        "ANTHROPIC_BEDROCK_BASE_URL": f"{upstream.url}/bed",
    }
    done = trace(code=code, environ=environ)
    (got,) = upstream.got
    assert got.path == "/bed/model/a%3A1/invoke"
    as_stub = _as_stub(got)
    assert sigv4.is_signed_with(as_stub, *keys.values())
    (credential,) = done.requests[0]["credentials"]
    assert credential["masked"] == "AKIAFAKEFAKEEXAMPLEA"
    assert credential["identity"] == (
        "AKIAFAKEFAKEEXAMPLEA of account 344277189256, bedrock in eu-central-1"
    )
    assert keys["AWS_SECRET_ACCESS_KEY"] not in done.out + done.err


def _as_stub(got):
    from tests.real.stub import Request

    return Request(got.method, got.named["host"], got.path, got.named, got.body)


# ------------------------------------------------------------ who may use it


@pytest.fixture
def running(trace):
    """A traced command that waits, and the base URL that it was given."""
    code = """
import os, sys
print(os.environ["ANTHROPIC_BASE_URL"], flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen(
        trace.words(code=code), env=trace.environ, cwd=trace.ks.home,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    with process:
        yield process, process.stdout.readline().strip()
        process.stdin.close()


def test_nobody_without_the_token_gets_an_answer(running, upstream):
    _, base = running
    parts = urlsplit(base)
    token = parts.path.split("/")[1]
    own = f"{parts.hostname}:{parts.port}"
    for path, host in (
        ("/v1/models", own),  # no token
        (f"/{token[::-1]}/anthropic-base-url/v1/models", own),
        (f"/{token}/other/v1/models", own),
        (f"{parts.path}/v1/models", "rebound.example.com"),
        (f"{parts.path}/v1/models", f"localhost:{parts.port}"),
    ):
        assert _asked(parts.port, path, host) == (404, b""), path
    assert upstream.got == []
    assert _asked(parts.port, f"{parts.path}/v1/models", own)[0] == 200


def _asked(port, path, host):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read()


def test_it_listens_on_the_loopback_only_and_ends_with_the_command(running):
    process, base = running
    port = urlsplit(base).port
    listening = _listening(port)
    assert listening == {"0100007F"}  # 127.0.0.1
    process.stdin.close()
    process.wait(30)
    assert _listening(port) == set()


def _listening(port):
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            words = line.split()
            address, _, hexadecimal = words[1].partition(":")
            if words[3] == "0A" and int(hexadecimal, 16) == port:
                found.add(address)
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_command_and_trace_and_leaves_nothing(
    trace, running, number
):
    process, base = running
    before = _files(trace.ks.home)
    process.send_signal(number)
    assert process.wait(30) == 128 + number
    assert _listening(urlsplit(base).port) == set()
    assert _files(trace.ks.home) == before


def test_ctrl_c_of_a_terminal_lets_the_command_decide(trace):
    code = """
import os, signal, sys, time
def handle(*_):
    os.write(1, b"clean end")
    sys.exit(5)
signal.signal(signal.SIGINT, handle)
print("ready", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen(
        trace.words(code=code), env=trace.environ, cwd=trace.ks.home,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    out, err = process.communicate(timeout=30)
    assert "clean end" in out, err
    assert process.returncode == 5
    assert "Traceback" not in err


def _files(home):
    return sorted(str(path) for path in home.rglob("*"))


def test_a_stream_of_200_mb_stays_flat_in_memory(trace):
    code = """
connection.request("GET", base.path + "/big?mb=200")
answer = connection.getresponse()
count = 0
while part := answer.read1(1 << 16):
    count += len(part)
print(count)
with open(f"/proc/{os.getppid()}/status") as file:
    print(*[line for line in file if line.startswith("VmHWM")], flush=True)
"""
    began = time.monotonic()
    done = trace(code=ASK + code)
    assert "200000000" in done.err
    assert done.requests[0]["received_bytes"] == 200_000_000
    assert time.monotonic() - began < 60
    # Not of the children's usage: that counts what a fork had of this process.
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", done.err)[1])
    assert peak < 150_000


def test_100_requests_at_once_each_get_their_own_answer(trace, upstream):
    code = """
from concurrent.futures import ThreadPoolExecutor
def one(number):
    own = http.client.HTTPConnection(base.hostname, base.port)
    own.request("POST", f"{base.path}/n{number}", b"x" * number)
    answer = own.getresponse().read()
    own.close()
    return answer == b'{"ok": %d}' % number
with ThreadPoolExecutor(100) as pool:
    print(list(pool.map(one, range(100))).count(True))
"""
    done = trace(code=ASK + code)
    assert done.err.splitlines()[0] == "100"
    assert len(done.requests) == len(upstream.got) == 100
    assert sorted(r["number"] for r in done.requests) == [*range(1, 101)]


def test_a_reader_that_goes_away_does_not_end_the_command(trace):
    words = trace.words("--json", code=ASK + "ask()\nask()\nprint('whole')")
    process = subprocess.Popen(
        words, env=trace.environ, cwd=trace.ks.home, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.close()
    err = process.stderr.read()
    assert "whole" in err
    assert "Traceback" not in err
    process.stderr.close()
    process.wait(30)
