"""Which profile of keyswitch a credential belongs to, by its fingerprint.

Reads profile files and references; never a secret store, and writes nothing.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import DamagedFileError, KeyswitchError
from keyswitch.model import Frozen, Profile, SecretRef
from keyswitch.profiles import profile_files
from keyswitch.profiles.paths import Paths
from keyswitch.providers.catalogue import load_catalogue
from keyswitch.providers.schema import KEY_ID, Provider, environment, roles
from keyswitch.providers.shapes import fingerprint, public_prefix
from keyswitch.providers.steering import refuse_named
from keyswitch.secret import Secret
from keyswitch.targets.claude_code.settings.wanted import words_of
from keyswitch.targets.verdict import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.providers.binding import Mismatch

SHOWN_TAIL = 4
SHORTEST_SECRET = 12  # characters; of a shorter one no part is shown

# What a settings file's number or null becomes: nobody's secret.
_NO_SECRETS = ("null", "true", "false")


def masked(value: Secret) -> str:
    """Return what is shown of a credential: its prefix and last characters.

    An empty one is shown as empty, since that is what would be sent.
    """
    text = value.reveal()
    if not text or text in _NO_SECRETS or (text.isdigit() and len(text) < 8):
        return text
    if len(text) < SHORTEST_SECRET:
        return "…"
    prefix = public_prefix(text)
    if len(text) - len(prefix) < SHORTEST_SECRET:
        prefix = ""
    return f"{prefix}…{text[-SHOWN_TAIL:]}"


class OwnAnswer(Frozen):
    """What a command of keyswitch's own answers: secrets of a profile."""

    profile: Profile
    kind: str  # `keyswitch helper KIND`
    fields: tuple[str, ...]  # its secrets that are in the answer


class Owner(Frozen):
    """The profile that a credential belongs to, and what is shown of it."""

    profile: str = ""
    masked: str | None = None


class Accounts:
    """The profiles of this person, as far as their files tell.

    `command` is how Claude Code's files call this keyswitch,
    `helper_profile` the profile for which `helper claude-code` answers here,
    and `known` the profiles of values that have no fingerprint.
    """

    def __init__(
        self,
        paths: Paths,
        command: str,
        *,
        helper_profile: str = "",
        known: Mapping[str, str] | None = None,
    ) -> None:
        self.paths = paths
        self.command = command
        self.helper_profile = helper_profile
        self.known = known or {}
        self._single: dict[str, Profile | None] = {}
        self.catalogue = load_catalogue(paths)

    @cached_property
    def _loaded(self) -> tuple[list[Profile], list[profile_files.Broken]]:
        return profile_files.load_all(self.paths)

    @cached_property
    def written(self) -> frozenset[tuple[str, str]]:
        """What keyswitch wrote into settings: (file, variable or key)."""
        from keyswitch.targets.claude_code.settings.own_records import (
            written,
        )

        return written(self.paths)

    @property
    def profiles(self) -> list[Profile]:
        """Every profile that can be read, sorted by name."""
        return self._loaded[0]

    @property
    def broken(self) -> list[profile_files.Broken]:
        """The profile files that cannot be read, and why."""
        return self._loaded[1]

    def get(self, name: str) -> Profile | None:
        """Return a profile, or None if there is none that can be read.

        Reads that one file: `use` may cost no more with many profiles.
        """
        if name not in self._single:
            try:
                self._single[name] = profile_files.load(self.paths, name)[0]
            except KeyswitchError:
                self._single[name] = None
        return self._single[name]

    def refusal(self, profile: Profile) -> KeyswitchError | None:
        """Return why no program gets a profile's secret, by its file."""
        try:
            provider = self.catalogue.get(profile.provider)
            provider.check(profile, is_kept=True)
            refuse_named(provider, profile)
        except KeyswitchError as e:
            return e
        return None

    def other_uses(self, profile: Profile) -> list[Mismatch]:
        """Return the secrets that a profile's file uses for something else."""
        provider = self.provider_of(profile)
        if provider is None:
            return []
        # Loaded here: it hashes, and most commands never ask.
        from keyswitch.providers import binding

        read = partial(binding.recorded, self.paths)
        try:
            return list(
                binding.mismatches(
                    self.paths, provider, profile, read, look_at_others=False
                )
            )
        except DamagedFileError:
            raise  # the command line sets it aside
        except KeyswitchError:
            return []  # whoever needs the secret is told

    def provider_of(self, profile: Profile) -> Provider | None:
        """Return a profile's provider, or None if it is not known."""
        try:
            return self.catalogue.get(profile.provider)
        except KeyswitchError:
            return None

    @cached_property
    def _key(self) -> bytes | None:
        # Without a key there are no fingerprints; none is made here.
        try:
            return read_regular(self.paths.install_key_file, 1024)
        except KeyswitchError:
            return None

    def holder_of(self, value: Secret) -> str:
        """Return the name of the profile that holds this secret, or ""."""
        text = value.reveal()
        if text in self.known:
            return self.known[text]
        if not self._key or not text:
            return ""
        seen = fingerprint(self._key, text)
        for profile in self._single.values():
            if profile and self._holds(profile, seen, text):
                return profile.name
        holders = (p.name for p in self.profiles if self._holds(p, seen, text))
        return next(holders, "")

    def _holds(self, profile: Profile, seen: str, text: str) -> bool:
        """Tell whether a secret, or a public AWS key id, is a profile's."""
        return profile.fields.get(KEY_ID) == text or any(
            (
                self._outside.get(ref.item)
                if ref.is_reference
                else ref.fingerprint
            )
            == seen
            for ref in profile.secrets.values()
        )

    @cached_property
    def _outside(self) -> dict[str, str]:
        """The fingerprints of what managers gave last, by reference."""
        from keyswitch.secrets.outside import seen

        return {
            one.reference: one.fingerprint for one in seen.every(self.paths)
        }

    def owner_of(self, value: Secret | None, source: Source) -> Owner:
        """Return whose a credential is and what may be shown of it."""
        if value is not None:
            return Owner(self.holder_of(value), masked(value))
        profile = self.get(self.named_by(source))
        if profile is None:
            return Owner()
        return Owner(profile.name, self._hint(profile, source))

    def of_account(self, account: str | None, organization: str | None) -> str:
        """Return the profile that keeps this account's login, or ""."""
        for profile in self.profiles if account else ():
            held = profile.fields.get("organization_uuid", "")
            if profile.fields.get("account_uuid") == account and (
                not held or not organization or held == organization
            ):
                return profile.name
        return ""

    def named_by(self, source: Source) -> str:
        """Return the profile that a command of ours would answer for."""
        words = self.own_words(source.command)
        if words == ["helper", "claude-code"]:
            return self.helper_profile
        named = (["helper", "aws"], ["helper", "api-key"])
        if len(words) == 3 and words[:2] in named:
            return words[2]
        return ""

    def own_answer(self, source: Source) -> OwnAnswer | None:
        """Return what a source answers, if it is a command of ours.

        None also where the profile has nothing that it could answer with.
        """
        profile = self.get(self.named_by(source))
        provider = self.provider_of(profile) if profile else None
        if profile is None or provider is None:
            return None
        kind = self.own_words(source.command)[1]
        try:
            fields = answer_fields(provider, profile, kind)
        except KeyswitchError:
            return None
        return OwnAnswer(profile, kind, fields) if fields else None

    def own_words(self, command: str) -> list[str]:
        """Return the arguments of a command of keyswitch; [] for others."""
        words, own = words_of(command), words_of(self.command)
        if words[: len(own)] != own:
            return []
        words = words[len(own) :]
        # What is said if the program is gone is no argument of it.
        end = words.index("||") if "||" in words else len(words)
        return list(words[:end])

    def _hint(self, profile: Profile, source: Source) -> str | None:
        provider = self.provider_of(profile)
        if provider is None:
            return None
        if source.kind.startswith("aws"):
            found = profile.fields.get(KEY_ID)
            return None if found is None else f"…{found[-SHOWN_TAIL:]}"
        try:
            field = roles(provider, profile).get("helper", "")
        except KeyswitchError:
            return None
        ref: SecretRef | None = profile.secrets.get(field)
        if ref is not None and ref.is_reference:
            from keyswitch.secrets.outside import seen

            ref = seen.known(self.paths, ref)
        return ref.hint or None if ref else None


def answer_fields(
    provider: Provider, profile: Profile, kind: str
) -> tuple[str, ...]:
    """Return the secrets that `keyswitch helper KIND` prints of a profile."""
    if kind != "aws":
        role = "helper" if kind == "claude-code" else "key"
        field = roles(provider, profile).get(role, "")
        return (field,) if field else ()
    exported = dict(environment(provider, profile).secrets)
    if "AWS_SECRET_ACCESS_KEY" not in exported:
        return ()
    # The id is among them where a manager makes the keys anew.
    names = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID")
    return tuple(exported[name] for name in names if name in exported)
