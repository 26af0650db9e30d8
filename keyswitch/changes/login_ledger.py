"""Which login is whose: generations, orphans, and what was there before.

Kept beside the baselines, so that a sweep of the secret stores sees which
items it names. It holds references and keyed fingerprints, nothing secret.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from keyswitch.errors import DamagedFileError
from keyswitch.model import Frozen, LoginFolder, SecretRef
from keyswitch.profiles import own_json

_Word = tuple[str, str]  # NOTHING, PROFILE or ORPHAN, and its name

LIMIT = 1 << 22  # bytes of the ledger
KEPT = 3  # generations of one login
KEPT_UNSURE = 20  # of those that do not say whose they are

NOTHING = "nothing"  # no login was there before
PROFILE = "profile"
ORPHAN = "orphan"


class Generation(Frozen):
    """One state of a login: where it is stored, and by what it is known."""

    store: str
    item: str
    generation: int
    tokens: tuple[str, ...]  # fingerprints of refresh and access token
    expires_at: float = 0.0  # of the access token, milliseconds
    at: str = ""  # when it was kept
    account: str = ""  # uuid
    email: str = ""
    organization: str = ""  # uuid
    content: str = ""  # fingerprint of all its parts
    with_tokens: bool = False  # not a key alone
    says_whose: bool = False  # its tokens name their account themselves
    by_name: bool = False  # it is this profile's by the shown name alone

    def is_in(self, other: Generation) -> bool:
        """Tell whether another one has all of these tokens."""
        return bool(self.tokens) and set(self.tokens) <= set(other.tokens)

    @property
    def identity(self) -> tuple[str, str]:
        """The account and its organisation."""
        return self.account, self.organization

    @property
    def is_sure(self) -> bool:
        """Tell whether its account is more than the name that was shown."""
        return self.says_whose or bool(self.account and not self.with_tokens)

    @property
    def kind(self) -> tuple[object, ...]:
        """What it shares with those that it may supersede.

        A key alone uses no refresh token up, and neither does a login that
        may be another account's.
        """
        return self.identity, self.is_sure, self.with_tokens, self.by_name

    @property
    def ref(self) -> SecretRef:
        """The item of the secret store."""
        return SecretRef(self.store, self.item, self.generation)


class Ledger(Frozen):
    """All of it; values are replaced, never changed."""

    folders: dict[str, LoginFolder]
    generations: dict[str, tuple[Generation, ...]]  # newest first
    orphans: tuple[Generation, ...] = ()  # newest first
    # Of `folders`, those that only have a login, and whose login it is:
    # CLAUDE_SECURESTORAGE_CONFIG_DIR -> the configuration folder.
    storage: dict[str, str] = {}  # noqa: RUF012 - replaced, never changed

    def items(self) -> Iterator[Generation]:
        """Yield every stored generation."""
        for kept in self.generations.values():
            yield from kept
        yield from self.orphans

    def holder_of(self, item: str) -> str:
        """Return the profile that a stored item is kept for, or ""."""
        for name, kept in self.generations.items():
            if any(g.item == item for g in kept):
                return name
        return ""

    def owner_of(self, tokens: tuple[str, ...]) -> str:
        """Return the profile that one of these tokens is known of, or ""."""
        for name, kept in self.generations.items():
            if any(set(g.tokens) & set(tokens) for g in kept):
                return name
        return ""


def decode(path: str, data: bytes | None) -> Ledger:
    """Read the ledger; an absent one is empty, a damaged one an error."""
    if data is None:
        return Ledger({}, {})
    document = own_json.document(path, data, _LOST)
    try:
        for kept in (*document["generations"].values(), document["orphans"]):
            for found in kept:
                token = found.pop("token")
                found["store"], _, found["item"] = token.partition(":")
    except own_json.DAMAGE as e:
        raise DamagedFileError(path, _LOST) from e
    return own_json.record(Ledger, document, path, _LOST)


_LOST = "older versions of logins are lost; the current ones are not affected"


def encode(ledger: Ledger) -> bytes | None:
    """Return the file; None: there is nothing to remember, and no file."""
    if not any(ledger):
        return None
    entries: dict[str, object] = {
        "folders": {k: v._asdict() for k, v in sorted(ledger.folders.items())},
        "generations": {
            k: [_document(g) for g in kept]
            for k, kept in sorted(ledger.generations.items())
        },
        "orphans": [_document(g) for g in ledger.orphans],
    }
    if ledger.storage:
        entries["storage"] = ledger.storage
    return own_json.encode(**entries)


def _document(found: Generation) -> dict[str, Any]:
    document = found._asdict()
    del document["store"], document["item"]
    if not found.by_name:
        del document["by_name"]  # an older keyswitch does not know it
    # The reference as a sweep of the stores looks for it.
    return {"token": f"{found.store}:{found.item}", **document}


def with_generation(
    ledger: Ledger, name: str, new: Generation
) -> tuple[Ledger, tuple[Generation, ...]]:
    """Put a generation first; return the ledger and what nobody needs."""
    left, gone = _with_first(ledger.generations.get(name, ()), new, set())
    generations = {**ledger.generations, name: left}
    return ledger._replace(generations=generations), gone


def with_orphan(
    ledger: Ledger, new: Generation
) -> tuple[Ledger, tuple[Generation, ...]]:
    """Keep a login that belongs to no profile.

    Each account has its own generations, so that none pushes another's out.
    """
    within = [g.item for g in ledger.orphans if g.is_in(new)]
    words = {(ORPHAN, item): (ORPHAN, new.item) for item in within}
    ledger = _retold(ledger, words)
    left, gone = _with_first(ledger.orphans, new, _given_back(ledger))
    return ledger._replace(orphans=left), gone


def _with_first(
    before: tuple[Generation, ...], new: Generation, needed: set[str]
) -> tuple[tuple[Generation, ...], tuple[Generation, ...]]:
    """Return the generations to keep, and those to let go.

    A few newer ones of its kind supersede one. Tokens that do not name their
    account may be anybody's, whatever name is shown and whatever a person says
    of them: more of those are kept.
    """
    within = [g for g in before if g.is_in(new)]
    kept = [new, *(g for g in before if g not in within)]
    alike = [g for g in kept if g.kind == new.kind]
    alike = alike[KEPT if new.is_sure else KEPT_UNSURE :]
    gone = [g for g in alike if g.item not in needed]
    return tuple(g for g in kept if g not in gone), (*gone, *within)


def without_idle(ledger: Ledger) -> tuple[Ledger, tuple[Generation, ...]]:
    """Forget what has no tokens and is not to be given back any more."""
    needed = _given_back(ledger)
    idle = [g for g in ledger.orphans if not g.tokens and g.item not in needed]
    left = tuple(g for g in ledger.orphans if g not in idle)
    return ledger._replace(orphans=left), tuple(idle)


def _given_back(ledger: Ledger) -> set[str]:
    return {f.before_name for f in ledger.folders.values()}


def _retold(ledger: Ledger, words: Mapping[_Word, _Word]) -> Ledger:
    """Return the ledger with other words for whose login is and was there."""
    folders = {
        path: LoginFolder(
            words.get((PROFILE, f.live), (PROFILE, f.live))[1],
            *words.get((f.before, f.before_name), (f.before, f.before_name)),
        )
        for path, f in ledger.folders.items()
    }
    return ledger._replace(folders=folders)


def without_owner(ledger: Ledger, name: str) -> Ledger:
    """Return the ledger with a profile's logins among those of nobody."""
    generations = dict(ledger.generations)
    kept = generations.pop(name, ())
    return ledger._replace(
        generations=generations, orphans=(*kept, *ledger.orphans)
    )


def given_owner(ledger: Ledger, orphan: Generation, name: str) -> Ledger:
    """Return the ledger after a login of nobody became a profile's."""
    return _retold(ledger, {(ORPHAN, orphan.item): (PROFILE, name)})


def without_generation(ledger: Ledger, name: str, item: str) -> Ledger:
    """Return the ledger without one state of a profile's login."""
    left = tuple(g for g in ledger.generations[name] if g.item != item)
    generations = {k: v for k, v in ledger.generations.items() if k != name}
    if left:
        generations[name] = left
    return ledger._replace(generations=generations)


def with_unsure_apart(ledger: Ledger, name: str) -> Ledger:
    """Return the ledger with what may be another's among those of nobody.

    Also what a person gave the profile: it may be under a mistaken one. Not
    the newest one, which goes the way of its profile.
    """
    kept = ledger.generations.get(name, ())
    unsure = [g for g in kept[1:] if g.with_tokens and not g.is_sure]
    for found in unsure:
        ledger = without_generation(ledger, name, found.item)
    nobodys = [
        g._replace(account="", email="", organization="", by_name=False)
        for g in unsure
    ]
    return ledger._replace(orphans=(*nobodys, *ledger.orphans))


def without_profile(
    ledger: Ledger, name: str
) -> tuple[Ledger, tuple[Generation, ...]]:
    """Forget a profile; return its older generations."""
    generations = dict(ledger.generations)
    gone = generations.pop(name, ())
    folders = {
        k: f._replace(live="" if f.live == name else f.live)
        for k, f in ledger.folders.items()
    }
    return ledger._replace(folders=folders, generations=generations), gone


def without_items(ledger: Ledger, gone: Container[str]) -> Ledger:
    """Forget stored items, and every word that leads to one of them.

    What `off` would have given back is nothing then: a login that is live
    by that time is stored first, as always.
    """
    generations = {
        name: left
        for name, kept in ledger.generations.items()
        if (left := tuple(g for g in kept if g.item not in gone))
    }
    lost = {
        *((PROFILE, n) for n in ledger.generations if n not in generations),
        *((ORPHAN, g.item) for g in ledger.orphans if g.item in gone),
    }
    orphans = tuple(g for g in ledger.orphans if g.item not in gone)
    return _retold(ledger, dict.fromkeys(lost, (NOTHING, "")))._replace(
        generations=generations, orphans=orphans
    )


def renamed(ledger: Ledger, old: str, new: str) -> Ledger:
    """Return the ledger after a profile got another name."""
    generations = {
        new if k == old else k: v for k, v in ledger.generations.items()
    }
    return _retold(ledger, {(PROFILE, old): (PROFILE, new)})._replace(
        generations=generations
    )
