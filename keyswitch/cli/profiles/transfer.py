"""export and import: profiles to another machine, encrypted on the way."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click

from keyswitch.cli.arguments import how_to_give
from keyswitch.cli.command import Session, command, flag, option, rehearsed
from keyswitch.cli.prompt import ask_line, ask_secret
from keyswitch.cli.secrets.agreements import agree_to_variables
from keyswitch.cli.secrets.store_choice import STORE, choose_store_for
from keyswitch.cli.session import attributes
from keyswitch.cli.sources import (
    given_passphrase,
    new_passphrase,
    passphrase_options,
)
from keyswitch.disk.atomic import read_regular
from keyswitch.display import without_secrets
from keyswitch.errors import InputError, NotFoundError, UsageError
from keyswitch.model import Profile
from keyswitch.providers.binding import ascii_host, shown_host
from keyswitch.providers.steering import refuse_named
from keyswitch.secret import Secret
from keyswitch.secrets.vault.reading import normalised
from keyswitch.transfer import bundle, exporting, importing
from keyswitch.transfer.bundle import Packed


@command(
    "keyswitch export work --to work.ksb",
    "keyswitch export --all --to profiles.ksb",
)
@click.argument("names", nargs=-1, metavar="NAME...")
@flag("--all", "everything", help="All profiles except logins.")
@option(
    "--to", "path", metavar="FILE", required=True, help="The file to write."
)
@flag("--replace", help="Overwrite the file if it exists.")
@passphrase_options
def export(
    session: Session,
    names: tuple[str, ...],
    *,
    everything: bool,
    path: str,
    replace: bool,
    **passphrase: Any,
) -> None:
    """Export profiles, encrypted.

    The file contains their secrets: anyone with the file and its passphrase can
    open it. Logins are left out, because a second copy of a login stops
    working.
    """
    session.refuse_agents(always=True)
    workspace = session.workspace()
    if bool(names) == everything:
        raise UsageError("name profiles, or give --all", "one of the two")
    if os.path.lexists(path) and not replace:
        raise exporting.exists(path)
    if everything:
        wanted, logins = exporting.all_that_travel(workspace)
        session.say(*(f"skipped '{name}': it is a login" for name in logins))
    else:
        wanted = list(names)
    packed = exporting.collect(workspace, wanted)
    phrase = new_passphrase(session, passphrase)
    exporting.write(workspace, packed, path, phrase, replace_file=replace)
    done = [one.profile.name for one in packed]
    session.show({"file": path, "profiles": done}, [])
    session.say(f"wrote {', '.join(done)} to {path}")


@command(
    "keyswitch import work.ksb",
    "keyswitch import profiles.ksb work client --dry-run",
    "keyswitch import work.ksb --yes --accept-host gateway.example.com \\",
    "    --passphrase-fd 3 3<phrase",
    name="import",
    dry_run=True,
)
@click.argument("path", metavar="FILE")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@flag("--replace", help="Overwrite existing profiles.")
@option(
    "--accept-host",
    "hosts",
    multiple=True,
    metavar="HOST",
    help="Allow a secret to go to this host; otherwise you are asked to type "
    "it.",
)
@flag("--yes", help="Skip the other questions.")
@STORE
@passphrase_options
def import_(  # noqa: PLR0913
    session: Session,
    path: str,
    names: tuple[str, ...],
    *,
    replace: bool,
    hosts: tuple[str, ...],
    yes: bool,
    store: str | None,
    **passphrase: Any,
) -> None:
    """Import exported profiles.

    It shows everything first and overwrites nothing without --replace. You
    confirm each host that a secret would go to, unless it is the provider's
    own: type it, or name it with --accept-host.
    """
    session.refuse_agents()
    workspace = session.workspace()
    given = given_passphrase(passphrase)
    packed = importing.chosen(_opened(session, path, given), names)
    packed = importing.beside_ours(workspace, packed)
    _show(session, packed)
    taken = importing.conflicts(workspace, packed)
    if taken and not replace:
        raise InputError(
            f"already here: {', '.join(taken)}",
            "rename them, name only the others, or add --replace",
        )

    def take_in(place: str) -> None:
        importing.take_in(workspace, packed, place, replace_existing=replace)

    if session.dry_run:
        place = choose_store_for(session, store)
        rehearsed(session, lambda: take_in(place))
        return
    _accept(session, packed, hosts)
    count = len(packed)
    session.confirm(f"import {count} profile{'s'[: count != 1]}?", yes=yes)
    place = ""
    if any(one.secrets for one in packed):
        place = choose_store_for(session, store)
    take_in(place)
    done = ", ".join(one.profile.name for one in packed)
    where = f"; secrets in the {place}" if place else ""
    session.say(f"imported {done}{where}")


def _opened(session: Session, path: str, given: Secret | None) -> list[Packed]:
    """Return the profiles of a bundle; ask for its passphrase."""
    data = read_regular(path, bundle.LIMIT)
    if data is None:
        raise NotFoundError(
            f"no such file: {path}", "name a file that 'keyswitch export' wrote"
        )
    if given is None:
        session.require_terminal(
            "the bundle's passphrase is needed", how_to_give()
        )
        given = ask_secret("passphrase of the bundle: ")
    return bundle.unpack(data, normalised(given), session.workspace().catalogue)


def _show(session: Session, packed: Sequence[Packed]) -> None:
    """Print what would be written: all of it, and of secrets the masks."""
    catalogue = session.workspace().catalogue
    here = importing.conflicts(session.workspace(), packed)
    hosts = importing.destinations(catalogue, packed)
    profiles: list[dict[str, Any]] = []
    rows: list[tuple[str, str, str, str]] = []
    for one in packed:
        label = without_secrets(one.profile.label)
        profile = one.profile._replace(label=label)
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
        "hosts": sorted({host for _, host in hosts}),
        "ascii_hosts": sorted({ascii_host(host) for _, host in hosts}),
    }
    session.show(document, rows)


def _settings(profile: Profile) -> dict[str, Any]:
    """Return what a profile says of itself, beside its label and fields."""
    days = attributes(profile, "created", "expires")
    others = (
        "expires_expected",
        "expect",
        "isolated",
        "shared",
        "only",
        "never",
    )
    found = {
        **{key: day and day.isoformat() for key, day in days.items()},
        **attributes(profile, *others),
    }
    return {key: value for key, value in found.items() if value}


def _in_words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value)
    return "yes" if value is True else str(value)


def _accept(
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
    name, catalogue = one.profile.name, session.workspace().catalogue
    refuse_named(catalogue.get(one.profile.provider), importing.named(one))
    for _, _, variable in importing.doubtful_variables(catalogue, one):
        if not session.can_ask:
            raise InputError(
                f"'{name}' would set {variable}, which does not look like the "
                "name of a key",
                "import it on a terminal, or leave this profile out",
            )
        session.confirm(f"let '{name}' set {variable}?")


def _accept_host(session: Session, name: str, host: str) -> None:
    """Let a person type a host that a secret would go to."""
    shown = shown_host(host)
    if not session.can_ask:
        raise UsageError(
            f"'{name}' would send its secret to {shown}",
            f"if you trust it: --accept-host {ascii_host(host)}",
        )
    answer = ask_line(
        f"'{name}' sends its secret to {shown}; type the host to accept"
    )
    if answer not in {host, ascii_host(host)}:
        raise InputError(
            f"'{answer}' is not {shown}",
            "nothing was imported; try again, or leave this profile out",
        )
