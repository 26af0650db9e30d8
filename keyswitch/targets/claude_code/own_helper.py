"""Which commands in Claude Code's settings are a keyswitch's helper."""

from __future__ import annotations

import json
import re
import shlex

# Also of a zip application, and of Windows with its other slash.
_PROGRAM = re.compile(r"(?:^|[/\\])keyswitch(?:\.cmd|\.exe|\.pyz)?$")
KEYS = (("apiKeyHelper",), ("awsCredentialExport",))


def is_keyswitch(command: str) -> bool:
    """Tell whether a command is some keyswitch's, wherever it is installed."""
    try:
        words = shlex.split(command)
    except ValueError:
        return False
    at = words.index("helper") if "helper" in words else 0
    called = words[:at]
    return bool(called) and _PROGRAM.search(called[-1]) is not None


def is_ours(keys: tuple[str, ...], raw: str) -> bool:
    """Tell whether the JSON text of a settings key is such a command."""
    if keys not in KEYS:
        return False
    try:
        value = json.loads(raw)
    except ValueError:
        return False
    return isinstance(value, str) and is_keyswitch(value)
