"""Keep the ledger of logins in step when a profile is renamed or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes import login_ledger
from keyswitch.changes.draft import FIRST
from keyswitch.errors import InputError

if TYPE_CHECKING:
    from keyswitch.changes.draft import Draft
    from keyswitch.changes.login_ledger import Ledger
    from keyswitch.model import Profile
    from keyswitch.workspace import Workspace

PROVIDER = "claude-login"


def renamed(workspace: Workspace, draft: Draft, old: str, new: str) -> None:
    """Let the ledger follow a profile's new name."""
    ledger = _renamed(workspace, _read(workspace, draft), old, new)
    _write(workspace, draft, ledger)


def _renamed(
    workspace: Workspace, ledger: Ledger, old: str, new: str
) -> Ledger:
    """Return the ledger with a profile's name, and its folder's, changed."""
    ledger = login_ledger.renamed(ledger, old, new)
    before = workspace.paths.folder_of(old)
    after = workspace.paths.folder_of(new)
    folders = {
        after if path == before else path: found
        for path, found in ledger.folders.items()
    }
    return ledger._replace(folders=folders)


def removed(workspace: Workspace, draft: Draft, profile: Profile) -> None:
    """Take a removed profile out of the ledger.

    The newest generation waits for `undo` like any secret; the older ones
    have been superseded, but for those that may be another account's. A login
    that is live stays where it is.
    """
    ledger = login_ledger.with_unsure_apart(
        _read(workspace, draft), profile.name
    )
    after, gone = login_ledger.without_profile(ledger, profile.name)
    _write(workspace, draft, after)
    kept = {ref.item for ref in profile.secrets.values()}
    draft.dropped += [g.ref for g in gone if g.item not in kept]


def taken_back(
    workspace: Workspace,
    draft: Draft,
    gone: set[str],
    names: tuple[str, str] | None,
) -> None:
    """Bring the ledger in step with an undo.

    `gone` are store items that the undone change had made: a login that only
    they hold is not stored any more. `names`: the present and former name of
    a profile whose new name is taken back.
    """
    ledger = login_ledger.without_items(_read(workspace, draft), gone)
    if names is not None:
        ledger = _renamed(workspace, ledger, *names)
    _write(workspace, draft, ledger)


def refuse_second_owner(profile: Profile) -> None:
    """Raise if a profile is a login, of which there can be one copy only."""
    if profile.provider == PROVIDER:
        raise InputError(
            f"'{profile.name}' is a login, and a second copy of one stops "
            "working when the first is renewed",
            "log in once more under another name: keyswitch login NAME",
        )


def _read(workspace: Workspace, draft: Draft) -> Ledger:
    path = workspace.paths.logins_file
    return login_ledger.decode(path, draft.read(path, login_ledger.LIMIT))


def _write(workspace: Workspace, draft: Draft, ledger: Ledger) -> None:
    path = workspace.paths.logins_file
    after = login_ledger.encode(ledger)
    draft.write(path, after, limit=login_ledger.LIMIT, rank=FIRST)
