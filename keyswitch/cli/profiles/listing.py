"""list, show, providers, history: what there is, with references to secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from keyswitch.cli.command import Session, command, flag, option
from keyswitch.cli.profiles import outside
from keyswitch.cli.session import attributes
from keyswitch.display import secrets_in, without_secrets
from keyswitch.errors import KeyswitchError, UsageError
from keyswitch.model import Profile
from keyswitch.profiles import login_status, profile_files, state
from keyswitch.profiles.paths import Paths
from keyswitch.terminal import selection
from keyswitch.usage import shown
from keyswitch.workspace import Workspace


def document_of(
    paths: Paths, profile: Profile, active: str, at: datetime
) -> dict[str, Any]:
    """Return a profile as `--json` shows it: references, never values."""
    document = {
        **attributes(profile, "name", "provider", "label", or_null=("expect",)),
        "active": profile.name == active,
        "created": profile.created and profile.created.isoformat(),
        "expires": profile.expires and profile.expires.isoformat(),
        "fields": dict(sorted(profile.fields.items())),
        "secrets": {
            field: outside.document_of(paths, ref, at)
            if ref.is_reference
            else attributes(ref, "store", "generation", "fingerprint", "hint")
            for field, ref in sorted(profile.secrets.items())
        },
    }
    for key, places in (("only", profile.only), ("never", profile.never)):
        if places:
            document[key] = list(places)
    if profile.team:
        document["team"] = profile.team
    if profile.isolated:
        from keyswitch.switching.planning import isolation

        document["isolated"] = True
        document["shared"] = list(isolation.shared_of(profile))
    login = login_status.status_of(profile, at)
    if login is not None:
        document["login"] = {
            "status": login.text,
            **attributes(login, "expires_at", "refreshable"),
        }
    return document | shown.entry(paths, profile, at)


def _without_secrets(profile: Profile) -> Profile:
    """Return what is shown of a profile, whatever was written into its file."""
    refs = profile.secrets.values()
    texts = [profile.label, *profile.only, *profile.never]
    texts += profile.fields.values()
    texts += [t for r in refs for t in ((r.hint, r.item)[: 1 + r.is_reference])]
    together = "\n".join(texts)
    if not secrets_in(together):
        return profile  # at once, since there may be thousands
    cut = without_secrets
    return profile._replace(
        label=cut(profile.label),
        only=tuple(map(cut, profile.only)),
        never=tuple(map(cut, profile.never)),
        fields={name: cut(value) for name, value in profile.fields.items()},
        secrets={
            field: ref._replace(
                hint=cut(ref.hint),
                item=cut(ref.item) if ref.is_reference else ref.item,
            )
            for field, ref in profile.secrets.items()
        },
    )


def now() -> datetime:
    """Return the time by the person's own calendar."""
    return datetime.now(UTC).astimezone()


def _active_here(session: Session) -> str:
    """Return the profile that counts in this shell and directory, or "".

    As `current` says it. That `use` chose another one is said, too.
    """
    workspace = session.workspace()
    usual = state.read(workspace.paths).active
    try:
        chosen = selection.select_here(workspace.paths, workspace.environ)
    except KeyswitchError as e:
        session.warn(f"{e.message}; {e.hint}")
        return usual
    if chosen.name != usual:
        what = f"'{usual}'" if usual else "no profile"
        session.say(
            f"'{chosen.name}' is active here, chosen by {chosen.how}; "
            f"elsewhere {what} is"
        )
    return chosen.name


@command("keyswitch list --json", name="list")
def list_(session: Session) -> None:
    """List the profiles.

    A star marks the profile that is active in this shell and directory.
    """
    workspace = session.workspace()
    found, broken = profile_files.load_all(workspace.paths)
    profiles = list(map(_without_secrets, found))
    active = _active_here(session)
    at = now()
    if session.json:
        session.document(
            {
                "profiles": [
                    document_of(workspace.paths, p, active, at)
                    for p in profiles
                ],
                "broken": [
                    {"name": b.name, "error": b.error.message} for b in broken
                ],
            }
        )
    else:
        leases = outside.leases(workspace.paths)
        session.table(
            _row(workspace.paths, profile, active, at, leases)
            for profile in profiles
        )
    for entry in broken:
        session.warn(f"{entry.error.message}; {entry.error.hint}")
    if not profiles and not broken:
        session.say(
            "no profiles yet; add one: keyswitch add NAME --provider anthropic"
        )


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
@click.argument("name")
@flag("--reveal", help="Show the secrets after asking.")
def show(session: Session, name: str, *, reveal: bool) -> None:
    """Show one profile."""
    workspace = session.workspace()
    profile, _ = workspace.load(name)
    if reveal:
        _reveal(session, profile)
        return
    active = _active_here(session)
    profile = _without_secrets(profile)
    if session.json:
        document = document_of(workspace.paths, profile, active, now())
        session.document({"profile": document})
    else:
        session.table(_rows(workspace, profile, active))


def _rows(
    workspace: Workspace, profile: Profile, active: str
) -> list[tuple[str, str]]:
    title = workspace.provider_of(profile).title
    values = {
        "name": profile.name,
        "provider": f"{profile.provider}, {title}",
        "active": "yes" if profile.name == active else "",
        "label": profile.label,
        "created": profile.created,
        "expires": profile.expires,
        "expect": profile.expect,
        "only in": ", ".join(profile.only),
        "never in": ", ".join(profile.never),
        "team": profile.team,
        "usage": shown.words_of(workspace.paths, profile, now()),
    }
    rows = [(key, str(value)) for key, value in values.items() if value]
    rows += _plain_rows(profile)
    for field, ref in sorted(profile.secrets.items()):
        place = f"in the {ref.store}, generation {ref.generation}"
        text = f"{ref.hint}  {place}, fingerprint {ref.fingerprint}"
        if ref.is_reference:
            text = outside.in_words(workspace.paths, ref, now())
        rows.append((field, text))
    rows += _folder_rows(workspace, profile)
    return [*rows, ("file", workspace.paths.profile(profile.name))]


def _plain_rows(profile: Profile) -> list[tuple[str, str]]:
    """Return the fields as a person reads them, a login's state in words."""
    login = login_status.status_of(profile, now())
    if login is None:
        return sorted(profile.fields.items())
    rows = [("status", login.text)]
    end = login_status.end_of(profile.fields.get("token_expires", ""))
    if end is not None and login.expires_at:
        local = end.astimezone().isoformat(" ", timespec="seconds")
        rows.append(("token expires", local))
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
    session.table(sorted(values.items()))


@command("keyswitch history --json")
@option("-n", "--number", default=20, show_default=True, metavar="N")
def history(session: Session, number: int) -> None:
    """List what was changed when."""
    from keyswitch.changes import history as log
    from keyswitch.disk.atomic import read_regular

    path = session.workspace().paths.history_file
    entries = log.parse(read_regular(path, 1 << 24))
    entries = entries[-number:] if number > 0 else []
    shown = [
        attributes(e, "at", "command", or_null=("profile", "fingerprint"))
        for e in entries
    ]
    session.show({"entries": shown}, entries)
