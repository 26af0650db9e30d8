"""export: profiles and their secrets into one encrypted file."""

from __future__ import annotations

import os
from collections.abc import Sequence

from keyswitch.changes import bindings
from keyswitch.changes.change import commit
from keyswitch.changes.draft import Draft
from keyswitch.errors import InputError, NotFoundError
from keyswitch.model import Profile
from keyswitch.profiles import profile_files
from keyswitch.progress import Progress
from keyswitch.secret import Secret
from keyswitch.secrets.vault.reading import normalised
from keyswitch.transfer import bundle
from keyswitch.transfer.bundle import Packed
from keyswitch.workspace import Workspace


def all_that_travel(workspace: Workspace) -> tuple[list[str], list[str]]:
    """Return the names of the profiles to export, and of the logins."""
    profiles, broken = profile_files.load_all(workspace.paths)
    for one in broken:
        raise one.error
    logins = [p.name for p in profiles if _is_login(workspace, p)]
    others = [p.name for p in profiles if p.name not in logins]
    return others, logins


def _is_login(workspace: Workspace, profile: Profile) -> bool:
    """Tell whether a second copy would stop working at the first renewal."""
    return bool(workspace.provider_of(profile).not_addable)


def collect(workspace: Workspace, names: Sequence[str]) -> list[Packed]:
    """Read the profiles and their secrets."""
    if not names:
        raise NotFoundError(
            "no profile to export", "add one: keyswitch add NAME"
        )
    packed, draft = [], Draft(workspace)
    wanted = sorted(set(names))
    with Progress("reading profiles", len(wanted)) as step:
        for name in wanted:
            packed.append(_collected(workspace, draft, name))
            step.done += 1
    return packed


def _collected(workspace: Workspace, draft: Draft, name: str) -> Packed:
    profile, _ = workspace.load(name)
    if _is_login(workspace, profile):
        raise InputError(
            f"'{name}' is a login: a second copy stops working when the first "
            "is renewed",
            "log in on the other machine: keyswitch login NAME",
        )
    bindings.require(workspace, profile)
    kept, secrets = {}, {}
    for field, ref in profile.secrets.items():
        if ref.is_reference:
            kept[field] = ref  # the other machine reads it itself
        else:
            secrets[field] = draft.secret(ref)
    return Packed(profile._replace(secrets=kept, team=""), secrets)


def write(
    workspace: Workspace,
    packed: Sequence[Packed],
    path: str,
    passphrase: Secret,
    *,
    replace_file: bool,
) -> None:
    """Write the bundle, private from its first byte."""
    path = os.path.abspath(path)
    data = bundle.pack(packed, normalised(passphrase))

    def make(draft: Draft) -> None:
        if not replace_file and draft.read(path, bundle.LIMIT) is not None:
            raise exists(path)
        draft.write(path, data, limit=bundle.LIMIT, private=True, anywhere=True)
        names = ",".join(one.profile.name for one in packed)
        draft.command, draft.profile = "export", names[:200]
        draft.beside = True

    commit(workspace, make)


def exists(path: str) -> InputError:
    """Return the error for a file that is there already."""
    return InputError(
        f"{path} already exists", "choose another name, or add --replace"
    )
