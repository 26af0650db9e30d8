"""Whose a login is, and what of the live one belongs to whom.

The evidence is what the login carries: a token that was stored for a profile
is that profile's, and tokens name their account. What the pointer says is no
evidence, and the name that Claude Code shows is a weak one: an old session
writes its tokens back and leaves that name as it is. Tokens of an old Claude
Code name no account: where they go by the shown name it is said, and where that
account's do name it they are nobody's. A person's word decides then.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from keyswitch.changes.login_ledger import Generation
from keyswitch.errors import NotFoundError, StoreError
from keyswitch.model import LOGIN_PROVIDER
from keyswitch.profiles import profile_files
from keyswitch.switching.logins.storing import tokens_of
from keyswitch.targets.values import Identity

if TYPE_CHECKING:
    from keyswitch.switching.logins.book import LoginBook
    from keyswitch.targets.target import Login


def lineage(logins: LoginBook, parts: Login) -> tuple[str, ...]:
    """Return what a login is traced back by.

    A Console key beside tokens may be left over from another account.
    """
    tokens = parts.tokens
    return tokens_of(logins.workspace, tokens if tokens.usable else parts)


def owner_of(logins: LoginBook, parts: Login) -> str:
    """Return the profile that a login belongs to, "" if nobody's."""
    known = logins.ledger.owner_of(lineage(logins, parts))
    if known and is_login(logins, known):
        return known
    if parts.token_identity.account:
        return profile_of(logins, parts.token_identity)
    name = profile_of(logins, parts.named_identity)
    kept = logins.ledger.generations.get(name, ())
    # The tokens of this account say whose they are, and these do not: an old
    # session, of an old version, may have written them.
    if parts.has_tokens and kept and kept[0].says_whose:
        return ""
    return name


def is_live(logins: LoginBook, name: str) -> bool:
    """Tell whether a profile's login is the one of this folder."""
    live = logins.live()
    return live.usable and owner_of(logins, live) == name


def doubtful_name(logins: LoginBook, parts: Login) -> str:
    """Return the profile of the shown name, where nothing else says so.

    Its tokens name no account and were never stored for anybody.
    """
    tokens = lineage(logins, parts)
    if (
        not parts.has_tokens
        or parts.token_identity.account
        or logins.ledger.owner_of(tokens)
    ):
        return ""
    return profile_of(logins, parts.named_identity)


def goes_by_name(logins: LoginBook, parts: Login, owner: str) -> bool:
    """Tell whether only the shown name makes a login this profile's."""
    if not parts.has_tokens or parts.token_identity.account:
        return False
    tokens = set(lineage(logins, parts))
    return not any(
        tokens & set(g.tokens)
        for g in logins.ledger.generations.get(owner, ())
        if not g.by_name
    )


def owner_of_orphan(logins: LoginBook, orphan: Generation) -> str:
    """Return the profile whose login was kept as nobody's, "" if no one's."""
    known = logins.ledger.owner_of(orphan.tokens)
    if known and is_login(logins, known):
        return known
    return profile_of(logins, Identity(orphan.account, orphan.organization))


def is_login(logins: LoginBook, name: str) -> bool:
    """Tell whether a profile with this name can hold a login."""
    profile = logins.profile(name)
    return profile is not None and profile.provider == LOGIN_PROVIDER


def identity_of(logins: LoginBook, name: str) -> Identity:
    """Return whose login a profile keeps."""
    profile = logins.profile(name) if name else None
    if profile is None:
        return Identity("", "")
    return Identity(
        profile.fields.get("account_uuid", ""),
        profile.fields.get("organization_uuid", ""),
    )


def profile_of(logins: LoginBook, wanted: Identity) -> str:
    """Return the one profile that keeps this account's login, or ""."""
    if not wanted.account:
        return ""
    found = []
    for name in profile_files.scan(logins.workspace.paths):
        whose = identity_of(logins, name)
        if is_login(logins, name) and whose.account and whose.fits(wanted):
            found.append((name, whose))
    exact = [name for name, whose in found if whose == wanted]
    names = exact or [name for name, _ in found]
    return names[0] if exact or len(names) == 1 else ""


def own_parts(logins: LoginBook, live: Login, owner: str) -> Login:
    """Return the live login without what is another account's.

    Where the name that is shown is another's, so are key and answers beside
    it; what this account had there is taken from its last stored login.
    """
    if not live.has_tokens:
        return live
    whose = live.token_identity
    if not whose.account:
        whose = identity_of(logins, owner)
    if live.named_identity.fits(whose):
        kept = None
        if not live.named_identity.account:
            # The device beside it may be another account's.
            kept = last_stored(logins, owner, whose)
        if kept is not None:
            live = live.with_device_of(kept)
        known = logins.ledger.owner_of(tokens_of(logins.workspace, live.key))
        return live if known in ("", owner) else live.without_key
    return _with_last(logins, live, owner, whose)


def _with_last(
    logins: LoginBook, parts: Login, owner: str, whose: Identity
) -> Login:
    """Return the tokens, and beside them what was last stored with such."""
    kept = last_stored(logins, owner, whose)
    return parts.tokens if kept is None else parts.tokens.beside(kept)


def last_stored(logins: LoginBook, owner: str, whose: Identity) -> Login | None:
    """Return what was last stored for a profile, or for an account of none."""
    with contextlib.suppress(StoreError):
        ref = logins.ref(owner) if owner else None
        if ref is not None:
            return logins.fetch(ref)
        for orphan in logins.ledger.orphans:
            if not owner and whose.account and orphan.identity == whose:
                return logins.fetch(orphan.ref)
    return None


def left_over(live: Login, own: Login) -> Login:
    """Return what is beside a login and another account's."""
    names = {k for k, raw in live.raw.items() if own.raw.get(k) != raw}
    return live.only(names)


def unknown_key(logins: LoginBook, rest: Login) -> Login | None:
    """Return what is left over if its Console key is stored nowhere."""
    tokens = set(tokens_of(logins.workspace, rest))
    if not rest.managed_key or any(
        tokens <= set(g.tokens) for g in logins.ledger.items()
    ):
        return None
    return rest.beside_tokens


def newest_claimable(logins: LoginBook, name: str) -> tuple[Generation, str]:
    """Return the newest login that may become the profile's.

    And the profile that has it by the shown name alone, "" for none. One that
    was kept as an earlier state of another profile's may not.
    """
    owned = [
        (orphan, owner_of_orphan(logins, orphan))
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
        if holder != name and is_login(logins, holder)
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
            "no login without a profile has been saved",
            "save the current login: keyswitch login NAME --capture",
        )
    # Of the same second, the first one is the newest.
    return max(choices, key=lambda found: found[0].at)


def claimed(logins: LoginBook, parts: Login, name: str) -> Login:
    """Return a login as that of the profile which a person says it is of.

    What stands beside tokens that name no account may be another's.
    """
    if parts.token_identity.account or not parts.has_tokens:
        return parts
    shown, whose = parts.named_identity, identity_of(logins, name)
    if shown.fits(whose) and profile_of(logins, shown) in ("", name):
        return parts
    return _with_last(logins, parts, name, whose)


def at_your_word(parts: Login) -> str:
    """Say how little is known of whose a login is."""
    who = parts.described().get("email", "")
    shown = (
        f"Claude Code shows {who}" if who else "Claude Code shows no account"
    )
    return f"the account of this login is unknown; {shown}"
