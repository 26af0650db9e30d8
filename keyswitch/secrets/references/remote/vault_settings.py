"""`[managers.vault]` and `[managers.bao]`: where the server is, and who asks.

The address comes from here only. A reference, a team file or a variable could
name a host that takes the person's token.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from typing import Any, NoReturn

from keyswitch.display import printable
from keyswitch.errors import InputError, StoreError
from keyswitch.model import Frozen
from keyswitch.network.address import Address, address_of
from keyswitch.profiles.paths import home_of

TITLES = {"vault": "Vault", "bao": "OpenBao"}
# "agent": a Vault Agent or Proxy beside us, which adds a token of its own.
LOGINS = ("token", "approle", "kubernetes", "jwt", "agent")

_KUBERNETES = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_WORDS = (
    "address", "namespace", "ca_file", "auth", "mount", "role", "role_id",
    "role_id_file", "secret_id_file", "token_file", "token_variable",
    "audience",
)  # fmt: skip
_FILES = ("ca_file", "role_id_file", "secret_id_file", "token_file")


class VaultSettings(Frozen):
    """One server, and how to log in to it. Files are absolute paths."""

    manager: str  # "vault" or "bao"
    address: Address
    namespace: str = ""
    ca_file: str = ""  # authorities that are trusted in place of the usual
    auth: str = "token"
    mount: str = ""  # where the way to log in is enabled: auth/MOUNT/login
    role: str = ""  # of kubernetes and jwt
    role_id: str = ""
    role_id_file: str = ""
    secret_id_file: str = ""
    token_file: str = ""  # a token, or the JWT that is given for one
    token_variable: str = ""  # the variable that has the JWT, as in GitLab
    audience: str = ""  # of the JWT that GitHub is asked for

    @property
    def title(self) -> str:
        """What people call it."""
        return TITLES[self.manager]

    @property
    def table(self) -> str:
        """The heading of these settings."""
        return f"[managers.{self.manager}]"

    @property
    def host(self) -> str:
        """The server, as it may be shown."""
        return self.address.netloc


def vault_settings(
    manager: str, table: Mapping[str, Any], environ: Mapping[str, str]
) -> VaultSettings:
    """Return what a table says, checked. Raises InputError, StoreError."""
    for key in _WORDS:
        value = table.get(key, "")
        if not isinstance(value, str) or not value.isprintable():
            _refuse(manager, f"'{key}' must be a string of one line")
    words = {key: str(table.get(key, "")) for key in _WORDS}
    words["auth"] = words["auth"] or "token"
    if words["auth"] not in LOGINS:
        _refuse(manager, f"'auth' must be one of {', '.join(LOGINS)}")
    for key in _FILES:
        words[key] = _path(manager, key, words[key], environ)
    if not words["address"]:
        raise _no_address(manager, environ)
    address = _address(manager, words.pop("address"))
    settings = VaultSettings(manager, address, **_complete(words))
    _refuse_without(settings)
    return settings


def _complete(words: dict[str, str]) -> dict[str, str]:
    """Fill in what is usual for a way to log in."""
    auth = words["auth"]
    words["mount"] = words["mount"].strip("/") or auth
    words["namespace"] = words["namespace"].strip("/")
    if auth == "kubernetes":
        words["token_file"] = words["token_file"] or _KUBERNETES
    return words


def _refuse_without(found: VaultSettings) -> None:
    """Raise InputError where a way to log in lacks what it needs."""
    if found.auth == "approle" and not (found.role_id or found.role_id_file):
        _refuse(found.manager, "approle needs 'role_id' or 'role_id_file'")
    if found.auth == "kubernetes" and not found.role:
        _refuse(found.manager, "kubernetes needs 'role'")


def _path(manager: str, key: str, text: str, environ: Mapping[str, str]) -> str:
    path = text
    if text.startswith("~/"):
        path = os.path.join(home_of(environ), text[2:])
    if path and not os.path.isabs(path):
        _refuse(manager, f"'{key}' must be an absolute path or start with ~")
    return path


def _address(manager: str, text: str) -> Address:
    found = address_of(text)
    if found is None or any(mark in text for mark in "@?#"):
        _refuse(manager, "'address' is not an address such as https://HOST")
    if found.scheme == "http" and not is_loopback(found.host):
        _refuse(
            manager,
            "'address' must be https: over http anyone on the network path "
            "can read the token",
        )
    return found


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by a name nobody else answers."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _no_address(manager: str, environ: Mapping[str, str]) -> StoreError:
    names = ("BAO_ADDR", "VAULT_ADDR") if manager == "bao" else ("VAULT_ADDR",)
    given = next((environ[name] for name in names if environ.get(name)), "")
    found = address_of(given)
    shown = found.url if found else "https://HOST"
    return StoreError(
        f"no address for {TITLES[manager]} in config.toml, and variables are "
        "ignored here",
        f"set in config.toml: [managers.{manager}] address = "
        f'"{printable(shown)}"',
    )


def _refuse(manager: str, what: str) -> NoReturn:
    raise InputError(
        f"[managers.{manager}] of config.toml: {what}", "fix that line"
    )
