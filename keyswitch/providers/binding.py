"""What a secret of a profile is for: whose it is, and where it goes.

A profile file can be changed by whoever can change a repository that it is
kept in. So what it makes of a stored secret is compared with this.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from keyswitch.providers.schema import environment

if TYPE_CHECKING:
    from keyswitch.model import Profile
    from keyswitch.providers.schema import Provider

_TEMPLATE = re.compile(r"\{([a-z_]+)\}")


class Binding(NamedTuple):
    """The use of one secret. `host` is for people, `sends` decides."""

    profile: str
    provider: str
    field: str
    host: str
    sends: tuple[tuple[str, str], ...] = ()  # sorted; see `_sends`

    def differences(self, other: Binding) -> set[str]:
        """Return the names of what differs; empty: it is the same use."""
        found = {
            name
            for name in ("profile", "provider", "field")
            if getattr(self, name) != getattr(other, name)
        }
        return found | {name for name, _ in {*self.sends} ^ {*other.sends}}


def bindings_of(provider: Provider, profile: Profile) -> dict[str, Binding]:
    """Return the use that a profile makes of each of its secrets, by field."""
    host = _host(provider, profile)
    return {
        name: Binding(
            profile.name,
            provider.id,
            name,
            host,
            _sends(provider, profile, name),
        )
        for name in profile.secrets
    }


def _sends(
    provider: Provider, profile: Profile, secret: str
) -> tuple[tuple[str, str], ...]:
    """Return all that decides host and account, under a name for people.

    Of a built-in provider that is the profile's own fields. A provider file of
    the person's own can be changed like a profile file, so its part counts.
    """
    found = {
        name: value
        for name, value in profile.fields.items()
        if value and not provider.field(name).harmless
    }
    if provider.own:
        plain = {
            variable
            for field in provider.fields
            if not field.secret
            for variable in field.env
        }
        settings = provider.claude_code_for(profile)
        found |= {
            name: value
            for name, value in environment(provider, profile).literals
            if name not in plain
        }
        found |= {f"settings.{name}": value for name, value in settings.env}
        found["helper"] = settings.helper_field
        found["variables"] = " ".join(provider.field(secret).env)
    return tuple(sorted(found.items()))


def _host(provider: Provider, profile: Profile) -> str:
    """Return the host that the secrets go to, as far as it is known."""
    fields = profile.fields
    for template in provider.hosts:
        if all(fields.get(name) for name in _TEMPLATE.findall(template)):
            return _netloc(_TEMPLATE.sub(lambda m: fields[m[1]], template))
    constants = dict(environment(provider, profile).literals).values()
    for value in (*fields.values(), *constants):
        if "://" in value:
            return _netloc(value)
    return provider.title


def _netloc(address: str) -> str:
    if "://" not in address:
        return address
    try:
        return urlsplit(address).netloc.rpartition("@")[2] or address
    except ValueError:
        return address  # no address that a program could use
