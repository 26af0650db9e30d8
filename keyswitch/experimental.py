"""What has never run on a real machine of its kind, and the one way to say so.

Part of the express lane: `env` and `hook` say it, too. It is said once; a file
in the state folder remembers that.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS = "experimental: contract tests only, never run on a real one"
KINDS = {
    "cmd": "cmd",
    "kwallet": "KWallet",
    "macos": "the macOS login keychain",  # the backend
    "powershell": "PowerShell",
    "pwsh": "PowerShell",
    "win32": "Windows",
}
HELP = f"""\
PowerShell, cmd, Windows, KWallet and the macOS login keychain are {STATUS}."""


def say_once(kind: str, environ: Mapping[str, str]) -> None:
    """Say on stderr that something is experimental, the first time."""
    what = KINDS.get(kind)
    if what is None:
        return
    from keyswitch.profiles.paths import resolve

    word = what.rpartition(" ")[2].lower()
    path = os.path.join(resolve(environ).state, f"experimental.{word}")
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError:
        return  # it was said, or there is no place to remember it
    sys.stderr.write(f"keyswitch: {what} is {STATUS}\n")
