"""git, asked about a repository: told to run nothing of it, with a deadline.

Part of the express lane: `subprocess` alone takes as long to load as all the
rest of a `keyswitch env`.
"""

from __future__ import annotations

import os
import select
import time

from keyswitch.disk.opening import is_below

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SIGKILL = 9  # `signal` would load `enum`
LIMIT = 1.0  # seconds for all calls about one place
_OPTIONS = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    # A person may forbid git to work in one; its remotes are asked for here.
    "safe.bareRepository=all",
)
_KEPT = ("HOME", "PATH", "SystemRoot", "XDG_CONFIG_HOME")
_SET = {
    "GIT_DISCOVERY_ACROSS_FILESYSTEM": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class Git:
    """A git that is asked in one folder.

    `top` is the folder of the repository, whose own programs are not run.
    Raises FileNotFoundError where there is no git.
    """

    def __init__(
        self,
        folder: str,
        environ: Mapping[str, str],
        top: str,
        git_dir: str = "",
    ) -> None:
        self._words = [_program(environ, top or folder)]
        for option in _OPTIONS:
            self._words += ("-c", option)
        self._words += ("-C", folder)
        self._environ = _SET | {
            name: value
            for name, value in environ.items()
            if name in _KEPT or name.startswith("GIT_CONFIG")
        }
        if git_dir:
            self._environ["GIT_DIR"] = git_dir
        self._until = time.monotonic() + LIMIT

    def lines(self, *words: str) -> tuple[int, list[str]]:
        """Return git's status and what it prints.

        Raises OSError where it takes too long.
        """
        status, data = _run([*self._words, *words], self._environ, self._until)
        return status, os.fsdecode(data).splitlines()


def _program(environ: Mapping[str, str], below: str) -> str:
    """Return the git that a person's own shell would run.

    Not one that lies in the repository itself.
    """
    for entry in environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.realpath(os.path.join(entry, "git"))
        inside = is_below(os.path.realpath(entry), os.path.realpath(below))
        if os.path.isabs(entry) and not inside and os.access(path, os.X_OK):
            return os.path.join(entry, "git")
    raise FileNotFoundError("git")


def _run(
    argv: list[str], environ: dict[str, str], until: float
) -> tuple[int, bytes]:
    if not hasattr(os, "posix_spawn"):
        return _run_slowly(argv, environ, until)
    reader, writer = os.pipe()
    null = os.open(os.devnull, os.O_RDWR)
    ends = ((null, 0), (writer, 1), (null, 2))
    actions = [(os.POSIX_SPAWN_DUP2, fd, place) for fd, place in ends]
    try:
        pid = os.posix_spawn(argv[0], argv, environ, file_actions=actions)
    except BaseException:
        os.close(reader)
        raise
    finally:
        os.close(writer)
        os.close(null)
    data = b""
    try:
        while more := _read(reader, until):
            data += more
    except BaseException:
        os.kill(pid, _SIGKILL)
        raise
    finally:
        os.close(reader)
        status = _wait(pid)
    return status, data


def _read(fd: int, until: float) -> bytes:
    """Return what comes next; b"" at the end."""
    left = max(0.0, until - time.monotonic())
    if not select.select([fd], (), (), left)[0]:
        raise OSError(f"git did not list the remotes within {LIMIT:.0f} s")
    return os.read(fd, 1 << 16)


def _wait(pid: int) -> int:
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    except ChildProcessError:  # who started us has children reaped unasked
        return 0


def _run_slowly(
    argv: list[str], environ: dict[str, str], until: float
) -> tuple[int, bytes]:
    """Do the same where a process is started in another way: Windows."""
    import subprocess

    left = max(0.01, until - time.monotonic())
    try:
        done = subprocess.run(
            argv,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=left,
        )
    except subprocess.TimeoutExpired as e:
        raise OSError(
            f"git did not list the remotes within {LIMIT:.0f} s"
        ) from e
    return done.returncode, done.stdout
