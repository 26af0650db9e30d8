"""Secrets that profiles refer to, and whether their stores have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from keyswitch.diagnosis.findings.finding import ERROR, NOTE, WARNING, Finding
from keyswitch.errors import (
    DamagedFileError,
    KeyswitchError,
    LockedError,
    NoItemError,
)
from keyswitch.secrets.keychain.store import open_keychain
from keyswitch.secrets.stores import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.model import Profile, SecretRef
    from keyswitch.secrets.stores import SecretStore

_PATIENCE = 1.2  # seconds that a keychain may take for one item


class _Held(NamedTuple):
    profile: Profile
    field: str
    ref: SecretRef


def items(situation: Situation) -> Iterator[Finding]:
    """Find stores that are missing, old or damaged, and items that are gone.

    Nobody is asked: of a locked store nothing is known.
    """
    held: dict[str, list[_Held]] = {}
    for profile in situation.accounts.profiles:
        for field, ref in sorted(profile.secrets.items()):
            held.setdefault(ref.store, []).append(_Held(profile, field, ref))
    for store, here in sorted(held.items()):
        try:
            yield from _of_store(situation, store, here)
        except DamagedFileError:
            raise  # the command line sets it aside
        except LockedError as e:
            yield Finding(
                "store-locked",
                NOTE,
                e.message,
                f"{_names(here)}: the secrets cannot be looked for now",
                e.hint or "keyswitch unlock",
            )
        except KeyswitchError as e:
            yield Finding(
                "store-unusable",
                _severity(situation, here),
                f"no program gets the secret of {_names(here)}",
                e.message,
                e.hint or "keyswitch rotate NAME",
                situation.accounts.paths.vault_file * (store == "vault"),
            )


def _of_store(
    situation: Situation, name: str, held: Sequence[_Held]
) -> Iterator[Finding]:
    paths = situation.accounts.paths
    store: SecretStore
    if name == "keychain":
        store = open_keychain(paths, _PATIENCE)
        found = store.probe()
        if not found.ok or found.locked:
            return  # that is a finding of its own
    else:
        store = open_store(name, paths, None)
    for one in held:
        try:
            store.get(one.ref.item, one.ref.generation)
        except NoItemError as e:
            profile = one.profile
            login = profile.provider == "claude-login"
            yield Finding(
                "secret-missing",
                _severity(situation, [one]),
                f"the secret of '{profile.name}' ({one.field}) is not in the "
                f"{one.ref.store}",
                f"{e.message}; every program that asks for it fails",
                f"keyswitch {'login' if login else 'rotate'} {profile.name}",
                paths.profile(profile.name),
            )


def _severity(situation: Situation, held: Sequence[_Held]) -> str:
    used = {situation.chosen, situation.accounts.helper_profile}
    return ERROR if any(one.profile.name in used for one in held) else WARNING


def _names(held: Sequence[_Held]) -> str:
    names = sorted({one.profile.name for one in held})
    shown = ", ".join(f"'{name}'" for name in names[:3])
    more = len(names) - 3
    return f"{shown} and {more} more" if more > 0 else shown


def exported(situation: Situation) -> Iterator[Finding]:
    """Find a terminal that exports a profile which is not there any more."""
    name, _, _ = situation.scene.environ.get("KEYSWITCH_ENV", "").partition(":")
    accounts = situation.accounts
    known = accounts.get(name) or name in {b.name for b in accounts.broken}
    if name and not known and situation.exported:
        yield Finding(
            "exported-profile-missing",
            ERROR,
            f"this terminal exports '{name}', and there is no such profile",
            f"its programs go on using {', '.join(situation.exported)}",
            'eval "$(keyswitch env --unset)"',
        )
