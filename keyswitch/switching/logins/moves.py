"""Which login goes into Claude Code's files, and which one comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes import login_ledger
from keyswitch.switching.logins import keeping
from keyswitch.switching.logins.keeping import adopt, reclaim
from keyswitch.switching.logins.owners import (
    is_login,
    own_parts,
    owner_of_orphan,
)
from keyswitch.switching.logins.storing import FIELD
from keyswitch.targets import table

if TYPE_CHECKING:
    from keyswitch.changes.login_ledger import Folder, Generation, Moved
    from keyswitch.model import Profile
    from keyswitch.switching.logins.book import Logins
    from keyswitch.targets.target import Login


def plan(logins: Logins, profile: Profile | None, back: Moved | None) -> None:
    """Plan the login of a folder, for a profile or for none.

    With `back` it becomes what it was before that move.
    """
    if back is not None:
        take_back(logins, back)
    elif profile is None:
        give_back(logins)
    else:
        switch_to(logins, profile)


def switch_to(logins: Logins, profile: Profile) -> None:
    """Plan the files for a login profile that becomes the active one."""
    if logins.profile(profile.name) is None:
        return  # it is coming back under another name
    live = logins.live()
    ref = profile.secrets.get(FIELD)
    folder = _kept(logins, live, ref.store if ref else "")
    adopt(logins, profile.name)
    reclaim(logins, profile.name)
    if folder.live == profile.name and not live.usable:
        logins.draft.notes.append(_vanished(profile.name))
    if not logins.is_in_place(live, logins.newest(profile.name)):
        logins.put_in_place(logins.stored(profile.name))
    logins.set_folder(folder._replace(live=profile.name))
    logins.finish()


def _kept(logins: Logins, live: Login, store: str = "") -> Folder:
    """Keep the live login, and note what was live for `off` and `undo`."""
    owner = keeping.keep_live(logins, live, store)
    folder = logins.folder()
    what, name = _what_it_was(logins, live, owner)
    if logins.places == logins.workspace.places:
        logins.draft.moved = login_ledger.Moved(what, name, folder)
    if folder.before:
        return folder
    return folder._replace(before=what, before_name=name)


def _vanished(name: str) -> str:
    """Say what may be the matter with a login that Claude Code has no more."""
    return (
        f"Claude Code had no login of '{name}' any more: it was logged out, or "
        "its renewal was refused; if the stored copy is refused, too: "
        f"keyswitch login {name}"
    )


def _what_it_was(logins: Logins, live: Login, owner: str) -> tuple[str, str]:
    if owner:
        return login_ledger.PROFILE, owner
    if live.usable:
        kept = own_parts(logins, live, "")
    else:
        folder = logins.folder()
        refused = live.is_blanked
        if refused and folder.live and is_login(logins, folder.live):
            return login_ledger.PROFILE, folder.live
        # A name or answers about keys may stand there without a login.
        kept = live.without_login
        if folder.before or not kept.raw:
            return login_ledger.NOTHING, ""
        logins.keep_orphan(kept, "")
    found = logins.orphan_of(kept)
    return login_ledger.ORPHAN, found.item if found else ""


def give_back(logins: Logins) -> None:
    """Plan the files as they were before the first switch to a login."""
    if not logins.folder().before:
        logins.finish()
        return
    live = logins.live()
    folder = _kept(logins, live)
    _give(logins, live, folder.before, folder.before_name)
    logins.set_folder(None)
    logins.finish()


def take_back(logins: Logins, moved: Moved) -> None:
    """Plan the files as they were before a change moved the login."""
    live = logins.live()
    keeping.keep_live(logins, live, "")
    _give(logins, live, moved.what, moved.name)
    logins.set_folder(moved.folder if any(moved.folder) else None)
    logins.finish()


def given_back(logins: Logins, moved: Moved | None) -> str:
    """Return the profile whose login `give_back` or `take_back` puts in place.

    "" for none.
    """
    folder = logins.folder()
    what, name = folder.before, folder.before_name
    if moved is not None:
        what, name = moved.what, moved.name
    if what == login_ledger.PROFILE:
        return name
    return _orphan(logins, name)[1]


def _orphan(logins: Logins, item: str) -> tuple[Generation | None, str]:
    """Return what was kept of no profile, and the profile that it is of now."""
    kept = next((g for g in logins.ledger.orphans if g.item == item), None)
    return kept, owner_of_orphan(logins, kept) if kept and kept.tokens else ""


def _give(logins: Logins, live: Login, what: str, name: str) -> None:
    if what == login_ledger.NOTHING:
        logins.put_in_place(table.main().logins.nothing)
    elif what == login_ledger.PROFILE:
        _give_profile(logins, live, name)
    else:
        _give_orphan(logins, live, name)


def _give_profile(logins: Logins, live: Login, name: str) -> None:
    reclaim(logins, name)
    profile = logins.profile(name)
    if profile is None:
        _nothing_to_give(logins)
    elif FIELD not in profile.secrets:
        logins.put_in_place(table.main().logins.nothing)  # logged out since
    elif not logins.is_in_place(live, logins.newest(name)):
        logins.put_in_place(logins.stored(name))


def _give_orphan(logins: Logins, live: Login, item: str) -> None:
    """Give a login of no profile back, as it was last seen.

    It may have become a profile's since, or have been renewed.
    """
    kept, owner = _orphan(logins, item)
    if kept is None:
        _nothing_to_give(logins)
    elif owner:
        _give_profile(logins, live, owner)
    else:
        newest = kept
        if kept.account and kept.tokens:
            newest = max(
                (
                    g
                    for g in logins.ledger.orphans
                    if g.tokens and g.identity == kept.identity
                ),
                key=lambda g: g.expires_at,
            )
        if not logins.is_in_place(live, newest):
            logins.put_in_place(logins.fetch(newest.ref))


def _nothing_to_give(logins: Logins) -> None:
    logins.draft.notes.append(
        "the login that was there before is not kept any more, so the present "
        "one stays"
    )
