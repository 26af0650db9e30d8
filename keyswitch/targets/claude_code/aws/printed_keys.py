"""Keys that a command prints: which answers Claude Code takes.

Observed, Claude Code 2.1.330.
"""

from __future__ import annotations

import json
from typing import Any

from keyswitch.profiles import clock
from keyswitch.targets.claude_code.aws.sign_ins import moment


def exported_key(answer: str) -> str | None:
    """Return the key id of an awsCredentialExport's answer, if it is whole.

    Observed: the keys stand in `Credentials`, or else at the top; without a
    session token they are not taken.
    """
    document = _parsed(answer.lstrip("\ufeff"))
    if document is None:
        return None
    for found in (document.get("Credentials"), document):
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        texts = [isinstance(found, dict) and found.get(name) for name in names]
        if all(isinstance(text, str) and text for text in texts):
            return str(texts[0])
    return None


def process_key(answer: str) -> str | None:
    """Return the key id of a credential_process's answer, if it is valid.

    Observed: version 1, and no end that has passed.
    """
    found = _parsed(answer) or {}
    version, ends = found.get("Version"), moment(found.get("Expiration"))
    if version != 1 or isinstance(version, bool):
        return None
    if ends is not None and ends < clock.now():
        return None
    key, secret = found.get("AccessKeyId"), found.get("SecretAccessKey")
    return key if isinstance(key, str) and isinstance(secret, str) else None


def _parsed(answer: str) -> dict[str, Any] | None:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
