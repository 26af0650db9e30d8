"""Which shell asks: the parent process, never `$SHELL`.

`$SHELL` is the login shell, also in a bash that was started from fish.
"""

from __future__ import annotations

import os
import sys

_SAME = ("bash", "cmd", "fish", "ksh", "nu", "powershell", "sh", "zsh")
# Program names -> names in SHELLS. `ash`, `posh` and `yash` take what any
# POSIX sh takes.
_PROGRAMS = {
    **dict(zip(_SAME, _SAME, strict=True)),
    **dict.fromkeys(("ash", "busybox", "dash"), "sh"),
    **dict.fromkeys(("ksh93", "lksh", "mksh"), "ksh"),
    "pwsh": "powershell",
}


def parent_shell() -> str:
    """Return the parent process's shell, or "sh" for any other parent."""
    for program in _parent_names():
        shell = _shell_of(program)
        if shell:
            return shell
    return "sh"


def _shell_of(program: str) -> str:
    """Return the shell of a program name such as `-zsh` or `bash-5.2`."""
    name = os.path.basename(program.strip()).removesuffix(" (deleted)")
    name = name.lower().removeprefix("-").removesuffix(".exe")
    return _PROGRAMS.get(name) or _PROGRAMS.get(name.rstrip("-.0123456789"), "")


def _parent_names() -> list[str]:
    """Return what the parent is called, the surest name first.

    The executable comes before the name: a bash that runs as `sh` takes bash's
    text, and its name may be anything.
    """
    if sys.platform != "linux":
        return _names_by_ps(os.getppid())
    folder = f"/proc/{os.getppid()}"
    return [_executable(folder), _command(folder)]


def _executable(folder: str) -> str:
    try:
        return os.readlink(f"{folder}/exe")
    except OSError:  # another user's process, or no /proc
        return ""


def _command(folder: str) -> str:
    try:
        with open(f"{folder}/comm", encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        return ""


def _names_by_ps(pid: int) -> list[str]:
    if os.name != "posix":
        return ["powershell"]  # cmd has nothing like eval
    import subprocess

    try:
        done = subprocess.run(
            ["/bin/ps", "-o", "comm=", "-p", str(pid)],
            capture_output=True,
            check=False,
            text=True,
            timeout=1,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [done.stdout]
