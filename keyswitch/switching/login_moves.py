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
    folder = logins.folder()
    if folder.live == profile.name and not live.usable:
        logins.plan.notes.append(_vanished(profile.name))
    if not folder.before:
        folder = _before(logins, folder, live, owner)
    newest = logins.ledger.generations.get(profile.name, ())
    is_newest = newest and set(logins.tokens_of(live)) == set(newest[0].tokens)
    if logins.place.half_done or not (
        owner == profile.name and live.usable and is_newest
    ):
        logins.put_in_place(logins.stored(profile.name))
    logins.set_folder(folder._replace(live=profile.name))
    return logins.finished()


def _vanished(name: str) -> str:
    """Say what may be the matter with a login that Claude Code has no more."""
    return (
        f"Claude Code had no login of '{name}' any more: it was logged out, or "
        "its renewal was refused; if the stored copy is refused, too: "
        f"keyswitch login {name}"
    )


def _store_of(profile: Profile) -> str:
    ref = profile.secrets.get(FIELD)
    return ref.store if ref else ""


def _before(logins: Logins, folder: Folder, live: Parts, owner: str) -> Folder:
    """Remember what `off` has to give back."""
    if not live.usable:
        return folder._replace(before=login_ledger.NOTHING)
    if owner:
        return folder._replace(before=login_ledger.PROFILE, before_name=owner)
    tokens = set(logins.tokens_of(live))
    kept = next(g for g in logins.ledger.orphans if set(g.tokens) == tokens)
    return folder._replace(before=login_ledger.ORPHAN, before_name=kept.item)


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
        profile = logins.profile(folder.before_name)
        if profile is not None and FIELD not in profile.secrets:
            logins.put_in_place(Parts({}))  # logged out since
        elif profile is not None and (
            owner != profile.name or logins.place.half_done
        ):
            logins.put_in_place(logins.stored(profile.name))
    else:
        found = [
            g for g in logins.ledger.orphans if g.item == folder.before_name
        ]
        if found and (
            logins.place.half_done
            or set(logins.tokens_of(live)) != set(found[0].tokens)
        ):
            logins.put_in_place(logins.fetch(found[0].ref))
    logins.set_folder(None)
    return logins.finished()
