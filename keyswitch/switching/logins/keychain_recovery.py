"""Finish a change of a login in the macOS keychain after a kill."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from keyswitch.changes import login_ledger
from keyswitch.commit.journal import digest
from keyswitch.commit.keychain_items import (
    BRIEF,
    decoded,
    forget,
    note_file,
    put_item,
)
from keyswitch.commit.transaction import Transaction
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import DamagedFileError, KeyswitchError
from keyswitch.switching.logins.storing import fetch
from keyswitch.targets import table
from keyswitch.targets.lock_folders import held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.commit.keychain_items import Wanted
    from keyswitch.targets.login import Keychain, Login
    from keyswitch.workspace import Workspace

_LIMIT = 1 << 16  # bytes of a note
_EMPTY = b"{}"  # an item that says nothing


def finished(workspace: Workspace) -> list[str]:
    """Do what a note is left of; return what there is to say about it."""
    if not os.path.exists(note_file(workspace.paths)):
        return []
    try:
        return finish(workspace)
    except DamagedFileError:
        raise
    except KeyswitchError as e:
        return [f"the login is not in place yet: {e.message}; {e.hint}"]


def finish(workspace: Workspace) -> list[str]:
    """Do what a note is left of; return what was done, one line each.

    It can be repeated, and gives way to whoever wrote an item meanwhile.
    """
    keychain = workspace.keychain
    if keychain is None:
        return []
    with Transaction(workspace.paths):
        # Read under the lock: the command that wrote it may have gone on.
        data = read_regular(note_file(workspace.paths), _LIMIT)
        if data is None:
            return []
        said = []
        for change in decoded(note_file(workspace.paths), data):
            parts = _wanted_login(workspace, change.tokens)
            if parts is None:
                said.append("the login of the last change is not stored now")
                continue
            locks = []
            if os.path.isdir(change.folder):
                locks = table.main().logins.item_locks(change.folder)
            with held(locks):
                for item in change.items:
                    said += _finish_item(keychain, item, parts)
        forget(workspace.paths)
    return [*said, "finished a change of the login that was interrupted"]


def _wanted_login(workspace: Workspace, tokens: Sequence[str]) -> Login | None:
    """Return a stored login by its fingerprints; without any, no login."""
    if not tokens:
        return table.main().logins.nothing
    path = login_ledger.path_of(workspace.paths)
    ledger = login_ledger.decode(path, read_regular(path, login_ledger.LIMIT))
    for found in ledger.items():
        if set(found.tokens) == set(tokens):
            return fetch(workspace, found.ref)
    return None


def _finish_item(keychain: Keychain, wanted: Wanted, parts: Login) -> list[str]:
    present = keychain.read(wanted.service, BRIEF)
    if digest(present) == wanted.new:
        return []
    after = table.main().logins.item_content(wanted.service, present, parts)
    if after is None and wanted.new is not None:
        after = _EMPTY
    if digest(present) == wanted.old and digest(after) == wanted.new:
        put_item(keychain, wanted.service, after)
        return []
    return [f"the keychain item '{wanted.service}' was changed by others"]
