"""export and import: profiles to another machine, encrypted on the way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.command import Session, command, option, rehearsed
from keyswitch.cli.passphrase import (
    given_passphrase,
    new_passphrase,
    passphrase_options,
)
from keyswitch.cli.prompt import ask_secret
from keyswitch.cli.secrets.store_choice import STORE, choose_store_for
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import InputError, NotFoundError, UsageError
from keyswitch.secrets.vault.reading import normalised

if TYPE_CHECKING:
    from keyswitch.secret import Secret
    from keyswitch.transfer.bundle import Packed


@command(
    "keyswitch export work --to work.ksb",
    "keyswitch export --all --to profiles.ksb",
)
@click.argument("names", nargs=-1, metavar="NAME...")
@option("--all", "everything", is_flag=True, help="All but logins.")
@option("--to", "path", metavar="FILE", required=True, help="The bundle.")
@option("--replace", is_flag=True, help="Overwrite that file.")
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
    """Export profiles to an encrypted file.

    The file holds their secrets: whoever has it and the passphrase that you
    choose now can open it. Logins are left out: a second copy of one stops
    working.
    """
    from keyswitch.transfer import exporting

    session.refuse_agents(always=True)
    workspace = session.workspace()
    if bool(names) == everything:
        raise UsageError("name profiles, or give --all", "one of the two")
    if os.path.lexists(path) and not replace:
        raise exporting.exists(path)
    if everything:
        wanted, logins = exporting.all_that_travel(workspace)
        for name in logins:
            session.say(f"left out '{name}': it is a login")
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
    "keyswitch import work.ksb --yes --accept-host gateway.example.com "
    "--passphrase-fd 3 3<phrase",
    name="import",
    dry_run=True,
)
@click.argument("path", metavar="FILE")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@option("--replace", is_flag=True, help="Overwrite profiles.")
@option(
    "--accept-host",
    "hosts",
    multiple=True,
    metavar="HOST",
    help="A secret may go to this host; otherwise you are asked to type it.",
)
@option("--yes", is_flag=True, help="Do not ask for the rest.")
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
    """Import profiles from an encrypted file.

    Everything is shown first. Nothing is overwritten without --replace, and
    an address that a secret would go to has to be typed or named.
    """
    from keyswitch.cli.profiles import bundle_view
    from keyswitch.transfer import importing

    session.refuse_agents()
    workspace = session.workspace()
    given = given_passphrase(passphrase)
    packed = importing.chosen(_opened(session, path, given), names)
    packed = importing.beside_ours(workspace, packed)
    bundle_view.show(session, packed)
    taken = importing.conflicts(workspace, packed)
    if taken and not replace:
        raise InputError(
            f"already here: {', '.join(taken)}",
            "rename those, name the others only, or give --replace",
        )

    def take_in(place: str) -> None:
        importing.take_in(workspace, packed, place, replace_existing=replace)

    if session.dry_run:
        place = choose_store_for(session, store)
        rehearsed(session, lambda: take_in(place))
        return
    bundle_view.accept(session, packed, hosts)
    count = len(packed)
    session.confirm(f"import {count} profile{'s'[: count != 1]}?", yes=yes)
    place = choose_store_for(session, store)
    take_in(place)
    done = ", ".join(one.profile.name for one in packed)
    session.say(f"imported {done}; secrets in the {place}")


def _opened(session: Session, path: str, given: Secret | None) -> list[Packed]:
    """Return the profiles of a bundle; ask for its passphrase."""
    from keyswitch.transfer import bundle

    data = read_regular(path, bundle.LIMIT)
    if data is None:
        raise NotFoundError(
            f"there is no file {path}", "name a bundle of 'keyswitch export'"
        )
    if given is None:
        session.require_terminal(
            "the bundle's passphrase is needed",
            "give --passphrase-fd N or --passphrase-file PATH",
        )
        given = ask_secret("passphrase of the bundle: ")
    return bundle.unpack(data, normalised(given), session.workspace().catalogue)
