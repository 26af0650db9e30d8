"""Tokens in keyswitch's own keeping, found without opening a store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keyswitch import kernel_keyring
from keyswitch.changes import history, login_ledger
from keyswitch.changes.login_ledger import Generation
from keyswitch.model import LOGIN_PROVIDER, Frozen, SecretRef
from keyswitch.profiles import profile_files
from keyswitch.profiles.paths import Paths
from keyswitch.secrets.outside import seen
from keyswitch.secrets.vault.reading import previous_versions

if TYPE_CHECKING:
    from keyswitch.targets.target import Token
    from keyswitch.targets.values import Read

# What the unlock cache holds beside values, by the word after its prefix.
_OF_NO_PROFILE = {
    "dek": "key to the vault",
    "login": "login token of a manager",
    "silent": "a manager that did not answer",
}


class FoundToken(Frozen):
    """One token on this machine."""

    source: str  # file and key, file:line, or store
    masked: str
    profile: str = ""  # owner, if it is one of ours
    stale: str = ""  # why it is of no use any more
    path: str = ""
    token: Token | None = None
    line: int = 0
    ref: SecretRef | None = None
    field: str = ""
    program: str = ""  # whose file it is in
    by_hand: bool = False  # it is named; nobody but a person may remove it


class Stored:
    """What profiles, undo records and the ledger of logins refer to."""

    def __init__(self, paths: Paths, read: Read) -> None:
        self.paths = paths
        self.profiles, broken = profile_files.load_all(paths)
        # What is kept for a broken profile is nobody's to call stale.
        self.unreadable = {b.name for b in broken}
        self.names = {*self.unreadable, *(p.name for p in self.profiles)}
        path = paths.logins_file
        self.ledger = login_ledger.decode(path, read(path))
        path = paths.undo_file
        self.records = history.parse_undo(read(path), path)
        self.owners = {
            ref.item: profile.name
            for profile in self.profiles
            for ref in profile.secrets.values()
        }
        for_undo = {r.item for one in self.records for r in one.discarded}
        self.told = {*self.owners, *for_undo}

    def everything(self) -> Iterator[FoundToken]:
        """Yield every token, in a fixed order."""
        yield from self._of_profiles()
        yield from self._for_undo()
        yield from self._generations()
        yield from self._orphans()
        yield from self._cached()
        why = "an older version of the vault"
        for path in previous_versions(self.paths):
            yield FoundToken(path, "", stale=why, path=path)

    def fingerprints(self) -> Mapping[str, str]:
        """Return {fingerprint: profile} of references and kept logins."""
        found = {}
        for name, kept in self.ledger.generations.items():
            for generation in kept:
                for token in generation.tokens:
                    found[token] = self._owner(name, kept)
        for profile in self.profiles:
            for ref in profile.secrets.values():
                if print_of := seen.known(self.paths, ref).fingerprint:
                    found[print_of] = profile.name
        return found

    def _of_profiles(self) -> Iterator[FoundToken]:
        today = datetime.now(UTC).astimezone().date()
        for profile in self.profiles:
            expired = (
                profile.expires is not None
                and not profile.expires_expected
                and profile.expires < today
            )
            for field, ref in sorted(profile.secrets.items()):
                if ref.is_reference:
                    continue  # nothing of it lies here
                yield FoundToken(
                    f"{ref.store}: {profile.name}.{field}",
                    ref.hint,
                    profile.name,
                    f"expired {profile.expires}" if expired else "",
                    ref=ref,
                    field=field,
                )

    def _for_undo(self) -> Iterator[FoundToken]:
        for record in self.records:
            for ref in record.discarded:
                if ref.item not in self.owners:
                    yield FoundToken(
                        f"{ref.store}: kept to undo '{record.command} "
                        f"{record.profile}'",
                        ref.hint,
                        record.profile,
                        "replaced or removed",
                        ref=ref,
                    )

    def _generations(self) -> Iterator[FoundToken]:
        """Yield what is kept of logins beside what profiles refer to.

        The newest of a profile is never stale, also where the profile's
        file, put back from a copy, refers to an older one or to none.
        """
        for name, kept in self.ledger.generations.items():
            owner = self._owner(name, kept)
            for position, generation in enumerate(kept):
                if generation.item in self.told:
                    continue
                why = "" if owner else "of no profile"
                if position and owner and owner not in self.unreadable:
                    why = "an older generation"
                yield _kept(
                    f"login of '{name}', generation {generation.generation}",
                    generation,
                    owner,
                    why,
                )

    def _owner(self, name: str, kept: Sequence[Generation]) -> str:
        """Return the profile that generations belong to, "" if it is gone."""
        if name in self.names:
            return name
        # Renamed without the ledger: the reference still tells.
        return next(
            (self.owners[g.item] for g in kept if g.item in self.owners), ""
        )

    def _orphans(self) -> Iterator[FoundToken]:
        needed = {
            f.before_name
            for f in self.ledger.folders.values()
            if f.before == login_ledger.ORPHAN
        }
        for orphan in self.ledger.orphans:
            if orphan.item in self.told:
                continue
            owner = self._owner_of_orphan(orphan)
            why = "superseded" if owner else "of no profile"
            what = f"login of {orphan.email or 'an account without a name'}"
            if orphan.item in needed:
                what, why = f"{what}, which 'off' restores", ""
            yield _kept(what, orphan, owner, why)

    def _owner_of_orphan(self, orphan: Generation) -> str:
        """Return the profile that keeps a newer state of an orphan, or ""."""
        known = self.ledger.owner_of(orphan.tokens)
        if known:
            return self._owner(known, self.ledger.generations[known])
        holders = [
            p.name
            for p in self.profiles
            if p.provider == LOGIN_PROVIDER
            and orphan.account
            and p.fields.get("account_uuid") == orphan.account
        ]
        # Of two organisations' logins of one person the ledger knows nothing.
        return holders[0] if len(holders) == 1 else ""

    def _cached(self) -> Iterator[FoundToken]:
        """Yield what the unlock cache holds; any removal empties it."""
        for _, description in kernel_keyring.entries():
            parts = description.split(":")
            item = parts[2]
            if not parts[-1]:  # of a reference, which has colons itself
                item = ":".join(parts[2:-2])
            owner = self.owners.get(item, "")
            known = owner or _OF_NO_PROFILE.get(parts[1])
            yield FoundToken(
                f"kernel session keyring: {known or 'a value'}",
                "…",
                owner,
                "" if known else "of no profile",
            )


def _kept(
    what: str, generation: Generation, owner: str, why: str
) -> FoundToken:
    return FoundToken(
        f"{generation.store}: {what}, saved {generation.at}",
        "",
        owner,
        why,
        ref=generation.ref,
    )
