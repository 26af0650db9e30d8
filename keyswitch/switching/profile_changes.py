"""Make, edit, rename, copy, rotate and remove profiles."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyswitch.errors import InputError
from keyswitch.model import FileChange, Profile, SecretRef
from keyswitch.profiles import files, state
from keyswitch.profiles.names import check_name
from keyswitch.profiles.state import State
from keyswitch.secrets.stores import new_item, open_store
from keyswitch.switching import folder_renames, intents, login_names
from keyswitch.switching import target as planning
from keyswitch.switching.change import Change, commit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from keyswitch.secret import Secret
    from keyswitch.switching.workspace import Workspace


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A value on its way into a store, with the reference it will have."""

    ref: SecretRef
    value: Secret


def today() -> str:
    """Return the local date, as profile files write it."""
    return datetime.now(UTC).astimezone().date().isoformat()


def new_secret(
    workspace: Workspace, store: str, value: Secret, generation: int = 1
) -> NewSecret:
    """Give a value the item that it will have."""
    from keyswitch.providers.shapes import fingerprint, mask

    return NewSecret(
        SecretRef(
            store=store,
            item=new_item(),
            generation=generation,
            fingerprint=fingerprint(workspace.install_key, value.reveal()),
            hint=mask(value.reveal()),
        ),
        value,
    )


def write_items(
    workspace: Workspace, profile: str, fresh: Mapping[str, NewSecret]
) -> Callable[[], None]:
    """Return the step that writes new items, declared before they exist."""

    def write() -> None:
        for secret in fresh.values():
            intents.declare(workspace.paths, secret.ref, profile)
            store = open_store(secret.ref.store, workspace.paths, workspace.ask)
            store.put(secret.ref.item, secret.ref.generation, secret.value)

    return write


def add(
    workspace: Workspace, profile: Profile, fresh: Mapping[str, NewSecret]
) -> Profile:
    """Write a new profile and its secrets."""
    check_name(profile.name)
    refs = {field: secret.ref for field, secret in fresh.items()}
    profile = replace(profile, secrets={**profile.secrets, **refs})
    workspace.provider_of(profile).check(profile)
    path = workspace.paths.profile(profile.name)

    def plan() -> Change:
        refuse_existing(workspace, profile.name)
        created = FileChange(path, None, files.dumps_new(profile).encode())
        target = planning.plan_approval(workspace, profile, fresh)
        return Change(
            command="add",
            profile=profile.name,
            own=(created,),
            foreign=target.files,
            locks=target.locks,
            created=tuple(refs.values()),
            fingerprint=main_fingerprint(profile),
        )

    refuse_existing(workspace, profile.name)
    commit(workspace, plan, prepare=write_items(workspace, profile.name, fresh))
    return profile


def check_new(
    workspace: Workspace, profile: Profile, values: Mapping[str, Secret]
) -> None:
    """Raise what `add` would, before a person is asked to open a store."""
    items = {
        field: NewSecret(SecretRef(store="vault", item=new_item()), value)
        for field, value in values.items()
    }
    refs = {field: secret.ref for field, secret in items.items()}
    profile = replace(profile, secrets=refs)
    workspace.provider_of(profile).check(profile)
    planning.plan_approval(workspace, profile, items)


def refuse_existing(workspace: Workspace, name: str) -> None:
    """Raise if a profile with this name exists, readable or not."""
    if os.path.lexists(workspace.paths.profile(name)):
        raise InputError(
            f"profile '{name}' exists already",
            f"choose another name, or 'keyswitch rotate {name}' for a new "
            "secret",
        )


def main_fingerprint(profile: Profile) -> str:
    """Return the fingerprint that history shows for a profile."""
    return ",".join(ref.fingerprint for ref in profile.secrets.values())


def rewrite(
    workspace: Workspace,
    command: str,
    name: str,
    alter: Callable[[Profile], Profile],
    fresh: Mapping[str, NewSecret] | None = None,
) -> Profile:
    """Edit a profile's file by key and bring Claude Code's files in line."""
    fresh = fresh or {}
    result: list[Profile] = []

    def plan() -> Change:
        old, data = workspace.load(name)
        new = alter(old)
        workspace.provider_of(new).check(new)
        result[:] = [new]
        after = files.edited(data.decode("utf-8"), new).encode()
        own = FileChange(workspace.paths.profile(name), data, after)
        target = planning.plan_follow(workspace, old, new, fresh)
        kept = {ref.item for ref in new.secrets.values()}
        return Change(
            command=command,
            profile=name,
            own=(own,),
            foreign=target.files,
            locks=target.locks,
            created=tuple(secret.ref for secret in fresh.values())
            + target.created,
            discarded=tuple(
                ref for ref in old.secrets.values() if ref.item not in kept
            ),
            dropped=target.dropped,
            fingerprint=main_fingerprint(new),
        )

    commit(workspace, plan, prepare=write_items(workspace, name, fresh))
    return result[0]


def rotate(
    workspace: Workspace,
    name: str,
    values: Mapping[str, tuple[str, Secret]],
    expires: date | None = None,
) -> Profile:
    """Replace secrets of a profile; `values`: field -> (store, value)."""
    profile, _ = workspace.load(name)
    fresh = {
        field: new_secret(
            workspace,
            store,
            value,
            profile.secrets[field].generation + 1
            if field in profile.secrets
            else 1,
        )
        for field, (store, value) in values.items()
    }

    def alter(old: Profile) -> Profile:
        refs = {field: secret.ref for field, secret in fresh.items()}
        return replace(
            old,
            secrets={**old.secrets, **refs},
            expires=expires or old.expires,
        )

    return rewrite(workspace, "rotate", name, alter, fresh)


def copy(workspace: Workspace, source: str, name: str) -> Profile:
    """Copy a profile; its secrets get items of their own."""
    profile, _ = workspace.load(source)
    login_names.refuse_second_owner(profile)
    fresh = {}
    for field, ref in profile.secrets.items():
        store = open_store(ref.store, workspace.paths, workspace.ask)
        value = store.get(ref.item, ref.generation)
        fresh[field] = new_secret(workspace, ref.store, value)
    return add(workspace, replace(profile, name=name, secrets={}), fresh)


def rename(workspace: Workspace, source: str, name: str) -> None:
    """Give a profile another name; the pointer and its own folder follow."""
    check_name(name)
    refuse_existing(workspace, name)
    _leave_folder(workspace, source)

    def plan() -> Change:
        profile, data = workspace.load(source)
        refuse_existing(workspace, name)
        present = state.read(workspace.paths)
        names = [
            name if n == source else n
            for n in (present.active, present.previous)
        ]
        moved = replace(profile, name=name)
        target = planning.plan_follow(workspace, profile, moved, {})
        return Change(
            command="rename",
            profile=name,
            own=(
                FileChange(workspace.paths.profile(source), data, None),
                FileChange(workspace.paths.profile(name), None, data),
            ),
            foreign=(
                *target.files,
                *login_names.renamed(workspace, source, name),
            ),
            locks=target.locks,
            created=target.created,
            harvested=target.harvested,
            dropped=target.dropped,
            pointer=State(names[0], names[1], state.new_stamp())
            if source in (present.active, present.previous)
            else None,
            fingerprint=main_fingerprint(profile),
            folders=folder_renames.renamed(workspace, source, name),
        )

    commit(workspace, plan)


def _leave_folder(workspace: Workspace, name: str) -> None:
    """Store a login that is in the profile's own folder."""
    if os.path.isdir(workspace.paths.folder_of(name)):
        from keyswitch.switching import isolation

        isolation.move_out(workspace, name)


def remove(workspace: Workspace, name: str) -> bool:
    """Remove a profile; its secrets wait for `undo`. Tell if it was active."""
    was_active: list[bool] = []
    _leave_folder(workspace, name)

    def plan() -> Change:
        profile, data = workspace.load(name)
        present = state.read(workspace.paths)
        was_active[:] = [present.active == name]
        left = [
            n if n != name else "" for n in (present.active, present.previous)
        ]
        target = planning.plan_leave(workspace, profile)
        ledger, superseded = login_names.removed(workspace, profile)
        return Change(
            command="remove",
            profile=name,
            own=(FileChange(workspace.paths.profile(name), data, None),),
            foreign=(*target.files, *ledger),
            locks=target.locks,
            created=target.created,
            harvested=target.harvested,
            dropped=(*target.dropped, *superseded),
            discarded=tuple(profile.secrets.values()),
            pointer=State(left[0], left[1], state.new_stamp())
            if name in (present.active, present.previous)
            else None,
            fingerprint=main_fingerprint(profile),
        )

    commit(workspace, plan)
    return was_active[0]
