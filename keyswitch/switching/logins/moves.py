"""Which login goes into Claude Code's files, and which one comes back.

The live one is stored before that, for whom it belongs to. A blanked login
never takes a stored one's place, nor does a Console key that is left of one.
What something put back is kept beside what is newer.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from keyswitch.changes import login_ledger
from keyswitch.changes.login_ledger import Generation
from keyswitch.errors import StoreError
from keyswitch.model import LoginFolder, MovedLogin, Profile
from keyswitch.profiles import clock
from keyswitch.switching.logins import owners, storing
from keyswitch.targets import table

if TYPE_CHECKING:
    from keyswitch.switching.logins.book import LoginBook
    from keyswitch.targets.target import Login


def keep_live(logins: LoginBook, live: Login, store: str) -> str:
    """Store the live login; return the profile it belongs to, "" if none.

    `store` is for what has no store yet.
    """
    if not live.usable:
        return ""
    owner = owners.owner_of(logins, live)
    own = owners.own_parts(logins, live, owner)
    rest = owners.left_over(live, own)
    key = owners.unknown_key(logins, rest)
    if key is not None:
        logins.keep_orphan(key, store)
    if owner:
        _keep_again(logins, owner, own, store)
    else:
        name = owners.doubtful_name(logins, own)
        logins.keep_orphan(own, store, shown=name)
    return owner


def _keep_again(logins: LoginBook, name: str, own: Login, store: str) -> None:
    """Store a profile's live login, unless it is stored already."""
    adopt(logins, name)
    tokens = set(storing.tokens_of(logins.workspace, own))
    kept = logins.ledger.generations.get(name, ())
    known = [g for g in kept if set(g.tokens) == tokens]
    if known and logins.holds(known[0]):
        ref, content = logins.ref(name), known[0].content
        is_named = ref is not None and ref.item == known[0].item
        same = content == storing.content_of(logins.workspace, own)
        if known[0] is kept[0] and not (is_named and same):
            # What is beside the tokens changed.
            logins.keep_for(name, own, by_name=known[0].by_name)
    elif kept and _is_poorer(own, kept[0]):
        if not tokens <= set(kept[0].tokens):
            logins.keep_orphan(own, kept[0].store)
    elif kept and _is_older(logins, own, kept):
        logins.keep_orphan(own, kept[0].store)
    else:
        # It stays in the store that was chosen for it.
        by_name = owners.goes_by_name(logins, own, name)
        if by_name:
            logins.draft.notes.append(
                "the account of the previous login is unknown; it was saved "
                f"for '{name}', the account that Claude Code shows, beside the "
                "older one; if it belongs to another account: keyswitch login "
                "NAME --orphan"
            )
        logins.keep_for(name, own, store="" if kept else store, by_name=by_name)


def adopt(logins: LoginBook, name: str) -> None:
    """Enter a login that a profile refers to and the ledger knows not of."""
    ref = logins.ref(name)
    if ref is None or logins.newest(name) is not None:
        return
    former = logins.ledger.holder_of(ref.item)
    if former:
        if logins.profile(former) is None:  # its file was renamed by hand
            logins.ledger = login_ledger.renamed(logins.ledger, former, name)
        return
    with contextlib.suppress(StoreError):
        found = storing.generation_of(logins.workspace, logins.fetch(ref), ref)
        logins.ledger, _ = login_ledger.with_generation(
            logins.ledger, name, found
        )


def reclaim(logins: LoginBook, name: str) -> None:
    """Let a profile have its newer login that was kept as nobody's.

    It was kept while the profile's file could not be read. Tokens that do not
    say whose they are wait for a person's word.
    """
    newest = logins.newest(name)
    if newest is None:
        return
    known = {t for g in logins.ledger.generations[name] for t in g.tokens}
    newer = [
        orphan
        for orphan in logins.ledger.orphans
        if orphan.with_tokens
        and orphan.expires_at > newest.expires_at
        and not known & set(orphan.tokens)
        and owners.owner_of_orphan(logins, orphan) == name
    ]
    if not newer:
        return
    found = max(newer, key=lambda orphan: orphan.expires_at)
    if not found.says_whose:
        logins.draft.notes.append(
            f"also saved a login that may be a newer one of '{name}': "
            f"keyswitch login {name} --orphan"
        )
        return
    with contextlib.suppress(StoreError):
        logins.keep_for(name, logins.fetch(found.ref))
        logins.ledger = login_ledger.given_owner(logins.ledger, found, name)
        logins.forget_orphan(found)


def is_earlier(logins: LoginBook, live: Login, name: str) -> bool:
    """Tell whether a profile's stored login is ahead for certain."""
    kept = logins.ledger.generations.get(name, ())
    return bool(kept) and (
        _is_poorer(live, kept[0]) or _is_known_as_older(logins, live, kept)
    )


def _is_poorer(live: Login, kept: Generation) -> bool:
    """Tell whether the tokens are gone, and only a Console key is left."""
    return kept.with_tokens and not live.has_tokens


def _is_known_as_older(
    logins: LoginBook, live: Login, kept: tuple[Generation, ...]
) -> bool:
    tokens = set(owners.lineage(logins, live))
    return any(set(g.tokens) & tokens for g in kept[1:]) and not (
        set(kept[0].tokens) & tokens
    )


def _is_older(
    logins: LoginBook, live: Login, kept: tuple[Generation, ...]
) -> bool:
    """Tell whether the live login is an earlier state than the stored."""
    if _is_known_as_older(logins, live, kept):
        return True
    # A token that ends earlier is not older for that: a renewal after a
    # refusal may get a shorter one. But an old one is over by now.
    tokens = set(owners.lineage(logins, live))
    return (
        live.is_over(clock.now() * 1000)
        and 0 < live.expires_at < kept[0].expires_at
        and not (tokens & set(kept[0].tokens))
    )


def switch_to(logins: LoginBook, profile: Profile) -> None:
    """Plan the files for a login profile that becomes the active one."""
    if logins.profile(profile.name) is None:
        return  # it is coming back under another name
    live = logins.live()
    ref = logins.ref(profile.name)
    folder = _kept(logins, live, ref.store if ref else "")
    adopt(logins, profile.name)
    reclaim(logins, profile.name)
    if folder.live == profile.name and not live.usable:
        logins.draft.notes.append(
            f"Claude Code no longer had the login of '{profile.name}': it was "
            "logged out, or its renewal was rejected; if the stored copy is "
            f"rejected too: keyswitch login {profile.name}"
        )
    if not logins.is_in_place(live, logins.newest(profile.name)):
        logins.put_in_place(logins.stored(profile.name))
    logins.set_folder(folder._replace(live=profile.name))
    logins.finish()


def _kept(logins: LoginBook, live: Login, store: str = "") -> LoginFolder:
    """Keep the live login, and note what was live for `off` and `undo`."""
    owner = keep_live(logins, live, store)
    folder = logins.folder()
    what, name = _what_it_was(logins, live, owner)
    if logins.places == logins.workspace.places:
        logins.draft.moved = MovedLogin(what, name, folder)
    if folder.before:
        return folder
    return folder._replace(before=what, before_name=name)


def _what_it_was(logins: LoginBook, live: Login, owner: str) -> tuple[str, str]:
    if owner:
        return login_ledger.PROFILE, owner
    if live.usable:
        kept = owners.own_parts(logins, live, "")
    else:
        folder = logins.folder()
        refused = live.is_blanked
        if refused and folder.live and owners.is_login(logins, folder.live):
            return login_ledger.PROFILE, folder.live
        # A name or answers about keys may stand there without a login.
        kept = live.without_login
        if folder.before or not kept.raw:
            return login_ledger.NOTHING, ""
        logins.keep_orphan(kept, "")
    content = storing.content_of(logins.workspace, kept)
    found = [g.item for g in logins.ledger.orphans if g.content == content]
    return login_ledger.ORPHAN, found[0] if found else ""


def give_back(logins: LoginBook, moved: MovedLogin | None = None) -> None:
    """Plan the files as they were before the first switch to a login.

    With `moved`: as they were before that change moved it.
    """
    if moved is None and not logins.folder().before:
        logins.finish()
        return
    live = logins.live()
    if moved is not None:
        keep_live(logins, live, "")
        what, name, known = moved
    else:
        _, what, name = _kept(logins, live)
        known = None
    _give(logins, live, what, name)
    # A later switch to that login, in another folder, takes it out of this one.
    if not (known and any(known)):
        known = LoginFolder(live=given_back(logins, moved))
    nothing = what == login_ledger.NOTHING and not any(known)
    logins.set_folder(None if nothing else known)
    logins.finish()


def given_back(logins: LoginBook, moved: MovedLogin | None) -> str:
    """Return the profile whose login `give_back` puts in place, "" for none."""
    folder = logins.folder()
    what, name = folder.before, folder.before_name
    if moved is not None:
        what, name = moved.what, moved.name
    if what == login_ledger.PROFILE:
        return name
    return _orphan(logins, name)[1]


def _orphan(logins: LoginBook, item: str) -> tuple[Generation | None, str]:
    """Return what was kept of no profile, and the profile that it is of now."""
    kept = next((g for g in logins.ledger.orphans if g.item == item), None)
    if kept is None or not kept.tokens:
        return kept, ""
    return kept, owners.owner_of_orphan(logins, kept)


def _give(logins: LoginBook, live: Login, what: str, name: str) -> None:
    """Put in place what was there: no login, a profile's, or one of nobody's.

    One of nobody's may have become a profile's since, or have been renewed.
    """
    kept = None
    if what == login_ledger.ORPHAN:
        kept, owner = _orphan(logins, name)
        if owner:
            what, name = login_ledger.PROFILE, owner
    if what == login_ledger.NOTHING:
        logins.put_in_place(table.main().logins.nothing)
        return
    if what == login_ledger.PROFILE:
        reclaim(logins, name)
        if logins.profile(name) is not None:
            if logins.ref(name) is None:  # logged out since
                logins.put_in_place(table.main().logins.nothing)
            elif not logins.is_in_place(live, logins.newest(name)):
                logins.put_in_place(logins.stored(name))
            return
    elif kept is not None:
        if kept.account and kept.tokens:
            of_account = [
                g
                for g in logins.ledger.orphans
                if g.tokens and g.identity == kept.identity
            ]
            kept = max(of_account, key=lambda g: g.expires_at)
        if not logins.is_in_place(live, kept):
            logins.put_in_place(logins.fetch(kept.ref))
        return
    logins.draft.notes.append(
        "the previous login is no longer stored, so the current one stays"
    )
