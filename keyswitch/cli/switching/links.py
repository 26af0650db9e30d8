"""link, unlink, allow, deny: which directory asks for which profile."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from keyswitch.cli.dry_run import dry_run_option
from keyswitch.cli.session import Session, global_options
from keyswitch.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from keyswitch.directories.links import Link

_FOLDER = click.argument("folder", required=False, metavar="[DIR]")


@click.command(
    epilog="\b\nExamples:\n"
    "  keyswitch link work          this directory and those below\n"
    "  keyswitch link               what counts here, and why\n"
    "  keyswitch link --remote 'github.com/acme/*' work"
)
@click.argument("name", required=False)
@click.option(
    "--remote",
    metavar="PATTERN",
    help="Every clone of these git remotes, in your own config.toml.",
)
@global_options
@click.pass_obj
@dry_run_option
def link(session: Session, name: str | None, *, remote: str | None) -> int:
    """Let a directory ask for a profile.

    Writes `.keyswitch`, which holds the name and nothing else, and allows it.
    Somebody else's file does nothing until you allow it: keyswitch allow.
    """
    from keyswitch.switching.editing import link_changes

    workspace = session.workspace()
    if name is None:
        if remote is not None:
            raise UsageError(
                "--remote needs a profile name",
                f"keyswitch link --remote '{remote}' NAME",
            )
        return _show(session)
    if remote is not None:
        link_changes.link_remote(workspace, remote, name)
        session.output.say(f"clones of {remote} now ask for '{name}'")
    else:
        path = link_changes.link(workspace, name, workspace.present_cwd)
        session.output.say(f"{path} asks for '{name}'")
    profile, _ = workspace.load(name)
    if profile.provider == "claude-login" and not profile.isolated:
        session.output.say(
            "a login reaches a directory only from a folder of its own: "
            f"keyswitch edit {name} --isolated"
        )
    return ExitCode.OK


def _show(session: Session) -> int:
    """Print the links that this directory meets, and the rules by remote."""
    from keyswitch.directories import links
    from keyswitch.profiles import settings
    from keyswitch.terminal import selection

    workspace = session.workspace()
    chosen = selection.select(workspace.paths, workspace.environ)
    found = links.look(workspace.paths, workspace.cwd)
    rules = settings.load(workspace.paths).links
    by_link = chosen.how == selection.BY_DIRECTORY
    if session.output.json:
        session.output.document(
            {
                "profile": chosen.name if by_link else None,
                "link": chosen.link or None,
                "links": [_document(one) for one in found],
                "remotes": [{"pattern": p, "profile": n} for p, n in rules],
            }
        )
        return ExitCode.OK
    rows = [
        (one.path, one.name or "-", one.why or one.status, _mark(one, chosen))
        for one in found
    ]
    rows += [
        (pattern, name, "remote", "counts" if pattern == chosen.link else "")
        for pattern, name in rules
    ]
    if rows:
        session.output.table(rows)
    else:
        session.output.say("no link counts here; make one: keyswitch link NAME")
    return ExitCode.OK


def _mark(link: Link, chosen: object) -> str:
    return "counts" if link.path == getattr(chosen, "link", "") else ""


def _document(link: Link) -> dict[str, str | None]:
    return {
        "path": link.path,
        "profile": link.name or None,
        "status": link.status,
        "why": link.why or None,
    }


@click.command(
    epilog="\b\nExamples:\n  keyswitch unlink\n"
    "  keyswitch unlink --remote 'github.com/acme/*'"
)
@click.option("--remote", metavar="PATTERN", help="The rule of a remote.")
@global_options
@click.pass_obj
@dry_run_option
def unlink(session: Session, *, remote: str | None) -> int:
    """Take a directory's link away."""
    from keyswitch.switching.editing import link_changes

    workspace = session.workspace()
    if remote is not None:
        name = link_changes.unlink_remote(workspace, remote)
        session.output.say(f"clones of {remote} do not ask for '{name}' now")
        return ExitCode.OK
    gone = link_changes.unlink(workspace, workspace.present_cwd)
    session.output.say(f"removed {gone.path}")
    return ExitCode.OK


@click.command(
    epilog="\b\nExamples:\n  keyswitch allow        the nearest link upwards\n"
    "  keyswitch allow ~/clients/acme"
)
@_FOLDER
@global_options
@click.pass_obj
@dry_run_option
def allow(session: Session, folder: str | None) -> int:
    """Trust a directory's link as it stands now.

    Trusted is this text at this path: a changed or moved file has to be
    allowed anew.
    """
    from keyswitch.cli.agents import refuse_agents
    from keyswitch.directories import links

    refuse_agents(session.workspace())
    judged = _judge(session, folder, links.ALLOWED)
    session.output.say(f"{judged.path} may ask for '{judged.name}'")
    return ExitCode.OK


@click.command(
    epilog="\b\nExamples:\n  keyswitch deny\n  keyswitch deny ~/src/other"
)
@_FOLDER
@global_options
@click.pass_obj
@dry_run_option
def deny(session: Session, folder: str | None) -> int:
    """Refuse a directory's link, silently.

    It is as if the file were not there, and is not mentioned again until it
    changes.
    """
    from keyswitch.directories import links

    judged = _judge(session, folder, links.DENIED)
    session.output.say(f"{judged.path} is not used")
    return ExitCode.OK


def _judge(session: Session, folder: str | None, status: str) -> Link:
    from keyswitch.directories import links
    from keyswitch.switching.editing import link_changes

    workspace = session.workspace()
    if folder is None:
        path = link_changes.nearest(workspace.present_cwd)
    elif os.path.basename(folder) == links.FILE:
        path = os.path.join(
            os.path.realpath(os.path.dirname(folder) or "."), links.FILE
        )
    else:
        path = os.path.join(os.path.realpath(folder), links.FILE)
    return link_changes.judge(workspace, path, status)
