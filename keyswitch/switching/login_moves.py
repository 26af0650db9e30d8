"""Which login goes into Claude Code's files, and which one comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.switching import login_ledger
from keyswitch.switching.login_storing import FIELD
from keyswitch.targets.claude_code.login_parts import Parts

if TYPE_CHECKING:
    from keyswitch.model import Profile
    from keyswitch.switching.login_ledger import Folder
    from keyswitch.switching.logins import LoginPlan, Logins


def switch_to(logins: Logins, profile: Profile) -> LoginPlan:
    """Plan the files for a login profile that becomes the active one."""
    if logins.profile(profile.name) is None:
        return logins.finished()  # it is coming back under another name
    live = logins.live()
    owner = logins.keep_live(live, store=_store_of(profile))
    present = logins.folder()
    folder = present
    if not folder.before:
        folder = _before(logins, folder, live, owner)
    newest = logins.ledger.generations.get(profile.name, ())
    is_newest = newest and set(logins.tokens_of(live)) == set(newest[0].tokens)
    if not (owner == profile.name and live.usable and is_newest):
        logins.put_in_place(logins.stored(profile.name))
    logins.set_folder(folder._replace(live=profile.name))
    return logins.finished()


def _store_of(profile: Profile) -> str:
    ref = profile.secrets.get(FIELD)
    return ref.store if ref else ""


def _before(logins: Logins, folder: Folder, live: Parts, owner: str) -> Folder:
    """Remember what `off` has to give back."""
    if not live.usable:
        return folder._replace(before=login_ledger.NOTHING)
    if owner:
        return folder._replace(before=login_ledger.PROFILE, before_name=owner)
    newest = logins.ledger.orphans[0]
    return folder._replace(before=login_ledger.ORPHAN, before_name=newest.item)


def give_back(logins: Logins) -> LoginPlan:
    """Plan the files as they were before the first switch to a login."""
    folder = logins.folder()
    if not folder.before:
        return logins.finished()
    live = logins.live()
    owner = logins.keep_live(live)
    if folder.before == login_ledger.NOTHING:
        logins.put_in_place(Parts({}))
    elif folder.before == login_ledger.PROFILE:
        if owner != folder.before_name and logins.profile(folder.before_name):
            logins.put_in_place(logins.stored(folder.before_name))
    else:
        found = [
            g for g in logins.ledger.orphans if g.item == folder.before_name
        ]
        if found and set(logins.tokens_of(live)) != set(found[0].tokens):
            logins.put_in_place(logins.fetch(found[0].ref))
    logins.set_folder(None)
    return logins.finished()
