"""export and import: profiles to another machine, encrypted on the way."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from keyswitch.cli.dry_run import rehearse
from keyswitch.cli.passphrase import (
    given_passphrase,
    new_passphrase,
    passphrase_options,
)
from keyswitch.cli.secrets.store_choice import STORE, choose_store_for
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode, InputError, NotFoundError, UsageError

if TYPE_CHECKING:
    from keyswitch.secret import Secret
    from keyswitch.transfer.bundle import Packed


@click.command(
    epilog="\b\nExamples:\n  keyswitch export work --to work.ksb\n"
    "  keyswitch export --all --to profiles.ksb"
)
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "everything", is_flag=True, help="All but logins.")
@click.option("--to", "path", metavar="FILE", required=True, help="The bundle.")
@click.option("--replace", is_flag=True, help="Overwrite that file.")
@passphrase_options
@global_options
@click.pass_obj
def export(  # noqa: PLR0913
    session: Session,
    names: tuple[str, ...],
    *,
    everything: bool,
    path: str,
    replace: bool,
    passphrase_fd: str | None,
    passphrase_file: str | None,
) -> int:
    """Write profiles and their secrets to an encrypted file.

    The bundle opens with the passphrase that you choose now, wherever it is.
    Logins are left out: a second copy of one stops working.
    """
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.transfer import exporting

    workspace = session.workspace()
    refuse_agents(workspace, always=True)
    if bool(names) == everything:
        raise UsageError("name profiles, or give --all", "one of the two")
    if os.path.lexists(path) and not replace:
        raise exporting.exists(path)
    wanted = names or _all_that_travel(session)
    packed = exporting.collect(workspace, wanted)
    phrase = _new_phrase(session, passphrase_fd, passphrase_file)
    exporting.write(workspace, packed, path, phrase, replace_file=replace)
    done = [one.profile.name for one in packed]
    if session.output.json:
        session.output.document({"file": path, "profiles": done})
    session.output.say(f"wrote {', '.join(done)} to {path}")
    return ExitCode.OK


def _all_that_travel(session: Session) -> list[str]:
    from keyswitch.profiles import profile_files
    from keyswitch.transfer.exporting import can_travel

    workspace = session.workspace()
    profiles, broken = profile_files.load_all(workspace.paths)
    for one in broken:
        raise one.error
    found = [p.name for p in profiles if can_travel(workspace, p)]
    for profile in profiles:
        if profile.name not in found:
            session.output.say(f"left out '{profile.name}': it is a login")
    if not found:
        raise NotFoundError(
            "there is no profile to export", "make one: keyswitch add NAME"
        )
    return found


def _new_phrase(session: Session, fd: str | None, file: str | None) -> Secret:
    from keyswitch.secrets.vault.writing import check_passphrase

    given = given_passphrase(fd, file)
    if given is None:
        return new_passphrase(session)
    warning = check_passphrase(given)
    if warning:
        session.output.warn(warning)
    return given


@click.command(
    "import",
    epilog="\b\nExamples:\n  keyswitch import work.ksb\n"
    "  keyswitch import profiles.ksb work client --dry-run\n"
    "  keyswitch import work.ksb --yes --accept-host gateway.example.com "
    "--passphrase-fd 3 3<phrase",
)
@click.argument("path", metavar="FILE")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--dry-run", is_flag=True, help="Show what is in it.")
@click.option("--replace", is_flag=True, help="Overwrite profiles.")
@click.option(
    "--accept-host",
    "hosts",
    multiple=True,
    metavar="HOST",
    help="A secret may go to this host; otherwise you are asked to type it.",
)
@click.option("--yes", is_flag=True, help="Do not ask for the rest.")
@STORE
@passphrase_options
@global_options
@click.pass_obj
def import_(  # noqa: PLR0913
    session: Session,
    path: str,
    names: tuple[str, ...],
    *,
    dry_run: bool,
    replace: bool,
    hosts: tuple[str, ...],
    yes: bool,
    store: str | None,
    passphrase_fd: str | None,
    passphrase_file: str | None,
) -> int:
    """Take profiles in from an encrypted file.

    Everything is shown first. Nothing is overwritten without --replace, and
    an address that a secret would go to has to be typed or named.
    """
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.cli.profiles import bundle_view
    from keyswitch.transfer import importing

    workspace = session.workspace()
    refuse_agents(workspace)
    given = given_passphrase(passphrase_fd, passphrase_file)
    packed = importing.chosen(_opened(session, path, given), names)
    packed = importing.beside_ours(workspace, packed)
    bundle_view.show(session, packed)
    taken = importing.conflicts(workspace, packed)
    if taken and not replace:
        raise InputError(
            f"already here: {', '.join(taken)}",
            "rename those, name the others only, or give --replace",
        )
    if dry_run:
        place = choose_store_for(session, store)
        rehearse(
            session,
            lambda: importing.take_in(
                workspace, packed, place, replace_existing=replace
            ),
        )
        return ExitCode.OK
    bundle_view.accept(session, packed, hosts)
    count = len(packed)
    session.confirm(f"import {count} profile{'s'[: count != 1]}?", yes=yes)
    place = choose_store_for(session, store)
    importing.take_in(workspace, packed, place, replace_existing=replace)
    session.output.say(
        f"imported {', '.join(p.profile.name for p in packed)}; "
        f"secrets in the {place}"
    )
    return ExitCode.OK


def _opened(session: Session, path: str, given: Secret | None) -> list[Packed]:
    from keyswitch.cli.prompt import ask_secret
    from keyswitch.disk.atomic import read_regular
    from keyswitch.secrets.vault.reading import normalised
    from keyswitch.transfer import bundle

    data = read_regular(path, bundle.LIMIT)
    if data is None:
        raise NotFoundError(
            f"there is no file {path}", "name a bundle of 'keyswitch export'"
        )
    if given is None:
        if not session.can_ask:
            raise UsageError(
                "the bundle's passphrase is needed, and nobody can be asked",
                "give --passphrase-fd N or --passphrase-file PATH",
            )
        given = ask_secret("passphrase of the bundle: ")
    catalogue = session.workspace().catalogue
    return bundle.unpack(data, normalised(given), catalogue)
