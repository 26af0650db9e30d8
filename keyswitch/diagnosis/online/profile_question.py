"""The question about a profile's secrets, as its provider's file has it."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from keyswitch.diagnosis.online import endpoints, question
from keyswitch.diagnosis.online.question import GATEWAY, Keys, Question
from keyswitch.errors import InputError
from keyswitch.model import Frozen
from keyswitch.providers.custom_headers import of_field
from keyswitch.providers.schema import KEY_ID
from keyswitch.providers.verification import (
    STS,
    Verification,
    filled,
    verification_of,
)
from keyswitch.targets.claude_code.login.stored import custom_headers
from keyswitch.targets.claude_code.resolver.scene import Flags, Scene
from keyswitch.targets.verdict import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.model import Profile
    from keyswitch.network.address import Address
    from keyswitch.providers.schema import Provider
    from keyswitch.secret import Secret

_USUAL_REGION = "us-east-1"  # of keys whose profile names none
_FIELD_FIRST = r"\{([a-z_]+)\}"


def ways_of(environ: Mapping[str, str], home: str) -> Scene:
    """Return what says how the network is reached: proxies and authorities.

    What a repository sets leads nobody's secret anywhere.
    """
    flags = Flags(sources=("user",))
    return Scene(environ, home=home, cwd=home, flags=flags)


class Subject(Frozen):
    """What is asked about: a profile with the secrets that are needed."""

    provider: Provider
    profile: Profile
    secrets: Mapping[str, Secret]
    path: str  # of the profile's file
    renew: str  # what to do where the secret is refused


def question_about(subject: Subject) -> Question:
    """Return the question. Raises InputError where there is none."""
    provider, profile, secrets, path, renew = subject
    row = verification_of(provider, profile)
    if row is None:
        raise no_question(provider, profile)
    if row.signed == STS:
        keys = Keys(
            profile.fields.get(KEY_ID) or secrets[KEY_ID].reveal(),
            secrets["secret_access_key"],
            secrets.get("session_token"),
        )
        region = profile.fields.get("region") or _USUAL_REGION
        return question.of_identity(keys, region, renew)
    address, query = _address(row, profile, path)
    values = {
        **{name: of_field(text) for name, text in profile.fields.items()},
        **{name: secret.reveal() for name, secret in secrets.items()},
    }
    return Question(
        GATEWAY if address.source else provider.title,
        address,
        _headers(row, values),
        renew,
        tuple(secrets.values()),
        account=row.account,
        permissions=row.permissions,
        same=_expected(row, profile),
        query=query,
    )


def _headers(row: Verification, values: Mapping[str, str]) -> dict[str, str]:
    """Return the headers; no further one takes the credential's place."""
    found: dict[str, str] = {}
    for template in row.lines:
        found |= custom_headers(filled(template, values) or "")
    for name, template in row.headers:
        value = filled(template, values)
        if value is not None:
            found.pop(name.lower(), None)
            found[name] = value
    return found


def no_question(provider: Provider, profile: Profile) -> InputError:
    """Return why a profile cannot be asked about."""
    if profile.secrets:
        what = f"provider '{provider.id}' defines no check"
        fix = "your own provider file can define one: [verify]"
        return InputError(what, fix)
    try:
        provider.check(profile, is_kept=True)
    except InputError as e:
        return e  # it lacks one
    name = profile.fields.get("aws_profile")
    by_hand = "check with the program that holds its credentials"
    if name:
        by_hand = f"aws sts get-caller-identity --profile '{name}'"
    elif provider.id == "vertex":
        by_hand = "gcloud auth application-default print-access-token"
    return InputError("keyswitch stores no secret of it", by_hand)


def how_to_renew(provider: Provider, name: str) -> str:
    """Return what to do where the secret of a profile is refused."""
    if provider.not_addable:
        return f"log in again: keyswitch login {name}"
    page = f"create a new one at {provider.help_url}, then: "
    return f"{page * bool(provider.help_url)}keyswitch rotate {name}"


def _address(
    row: Verification, profile: Profile, path: str
) -> tuple[Address, str]:
    """Return where it is asked, and the query with a question mark or ""."""
    for template in row.url:
        place, mark, query = template.partition("?")
        text = filled(place, profile.fields)
        if text is None:
            continue
        chosen = re.match(_FIELD_FIRST, place)
        if chosen is None:
            return _plain(endpoints.parse(text)), mark + query
        # Its own query, and a slash at its end, are no part of the address.
        source = Source("profile", chosen[1], "", path)
        base = endpoints.parse(profile.fields[chosen[1]], source)
        rest = filled(place[chosen.end() :], profile.fields) or ""
        return _plain(base.at(rest)), mark + query
    raise InputError(
        "its fields do not contain the address to check",
        f"keyswitch edit {profile.name} --set base_url=https://HOST",
    )


def _plain(address: Address) -> Address:
    """Return an address without `..` in its path."""
    return address._replace(path=posixpath.normpath(address.path or "/"))


def _expected(
    row: Verification, profile: Profile
) -> tuple[tuple[str, str], ...]:
    return tuple(
        (text, profile.fields[field])
        for field, text in row.same
        if profile.fields.get(field)
    )
