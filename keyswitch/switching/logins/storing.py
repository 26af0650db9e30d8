"""Write one login to a secret store, and say where in a profile."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from keyswitch.changes.login_ledger import Generation
from keyswitch.errors import StoreError
from keyswitch.model import Profile, SecretRef
from keyswitch.providers.shapes import fingerprint, mask
from keyswitch.secret import Secret
from keyswitch.secrets.stores import open_store
from keyswitch.targets import table
from keyswitch.workspace import Workspace

if TYPE_CHECKING:
    from keyswitch.targets.target import Login

FIELD = "login"  # the secret field of a claude-login profile

# Fields of a profile that its login tells.
_NAMES = ("account_uuid", "organization_uuid", "email", "organization")
_DESCRIBED = (*_NAMES, "plan", "token_expires", "refreshable")


def tokens_of(workspace: Workspace, parts: Login) -> tuple[str, ...]:
    """Return the keyed fingerprints by which a login is known again."""
    texts = (parts.refresh_token, parts.access_token, parts.managed_key)
    return tuple(
        fingerprint(workspace.install_key, text) for text in texts if text
    )


def content_of(workspace: Workspace, parts: Login) -> str:
    """Return the keyed fingerprint of all that a login has."""
    return fingerprint(
        workspace.install_key, json.dumps(sorted(parts.raw.items()))
    )


def generation_of(
    workspace: Workspace, parts: Login, ref: SecretRef
) -> Generation:
    """Return the generation that a login is stored as, or going to be."""
    described = parts.described()
    return Generation(
        ref.store,
        ref.item,
        ref.generation,
        tokens_of(workspace, parts),
        parts.expires_at,
        datetime.now(UTC).isoformat(timespec="seconds"),
        described.get("account_uuid", ""),
        described.get("email", ""),
        described.get("organization_uuid", ""),
        content_of(workspace, parts),
        parts.has_tokens,
        bool(parts.token_identity.account),
    )


def require_open(workspace: Workspace, store: str) -> None:
    """Fail before anything is done if a store cannot be written."""
    opened: Any = open_store(store, workspace.paths, workspace.ask)
    if store == "vault":
        opened.open()
    else:
        opened.require()


def unpacked(text: Secret) -> Login:
    """Return the login of a stored text."""
    try:
        return table.main().logins.unpack(text.reveal())
    except (ValueError, RecursionError) as e:
        raise StoreError(
            "the stored login is damaged", "log in again: keyswitch login NAME"
        ) from e


def with_login(
    workspace: Workspace, profile: Profile, kept: Generation, parts: Login
) -> Profile:
    """Return a profile that says whose login it keeps, and where."""
    described = parts.described()
    fields = {k: v for k, v in profile.fields.items() if k not in _DESCRIBED}
    # What the tokens do not say stays as it was; they are the same account's.
    fields |= {k: profile.fields[k] for k in _NAMES if k in profile.fields}
    # The token that a request shows, so that `whoami` knows whose it is.
    token = parts.access_token or parts.managed_key or parts.refresh_token
    ref = kept.ref._replace(
        fingerprint=fingerprint(workspace.install_key, token),
        hint=mask(parts.access_token or parts.managed_key),
    )
    return profile._replace(
        fields=fields | described, secrets={**profile.secrets, FIELD: ref}
    )
