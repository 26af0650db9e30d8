"""Sign-ins that AWS's own tools keep: of `aws sso login` and `aws login`.

Observed, Claude Code 2.1.330.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from keyswitch.profiles import clock

if TYPE_CHECKING:
    from keyswitch.targets.claude_code.aws.aws_files import Files


def moment(text: object) -> float | None:
    """Return a time as seconds, None where JavaScript would not read it."""
    from datetime import UTC, datetime

    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return found.timestamp()


def sso_cache(files: Files, start: str) -> str:
    """Return the file in which AWS keeps a sign-in."""
    import hashlib

    name = hashlib.sha1(start.encode(), usedforsecurity=False).hexdigest()
    return os.path.join(files.home, ".aws", "sso", "cache", f"{name}.json")


def signed_in(files: Files, start: str, *, renews: bool) -> bool:
    """Tell whether a kept sign-in still holds, or can renew itself.

    Observed: that of an sso-session has to have an end, and renews itself; an
    older one holds if its end cannot be read.
    """
    kept = _document(files, sso_cache(files, start))
    if kept is None:
        return False
    ends = moment(kept.get("expiresAt"))
    if not renews:
        return ends is None or ends > clock.now()
    if "expiresAt" not in kept:
        return False
    return (ends or 0) > clock.now() or bool(kept.get("refreshToken"))


def login_of(files: Files, session: str) -> tuple[str, float] | None:
    """Return the key id that `aws login` keeps, and when it ends."""
    import hashlib

    folder = files.login_folder or os.path.join(
        files.home, ".aws", "login", "cache"
    )
    name = hashlib.sha256(session.encode()).hexdigest()
    kept = _document(files, os.path.join(folder, f"{name}.json"))
    token = (kept or {}).get("accessToken")
    if not isinstance(token, dict):
        return None
    key = token.get("accessKeyId")
    if not isinstance(key, str):
        return None
    return key, moment(token.get("expiresAt")) or 0.0


def _document(files: Files, path: str) -> dict[str, Any] | None:
    try:
        found = json.loads(files.read(path) or b"")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
