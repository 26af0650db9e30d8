"""Items of a secret store that a killed command may leave without an owner.

A store cannot be part of a file transaction, and a keychain cannot be listed.
So before an item is written, and before one is going to be deleted, a small
file says which. Whoever finds such a file later asks one question: does
anything still refer to the item? If not, the item goes. The answer is right
at every instant, before and after the commit.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator

from keyswitch.changes import bindings, history
from keyswitch.disk.atomic import forget, read_regular, write_private
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import KeyswitchError
from keyswitch.model import SecretRef
from keyswitch.profiles.names import check_name
from keyswitch.profiles.odd_files import baseline_files
from keyswitch.profiles.paths import Paths
from keyswitch.secrets.stores import delete_items

_LIMIT = 1024  # bytes of one intent file
_HEAD = "keyswitch-intent 1"  # 0.1.0 began with the store
_ANY_HEAD = "keyswitch-intent "


def declare(paths: Paths, ref: SecretRef, profile: str) -> None:
    """Say on disk that this item is about to be written or deleted."""
    ensure_private_dir(paths.intents_dir)
    text = f"{_HEAD}\n{ref.store}\n{ref.item}\n{ref.generation}\n{profile}\n"
    write_private(_path(paths, ref), text.encode())


def settle(paths: Paths, ref: SecretRef) -> None:
    """Forget an intent: the item is where it belongs, or gone."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(_path(paths, ref))


def pending(paths: Paths) -> Iterator[tuple[SecretRef, str]]:
    """Yield each open intent as (item, profile name).

    A file that makes no sense is removed; what a newer keyswitch wrote is left.
    """
    try:
        names = sorted(os.listdir(paths.intents_dir))
    except FileNotFoundError:
        return
    for name in names:
        path = os.path.join(paths.intents_dir, name)
        lines = _lines(path)
        if lines[:1] == [_HEAD]:
            del lines[0]
        elif lines and lines[0].startswith(_ANY_HEAD):
            continue
        if len(lines) != 5 or not re.fullmatch("[0-9]{1,9}", lines[2]):
            forget(path)  # torn before its item was touched
            continue
        ref = SecretRef(lines[0], lines[1], int(lines[2]))
        if name == _name(ref):
            yield ref, lines[3]
        else:
            forget(path)  # a stage of an intent that was never declared


def _lines(path: str) -> list[str]:
    try:
        data = read_regular(path, _LIMIT) or b""
    except KeyswitchError:
        return []  # no file of ours: a link, a folder, or far too long
    return data.decode("utf-8", "replace").split("\n")


def sweep(paths: Paths) -> None:
    """Delete the items that nothing refers to."""
    try:
        for ref, profile in list(pending(paths)):
            if not _is_owned(paths, ref, profile):
                delete_items(paths, [ref], ask=None)
                bindings.forget(paths, ref)
            settle(paths, ref)
    except (OSError, KeyswitchError):
        # The store is locked or away. The intent stays, and a later command
        # with the store open does it; nothing depends on it.
        return


def _is_owned(paths: Paths, ref: SecretRef, profile: str) -> bool:
    """Tell whether anything refers to an item.

    A profile, the undo file, and the vault, for its key in the keychain, refer
    to one by its name. A baseline refers by token to what it displaced; that
    it also notes whose approval it recorded is no reference.
    """
    token = f"{ref.store}:{ref.item}"
    if any(_mentions(path, ref.item) for path in _owners(paths, profile)):
        return True
    if any(_mentions(path, token) for path in baseline_files(paths)):
        return True
    undo = read_regular(paths.undo_file, history.LIMIT)
    return ref.item.encode() in history.needed(undo, paths.undo_file)


def _owners(paths: Paths, profile: str) -> Iterator[str]:
    """Yield the files that may own an item, the likely ones first."""
    yield paths.vault_file
    with contextlib.suppress(KeyswitchError):  # it may be damaged
        check_name(profile)
        yield paths.profile(profile)
    # An import makes several profiles, and a name may have changed since.
    with contextlib.suppress(FileNotFoundError):
        for name in os.listdir(paths.profiles_dir):
            if name.endswith(".toml"):
                yield os.path.join(paths.profiles_dir, name)


def _mentions(path: str, text: str) -> bool:
    """Tell whether a file names an item; a random name has no false hits."""
    return text.encode() in (read_regular(path, history.LIMIT) or b"")


def _name(ref: SecretRef) -> str:
    return f"{ref.item}.{ref.generation}"


def _path(paths: Paths, ref: SecretRef) -> str:
    return os.path.join(paths.intents_dir, _name(ref))
