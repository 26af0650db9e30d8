"""The unlock cache: short-lived values in the kernel's session keyring.

Part of the express lane. An entry is readable by processes of this login
session only (possessor rights), never touches a disk, and the kernel deletes
it when its time is up. Measured: a process of the same user in another session
gets EACCES. Where a process has no session keyring of its own the kernel falls
back to one that all of the user's sessions share; that one is not used.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Ref = tuple[str, str, int]  # store, item, generation

PREFIX = "keyswitch:"
VALUES_PREFIX = f"{PREFIX}val:"
LOGINS_PREFIX = f"{PREFIX}login:"  # to managers that are asked over HTTP
MAX_VALUE = 32 * 1024 - 1  # bytes, the kernel's limit for a user key

# Numbers of add_key, keyctl and prctl, by machine (asm/unistd.h).
_CALLS = {
    "x86_64": (248, 250, 157),
    "aarch64": (217, 219, 167),
    "riscv64": (217, 219, 167),
}
_ADD_KEY, _KEYCTL, _PRCTL = 0, 1, 2  # places in a row of the table

_SET_DUMPABLE = 4  # PR_SET_DUMPABLE, of prctl
_SESSION = -3  # KEY_SPEC_SESSION_KEYRING
# Operations of keyctl.
_GET_ID, _REVOKE, _SETPERM, _DESCRIBE = 0, 3, 5, 6
_UNLINK, _SEARCH, _READ, _TIMEOUT = 9, 10, 11, 15
_POSSESSOR_ALL = 0x3F000000

_session: int | None = None


# The C types long and char, and the libc function syscall, once loaded.
_libc: list[tuple[Any, Any, Any]] = []


def _load() -> tuple[Any, Any, Any] | None:
    if not _libc:
        try:
            _libc.append(_below_ctypes())
        except (ImportError, AttributeError, TypeError):
            # Nobody promised that module: another Python may differ.
            try:
                import ctypes
            except ImportError:
                return None
            function = ctypes.CDLL(None).syscall
            function.restype = ctypes.c_long
            _libc.append((ctypes.c_long, ctypes.c_char, function))
    return _libc[0]


def _below_ctypes() -> tuple[Any, Any, Any]:
    """Use the C part of ctypes; the rest is a tenth of a bare interpreter."""
    import _ctypes

    class Long(_ctypes._SimpleCData):  # type: ignore[type-arg]  # noqa: SLF001
        _type_ = "l"

    class Char(_ctypes._SimpleCData):  # type: ignore[type-arg]  # noqa: SLF001
        _type_ = "c"

    class Function(_ctypes.CFuncPtr):
        _flags_ = _ctypes.FUNCFLAG_CDECL
        _restype_ = Long

    libc = _ctypes.dlopen(None, 0)  # type: ignore[arg-type]
    return Long, Char, Function(_ctypes.dlsym(libc, "syscall"))


def close_to_others() -> None:
    """Let this process leave no core file, and show nothing in /proc.

    To be called before a secret is in memory. What is executed later is open
    again, which is right for a child that was given the secret: whoever starts
    programs of keyswitch's own calls `secret.forbid_cores` as well.
    """
    if _system_call(_PRCTL, _SET_DUMPABLE, 0) != 0:
        from keyswitch.secret import forbid_cores

        forbid_cores()


def _numbers() -> tuple[int, int, int] | None:
    if sys.platform != "linux":
        return None
    import os

    return _CALLS.get(os.uname().machine)


def _system_call(which: int, *args: object) -> int:
    """Call one of the table; -1 on every failure."""
    numbers = _numbers()
    libc = _load() if numbers else None
    if numbers is None or libc is None:
        return -1
    long, _, syscall = libc
    converted = [long(arg) if isinstance(arg, int) else arg for arg in args]
    return int(syscall(long(numbers[which]), *converted))


def _call(operation: int, *args: object) -> int:
    return _system_call(_KEYCTL, operation, *args)


def _memory(size: int) -> Any:
    """Return zeroed memory that C may write to; a call was answered before."""
    char = _libc[0][1]
    return (char * size)()


def _session_keyring() -> int:
    """Return the id of this session's own keyring, or -1."""
    global _session  # noqa: PLW0603 - asked once for a process
    if _session is None:
        _session = _find_session()
    return _session


def _find_session() -> int:
    serial = _call(_GET_ID, _SESSION, 0)
    if serial < 0:
        return -1
    buffer = _memory(256)
    size = _call(_DESCRIBE, serial, buffer, 256)
    if size < 0:
        return -1
    # type;uid;gid;permissions;name - a session shared by all logins of the
    # user is called _uid_ses.<uid>
    name = buffer.value.rpartition(b";")[2]
    return -1 if name.startswith(b"_uid") else serial


def available() -> tuple[bool, str]:
    """Tell whether values can be cached here, and if not, why."""
    if _numbers() is None:
        return False, "no kernel keyring on this system"
    if _session_keyring() < 0:
        return False, "this session has no session keyring"
    return True, ""


def read(description: str) -> bytes | None:
    """Return a cached value, or None."""
    keyring = _session_keyring()
    if keyring < 0:
        return None
    key = _call(_SEARCH, keyring, b"user", description.encode(), 0)
    if key < 0:
        return None
    size = 4096
    while True:
        buffer = _memory(size)
        length = _call(_READ, key, buffer, size)
        if length < 0:
            return None
        if length <= size:
            return bytes(buffer.raw[:length])
        size = length


def read_value(ref: Ref, version: str) -> str | None:
    """Return the cached value of a secret, or None.

    `version` tells what it was cached for: another one does not find it.
    """
    cached = read(_name_of(ref, version))
    return None if cached is None else cached.decode()


def write_value(ref: Ref, version: str, value: str, timeout: int) -> None:
    """Cache the value of a secret, in place of that of another version."""
    drop(_name_of(ref, ""))
    write(_name_of(ref, version), value.encode(), timeout)


def _name_of(ref: Ref, version: str) -> str:
    if ref[0] == "reference":
        version = ""  # the manager's value, whichever profile it is read for
    return f"{VALUES_PREFIX}{ref[1]}:{ref[2]}:{version}"


def write(description: str, payload: bytes, timeout: int) -> bool:
    """Cache a value for `timeout` seconds; False if that cannot be done."""
    keyring = _session_keyring()
    if keyring < 0 or not payload or len(payload) > MAX_VALUE:
        return False
    key = _system_call(
        _ADD_KEY, b"user", description.encode(), payload, len(payload), keyring
    )
    if key < 0:
        return False  # no room in the user's quota, or forbidden here
    if (
        _call(_TIMEOUT, key, timeout) < 0
        or _call(_SETPERM, key, _POSSESSOR_ALL) < 0
    ):
        _call(_REVOKE, key)
        return False
    return True


def drop(prefix: str = PREFIX) -> int:
    """Revoke every entry whose description begins so; return how many."""
    dropped = 0
    for key, description in entries():
        if description.startswith(prefix):
            _call(_REVOKE, key)
            _call(_UNLINK, key, _session_keyring())
            dropped += 1
    return dropped


def entries() -> list[tuple[int, str]]:
    """Return keyswitch's entries as (key id, description)."""
    keyring = _session_keyring()
    if keyring < 0:
        return []
    size = _call(_READ, keyring, None, 0)
    if size <= 0:
        return []
    buffer = _memory(size + 256)
    size = min(_call(_READ, keyring, buffer, len(buffer)), len(buffer))
    found = []
    for at in range(0, max(size, 0), 4):
        key = int.from_bytes(
            buffer.raw[at : at + 4], sys.byteorder, signed=True
        )
        text = _memory(4096)
        if _call(_DESCRIBE, key, text, 4096) < 0:
            continue
        description = text.value.split(b";", 4)[-1].decode("utf-8", "replace")
        if description.startswith(PREFIX):
            found.append((key, description))
    return sorted(found, key=lambda entry: entry[1])
