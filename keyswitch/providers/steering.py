"""What a profile or a person's own provider file would have variables decide.

A variable can name a program, a place or an account beside a credential.
"""

from __future__ import annotations

from collections.abc import Iterator

from keyswitch.errors import InputError
from keyswitch.model import Frozen, Profile
from keyswitch.providers.schema import Provider, environment


class Steering(Frozen):
    """One variable of a provider file that decides more than an account."""

    provider: str
    variable: str
    decides: str
    value: str  # "": a secret

    @property
    def what(self) -> str:
        """Say it in one line."""
        value = f" to '{self.value}'" if self.value else ""
        return (
            f"provider '{self.provider}' (your own file) sets "
            f"{self.variable}{value}, which sets {self.decides}"
        )


class Named(Frozen):
    """A variable that a profile names, and for which of its fields."""

    field: str
    by: str  # the field that holds the name
    variable: str


def named_by(provider: Provider, profile: Profile) -> list[Named]:
    """Return the variables that the profile itself names."""
    return [
        Named(field.name, by, profile.fields.get(by, ""))
        for field in provider.fields
        if field.name in {*profile.fields, *profile.secrets}
        for template in field.env
        if template != (by := template.strip("{}"))
    ]


def refuse_named(provider: Provider, profile: Profile) -> None:
    """Raise if the profile itself names a variable that is for no secret."""
    for field, by, variable in named_by(provider, profile):
        from keyswitch.providers.variables import steers  # few profiles need it

        decides = steers(variable)
        if decides:
            raise InputError(
                f"profile '{profile.name}' puts its {field} into {variable}, "
                f"which sets {decides}",
                "set the variable that your program reads its key from: "
                f"keyswitch edit {profile.name} --set {by}=NAME",
            )


def of_own_file(provider: Provider, profile: Profile) -> Iterator[Steering]:
    """Yield the variables of an own provider that a person has to see.

    Addresses are left out: a secret is bound to its host.
    """
    if not provider.own:
        return
    from keyswitch.providers.variables import ADDRESS, steers

    exports = environment(provider, profile)
    pairs = {
        **dict.fromkeys((name for name, _ in exports.secrets), ""),
        **{
            name: profile.fields.get(value.strip("{}"), value)
            for name, value in provider.claude_code_for(profile).env
        },
        **dict(exports.literals),
    }
    for variable, value in sorted(pairs.items()):
        decides = steers(variable)
        if decides and decides != ADDRESS:
            yield Steering(provider.id, variable, decides, value)
