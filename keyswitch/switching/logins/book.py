"""Move a login in and out of Claude Code's files without losing a token.

A refresh token works once, so the copy that Claude Code uses is the only good
one. Before it is replaced it is read under one plan, found to be somebody's
by its own evidence, stored as a new generation and read back. The files, the
profile's reference and the ledger then change in one transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes import login_ledger
from keyswitch.changes.draft import FIRST, Draft, NewItem
from keyswitch.changes.login_ledger import Generation, Ledger
from keyswitch.errors import (
    FileStateError,
    KeyswitchError,
    NoItemError,
    StoreError,
)
from keyswitch.model import LoginFolder, Profile, SecretRef
from keyswitch.profiles import profile_files, toml_edits
from keyswitch.secret import Secret
from keyswitch.secrets.stores import new_item
from keyswitch.switching.logins.storing import (
    FIELD,
    content_of,
    generation_of,
    tokens_of,
    unpacked,
    with_login,
)
from keyswitch.targets import table

if TYPE_CHECKING:
    from keyswitch.targets.target import Login, Places


class LoginBook:
    """The logins of one configuration folder, within one change.

    `config`, if it is given, is the file that says who is logged in, as the
    login is looked for.
    """

    def __init__(
        self, draft: Draft, places: Places, *, config: bytes | None = None
    ) -> None:
        self.workspace = workspace = draft.workspace
        self.places = places
        self.draft = draft
        self.keychain = workspace.keychain_at(places)
        self.place = table.main().logins.place(
            places, draft.read, self.keychain
        )
        draft.saw(self.place.items)
        self._config = config
        self.ledger: Ledger = draft.ledger()
        self._profiles: dict[str, Profile] = {}

    def live(self) -> Login:
        """Return the login that Claude Code has now."""
        if self._config is not None:
            return self.place.live(self._config)
        return self.place.live(self.draft.settled(self.places.global_config))

    def is_in_place(self, live: Login, kept: Generation | None) -> bool:
        """Tell whether the live login is a stored one, with all it has."""
        if kept is None or kept.content != content_of(self.workspace, live):
            return False
        if self.keychain is None:
            return True
        from keyswitch.switching.logins import keychain_note

        # A change may be committed, and not be in place yet.
        unfinished = keychain_note.unfinished(self.workspace.paths)
        return self.places.login_dir not in unfinished

    def newest(self, name: str) -> Generation | None:
        """Return a profile's newest generation, if there is one."""
        kept = self.ledger.generations.get(name, ())
        return kept[0] if kept else None

    def profile(self, name: str) -> Profile | None:
        """Return a profile as this plan leaves it so far; None: no such one."""
        if name not in self._profiles:
            try:
                self._profiles[name], _ = self.draft.load(name)
            except KeyswitchError:
                return None
        return self._profiles[name]

    def ref(self, name: str) -> SecretRef | None:
        """Return where a profile's file says that its login is."""
        profile = self.profile(name)
        return profile.secrets.get(FIELD) if profile else None

    def keep_for(
        self,
        name: str,
        parts: Login,
        *,
        store: str = "",
        by_name: bool = False,
    ) -> None:
        """Store a login as a profile's newest generation."""
        profile = self.profile(name)
        if profile is None:
            raise FileStateError(
                f"cannot read profile '{name}'", f"keyswitch edit {name}"
            )
        old = profile.secrets.get(FIELD)
        number = old.generation + 1 if old else 1
        where = store or (old.store if old else self.draft.usual_store)
        new = self._put(parts, where, number)._replace(by_name=by_name)
        self.ledger, gone = login_ledger.with_generation(self.ledger, name, new)
        self.draft.dropped += [g.ref for g in gone]
        self._refer(name, new, parts)

    def keep_orphan(self, parts: Login, store: str, *, shown: str = "") -> None:
        """Store a login that belongs to no profile, once.

        `shown` is the profile whose name stands beside it by mistake, maybe.
        """
        new = generation_of(self.workspace, parts, SecretRef("", ""))
        known = [
            g
            for g in self.ledger.orphans
            if new.is_in(g) and g.content == new.content
        ]
        if known and self.holds(known[0]):
            return
        new = self._put(parts, store or self.draft.usual_store, 1)
        if shown:
            new = new._replace(account="", email="", organization="")
        self.ledger, gone = login_ledger.with_orphan(self.ledger, new)
        self.draft.dropped += [g.ref for g in gone]
        if parts.usable:
            self.draft.notes.append(of_nobody(parts, shown))

    def forget_orphan(self, gone: Generation) -> None:
        """Take a login of no profile out of the ledger and its store."""
        left = tuple(g for g in self.ledger.orphans if g.item != gone.item)
        self.ledger = self.ledger._replace(orphans=left)
        self.draft.dropped.append(gone.ref)

    def disown(self, name: str, gone: Generation) -> None:
        """Take one state of a login away from a profile: it is another's."""
        self.ledger = login_ledger.without_generation(
            self.ledger, name, gone.item
        )
        self.draft.dropped.append(gone.ref)
        profile, newest = self.profile(name), self.newest(name)
        ref = self.ref(name)
        if profile is None or ref is None or ref.item != gone.item:
            return
        if newest is not None:
            self._refer(name, newest, self.fetch(newest.ref))
        else:
            rest = {k: v for k, v in profile.secrets.items() if k != FIELD}
            self._write_profile(profile._replace(secrets=rest))

    def _refer(self, name: str, kept: Generation, parts: Login) -> None:
        """Let a profile's file say that its login is this stored one."""
        profile = self._profiles[name]
        self._write_profile(with_login(self.workspace, profile, kept, parts))

    def holds(self, kept: Generation) -> bool:
        """Tell whether a store has what the ledger says it has."""
        try:
            found = self.fetch(kept.ref)
        except StoreError:
            return False
        return set(tokens_of(self.workspace, found)) == set(kept.tokens)

    def _put(self, parts: Login, store: str, number: int) -> Generation:
        ref = SecretRef(store, new_item(), number)
        text = Secret(table.main().logins.pack(parts))
        self.draft.store(NewItem(ref, text), stays=True)
        return generation_of(self.workspace, parts, ref)

    def _write_profile(self, profile: Profile) -> None:
        self._profiles[profile.name] = profile
        path = self.workspace.paths.profile(profile.name)
        data = self.draft.read(path, profile_files.PROFILE_LIMIT)
        if data is None:
            text = toml_edits.new_profile(profile)
        else:
            text = toml_edits.with_profile(data.decode("utf-8"), profile)
        self.draft.write(
            path,
            text.encode(),
            limit=profile_files.PROFILE_LIMIT,
            own=data is None,
            rank=FIRST,
        )

    def begin(self, profile: Profile) -> None:
        """Make room for a profile that has no file yet.

        What is stored under that name was somebody else's, whose file is gone.
        """
        self.ledger = login_ledger.without_owner(self.ledger, profile.name)
        self._profiles[profile.name] = profile

    def stored(self, name: str) -> Login:
        """Return a profile's newest stored login."""
        newest, ref = self.newest(name), self.ref(name)
        again = f"log in again: keyswitch login {name}"
        if ref is None:
            raise StoreError(f"profile '{name}' has no stored login", again)
        try:
            if newest is None or newest.item == ref.item:
                return self.fetch(ref)
            # Its file is an old copy, and refers to an earlier state.
            parts = self.fetch(newest.ref)
        except NoItemError as e:
            raise NoItemError(e.message, again) from e
        self._refer(name, newest, parts)
        return parts

    def fetch(self, ref: SecretRef) -> Login:
        """Return a login of a secret store, or one on its way there."""
        return unpacked(self.draft.secret(ref))

    def put_in_place(self, parts: Login) -> None:
        """Plan the program's files with this login in them."""
        config = self.draft.settled(self.places.global_config)
        files = self.place.replaced(parts, config)
        if self.keychain is not None:
            from keyswitch.switching.logins import keychain_note

            keychain_note.plan(
                self.draft,
                self.places.login_dir,
                self.place.items,
                files,
                tokens_of(self.workspace, parts),
            )
        self.draft.add(files)

    def folder(self) -> LoginFolder:
        """Return what keyswitch did to the login of this folder."""
        return self.ledger.folders.get(self.places.login_dir, LoginFolder())

    def set_folder(self, found: LoginFolder | None) -> None:
        """Remember what was done to the login of this folder."""
        folder, config = self.places.login_dir, self.places.config_dir
        folders, storage = dict(self.ledger.folders), dict(self.ledger.storage)
        folders.pop(folder, None)
        storage.pop(folder, None)
        if found is not None:
            folders[folder] = found
            if folder != config:
                storage[folder] = config
        self.ledger = self.ledger._replace(folders=folders, storage=storage)

    def finish(self) -> None:
        """Plan the ledger."""
        self.ledger, idle = login_ledger.without_idle(self.ledger)
        self.draft.dropped += [g.ref for g in idle]
        self.draft.write_ledger(self.ledger)


def of_nobody(parts: Login, shown: str) -> str:
    """Say that a login was kept for no profile, and how it gets to one."""
    who = parts.described().get("email", "")
    if not shown and (parts.token_identity.account or not parts.has_tokens):
        return (
            f"the previous login ({who or 'an account without a profile'}) "
            "belongs to no profile; it was saved; to make it a profile: "
            "keyswitch login NAME --orphan"
        )
    name = f"the account of '{shown}'" if shown else who
    though = f", though Claude Code shows {name}" if name else ""
    return (
        f"the account of the previous login is unknown{though}; it was saved; "
        "to make it a profile: keyswitch login NAME --orphan"
    )
