"""A server on the loopback that answers Claude Code and keeps what it sent.

It speaks just enough of each service (Anthropic's API and the gateways that
imitate it, Bedrock, Foundry, Vertex) for `claude -p` to end with a reply, so
that no retry adds requests of another kind. It is also the proxy that all
other hosts are reached through: it answers in their place, with certificates
of its own authority, so nothing leaves the machine and no test needs to bend
an address that keyswitch could bend back.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from tests.real.answers import as_json, as_text, response

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.real.certificates import Authority

# Ends of the paths of requests that carry a conversation.
_MESSAGES = ("/v1/messages", ":rawPredict", "/invoke", "/converse")
_STREAMS = (":streamRawPredict", "/invoke-with-response-stream")

_CREDENTIALS = (
    "api-key",
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-amz-security-token",
    "x-api-key",
    "x-goog-api-key",
)


@dataclass(frozen=True)
class Request:
    """One request as it arrived; header names in lower case."""

    method: str
    host: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def is_message(self) -> bool:
        place = self.path.partition("?")[0]
        return self.method == "POST" and place.endswith(_MESSAGES + _STREAMS)

    @property
    def credentials(self) -> dict[str, str]:
        """Return the headers that say who pays, an AWS signature as its key.

        A signature covers the time, so only its scheme and key id are kept;
        `sigv4.is_signed_with` judges the rest.
        """
        found = {n: v for n, v in self.headers.items() if n in _CREDENTIALS}
        if found.get("authorization", "").startswith("AWS4-HMAC-SHA256 "):
            scope = found["authorization"].partition("Credential=")[2]
            found["authorization"] = f"AWS4 {scope.partition('/')[0]}"
        return found


class Stub:
    """The server, as a context manager; `requests` grows while it runs."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.requests: list[Request] = []
        self.refused: set[str] = set()  # hosts that are out of reach
        self.refusal = 502  # what is answered for them
        # Ends of paths -> (status, document or text) in place of the usual
        # answer; a status of 0 hangs up.
        self.answers: dict[str, tuple[int, Any]] = {}
        # More headers of each answer to a conversation: limits, for one.
        self.headers: dict[str, str] = {}
        # A service that is asked first; None as its answer: the usual one.
        self.oauth: Callable[[Request], tuple[int, str, bytes] | None] | None
        self.oauth = None
        stub = self

        class Handler(_Handler):
            recorder = stub

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> tuple[int, str, bytes]:
        """Return what a test wants to be answered, or what is usual."""
        place = request.path.partition("?")[0]
        for end, (status, document) in self.answers.items():
            if place.endswith(end):
                as_body = as_text if isinstance(document, str) else as_json
                return status, *as_body(document)
        answered = self.oauth(request) if self.oauth else None
        return answered or response(request)

    def taken(self) -> list[Request]:
        """Return what came since the last call."""
        taken, self.requests = self.requests, []
        return taken


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them

    def handle_error(self, *unused: object) -> None:
        """Say nothing of clients that hang up; the requests are kept."""


class _Handler(BaseHTTPRequestHandler):
    recorder: Stub
    protocol_version = "HTTP/1.1"
    timeout = 5  # of a connection that the client keeps open

    def finish(self) -> None:
        super().finish()
        self.rfile.close()
        self.connection.close()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {n.lower(): v for n, v in self.headers.items()}
        host = headers.get("host", "").partition(":")[0]
        request = Request(self.command, host, self.path, headers, body)
        self.recorder.requests.append(request)
        status, kind, data = self.recorder.answer(request)
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        # A client takes nobody else for Google's metadata server.
        self.send_header("metadata-flavor", "Google")
        for name, value in self.recorder.headers.items():
            if request.is_message:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_CONNECT(self) -> None:
        """Take the place of the host that the client wants to talk to."""
        host = self.path.partition(":")[0]
        if host in self.recorder.refused:
            self.send_error(self.recorder.refusal)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        context = self.recorder.authority.context(host)
        try:
            self.connection = context.wrap_socket(
                self.connection, server_side=True
            )
        except OSError:
            self.close_connection = True
            return
        self.rfile.close()
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    do_GET = do_HEAD = do_POST = do_PUT = _answer  # noqa: N815

    def log_message(self, *unused: object) -> None:
        """Say nothing; the requests are kept."""
