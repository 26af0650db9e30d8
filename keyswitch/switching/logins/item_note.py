"""Items of a keychain as part of a change of the login.

A keychain is in no transaction of files. So the change that says which login
is wanted is committed first, with a note of what is still to be done, and the
items follow under the same locks. A command that was killed in between leaves
that note: the next one reads the wanted login from its secret store again and
finishes. The note holds names and hashes; the login that is replaced was
stored, and has its owner, before any of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.commit.journal import digest
from keyswitch.commit.keychain_items import (
    Change,
    Wanted,
    decoded,
    encoded,
    note_file,
)
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import FileStateError
from keyswitch.model import ITEM_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.changes.draft import Draft
    from keyswitch.profiles.paths import Paths
    from keyswitch.targets.parts import PlannedFile

_LIMIT = 1 << 16  # bytes of a note


def unfinished(paths: Paths) -> list[str]:
    """Return the folders whose items are not in place yet."""
    note = note_file(paths)
    return [c.folder for c in decoded(note, read_regular(note, _LIMIT))]


def plan(  # noqa: PLR0913
    draft: Draft,
    paths: Paths,
    folder: str,
    present: Mapping[str, bytes | None],
    files: Sequence[PlannedFile],
    tokens: tuple[str, ...],
) -> bool:
    """Note a folder's items beside those of the same change, if any changes.

    `present` is what they hold; `tokens` are the fingerprints by which the
    login is found again.
    """
    for other in unfinished(paths):
        if other != folder:
            raise FileStateError(
                f"a change of the login of {other} is not finished",
                "unlock the keychain: security unlock-keychain",
            )
    note = note_file(paths)
    planned = decoded(note, draft.read(note, _LIMIT))
    changes = [c for c in planned if c.folder != folder]
    wanted = tuple(
        Wanted(
            file.path.removeprefix(ITEM_PREFIX),
            digest(present[file.path]),
            digest(file.after),
        )
        for file in files
        if file.path in present and file.after != present[file.path]
    )
    if wanted:
        changes.append(Change(folder, wanted, tokens))
    draft.write(note, encoded(changes), limit=_LIMIT)
    return bool(wanted)
