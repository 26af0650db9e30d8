"""When running sessions follow a switch.

Observed, Claude Code 2.1.330, between two turns of one session: it takes a
new login, a value of settings.json that was added or changed, and an
`apiKeyHelper` that came, changed or went. It keeps a value that was removed
from the settings' `env`, a managed key, and what its shell exported. The
answer of a helper whose command stays the same is kept for five minutes and
one turn, and AWS credentials until they are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyswitch.disk.atomic import read_regular
from keyswitch.model import FILE_LIMIT
from keyswitch.targets.claude_code import sessions
from keyswitch.targets.claude_code.login.parts import MANAGED_KEY, OAUTH
from keyswitch.targets.claude_code.login.stored import global_config
from keyswitch.targets.claude_code.rules import HELPER
from keyswitch.targets.claude_code.settings.settings_file import loads
from keyswitch.targets.claude_code.settings.wanted import ENV
from keyswitch.targets.parts import MINUTES, NEXT_TURN, RESTART, Follows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.model import FileChange
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.parts import Account

find = sessions.find
ancestors = sessions.ancestors


def follows(
    account: Account | None,
    places: Locations,
    changed: Mapping[str, FileChange],
) -> Follows:
    """Return when sessions follow a switch that changed these files."""
    is_login = account is not None and _how(account) == "login"
    return Follows(
        _when(account, places, changed, is_login=is_login),
        is_login or places.credentials in changed,
    )


def _when(
    account: Account | None,
    places: Locations,
    changed: Mapping[str, FileChange],
    *,
    is_login: bool,
) -> str:
    """Return when sessions follow; "": nothing of theirs was moved."""
    before, after = _settings(places.settings, changed)
    if account is not None and _by_variables(account):
        return RESTART
    env, new_env = _env(before), _env(after)
    if any(value and name not in new_env for name, value in env.items()):
        return RESTART
    # Both use AWS, so the credentials of the former one are still there.
    if env.get("AWS_PROFILE") and new_env.get("AWS_PROFILE"):
        return RESTART
    helper = after.get(HELPER)
    login = _has_login(changed.get(places.credentials))
    key, new_key = _managed_keys(changed.get(places.global_config))
    if key != new_key and (new_key or not (helper or login)):
        return RESTART
    if before != after or places.credentials in changed or key != new_key:
        return NEXT_TURN
    if is_login:
        return NEXT_TURN  # it lies in a keychain
    return MINUTES if helper and account is not None else ""


def _how(account: Account) -> str:
    profile, provider = account
    return provider.claude_code_for(profile).how


def _by_variables(account: Account) -> bool:
    """Tell whether a session gets this account from its start only."""
    profile, provider = account
    taken = provider.claude_code_for(profile)
    if profile.isolated:
        return True
    if taken.how in ("none", "login") or not profile.secrets:
        return False
    return not (taken.helper_field or taken.aws_export)


def _settings(
    path: str, changed: Mapping[str, FileChange]
) -> tuple[dict[str, Any], dict[str, Any]]:
    if path in changed:
        change = changed[path]
        return _object(change.before), _object(change.after)
    present = _object(read_regular(path, FILE_LIMIT))
    return present, present


def _env(settings: dict[str, Any]) -> dict[str, Any]:
    found = settings.get(ENV)
    return found if isinstance(found, dict) else {}


def _has_login(change: FileChange | None) -> bool:
    login = _object(change.after if change else None).get(OAUTH)
    return isinstance(login, dict) and bool(login.get("accessToken"))


def _managed_keys(change: FileChange | None) -> tuple[str, str]:
    if change is None:
        return "", ""
    before, after = (
        # Often a file of megabytes, and seldom one with a key.
        global_config(data).managed_key
        if data and MANAGED_KEY.encode() in data
        else ""
        for data in (change.before, change.after)
    )
    return before, after


def _object(data: bytes | None) -> dict[str, Any]:
    try:
        found = loads(data.decode("utf-8-sig")) if data else None
    except (ValueError, RecursionError):
        return {}  # Claude Code ignores such a file as well
    return found if isinstance(found, dict) else {}
