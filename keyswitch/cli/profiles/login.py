"""login and logout: subscription logins as profiles."""

from __future__ import annotations

from typing import Any

from keyswitch.cli.arguments import typed
from keyswitch.cli.command import (
    YES,
    Session,
    at_most_one,
    command,
    flag,
    option,
    rehearsed,
)
from keyswitch.cli.name_argument import LOGIN, NEW_NAME, name_argument
from keyswitch.cli.secrets.store_choice import STORE, choose_store_for
from keyswitch.cli.session import hand_over
from keyswitch.errors import InputError, UsageError
from keyswitch.model import Profile
from keyswitch.profiles import state
from keyswitch.switching.logging_in import capture as logins
from keyswitch.switching.logging_in import logout as removal


@command(
    "keyswitch login me --capture        keep the present login",
    "keyswitch login work                log in anew; the present one stays",
    "claude setup-token                  then:",
    "keyswitch login ci --token          keep the token that it printed",
    dry_run=True,
)
@name_argument(kind=NEW_NAME)
@flag("--capture", help="Keep the present login.")
@flag("--token", help="Keep a 'claude setup-token' one.")
@flag("--orphan", help="Keep the newest login that belonged to no profile.")
@STORE
@option("--label", default="", help="Free text for listings.")
@flag("--stdin", help="With --token: read it there.")
@option("--from-env", metavar="NAME", help="With --token: from there.")
@flag("--console", help="A Console login (API billing).")
@option("--email", metavar="ADDRESS", help="Handed to Claude's login.")
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
) -> int | None:
    """Save a Claude Code login as a profile.

    Without an option Claude Code's own login runs in a scratch folder: the
    present login stays. The tokens go to the secret store; the profile file
    says whose account it is.
    """
    at_most_one({"--capture": capture, "--token": token, "--orphan": orphan})
    label = typed("the label", label)
    if token:
        return hand_over(
            "add",
            name=name,
            provider_id="claude-token",
            store=store,
            label=label,
            stdin=stdin,
            from_env=(from_env,) if from_env else (),
        )
    if stdin or from_env:
        raise UsageError(
            "--stdin and --from-env belong to --token",
            f"keyswitch login {name} --token --stdin",
        )
    session.refuse_agents()
    workspace = session.workspace()
    if capture:
        logins.check_capture(workspace, name)
    elif not orphan:
        logins.check_log_in(workspace, name)
    place = choose_store_for(session, store)
    options: dict[str, Any] = {"store": place, "label": label}
    if capture:
        profile = logins.capture(workspace, name, **options)
    elif orphan:
        profile = logins.from_orphan(workspace, name, **options)
    elif session.dry_run:
        raise UsageError(
            "only Claude Code itself can say what a login would bring",
            "--dry-run goes with --capture and --orphan",
        )
    else:
        given = ("--console",) * console + _with_email(email)
        profile = logins.log_in(workspace, name, **options, options=given)
    _report(session, profile, is_live=capture)
    return None


def _with_email(email: str | None) -> tuple[str, ...]:
    """Return Claude Code's option for an e-mail address."""
    if email is None:
        return ()
    if "@" not in email or email[0] == "-" or not email.isprintable():
        raise InputError(
            f"'{email}' is no e-mail address", "write it as me@example.com"
        )
    return "--email", email


def _report(session: Session, profile: Profile, *, is_live: bool) -> None:
    email, plan = profile.fields.get("email"), profile.fields.get("plan")
    place = profile.secrets["login"].store
    if session.json:
        session.document(
            {
                "profile": profile.name,
                "email": email,
                "plan": plan or None,
                "store": place,
            }
        )
    who = "an account without a name" if email is None else email
    session.say(
        f"kept the login of {who}{f' ({plan})' if plan else ''} as "
        f"'{profile.name}', tokens in the {place}"
    )
    active = state.read(session.workspace().paths).active
    if not (is_live and active == profile.name):
        session.say(f"switch to it: keyswitch use {profile.name}")


@command("keyswitch logout me", "keyswitch logout me --dry-run", dry_run=True)
@name_argument(kind=LOGIN)
@YES
def logout(session: Session, name: str, *, yes: bool) -> None:
    """Remove a login's tokens.

    The profile stays.
    """
    workspace = session.workspace()
    found = removal.look(workspace, name)
    session.say(
        "Claude Code's own /logout ends the login at the service, deletes its "
        "copies on this machine, and MCP logins with them"
    )
    session.say(
        "keyswitch removes this login from this machine only: the service "
        "still takes a copy that somebody has"
    )
    session.show({"found": found}, [[line] for line in found])
    if rehearsed(session, lambda: removal.remove(workspace, name)) or not found:
        return
    session.confirm(f"remove these {len(found)} from this machine?", yes=yes)
    removal.remove(workspace, name)
    session.say(
        f"'{name}' has no login any more; log in again: keyswitch login {name}"
    )
    provider = workspace.catalogue.get("claude-login")
    session.say(f"to end it at the service: {provider.revoke_url}")
