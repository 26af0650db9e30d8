"""What a package is made of beside its files.

The README with whole links; completion scripts and manual pages, made of the
commands; and the command itself, a launcher for sh or an entry point.

The launcher that pip writes for an entry point imports `re` up to pip 25.1,
which is what Debian 12 and 13 have: `keyswitch current` then takes 1.7 times
a bare interpreter's start instead of 1.1. So a wheel brings scripts/keyswitch.
Windows has no /bin/sh and gets the entry point, in a wheel of its own that
pip prefers there. KEYSWITCH_WHEEL_FOR=win_amd64 makes one on any system.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface


def windows() -> str:
    """Return the platform tag of a Windows that is built for, or ""."""
    here = sysconfig.get_platform() if sys.platform == "win32" else ""
    return os.environ.get("KEYSWITCH_WHEEL_FOR", here).replace("-", "_")


class Metadata(MetadataHookInterface):
    """The README with whole links, and on Windows the entry point."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add them."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        source = f"{metadata['urls']['Source']}/blob/v{metadata['version']}/"
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": re.sub(
                r"(\]\(|src=\"|srcset=\")(?![a-z]+:|#)", rf"\1{source}", text
            ),
        }
        if windows():
            metadata["scripts"] = {"keyswitch": "keyswitch.__main__:launch"}


class Made(BuildHookInterface):
    """What is made for a wheel, and the tag of the one for Windows."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add it."""
        self.folder = tempfile.TemporaryDirectory()
        sys.dont_write_bytecode = True
        sys.path[:0] = [
            self.root,
            str(Path(self.root, "scripts", "documentation")),
        ]
        if version != "editable":
            build_data["force_include"].update(self.completions())
        if windows():
            build_data["tag"] = f"py3-none-{windows()}"
        else:
            build_data["shared_scripts"] = {"scripts/keyswitch": "keyswitch"}
            build_data["shared_data"] = self.manual_pages()

    def completions(self) -> dict[str, str]:
        """Make the completion scripts; return where each is and belongs."""
        from keyswitch.cli.switching.completion import script
        from keyswitch.shells.hook_scripts import COMPLETED

        found = {}
        for kind in COMPLETED.values():
            path = Path(self.folder.name, f"completion.{kind}")
            path.write_text(script(kind), encoding="utf-8")
            found[str(path)] = f"keyswitch/shells/completions/made/{path.name}"
        return found

    def manual_pages(self) -> dict[str, str]:
        """Make the manual pages; return where each is and belongs."""
        from manual_pages import write

        written = write(Path(self.folder.name))
        return {str(path): f"share/man/man1/{path.name}" for path in written}

    def finalize(self, *_: Any) -> None:
        """Remove what was made for the wheel."""
        self.folder.cleanup()
