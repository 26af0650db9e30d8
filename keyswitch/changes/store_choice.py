"""Which secret store a new secret goes to. Never a silent second best."""

from __future__ import annotations

from keyswitch.errors import StoreError
from keyswitch.model import Frozen
from keyswitch.profiles import profile_files
from keyswitch.workspace import Workspace

_MAKE = (
    "create an encrypted vault: keyswitch vault init (with --machine-key where "
    "nobody can type a passphrase)"
)
USE_VAULT = 'use the vault: --store vault, or store = "vault" in config.toml'


class NoStoreError(StoreError):
    """No secret store can be used as things are.

    `absent`: there is no keychain at all, and `details` say what was tried.
    """

    absent: bool = False
    details: str = ""


class Choice(Frozen):
    """A store, and what a person should know about how it was chosen."""

    store: str
    notes: tuple[str, ...] = ()
    details: str = ""  # for whoever asks for details
    backend: str = ""  # of a keychain


def choose_store(workspace: Workspace, wanted: str | None) -> Choice:
    """Return the store that was asked for, set, or found to work."""
    from keyswitch.secrets.keychain.store import open_keychain
    from keyswitch.secrets.vault.reading import Vault

    wanted = wanted or workspace.settings.store or None
    vault_exists = Vault(workspace.paths, ask=None).exists()
    if wanted == "vault":
        if not vault_exists:
            raise NoStoreError("no vault yet", _MAKE)
        return Choice("vault")
    found = open_keychain(workspace.paths).probe()
    tried = "; ".join(f"{name}: {why}" for name, why in found.tried)
    if found.ok and not tried:
        return Choice("keychain", backend=found.backend)
    if found.ok:
        notes = (f"{tried}, so {found.title} is used",)
        return Choice("keychain", notes, backend=found.backend)
    if wanted is None and vault_exists:
        note = f"no keychain here ({tried}), so the secret goes to the vault"
        if not found.absent or _keychain_was_used(workspace):
            return Choice("vault", (note,))
        short = "no keychain here, so the secret goes to the vault"
        is_first = not profile_files.scan(workspace.paths)
        return Choice("vault", (short,) if is_first else (), note)
    hint = USE_VAULT if vault_exists else _MAKE
    error = NoStoreError(f"no usable keychain ({tried})", hint)
    error.absent, error.details = found.absent, tried
    raise error


def _keychain_was_used(workspace: Workspace) -> bool:
    """Tell whether a profile has a secret in the keychain that is gone."""
    profiles, _ = profile_files.load_all(workspace.paths)
    refs = [ref for p in profiles for ref in p.secrets.values()]
    return any(ref.store == "keychain" for ref in refs)
