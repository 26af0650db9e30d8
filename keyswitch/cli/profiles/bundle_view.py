"""A bundle on the screen, and what a person has to accept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyswitch.cli.output import attributes
from keyswitch.cli.prompt import ask_line
from keyswitch.cli.secrets.agreements import agree_to_variables
from keyswitch.errors import InputError, UsageError
from keyswitch.providers.binding import ascii_host, shown_host
from keyswitch.providers.schema import refuse_named
from keyswitch.transfer import importing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.cli.session import Session
    from keyswitch.model import Profile
    from keyswitch.transfer.bundle import Packed


def show(session: Session, packed: Sequence[Packed]) -> None:
    """Print what would be written: all of it, and of secrets the masks."""
    catalogue = session.workspace().catalogue
    here = importing.conflicts(session.workspace(), packed)
    hosts = importing.destinations(catalogue, packed)
    profiles: list[dict[str, Any]] = []
    rows: list[tuple[str, str, str, str]] = []
    for one in packed:
        profile = one.profile
        settings = _settings(profile)
        fields = dict(sorted(profile.fields.items()))
        secrets = importing.previews(catalogue, one)
        profiles.append(
            {
                **attributes(profile, "name", "provider", "label"),
                **settings,
                "fields": fields,
                "secrets": secrets,
                "exists": profile.name in here,
            }
        )
        state = "replaces yours" if profile.name in here else ""
        rows.append((profile.name, profile.provider, profile.label, state))
        shown = {**{k: _in_words(v) for k, v in settings.items()}, **fields}
        rows += [("", k, v, "") for k, v in {**shown, **secrets}.items()]
        rows += [
            ("", "sends to", shown_host(host), "")
            for name, host in hosts
            if name == profile.name
        ]
    document = {
        "profiles": profiles,
        "hosts": sorted({d.host for d in hosts}),
        "ascii_hosts": sorted({ascii_host(d.host) for d in hosts}),
    }
    session.show(document, rows)


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


def accept(
    session: Session, packed: Sequence[Packed], accepted: Sequence[str]
) -> None:
    """Let a person accept every variable and host of the secrets."""
    for one in packed:
        agree_to_variables(session, importing.named(one))
        _accept_variables(session, one)
    for name, host in importing.destinations(
        session.workspace().catalogue, packed
    ):
        if not {host, ascii_host(host)} & {*accepted}:
            _accept_host(session, name, host)
            accepted = (*accepted, host)


def _accept_variables(session: Session, one: Packed) -> None:
    """Ask about each variable whose name does not look like a key's."""
    name, catalogue = one.profile.name, session.workspace().catalogue
    refuse_named(catalogue.get(one.profile.provider), importing.named(one))
    for _, _, variable in importing.doubtful_variables(catalogue, one):
        if not session.can_ask:
            raise InputError(
                f"'{name}' would set {variable}, which is not called like a "
                "key",
                "import it on a terminal, or leave that profile out",
            )
        session.confirm(f"let '{name}' set {variable}?")


def _accept_host(session: Session, name: str, host: str) -> None:
    """Let a person type a host that a secret would go to."""
    shown = shown_host(host)
    if not session.can_ask:
        raise UsageError(
            f"'{name}' would send its secret to {shown}",
            f"if you trust that: --accept-host {ascii_host(host)}",
        )
    answer = ask_line(
        f"'{name}' sends its secret to {shown}; type the host to accept"
    )
    if answer not in {host, ascii_host(host)}:
        raise InputError(
            f"'{answer}' is not {shown}",
            "nothing was imported; try again, or leave that profile out",
        )
