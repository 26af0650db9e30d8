"""A status line of Claude Code that calls a keyswitch which is gone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.targets.claude_code.settings.wanted import words_of
from keyswitch.targets.verdict import WARNING, Finding
from keyswitch.workspace import is_status_line


def gone(situation: Situation) -> Iterator[Finding]:
    """Find them: nothing is shown then, and nothing recorded."""
    search = situation.scene.environ.get("PATH")
    for file in situation.scene.files:
        given = file.document.get("statusLine")
        command = given.get("command") if isinstance(given, dict) else None
        if not is_status_line(command):
            continue
        words = words_of(str(command))
        places = [word for word in words if os.path.isabs(word)]
        found = shutil.which(words[0], path=search) if words else None
        if found and all(map(os.path.exists, places)):
            continue
        yield Finding(
            "status-line-gone",
            WARNING,
            "the status line runs a keyswitch that does not exist",
            "Claude Code shows no status line, and no limits are recorded",
            "keyswitch install claude-statusline",
            file.place("statusLine"),
        )
