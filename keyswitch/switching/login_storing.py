"""Write one login to a secret store, and say where in a profile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyswitch.errors import StoreError
from keyswitch.model import SecretRef
from keyswitch.secret import Secret
from keyswitch.secrets.stores import new_item, open_store
from keyswitch.switching import intents
from keyswitch.switching.login_ledger import Generation
from keyswitch.targets.claude_code import login_parts

if TYPE_CHECKING:
    from keyswitch.model import Profile
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.login_parts import Parts

FIELD = "login"  # the secret field of a claude-login profile

# Fields of a profile that its login tells.
_DESCRIBED = (
    "account_uuid",
    "organization_uuid",
    "email",
    "organization",
    "plan",
    "token_expires",
    "refreshable",
)


def generation_of(
    parts: Parts, store: str, number: int, tokens: tuple[str, ...]
) -> Generation:
    """Return the generation that a login is going to be stored as."""
    described = parts.described()
    return Generation(
        store,
        new_item(),
        number,
        tokens,
        parts.expires_at,
        datetime.now(UTC).isoformat(timespec="seconds"),
        described.get("account_uuid", ""),
        described.get("email", ""),
    )


def put(
    workspace: Workspace, new: Generation, parts: Parts, profile: str
) -> None:
    """Write a login to its store, read it back and compare."""
    intents.declare(workspace.paths, new.ref, profile)
    opened = open_store(new.store, workspace.paths, workspace.ask)
    text = login_parts.pack(parts)
    opened.put(new.item, new.generation, Secret(text))
    if opened.get(new.item, new.generation).reveal() != text:
        raise StoreError(
            f"the {new.store} gave back another login than it was given",
            "nothing was changed; look at that store",
        )


def fetch(workspace: Workspace, ref: SecretRef) -> Parts:
    """Return a login of a secret store."""
    opened = open_store(ref.store, workspace.paths, workspace.ask)
    text = opened.get(ref.item, ref.generation)
    try:
        return login_parts.unpack(text.reveal())
    except (ValueError, RecursionError) as e:
        raise StoreError(
            "the stored login is damaged", "log in again: keyswitch login"
        ) from e


def reference(workspace: Workspace, new: Generation, parts: Parts) -> SecretRef:
    """Return how a profile refers to a generation."""
    from keyswitch.providers.shapes import fingerprint, mask

    # The token that a request shows, so that `whoami` knows whose it is.
    token = parts.access_token or parts.managed_key or parts.refresh_token
    return SecretRef(
        new.store,
        new.item,
        new.generation,
        fingerprint(workspace.install_key, token),
        mask(parts.access_token or parts.managed_key),
    )


def with_login(profile: Profile, parts: Parts, ref: SecretRef) -> Profile:
    """Return a profile that says whose login it keeps, and where."""
    described = parts.described()
    fields = {k: v for k, v in profile.fields.items() if k not in _DESCRIBED}
    if not described.get("email"):
        # The tokens changed hands under another name; this one stays.
        fields |= {
            k: profile.fields[k]
            for k in ("email", "organization")
            if k in profile.fields
        }
    return replace(
        profile,
        fields=fields | described,
        secrets={**profile.secrets, FIELD: ref},
    )
