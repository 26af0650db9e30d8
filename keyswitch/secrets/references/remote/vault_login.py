"""The token of a request: found, or had by logging in and kept for a while.

Ways to log in as https://developer.hashicorp.com/vault/api-docs/auth documents
them; each takes one request. A token that a login gave is kept in the kernel's
session keyring, so that not every read logs in; `lock` forgets it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from keyswitch import kernel_keyring
from keyswitch.disk.atomic import read_regular
from keyswitch.disk.digests import sha256
from keyswitch.errors import KeyswitchError, LockedError, StoreError
from keyswitch.profiles.paths import home_of
from keyswitch.secret import Secret
from keyswitch.secrets.references.remote import vault_failures
from keyswitch.secrets.references.remote.github_jwt import github_jwt
from keyswitch.secrets.references.remote.vault_client import (
    VaultAnswer,
    VaultClient,
)

KEPT_AT_MOST = 3600  # seconds
_MARGIN = 15  # seconds before its end, at which a token is not used any more
_FILE_LIMIT = 16 * 1024  # bytes; service account tokens have 1 to 2 KiB


class VaultSession:
    """Requests with a token. `keep`: a login's token may be kept."""

    def __init__(
        self, client: VaultClient, environ: Mapping[str, str], *, keep: bool
    ) -> None:
        self.client = client
        self.settings = client.settings
        self._environ = environ
        self._keep = keep
        self._token: Secret | None = None
        self._is_old = False  # it was kept from an earlier login
        self._is_good = False  # the server knows it

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        kind: str = "application/json",
    ) -> VaultAnswer:
        """Ask; a kept token that is not accepted any more is replaced once.

        What is answered with 403 was asked with a token that is accepted.
        """
        answer = self.client.ask(method, path, self._present(), body, kind)
        if answer.status != 403 or self._accepted(answer):
            return answer
        if not self._is_old:
            raise vault_failures.bad_token(self.settings, answer.words)
        kernel_keyring.drop(self._name)
        self._token = None
        return self.client.ask(method, path, self._present(), body, kind)

    def _accepted(self, denied: VaultAnswer) -> bool:
        """Tell whether the server knows the token: 403 alone does not say."""
        if not self._is_good:
            self._is_good = denied.is_of_a_policy
        if not self._is_good:
            path = "auth/token/lookup-self"
            answer = self.client.ask("GET", path, self._token)
            self._is_good = answer.status == 200 or answer.is_of_a_policy
        return self._is_good

    def _present(self) -> Secret | None:
        """Return the token of this session, which it finds or logs in for.

        None: an agent on the way adds its own.
        """
        if self._token is not None or self.settings.auth == "agent":
            return self._token
        if self.settings.auth == "token":
            self._token = self._found()
        else:
            kept = kernel_keyring.read(self._name) if self._keep else None
            self._is_old = kept is not None
            self._token = Secret(kept.decode()) if kept else self._logged_in()
        return self._token

    def _found(self) -> Secret:
        names = ["VAULT_TOKEN"]
        if self.settings.manager == "bao":
            names.insert(0, "BAO_TOKEN")
        for name in names:
            if text := self._environ.get(name, "").strip():
                return _plain(text, name)
        path = self.settings.token_file or os.path.join(
            home_of(self._environ), ".vault-token"
        )
        found = _from_file(path)
        if found is None:
            raise LockedError(
                f"no token for {self.settings.title}: {names[0]} is not set, "
                f"and {path} does not exist",
                f"log in: {self.settings.manager} login",
            )
        return found

    # ------------------------------------------------------------ logging in

    def _logged_in(self) -> Secret:
        settings = self.settings
        path = f"auth/{settings.mount}/login"
        answer = self.client.ask("POST", path, body=self._credentials())
        auth = answer.document.get("auth")
        auth = auth if isinstance(auth, dict) else {}
        token = auth.get("client_token")
        if answer.status != 200 or not isinstance(token, str) or not token:
            raise self._not_logged_in(answer, auth)
        found = _plain(token, f"the answer of {settings.host}")
        lease = auth.get("lease_duration")
        seconds = lease - _MARGIN if type(lease) is int and lease else 3600
        # One that is good for so many uses only could end in another command.
        if self._keep and seconds > 0 and not auth.get("num_uses"):
            kept = min(seconds, KEPT_AT_MOST)
            kernel_keyring.write(self._name, token.encode(), kept)
        self._is_old = False
        self._is_good = True
        return found

    def _not_logged_in(
        self, answer: VaultAnswer, auth: Mapping[str, Any]
    ) -> KeyswitchError:
        settings, words = self.settings, answer.words
        if answer.status == 200 and auth.get("mfa_requirement"):
            words = "it asks for a second factor"
        elif answer.status not in (200, 400, 401, 403):
            return vault_failures.no_answer(
                settings, answer.status, words, answer.retry_after
            )
        return LockedError(
            f"{settings.title} rejected the {settings.auth} login: "
            f"{words or f'it answered {answer.status}'}",
            f"check {settings.table} of config.toml and the role",
        )

    def _credentials(self) -> Mapping[str, str]:
        settings = self.settings
        if settings.auth == "approle":
            role_id = settings.role_id or self._file("role_id_file")
            found = {"role_id": role_id}
            if settings.secret_id_file:  # a role may go without
                found["secret_id"] = self._file("secret_id_file")
            return found
        role = {"role": settings.role} if settings.role else {}
        return {**role, "jwt": self._jwt()}

    def _jwt(self) -> str:
        settings = self.settings
        if settings.token_file:
            return self._file("token_file")
        if name := settings.token_variable:
            if text := self._environ.get(name, "").strip():
                return _plain(text, name).reveal()
            raise LockedError(
                f"{name}, which should contain the job's token, is not set",
                f"check 'token_variable' in {settings.table}",
            )
        return github_jwt(settings, self._environ, self.client.deadline)

    def _file(self, key: str) -> str:
        path = getattr(self.settings, key)
        found = _from_file(path)
        if found is None:
            raise LockedError(
                f"{path}, which should contain the login's secret, does not "
                "exist",
                f"check '{key}' in {self.settings.table} of config.toml",
            )
        return found.reveal()

    @property
    def _name(self) -> str:
        """The name of a kept token: no other settings find it."""
        whole = repr(self.settings._replace(ca_file="", token_variable=""))
        return kernel_keyring.LOGINS_PREFIX + sha256(whole.encode())[:32]


def _from_file(path: str) -> Secret | None:
    data = read_regular(path, _FILE_LIMIT, ours=True)
    if data is None:
        return None
    return _plain(data.decode("utf-8", "replace").strip(), path)


def _plain(text: str, place: str) -> Secret:
    """Return a token that can stand in a header and in JSON."""
    if not text or not all("!" <= c <= "~" for c in text):
        what = "a character that is invalid in a token" if text else "nothing"
        raise StoreError(
            f"{place} has {what} instead of a token",
            "log in again, or write it again",
        )
    return Secret(text)
