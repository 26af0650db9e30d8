"""Move a login in and out of Claude Code's files without losing a token.

A refresh token works once, so the copy that Claude Code uses is the only good
one. Before it is replaced it is read under one plan, found to be somebody's
by its own evidence, stored as a new generation and read back. The files, the
profile's reference and the ledger then change in one transaction.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from keyswitch.errors import FileStateError, KeyswitchError, StoreError
from keyswitch.model import FileChange, Profile, SecretRef
from keyswitch.profiles import files
from keyswitch.profiles.atomic import read_regular
from keyswitch.switching import login_ledger
from keyswitch.switching.login_ledger import Folder, Generation, Ledger
from keyswitch.switching.login_places import place_of
from keyswitch.switching.login_storing import (
    FIELD,
    fetch,
    generation_of,
    put,
    reference,
    with_login,
)
from keyswitch.targets.claude_code import login_parts
from keyswitch.targets.claude_code.logins import EXPIRY_MARGIN_MS

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
        from keyswitch.providers.shapes import fingerprint

        key = self.workspace.install_key
        texts = (parts.refresh_token, parts.access_token, parts.managed_key)
        return tuple(fingerprint(key, text) for text in texts if text)

    def owner_of(self, parts: Parts) -> str:
        """Return the profile that a login belongs to, "" if nobody's.

        Its lineage first: a token that was stored for a profile is that
        profile's. Then the account that the login names. What the pointer
        says is no evidence.
        """
        known = self.ledger.owner_of(self.tokens_of(parts))
        if known and self.profile(known) is not None:
            return known
        return self.profile_of_account(
            parts.account_uuid, parts.organization_uuid
        )

    def profile_of_account(self, account: str, organization: str) -> str:
        """Return the profile that keeps this account's login, or ""."""
        if not account:
            return ""
        for name in files.scan(self.workspace.paths):
            profile = self.profile(name)
            if profile is None or profile.provider != "claude-login":
                continue
            held = profile.fields.get("organization_uuid", "")
            if profile.fields.get("account_uuid") == account and (
                not held or not organization or held == organization
            ):
                return name
        return ""

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
        """Store the live login for whom it belongs to; return that profile.

        A blanked login never takes a stored one's place, and what is stored
        already is not stored again.
        """
        if not live.usable:
            return ""
        owner = self.owner_of(live)
        tokens = self.tokens_of(live)
        kept = self.ledger.generations.get(owner, ()) if owner else ()
        if owner and kept and set(tokens) == set(kept[0].tokens):
            if self._answered_since(live, kept[0]):
                self.keep_for(owner, live)
            return owner
        if owner and kept and self._is_older(live, tokens, kept):
            # Something put an earlier state back; both are kept.
            self._keep_orphan(live, tokens, store or kept[0].store)
            return owner
        if not owner:
            self._keep_orphan(live, tokens, store)
            return ""
        # It stays in the store that was chosen for it.
        self.keep_for(owner, live, store="" if kept else store)
        return owner

    def _answered_since(self, live: Parts, kept: Generation) -> bool:
        """Tell whether a key was approved or rejected since it was stored."""
        with contextlib.suppress(KeyswitchError):  # such as a locked store
            before = self.fetch(kept.ref).value(login_parts.ANSWERS)
            return bool(live.value(login_parts.ANSWERS) != before)
        return False

    def _is_older(
        self, live: Parts, tokens: tuple[str, ...], kept: tuple[Generation, ...]
    ) -> bool:
        """Tell whether the live login is an earlier state than the stored."""
        if any(set(g.tokens) & set(tokens) for g in kept[1:]):
            return True
        # A token that ends earlier is not older for that: a renewal after a
        # refusal may get a shorter one. But an old one is over by now.
        over = live.expires_at < time.time() * 1000 + EXPIRY_MARGIN_MS
        return (
            over
            and 0 < live.expires_at < kept[0].expires_at
            and not (set(tokens) & set(kept[0].tokens))
        )

    def keep_for(self, name: str, parts: Parts, *, store: str = "") -> None:
        """Store a login as a profile's newest generation."""
        profile = self.profile(name)
        if profile is None:
            raise FileStateError(
                f"profile '{name}' cannot be read", f"keyswitch edit {name}"
            )
        parts = self._with_own_name(profile, parts)
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

    def _with_own_name(self, profile: Profile, parts: Parts) -> Parts:
        """Return a login with the name of its own account.

        An old session writes tokens only: whose name, device and key stand
        beside them is then another account's.
        """
        account = profile.fields.get("account_uuid") or parts.account_uuid
        if not account or parts.named_for in ("", account):
            return parts
        own = {}
        with contextlib.suppress(KeyswitchError):  # such as a locked store
            if FIELD in profile.secrets:
                own = dict(self.fetch(profile.secrets[FIELD]).raw)
        return login_parts.tokens_with(parts, own)

    def _keep_orphan(
        self, parts: Parts, tokens: tuple[str, ...], store: str
    ) -> None:
        if any(set(g.tokens) == set(tokens) for g in self.ledger.orphans):
            return
        if parts.named_for not in ("", parts.account_uuid):
            parts = login_parts.tokens_with(parts, {})
        new = self._put(parts, store or self._store(), 1, "")
        self.ledger, gone = login_ledger.with_orphan(self.ledger, new)
        self.plan.dropped += [g.ref for g in gone]
        who = parts.described().get("email") or "an account of no profile"
        self.plan.notes.append(
            f"the login that was there ({who}) belongs to no profile; it is "
            "kept, and 'keyswitch login NAME --orphan' makes it one"
        )

    def _put(
        self, parts: Parts, store: str, number: int, profile: str
    ) -> Generation:
        new = generation_of(parts, store, number, self.tokens_of(parts))
        self.plan.created.append(new.ref)
        put(self.workspace, new, parts, profile)
        return new

    def _store(self) -> str:
        from keyswitch.switching.storing import choose_store

        return choose_store(self.workspace, None).store

    def _set(self, name: str, profile: Profile) -> None:
        before, data, _ = self._profiles[name]
        self._profiles[name] = (before, data, profile)

    def begin(self, profile: Profile) -> None:
        """Make room for a profile that has no file yet."""
        self._profiles[profile.name] = (None, None, profile)

    # ------------------------------------------------------------- replacing

    def stored(self, name: str) -> Parts:
        """Return a profile's newest stored login."""
        profile = self.profile(name)
        ref = profile.secrets.get(FIELD) if profile else None
        if ref is None:
            raise StoreError(
                f"profile '{name}' has no login stored",
                f"log in again: keyswitch login {name}",
            )
        return self.fetch(ref)

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
        ledger = login_ledger.encode(self.ledger)
        if ledger != self._ledger_before:
            self.plan.files.insert(
                0, FileChange(self.path, self._ledger_before, ledger)
            )
        return self.plan
