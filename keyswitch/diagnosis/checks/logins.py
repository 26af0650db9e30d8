"""Stored logins that do not work, end soon, or are of another account."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import clock
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.files import CONFIG_VARIABLE
from keyswitch.targets.claude_code.login.stored import Subscription
from keyswitch.targets.claude_code.resolver.anthropic_profiles import selected
from keyswitch.targets.verdict import ERROR, NOTE, WARNING, Finding

SOON = 7 * 86400  # seconds before an end that cannot be put off
_LEDGER_LIMIT = 1 << 22  # bytes
# What reading a damaged one may come to.
_ODD = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
_AGAIN = "claude auth login"


def stored(situation: Situation) -> Iterator[Finding]:
    """Find a stored subscription login that does not work, or ends soon."""
    scene, request = situation.scene, situation.verdict.request
    if scene.login is None:
        return
    used = any(h.source.kind == "login" for h in request.headers)
    grave = ERROR if used or not request.sent else WARNING
    problem = _problem(scene.login, grave)
    if problem is not None:
        place = scene.places.credentials
        yield problem._replace(fix=_AGAIN, place=place)


def _problem(login: Subscription, grave: str) -> Finding | None:
    """Return what is wrong with a login, without a fix and a place."""
    left = (login.expires_at or 0) / 1000 - clock.now()
    if login.blanked:
        what = "the stored login is empty: its renewal was rejected"
        why = (
            "a refresh token works only once: a copy was renewed or logged out"
        )
        return Finding("login-blanked", grave, what, why, "")
    if not login.usable and login.access_token:
        what = "the stored login cannot send messages: no scope user:inference"
        why = "Claude Code ignores such a login and does not say so"
        return Finding("login-without-scope", grave, what, why, "")
    if not login.usable or login.renewable or login.expires_at is None:
        return None
    if left < 0:
        what = "the stored login has expired and has no refresh token"
        why = "Claude Code sends it anyway, and the service answers 401"
        return Finding("login-expired", grave, what, why, "")
    if left < SOON:  # it may be no number
        hours = int(left // 3600)
        span = f"{hours} h" if hours < 48 else f"{hours // 24} d"
        what = f"the stored login expires in {span} and cannot be renewed"
        why = "it has no refresh token"
        return Finding("login-expires", WARNING, what, why, "")
    return None


def identity(situation: Situation) -> Iterator[Finding]:
    """Find that Claude Code shows another account than the login's."""
    config, login = situation.scene.config, situation.scene.login
    if login is None or not login.usable:
        return
    place = situation.scene.places.global_config
    theirs, shown = login.account_uuid, config.account_uuid
    if theirs and shown and theirs != shown:
        name = config.email or "one account"
        what = (
            f"Claude Code shows {name}, but the stored login belongs to "
            "another account"
        )
        why = (
            "another switcher or a restored backup left that name in "
            ".claude.json"
        )
        yield Finding("login-of-another", WARNING, what, why, _AGAIN, place)
    if config.managed_key:
        what = "a Console key is stored beside the subscription login"
        why = "when the login ends, the key is used and the API is billed"
        yield Finding(
            "console-key-beside-login", WARNING, what, why, _AGAIN, place
        )


def kept_of_nobody(situation: Situation) -> Iterator[Finding]:
    """Find logins that a switch kept and that belong to no profile.

    Not the one that `off` gives back, nor an older state of a profile's.
    """
    accounts = situation.accounts
    path = os.path.join(accounts.paths.baseline_dir, "logins.json")
    try:
        document = json.loads(read_regular(path, _LEDGER_LIMIT) or b"{}")
        folders = document.get("folders", {}).values()
        needed = {f["before_name"] for f in folders}
        whose = [
            str(o.get("email") or "an account without a name")
            for o in document.get("orphans", ())
            if o["token"].partition(":")[2] not in needed
            and not accounts.of_account(o["account"], "")
        ]
    except (KeyswitchError, *_ODD):
        return  # every command that needs the file says that it is damaged
    if whose:
        what = (
            f"saved logins without a profile: {', '.join(dict.fromkeys(whose))}"
        )
        why = (
            "they were in Claude Code's files when another login replaced "
            "them; 'keyswitch revoke-local' removes them, and this makes the "
            "newest a profile"
        )
        fix = f"keyswitch login {situation.free_name('personal')} --orphan"
        yield Finding("login-of-no-profile", NOTE, what, why, fix, path)


def anthropic_profiles(situation: Situation) -> Iterator[Finding]:
    """Find profiles of Anthropic's own tools that cannot be used."""
    scene, named = situation.scene, situation.view.given(rules.PROFILE)
    if scene.host_managed or scene.simple or scene.socket:
        return  # none is looked for
    chosen = selected(scene, situation.view)
    found = chosen.candidate if chosen else None
    name = named.text.strip() if named else ""
    if named and (found is None or found.source.name != name):
        yield Finding(
            "anthropic-profile-missing",
            WARNING,
            f"{rules.PROFILE} names '{name}', which does not exist or has no "
            "credentials",
            situation.lasting(
                "Claude Code ignores it, uses another, and does not say so",
                named.source,
            ),
            situation.how_to_stop(named.source),
            situation.place(named.source),
        )
    if found is not None and found.refusal:
        used = situation.verdict.request.refusal == found.refusal
        path = found.source.path
        grave, what = ERROR if used else NOTE, found.refusal
        why = "Claude Code refuses it when it needs it"
        fix = "ant auth login"
        if "other users" in what:
            fix = f"chmod 600 {shlex.quote(path)}"
        yield Finding("anthropic-profile-unusable", grave, what, why, fix, path)


def several_folders(situation: Situation) -> Iterator[Finding]:
    """Find a CLAUDE_CONFIG_DIR that has another effect than it seems to."""
    value = situation.view.get(CONFIG_VARIABLE)
    if value is None:
        return
    scene = situation.scene
    folder = os.path.normpath(os.path.join(scene.cwd, value.text))
    if not value.text:
        problem = "empty"
    elif value.text.startswith("~"):
        problem = "tilde"
    elif folder == os.path.normpath(os.path.join(scene.home, ".claude")):
        problem = "usual"
    elif value.source.set_by != "process":
        problem = "settings"
    else:
        return
    check, what, why = _FOLDER_RULES[problem]
    place = situation.place(value.source)
    why = situation.lasting(why, value.source)
    fix = situation.how_to_stop(value.source)
    if value.text.startswith("~/") and value.source.set_by == "process":
        whole = scene.home + value.text[1:]
        fix = f"export {CONFIG_VARIABLE}={shlex.quote(whole)}"
    grave = WARNING if situation.verdict.request.sent else ERROR
    yield Finding(check, grave, f"{CONFIG_VARIABLE} {what}", why, fix, place)


_FOLDER_RULES = {
    "empty": (
        "config-dir-empty",
        "is set but empty, so the current directory is used",
        "empty is not the same as unset",
    ),
    "tilde": (
        "config-dir-tilde",
        "starts with ~, which Claude Code does not expand",
        "it creates a folder with that name in the current directory",
    ),
    "usual": (
        "config-dir-usual",
        "is the default folder, which moves .claude.json into it",
        "~/.claude.json and its approvals are no longer read",
    ),
    "settings": (
        "config-dir-in-settings",
        "is set in a settings file, which moves only the login",
        "settings and .claude.json were read before; the shell moves all",
    ),
}
