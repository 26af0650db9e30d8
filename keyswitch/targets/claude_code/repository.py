"""Which settings files a repository brings along, and whether they matter.

Part of the express lane. Observed, Claude Code 2.1.330: `settings.json` counts
in the directory that a session starts in and nowhere above it;
`settings.local.json` counts there and at the top of the repository, which for
a linked worktree is the main checkout.
"""

from __future__ import annotations

import os
import stat

from keyswitch.disk.opening import read_opened, upwards

LIMIT = 1 << 20  # bytes of a settings file that are looked at here
_LINE = 1 << 20  # bytes of the files in which git names a folder; git's limit
_UTF_16 = b"\xff\xfe"  # Claude Code reads such a file, too

# Parts of names that decide where a credential goes. JSON may write a name
# with escapes, so one of those is as suspicious.
_SIGNS = (
    b"_URL",
    b"_HOST",
    b"_SOCKET",
    b"_RESOURCE",
    b"_REGION",
    b"CLAUDE_CODE_USE_",
    b"CLAUDE_CODE_SKIP_",
    b"apiKeyHelper",
    b"awsCredentialExport",
    b"_PROXY",
    b"_proxy",
    b"_CERT",
    b"_TLS_",
    b"\\u",
)


def root_of(cwd: str, home: str) -> str:
    """Return the folder whose local settings count here, or `cwd`.

    A home directory that is a repository counts only for a session that was
    started in it.
    """
    tops = (f for f in upwards(cwd) if os.path.exists(f + "/.git"))
    folder = next(tops, "")
    root = _main_checkout(folder) if folder else ""
    if not root or os.path.normpath(root) == os.path.normpath(home):
        return cwd
    return root


def _main_checkout(folder: str) -> str:
    """Return the folder of a worktree's main checkout, "" if it has none."""
    word, _, place = _line(folder + "/.git").partition(":")
    if word != "gitdir":
        return folder
    place = os.path.join(folder, place.strip())
    common = _line(place + "/commondir").strip()
    if not common:
        return folder  # a submodule, or a repository kept elsewhere
    common = os.path.realpath(os.path.join(place, common))
    top, name = os.path.split(common)
    return top if name == ".git" else ""  # beside a bare one nothing counts


def _line(path: str) -> str:
    try:
        data = _read(path, _LINE) or b""
    except OSError:
        return ""
    return os.fsdecode(data.partition(b"\0")[0].strip())


def suspicious(cwd: str, home: str) -> bool:
    """Tell whether a settings file from here may move a credential.

    One that cannot be looked through is as good as one that does.
    """
    folders = dict.fromkeys((cwd, root_of(cwd, home)))
    paths = [f"{folder}/.claude/settings.local.json" for folder in folders]
    paths.append(cwd + "/.claude/settings.json")
    # In HOME that is the person's own file, with keyswitch's helper in it.
    own = os.environ.get("CLAUDE_CONFIG_DIR", home + "/.claude")
    return any(
        _is_suspicious(path) for path in paths if path != own + "/settings.json"
    )


def _is_suspicious(path: str) -> bool:
    try:
        data = _read(path, LIMIT)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False  # for Claude Code as well
    except OSError:
        return True
    if data is None:
        return True
    return data.startswith(_UTF_16) or any(sign in data for sign in _SIGNS)


def _read(path: str, limit: int) -> bytes | None:
    """Return a file's bytes; None if it is too large, or no plain file."""
    data, found = read_opened(path, limit + 1)
    is_plain = stat.S_ISREG(found.st_mode)
    return data if is_plain and len(data) <= limit else None
