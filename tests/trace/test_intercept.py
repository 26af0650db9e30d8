"""The CONNECT proxy alone: who may use it, what passes untouched."""

import asyncio
import contextlib
import hashlib
import os
import socket
import ssl
from base64 import b64encode

import pytest

from keyswitch.trace.intercepting import intercept
from keyswitch.trace.intercepting.authority import Authority
from keyswitch.trace.intercepting.intercept import Intercept, Onward
from tests.real import certificates as tests_authority

TOKEN = "FAKE-token-of-this-run-EXAMPLE"
HOST = "covered.example"


def basic(user, password):
    pair = b64encode(f"{user}:{password}".encode()).decode()
    return f"Proxy-Authorization: Basic {pair}\r\n"


KNOWN = basic("keyswitch", TOKEN)


class Answering(asyncio.Protocol):
    """Takes the place of the handler of requests."""

    def __init__(self, host, port):
        self.host, self.port = host, port

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(f"{self.host}:{self.port} ".encode() + data)


class Run:
    """One run's proxy, with services behind it."""

    def __init__(self, folder):
        self.notes = []
        self.asked = []
        self.way_out = None  # the person's own proxy
        self.is_own = True
        self.authority = Authority(str(folder))
        self.proxy = Intercept(
            TOKEN,
            self.authority,
            lambda host: host in {HOST, "127.0.0.1", "::1"},
            Onward(
                Answering,
                lambda url: self.asked.append(url) or self.way_out,
                ssl.create_default_context(),
                lambda _: self.is_own,
            ),
            self.notes.append,
        )
        self.cleaning = []

    async def __aenter__(self):
        self.port = int((await self.proxy.start()).rpartition(":")[2])
        return self

    async def __aexit__(self, *_):
        await self.proxy.stop()
        for opened in self.cleaning:
            opened.close()
        await asyncio.sleep(0.01)

    async def service(self, handle, **options):
        """Start a service; return its port."""
        server = await asyncio.start_server(handle, "127.0.0.1", 0, **options)
        self.cleaning.append(server)
        return server.sockets[0].getsockname()[1]

    async def open(self):
        """Connect, and ask for nothing."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.cleaning.append(writer)
        return reader, writer

    async def connect(self, place, headers=KNOWN):
        """Ask for a connection; return (reader, writer, status line)."""
        reader, writer = await self.open()
        writer.write(f"CONNECT {place} HTTP/1.1\r\n{headers}\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        return reader, writer, head.decode().splitlines()[0]

    async def secure(self, place, name):
        """Speak TLS through a connection; return (reader, writer)."""
        reader, writer, status = await self.connect(place)
        assert status == "HTTP/1.1 200 Connection established"
        trusting = ssl.create_default_context(
            cadata=self.authority.pem.decode()
        )
        await writer.start_tls(trusting, server_hostname=name)
        return reader, writer


@pytest.fixture
def play(tmp_path):
    """Run a coroutine function with a proxy; nothing may hang."""

    def begin(story):
        async def within():
            async with asyncio.timeout(30), Run(tmp_path) as run:
                await story(run)
                return run

        found = asyncio.run(within())
        assert os.listdir(tmp_path) == []
        return found

    return begin


async def echo(reader, writer):
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()


@pytest.mark.parametrize(
    "headers",
    [
        "",
        basic("keyswitch", "guessed"),
        basic("", TOKEN),
        KNOWN.replace("Basic", "Bearer"),
        KNOWN + KNOWN,
        basic("keyswitch", "tökn"),
        "Proxy-Authorization: \xff\r\n",
    ],
)
def test_a_process_without_the_token_is_refused(play, headers):
    async def story(run):
        reader, _, status = await run.connect(f"{HOST}:443", headers)
        assert status == "HTTP/1.1 407 Proxy Authentication Required"
        assert await reader.read() == b""
        assert run.proxy.refused == 1

    assert play(story).asked == []


def test_a_process_of_another_user_is_refused(play):
    async def story(run):
        run.is_own = False
        _, _, status = await run.connect(f"{HOST}:443")
        assert status.startswith("HTTP/1.1 407 ")

    play(story)


@pytest.mark.parametrize(
    "line",
    [
        "GET http://a.example/ HTTP/1.1",
        "CONNECT a.example HTTP/1.1",
        "x",
        "CONNECT a.example:99999 HTTP/1.1",
        "CONNECT ä:443 HTTP/1.1",
    ],
)
def test_only_connect_is_followed(play, line):
    async def story(run):
        reader, writer = await run.open()
        writer.write(f"{line}\r\n{KNOWN}\r\n".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 501 ")

    play(story)


def test_a_request_to_connect_has_bounds(play, monkeypatch):
    monkeypatch.setattr(intercept, "HEAD_WAIT", 0.2)

    async def story(run):
        reader, writer = await run.open()
        writer.write(b"CONNECT a:1 HTTP/1.1\r\nx: " + b"x" * (32 << 10))
        assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")
        reader, writer = await run.open()
        writer.write(b"CONNECT a:1 HTTP/1.1\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")

    play(story)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (f"{HOST}:443", HOST),
        (f"{HOST.upper()}:8443", HOST),
        ("127.0.0.1:443", "127.0.0.1"),
        ("[::1]:443", "::1"),
    ],
)
def test_a_covered_host_is_looked_into(play, place, name):
    async def story(run):
        reader, writer = await run.secure(place, name)
        writer.write(b"GET /")
        port = place.rpartition(":")[2]
        assert await reader.readexactly(len(name) + len(port) + 7) == (
            f"{name}:{port} GET /".encode()
        )

    run = play(story)
    assert run.asked == run.notes == []


def test_another_name_than_the_one_that_was_asked_for_is_not_proved(play):
    async def story(run):
        with pytest.raises(ssl.SSLCertVerificationError):
            await run.secure(f"{HOST}:443", "other.example")

    play(story)


def distrusting(port, place):
    """Begin TLS as a program that trusts the system's authorities only."""
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(f"CONNECT {place} HTTP/1.1\r\n{KNOWN}\r\n".encode())
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")
        name = place.partition(":")[0]
        context = ssl.create_default_context()
        with pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(client, server_hostname=name)


def test_who_does_not_trust_the_certificate_passes_unseen_then(play):
    async def story(run):
        port = await run.service(echo)
        run.proxy.covers = lambda _: True
        await asyncio.to_thread(distrusting, run.port, f"localhost:{port}")
        while not run.notes:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        reader, writer, _ = await run.connect(f"localhost:{port}")
        writer.write(b"\x16untouched")
        assert await reader.readexactly(10) == b"\x16untouched"

    (note,) = play(story).notes
    assert note.startswith("a program does not trust trace's certificate for")


def test_what_is_no_tls_passes_untouched(play):
    async def story(run):
        run.proxy.covers = lambda _: True
        port = await run.service(echo)
        reader, writer, _ = await run.connect(f"127.0.0.1:{port}")
        writer.write(b"SSH-2.0-me\r\n")
        assert await reader.readline() == b"SSH-2.0-me\r\n"

    play(story)


def test_what_takes_http_2_only_passes_untouched(play, tmp_path_factory):
    service = tests_authority.Authority(tmp_path_factory.mktemp("service"))

    async def story(run):
        run.proxy.covers = lambda _: True
        port = await run.service(echo, ssl=service.context("localhost"))
        reader, writer, _ = await run.connect(f"localhost:{port}")
        trusting = ssl.create_default_context(cafile=service.ca_file)
        trusting.set_alpn_protocols(["h2"])
        await writer.start_tls(trusting, server_hostname="localhost")
        writer.write(b"PRI * HTTP/2.0")
        assert await reader.readexactly(14) == b"PRI * HTTP/2.0"

    play(story)


def test_a_tunnel_passes_ten_megabytes_both_ways_byte_for_byte(play):
    there, back = os.urandom(10 << 20), os.urandom(10 << 20)
    got = []

    async def serve(reader, writer):
        writer.write(back)
        # Its client closes its end first, and still gets the rest.
        got.append(hashlib.sha256(await reader.read()).digest())
        writer.write(b"after your end")
        await writer.drain()
        writer.close()

    async def story(run):
        port = await run.service(serve)
        reader, writer, _ = await run.connect(f"localhost:{port}")
        writer.write(there)
        writer.write_eof()
        assert await reader.read() == back + b"after your end"

    run = play(story)
    assert got == [hashlib.sha256(there).digest()]
    assert run.proxy.tunnels == {"localhost"}
    assert run.notes == []


def test_a_cut_connection_is_cut_at_the_other_end(play):
    async def serve(reader, writer):
        await reader.read(1)
        writer.transport.abort()

    async def story(run):
        port = await run.service(serve)
        reader, writer, _ = await run.connect(f"localhost:{port}")
        writer.write(b"x")
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""

    play(story)


def test_a_host_that_cannot_be_reached_is_said(play):
    async def story(run):
        for _ in range(2):
            for host in ("localhost", "no..name"):
                _, _, status = await run.connect(f"{host}:1")
                assert status == "HTTP/1.1 502 Bad Gateway"

    first, second = play(story).notes
    assert first.startswith("cannot reach localhost: ")
    assert second.startswith("cannot reach no..name: ")


def test_a_tunnel_goes_through_the_persons_own_proxy(play):
    heads = []

    async def proxy(reader, writer):
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        if "refused" in heads[-1]:
            writer.write(b"HTTP/1.1 403 Not For You\r\n\r\n")
            writer.close()
            return
        writer.write(b"HTTP/1.0 200 ok\r\nVia: x\r\n\r\nat once ")
        await echo(reader, writer)

    async def story(run):
        port = await run.service(proxy)
        run.way_out = (
            f"http://127.0.0.1:{port}",
            {"Proxy-Authorization": "Basic RkFLRQ=="},
        )
        reader, writer, _ = await run.connect("elsewhere.example:8443")
        writer.write(b"hello")
        assert await reader.readexactly(13) == b"at once hello"
        _, _, status = await run.connect("refused.example:443")
        assert status == "HTTP/1.1 403 Not For You"

    run = play(story)
    refusal = "refuses refused.example:443: 403 Not For You"
    assert run.notes == [f"the upstream proxy {refusal}"]
    assert run.asked == [
        "https://elsewhere.example:8443",
        "https://refused.example:443",
    ]
    assert heads[0] == (
        "CONNECT elsewhere.example:8443 HTTP/1.1\r\n"
        "Host: elsewhere.example:8443\r\n"
        "Proxy-Authorization: Basic RkFLRQ==\r\n\r\n"
    )


def test_connections_end_with_the_run(play):
    open_ends = []

    async def story(run):
        port = await run.service(echo)
        open_ends.extend(
            [
                await run.connect(f"localhost:{port}"),
                await run.secure(f"{HOST}:443", HOST),
                await run.connect(f"{HOST}:443"),  # says nothing
                await run.open(),
            ]
        )
        await run.proxy.stop()
        for reader, *_ in open_ends:
            assert await reader.read() == b""

    play(story)
