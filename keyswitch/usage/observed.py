"""What Claude Code hands its status line, credited to the right account.

Observed, Claude Code 2.1.330: the command is run when a session starts and
after each answer, with the limits of the session's last answer; a session
that does nothing hands out what it had. A login that is exchanged under a
session counts from its next turn on. A setup token's session hands out none.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any

from keyswitch.disk.atomic import forget, names_in, read_regular, write_private
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import KeyswitchError
from keyswitch.model import Frozen, Profile
from keyswitch.profiles import own_json
from keyswitch.switching.activation.effect import situation_of
from keyswitch.usage import records
from keyswitch.usage.limits import UsageWindow, windows_of_status
from keyswitch.workspace import Workspace

_SESSION = "session-"
_KEPT = 7 * 86_400  # seconds that a session is remembered


class SeenSession(Frozen):
    """What a session handed out last, and whose turn that was."""

    account: str  # hashed; "": it is not known
    profile: str
    turn: str  # what Claude Code calls `prompt_id`
    spent: int  # milliseconds of requests: it grows with each answer
    windows: dict[str, UsageWindow]


def observe(workspace: Workspace, document: Any, now: float) -> SeenSession:
    """Record the limits of a session's account; return what was seen.

    Values count for the account that the session's turn began with, and only
    if they are new: after a switch an idle session still has the old ones.
    """
    windows = windows_of_status(document)
    turn, spent = _text(document, "prompt_id"), _spent(document)
    if not windows:
        return SeenSession("", "", turn, spent, windows)
    path = _path(workspace, _text(document, "session_id"))
    known = _known(path)
    is_new = known is None or (known.spent, known.windows) != (spent, windows)
    if known and known.turn == turn and not is_new:
        return known
    profile = profile_sent(workspace)
    account = records.account_of(profile) if profile else ""
    present = records.name_of(account)
    whose = present
    if known and known.turn == turn:
        whose = known.account  # a turn ends with the account it began with
    elif known is None and _switched_since(workspace, document, now):
        whose = ""  # known from the next turn on
    counts = is_new and whose == present
    name = profile.name if counts and profile else ""
    if not counts and known:
        name = known.profile
    seen = SeenSession(whose, name, turn, spent, windows)
    with contextlib.suppress(KeyswitchError, OSError):
        _remember(path, seen, now)
        if counts:
            records.record(workspace.paths, account, windows, now)
    return seen


def profile_sent(workspace: Workspace) -> Profile | None:
    """Return the profile whose subscription a request is sent for, if one."""
    situation = situation_of(workspace)
    request = situation.verdict.request
    if request.bearer is None or situation.bill != "subscription":
        return None
    return situation.accounts.get(situation.owner(request.bearer).profile)


def _switched_since(workspace: Workspace, document: Any, now: float) -> bool:
    """Tell whether a profile was chosen after a session began."""
    lasted = _cost(document, "total_duration_ms") / 1000
    try:
        return os.stat(workspace.paths.state_file).st_mtime > now - lasted
    except OSError:
        return False


def _text(document: Any, key: str) -> str:
    found = document.get(key)
    return found if isinstance(found, str) else ""


def _cost(document: Any, key: str) -> float:
    cost = document.get("cost")
    found = cost.get(key) if isinstance(cost, dict) else 0
    is_number = isinstance(found, int | float) and 0 <= found < 1e15
    return float(found) if is_number and found is not None else 0.0


def _spent(document: Any) -> int:
    return int(_cost(document, "total_api_duration_ms"))


def _path(workspace: Workspace, session: str) -> str:
    name = f"{_SESSION}{records.name_of(session)}.json"
    return os.path.join(workspace.paths.usage_dir, name)


def _known(path: str) -> SeenSession | None:
    try:
        data = read_regular(path, records.LIMIT)
        return (data and own_json.read(SeenSession, path, data, "")) or None
    except KeyswitchError:
        return None


def _remember(path: str, seen: SeenSession, now: float) -> None:
    folder = os.path.dirname(path)
    ensure_private_dir(folder)
    if not os.path.exists(path):
        _forget_old(folder, now)
    shown = {name: one._asdict() for name, one in seen.windows.items()}
    entries = {**seen._asdict(), "windows": shown}
    write_private(path, own_json.encode(**entries))


def _forget_old(folder: str, now: float) -> None:
    for name in names_in(folder):
        path = os.path.join(folder, name)
        try:
            is_old = os.stat(path).st_mtime < now - _KEPT
        except OSError:
            continue
        if name.startswith(_SESSION) and is_old:
            forget(path)
