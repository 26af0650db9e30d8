"""Edit a profile's file as text, whether or not it is a valid one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes import bindings
from keyswitch.changes.change import commit
from keyswitch.errors import FileStateError, InputError
from keyswitch.profiles import profile_files
from keyswitch.profiles.names import check_name
from keyswitch.switching.editing.profile_changes import plan_edited

if TYPE_CHECKING:
    from collections.abc import Collection

    from keyswitch.changes.draft import Draft
    from keyswitch.workspace import Workspace


def raw_text(workspace: Workspace, name: str) -> str:
    """Return a profile file's text, whether or not it is valid."""
    from keyswitch.disk.atomic import read_regular

    check_name(name)
    path = workspace.paths.profile(name)
    data = read_regular(path, profile_files.PROFILE_LIMIT, ours=True)
    if data is None:
        raise profile_files.missing(workspace.paths, name)
    return data.decode("utf-8", "surrogateescape")


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
    from keyswitch.switching.folders import isolation

    path = workspace.paths.profile(name)
    new = profile_files.parse(after, path)

    def make(draft: Draft) -> None:
        if draft.read(path, profile_files.PROFILE_LIMIT) != before.encode(
            "utf-8", "surrogateescape"
        ):
            raise FileStateError(
                f"{path} was changed while you edited it",
                f"nothing was changed; edit it again: keyswitch edit {name}",
            )
        try:
            old = profile_files.parse(before, path)
        except InputError:
            old = new  # the edit mends a broken file
        bindings.allow_edit(workspace, draft, old, new, agreed)
        plan_edited(workspace, draft, old, new, after)

    commit(workspace, make)
    isolation.make_folder(workspace, new)
