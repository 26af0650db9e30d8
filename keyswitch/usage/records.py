"""What was seen of each account's limits: a small file an account.

The name of a file is a hash of the account, so a profile that gets another
name keeps its values. No secret is in it. A file that is damaged, or of a
newer keyswitch, counts as none; a newer one is never written over.
"""

from __future__ import annotations

import os

from keyswitch.disk.atomic import read_regular, write_private
from keyswitch.disk.digests import sha256
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import KeyswitchError, NewerFileError
from keyswitch.model import LOGIN_PROVIDER, Frozen, Profile
from keyswitch.profiles import own_json
from keyswitch.profiles.paths import Paths
from keyswitch.usage.limits import UsageWindow

LIMIT = 4096  # bytes of one file


class Usage(Frozen):
    """The windows of an account, and when they were seen."""

    at: int  # seconds since 1970
    windows: dict[str, UsageWindow]


def account_of(profile: Profile) -> str:
    """Return what identifies the account of a profile; "": it has no windows.

    A key is billed by what it uses. A login's tokens change all the time, a
    setup token has no account in its file.
    """
    if profile.provider == LOGIN_PROVIDER:
        fields = profile.fields
        account = fields.get("account_uuid", "")
        return account and f"{account} {fields.get('organization_uuid', '')}"
    if profile.provider == "claude-token":
        refs = profile.secrets.values()
        prints = (ref.fingerprint for ref in refs if ref.fingerprint)
        return next((f"token {one}" for one in prints), "")
    return ""


def path_of(paths: Paths, account: str) -> str:
    """Return the file of an account."""
    return os.path.join(paths.usage_dir, f"account-{name_of(account)}.json")


def name_of(text: str) -> str:
    """Return a file name that stands for a text."""
    return sha256(text.encode("utf-8", "surrogatepass"))[:32]


def record(
    paths: Paths, account: str, windows: dict[str, UsageWindow], now: float
) -> None:
    """Keep what was seen of an account's windows just now.

    Raises KeyswitchError where the file cannot be written.
    """
    if not account or not windows:
        return
    path = path_of(paths, account)
    try:
        known = _read(path)
    except NewerFileError:
        return
    except KeyswitchError:
        known = None
    if known is not None and known.at > now and known.windows == windows:
        return
    ensure_private_dir(paths.usage_dir)
    shown = {name: one._asdict() for name, one in windows.items()}
    write_private(path, own_json.encode(at=int(now), windows=shown))


def read(paths: Paths, account: str) -> Usage | None:
    """Return what was seen of an account last; None: nothing is known."""
    if not account:
        return None
    try:
        return _read(path_of(paths, account))
    except KeyswitchError:
        return None


def _read(path: str) -> Usage | None:
    data = read_regular(path, LIMIT)
    if data is None:
        return None
    found = own_json.read(Usage, path, data, "it is recorded again")
    is_sound = all(one.is_sound for one in found.windows.values())
    return found if is_sound else None
