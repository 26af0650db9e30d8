"""Servers on the loopback: a service, a proxy in front of it, certificates."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import select
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Request:
    """One request as it came; header names in lower case."""

    method: str
    path: str
    headers: dict
    body: bytes = b""


@dataclass
class Reply:
    status: int = 200
    body: object = field(default_factory=lambda: {"data": []})
    headers: dict = field(default_factory=dict)
    pause: float = 0.0  # seconds before it is given

    @property
    def data(self):
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body).encode()


class Running:
    """A server in a thread of its own, as a context manager."""

    def __init__(self, handler, context=None):
        owner = self

        class Bound(handler):
            server_side = owner

        self.requests = []
        self._server = _Server(("127.0.0.1", 0), Bound)
        self._server.context = context
        self.port = self._server.server_port
        self.place = f"127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        ).start()
        return self

    def __exit__(self, *unused):
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    context = None

    def finish_request(self, request, client_address):
        if self.context is not None:
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except OSError:
                request.close()
                return
        with request:  # also where the client hangs up in the middle
            super().finish_request(request, client_address)

    def handle_error(self, *unused):
        """Clients that hang up are part of the tests."""


class Handler(BaseHTTPRequestHandler):
    timeout = 5

    def keep(self):
        size = int(self.headers.get("content-length") or 0)
        headers = {n.lower(): v for n, v in self.headers.items()}
        body = self.rfile.read(size)
        request = Request(self.command, self.path, headers, body)
        self.server_side.requests.append(request)
        return request

    def log_message(self, *unused):
        pass


class _ServiceHandler(Handler):
    def do_GET(self):
        self.keep()
        host, server = self.headers.get("host", ""), self.server_side
        reply = getattr(server, "replies", {}).get(host, server.reply)
        time.sleep(reply.pause)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.data)

    do_HEAD = do_POST = do_GET  # noqa: N815


class Service(Running):
    """Gives one reply to everything, but for the hosts of `replies`."""

    def __init__(self, reply=None, context=None):
        super().__init__(_ServiceHandler, context)
        self.reply = reply or Reply()
        self.replies = {}
        self.scheme = "https" if context else "http"

    @property
    def url(self):
        name = "localhost" if self.scheme == "https" else "127.0.0.1"
        return f"{self.scheme}://{name}:{self.port}"


class _ProxyHandler(_ServiceHandler):
    def do_CONNECT(self):
        self.keep()
        status = self.server_side.reply.status
        self.send_response(status)
        self.end_headers()
        self.wfile.flush()
        if status == 200:
            relay(self.connection, self.server_side.target)
        self.close_connection = True


class Proxy(Running):
    """Leads every name to one port of the loopback."""

    def __init__(self, target=0, reply=None, context=None):
        super().__init__(_ProxyHandler, context)
        self.target = target
        self.reply = reply or Reply()
        self.url = f"http://{self.place}"


def relay(one, port):
    """Carry bytes both ways until one side hangs up."""
    with socket.create_connection(("127.0.0.1", port)) as other:
        pairs = {one: other, other: one}
        while True:
            held = getattr(one, "pending", lambda: 0)()
            ready = [one] if held else select.select([*pairs], [], [], 5)[0]
            for side in ready:
                data = side.recv(65536)
                if not data:
                    return
                pairs[side].sendall(data)


class Silent:
    """Accepts connections, by the kernel, and never says a word."""

    def __enter__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.place = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.place}"
        return self

    def __exit__(self, *unused):
        self._socket.close()


class Rude(Silent):
    """Says something at once and hangs up, or cuts the connection."""

    def __init__(self, words=b"", pause=0.0):
        self._words = words
        self._pause = pause  # after each byte

    def __enter__(self):
        super().__enter__()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *unused):
        self._socket.shutdown(socket.SHUT_RDWR)
        super().__exit__()
        self._thread.join(5)

    def _serve(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client:
                client.settimeout(2)
                client.recv(65536)
                self._say(client)

    def _say(self, client):
        if not self._pause:
            client.sendall(self._words)
            return
        with contextlib.suppress(OSError):
            for byte in self._words:
                client.sendall(bytes([byte]))
                time.sleep(self._pause)


def closed_port():
    """Return a port of the loopback on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def self_issued(folder, host, *, issuer="keyswitch tests", begins=-1, ends=1):
    """Return a server context whose certificate no one trusts; in days."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    name = x509.NameOID.ORGANIZATION_NAME
    signer = x509.Name([x509.NameAttribute(name, issuer)])
    made = (
        x509.CertificateBuilder()
        .subject_name(signer)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=begins))
        .not_valid_after(now + dt.timedelta(days=ends))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
        )
        .add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "self.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context, path
