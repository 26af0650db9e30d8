"""Stored logins that do not work, will stop to, or say another name."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import ERROR, NOTE, WARNING, Finding
from keyswitch.diagnosis.resolver import anthropic_profiles as profiles
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError
from keyswitch.profiles import clock
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login import stored as logins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.targets.claude_code.login.stored import Login

SOON = 7 * 86400  # seconds before an end that cannot be put off
_LEDGER_LIMIT = 1 << 22  # bytes
# What reading a damaged one may come to.
_NO_LEDGER = (
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def stored(situation: Situation) -> Iterator[Finding]:
    """Find the subscription login of `.credentials.json`."""
    scene = situation.scene
    login, path = scene.login, scene.places.credentials
    data = scene.read(path)
    if data and data.startswith(b"\xef\xbb\xbf"):
        yield _unreadable(path, "it begins with a byte order mark")
    elif data and data.strip() and logins.parsed(data) is None:
        yield _unreadable(path, "it is not a JSON object")
    if login is None:
        return
    used = "claudeAiOauth" in {
        h.source.name for h in situation.verdict.request.headers
    }
    grave = ERROR if used or not situation.verdict.request.sent else WARNING
    if login.blanked:
        yield Finding(
            "login-blanked",
            grave,
            "the stored login is empty: its renewal was refused",
            "each refresh token works once; a copy of this login was renewed "
            "elsewhere, or it was logged out",
            "log in again in Claude Code: /login",
            path,
        )
    elif login.access_token and not login.usable:
        yield Finding(
            "login-without-scope",
            grave,
            "the stored login may not send messages: the scope "
            "user:inference is missing",
            "Claude Code passes such a login over without a word",
            "log in again in Claude Code: /login",
            path,
        )
    elif login.usable:
        yield from _ends(login, path, grave)


def _unreadable(path: str, why: str) -> Finding:
    return Finding(
        "login-unreadable",
        ERROR,
        f"Claude Code cannot read {path}: {why}",
        "to it there is no login then, and it does not say so",
        f"mend that file, or move it away and log in again: {path}",
        path,
    )


def _ends(login: Login, path: str, grave: str) -> Iterator[Finding]:
    if login.renewable or login.expires_at is None:
        return
    left = login.expires_at / 1000 - clock.now()
    if left < 0:
        yield Finding(
            "login-expired",
            grave,
            "the stored login has expired and has no refresh token",
            "it is sent as it is, and the service answers 401",
            "log in again in Claude Code: /login",
            path,
        )
    elif left < SOON:
        yield Finding(
            "login-expires",
            WARNING,
            f"the stored login ends in {_span(left)} and cannot be renewed",
            "it has no refresh token",
            "log in again in Claude Code: /login",
            path,
        )


def _span(seconds: float) -> str:
    hours = int(seconds // 3600)
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"


def identity(situation: Situation) -> Iterator[Finding]:
    """Find whose name Claude Code shows, and whose login it is."""
    config, login = situation.scene.config, situation.scene.login
    if login is None or not login.usable:
        return
    place = situation.scene.places.global_config
    theirs, shown = login.account_uuid, config.account_uuid
    if theirs and shown and theirs != shown:
        yield Finding(
            "login-of-another",
            WARNING,
            f"Claude Code shows {config.email or 'one account'}, but the "
            "stored login belongs to another",
            "the name comes from a copy in .claude.json, which a switcher or "
            "a restored backup left behind",
            "log in again in Claude Code: /login",
            place,
        )
    if config.managed_key:
        yield Finding(
            "console-key-beside-login",
            WARNING,
            "a Console key is stored beside the subscription login",
            "when the login dies, the same run goes on with the key, and "
            "the API is billed",
            "keyswitch revoke-local --claude-code, then log in again",
            place,
        )


def kept_of_nobody(situation: Situation) -> Iterator[Finding]:
    """Find logins that a switch kept and that belong to no profile.

    Not the one that `off` gives back, nor an older state of a profile's.
    """
    paths = situation.accounts.paths
    path = os.path.join(paths.baseline_dir, "logins.json")
    try:
        document = json.loads(read_regular(path, _LEDGER_LIMIT) or b"{}")
        needed = {
            f["before_name"] for f in document.get("folders", {}).values()
        }
        orphans = [
            (str(o.get("email") or "an account without a name"), o["account"])
            for o in document.get("orphans", ())
            if o["token"].partition(":")[2] not in needed
        ]
    except (KeyswitchError, *_NO_LEDGER):
        return  # every command that needs the file says that it is damaged
    whose = [
        email
        for email, account in orphans
        if not situation.accounts.of_account(account, "")
    ]
    if whose:
        yield Finding(
            "login-of-no-profile",
            NOTE,
            f"kept logins of no profile: {', '.join(dict.fromkeys(whose))}",
            "they were in Claude Code's files when another one was put there",
            "keyswitch login NAME --orphan makes the newest a profile; "
            "keyswitch revoke-local removes them",
            path,
        )


def anthropic_profiles(situation: Situation) -> Iterator[Finding]:
    """Find profiles of Anthropic's own command line tools."""
    scene = situation.scene
    if scene.host_managed or scene.simple or scene.socket:
        return  # none is looked for
    named = scene.request.get(rules.PROFILE)
    name = named.text.strip() if named else ""
    selected = profiles.selected(scene, scene.request)
    if (
        name
        and named
        and (selected is None or selected.candidate.source.name != name)
    ):
        yield Finding(
            "anthropic-profile-missing",
            WARNING,
            f"{rules.PROFILE} names '{name}', which does not exist or has no "
            "credentials",
            "Claude Code passes it over without a word and takes another",
            f"unset {rules.PROFILE}",
            situation.place(named.source),
        )
    if selected is not None and selected.candidate.refusal:
        source = selected.candidate.source
        refusal = situation.verdict.request.refusal
        used = refusal == selected.candidate.refusal
        yield Finding(
            "anthropic-profile-unusable",
            ERROR if used else NOTE,
            selected.candidate.refusal,
            "Claude Code refuses it where it would be used",
            f"chmod 600 {shlex.quote(source.path)}"
            if "other users" in selected.candidate.refusal
            else "log in with Anthropic's own tool again",
            source.path,
        )


def several_folders(situation: Situation) -> Iterator[Finding]:
    """Find a configuration folder that is not where it seems to be."""
    value = situation.scene.request.get("CLAUDE_CONFIG_DIR")
    if value is None:
        return
    usual = os.path.join(situation.scene.home, ".claude")
    if not value.text:
        rule = _FOLDER_RULES["empty"]
    elif value.text.startswith("~"):
        rule = _FOLDER_RULES["tilde"]
    elif _is_folder(situation, value.text, usual):
        rule = _FOLDER_RULES["usual"]
    elif value.source.set_by != "process":
        rule = _FOLDER_RULES["settings"]
    else:
        return
    check, what, why, fix = rule
    place = situation.place(value.source)
    grave = WARNING if situation.verdict.request.sent else ERROR
    yield Finding(check, grave, f"CLAUDE_CONFIG_DIR {what}", why, fix, place)


def _is_folder(situation: Situation, text: str, folder: str) -> bool:
    path = os.path.join(situation.scene.cwd, text)
    return os.path.normpath(path) == os.path.normpath(folder)


_FOLDER_RULES = {
    "empty": (
        "config-dir-empty",
        "is set and empty: the login is looked for in the current directory",
        "an empty value is not the same as none",
        "unset CLAUDE_CONFIG_DIR",
    ),
    "tilde": (
        "config-dir-tilde",
        "begins with ~, which Claude Code does not expand",
        "it makes a folder of that name in the current directory",
        "write the path out in full",
    ),
    "usual": (
        "config-dir-usual",
        "names the usual folder, which moves .claude.json into it",
        "~/.claude.json is not read any more, nor what was approved there",
        "unset CLAUDE_CONFIG_DIR",
    ),
    "settings": (
        "config-dir-in-settings",
        "is set in a settings file, which moves the login and nothing else",
        "settings and .claude.json were looked for before it was read",
        "set it in the shell instead",
    ),
}
