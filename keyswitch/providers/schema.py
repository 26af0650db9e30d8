"""What a provider is: catalogue data turned into values.

One TOML file per provider; the person's own files in the config folder have
the same form and come first. Nothing about a provider stands in code. The
nouns are named tuples: a dataclass costs every command half a millisecond.

Which variables of the built-in providers steer programs is known. One that a
profile names (provider `custom`) is refused; one of a person's own provider
file is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from keyswitch.display import without_secrets
from keyswitch.errors import InputError
from keyswitch.model import Frozen, Profile
from keyswitch.profiles.names import did_you_mean
from keyswitch.providers.shapes import Field, check_plain

_CENTURY = 36_525  # days; the calendar ends in the year 9999
KEY_ID = "access_key_id"  # the public half of AWS keys, a plain field


class ClaudeCode(Frozen):
    """How Claude Code takes this provider, for one group of fields."""

    how: str = "none"
    helper_field: str = ""  # the secret that `helper claude-code` prints
    env: tuple[tuple[str, str], ...] = ()  # (variable, template) in settings
    approve: bool = False  # its key's tail is approved in .claude.json
    aws_export: bool = False  # awsCredentialExport answers with its keys


class Environment(Frozen):
    """The variables of a profile, each list sorted."""

    literals: tuple[tuple[str, str], ...]  # (variable, value)
    secrets: tuple[tuple[str, str], ...]  # (variable, secret field)
    rivals: tuple[str, ...]  # variables to unset


class Ignored(Frozen):
    """What a program does not take of a profile, though it is exported.

    True of profiles that have the field `when` and not the field `unless`.
    """

    program: str
    what: str
    fix: str
    when: str = ""
    unless: str = ""

    @property
    def text(self) -> str:
        """Say it in one line."""
        return f"{self.what}; {self.fix}"

    def is_true_of(self, profile: Profile) -> bool:
        """Tell whether it holds for a profile with these fields."""
        fields = profile.fields
        wanted = not self.when or bool(fields.get(self.when))
        return wanted and not fields.get(self.unless)


class Provider(Frozen):
    """One entry of the catalogue."""

    id: str
    title: str
    bill: str = ""  # "api", "subscription", "cloud" or ""
    fields: tuple[Field, ...] = ()
    rivals: tuple[str, ...] = ()
    constants: tuple[tuple[str, str], ...] = ()  # (variable, value)
    # group -> constants besides; "" counts for all groups
    group_constants: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    groups: tuple[str, ...] = ()
    claude_code: tuple[tuple[str, ClaudeCode], ...] = ()  # by group
    help_url: str = ""
    revoke_url: str = ""
    setup: str = ""  # what a person has to have, for the list of providers
    not_addable: str = ""  # why `add` cannot make one
    # Where its secrets go: the first template that the plain fields fill.
    hosts: tuple[str, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    expiry_days: int = 0  # how long its secrets last as a rule; 0: no rule
    own: bool = False  # of a file in the person's own folder
    # [verify] as it stands in the file; `verification` says what it means.
    verify: Mapping[str, Any] = MappingProxyType({})
    # (variable, address): what `trace` replaces, and where requests go if
    # nothing was set.
    trace: tuple[tuple[str, str], ...] = ()

    def field(self, name: str) -> Field:
        """Return the field with this name, or say which there are."""
        for found in self.fields:
            if found.name == name:
                return found
        names = [f.name for f in self.fields]
        known = f"choose from: {', '.join(names)}"
        what = f"provider {self.id} has no field '{name}'"
        raise InputError(what, did_you_mean(name, names, known))

    def expected_end(self, stored: date) -> date | None:
        """Return when a secret of that day ends as a rule."""
        days = min(self.expiry_days, _CENTURY)
        return stored + timedelta(days=days) if days > 0 else None

    def check_addable(self) -> None:
        """Raise if profiles of this provider are made by another command."""
        if self.not_addable:
            raise InputError(
                f"'add' cannot create a {self.id} profile", self.not_addable
            )

    def check_fields(self, fields: Mapping[str, str]) -> None:
        """Raise unless each plain field exists and has an allowed value."""
        for name, value in fields.items():
            found = self.field(name)
            if found.secret:
                raise InputError(
                    f"'{name}' is a secret: no option takes one",
                    "'keyswitch add' and 'keyswitch rotate' ask for secrets",
                )
            check_plain(found, value)

    def complete_fields(self, fields: Mapping[str, str]) -> dict[str, str]:
        """Check the plain fields of a new profile and add the defaults."""
        self.check_fields(fields)
        defaults = {f.name: f.default for f in self.fields if f.default}
        return {**defaults, **fields}

    def group_of(self, names: Iterable[str]) -> str:
        """Return the alternative that the given field names stand for."""
        used = {self.field(name).group for name in names} - {""}
        if len(used) > 1:
            raise InputError(
                f"{self.id} takes one of {' | '.join(self.groups)}, "
                f"not {' and '.join(sorted(used))} together",
                "leave out the fields of the others",
            )
        if used:
            return used.pop()
        return self.groups[0] if self.groups else ""

    def is_secret(self, name: str, *, outside: bool = False) -> bool:
        """Tell whether a field's value is kept apart from the profile's file.

        The plain part of a credential is, where a manager makes it anew with
        the rest (`outside`).
        """
        field = self.field(name)
        together = [f for f in self.fields if f.group == field.group]
        is_part = bool(field.group) and any(f.secret for f in together)
        return field.secret or (outside and is_part)

    def wanted_secrets(
        self, fields: Mapping[str, str], group: str = ""
    ) -> list[Field]:
        """Return the secret fields that go with these plain fields.

        `group` is the alternative that a person chose.
        """
        group = group or self._likely_group(fields)
        return [f for f in self.fields if f.secret and f.group in ("", group)]

    def _likely_group(self, fields: Mapping[str, str]) -> str:
        """Return the alternative that plain fields leave open, or name one."""
        if any(self.field(name).group for name in fields):
            return self.group_of(fields)
        for group in self.groups:
            if all(f.secret for f in self.required(group)):
                return group
        return self.group_of(fields)

    def required(self, group: str) -> list[Field]:
        """Return what only this alternative needs."""
        return [f for f in self.fields if f.required and f.group == group]

    def check(self, profile: Profile, *, is_kept: bool = False) -> None:
        """Raise unless the profile is complete, and billed as it expects.

        `is_kept`: it has a file, so that `edit` and `rotate` complete it.
        """
        label = profile.label
        if label and without_secrets(label) != label:
            raise InputError(
                f"the label of '{profile.name}' looks like a secret",
                f"change it: keyswitch edit {profile.name} --label TEXT",
            )
        self.check_fields(profile.fields)
        for name, ref in profile.secrets.items():
            if not self.is_secret(name, outside=ref.is_reference):
                raise InputError(
                    f"'{name}' of profile '{profile.name}' is not a secret",
                    f"move it to [fields]: keyswitch edit {profile.name}",
                )
        present = {**profile.fields, **profile.secrets}
        group = self.group_of(present)
        lacking = [
            f.name
            for f in self.fields
            if f.required and f.group in ("", group) and f.name not in present
        ]
        if lacking:
            raise InputError(
                f"profile '{profile.name}' ({self.id}) lacks "
                f"{' and '.join(lacking)}",
                self._way_out(profile.name, lacking)
                if is_kept
                else self.how_to_complete(lacking),
            )
        if profile.expect and self.bill and profile.expect != self.bill:
            raise InputError(
                f"profile '{profile.name}' expects {profile.expect} billing, "
                f"but {self.id} is billed as {self.bill}",
                f"change that: keyswitch edit {profile.name} --expect "
                f"{self.bill}"
                if is_kept
                else "change 'expect', or use another provider",
            )

    def _way_out(self, name: str, lacking: list[str]) -> str:
        """Return the command that completes a profile with a file."""
        if self.not_addable:
            return f"log in again: keyswitch login {name}"
        plain = [n for n in lacking if not self.field(n).secret]
        if not plain:
            return f"store it: keyswitch rotate {name}"
        if len(plain) < len(lacking):  # neither command takes both
            return f"remove it, and add it again: keyswitch remove {name}"
        sets = " ".join(f"--set {n}=VALUE" for n in plain)
        return f"set it: keyswitch edit {name} {sets}"

    def how_to_complete(self, lacking: list[str]) -> str:
        """Return what to give a profile that lacks these fields."""
        if not self.groups:
            plain = [n for n in lacking if not self.field(n).secret]
            sets = "".join(f"--set {name}=VALUE " for name in plain)
            give = f"give {sets[:-1]}; " if sets else ""
            return f"{give}'keyswitch providers {self.id}' lists the fields"
        plain = [n for n in lacking if not self.field(n).group]
        also = f"{', '.join(plain)} and " if plain else ""
        return f"{self.id} needs {also}{self.alternatives()}"

    def alternatives(self) -> str:
        """Return the groups of fields of which a profile has one."""
        ways = [
            " + ".join(f.name for f in self.required(group))
            for group in self.groups
        ]
        return f"one of: {', or '.join(ways)}"

    def claude_code_for(self, profile: Profile) -> ClaudeCode:
        """Return how Claude Code takes this profile."""
        group = self.group_of([*profile.fields, *profile.secrets])
        table = dict(self.claude_code)
        return table.get(group) or table.get("") or ClaudeCode()


def environment(provider: Provider, profile: Profile) -> Environment:
    """Return what a profile exports, and what must not be beside it."""
    present = {**profile.fields, **profile.secrets}
    group = provider.group_of(present)
    of_group = dict(provider.group_constants).get(group, ())
    literals = dict((*provider.constants, *of_group))
    secrets: dict[str, str] = {}
    for name in present:
        found = provider.field(name)
        unless = dict(found.env_unless)
        for template in found.env:  # `{x}` stands for the plain field x
            if profile.fields.get(unless.get(template, "")):
                continue
            variable = template
            if template.startswith("{"):
                variable = profile.fields.get(template[1:-1], "")
            if name in profile.secrets:
                secrets[variable] = name
            elif profile.fields[name]:
                literals[variable] = profile.fields[name]
    rivals = set(provider.rivals) - set(literals) - set(secrets)
    return Environment(
        tuple(sorted(literals.items())),
        tuple(sorted(secrets.items())),
        tuple(sorted(rivals)),
    )


def ignored_here(
    provider: Provider, profile: Profile, environ: Mapping[str, str]
) -> list[Ignored]:
    """Return what programs that are installed do not take of a profile."""
    if not provider.ignored:
        return []
    import shutil  # few providers have any

    path = environ.get("PATH", "")
    return [
        one
        for one in provider.ignored
        if one.is_true_of(profile) and shutil.which(one.program, path=path)
    ]


def roles(provider: Provider, profile: Profile) -> dict[str, str]:
    """Return which secret answers which helper: {"helper"|"key": field}."""
    result = {}
    taken = provider.claude_code_for(profile)
    if taken.helper_field in profile.secrets:
        result["helper"] = taken.helper_field
    for field in provider.fields:
        if field.secret and field.name in profile.secrets:
            return {**result, "key": field.name}
    return result
