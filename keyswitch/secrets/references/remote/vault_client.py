"""Requests to one Vault or OpenBao server, within one deadline."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import StoreError
from keyswitch.model import Frozen
from keyswitch.network.address import Address, address_of, authorization
from keyswitch.network.http_call import Connection, Failed, Reply
from keyswitch.network.streams import Deadline, trusting, usual
from keyswitch.secret import Secret
from keyswitch.secrets.references.remote import vault_failures
from keyswitch.secrets.references.remote.vault_settings import (
    VaultSettings,
    is_loopback,
)

ANSWER_LIMIT = 1 << 20  # bytes of an answer
_AUTHORITIES_LIMIT = 1 << 20  # bytes of a file of certificates


class VaultAnswer(Frozen):
    """What the server said: a status, and a JSON object."""

    status: int
    document: Mapping[str, Any]
    words: str = ""  # its own, of an error; without secrets
    retry_after: str = ""
    _hidden = ("document",)

    @property
    def is_of_a_policy(self) -> bool:
        """Tell whether a token is known, and its policies deny this.

        Observed, OpenBao 2.7.2: "1 error occurred: …" then, and "permission
        denied" alone of a token that is not known. Vault says "invalid token".
        """
        said = str(self.document.get("errors"))
        return "error occurred" in said and "invalid token" not in said

    @property
    def data(self) -> Mapping[str, Any]:
        """The object under `data`, empty if there is none."""
        found = self.document.get("data")
        return found if isinstance(found, dict) else {}


class VaultClient:
    """Asks one server. `deadline` is in seconds, for all requests together."""

    def __init__(self, settings: VaultSettings, deadline: float) -> None:
        self.settings = settings
        self.deadline = Deadline(deadline)

    def ask(
        self,
        method: str,
        path: str,
        token: Secret | None = None,
        body: Mapping[str, Any] | None = None,
        kind: str = "application/json",
    ) -> VaultAnswer:
        """Send one request below `/v1/`; raise if nothing of Vault answers."""
        from urllib.parse import quote

        # Vault takes a request without this header for one that a page sent.
        headers = {"X-Vault-Request": "true"}
        if token is not None:
            headers["X-Vault-Token"] = token.reveal()
        if self.settings.namespace:
            headers["X-Vault-Namespace"] = quote(self.settings.namespace)
        data = b""
        if body is not None:
            headers["Content-Type"] = kind
            data = json.dumps(body).encode()
        address = self.settings.address.at(f"/v1/{quote(path, safe='/')}")
        reply = self._replied(address, method, headers, data)
        return self._understood(reply, token)

    def _replied(
        self,
        address: Address,
        method: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Reply:
        proxy = proxy_to(address)
        way = Connection(address, self.deadline, lambda: self._trust, proxy)
        try:
            way.open()
            return way.run(
                "http",
                lambda: way.ask(method, headers, body, limit=ANSWER_LIMIT + 1),
            )
        except Failed as failed:
            raise vault_failures.unreachable(
                self.settings, proxy, failed
            ) from failed.error
        finally:
            way.close()

    def _understood(self, reply: Reply, token: Secret | None) -> VaultAnswer:
        settings, status = self.settings, reply.status
        if status // 100 == 3:
            location = reply.headers.get("location", "")
            raise vault_failures.moved(settings, location)
        if len(reply.body) > ANSWER_LIMIT:
            raise StoreError(
                f"{settings.host} answered with more than 1 MiB",
                f"check 'address' in {settings.table} of config.toml",
            )
        try:
            # Some answers have no body: 204, and 404 to a patch.
            document = json.loads(reply.body or b"{}")
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            raise vault_failures.not_json(settings, status)
        errors = document.get("errors")
        words = vault_failures.words_of(
            errors if isinstance(errors, list) else [], token
        )
        retry_after = reply.headers.get("retry-after", "")
        return VaultAnswer(status, document, words, retry_after)

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        path = self.settings.ca_file
        if not path:
            return usual()
        data = read_regular(path, _AUTHORITIES_LIMIT)
        try:
            return trusting((data or b"").decode("ascii", "ignore"))
        except (ssl.SSLError, ValueError) as e:
            raise StoreError(
                f"{path} contains no CA certificate",
                f"fix 'ca_file' in {self.settings.table} of config.toml",
            ) from e


def proxy_to(address: Address) -> Address | None:
    """Return the proxy that this machine's programs use for an https address.

    A proxy passes https on without reading it; http stays on this machine.
    Raises StoreError for another kind of proxy: nothing goes round it.
    """
    from urllib.request import getproxies, proxy_bypass

    if address.scheme != "https" or is_loopback(address.host):
        return None
    if proxy_bypass(address.host_port):
        return None
    text = getproxies().get("https", "")
    if not text:
        return None
    text = text if "://" in text else f"http://{text}"
    found = address_of(text)
    if found is None:
        raise StoreError(
            f"the proxy for {address.host} is not an HTTP proxy",
            "set an HTTP proxy in HTTPS_PROXY, or add the host to NO_PROXY",
        )
    return found._replace(authorization=authorization(text))
