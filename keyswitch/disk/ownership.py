"""Refuse paths that other users could lead to a place of theirs.

A rename, or a new file, goes where its path leads at that moment. So every
directory and every symbolic link on the way has to be the user's own or
root's, as far down as the home; what lies above that is not for a user to
mend. Root in another user's home would leave files there that this user
cannot change any more, so it makes none.
"""

from __future__ import annotations

import os
import stat

from keyswitch.disk.opening import MAX_LINKS, upwards
from keyswitch.errors import FileStateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def is_foreign_home() -> bool:
    """Tell whether this is root in the home of somebody else."""
    home = os.environ.get("HOME", "")
    if os.name != "posix" or os.getuid() != 0 or not home:
        return False
    try:
        return os.stat(home).st_uid not in _trusted()
    except OSError:
        return False  # who uses it will say so


def require_own_home() -> None:
    """Refuse to be root in the home of somebody else."""
    if is_foreign_home():
        home = os.environ["HOME"]
        raise FileStateError(
            f"{home} belongs to {_name_of(os.stat(home).st_uid)}, but you are "
            "root",
            "run it without sudo, or with sudo -H to use root's home",
        )


def require_own_way(
    path: str, called: str = "", *, present: bool = False
) -> str:
    """Refuse a path that other users could lead somewhere else.

    Returns where it leads. It need not exist, unless `present` says so; only
    then it leads there for good. `called` is how a person calls it.
    """
    path = os.path.abspath(path)
    if os.name != "posix":
        return os.path.realpath(path)
    require_own_home()
    called = f"{called}: " if called else ""
    trusted, above = _trusted(), _above_home()
    at = "/"
    for at, found in _way(path):
        if found is None:
            if present:
                raise _moving(called + path)
        elif at not in above:
            _require_own(at, found, called, trusted)
    return at


def require_way_to(target: str, path: str) -> None:
    """Refuse a path that others could lead elsewhere, or just have led."""
    if require_own_way(path, path) != target and os.name == "posix":
        raise _moving(path)


def _moving(what: str) -> FileStateError:
    return FileStateError(
        f"another program is changing {what}", "try again in a moment"
    )


def _require_own(
    at: str, found: os.stat_result, called: str, trusted: tuple[int, ...]
) -> None:
    if found.st_uid not in trusted:
        if stat.S_ISLNK(found.st_mode):
            raise FileStateError(
                f"{called}the symbolic link {at} belongs to another user",
                "remove that link if you do not want it",
            )
        raise FileStateError(
            f"{called}{at} belongs to another user",
            "run keyswitch as that user, or use another folder",
        )
    mode = found.st_mode
    if stat.S_ISDIR(mode) and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        from shlex import quote  # for an error only

        raise FileStateError(
            f"{called}everyone can write to {at}",
            f"remove that permission: chmod o-w {quote(at)}",
        )


def _trusted() -> tuple[int, ...]:
    """Return the users who can do everything here, or are this one.

    In a user namespace root may have no number, but it still owns "/".
    """
    return os.getuid(), 0, os.stat("/").st_uid


def _above_home() -> set[str]:
    """Return the directories above the home, as written and as they are."""
    home = os.environ.get("HOME", "")
    paths = (os.path.abspath(home), os.path.realpath(home)) if home else ()
    return {at for path in paths for at in upwards(os.path.dirname(path))}


def _way(path: str) -> Iterator[tuple[str, os.stat_result | None]]:
    """Yield all that is passed on the way to a path, links and their ends.

    None stands for what is not there; what follows it is in its path.
    """
    at, links = "/", 0
    rest = path.split("/")[::-1]
    while rest:
        name = rest.pop()
        if name in ("", "."):
            continue
        if name == "..":
            at = os.path.dirname(at)
            continue
        at = os.path.join(at, name)
        try:
            found = os.lstat(at)
            if stat.S_ISLNK(found.st_mode) and links < MAX_LINKS:
                yield at, found
                links += 1
                target = os.readlink(at)
                rest += target.split("/")[::-1]
                at = "/" if target.startswith("/") else os.path.dirname(at)
            else:
                yield at, found
        except OSError:
            # Or for those who use it to say.
            yield os.path.join(at, *rest[::-1]), None
            return


def _name_of(uid: int) -> str:
    import pwd

    try:
        return f"the user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"user {uid}"
