"""Move the secrets of profiles to another store, or to a manager outside.

Each value is read, written to its new place, read back and compared; then the
profile's file is committed with it, and only then does the old item go. Whoever
is killed in between has lost nothing: the same command does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from keyswitch.changes import bindings
from keyswitch.changes.change import commit
from keyswitch.changes.draft import NewItem
from keyswitch.errors import (
    FileStateError,
    InputError,
    NoItemError,
    StoreError,
    UsageError,
)
from keyswitch.model import (
    LOGIN_PROVIDER,
    REFERENCE,
    Frozen,
    Profile,
    SecretRef,
    stored,
)
from keyswitch.outcome import so_far
from keyswitch.profiles import toml_edits
from keyswitch.secret import Secret
from keyswitch.secrets.outside.cache import keep, read_now
from keyswitch.secrets.outside.reference_store import ReferenceStore
from keyswitch.secrets.stores import STORES, new_item, open_store
from keyswitch.switching.editing.profile_changes import (
    new_secret,
    plan_edited,
    require_own,
)

if TYPE_CHECKING:
    from keyswitch.changes.draft import Draft
    from keyswitch.workspace import Workspace

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDERS = ("profile", "field")


class Destination(Frozen):
    """Where secrets go: a store, or references made of a template."""

    store: str
    template: str = ""

    def has(self, profile: str, field: str, ref: SecretRef) -> bool:
        """Tell whether a secret is there already."""
        if self.template:
            return ref.is_reference and ref.item == self.text(profile, field)
        return bool(ref.store == self.store)

    def text(self, profile: str, field: str) -> str:
        """Return the reference for one secret."""
        values = {"profile": profile, "field": field}
        return _PLACEHOLDER.sub(lambda m: values[m[1]], self.template)

    def named(self, profile: str, field: str) -> str:
        """Return what a person calls the place of one secret."""
        return self.text(profile, field) if self.template else self.store


def parse_destination(text: str) -> Destination:
    """Parse the value of `--to`."""
    if text in STORES:
        return Destination(text)
    if ":" not in text:
        raise UsageError(
            f"unknown store '{text}'",
            "--to takes vault, keychain or a reference: "
            "op://Eng/{profile}/{field}",
        )
    for name in _PLACEHOLDER.findall(text):
        if name not in _PLACEHOLDERS:
            raise UsageError(
                f"unknown placeholder {{{name}}}",
                "the placeholders are {profile} and {field}",
            )
    return Destination(REFERENCE, text)


class Move(Frozen):
    """One secret on its way; `field` is empty for an older login."""

    field: str
    old: SecretRef
    new: SecretRef
    value: Secret
    _hidden = ("value",)


class Migration:
    """Moves secrets of one profile after the other."""

    def __init__(
        self,
        workspace: Workspace,
        destination: Destination,
        *,
        overwrite: bool = False,
    ) -> None:
        self.workspace = workspace
        self.destination = destination
        self.outside = ReferenceStore(workspace.paths, workspace.ask)
        self._overwrite = overwrite

    def left(self, profile: Profile) -> dict[str, SecretRef]:
        """Return what of a profile is not there yet, by field."""
        return {
            field: ref
            for field, ref in profile.secrets.items()
            if not self.destination.has(profile.name, field, ref)
        }

    def check_places(self, profiles: Iterable[Profile]) -> None:
        """Raise where two secrets would go to one place, or one to none."""
        if not self.destination.template:
            return
        places: dict[str, str] = {}
        for profile in profiles:
            for field in self.left(profile):
                whose = f"the {field} of '{profile.name}'"
                text = self.destination.text(profile.name, field)
                self.outside.require_manager(text)
                other = places.setdefault(text, whose)
                if other != whose:
                    raise UsageError(
                        f"{other} and {whose} would go to the same place: "
                        f"{text}",
                        "make the places differ with {profile} and {field}",
                    )

    def move(self, name: str) -> list[Move]:
        """Move all that is left of one profile, or nothing of it."""
        profile, _ = self.workspace.load(name)
        require_own(profile)
        bindings.check(self.workspace, profile)
        left = self.left(profile)
        if not left:
            return []
        is_login = profile.provider == LOGIN_PROVIDER
        if is_login and self.destination.template:
            raise InputError(
                f"'{name}' is a login, which renews itself while in use",
                "move it to the vault or the keychain",
            )
        moves = [
            self._planned(name, field, ref, self._read(ref))
            for field, ref in left.items()
        ]
        if is_login:
            moves += self._older(name, left.values())
        if self.destination.template:
            for one in moves:
                self._write(one)
        commit(self.workspace, lambda draft: self._plan(draft, name, moves))
        return moves

    def _planned(
        self, name: str, field: str, old: SecretRef, value: Secret
    ) -> Move:
        if self.destination.template:
            text = self.destination.text(name, field)
            new = SecretRef(REFERENCE, text, lifetime=old.lifetime)
        elif old.is_reference:
            store = self.destination.store
            new = new_secret(self.workspace, store, value).ref
        else:  # the same value: what it is known by stays
            new = old._replace(store=self.destination.store, item=new_item())
        return Move(field, old, new, value)

    def _older(self, name: str, new: Iterable[SecretRef]) -> list[Move]:
        """Return the moves of a login's older generations."""
        from keyswitch.changes.draft import Draft

        known = {ref.item for ref in new}
        ledger = Draft(self.workspace).ledger()
        return [
            self._planned(name, "", one.ref, self._read(one.ref))
            for one in ledger.generations.get(name, ())
            if one.item not in known and one.store != self.destination.store
        ]

    def _read(self, ref: SecretRef) -> Secret:
        """Return a value from where it is, past the cache."""
        if ref.is_reference:
            found = self.outside.read([ref.item])[ref.item]
            if found.lease:
                raise InputError(
                    f"{ref.item} returns a new value each time, valid for "
                    f"{found.lease} s",
                    "leave it there: a copy would expire",
                )
            return found.value
        store = open_store(ref.store, self.workspace.paths, self.workspace.ask)
        return store.get(ref.item, ref.generation)

    def _write(self, one: Move) -> None:
        """Write a value to its manager, unless it is there; compare."""
        text = one.new.item
        try:
            present = self.outside.read([text])[text].value
        except NoItemError:
            present = None
        if present not in (None, one.value) and not self._overwrite:
            raise InputError(
                f"{text} already holds another value",
                "name another place, or overwrite it with --overwrite",
            )
        if self.workspace.dry_run:
            return
        if present != one.value:
            self.outside.put(text, 1, one.value)
            so_far.beside.append(text)
        answer = read_now(self.outside, [text])[text]
        if answer.value != one.value:
            raise StoreError(
                f"{text} returned a different value from the one written",
                "the profile is unchanged; check that item",
            )
        settings = self.workspace.settings
        if settings.cache == "values":
            usual = self.outside.lifetime(text) or settings.cache_timeout
            ref = (one.new.store, text, one.new.generation)
            keep(ref, answer, one.new.lifetime or usual)

    def _plan(self, draft: Draft, name: str, moves: list[Move]) -> None:
        """Let a profile's file name the new places; drop the old items."""
        old, data = draft.load(name)
        bindings.check(self.workspace, old)
        fresh = {one.field: one for one in moves if one.field}
        if any(old.secrets.get(f) != one.old for f, one in fresh.items()):
            raise FileStateError(
                f"'{name}' changed in the meantime",
                f"its secrets were not moved; run it again for {name}",
            )
        refs = {field: one.new for field, one in fresh.items()}
        new = old._replace(secrets={**old.secrets, **refs})
        for one in moves:
            if not one.new.is_reference:
                is_login = old.provider == LOGIN_PROVIDER
                draft.store(NewItem(one.new, one.value), stays=is_login)
        text = toml_edits.with_profile(data.decode("utf-8"), new)
        plan_edited(draft, old, new, text)
        if old.provider == LOGIN_PROVIDER:
            _follow_logins(draft, {one.old.item: one.new for one in moves})
        # They do not wait for `undo`: to migrate is to leave nothing behind.
        gone = stored(one.old for one in moves)
        draft.discarded = [r for r in draft.discarded if r not in gone]
        draft.dropped += gone
        draft.undoable = False
        draft.command = "migrate"


def _follow_logins(draft: Draft, moved: Mapping[str, SecretRef]) -> None:
    """Let the ledger of logins name the new items."""
    ledger = draft.ledger()
    generations = {
        name: tuple(
            one._replace(store=moved[one.item].store, item=moved[one.item].item)
            if one.item in moved
            else one
            for one in kept
        )
        for name, kept in ledger.generations.items()
    }
    draft.write_ledger(ledger._replace(generations=generations))
