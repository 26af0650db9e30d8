"""Keep the ledger of logins in step when a profile is renamed or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.errors import InputError
from keyswitch.model import FileChange
from keyswitch.profiles.atomic import read_regular
from keyswitch.switching import login_ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.model import Profile, SecretRef
    from keyswitch.switching.login_ledger import Ledger
    from keyswitch.switching.workspace import Workspace

PROVIDER = "claude-login"
_LIMIT = 1 << 22  # bytes


def renamed(workspace: Workspace, old: str, new: str) -> list[FileChange]:
    """Return the ledger's change for a profile's new name, if it has one."""
    path, before, ledger = _read(workspace)
    return _changed(path, before, login_ledger.renamed(ledger, old, new))


def removed(
    workspace: Workspace, profile: Profile
) -> tuple[list[FileChange], tuple[SecretRef, ...]]:
    """Return the ledger's change for a removed profile, and what goes.

    The newest generation waits for `undo` like any secret; the older ones
    have been superseded. A login that is live stays where it is.
    """
    path, before, ledger = _read(workspace)
    after, gone = login_ledger.without_profile(ledger, profile.name)
    kept = {ref.item for ref in profile.secrets.values()}
    superseded = tuple(g.ref for g in gone if g.item not in kept)
    return _changed(path, before, after), superseded


def taken_back(
    workspace: Workspace,
    files: Sequence[FileChange],
    gone: set[str],
    names: tuple[str, str] | None,
) -> list[FileChange]:
    """Return the files of an undo, with the ledger in step.

    `gone` are store items that the undone change had made: a login that only
    they hold is not stored any more. `names`: the present and former name of
    a profile whose new name is taken back. The same undo may have changed the
    ledger already.
    """
    path, before, ledger = _read(workspace)
    others = [change for change in files if change.path != path]
    for change in files:
        if change.path == path:
            ledger = login_ledger.decode(path, change.after)
    ledger = login_ledger.without_items(ledger, gone)
    if names is not None:
        ledger = login_ledger.renamed(ledger, *names)
    return [*others, *_changed(path, before, ledger)]


def refuse_second_owner(profile: Profile) -> None:
    """Raise if a profile is a login, of which there can be one copy only."""
    if profile.provider == PROVIDER:
        raise InputError(
            f"'{profile.name}' is a login, and a second copy of one stops "
            "working when the first is renewed",
            "log in once more under another name: keyswitch login NAME",
        )


def _read(workspace: Workspace) -> tuple[str, bytes | None, Ledger]:
    path = login_ledger.path_of(workspace.paths)
    data = read_regular(path, _LIMIT)
    return path, data, login_ledger.decode(path, data)


def _changed(
    path: str, before: bytes | None, ledger: Ledger
) -> list[FileChange]:
    after = login_ledger.encode(ledger)
    return [FileChange(path, before, after)] if after != before else []
