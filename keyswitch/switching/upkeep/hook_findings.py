"""Hook files that new terminals cannot read: found, and written again."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from keyswitch.changes import hook_files
from keyswitch.diagnosis.findings.finding import NOTE, Finding
from keyswitch.diagnosis.findings.mend import HOOK, Mend
from keyswitch.disk.atomic import write_private

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keyswitch.profiles.paths import Paths


def findings(paths: Paths, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Find hook files that are missing or not of this version."""
    for path, (what, _) in hook_files.outdated(paths, environ).items():
        yield Finding(
            "hook-file",
            NOTE,
            what,
            "each new terminal asks keyswitch for its hook, which takes longer",
            "keyswitch doctor --fix",
            path,
            Mend(HOOK, path),
        )


def write(paths: Paths, environ: Mapping[str, str], path: str) -> str:
    """Write a hook file; return what was done."""
    found = hook_files.outdated(paths, environ).get(path)
    if found is not None:
        # Not in another user's file: root would leave it that user's.
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        write_private(path, found[1])
    return f"{path} is written"
