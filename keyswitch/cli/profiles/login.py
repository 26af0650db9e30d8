"""login and logout: subscription logins as profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from keyswitch.cli.agents import refuse_agents
from keyswitch.cli.arguments import typed
from keyswitch.cli.dry_run import dry_run_option, rehearse
from keyswitch.cli.session import Session, global_options, hand_over
from keyswitch.errors import ExitCode, InputError, UsageError

if TYPE_CHECKING:
    from keyswitch.model import Profile


@click.command(
    epilog="\b\nExamples:\n"
    "  keyswitch login me --capture        keep the present login\n"
    "  keyswitch login work                log in anew; the present one stays\n"
    "  claude setup-token                  then:\n"
    "  keyswitch login ci --token          keep the token that it printed"
)
@click.argument("name")
@click.option("--capture", is_flag=True, help="Keep the present login.")
@click.option("--token", is_flag=True, help="Keep a 'claude setup-token' one.")
@click.option(
    "--orphan",
    is_flag=True,
    help="Keep the newest login that belonged to no profile.",
)
@click.option("--store", type=click.Choice(["keychain", "vault"]))
@click.option("--label", default="", help="Free text, shown in lists.")
@click.option("--stdin", is_flag=True, help="With --token: read it there.")
@click.option("--from-env", metavar="NAME", help="With --token: from there.")
@click.option("--console", is_flag=True, help="A Console login (API billing).")
@click.option("--email", metavar="ADDRESS", help="Handed to Claude's login.")
@global_options
@click.pass_obj
@dry_run_option
def login(  # noqa: PLR0913
    session: Session,
    name: str,
    *,
    capture: bool,
    token: bool,
    orphan: bool,
    store: str | None,
    label: str,
    stdin: bool,
    from_env: str | None,
    console: bool,
    email: str | None,
) -> int:
    """Keep a login of Claude Code as a profile.

    Without an option Claude Code's own login runs in a scratch folder, so
    that the present login stays. Its tokens go to the secret store, whose
    account it is to the profile file.
    """
    if sum((capture, token, orphan)) > 1:
        raise UsageError(
            "--capture, --token and --orphan exclude each other", "choose one"
        )
    label = typed("the label", label)
    if token:
        return _token(name, store=store, label=label, stdin=stdin, env=from_env)
    if stdin or from_env:
        raise UsageError(
            "--stdin and --from-env belong to --token",
            f"keyswitch login {name} --token --stdin",
        )
    from keyswitch.cli.secrets.store_choice import choose_store_for
    from keyswitch.switching.logging_in import capture as login_capture

    workspace = session.workspace()
    refuse_agents(workspace)
    if capture:
        login_capture.check_capture(workspace, name)
    elif not orphan:
        login_capture.check_log_in(workspace, name)
    place = choose_store_for(session, store)
    if capture:
        profile = login_capture.capture(
            workspace, name, store=place, label=label
        )
    elif orphan:
        profile = login_capture.from_orphan(
            workspace, name, store=place, label=label
        )
    elif session.dry_run:
        raise UsageError(
            "only Claude Code itself can say what a login would bring",
            "--dry-run goes with --capture and --orphan",
        )
    else:
        options = ("--console",) * console + _with_email(email)
        profile = login_capture.log_in(
            workspace, name, store=place, label=label, options=options
        )
    return _report(session, profile, is_live=capture)


def _with_email(email: str | None) -> tuple[str, ...]:
    """Return Claude Code's option for an address that can be one."""
    if email is None:
        return ()
    if "@" not in email or email[0] == "-" or not email.isprintable():
        raise InputError(
            f"'{email}' is no e-mail address", "write it as me@example.com"
        )
    return "--email", email


def _token(
    name: str,
    *,
    store: str | None,
    label: str,
    stdin: bool,
    env: str | None,
) -> int:
    """Make a claude-token profile: `add` knows how to ask for it."""
    given = ["--provider", "claude-token"]
    given += ["--store", store] if store else []
    given += ["--label", label] if label else []
    given += ["--stdin"] if stdin else []
    given += ["--from-env", env] if env else []
    return hand_over("add", [name, *given])


def _report(session: Session, profile: Profile, *, is_live: bool) -> int:
    who = profile.fields.get("email", "an account without a name")
    plan = profile.fields.get("plan", "")
    if session.output.json:
        session.output.document(
            {
                "profile": profile.name,
                "email": profile.fields.get("email"),
                "plan": plan or None,
                "store": profile.secrets["login"].store,
            }
        )
    session.output.say(
        f"kept the login of {who}{f' ({plan})' if plan else ''} as "
        f"'{profile.name}', tokens in the {profile.secrets['login'].store}"
    )
    from keyswitch.profiles import state

    active = state.read(session.workspace().paths).active
    if not (is_live and active == profile.name):
        session.output.say(f"switch to it: keyswitch use {profile.name}")
    return ExitCode.OK


_SERVICE = """\
Claude Code's own /logout ends the login at the service, deletes its copies \
on this machine, and MCP logins with them"""
_HERE = """\
keyswitch removes this login from this machine only: the service still takes \
a copy that somebody has"""


@click.command(
    epilog="\b\nExamples:\n  keyswitch logout me\n"
    "  keyswitch logout me --dry-run"
)
@click.argument("name")
@click.option("--dry-run", is_flag=True, help="Show, remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@global_options
@click.pass_obj
def logout(session: Session, name: str, *, dry_run: bool, yes: bool) -> int:
    """Remove a login's tokens from this machine; the profile stays."""
    from keyswitch.switching.logging_in import logout

    workspace = session.workspace()
    found = logout.look(workspace, name)
    for line in (_SERVICE, _HERE):
        session.output.say(line)
    if session.output.json:
        session.output.document({"found": found})
    else:
        for line in found:
            session.output.data(line)
    if dry_run:
        rehearse(session, lambda: logout.remove(workspace, name))
    if dry_run or not found:
        return ExitCode.OK
    session.confirm(f"remove these {len(found)} from this machine?", yes=yes)
    logout.remove(workspace, name)
    session.output.say(
        f"'{name}' has no login any more; log in again: keyswitch login {name}"
    )
    provider = workspace.catalogue.get("claude-login")
    session.output.say(f"to end it at the service: {provider.revoke_url}")
    return ExitCode.OK
