"""A service on the loopback that keeps each request as it came."""

import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STREAM = [f"event: part\ndata: {n}\n\n".encode() for n in range(5)]
BETWEEN = 0.3  # seconds between two parts of the stream


@dataclass(frozen=True)
class Got:
    """One request: header names as they were written."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    client: tuple[str, int]

    @property
    def named(self):
        """The headers by small names."""
        return {name.lower(): value for name, value in self.headers}


class Upstream:
    """The service, as a context manager. `answers`: path -> (status, body)."""

    def __init__(self):
        self.got = []
        self.answers = {}
        self.headers = {}  # further ones of each answer
        self.hangs_up = set()  # paths

    def __enter__(self):
        handler = type("Handler", (_Handler,), {"upstream": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    upstream: Upstream

    def _answer(self):
        up, path = self.upstream, self.path.partition("?")[0]
        body = self._body()
        headers = list(self.headers.items())
        up.got.append(
            Got(self.command, self.path, headers, body, self.client_address)
        )
        if path in up.hangs_up:
            self.close_connection = True
            return
        if path.endswith("/stream"):
            self._stream()
            return
        if path.endswith("/nothing"):
            self.send_response(204)
            self.end_headers()
            return
        if path.endswith("/big"):
            self._big()
            return
        status, data = up.answers.get(path, (200, {"ok": len(body)}))
        data = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        for name, value in up.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_POST = do_HEAD = _answer  # noqa: N815

    def _body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in STREAM:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.flush()
            time.sleep(BETWEEN)
        self.wfile.write(b"0\r\n\r\n")

    def _big(self):
        self.send_response(200)
        count = int(self.path.partition("mb=")[2])
        self.send_header("Content-Length", str(count * 1_000_000))
        self.end_headers()
        for _ in range(count):
            self.wfile.write(b"x" * 1_000_000)

    def log_message(self, *_):
        pass
