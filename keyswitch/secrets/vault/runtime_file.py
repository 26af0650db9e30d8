"""The unlock cache where there is no session keyring: containers, bare ssh.

The vault's data key lies in the runtime directory (in memory, private to the
user; where a login made none, in a private folder that is made here), wrapped
under a key that only the unlocking shell has, in `KEYSWITCH_SESSION`. The file
without the variable opens nothing, nor does the variable without the file. It
ends with its time, with `lock`, and with a reboot.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
import time

from keyswitch.disk import atomic
from keyswitch.errors import FileStateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyswitch.profiles.paths import Paths

VARIABLE = "KEYSWITCH_SESSION"

_LIMIT = 4096  # bytes
_NONCE = 12


def path_of(paths: Paths, vid: str) -> str:
    """Return the file, or "" where no runtime directory can be trusted."""
    folder = _folder(paths)
    if not folder or not _is_private(folder):
        return ""
    return os.path.join(folder, f"keyswitch-{vid}")


def _folder(paths: Paths) -> str:
    if paths.runtime or os.name != "posix":
        return paths.runtime
    usual = f"/run/user/{os.getuid()}"
    if _is_private(usual):
        return usual  # `su` and `sudo` take the variable away, not the folder
    shared = os.environ.get("TMPDIR") or "/dev/shm"  # noqa: S108 - 0700 below
    if not os.path.isabs(shared) or not os.path.isdir(shared):
        shared = "/tmp"  # noqa: S108 - the same
    return os.path.join(shared, f"keyswitch-{os.getuid()}")


def _is_private(folder: str) -> bool:
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    mine = found.st_uid == os.getuid()
    return mine and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077


def write(paths: Paths, vid: str, data_key: bytes, timeout: int) -> str:
    """Keep a data key; returns the variable's value, "" if it cannot be."""
    if not paths.runtime and (folder := _folder(paths)):
        # Who made it before, if anybody, is looked at below.
        with contextlib.suppress(OSError):
            os.mkdir(folder, 0o700)
    path = path_of(paths, vid)
    if not path:
        return ""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    session, nonce = os.urandom(32), os.urandom(_NONCE)
    bound = {"boot": _boot(), "ends": int(_now()) + timeout, "vid": vid}
    sealed = ChaCha20Poly1305(session).encrypt(nonce, data_key, _text(bound))
    document = {**bound, "key": (nonce + sealed).hex()}
    atomic.write_private(path, json.dumps(document).encode())
    return session.hex()


def read(paths: Paths, vid: str, session: str) -> bytes | None:
    """Return the data key, or None when it is not (or no longer) kept."""
    path = path_of(paths, vid)
    if not path or not session:
        return None
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        found = json.loads(atomic.read_regular(path, _LIMIT) or b"{}")
        sealed = bytes.fromhex(found.pop("key"))
        if found["boot"] != _boot() or found["ends"] < _now():
            drop(paths)
            return None
        key = ChaCha20Poly1305(bytes.fromhex(session)).decrypt(
            sealed[:_NONCE], sealed[_NONCE:], _text(found)
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    except (RecursionError, InvalidTag, FileStateError):
        return None
    return key if found.get("vid") == vid else None


def drop(paths: Paths) -> int:
    """Forget every kept key of this user; return how many there were."""
    count = 0
    if path_of(paths, "x"):
        folder = _folder(paths)
        for name in os.listdir(folder):
            if name.startswith("keyswitch-"):
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(folder, name))
                    count += 1
    return count


def _text(bound: dict[str, object]) -> bytes:
    return json.dumps(bound, sort_keys=True).encode()


def _now() -> float:
    """Return seconds since boot, time asleep included."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", 1))


def _boot() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
