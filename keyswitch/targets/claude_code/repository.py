"""Which settings files a repository brings along, and whether they matter.

Part of the express lane. Observed, Claude Code 2.1.330: `settings.json` counts
in the directory that a session starts in and nowhere above it;
`settings.local.json` counts there and at the top of the repository, which for
a linked worktree is the main checkout. Git's own variables and settings do
not matter. `tests/vectors/claude_code/layouts.json` has the lay-outs.
"""

from __future__ import annotations

import os
import stat

from keyswitch.disk.opening import read_opened, upwards

LIMIT = 1 << 20  # bytes of a settings file that are looked at here
_LINE = 1 << 20  # bytes of the files in which git names a folder; git's limit
_UTF_16 = b"\xff\xfe"  # Claude Code reads such a file, too
_GIT_FOLDER = "gitdir:"
_SPACES = " \t\n\v\f\r\ufeff"

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
    tops = (f for f in upwards(cwd) if _is_top(f))
    folder = next(tops, "")
    root = _main_checkout(folder) if folder else ""
    return root if root and not _is_home(root, home) else cwd


def _is_home(folder: str, home: str) -> bool:
    try:
        return os.path.samefile(folder, home)
    except OSError:
        return True  # a HOME that is not there could be any folder. Observed


def _is_top(folder: str) -> bool:
    """Tell whether there is a `.git`, whatever is in it."""
    path = folder + "/.git"
    return os.path.isdir(path) or os.path.isfile(path)


def _main_checkout(folder: str) -> str:
    """Return the folder of a worktree's main checkout, "" if it has none.

    A worktree counts as one only if git's files on both sides agree: a copy,
    and one that was moved by hand, is a repository of its own. Observed.
    """
    place = _line(folder + "/.git")
    if not place.startswith(_GIT_FOLDER):
        return folder
    place = _joined(folder, place.removeprefix(_GIT_FOLDER).strip())
    common = _joined(place, _line(place + "/commondir"))
    if os.path.dirname(place) != common + "/worktrees":
        return folder  # a submodule, or a repository kept elsewhere
    back = os.path.realpath(_joined(place, _line(place + "/gitdir")))
    if back != os.path.realpath(folder) + "/.git":
        return folder
    top, name = os.path.split(common)
    return top if name == ".git" else ""  # beside a bare one nothing counts


def _joined(folder: str, place: str) -> str:
    # Links are not resolved here: `..` only takes a name away.
    return os.path.normpath(os.path.join(folder, place))


def _line(path: str) -> str:
    """Return what a file of git's says, "" where Claude Code reads none.

    It follows no link to one, and no path has a NUL.
    """
    try:
        data = b"" if os.path.islink(path) else _read(path, _LINE)
    except OSError:
        return ""
    text = os.fsdecode(data or b"").strip(_SPACES)
    return "" if "\0" in text else text


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
