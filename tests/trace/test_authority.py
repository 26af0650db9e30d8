"""The certificate authority of one run: what it proves, where its key is."""

import os
import ssl
import time

import pytest

from keyswitch.trace.intercepting.authority import Authority


@pytest.fixture
def authority(tmp_path):
    return Authority(str(tmp_path))


def handshake(authority, host, asked=None, protocols=("http/1.1",)):
    """Return the client's end after a handshake in memory."""
    trusting = ssl.create_default_context(cadata=authority.pem.decode())
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    trusting.set_alpn_protocols(protocols)
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(back, there, server_hostname=asked or host)
    context = authority.context(host)
    server = context.wrap_bio(there, back, server_side=True)
    for _ in range(3):
        for end in (client, server):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return client


@pytest.mark.parametrize(
    "host",
    [
        "api.anthropic.com",
        "127.0.0.1",
        "::1",
        "a" * 60 + ".very-long-name-of-a-host.example.com",
        "xn--bcher-kva.example",
    ],
)
def test_it_proves_to_be_any_host(authority, host):
    assert handshake(authority, host).version() == "TLSv1.3"


def test_it_proves_to_be_that_host_only(authority):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(authority, "api.anthropic.com", "api.openai.com")


def test_nobody_but_its_command_trusts_it(authority, tmp_path_factory):
    other = Authority(str(tmp_path_factory.mktemp("other")))
    authority.context = other.context
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(authority, "api.anthropic.com")


def test_only_http_1_is_offered(authority):
    client = handshake(authority, "a.example", protocols=("h2", "http/1.1"))
    assert client.selected_alpn_protocol() == "http/1.1"


def test_a_key_lies_on_the_disk_only_encrypted_and_for_a_moment(
    authority, tmp_path, monkeypatch
):
    load, seen = ssl.SSLContext.load_cert_chain, []

    def watched(self, path, **named):
        assert os.listdir(tmp_path) == [os.path.basename(path)]
        assert os.stat(path).st_mode & 0o777 == 0o600
        with open(path, "rb") as file:
            seen.append(file.read())
        load(self, path, **named)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    authority.context("a.example")
    assert os.listdir(tmp_path) == []
    (data,) = seen
    assert data.count(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") == 1
    assert data.count(b"PRIVATE KEY-----") == 2  # its begin and its end


def test_the_file_goes_where_it_cannot_be_loaded(
    authority, tmp_path, monkeypatch
):
    def refused(*_, **__):
        raise ssl.SSLError

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", refused)
    with pytest.raises(ssl.SSLError):
        authority.context("a.example")
    assert os.listdir(tmp_path) == []


def test_a_host_keeps_its_certificate_for_half_a_day(authority, monkeypatch):
    first = authority.context("a.example")
    assert authority.context("a.example") is first
    later = time.monotonic() + 13 * 3600
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert authority.context("a.example") is not first
