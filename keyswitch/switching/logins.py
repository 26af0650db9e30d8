"""Move a login in and out of Claude Code's files without losing a token.

A refresh token works once, so the copy that Claude Code uses is the only good
one. Before it is replaced it is read under one plan, found to be somebody's
by its own evidence, stored as a new generation and read back. The files, the
profile's reference and the ledger then change in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from keyswitch.errors import FileStateError, KeyswitchError, StoreError
from keyswitch.model import FileChange, Profile, SecretRef
from keyswitch.profiles import files
from keyswitch.profiles.atomic import read_regular
from keyswitch.secrets.stores import new_item
from keyswitch.switching import login_keeping, login_ledger, login_owners
from keyswitch.switching.login_ledger import (
    Folder,
    Generation,
    Ledger,
    Moved,
)
from keyswitch.switching.login_places import place_of
from keyswitch.switching.login_storing import (
    FIELD,
    content_of,
    fetch,
    generation_of,
    put,
    reference,
    tokens_of,
    with_login,
)

if TYPE_CHECKING:
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.claude_code.login_parts import Parts

_LEDGER_LIMIT = 1 << 22  # bytes


@dataclass(slots=True)
class LoginPlan:
    """What a change does to a login, as values."""

    files: list[FileChange] = field(default_factory=list)
    profiles: list[FileChange] = field(default_factory=list)
    created: list[SecretRef] = field(default_factory=list)
    dropped: list[SecretRef] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    moved: Moved | None = None  # for `undo`


class Logins:
    """The logins of one configuration folder, within one plan.

    `config` is `.claude.json` as the same plan leaves it so far.
    """

    def __init__(
        self, workspace: Workspace, places: Locations, config: bytes | None
    ) -> None:
        self.workspace = workspace
        self.places = places
        self.config = config
        self.place = place_of(workspace, places)
        self.path = login_ledger.path_of(workspace.paths)
        self._ledger_before = read_regular(self.path, _LEDGER_LIMIT)
        self.ledger: Ledger = login_ledger.decode(
            self.path, self._ledger_before
        )
        self.plan = LoginPlan()
        # name -> (as its file has it, the file's bytes, as it will be)
        self._profiles: dict[
            str, tuple[Profile | None, bytes | None, Profile]
        ] = {}

    # ------------------------------------------------------------- evidence

    def live(self) -> Parts:
        """Return the login that Claude Code has now."""
        return self.place.live(self.config)

    def tokens_of(self, parts: Parts) -> tuple[str, ...]:
        """Return the keyed fingerprints by which a login is known again."""
        return tokens_of(self.workspace, parts)

    def owner_of(self, parts: Parts) -> str:
        """Return the profile that a login belongs to, "" if nobody's."""
        return login_owners.owner_of(self, parts)

    def is_in_place(self, live: Parts, kept: Generation | None) -> bool:
        """Tell whether the live login is a stored one, with all it has."""
        if kept is None or self.place.half_done:
            return False
        return kept.content == content_of(self.workspace, live)

    def newest(self, name: str) -> Generation | None:
        """Return a profile's newest generation, if there is one."""
        kept = self.ledger.generations.get(name, ())
        return kept[0] if kept else None

    def profile(self, name: str) -> Profile | None:
        """Return a profile as this plan leaves it so far; None: no such one."""
        if name not in self._profiles:
            try:
                profile, data = self.workspace.load(name)
            except KeyswitchError:
                return None
            self._profiles[name] = (profile, data, profile)
        return self._profiles[name][2]

    # -------------------------------------------------------------- keeping

    def keep_live(self, live: Parts, *, store: str = "") -> str:
        """Store the live login; return the profile that it belongs to."""
        return login_keeping.keep_live(self, live, store)

    def keep_for(self, name: str, parts: Parts, *, store: str = "") -> None:
        """Store a login as a profile's newest generation."""
        profile = self.profile(name)
        if profile is None:
            raise FileStateError(
                f"profile '{name}' cannot be read", f"keyswitch edit {name}"
            )
        old = profile.secrets.get(FIELD)
        number = old.generation + 1 if old else 1
        where = store or (old.store if old else self._store())
        new = self._put(parts, where, number, name)
        self.ledger, gone = login_ledger.with_generation(self.ledger, name, new)
        self.plan.dropped += [g.ref for g in gone]
        self._set(
            name,
            with_login(profile, parts, reference(self.workspace, new, parts)),
        )

    def keep_orphan(self, parts: Parts, store: str) -> None:
        """Store a login that belongs to no profile, once."""
        new = generation_of(self.workspace, parts, SecretRef("", ""))
        known = [
            g
            for g in self.ledger.orphans
            if new.is_in(g) and g.content == new.content
        ]
        if known and login_keeping.holds(self, known[0]):
            return
        new = self._put(parts, store or self._store(), 1, "")
        self.ledger, gone = login_ledger.with_orphan(self.ledger, new)
        self.plan.dropped += [g.ref for g in gone]
        if parts.usable:
            who = parts.described().get("email") or "an account of no profile"
            self.plan.notes.append(
                f"the login that was there ({who}) belongs to no profile; it "
                "is kept, and 'keyswitch login NAME --orphan' makes it one"
            )

    def forget_orphan(self, gone: Generation) -> None:
        """Take a login of no profile out of the ledger and its store."""
        left = tuple(g for g in self.ledger.orphans if g.item != gone.item)
        self.ledger = self.ledger._replace(orphans=left)
        self.plan.dropped.append(gone.ref)

    def orphan_of(self, parts: Parts) -> Generation | None:
        """Return the login of no profile that was stored from these parts."""
        content = content_of(self.workspace, parts)
        found = [g for g in self.ledger.orphans if g.content == content]
        return found[0] if found else None

    def _put(
        self, parts: Parts, store: str, number: int, profile: str
    ) -> Generation:
        ref = SecretRef(store, new_item(), number)
        self.plan.created.append(ref)
        put(self.workspace, ref, parts, profile)
        return generation_of(self.workspace, parts, ref)

    def _store(self) -> str:
        from keyswitch.switching.storing import choose_store

        return choose_store(self.workspace, None).store

    def _set(self, name: str, profile: Profile) -> None:
        before, data, _ = self._profiles[name]
        self._profiles[name] = (before, data, profile)

    def begin(self, profile: Profile) -> None:
        """Make room for a profile that has no file yet.

        What is stored under that name was somebody else's, whose file is gone.
        """
        self.ledger = login_ledger.without_owner(self.ledger, profile.name)
        self._profiles[profile.name] = (None, None, profile)

    # ------------------------------------------------------------- replacing

    def stored(self, name: str) -> Parts:
        """Return a profile's newest stored login."""
        profile, newest = self.profile(name), self.newest(name)
        ref = profile.secrets.get(FIELD) if profile else None
        if profile is None or ref is None:
            raise StoreError(
                f"profile '{name}' has no login stored",
                f"log in again: keyswitch login {name}",
            )
        if newest is None or newest.item == ref.item:
            return self.fetch(ref)
        # Its file is an old copy, and refers to an earlier state.
        parts = self.fetch(newest.ref)
        ref = reference(self.workspace, newest, parts)
        self._set(name, with_login(profile, parts, ref))
        return parts

    def fetch(self, ref: SecretRef) -> Parts:
        """Return a login of a secret store."""
        return fetch(self.workspace, ref)

    def put_in_place(self, parts: Parts) -> None:
        """Plan Claude Code's files with this login in them."""
        changes, self.config = self.place.replaced(
            parts, self.config, self.tokens_of(parts)
        )
        self.plan.files += [
            replace(c, private=True) for c in changes if c.before != c.after
        ]

    def folder(self) -> Folder:
        """Return what keyswitch did in this configuration folder."""
        return self.ledger.folders.get(self.places.config_dir, Folder())

    def set_folder(self, found: Folder | None) -> None:
        """Remember what was done in this configuration folder."""
        folders = dict(self.ledger.folders)
        if found is None:
            folders.pop(self.places.config_dir, None)
        else:
            folders[self.places.config_dir] = found
        self.ledger = self.ledger._replace(folders=folders)

    def finished(self) -> LoginPlan:
        """Return the plan, with profile files and ledger."""
        for name, (before, data, after) in self._profiles.items():
            if after != before:
                path = self.workspace.paths.profile(name)
                text = (
                    files.dumps_new(after)
                    if data is None
                    else files.edited(data.decode("utf-8"), after)
                )
                self.plan.profiles.append(FileChange(path, data, text.encode()))
        self.ledger, idle = login_ledger.without_idle(self.ledger)
        self.plan.dropped += [g.ref for g in idle]
        ledger = login_ledger.encode(self.ledger)
        if ledger != self._ledger_before:
            self.plan.files.insert(
                0, FileChange(self.path, self._ledger_before, ledger)
            )
        return self.plan
