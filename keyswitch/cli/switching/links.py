"""link, unlink, allow, deny, current: which profile counts in a directory."""

from __future__ import annotations

import os

import click

from keyswitch.cli.command import Session, command, flag, option
from keyswitch.cli.name_argument import PROFILE, chosen_name, is_asked
from keyswitch.cli.session import attributes
from keyswitch.directories import links
from keyswitch.errors import ExitCode, KeyswitchError, UsageError
from keyswitch.terminal import selection

_FOLDER = click.argument("folder", required=False, metavar="[DIR]")


@command(
    "keyswitch link work          this directory and those below",
    "keyswitch link               what counts here, and why",
    "keyswitch link --remote 'github.com/acme/*' work",
    dry_run=True,
)
@click.argument("name", required=False)
@option(
    "--remote",
    metavar="PATTERN",
    help="Link every clone of these git remotes, in config.toml.",
)
def link(session: Session, name: str | None, *, remote: str | None) -> None:
    """Link a directory to a profile.

    It writes the file `.keyswitch`, which contains only the profile's name, and
    allows it. A file from somebody else does nothing until you run 'keyswitch
    allow'.
    """
    from keyswitch.switching.editing import link_changes

    workspace = session.workspace()
    if name is None and remote is not None and is_asked(session):
        name = chosen_name(session, PROFILE)
    if name is None:
        if remote is not None:
            raise UsageError(
                "--remote needs a profile name",
                f"keyswitch link --remote '{remote}' NAME",
            )
        _show(session)
        return
    if remote is not None:
        link_changes.link_remote(workspace, remote, name)
        session.say(f"linked clones of {remote} to '{name}'")
    else:
        path = link_changes.link(workspace, name, workspace.present_cwd)
        session.say(f"linked {path} to '{name}'")
    profile, _ = workspace.load(name)
    if profile.provider == "claude-login" and not profile.isolated:
        session.say(
            "a directory can use a login only if the profile has its own "
            f"configuration folder: keyswitch edit {name} --isolated"
        )


def _show(session: Session) -> None:
    """Print the links that this directory meets, and the rules by remote."""
    workspace = session.workspace()
    chosen = selection.select_here(workspace.paths, workspace.environ)
    found = links.look(workspace.paths, workspace.cwd)
    rules = workspace.settings.links

    def mark(place: str) -> str:
        return "counts" if place == chosen.link else ""

    rows = [
        (one.path, one.name or "-", one.why or one.status, mark(one.path))
        for one in found
    ]
    rows += [(place, name, "remote", mark(place)) for place, name in rules]
    by_link = chosen.how == selection.BY_DIRECTORY
    session.show(
        {
            "profile": chosen.name if by_link else None,
            "link": chosen.link or None,
            "links": [
                {
                    **attributes(one, "path", "status", or_null=("why",)),
                    "profile": one.name or None,
                }
                for one in found
            ],
            "remotes": [{"pattern": p, "profile": n} for p, n in rules],
        },
        rows,
    )
    if not (rows or session.json):
        session.say("no link here; add one: keyswitch link NAME")


@command(
    "keyswitch unlink",
    "keyswitch unlink --remote 'github.com/acme/*'",
    dry_run=True,
)
@option(
    "--remote", metavar="PATTERN", help="Remove the link of these git remotes."
)
def unlink(session: Session, *, remote: str | None) -> None:
    """Remove a directory's link."""
    from keyswitch.switching.editing import link_changes

    workspace = session.workspace()
    if remote is not None:
        name = link_changes.unlink_remote(workspace, remote)
        session.say(f"unlinked clones of {remote} from '{name}'")
    else:
        gone = link_changes.unlink(workspace, workspace.present_cwd)
        session.say(f"removed {gone.path}")


@command(
    "keyswitch allow        the nearest link upwards",
    "keyswitch allow ~/clients/acme",
    dry_run=True,
)
@_FOLDER
def allow(session: Session, folder: str | None) -> None:
    """Trust a directory's link as it is now.

    The trust is for this text at this path: allow the file again after it was
    changed or moved.
    """
    session.refuse_agents()
    judged = _judge(session, folder, links.ALLOWED)
    session.say(f"allowed {judged.path} for '{judged.name}'")


@command("keyswitch deny", "keyswitch deny ~/src/other", dry_run=True)
@_FOLDER
def deny(session: Session, folder: str | None) -> None:
    """Ignore a directory's link.

    The file is not mentioned again until it changes.
    """
    judged = _judge(session, folder, links.DENIED)
    session.say(f"ignoring {judged.path}")


def _judge(session: Session, folder: str | None, status: str) -> links.Link:
    """Allow or deny the link of a folder, of a file, or the nearest one."""
    from keyswitch.switching.editing import link_changes

    workspace = session.workspace()
    if folder is None:
        path = link_changes.nearest(workspace.present_cwd)
    else:
        if os.path.basename(folder) == links.FILE:
            folder = os.path.dirname(folder) or "."
        path = os.path.join(os.path.realpath(folder), links.FILE)
    return link_changes.judge(workspace, path, status)


def _usage_of(session: Session, name: str) -> str:
    """Return how much of its windows a profile's account has used."""
    from keyswitch.cli.listings.moments import now
    from keyswitch.usage import shown

    workspace = session.reader()
    try:
        profile, _ = workspace.load(name)
    except KeyswitchError:
        return ""
    usage = shown.of_profile(workspace.paths, profile)
    return shown.short(usage.windows, now()) if usage else ""


@command("PS1='$(keyswitch current --prompt) $ '")
@flag(
    "--prompt",
    help="Print nothing, not even an error, if no profile is active.",
)
@flag("--usage", help="Also print its usage limits, as far as known.")
def current(session: Session, *, prompt: bool, usage: bool) -> int | None:
    """Print the active profile's name."""
    workspace = session.reader()
    try:
        chosen = selection.select_here(workspace.paths, workspace.environ)
        selection.require_there(workspace.paths, chosen)
    except KeyswitchError:
        if prompt:
            return None  # a prompt has no room for it
        raise
    used = _usage_of(session, chosen.name) if usage and chosen.name else ""
    if prompt:
        if chosen.name:
            session.data(f"{chosen.name} {used}".rstrip())
        return None
    if session.json:
        session.document(
            {
                "active": chosen.name or None,
                "chosen_by": chosen.how or None,
                "link": chosen.link or None,
            }
        )
        return ExitCode.OK if chosen.name else ExitCode.FAILED
    session.data(f"{selection.require(chosen)} {used}".rstrip())
    if session.verbose or os.isatty(1):
        where = f" ({chosen.link})" if chosen.link else ""
        session.say(f"chosen by: {chosen.how}{where}")
    return None
