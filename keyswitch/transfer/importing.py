"""import: the profiles of a bundle, all of them or none."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from keyswitch.changes import bindings
from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft, NewItem
from keyswitch.changes.history import main_fingerprint
from keyswitch.display import without_secrets
from keyswitch.errors import InputError, NotFoundError
from keyswitch.model import Profile, SecretRef, stored
from keyswitch.profiles import profile_files, toml_edits
from keyswitch.profiles.profile_files import PLACES_LIMIT
from keyswitch.providers.binding import chosen_hosts
from keyswitch.providers.catalogue import Catalogue
from keyswitch.providers.shapes import is_opaque, mask
from keyswitch.providers.steering import Named, named_by
from keyswitch.providers.variables import carries
from keyswitch.switching.editing.profile_changes import (
    new_secret,
    refuse_existing,
)
from keyswitch.switching.planning import after_edit
from keyswitch.transfer.bundle import Packed
from keyswitch.workspace import Workspace


def chosen(packed: Sequence[Packed], names: Collection[str]) -> list[Packed]:
    """Return the named profiles of a bundle; no name means all of them."""
    known = {one.profile.name for one in packed}
    for name in names:
        if name not in known:
            raise NotFoundError(
                f"no profile named '{name}' in the bundle",
                f"it contains {', '.join(sorted(known)) or 'none'}",
            )
    return [p for p in packed if not names or p.profile.name in names]


def destinations(
    catalogue: Catalogue, packed: Sequence[Packed]
) -> list[tuple[str, str]]:
    """Return (profile, host) for every host that its fields decide.

    The owner of the other machine chose it; the secret would go there.
    """
    return sorted(
        (one.profile.name, host)
        for one in packed
        for host in chosen_hosts(
            catalogue.get(one.profile.provider), one.profile
        )
    )


def named(one: Packed) -> Profile:
    """Return a bundle's profile as if its secrets were stored."""
    refs = {field: SecretRef("vault", "") for field in one.secrets}
    return one.profile._replace(secrets={**one.profile.secrets, **refs})


def doubtful_variables(catalogue: Catalogue, one: Packed) -> list[Named]:
    """Return the variables that a profile names and that may not be a key's.

    A program may take orders from one; no table knows them all.
    """
    found = named_by(catalogue.get(one.profile.provider), named(one))
    return [variable for variable in found if not carries(variable.variable)]


def previews(catalogue: Catalogue, one: Packed) -> dict[str, str]:
    """Return what is shown of a bundle's secrets: masks, where that is safe.

    What does not look like a secret may be a program or an address: it is
    shown. So is all that goes into a doubtful variable.
    """
    provider = catalogue.get(one.profile.provider)
    doubtful = {found.field for found in doubtful_variables(catalogue, one)}
    shown = {name: value.reveal() for name, value in one.secrets.items()}
    for name in shown.keys() - doubtful:
        if is_opaque(provider.field(name), shown[name]):
            shown[name] = mask(shown[name])
    refs = one.profile.secrets.items()
    return shown | {name: without_secrets(ref.item) for name, ref in refs}


def conflicts(workspace: Workspace, packed: Sequence[Packed]) -> list[str]:
    """Return the names that exist here already."""
    here = set(profile_files.scan(workspace.paths))
    return [p.profile.name for p in packed if p.profile.name in here]


def beside_ours(workspace: Workspace, packed: Sequence[Packed]) -> list[Packed]:
    """Return the profiles as they would be here.

    One that replaces ours keeps what ours says of this machine: where it may
    be used, and its folder. Nobody who makes a bundle takes a guard away.
    """
    ours = {
        name: workspace.load(name)[0] for name in conflicts(workspace, packed)
    }
    return [
        one._replace(profile=_kept(one.profile, ours.get(one.profile.name)))
        for one in packed
    ]


def _kept(profile: Profile, ours: Profile | None) -> Profile:
    if ours is None:
        return profile
    never = tuple(dict.fromkeys((*ours.never, *profile.never)))
    if len(never) > PLACES_LIMIT:
        raise InputError(
            f"'{profile.name}' and yours together name more than "
            f"{PLACES_LIMIT} places for 'never'",
            f"name fewer: keyswitch edit {profile.name} --never PLACE",
        )
    return profile._replace(
        isolated=ours.isolated,
        shared=ours.shared,
        only=ours.only or profile.only,
        never=never,
    )


def take_in(
    workspace: Workspace,
    packed: Sequence[Packed],
    store: str,
    *,
    replace_existing: bool,
) -> None:
    """Write every profile and its secrets, in one change."""
    items: list[NewItem] = []
    profiles = []
    for one in packed:
        fresh = {
            field: new_secret(workspace, store, value)
            for field, value in one.secrets.items()
        }
        items += fresh.values()
        refs = {field: item.ref for field, item in fresh.items()}
        refs = {**one.profile.secrets, **refs}
        profiles.append(one.profile._replace(secrets=refs))
    for profile in profiles:
        bindings.check_complete(workspace, profile)

    def make(draft: Draft) -> None:
        here = profile_files.scan(workspace.paths)
        for item in items:
            draft.store(item)
        for profile in profiles:
            if profile.name in here:
                if not replace_existing:
                    refuse_existing(workspace, profile.name)
                _replace(draft, profile)
            text = toml_edits.new_profile(profile).encode()
            draft.write_profile(profile.name, text)
        altered = {profile.name: profile for profile in profiles}
        after_edit.plan_follow(draft, altered, draft.discarded)
        draft.command, draft.profile = "import", ",".join(altered)[:200]
        fingerprints = map(main_fingerprint, profiles)
        draft.fingerprint = ",".join(fingerprints)[:200]

    commit(workspace, make)


def _replace(draft: Draft, profile: Profile) -> None:
    old, _ = draft.load(profile.name)
    if old.provider != profile.provider:
        raise InputError(
            f"profile '{profile.name}' here has another provider "
            f"({old.provider})",
            f"rename it first: keyswitch rename {profile.name} NAME",
        )
    if _kept(profile, old) != profile:
        raise InputError(
            f"profile '{profile.name}' changed in the meantime",
            "review both again: run the import again",
        )
    draft.discarded += stored(old.secrets.values())
