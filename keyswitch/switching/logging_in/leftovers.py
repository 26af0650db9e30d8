"""What a killed login, or an old session of Claude Code, leaves behind.

A login runs in a scratch folder, so that the present login stays. It holds
tokens for a moment, so the next command wipes what a killed one left.

An old session of Claude Code keeps its account in memory and may write its
renewed tokens back after a switch. Who Claude Code says it is then still is
the account that was switched to, while the tokens are another's. Both are
kept, and the chosen account is put back. Where the name changed as well,
somebody logged in on purpose: that is left alone.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from keyswitch.disk.atomic import open_own, read_regular, write_all
from keyswitch.disk.ownership import is_foreign_home, require_own_home
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import FileStateError, KeyswitchError
from keyswitch.profiles import state
from keyswitch.profiles.paths import Paths
from keyswitch.workspace import Workspace

if TYPE_CHECKING:
    from keyswitch.changes.draft import Draft
    from keyswitch.targets.target import Keychain


def stamp_file(paths: Paths) -> str:
    """Return the file that says how `.credentials.json` was last seen."""
    return paths.state + "/login-stamp"


def _stamp(workspace: Workspace) -> str:
    """Return what changes with the login, in its file or in the keychain."""
    path = workspace.places.credentials
    stamp = f"{path}\nabsent\n"
    with contextlib.suppress(OSError):
        found = os.stat(path)
        stamp = f"{path}\n{found.st_mtime_ns} {found.st_size} {found.st_ino}\n"
    if workspace.keychain is None:
        return stamp
    from keyswitch.disk.digests import digest

    item = workspace.keychain.read(workspace.keychain.login)
    return f"{stamp}{digest(item)}\n"


def remember(workspace: Workspace) -> None:
    """Note how the login's file looks now.

    Written in place: half a note only costs a look, and the change that it
    follows is done, whether or not there is room for it.
    """
    with contextlib.suppress(OSError, KeyswitchError):
        require_own_home()
        text = os.fsencode(_stamp(workspace))
        descriptor = open_own(stamp_file(workspace.paths))
        try:
            write_all(descriptor, text)
            os.ftruncate(descriptor, len(text))
        finally:
            os.close(descriptor)


def notice(workspace: Workspace) -> list[str]:
    """Repair what an old session wrote; return what was done, one line each.

    Cheap while nothing has changed: one small file and one stat. A login that
    was killed is cleaned up after here as well.
    """
    if is_foreign_home():
        return []  # it is for its user's commands
    keychain = workspace.keychain
    sweep(workspace.paths, keychain)
    if keychain is None:
        return _seen_to(workspace)
    from keyswitch.switching.logins.keychain_note import finish_noted

    return finish_noted(workspace, keychain) + _seen_to(workspace)


def _seen_to(workspace: Workspace) -> list[str]:
    kept = read_regular(stamp_file(workspace.paths), 8192)
    if kept is None:
        return []
    try:
        seen = os.fsencode(_stamp(workspace))
        path = os.fsencode(workspace.places.credentials) + b"\n"
        whole = kept.count(b"\n") == seen.count(b"\n")
        if seen == kept or (whole and not kept.startswith(path)):
            return []
        said = _look(workspace)
    except KeyswitchError:
        return []  # a locked store: the next command looks again
    remember(workspace)
    return said


def _look(workspace: Workspace) -> list[str]:
    """Return what was found and done, one line each."""
    from keyswitch.changes.draft import Draft
    from keyswitch.switching.logins import owners
    from keyswitch.switching.logins.book import LoginBook

    active = state.read(workspace.paths).active
    logins = LoginBook(Draft(workspace), workspace.places)
    if not active or logins.folder().live != active:
        return []
    live = logins.live()
    owner = owners.owner_of(logins, live)
    if not live.usable or owner == active or logins.profile(active) is None:
        return []
    wanted = owners.identity_of(logins, active)
    whose = live.token_identity
    if not owner and (not whose.account or whose.fits(wanted)):
        return [_UNKNOWN.format(active)]
    if not live.named_identity.fits(wanted):
        who = f"as '{owner}'" if owner else "with another account"
        said = f"Claude Code was logged in {who}, so '{active}' is not in use"
        return [said]
    _put_back(workspace, active)
    whom = f"'{owner}'" if owner else "an account without a profile"
    said = f"an old session had restored the login of {whom}; both are saved"
    return [f"{said}, and '{active}' is in use again"]


_UNKNOWN = (
    "Claude Code's login was replaced, and the account of the new one is "
    "unknown; if it belongs to '{0}': keyswitch login {0} --capture"
)


def _put_back(workspace: Workspace, name: str) -> None:
    """Store what is there, and put the profile's login in place again.

    Nobody asked for it, so `undo` is about what was done before.
    """
    from keyswitch.changes.change import commit
    from keyswitch.switching.logins import moves
    from keyswitch.switching.logins.book import LoginBook
    from keyswitch.switching.planning import one_copy

    def make(draft: Draft) -> None:
        profile, _ = workspace.load(name)
        draft.command, draft.profile, draft.beside = "repair", name, True
        one_copy.leave_others(draft, profile, workspace.places)
        moves.switch_to(LoginBook(draft, workspace.places), profile)
        # What it says and who was there before is no news to the person.
        draft.moved = None
        draft.notes.clear()

    commit(workspace, make)


_PREFIX = "scratch-"
_LOCK = ".keyswitch-lock"
_TRIES = 10  # folders, should a sweep take each new one for a left one


@contextlib.contextmanager
def scratch(paths: Paths, keychain: Keychain | None = None) -> Iterator[str]:
    """Make a configuration folder that is gone afterwards."""
    ensure_private_dir(paths.state)
    folder, descriptor = _new(paths)
    try:
        yield folder
    finally:
        _remove(folder, keychain)
        os.close(descriptor)


def _new(paths: Paths) -> tuple[str, int]:
    """Return a new folder, and the open lock that says it is in use."""
    for _ in range(_TRIES):
        folder = os.path.join(paths.state, _PREFIX + os.urandom(8).hex())
        ensure_private_dir(folder)
        # A sweep of another command may come before the lock does.
        with contextlib.suppress(FileNotFoundError):
            descriptor = _open_lock(folder)
            if _lock(descriptor) and os.fstat(descriptor).st_nlink:
                return folder, descriptor
            os.close(descriptor)
    raise FileStateError(
        f"cannot lock folders in {paths.state}",
        "try again, or move that folder to another file system",
    )


def _open_lock(folder: str) -> int:
    return open_own(os.path.join(folder, _LOCK))


def _lock(descriptor: int) -> bool:
    """Take a scratch folder's lock; the kernel drops it with the process."""
    if os.name != "posix":
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def sweep(paths: Paths, keychain: Keychain | None = None) -> None:
    """Wipe the scratch folders of commands that were killed."""
    try:
        names = [n for n in os.listdir(paths.state) if n.startswith(_PREFIX)]
    except OSError:
        return
    for name in names:
        folder = os.path.join(paths.state, name)
        with contextlib.suppress(OSError):
            descriptor = _open_lock(folder)
            try:
                if _lock(descriptor):
                    _remove(folder, keychain)
            finally:
                os.close(descriptor)


def _remove(folder: str, keychain: Keychain | None) -> None:
    import shutil

    if keychain is not None:
        # Their names are made of the folder's, so they go first.
        items = keychain.for_folder(folder)
        try:
            items.delete(items.login)
            items.delete(items.console)
        except KeyswitchError:
            return  # locked: the next command tries again
    shutil.rmtree(folder, ignore_errors=True)
