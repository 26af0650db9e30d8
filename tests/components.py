"""The real programs that tests drive, and where to find them.

Claude Code and nushell come from npm (tests/real/package.json); the others
from the system's packages. A missing one skips its tests with a reason, or
fails them where KEYSWITCH_REQUIRE_REAL=1 says that nothing may be missing.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NODE_MODULES = ROOT / ".cache" / "node_modules"

# name in @pytest.mark.real(...) -> programs that all have to be there
PROGRAMS = {
    "acl": ("setfacl", "getfacl"),
    "bash": ("bash",),
    "busybox": ("busybox",),
    "claude": ("claude",),
    "dash": ("dash",),
    "direnv": ("direnv",),
    "fish": ("fish", "fish_indent"),
    "gnome-keyring": ("gnome-keyring-daemon", "dbus-run-session"),
    "hyperfine": ("hyperfine",),
    "keepassxc": ("keepassxc", "dbus-run-session"),
    "keyctl": ("keyctl",),
    "ksh": ("ksh",),
    "mksh": ("mksh",),
    "nu": ("nu",),
    "other-users": ("setpriv",),  # and this clone must be readable for them
    "power": ("losetup", "mkfs.ext4", "mount", "umount", "unshare", "strace"),
    "prlimit": ("prlimit",),
    "pwsh": ("pwsh",),
    "secret-tool": ("secret-tool",),
    "setpriv": ("setpriv",),
    "shellcheck": ("shellcheck",),
    "strace": ("strace",),
    "tmux": ("tmux",),
    "unshare": ("unshare", "mount"),
    "xattr": ("setfattr", "getfattr"),
    "zsh": ("zsh",),
}

# Not in Debian's archive: skipped where absent, whatever is required.
OPTIONAL = {"pwsh"}

# program -> (variable that names it, place below node_modules)
_FROM_NPM = {
    "claude": (
        "KEYSWITCH_TEST_CLAUDE",
        "@anthropic-ai/claude-code-linux-x64/claude",
    ),
    "nu": ("KEYSWITCH_TEST_NU", "@nushell/linux-x64/bin/nu"),
}


def locate(program: str) -> str | None:
    """Return the path of a program: variable, then clone, then PATH."""
    if program in _FROM_NPM:
        variable, place = _FROM_NPM[program]
        for path in (os.environ.get(variable), str(NODE_MODULES / place)):
            if path and os.access(path, os.X_OK):
                return str(Path(path).resolve())
    return shutil.which(program)


def missing(part: str) -> list[str]:
    """Return the programs of a part that cannot be found."""
    lost = [name for name in PROGRAMS[part] if locate(name) is None]
    if part == "other-users":
        lost += [f"way for other users into {path}" for path in _closed()]
    return lost


def _closed() -> list[Path]:
    """Return the folders that keep other users out of this clone."""
    above = (*reversed(ROOT.parents), ROOT)
    return [path for path in above if not path.stat().st_mode & stat.S_IXOTH]


def link_into(folder: Path) -> None:
    """Make the programs that lie outside PATH reachable by their names."""
    for program in _FROM_NPM:
        path = locate(program)
        if path is not None:
            (folder / program).symlink_to(path)
