"""Which commands in Claude Code's settings are a keyswitch's helper.

One that another installation left, or a removed one, is nobody's own setting:
without that keyswitch it can only fail.
"""

from __future__ import annotations

import json
import re
import shlex

from keyswitch.targets import splice
from keyswitch.targets.claude_code.rules import AWS_EXPORT, HELPER
from keyswitch.targets.claude_code.settings.wanted import BESIDE_HELPER, ENV

# Also of a zip application, and of Windows with its other slash.
_PROGRAM = re.compile(r"(?:^|[/\\])keyswitch(?:\.cmd|\.exe|\.pyz)?$")
KEYS = ((HELPER,), (AWS_EXPORT,))


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
    """Tell whether the JSON text of a settings key is such a command.

    Also with options, in a shell of its own, or with the other slash.
    """
    if keys not in KEYS:
        return False
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, str) and _calls(value.replace("\\", "/"))


def _calls(command: str) -> bool:
    if is_keyswitch(command):
        return True
    try:
        words = shlex.split(command)
    except ValueError:
        return False
    if "helper" in words:
        at = words.index("helper")
        before = [w for w in words[:at] if not w.startswith("-")]
        return bool(before) and _PROGRAM.search(before[-1]) is not None
    return any(" " in word and _calls(word) for word in words)


def keys_in(path: str, text: str) -> list[tuple[str, ...]]:
    """Return the keys of a settings text that hold such a command."""
    return [
        keys
        for keys in KEYS
        if is_ours(keys, splice.raw_value(path, text, keys) or "")
    ]


def without(path: str, text: str) -> tuple[str, list[tuple[str, ...]]]:
    """Return a settings text without these commands, and their keys.

    The shell's keys that were cancelled for the helper count again.
    """
    found = keys_in(path, text)
    for keys in found:
        text = splice.remove_member(path, text, keys, None)
    if (HELPER,) in found:
        cancelled = [(ENV, name) for name in BESIDE_HELPER]
        if all(splice.raw_value(path, text, k) == '""' for k in cancelled):
            for keys in cancelled:
                text = splice.remove_member(path, text, keys, None)
            if splice.is_empty(path, text, (ENV,)):
                text = splice.remove_member(path, text, (ENV,), None)
    return text, found
