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
    "keyswitch login me --capture        save the current login",
    "keyswitch login work                log in to another account",
    "claude setup-token                  then:",
    "keyswitch login ci --token          save the token that it printed",
    dry_run=True,
)
@name_argument(kind=NEW_NAME)
@flag("--capture", help="Save the current login.")
@flag("--token", help="Save a token from 'claude setup-token'.")
@flag("--orphan", help="Save the newest login that belongs to no profile.")
@STORE
@option("--label", default="", help="Text for listings.")
@flag("--stdin", help="With --token: read it from stdin.")
@option(
    "--from-env",
    metavar="NAME",
    help="With --token: read it from this variable.",
)
@flag("--console", help="A Console login (API billing).")
@option(
    "--email", metavar="ADDRESS", help="The e-mail address for Claude's login."
)
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

    Without options it runs Claude Code's own login in a temporary folder, so
    the current login stays. The tokens go to the secret store; the profile
    file records the account.
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
            "--stdin and --from-env need --token",
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
            "only Claude Code itself knows what a login will return",
            "--dry-run works with --capture and --orphan",
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
            f"'{email}' is not an e-mail address", "write it as me@example.com"
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
        f"saved the login of {who}{f' ({plan})' if plan else ''} as "
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
        "Claude Code's own /logout ends the login at the service and deletes "
        "its copies on this machine, including MCP logins"
    )
    session.say(
        "keyswitch removes this login only from this machine: the service "
        "still accepts any other copy"
    )
    session.show({"found": found}, [[line] for line in found])
    if rehearsed(session, lambda: removal.remove(workspace, name)) or not found:
        return
    session.confirm(f"remove these {len(found)} from this machine?", yes=yes)
    removal.remove(workspace, name)
    session.say(
        f"'{name}' no longer has a login; to log in again: keyswitch login "
        f"{name}"
    )
    provider = workspace.catalogue.get("claude-login")
    session.say(f"to end it at the service: {provider.revoke_url}")
