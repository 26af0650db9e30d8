"""What a package is made of beside its files: command, README, manual pages.

The command is a launcher for sh, or an entry point.

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
            "text": re.sub(r"\]\((?![a-z]+:|#)", f"]({source}", text),
        }
        if windows():
            metadata["scripts"] = {"keyswitch": "keyswitch.__main__:launch"}


class Launcher(BuildHookInterface):
    """Elsewhere the launcher and the manual pages; on Windows a tag."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Add one or the other."""
        if windows():
            build_data["tag"] = f"py3-none-{windows()}"
            return
        build_data["shared_scripts"] = {"scripts/keyswitch": "keyswitch"}
        self.pages = tempfile.TemporaryDirectory()
        build_data["shared_data"] = {self.pages.name: "share/man/man1"}
        sys.path.insert(0, str(Path(self.root, "scripts")))
        sys.dont_write_bytecode = True  # nothing new among the sources
        from manual_pages import write

        write(Path(self.pages.name))

    def finalize(
        self,
        version: str,  # noqa: ARG002
        build_data: dict[str, Any],  # noqa: ARG002
        artifact_path: str,  # noqa: ARG002
    ) -> None:
        """Remove the manual pages, which the wheel has now."""
        if not windows():
            self.pages.cleanup()
