"""Hold a profile to what its secrets, and its provider's variables, are for.

Every way to a secret's value asks `require` or `check` first. A change of
keyswitch's own moves the records along (`follow`), so what was changed in a
profile file by anybody else is noticed, and refused until the person agrees.

A provider file may set variables that carry no credential once the person has
agreed: that is kept, a small file each, by provider, variable and value.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from keyswitch.disk.atomic import read_regular, sync_dir, write_once
from keyswitch.disk.digests import sha256
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import InputError, KeyswitchError, NotFoundError
from keyswitch.model import Profile, SecretRef
from keyswitch.profiles import own_json, profile_files
from keyswitch.profiles.paths import Paths
from keyswitch.providers import binding
from keyswitch.providers.binding import Binding, Mismatch, bindings_of
from keyswitch.providers.steering import Steering, of_own_file, refuse_named
from keyswitch.workspace import Workspace

if TYPE_CHECKING:
    from keyswitch.changes.draft import Draft

_LIMIT = 1 << 18  # bytes of an agreement; a provider file may have 64 KiB
_LOGIN = ("claude-login", "login")  # provider and field of a kept login


def mismatches(workspace: Workspace, profile: Profile) -> list[Mismatch]:
    """Return the secrets that a profile file uses for something else."""
    if not profile.secrets:
        return []
    found = binding.mismatches(
        workspace.paths,
        workspace.provider_of(profile),
        profile,
        lambda item: _recorded(workspace, item),
    )
    return [one for one in found if not _is_moved_login(workspace, one)]


def _is_moved_login(workspace: Workspace, found: Mismatch) -> bool:
    """Tell whether a login's file was renamed: it goes to the same place."""
    return (
        found.stored.differences(found.asked) == {"profile"}
        and (found.asked.provider, found.asked.field) == _LOGIN
        and not os.path.lexists(workspace.paths.profile(found.stored.profile))
    )


def check(workspace: Workspace, profile: Profile) -> None:
    """Raise OtherUseError unless the secrets are for what the file says."""
    binding.refuse(mismatches(workspace, profile))


def require(workspace: Workspace, profile: Profile) -> None:
    """Do the same, and record the use of secrets that have no record yet."""
    check(workspace, profile)
    if workspace.dry_run or profile.provider == _LOGIN[0]:
        return
    provider = workspace.provider_of(profile)
    for field, use in bindings_of(provider, profile).items():
        key = binding.key_of(profile.name, field, profile.secrets[field])
        path = binding.path_of(workspace.paths, key)
        if not os.path.lexists(path):
            # Where nothing can be written, nothing else of a use is kept.
            with contextlib.suppress(OSError, KeyswitchError):
                ensure_private_dir(workspace.paths.bound_dir)
                write_once(path, binding.text_of(use))


def _recorded(
    workspace: Workspace, item: str, draft: Draft | None = None
) -> Binding | None:
    """Return an item's record, as a draft leaves it."""
    if draft is None:
        found = binding.recorded(workspace.paths, item)
    else:
        path = binding.path_of(workspace.paths, item)
        found = binding.parse(path, draft.read(path, binding.LIMIT))
    return found or _login(workspace.paths, item)


def _login(paths: Paths, item: str) -> Binding | None:
    """Return the use of a kept login, which the ledger records."""
    # Loaded here, since a switch between keys has no use for it.
    from keyswitch.changes import login_ledger

    data = read_regular(paths.logins_file, login_ledger.LIMIT, ours=True)
    if data is None or item.encode() not in data:
        return None
    ledger = login_ledger.decode(paths.logins_file, data)
    holder = ledger.holder_of(item)
    if not holder:
        return None
    return Binding(holder, *_LOGIN, "api.anthropic.com", {})


def allow_use(
    draft: Draft, profile: Profile, agreed: Collection[Mismatch]
) -> None:
    """Plan the records of a profile that becomes active.

    `agreed` is what the person was shown and said yes to; anything else that
    differs is refused.
    """
    found = mismatches(draft.workspace, profile)
    binding.refuse([one for one in found if one not in agreed])
    draft.agreed.update(one.key for one in found)
    _plan(draft, profile, {})


def check_new_secrets(
    workspace: Workspace, profile: Profile, fields: Iterable[str]
) -> None:
    """Raise if these fields' next secrets would go where none went before.

    A file that somebody changed may name no item that has a record, so its
    earlier secrets, which have one, tell where it sends them.
    """
    uses = bindings_of(workspace.provider_of(profile), profile)
    earlier = list(_recorded_for(workspace.paths, profile.name))
    for field in fields:
        stored = [one for one in earlier if one.field == field]
        if stored and all(one.differences(uses[field]) for one in stored):
            ref = profile.secrets[field]
            found = Mismatch(ref, stored[-1], uses[field])
            raise binding.OtherUseError(
                found.what,
                f"revert it: keyswitch edit {profile.name}; if you made the "
                "change, remove the profile and add it again",
            )


def _recorded_for(paths: Paths, name: str) -> Iterator[Binding]:
    """Yield what the stored secrets of one profile may be used for."""
    return (one for one in binding.every(paths) if one.profile == name)


def allow_edit(
    draft: Draft, old: Profile, new: Profile, agreed: Collection[str]
) -> None:
    """Refuse to edit a file that somebody else changed, unless it mends it.

    `agreed` names the fields that the person gives, or items of secrets.
    """
    try:
        found = mismatches(draft.workspace, old)
    except NotFoundError:
        found = []  # its provider is gone; `follow` looks at the new one
    for one in found:
        after = _uses(draft.workspace, new).get(one.key)
        left = {"item"} if after is None else after.differences(one.stored)
        if one.key in agreed or left <= {*agreed}:
            draft.agreed.add(one.key)
        else:
            binding.refuse([one])


def follow(draft: Draft) -> None:
    """Let the records follow the profile files that a draft writes."""
    was: dict[str, Binding] = {}
    written = []
    workspace = draft.workspace
    for change in draft.written(workspace.paths.profiles_dir):
        path, before, after = change[:3]
        if before is not None:
            with contextlib.suppress(KeyswitchError, UnicodeDecodeError):
                former = profile_files.parse(before.decode(), path)
                was |= _uses(workspace, former)
        if after is not None:
            with contextlib.suppress(KeyswitchError, UnicodeDecodeError):
                written.append(profile_files.parse(after.decode(), path))
    left: set[str] = set()
    for profile in written:
        _plan(draft, profile, was)
        left |= _uses(workspace, profile).keys()
    for key in was.keys() - left:
        if key.startswith(binding.OF_REFERENCE):
            path = binding.path_of(workspace.paths, key)
            own = not draft.planned_back
            draft.write(path, None, limit=binding.LIMIT, own=own)


def _plan(draft: Draft, profile: Profile, was: dict[str, Binding]) -> None:
    """Plan the records of one profile's secrets; `was`: the former uses."""
    if profile.provider == _LOGIN[0]:
        return
    for field, use in _by_field(draft.workspace, profile).items():
        ref = profile.secrets[field]
        item = binding.key_of(profile.name, field, ref)
        stored, former = _recorded(draft.workspace, item, draft), was.get(item)
        if stored is not None:
            if not stored.differences(use):
                continue
            follows = former is not None and not stored.differences(former)
            if not follows and item not in draft.agreed:
                if draft.is_undo:
                    continue  # what comes back is refused when it is used
                binding.refuse([Mismatch(ref, stored, use)])
        path = binding.path_of(draft.workspace.paths, item)
        text = binding.text_of(use)
        own = stored is not None and not draft.planned_back
        draft.write(path, text, limit=binding.LIMIT, own=own)


def _uses(workspace: Workspace, profile: Profile) -> dict[str, Binding]:
    """Return what a profile makes of its secrets, by its record's name."""
    return {
        binding.key_of(profile.name, field, profile.secrets[field]): use
        for field, use in _by_field(workspace, profile).items()
    }


def _by_field(workspace: Workspace, profile: Profile) -> dict[str, Binding]:
    if not profile.secrets:
        return {}  # whatever its provider is, even one that is gone
    return bindings_of(workspace.provider_of(profile), profile)


def forget(paths: Paths, ref: SecretRef) -> None:
    """Remove the record of an item that is gone."""
    path = binding.path_of(paths, ref.item)
    with contextlib.suppress(OSError):
        os.unlink(path)
        sync_dir(os.path.dirname(path))


def not_agreed(workspace: Workspace, profile: Profile) -> list[Steering]:
    """Return the variables of an own provider that nobody agreed to yet.

    Raises NewerFileError and DamagedFileError for a record of such a kind.
    """
    found = []
    for one in of_own_file(workspace.provider_of(profile), profile):
        path = _agreement(workspace, one)
        data = read_regular(path, _LIMIT, ours=True)
        if data is None:
            found.append(one)
        else:
            check_record(path, data)
    return found


def check_record(path: str, data: bytes) -> None:
    """Raise unless a record is one, and of this version."""
    lost = "keyswitch asks again for what you had agreed to"
    own_json.read(Steering, path, data, lost)


def check_complete(workspace: Workspace, profile: Profile) -> None:
    """Raise unless a profile is complete, and all it sets may be set."""
    is_kept = os.path.lexists(workspace.paths.profile(profile.name))
    workspace.provider_of(profile).check(profile, is_kept=is_kept)
    require_variables(workspace, profile)


def require_variables(workspace: Workspace, profile: Profile) -> None:
    """Raise unless each variable is for a credential, or was agreed to."""
    refuse_named(workspace.provider_of(profile), profile)
    for one in not_agreed(workspace, profile):
        raise InputError(
            one.what,
            "remove it from the provider file, or agree to it on a terminal: "
            f"keyswitch use {profile.name}",
        )


def agree_to(workspace: Workspace, seen: Iterable[Steering]) -> None:
    """Keep what a person agreed to."""
    for one in seen:
        ensure_private_dir(workspace.paths.agreed_dir)
        data = own_json.encode(**one._asdict())
        what = f"the permission for {one.variable}"
        own_json.keep(_agreement(workspace, one), data, what)


def _agreement(workspace: Workspace, one: Steering) -> str:
    parts = (one.provider, one.variable, one.value)
    name = sha256("\0".join(parts).encode())
    return os.path.join(workspace.paths.agreed_dir, name)
