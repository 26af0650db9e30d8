"""`trace --intercept` as a process: TLS services behind it, its JSON lines."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.cli.keyswitch import KEY
from tests.real.certificates import Authority
from tests.real.stub import Stub

# The traced command: `ask` sends one request to a real host, by its proxy.
ASK = """
import os, ssl, urllib.request
def ask(url, **headers):
    names = {n.replace("_", "-"): v for n, v in headers.items()}
    asked = urllib.request.Request(url, headers=names)
    try:
        return urllib.request.urlopen(asked, timeout=20).read()
    except OSError as error:
        return f"{type(error).__name__}: {error}"
"""
MODELS = "https://api.anthropic.com/v1/models"


@pytest.fixture
def service(tmp_path):
    """All hosts of the world, behind the person's own proxy."""
    folder = tmp_path / "authority"
    folder.mkdir()
    with Stub(Authority(folder)) as stub:
        yield stub


@pytest.fixture
def behind(service):
    """The person's own variables: a proxy, and whom to trust."""
    return {
        "HTTPS_PROXY": service.url,
        "SSL_CERT_FILE": str(service.authority.ca_file),
    }


def test_a_request_to_a_real_host_is_seen_with_its_profile(
    trace, ks, service, behind
):
    ks("add", "work", "--provider", "anthropic", "--stdin", stdin=KEY)
    code = ASK + f"print(ask({MODELS!r}, x_api_key={KEY!r}))"
    done = trace("--intercept", code=code, environ=behind)
    (request,) = done.requests
    assert request["way"] == "intercepted"
    assert (request["host"], request["path"]) == (
        "api.anthropic.com",
        "/v1/models",
    )
    assert [c["profile"] for c in request["credentials"]] == ["work"]
    (got,) = service.requests
    assert (got.host, got.headers["x-api-key"]) == ("api.anthropic.com", KEY)
    assert KEY not in done.out + done.err


def test_it_is_said_loudly_even_where_little_is_said(trace, behind):
    done = trace("--intercept", "--", sys.executable, "-c", "", environ=behind)
    assert "keyswitch: warning: --intercept: keyswitch decrypts" in (done.err)


def test_without_it_nothing_is_intercepted(trace, service, behind):
    code = ASK + f"print(ask({MODELS!r}, x_api_key={KEY!r}))"
    done = trace(code=code, environ=behind)
    assert done.requests == []
    assert [r.host for r in service.requests] == ["api.anthropic.com"]
    assert "keyswitch decrypts this command's TLS" not in done.err


def test_other_hosts_pass_through_untouched(trace, service, behind):
    code = ASK + "print(ask('https://registry.example.org/x', cookie='a=b'))"
    done = trace("--intercept", code=code, environ=behind)
    assert done.requests == []
    (got,) = service.requests
    assert (got.host, got.headers["cookie"]) == ("registry.example.org", "a=b")
    assert "untouched, not shown: registry.example.org\n" in done.err


def test_a_person_adds_a_host(trace, service, behind):
    code = ASK + "print(ask('https://llm.corp.example/x'))"
    done = trace(
        "--intercept-host", "*.corp.example", code=code, environ=behind
    )
    assert [r["host"] for r in done.requests] == ["llm.corp.example"]


@pytest.mark.parametrize("pattern", ["https://a.example", "a b", ""])
def test_what_is_no_host_is_refused(trace, pattern):
    done = trace("--intercept-host", pattern, code="")
    assert done.code == 1
    assert "is not a host pattern" in done.err


def test_a_service_that_cannot_be_trusted_is_said_and_gets_nothing(
    trace, service, behind
):
    # Its certificate is of an authority that the command never trusted.
    code = ASK + f"print(ask({MODELS!r}, x_api_key={KEY!r}))"
    del behind["SSL_CERT_FILE"]
    done = trace("--intercept", code=code, environ=behind)
    (request,) = done.requests
    assert request["status"] is None
    assert "certificate is not trusted" in request["failure"]
    assert "self-signed" in request["failure"] or "issuer" in request["failure"]
    assert service.requests == []


def test_a_service_of_another_name_is_said_and_gets_nothing(
    trace, service, behind
):
    authority, real = service.authority, service.authority.context
    authority.context = lambda _: real("evil.example")
    code = ASK + f"print(ask({MODELS!r}, x_api_key={KEY!r}))"
    done = trace("--intercept", code=code, environ=behind)
    assert "Hostname mismatch" in done.requests[0]["failure"]
    assert service.requests == []


def test_https_base_urls_stay_and_plain_ones_are_replaced(
    trace, service, behind, upstream
):
    names = "ANTHROPIC_BASE_URL", "OPENAI_BASE_URL"
    code = f"""
import os
print([os.environ.get(n) for n in {names!r}])
"""
    environ = {
        **behind,
        "OPENAI_API_KEY": "sk-proj-FAKE-EXAMPLE",
        "OPENAI_BASE_URL": "https://llm.example.net/v1",
    }
    done = trace("--intercept", code=code, environ=environ)
    assert "'https://llm.example.net/v1'" in done.err
    assert "['http://127.0.0.1:" in done.err
    # The host of an address in use is one that takes credentials.
    code = ASK + "ask(os.environ['OPENAI_BASE_URL'] + '/models')"
    done = trace("--intercept", code=code, environ=environ)
    assert [r["host"] for r in done.requests] == ["llm.example.net"]


def test_no_proxy_does_not_lead_past_it(trace, service, behind):
    host = "llm.corp.invalid"  # no resolver knows it
    code = ASK + f"ask('https://{host}/x')\nprint(os.environ['NO_PROXY'])"
    environ = {**behind, "NO_PROXY": "in.example,.corp.invalid"}
    done = trace("--intercept-host", host, code=code, environ=environ)
    assert "in.example,127.0.0.1,localhost,::1" in done.err
    assert "for this run .corp.invalid is removed from NO_PROXY" in done.err
    # trace itself goes where the command would have gone: straight there.
    assert host in done.requests[0]["failure"]
    assert service.requests == []


def test_a_process_that_was_not_told_cannot_use_it(trace, service, behind):
    code = (
        ASK
        + f"""
from urllib.parse import urlsplit
place = urlsplit(os.environ["HTTPS_PROXY"])
os.environ["https_proxy"] = f"http://{{place.hostname}}:{{place.port}}"
print(ask({MODELS!r}))
"""
    )
    done = trace("--intercept", code=code, environ=behind)
    assert "407" in done.err
    assert done.requests == []
    assert service.requests == []


def test_nothing_is_left(trace, ks, behind):
    code = (
        ASK
        + f"""
print(ask({MODELS!r}))
bundle = os.environ["SSL_CERT_FILE"]
folder = os.path.dirname(bundle)
print("FOLDER", folder, sorted(os.listdir(folder)))
"""
    )
    before = {*os.listdir(ks.home)}
    done = trace("--intercept", code=code, environ=behind)
    folder, files = re.search(r"FOLDER (\S+) (.*)", done.err).groups()
    assert os.path.dirname(folder) == str(ks.home)  # TMPDIR
    assert files == "['authorities.pem']"
    assert not os.path.exists(folder)
    assert {*os.listdir(ks.home)} - before <= {".config", ".local"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_while_a_connection_is_open(
    trace, ks, behind, number
):
    code = (
        ASK
        + f"""
import time
ask({MODELS!r})
print("FOLDER", os.path.dirname(os.environ["SSL_CERT_FILE"]), flush=True)
time.sleep(60)
"""
    )
    with subprocess.Popen(
        trace.words("--intercept", code=code), env={**trace.environ, **behind},
        cwd=ks.home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        folder = process.stdout.readline().split()[1]
        assert os.listdir(folder) == ["authorities.pem"]
        process.send_signal(number)
        assert process.wait(30) == 128 + number
    assert not os.path.exists(folder)


@pytest.mark.real("strace")
def test_no_key_is_ever_written_unencrypted(trace, tmp_path, behind):
    log = tmp_path / "calls"
    words = trace.words("--intercept", code=ASK + f"ask({MODELS!r})")
    subprocess.run(
        ["strace", "-f", "-s", "100000", "-e",
         "trace=%file,write,writev,pwrite64", "-o", log, *words],
        env={**trace.environ, **behind}, capture_output=True, check=True,
        timeout=120,
    )  # fmt: skip
    calls = log.read_text()
    assert calls.count("-----BEGIN ENCRYPTED PRIVATE KEY-----") == 1
    assert "-----BEGIN PRIVATE KEY-----" not in calls
    assert "-----BEGIN EC PRIVATE KEY-----" not in calls
