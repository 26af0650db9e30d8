"""What a Vault server answers, from memory: statuses and bodies of OpenBao.

Each answer is one that OpenBao 2.7.2 gave; `test_vault_http.py` asks the real
server the same, where it is installed. Statuses that a single server never
gives are in the tests, as the API documents them.
"""

from __future__ import annotations

import json
import threading

from tests.diagnosis.servers import Handler, Running

ROOT = "root-FAKE-EXAMPLE"
ROLE_ID, SECRET_ID = "role-FAKE-EXAMPLE", "secret-id-FAKE-EXAMPLE"
LEASE = 3600  # seconds, of what `rabbitmq/creds/dev` gives
LOGIN_LEASE = 120

DENIED = {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}
BAD_TOKEN = {"errors": ["permission denied"]}
NOTHING = {"errors": []}
SEALED = {"errors": ["Vault is sealed"]}
OLD_PATH = (
    "Invalid path for a versioned K/V secrets engine. See the API docs for the "
    "appropriate API endpoints to use. If using the OpenBao CLI, use 'bao kv "
    "get' for this operation."
)
ENGINES = {"secret": ("kv", "2"), "kv": ("kv", "1"), "rabbitmq": ("rabbitmq",)}
# What a token of this policy may do, beside looking itself up.
LIMITED = ("secret/data/team/", "kv/team/", "rabbitmq/creds/")


def envelope(data, **more):
    return {
        "request_id": "1dd1144c-5cac-d43f-47f5-3af2645ab7fc",
        "lease_id": "", "renewable": False, "lease_duration": 0, "data": data,
        "wrap_info": None, "warnings": None, "auth": None, **more,
    }  # fmt: skip


class VaultStub(Running):
    """One server. `said` replaces the answer of a path, or of every one."""

    def __init__(self, context):
        super().__init__(_VaultHandler, context)
        self.address = f"https://localhost:{self.port}"
        self.lock = threading.Lock()
        self.tokens = {ROOT}
        self.versions = {}  # of KV 2: path -> list of (fields, state)
        self.plain = {}  # of KV 1
        self.said = {}  # (method, path) or path -> (status, body, headers)
        self.made = 0  # credentials
        self.logins = 0

    def asked(self, *methods):
        """Return the paths of requests so far, without /v1/."""
        wanted = methods or ("GET", "POST", "PATCH")
        return [
            f"{r.method} {r.path.removeprefix('/v1/')}"
            for r in self.requests
            if r.method in wanted
        ]

    def answer(self, method, path, token, body):
        """Return (status, document or bytes) of one request."""
        if path in ("auth/approle/login", "auth/jwt/login"):
            return self._login(path, body)
        if token not in self.tokens:
            return 403, BAD_TOKEN
        if path == "auth/token/lookup-self":
            return 200, envelope({"ttl": LOGIN_LEASE})
        if path.startswith("sys/internal/ui/mounts/"):
            return _preflight(path.removeprefix("sys/internal/ui/mounts/"))
        mount, _, rest = path.partition("/")
        if mount not in ENGINES:
            why = f'no handler for route "{path}". route entry not found.'
            return 404, {"errors": [why]}
        if token != ROOT and not path.startswith(LIMITED):
            return 403, DENIED
        if ENGINES[mount] == ("kv", "1"):
            return self._plain(method, rest, body)
        if mount == "rabbitmq":
            return self._made(rest)
        kind, _, rest = rest.partition("/")
        if kind != "data":
            return 404, envelope(None, warnings=[OLD_PATH])
        return self._versioned(method, rest, body)

    def _login(self, path, body):
        right = {"role_id": ROLE_ID, "secret_id": SECRET_ID}
        if path == "auth/approle/login" and body != right:
            return 400, {"errors": ["invalid role or secret ID"]}
        with self.lock:
            self.logins += 1
            token = f"login-{self.logins}-FAKE-EXAMPLE"
            self.tokens.add(token)
        auth = {
            "client_token": token,
            "lease_duration": LOGIN_LEASE,
            "renewable": True,
            "num_uses": 0,
            "mfa_requirement": None,
        }
        return 200, envelope(None, auth=auth)  # fmt: skip

    def _plain(self, method, path, body):
        if method == "POST":
            self.plain[path] = body
            return 204, b""
        if path not in self.plain:
            return 404, NOTHING
        fields = self.plain[path]
        lease = int(fields.get("ttl", 2764800))
        return 200, envelope(fields, lease_duration=lease)

    def _made(self, path):
        if path != "creds/dev":
            return 400, {"errors": [f"unknown role: {path.partition('/')[2]}"]}
        with self.lock:
            self.made += 1
            pair = {"username": f"user-{self.made}",
                    "password": f"FAKE-{self.made}-EXAMPLE"}  # fmt: skip
        lease = {"lease_id": f"rabbitmq/creds/dev/{self.made}"}
        return 200, envelope(pair, lease_duration=LEASE, **lease)

    def _versioned(self, method, path, body):
        versions = self.versions.setdefault(path, [])
        fields, state = versions[-1] if versions else (None, None)
        told = {"created_time": "2026-11-30T09:06:29.678040426Z",
                "custom_metadata": None, "deletion_time": "",
                "destroyed": False, "version": len(versions)}  # fmt: skip
        if state == "deleted":
            told["deletion_time"] = "2026-11-30T09:06:29.744227805Z"
        told["destroyed"] = state == "destroyed"
        if method == "GET":
            if not versions:
                return 404, NOTHING
            status = 404 if state else 200
            held = None if state else fields
            return status, envelope({"data": held, "metadata": told})
        if method == "PATCH":
            if not versions or state:
                return 404, envelope(told) if versions else b""
            body = {"data": {**fields, **body["data"]}}
        elif body.get("options", {}).get("cas", len(versions)) != len(versions):
            why = "check-and-set parameter did not match the current version"
            return 400, {"errors": [why]}
        versions.append((body["data"], ""))
        return 200, envelope({**told, "version": len(versions)})


def _preflight(path):
    mount = path.partition("/")[0]
    if mount not in ENGINES:
        why = (
            "preflight capability check returned 403, please ensure client's "
            f'policies grant access to path "{path}/"'
        )
        return 403, {"errors": [why]}
    kind, *version = ENGINES[mount]
    options = {"version": version[0]} if version else {}
    data = {"type": kind, "path": f"{mount}/", "options": options}
    return 200, envelope(data)


class _VaultHandler(Handler):
    def do_GET(self):  # noqa: N802
        asked, server = self.keep(), self.server_side
        path = asked.path.removeprefix("/v1/")
        said = server.said.get((self.command, path)) or server.said.get(path)
        status, document, *headers = said or server.said.get("*") or (
            server.answer(
                self.command, path, asked.headers.get("x-vault-token"),
                json.loads(asked.body or b"{}"),
            )
        )  # fmt: skip
        data = document
        if not isinstance(document, bytes):
            data = json.dumps(document).encode() + b"\n"
        self.send_response(status)
        for name, value in headers[0].items() if headers else ():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_PATCH = do_GET  # noqa: N815
