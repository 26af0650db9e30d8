"""list, show, edit, rename, copy, remove, providers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from keyswitch.cli.profiles import own_folder_view
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode, UsageError
from keyswitch.profiles import login_status

if TYPE_CHECKING:
    from keyswitch.model import Profile
    from keyswitch.workspace import Workspace

NO_SECRET = "-"
SOON = 14  # days before an expiry date that it is worth a word


def document_of(profile: Profile, active: str, now: datetime) -> dict[str, Any]:
    """Return a profile as `--json` shows it: references, never values."""
    document = {
        "name": profile.name,
        "active": profile.name == active,
        "provider": profile.provider,
        "label": profile.label,
        "created": profile.created.isoformat() if profile.created else None,
        "expires": profile.expires.isoformat() if profile.expires else None,
        "expect": profile.expect or None,
        "fields": dict(sorted(profile.fields.items())),
        "secrets": {
            field: {
                "store": ref.store,
                "generation": ref.generation,
                "fingerprint": ref.fingerprint,
                "hint": ref.hint,
            }
            for field, ref in sorted(profile.secrets.items())
        },
    }
    for key, places in (("only", profile.only), ("never", profile.never)):
        if places:
            document[key] = list(places)
    document |= own_folder_view.document_of(profile)
    login = login_status.status_of(profile, now)
    if login is not None:
        document["login"] = {
            "status": login.text,
            "expires_at": login.expires_at,
            "refreshable": login.refreshable,
        }
    return document


def _now() -> datetime:
    """Return the time by the person's own calendar."""
    return datetime.now(UTC).astimezone()


def expiry_note(profile: Profile, today: date) -> str:
    """Say when a profile expires, if that is soon or past."""
    if profile.expires is None:
        return ""
    days = (profile.expires - today).days
    if days < 0:
        return f"expired {profile.expires.isoformat()}"
    if days <= SOON:
        return f"expires in {days} d"
    return ""


def _note(profile: Profile, now: datetime) -> str:
    """Return what the last column of a listing says."""
    ends = expiry_note(profile, now.date())
    login = login_status.status_of(profile, now)
    if login is None:
        return ends or profile.label
    whose = profile.label or login_status.who(profile)
    return "; ".join(filter(None, (ends or login.text, whose)))


@click.command("list", epilog="\b\nExample:\n  keyswitch list --json")
@global_options
@click.pass_obj
def list_(session: Session) -> int:
    """List the profiles."""
    from keyswitch.profiles import profile_files, state

    workspace = session.workspace()
    profiles, broken = profile_files.load_all(workspace.paths)
    active = state.read(workspace.paths).active
    now = _now()
    if session.output.json:
        session.output.document(
            {
                "profiles": [document_of(p, active, now) for p in profiles],
                "broken": [
                    {"name": b.name, "error": b.error.message} for b in broken
                ],
            }
        )
    else:
        _print_table(session, profiles, active, now)
    for entry in broken:
        session.output.warn(f"{entry.error.message}; {entry.error.hint}")
    if not profiles and not broken:
        session.output.say(
            "no profiles yet; make one: keyswitch add NAME --provider anthropic"
        )
    return ExitCode.OK


def _print_table(
    session: Session, profiles: list[Profile], active: str, now: datetime
) -> None:
    session.output.table(
        [
            "*" if profile.name == active else " ",
            profile.name,
            profile.provider,
            next(
                (ref.hint for _, ref in sorted(profile.secrets.items())),
                NO_SECRET,
            ),
            ",".join(sorted({r.store for r in profile.secrets.values()}))
            or "-",
            _note(profile, now),
        ]
        for profile in profiles
    )


@click.command(
    epilog=(
        "\b\nExamples:\n  keyswitch show work\n"
        "  keyswitch show work --reveal    on a terminal, after asking"
    )
)
@click.argument("name")
@click.option("--reveal", is_flag=True, help="Show the secrets, after asking.")
@global_options
@click.pass_obj
def show(session: Session, name: str, *, reveal: bool) -> int:
    """Show one profile."""
    from keyswitch.profiles import state

    workspace = session.workspace()
    profile, _ = workspace.load(name)
    active = state.read(workspace.paths).active
    if reveal:
        return _reveal(session, workspace, profile)
    if session.output.json:
        session.output.document(
            {"profile": document_of(profile, active, _now())}
        )
        return ExitCode.OK
    provider = workspace.provider_of(profile)
    rows = [
        ("name", name),
        ("provider", f"{profile.provider}, {provider.title}"),
    ]
    if name == active:
        rows.append(("active", "yes"))
    for key in ("label", "created", "expires", "expect"):
        value = getattr(profile, key)
        if value:
            rows.append((key, str(value)))
    for key, places in (("only in", profile.only), ("never in", profile.never)):
        if places:
            rows.append((key, ", ".join(places)))
    rows += _plain_rows(profile)
    for field, ref in sorted(profile.secrets.items()):
        rows.append(
            (
                field,
                (
                    f"{ref.hint}  in the {ref.store}, generation "
                    f"{ref.generation}, fingerprint {ref.fingerprint}"
                ),
            )
        )
    rows += own_folder_view.rows_of(workspace, profile)
    rows.append(("file", workspace.paths.profile(name)))
    session.output.table(rows)
    return ExitCode.OK


def _plain_rows(profile: Profile) -> list[tuple[str, str]]:
    """Return the fields as a person reads them, a login's state in words."""
    login = login_status.status_of(profile, _now())
    if login is None:
        return sorted(profile.fields.items())
    rows = [("status", login.text)]
    end = login_status.end_of(profile.fields.get("token_expires", ""))
    if end is not None and login.expires_at:
        local = end.astimezone().isoformat(" ", timespec="seconds")
        rows.append(("token ends", local))
    return rows + [
        (key, value)
        for key, value in sorted(profile.fields.items())
        if profile.provider != login_status.LOGIN
        or key not in login_status.TOLD
    ]


def _reveal(session: Session, workspace: Workspace, profile: Profile) -> int:
    import os

    from keyswitch.changes.compiling import compiled_profile
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.terminal.exports import values_of

    refuse_agents(workspace, always=True)
    if not os.isatty(1) or not session.can_ask:
        raise UsageError(
            "secrets are shown on a terminal only",
            "programs use 'keyswitch env', 'run' or 'helper'",
        )
    session.confirm(
        f"show the secrets of '{profile.name}' on this screen?", yes=False
    )
    compiled = compiled_profile(workspace, profile.name)
    values = values_of(
        workspace.paths, compiled, sorted(compiled.refs), ask=workspace.ask
    )
    session.output.table(sorted(values.items()))
    return ExitCode.OK
