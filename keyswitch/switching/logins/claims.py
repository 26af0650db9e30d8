"""Logins that a person gives to a profile: those that nobody can be sure of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.errors import NotFoundError
from keyswitch.switching.logins import owners

if TYPE_CHECKING:
    from keyswitch.changes.login_ledger import Generation
    from keyswitch.switching.logins.book import Logins
    from keyswitch.targets.target import Login


def newest(logins: Logins, name: str) -> tuple[Generation, str]:
    """Return the newest login that may become the profile's.

    And the profile that has it by the shown name alone, "" for none. One that
    was kept as an earlier state of another profile's may not.
    """
    owned = [
        (orphan, owners.owner_of_orphan(logins, orphan))
        for orphan in logins.ledger.orphans
        if orphan.tokens
    ]
    nobodys = [(g, "") for g, owner in owned if not owner]
    unnamed = [
        (g, "")
        for g, owner in owned
        if owner == name or (not owner and not g.account)
    ]
    by_name = [
        (g, holder)
        for holder, kept in logins.ledger.generations.items()
        if holder != name and owners.is_login(logins, holder)
        for g in kept
        if g.by_name and not kept[-1].by_name  # something is left to it
    ]
    if logins.profile(name) is None:
        # It may be of any account; what has a holder is nobody's last.
        shown = [f for f in nobodys if f[0].email.partition("@")[0] == name]
        choices = shown or nobodys or by_name
    else:
        choices = unnamed + by_name or nobodys
    if not choices:
        raise NotFoundError(
            "no login is kept that belongs to nobody",
            "keep the present one: keyswitch login NAME --capture",
        )
    # Of the same second, the first one is the newest.
    return max(choices, key=lambda found: found[0].at)


def claimed(logins: Logins, parts: Login, name: str) -> Login:
    """Return a login as that of the profile which a person says it is of.

    What stands beside tokens that name no account may be another's.
    """
    if parts.token_identity.account or not parts.has_tokens:
        return parts
    shown, whose = parts.named_identity, owners.identity_of(logins, name)
    if shown.fits(whose) and owners.profile_of(logins, shown) in (
        "",
        name,
    ):
        return parts
    own = parts.tokens
    kept = owners.last_stored(logins, name, whose)
    return own if kept is None else own.beside(kept)


def at_your_word(parts: Login) -> str:
    """Say how little is known of whose a login is."""
    who = parts.described().get("email", "")
    shown = f"Claude Code shows {who}" if who else "no name is shown"
    return f"the login does not say itself whose it is; {shown}"
