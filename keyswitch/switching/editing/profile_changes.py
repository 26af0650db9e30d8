"""Make, edit, rename, copy, rotate and remove profiles, by key or as text."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime

from keyswitch.changes import bindings
from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft, NewItem
from keyswitch.changes.history import main_fingerprint
from keyswitch.errors import FileStateError, InputError, KeyswitchError
from keyswitch.model import LOGIN_PROVIDER, Profile, SecretRef, stored
from keyswitch.profiles import profile_files, state, toml_edits
from keyswitch.profiles.names import check_name
from keyswitch.profiles.state import State
from keyswitch.providers.shapes import fingerprint, mask
from keyswitch.secret import Secret
from keyswitch.secrets.stores import new_item
from keyswitch.switching.planning import after_edit, all_folders, isolation
from keyswitch.workspace import Workspace


def today() -> date:
    """Return the local date."""
    return datetime.now(UTC).astimezone().date()


def new_secret(
    workspace: Workspace,
    store: str,
    value: Secret,
    former: SecretRef | None = None,
) -> NewItem:
    """Give a value, the next after a former one, the item it will have."""
    return NewItem(
        SecretRef(
            store=store,
            item=new_item(),
            generation=former.generation + 1 if former else 1,
            fingerprint=fingerprint(workspace.install_key, value.reveal()),
            hint=mask(value.reveal()),
        ),
        value,
    )


def require_own(profile: Profile) -> None:
    """Raise if a profile is a team's: its file is written anew by the team."""
    if profile.team:
        raise InputError(
            f"'{profile.name}' is managed by team '{profile.team}'",
            f"make your own copy: keyswitch copy {profile.name} NAME",
        )


def add(
    workspace: Workspace, profile: Profile, fresh: Mapping[str, NewItem]
) -> None:
    """Write a new profile and its secrets."""
    check_name(profile.name)
    refs = {field: item.ref for field, item in fresh.items()}
    profile = profile._replace(secrets={**profile.secrets, **refs})
    bindings.check_complete(workspace, profile)

    def make(draft: Draft) -> None:
        refuse_existing(workspace, profile.name)
        for item in fresh.values():
            draft.store(item)
        text = toml_edits.new_profile(profile).encode()
        draft.write_profile(profile.name, text)
        after_edit.plan_follow(draft, {profile.name: profile})
        _name(draft, "add", profile)

    commit(workspace, make)


def _name(draft: Draft, command: str, profile: Profile) -> None:
    draft.command, draft.profile = command, profile.name
    draft.fingerprint = main_fingerprint(profile)


def check_new(
    workspace: Workspace, profile: Profile, values: Mapping[str, Secret]
) -> None:
    """Raise what `add` would, before a person is asked to open a store."""
    draft = Draft(workspace)
    refs = {field: SecretRef("vault", new_item()) for field in values}
    for field, ref in refs.items():
        draft.store(NewItem(ref, values[field]))
    profile = profile._replace(secrets={**profile.secrets, **refs})
    bindings.check_complete(workspace, profile)
    after_edit.plan_follow(draft, {profile.name: profile})


def refuse_existing(
    workspace: Workspace, name: str, *, adds: bool = False
) -> None:
    """Raise if a profile with this name exists, readable or not.

    `adds`: with a secret, which may be meant for that profile.
    """
    if not os.path.lexists(workspace.paths.profile(name)):
        return
    hint = "choose another name"
    with contextlib.suppress(KeyswitchError):
        if adds and workspace.load(name)[0].provider == LOGIN_PROVIDER:
            hint += f"; to log in again: keyswitch login {name}"
        elif adds:
            hint += f"; to replace its secret: keyswitch rotate {name}"
    raise InputError(f"profile '{name}' already exists", hint)


def rewrite(  # noqa: PLR0913
    workspace: Workspace,
    command: str,
    name: str,
    alter: Callable[[Profile], Profile],
    fresh: Mapping[str, NewItem] | None = None,
    *,
    given: Collection[str] = (),
) -> None:
    """Edit a profile's file by key; Claude Code's files follow it.

    `given` names the fields that the person gave a value.
    """

    def make(draft: Draft) -> Profile:
        for item in (fresh or {}).values():
            draft.store(item)
        old, data = draft.load(name)
        new = alter(old)
        text = toml_edits.with_profile(data.decode("utf-8"), new)
        bindings.allow_edit(draft, old, new, given)
        plan_edited(draft, old, new, text)
        draft.command = command
        return new

    new, _ = commit(workspace, make)
    isolation.make_folder(workspace, new)


def plan_edited(draft: Draft, old: Profile, new: Profile, text: str) -> None:
    """Plan a profile's new text, and all that follows from it."""
    require_own(old)
    bindings.check_complete(draft.workspace, new)
    draft.write_profile(new.name, text.encode())
    left = {ref.item for ref in new.secrets.values()}
    held = stored(old.secrets.values())
    gone = [ref for ref in held if ref.item not in left]
    after_edit.plan_follow(draft, {old.name: new}, gone)
    if (old.isolated, old.shared) != (new.isolated, new.shared):
        isolation.follow(draft, new)
    draft.discarded += gone
    _name(draft, "edit", new)


def rotate(
    workspace: Workspace,
    name: str,
    values: Mapping[str, tuple[str, Secret]],
    expires: date | None = None,
) -> None:
    """Replace secrets of a profile; `values`: field -> (store, value)."""
    profile, _ = workspace.load(name)
    usual = workspace.provider_of(profile).expected_end(today())
    fresh = {
        field: new_secret(workspace, store, value, profile.secrets.get(field))
        for field, (store, value) in values.items()
    }

    def alter(old: Profile) -> Profile:
        refs = {field: item.ref for field, item in fresh.items()}
        return old._replace(
            secrets={**old.secrets, **refs},
            created=today(),  # `doctor` takes it for the key's age
            expires=expires or usual or old.expires,
            expires_expected=not expires and bool(usual),
        )

    bindings.check_new_secrets(workspace, alter(profile), fresh)
    rewrite(workspace, "rotate", name, alter, fresh)


def copy(workspace: Workspace, source: str, name: str) -> None:
    """Copy a profile; its secrets get items of their own."""
    profile, _ = workspace.load(source)
    if profile.provider == LOGIN_PROVIDER:
        raise InputError(
            f"'{profile.name}' is a login: a second copy stops working when "
            "the first is renewed",
            "log in again under another name: keyswitch login NAME",
        )
    bindings.require(workspace, profile)
    draft = Draft(workspace)
    fresh = {
        field: new_secret(workspace, ref.store, draft.secret(ref))
        for field, ref in profile.secrets.items()
        if not ref.is_reference
    }
    add(workspace, profile._replace(name=name, team=""), fresh)


def rename(workspace: Workspace, source: str, name: str) -> None:
    """Give a profile another name; the pointer and its own folder follow."""
    check_name(name)

    def make(draft: Draft) -> None:
        refuse_existing(workspace, name)
        isolation.move_along(draft, source, name)
        profile, data = draft.load(source)
        require_own(profile)
        bindings.check(workspace, profile)
        draft.write_profile(source, None)
        draft.write_profile(name, data)
        moved = profile._replace(name=name)
        active = state.read(workspace.paths).active
        if profile.isolated and active == source:
            all_folders.plan_elsewhere(draft, moved)
        else:
            after_edit.plan_follow(draft, {source: moved})
        all_folders.rename_own(draft, source, moved)
        after_edit.update_logins(draft, (source, name))
        draft.folders += after_edit.renamed_folder(workspace, source, name)
        _name(draft, "rename", moved)
        point(draft, {source: name})

    commit(workspace, make)


def point(draft: Draft, names: Mapping[str, str]) -> bool:
    """Let the pointer follow profiles' names; tell if an active one was."""
    present = state.read(draft.workspace.paths)
    active = names.get(present.active, present.active)
    previous = names.get(present.previous, present.previous)
    if (active, previous) != (present.active, present.previous):
        draft.pointer = State(active, previous, state.new_stamp())
    return active != present.active


def remove(workspace: Workspace, name: str) -> bool:
    """Remove a profile; its secrets wait for `undo`. Tell if it was active."""

    def make(draft: Draft) -> bool:
        isolation.move_out(draft, name)
        profile, _ = draft.load(name)
        draft.write_profile(name, None)
        held = stored(profile.secrets.values())
        after_edit.plan_follow(draft, {name: None}, held)
        all_folders.plan_own(draft, name)
        all_folders.say_logins(draft, name)
        after_edit.remove_logins(draft, profile)
        draft.discarded += held
        _name(draft, "remove", profile)
        return point(draft, {name: ""})

    return commit(workspace, make)[0]


def replace_text(
    workspace: Workspace,
    name: str,
    before: str,
    after: str,
    agreed: Collection[str] = (),
) -> None:
    """Put an edited text in a profile file's place.

    `agreed` names the items for whose new use there is a yes.
    """
    path = workspace.paths.profile(name)
    new = profile_files.parse(after, path)

    def make(draft: Draft) -> None:
        present = draft.read(path, profile_files.PROFILE_LIMIT)
        if present != before.encode("utf-8", "surrogateescape"):
            raise FileStateError(
                f"{path} changed while you edited it",
                f"nothing changed; edit it again: keyswitch edit {name}",
            )
        try:
            old = profile_files.parse(before, path)
        except InputError:
            old = new  # the edit mends a broken file
        bindings.allow_edit(draft, old, new, agreed)
        plan_edited(draft, old, new, after)

    commit(workspace, make)
    isolation.make_folder(workspace, new)
