"""Environments that keyswitch is installed in, made by hand."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.components import ROOT

LAUNCHER = ROOT / "scripts" / "keyswitch"
STATE = (
    '{\n  "version": 1,\n  "active": "work",\n  "previous": "",\n'
    '  "stamp": "1"\n}\n'
)
# A `#!` line of Linux ends after 255 bytes, of older kernels after 127.
LONG = "/".join(["a-folder-with-a-rather-long-name"] * 9)


def packages():
    """Return the folders that hold what keyswitch needs."""
    return [p for p in sys.path if p.endswith("site-packages")]


def environment(folder):
    """Make an environment that has keyswitch in it; return its command.

    Like pip's, but without pip: the launcher is a copy, the packages are
    those of the tests.
    """
    bin_ = folder / "bin"
    bin_.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text(
        f"home = {os.path.dirname(os.path.realpath(sys.executable))}\n"
    )
    (bin_ / "python").symlink_to(os.path.realpath(sys.executable))
    add_packages(folder)
    return add_launcher(bin_)


def add_packages(prefix):
    """Let the Python of a prefix find keyswitch; name it as installed."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    site = prefix / "lib" / version / "site-packages"
    (site / "keyswitch-0.1.0.dist-info").mkdir(parents=True)
    lines = [str(ROOT), *packages()]
    (site / "keyswitch.pth").write_text("\n".join(lines) + "\n")
    return version


def installed(folder):
    """Make one whose packages are in its own folder; return it as well."""
    command = environment(folder)
    [site] = folder.glob("lib/*/site-packages")
    (site / "keyswitch.pth").unlink()
    (site / "keyswitch").symlink_to(ROOT / "keyswitch")
    for path in packages():
        for entry in Path(path).iterdir():
            if entry.suffix != ".pth" and not (site / entry.name).exists():
                (site / entry.name).symlink_to(entry)
    return command, site


def add_launcher(folder):
    """Put the launcher into a folder as an installer does."""
    folder.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(LAUNCHER, folder / "keyswitch"))


class Person:
    """A home of its own, in which an installed keyswitch is started."""

    def __init__(self, home):
        self.home = home
        self.state = home / ".local" / "state" / "keyswitch"
        self.state.mkdir(parents=True, mode=0o700)
        (self.state / "state.json").write_text(STATE)
        self.profile = home / ".config/keyswitch/profiles/work.toml"
        self.profile.parent.mkdir(parents=True, mode=0o700)
        self.profile.touch(0o600)
        self.environ = {
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "PATH": os.defpath,
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *argv, **options):
        """Start a program; return what it came to."""
        environ = self.environ | options.pop("environ", {})
        return subprocess.run(
            [str(word) for word in argv], env=environ, text=True,
            capture_output=True, check=False, timeout=120,
            **{"cwd": self.home} | options,
        )  # fmt: skip

    def answer(self, *argv, **options):
        """Start a program that has to succeed; return what it printed."""
        done = self.run(*argv, **options)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout
