"""list, show, providers, history: what there is, with references to secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from types import ModuleType

from keyswitch.cli import style
from keyswitch.cli.command import Session, command, flag, option
from keyswitch.cli.listings import outside
from keyswitch.cli.listings.moments import local, now
from keyswitch.cli.listings.profile_document import (
    document_of,
    without_secrets_of,
)
from keyswitch.cli.name_argument import name_argument
from keyswitch.cli.session import attributes
from keyswitch.cli.style import Styled
from keyswitch.errors import KeyswitchError, NotFoundError, UsageError
from keyswitch.model import Profile
from keyswitch.profiles import login_status, profile_files, state
from keyswitch.profiles.paths import Paths
from keyswitch.terminal import selection
from keyswitch.terminal.selection import Selection
from keyswitch.usage import shown
from keyswitch.workspace import Workspace


def _active_here(session: Session) -> tuple[Selection, str]:
    """Return what counts in this shell and directory, and what `use` chose.

    As `current` says it. That the two differ is said, too.
    """
    workspace = session.workspace()
    usual = state.read(workspace.paths).active
    try:
        chosen = selection.select_here(workspace.paths, workspace.environ)
    except KeyswitchError as e:
        session.warn(f"{e.message}; {e.hint}")
        return Selection(usual, selection.BY_USE), usual
    try:
        selection.require_there(workspace.paths, chosen)
    except NotFoundError as e:
        session.warn(f"{e.message}; {e.hint}")
        return chosen, usual
    if chosen.name != usual:
        what = f"'{usual}'" if usual else "no profile"
        session.say(
            f"'{chosen.name}' is active here, chosen by {chosen.how}; "
            f"elsewhere {what} is"
        )
    return chosen, usual


@command("keyswitch list", "keyswitch list --json", name="list")
def list_(session: Session) -> None:
    """List the profiles.

    A star marks the profile that is active in this shell and directory.
    """
    workspace = session.workspace()
    found, broken = profile_files.load_all(workspace.paths)
    profiles = list(map(without_secrets_of, found))
    chosen, usual = _active_here(session)
    at = now()
    if session.json:
        session.document(
            {
                "profiles": [
                    document_of(workspace.paths, p, chosen.name, at)
                    for p in profiles
                ],
                "broken": [
                    {"name": b.name, "error": b.error.message} for b in broken
                ],
            }
        )
    elif session.for_person:
        leases = outside.leases(workspace.paths)
        screen = _screens()
        here = screen.Here(chosen, usual)
        rows = [
            screen.list_row(workspace.paths, p, here, at, leases)
            for p in profiles
        ]
        rows += [screen.broken_row(b.name, here) for b in broken]
        session.table(rows, screen.LIST)
    else:
        leases = outside.leases(workspace.paths)
        session.table(
            _row(workspace.paths, profile, chosen.name, at, leases)
            for profile in profiles
        )
    for entry in broken:
        session.warn(f"{entry.error.message}; {entry.error.hint}")
    if not profiles and not broken:
        session.say(
            "no profiles yet; add one: keyswitch add NAME --provider anthropic"
        )


def _screens() -> ModuleType:
    """Return what a person sees; programs that read a pipe need none of it."""
    from keyswitch.cli.listings import screens

    return screens


def _row(
    paths: Paths,
    profile: Profile,
    active: str,
    at: datetime,
    leases: Mapping[str, int],
) -> tuple[str, ...]:
    hints = outside.hints_of(profile)
    lease = outside.lease_of(profile, leases, at)
    used = shown.words_of(paths, profile, at)
    stores = sorted({ref.store for ref in profile.secrets.values()})
    return (
        "*" if profile.name == active else " ",
        profile.name,
        profile.provider,
        hints[0] if hints else "-",
        ",".join(stores) or "-",
        "; ".join(
            filter(None, (*login_status.notes(profile, at), lease, used))
        ),
    )


@command(
    "keyswitch show work",
    "keyswitch show work --reveal    on a terminal, after asking",
)
@name_argument()
@flag("--reveal", help="Show the secrets after asking.")
def show(session: Session, name: str, *, reveal: bool) -> None:
    """Show one profile."""
    workspace = session.workspace()
    profile, _ = workspace.load(name)
    if reveal:
        _reveal(session, profile)
        return
    chosen, _ = _active_here(session)
    profile = without_secrets_of(profile)
    if session.json:
        document = document_of(workspace.paths, profile, chosen.name, now())
        session.document({"profile": document})
    else:
        rows = _rows(workspace, profile, chosen, person=session.for_person)
        session.table([(Styled(key, style.DIM), value) for key, value in rows])


def _rows(
    workspace: Workspace, profile: Profile, chosen: Selection, *, person: bool
) -> list[tuple[str, str]]:
    """Return (key, value) of a profile; a person's say how old things are."""
    paths, at = workspace.paths, now()
    try:
        title = f", {workspace.provider_of(profile).title}"
    except KeyswitchError:
        title = ", which is unknown"
    active = "yes" if profile.name == chosen.name else ""
    expires = profile.expires
    about, expected = (
        ("about ", ", expected") if profile.expires_expected else ("", "")
    )
    values = {
        "name": profile.name,
        "provider": f"{profile.provider}{title}",
        "active": active,
        "label": profile.label,
        "created": profile.created,
        "expires": expires and f"{about}{expires}{expected}",
        "expect": profile.expect,
        "only in": ", ".join(profile.only),
        "never in": ", ".join(profile.never),
        "team": profile.team,
        "usage": shown.words_of(paths, profile, at),
    }
    if person:
        values |= _screens().profile_words(profile, chosen, at)
    rows = [(key, str(value)) for key, value in values.items() if value]
    rows += _plain_rows(profile, person=person)
    for field, ref in sorted(profile.secrets.items()):
        place = f"in the {ref.store}, generation {ref.generation}"
        text = f"{ref.hint}  {place}, fingerprint {ref.fingerprint}"
        if person:
            text = _screens().secret_words(paths, ref, at)
        elif ref.is_reference:
            text = outside.in_words(paths, ref, at)
        rows.append((field, text))
    rows += _folder_rows(workspace, profile)
    rows.append(("file", paths.profile(profile.name)))
    return _screens().in_words(rows, workspace.home) if person else rows


def _plain_rows(profile: Profile, *, person: bool) -> list[tuple[str, str]]:
    """Return the fields as a person reads them, a login's state in words."""
    login = login_status.status_of(profile, now())
    if login is None:
        return sorted(profile.fields.items())
    rows = [("status", login.text)]
    end = login_status.end_of(profile.fields.get("token_expires", ""))
    if end is not None and login.expires_at:
        shown = end.astimezone().isoformat(" ", timespec="seconds")
        rows.append(("token expires", local(end, now()) if person else shown))
    fields = sorted(profile.fields.items())
    return rows + [row for row in fields if row[0] not in login_status.TOLD]


def _folder_rows(
    workspace: Workspace, profile: Profile
) -> list[tuple[str, str]]:
    """Return a profile's own configuration folder and what it shares."""
    folder = workspace.paths.folder_of(profile.name)
    if not (profile.isolated or os.path.isdir(folder)):
        return []
    from keyswitch.targets import table

    usual = workspace.places.config_dir
    links = table.main().folders.present(folder, usual)
    shared = [("shared", f"{link.path} -> {link.source}") for link in links]
    return [("folder", folder), *shared]


def _reveal(session: Session, profile: Profile) -> None:
    """Show the secrets on a terminal, after a yes."""
    from keyswitch.changes.compiling import compiled_profile
    from keyswitch.terminal.exports import values_of

    session.refuse_agents(always=True)
    if not os.isatty(1) or not session.can_ask:
        raise UsageError(
            "secrets are shown only on a terminal",
            "for programs, use 'keyswitch env', 'run' or 'helper'",
        )
    session.confirm(f"show the secrets of '{profile.name}' on this screen?")
    workspace = session.workspace()
    compiled = compiled_profile(workspace, profile.name)
    values = values_of(
        workspace.paths, compiled, sorted(compiled.refs), ask=workspace.ask
    )
    for line in style.plain_table(sorted(values.items())):
        session.data(line)


@command("keyswitch history --json")
@option(
    "-n",
    "--number",
    default=20,
    show_default=True,
    metavar="N",
    help="How many of the latest changes to list.",
)
def history(session: Session, number: int) -> None:
    """List past changes."""
    from keyswitch.changes import history as log
    from keyswitch.disk.atomic import read_regular

    path = session.workspace().paths.history_file
    entries = log.parse(read_regular(path, 1 << 24))
    entries = entries[-number:] if number > 0 else []
    if session.for_person and not session.json:
        found, _ = profile_files.load_all(session.workspace().paths)
        screen = _screens()
        rows = screen.history_rows(entries, found, now())
        session.table(rows, screen.HISTORY)
        return
    shown = [
        attributes(e, "at", "command", or_null=("profile", "fingerprint"))
        for e in entries
    ]
    session.show({"entries": shown}, entries)
