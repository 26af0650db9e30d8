"""What a secret of a profile is for: whose it is, and where it goes.

A profile file can be changed by whoever can change a repository that it is
kept in. So what it makes of a stored secret is compared with a record: one
small file an item, beside the state and not beside the profiles. A record is
made with the secret, or at the first use of one that an older version stored.

What a manager outside keeps has no item here, and several profiles may name
it. Its record is of the profile and field that it is read for, and says which
reference that is, too. It is made at the first use.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator

from keyswitch.disk.atomic import names_in, read_regular
from keyswitch.disk.digests import sha256
from keyswitch.errors import KeyswitchError
from keyswitch.model import REFERENCE, Frozen, Profile, SecretRef
from keyswitch.profiles import own_json, profile_files
from keyswitch.profiles.paths import Paths
from keyswitch.providers.schema import Provider, environment

LIMIT = 1 << 18  # bytes; a profile file may have 64 KiB
_WHOSE = ("profile", "provider", "field")
OF_REFERENCE = f"{REFERENCE} "  # begins what a reference's record is named by
_LOST = "keyswitch records the use of its secret again at the next use"

_HOST_VARIABLE = (
    "(?:.*_)?(?:HOST|HOSTS|HOSTNAME|ADDR|ADDRESS|SERVER|DOMAIN|URL|URI|DSN"
    "|ENDPOINT.*|GATEWAY)"
)
_TEMPLATE = r"\{([a-z_]+)\}"


class Binding(Frozen):
    """The use of one secret. `host` is for people, `sends` decides."""

    profile: str
    provider: str
    field: str
    host: str
    sends: dict[str, str]  # see `_sends`

    def differences(self, other: Binding) -> set[str]:
        """Return the names of what differs; empty: it is the same use."""
        found = {
            name
            for name in _WHOSE
            if getattr(self, name) != getattr(other, name)
        }
        changed = self.sends.items() ^ other.sends.items()
        return found | {name for name, _ in changed}


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


def _sends(provider: Provider, profile: Profile, secret: str) -> dict[str, str]:
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
    ref = profile.secrets.get(secret)
    if ref is not None and ref.is_reference:
        found[REFERENCE] = ref.item
    if provider.own:
        settings = provider.claude_code_for(profile)
        found |= dict(environment(provider, profile).literals)
        found |= {f"settings.{name}": value for name, value in settings.env}
        found["helper"] = settings.helper_field
        found["variables"] = " ".join(provider.field(secret).env)
        if provider.verify:
            # Few provider files have it.
            from keyswitch.providers.verification import addresses

            found |= addresses(provider)
    return dict(sorted(found.items()))


def _host(provider: Provider, profile: Profile) -> str:
    """Return the host that the secrets go to, as far as it is known."""
    fields = profile.fields
    for template in provider.hosts:
        if all(fields.get(name) for name in re.findall(_TEMPLATE, template)):
            return _netloc(re.sub(_TEMPLATE, lambda m: fields[m[1]], template))
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
        names = re.findall(_TEMPLATE, template)
        if all(name in fields for name in names):
            # A region is the cloud's own. Of `custom` the variable decides,
            # which is shown with the rest.
            if {*names} - {"region"} and " " not in template:
                found.add(_host(provider, profile))
            break
    for field in provider.fields:
        value = fields.get(field.name, "")
        is_of_a_host = any(re.fullmatch(_HOST_VARIABLE, v) for v in field.env)
        if value and "://" not in value and is_of_a_host:
            found.add(value)
    return found


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
    from urllib.parse import urlsplit

    try:
        return urlsplit(address).netloc.rpartition("@")[2] or address
    except ValueError:
        return address  # no address that a program could use


class OtherUseError(KeyswitchError):
    """A profile file makes another use of a secret than it was stored for."""


class Mismatch(Frozen):
    """One secret, what it is stored for, and what a profile file asks."""

    ref: SecretRef
    stored: Binding
    asked: Binding

    @property
    def key(self) -> str:
        """The name of its record."""
        return key_of(self.asked.profile, self.asked.field, self.ref)

    @property
    def what(self) -> str:
        """Say what differs, both hosts included."""
        stored, asked = self.stored, self.asked
        whose = "its secret"
        if self.ref.is_reference:
            whose = self.ref.item
        elif stored.profile != asked.profile:
            whose = f"the secret of profile '{stored.profile}'"
        way = f"to {shown_host(asked.host)}"
        if stored.host != asked.host:
            way += f", but it is stored for {shown_host(stored.host)}"
        return (
            f"the file of profile '{asked.profile}' would send {whose} {way} "
            f"({self._changes()})"
        )

    @property
    def fix(self) -> str:
        """Return the command that settles it."""
        verb = "use" if self._of_another else "edit"
        return f"keyswitch {verb} {self.asked.profile}"

    @property
    def otherwise(self) -> str:
        """Say what that command is for, and what else there is."""
        if self._of_another:
            return (
                "if you renamed or copied the file by hand, 'keyswitch use' "
                "asks you to confirm it"
            )
        return (
            "restore the file, or confirm the change on a terminal: keyswitch "
            f"use {self.asked.profile}"
        )

    @property
    def _of_another(self) -> bool:
        """Whether the secret was stored for another profile."""
        is_named = self.asked.profile == self.stored.profile
        return not is_named and not self.ref.is_reference

    def _changes(self) -> str:
        stored, asked = (
            {**one.sends, **{name: getattr(one, name) for name in _WHOSE}}
            for one in (self.stored, self.asked)
        )
        return ", ".join(
            f"{name}: '{stored.get(name, '')}' became '{asked.get(name, '')}'"
            for name in sorted(self.stored.differences(self.asked))
        )


def key_of(profile: str, field: str, ref: SecretRef) -> str:
    """Return what the record of a secret is named after."""
    if ref.is_reference:
        return f"{OF_REFERENCE}{profile} {field}"
    return str(ref.item)


def path_of(paths: Paths, item: str) -> str:
    """Return the record of an item; a profile file may name it anything."""
    name = item if item.isascii() and item.replace("-", "").isalnum() else ""
    if not name or len(name) > 100:
        name = sha256(item.encode("utf-8", "replace"))
    return os.path.join(paths.bound_dir, name)


def text_of(binding: Binding) -> bytes:
    """Return a record's text."""
    return own_json.encode(**binding._asdict())


def parse(path: str, data: bytes | None) -> Binding | None:
    """Return what a record says; None: there is none."""
    if data is None:
        return None
    return own_json.read(Binding, path, data, _LOST)


def mismatches(
    paths: Paths,
    provider: Provider,
    profile: Profile,
    read: Callable[[str], Binding | None],
    *,
    look_at_others: bool = True,
) -> Iterator[Mismatch]:
    """Yield each secret that was stored for something else.

    `read` returns the record of an item. One that has none yet may be another
    profile's, whose file says so (`look_at_others`).
    """
    for field, ref in profile.secrets.items():
        asked = bindings_of(provider, profile)[field]
        stored = read(key_of(profile.name, field, ref))
        if stored is None and look_at_others:
            if ref.is_reference:
                stored = _contradicts(paths, asked)
            else:
                stored = _of_others(paths, profile.name, ref)
        if stored is not None and stored.differences(asked):
            yield Mismatch(ref, stored, asked)


def recorded(paths: Paths, item: str) -> Binding | None:
    """Return what the record of an item says."""
    path = path_of(paths, item)
    return parse(path, read_regular(path, LIMIT, ours=True))


def every(paths: Paths) -> Iterator[Binding]:
    """Yield what is recorded, of all items and references."""
    for name in sorted(names_in(paths.bound_dir)):
        with contextlib.suppress(KeyswitchError):
            path = os.path.join(paths.bound_dir, name)
            found = parse(path, read_regular(path, LIMIT, ours=True))
            if found is not None:
                yield found


def _contradicts(paths: Paths, asked: Binding) -> Binding | None:
    """Return a record that the first use of a reference does not agree with.

    The profile's secret may have been another one, or the reference be known,
    and for another place.
    """
    for known in every(paths):
        differs = known.differences(asked)
        is_own = (known.profile, known.field) == (asked.profile, asked.field)
        is_known = known.sends.get(REFERENCE) == asked.sends[REFERENCE]
        if (is_own and differs) or (
            is_known and differs - {"profile", "field"}
        ):
            return known
    return None


def _of_others(paths: Paths, name: str, ref: SecretRef) -> Binding | None:
    """Return the use that another profile's file makes of an item."""
    for other in profile_files.scan(paths):
        if other == name:
            continue
        try:
            if ref.item.encode() not in profile_files.read(paths, other):
                continue
            profile, _ = profile_files.load(paths, other)
        except KeyswitchError:
            continue
        for field, held in profile.secrets.items():
            if held.item == ref.item:
                return Binding(
                    other, profile.provider, field, "its own host", {}
                )
    return None


def refuse(found: list[Mismatch]) -> None:
    """Raise if there is a mismatch."""
    for one in found:
        raise OtherUseError(one.what, f"{one.fix}; {one.otherwise}")
