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
    from keyswitch.providers.field import Field
    from keyswitch.providers.schema import Provider

_HOST_VARIABLE = re.compile(
    "(?:.*_)?(?:HOST|HOSTS|HOSTNAME|ADDR|ADDRESS|SERVER|DOMAIN|URL|URI|DSN"
    "|ENDPOINT.*|GATEWAY)"
)
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
    the person's own can be changed like a profile file, so all that it sets
    counts, and its word that a field is harmless does not.
    """
    found = {
        name: value
        for name, value in profile.fields.items()
        if value and (provider.own or not provider.field(name).harmless)
    }
    if provider.own:
        settings = provider.claude_code_for(profile)
        found |= dict(environment(provider, profile).literals)
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


def chosen_hosts(provider: Provider, profile: Profile) -> set[str]:
    """Return the hosts that a profile's fields decide, by whichever field."""
    fields = {name: value for name, value in profile.fields.items() if value}
    found = {_netloc(value) for value in fields.values() if "://" in value}
    for template in provider.hosts:
        names = _TEMPLATE.findall(template)
        if all(name in fields for name in names):
            # A region is the cloud's own. Of `custom` the variable decides,
            # which is shown with the rest.
            if {*names} - {"region"} and " " not in template:
                found.add(_host(provider, profile))
            break
    for field in provider.fields:
        value = fields.get(field.name, "")
        if "://" not in value and value and _is_of_a_host(field):
            found.add(value)
    return found


def _is_of_a_host(field: Field) -> bool:
    """Tell whether a field of its own is carried as an address."""
    return any(_HOST_VARIABLE.fullmatch(name) for name in field.env)


def shown_host(host: str) -> str:
    """Return a host as people see it, and as a name server is asked for it.

    Letters of other scripts look like others: such a host is named twice.
    """
    plain = ascii_host(host)
    return host if plain == host else f"{host} ({plain})"


def ascii_host(host: str) -> str:
    """Return a host in the form that is sent, with `xn--` where needed."""
    if host.isascii():
        return host
    name, colon, port = host.partition(":")
    labels = []
    for label in re.split("[.\u3002\uff0e\uff61]", name):
        try:
            labels.append(label.encode("idna").decode())
        except UnicodeError:
            labels.append("xn--" + label.encode("punycode").decode())
    return ".".join(labels) + colon + port


def _netloc(address: str) -> str:
    if "://" not in address:
        return address
    try:
        return urlsplit(address).netloc.rpartition("@")[2] or address
    except ValueError:
        return address  # no address that a program could use
