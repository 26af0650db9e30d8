"""Running sessions: found by folder, and when they follow a switch.

Observed, Claude Code 2.1.330, between two turns of one session: it takes a
new login, a value of settings.json that was added or changed, and an
`apiKeyHelper` that came, changed or went. It keeps a value that was removed
from the settings' `env`, a managed key, and what its shell exported. The
answer of a helper whose command stays the same is kept for five minutes and
one turn, and AWS credentials until they are refused.

Each session keeps `sessions/<pid>.json` in its folder from its first tenth of
a second on and removes it at its end. A killed one leaves it, so a file counts
only while its process has the start time that it names. Sessions without a
file are found through /proc, where there is one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from keyswitch.disk.atomic import read_regular
from keyswitch.disk.opening import read_opened
from keyswitch.errors import FileStateError
from keyswitch.model import FILE_LIMIT, FileChange, Frozen
from keyswitch.targets.claude_code.files import CONFIG_VARIABLE, config_dir_of
from keyswitch.targets.claude_code.login.stored import global_config
from keyswitch.targets.claude_code.rules import CONSOLE_KEY, HELPER, LOGIN
from keyswitch.targets.claude_code.settings.settings_file import env_of, members
from keyswitch.targets.values import (
    MINUTES,
    NEXT_TURN,
    RESTART,
    Follows,
    RunningSession,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keyswitch.providers.schema import ClaudeCode
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.values import Account


def follows(
    account: Account | None,
    places: Locations,
    changed: Mapping[str, FileChange],
) -> Follows:
    """Return when sessions follow a switch that changed these files."""
    taken = account and account.provider.claude_code_for(account.profile)
    is_login = taken is not None and taken.how == "login"
    when = RESTART
    if account is None or taken is None or not _by_variables(account, taken):
        when = _when(taken, places, changed)
    return Follows(when, is_login or places.credentials in changed)


def _when(
    taken: ClaudeCode | None,
    places: Locations,
    changed: Mapping[str, FileChange],
) -> str:
    """Return when sessions follow; "": nothing of theirs was moved."""
    path = places.settings
    if path in changed:
        before = members(changed[path].before) or {}
        after = members(changed[path].after) or {}
    else:
        before = after = members(read_regular(path, FILE_LIMIT)) or {}
    env, new_env = env_of(before), env_of(after)
    if any(value and name not in new_env for name, value in env.items()):
        return RESTART
    # Both use AWS, so the credentials of the former one are still there.
    if env.get("AWS_PROFILE") and new_env.get("AWS_PROFILE"):
        return RESTART
    helper = after.get(HELPER)
    login = _login_of(changed.get(places.credentials))
    key, new_key = _managed_keys(changed.get(places.global_config))
    if key != new_key and (new_key or not (helper or login)):
        return RESTART
    if before != after or places.credentials in changed or key != new_key:
        return NEXT_TURN
    if taken is not None and taken.how == "login":
        return NEXT_TURN  # it lies in a keychain
    return MINUTES if helper and taken is not None else ""


def _by_variables(account: Account, taken: ClaudeCode) -> bool:
    """Tell whether a session gets this account from its start only."""
    profile = account.profile
    if profile.isolated:
        return True
    if taken.how in ("none", "login") or not profile.secrets:
        return False
    return not (taken.helper_field or taken.aws_export)


def _login_of(change: FileChange | None) -> object:
    login = (members(change.after if change else None) or {}).get(LOGIN)
    return isinstance(login, dict) and login.get("accessToken")


def _managed_keys(change: FileChange | None) -> tuple[str, str]:
    if change is None:
        return "", ""
    before, after = (
        # Often a file of megabytes, and seldom one with a key.
        global_config(data).managed_key
        if data and CONSOLE_KEY.encode() in data
        else ""
        for data in (change.before, change.after)
    )
    return before, after


_PROC = "/proc"
_FILE_LIMIT = 1 << 16  # bytes of a session's file; observed: 700
_LINE_LIMIT = 1 << 12  # bytes of a command line; its first words matter
_ENVIRON_LIMIT = 1 << 22  # bytes; more than the system passes on by default

# Statuses of a session that is not in a turn; "shell": a command of its runs
# in the background. The others are "busy" and "waiting", for an answer.
_AT_REST = ("idle", "shell")

# Programs that run Claude Code as a script, and how its package is called.
_INTERPRETERS = (b"node", b"nodejs", b"bun")
_PACKAGE = b"/@anthropic-ai/claude-code/"
_INSTALLED = b"/claude/versions"  # of files that are named after a version

# First words after which it is no session.
_NO_SESSION = frozenset(
    b"--help --version -h -v auth config doctor install mcp plugin "
    b"setup-token update".split()
)


class _Process(Frozen):
    parent: int
    ticks: str  # its start, in clock ticks since the system's


def find(config_dir: str) -> list[RunningSession]:
    """Return the running sessions of this person and folder, by pid."""
    if os.name != "posix":
        return []  # there, signal 0 is no question
    found = {s.pid: s for s in _with_files(config_dir)}
    if _has_proc():
        found |= {s.pid: s for s in _without_files(config_dir, set(found))}
    return [found[pid] for pid in sorted(found)]


def ancestors() -> set[int]:
    """Return the processes that this one was started by."""
    found = set()
    pid = os.getppid()
    while pid > 0 and pid not in found:
        found.add(pid)
        process = _process(pid)
        pid = process.parent if process else 0
    return found


def _has_proc() -> bool:
    return os.path.exists(f"{_PROC}/self/stat")


def _with_files(config_dir: str) -> Iterator[RunningSession]:
    folder = os.path.join(config_dir, "sessions")
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        pid = _number(name.removesuffix(".json"))
        if pid and name == f"{pid}.json":
            document = _document(os.path.join(folder, name)) or {}
            if document.get("pid") == pid and _is_running(pid, document):
                yield _described(pid, document)


def _number(text: str) -> int:
    """Return a process id, or 0 for any other text."""
    good = text.isascii() and text.isdigit() and len(text) <= 10
    return int(text) if good else 0


def _document(path: str) -> dict[str, Any] | None:
    try:
        return members(read_regular(path, _FILE_LIMIT))
    except FileStateError:
        return None


def _is_running(pid: int, document: Mapping[str, Any]) -> bool:
    """Tell whether the process of a session's file still is that session."""
    if not _has_proc():
        try:
            os.kill(pid, 0)
        except (OSError, OverflowError):
            return False
        return True
    process = _process(pid)
    if process is None:
        return False
    start = document.get("procStart")
    return process.ticks == start if start else _is_claude(pid)


def _described(pid: int, document: Mapping[str, Any]) -> RunningSession:
    texts = (document.get(key) for key in ("cwd", "status"))
    cwd, status = (text if isinstance(text, str) else "" for text in texts)
    return RunningSession(pid, cwd, status, status not in _AT_REST)


def _process(pid: int) -> _Process | None:
    """Return a living process of this person, or None."""
    try:
        if os.stat(f"{_PROC}/{pid}").st_uid != os.getuid():
            return None
    except OSError:
        return None
    # The name stands in parentheses and may hold any character.
    fields = _start_of(pid, "stat", _LINE_LIMIT).rpartition(b")")[2].split()
    if len(fields) < 20 or fields[0] in (b"Z", b"X"):
        return None
    return _Process(int(fields[1]), fields[19].decode())


def _start_of(pid: int, name: str, limit: int) -> bytes:
    """Return the first bytes of a process's file; b"": it is kept from us."""
    try:
        return read_opened(f"{_PROC}/{pid}/{name}", limit)[0]
    except OSError:
        return b""


def _without_files(
    config_dir: str, known: set[int]
) -> Iterator[RunningSession]:
    wanted = os.path.realpath(config_dir)
    processes = {}
    for name in os.listdir(_PROC):
        pid = _number(name)
        if pid and pid not in known and _is_claude(pid):
            process = _process(pid)
            if process is not None:
                processes[pid] = process
    for pid, process in processes.items():
        if process.parent in known or process.parent in processes:
            continue  # a session's own helper process
        cwd = _cwd(pid)
        folder = _folder_of(pid, cwd)
        if folder is not None and os.path.realpath(folder) == wanted:
            yield RunningSession(pid, cwd)


def _is_claude(pid: int) -> bool:
    """Tell by its command line whether a process is a session."""
    words = _start_of(pid, "cmdline", _LINE_LIMIT).split(b"\0")
    if os.path.basename(words[0]) in _INTERPRETERS:
        words = words[1:]
        while words and words[0].startswith(b"-"):
            words = words[1:]
    if not words or (len(words) > 1 and words[1] in _NO_SESSION):
        return False
    folder, name = os.path.split(words[0])
    return (
        name == b"claude" or folder.endswith(_INSTALLED) or _PACKAGE in words[0]
    )


def _cwd(pid: int) -> str:
    try:
        return os.readlink(f"{_PROC}/{pid}/cwd")
    except OSError:
        return ""


def _folder_of(pid: int, cwd: str) -> str | None:
    """Return a process's configuration folder, by its own variables.

    Of its environment two variables are read; the rest is not kept.
    """
    wanted = (CONFIG_VARIABLE, "HOME")
    found: dict[str, str] = {}
    for pair in _start_of(pid, "environ", _ENVIRON_LIMIT).split(b"\0"):
        name, _, value = pair.partition(b"=")
        if (known := os.fsdecode(name)) in wanted:
            found.setdefault(known, os.fsdecode(value))
    if not any(found.values()):
        return None
    return config_dir_of(found, found.get("HOME", ""), cwd)
