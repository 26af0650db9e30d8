"""import: the profiles of a bundle, all of them or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from keyswitch.errors import InputError, NotFoundError
from keyswitch.model import FileChange
from keyswitch.profiles import files
from keyswitch.switching import target as planning
from keyswitch.switching.change import Change, commit
from keyswitch.switching.profile_changes import (
    main_fingerprint,
    new_secret,
    refuse_existing,
    write_items,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from keyswitch.model import Profile, SecretRef
    from keyswitch.switching.profile_changes import NewSecret
    from keyswitch.switching.workspace import Workspace
    from keyswitch.transfer.bundle import Packed


class Destination(NamedTuple):
    """Where a profile of a bundle would send its secret."""

    name: str
    host: str


def chosen(packed: Sequence[Packed], names: Collection[str]) -> list[Packed]:
    """Return the named profiles of a bundle; no name means all of them."""
    known = {one.profile.name for one in packed}
    for name in names:
        if name not in known:
            raise NotFoundError(
                f"there is no profile '{name}' in the bundle",
                f"it holds {', '.join(sorted(known)) or 'none'}",
            )
    return [p for p in packed if not names or p.profile.name in names]


def destinations(packed: Sequence[Packed]) -> list[Destination]:
    """Return every address that a plain field of the profiles names.

    The owner of the other machine chose it; the secret would go there.
    """
    found = set()
    for one in packed:
        for value in one.profile.fields.values():
            if "://" in value:
                host = urlsplit(value).netloc.rpartition("@")[2]
                found.add(Destination(one.profile.name, host or value))
    return sorted(found)


def conflicts(workspace: Workspace, packed: Sequence[Packed]) -> list[str]:
    """Return the names that exist here already."""
    here = set(files.scan(workspace.paths))
    return [p.profile.name for p in packed if p.profile.name in here]


def take_in(
    workspace: Workspace,
    packed: Sequence[Packed],
    store: str,
    *,
    replace_existing: bool,
) -> None:
    """Write every profile and its secrets, in one change."""
    fresh = {
        one.profile.name: {
            field: new_secret(workspace, store, value)
            for field, value in one.secrets.items()
        }
        for one in packed
    }
    profiles = [_with_refs(one, fresh[one.profile.name]) for one in packed]
    for profile in profiles:
        workspace.provider_of(profile).check(profile)
        if not replace_existing:
            refuse_existing(workspace, profile.name)
    items = {
        f"{name} {field}": secret
        for name, secrets in fresh.items()
        for field, secret in secrets.items()
    }

    def plan() -> Change:
        return _planned(workspace, profiles, items, replace_existing)

    commit(workspace, plan, prepare=write_items(workspace, "", items))


def _with_refs(one: Packed, fresh: dict[str, NewSecret]) -> Profile:
    refs = {field: secret.ref for field, secret in fresh.items()}
    return replace(one.profile, secrets=refs)


def _planned(
    workspace: Workspace,
    profiles: Sequence[Profile],
    items: dict[str, NewSecret],
    replace_existing: bool,  # noqa: FBT001
) -> Change:
    own = []
    discarded: list[SecretRef] = []
    altered = {profile.name: profile for profile in profiles}
    for profile in profiles:
        before = None
        if profile.name in files.scan(workspace.paths):
            if not replace_existing:
                refuse_existing(workspace, profile.name)
            old, before = workspace.load(profile.name)
            if old.provider != profile.provider:
                raise InputError(
                    f"profile '{profile.name}' is of another provider here "
                    f"({old.provider})",
                    f"rename it first: keyswitch rename {profile.name} NAME",
                )
            discarded += old.secrets.values()
        text = files.dumps_new(profile).encode()
        path = workspace.paths.profile(profile.name)
        own.append(FileChange(path, before, text))
    target = planning.plan_import(workspace, altered, items, discarded)
    return Change(
        command="import",
        profile=",".join(altered)[:200],
        own=tuple(own),
        foreign=target.files,
        locks=target.locks,
        created=(*(s.ref for s in items.values()), *target.created),
        discarded=tuple(discarded),
        dropped=target.dropped,
        fingerprint=",".join(main_fingerprint(p) for p in profiles)[:200],
    )
