"""A bundle on the screen, and what a person has to accept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyswitch.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.cli.session import Session
    from keyswitch.model import Profile
    from keyswitch.providers.catalogue import Catalogue
    from keyswitch.transfer.bundle import Packed


def show(session: Session, packed: Sequence[Packed]) -> None:
    """Print what would be written: all of it, and of secrets the masks."""
    from keyswitch.providers.binding import ascii_host, shown_host
    from keyswitch.transfer.importing import conflicts, destinations

    catalogue = session.workspace().catalogue
    hosts = destinations(catalogue, packed)
    here = conflicts(session.workspace(), packed)
    if session.output.json:
        session.output.document(
            {
                "profiles": [
                    {
                        **_document(catalogue, one),
                        "exists": one.profile.name in here,
                    }
                    for one in packed
                ],
                "hosts": sorted({d.host for d in hosts}),
                "ascii_hosts": sorted({ascii_host(d.host) for d in hosts}),
            }
        )
        return
    rows = []
    for one in packed:
        profile = one.profile
        state = "replaces yours" if profile.name in here else ""
        rows.append((profile.name, profile.provider, profile.label, state))
        shown = {
            **{k: _in_words(v) for k, v in _settings(profile).items()},
            **dict(sorted(profile.fields.items())),
            **_previews(catalogue, one),
        }
        rows += [("", key, value, "") for key, value in shown.items()]
        rows += [
            ("", "sends to", shown_host(d.host), "")
            for d in hosts
            if d.name == profile.name
        ]
    session.output.table(rows)


def _document(catalogue: Catalogue, one: Packed) -> dict[str, Any]:
    profile = one.profile
    return {
        "name": profile.name,
        "provider": profile.provider,
        "label": profile.label,
        **_settings(profile),
        "fields": dict(sorted(profile.fields.items())),
        "secrets": _previews(catalogue, one),
    }


def _settings(profile: Profile) -> dict[str, Any]:
    """Return what a profile says of itself, beside its label and fields."""
    found = {
        "created": profile.created and profile.created.isoformat(),
        "expires": profile.expires and profile.expires.isoformat(),
        "expect": profile.expect,
        "isolated": profile.isolated,
        "shared": profile.shared and list(profile.shared),
        "only": list(profile.only),
        "never": list(profile.never),
    }
    return {key: value for key, value in found.items() if value}


def _in_words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return "yes" if value is True else str(value)


def _previews(catalogue: Catalogue, one: Packed) -> dict[str, str]:
    """Return what is shown of a bundle's secrets.

    What does not look like one may be a program or an address: it is shown.
    So is all that goes into a variable which nothing tells to be a key's.
    """
    from keyswitch.providers.own_variables import named_by
    from keyswitch.providers.shapes import is_opaque, mask
    from keyswitch.providers.variables import carries
    from keyswitch.transfer.importing import named

    provider = catalogue.get(one.profile.provider)
    uncertain = {
        found.field
        for found in named_by(provider, named(one))
        if not carries(found.variable)
    }
    return {
        name: mask(value.reveal())
        if name not in uncertain
        and is_opaque(provider.field(name), value.reveal())
        else value.reveal()
        for name, value in one.secrets.items()
    }


def accept(
    session: Session, packed: Sequence[Packed], accepted: Sequence[str]
) -> None:
    """Let a person see to every variable and host of the secrets."""
    from keyswitch.cli.secrets.own_variables import ask_about
    from keyswitch.transfer.importing import named

    for one in packed:
        ask_about(session, named(one))
        _accept_variables(session, named(one))
    _accept_hosts(session, packed, accepted)


def _accept_variables(session: Session, profile: Profile) -> None:
    """Ask about each variable that is not called like one of a key.

    It may be one that a program takes orders from, which no table knows. What
    is known to be one is refused in any case.
    """
    from keyswitch.providers.own_variables import named_by, refuse_named
    from keyswitch.providers.variables import carries

    provider = session.workspace().provider_of(profile)
    refuse_named(provider, profile)
    for _, _, variable in named_by(provider, profile):
        if carries(variable):
            continue
        if not session.can_ask:
            raise InputError(
                f"'{profile.name}' would set {variable}, which is not called "
                "like a key",
                "import it on a terminal, or leave that profile out",
            )
        session.confirm(f"let '{profile.name}' set {variable}?", yes=False)


def _accept_hosts(
    session: Session, packed: Sequence[Packed], accepted: Sequence[str]
) -> None:
    """Let a person type every host that a secret would go to."""
    from keyswitch.providers.binding import ascii_host, shown_host
    from keyswitch.transfer.importing import destinations

    for name, host in destinations(session.workspace().catalogue, packed):
        names = {host, ascii_host(host)}
        if names & {*accepted}:
            continue
        shown = shown_host(host)
        if not session.can_ask:
            raise UsageError(
                f"'{name}' would send its secret to {shown}",
                f"if you trust that: --accept-host {ascii_host(host)}",
            )
        from keyswitch.cli.prompt import ask_line

        answer = ask_line(
            f"'{name}' sends its secret to {shown}; type the host to accept"
        )
        if answer not in names:
            raise InputError(
                f"'{answer}' is not {shown}",
                "nothing was imported; try again, or leave that profile out",
            )
        accepted = (*accepted, host)
