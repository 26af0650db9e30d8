"""A recording as one page for a browser, which asks nobody for anything.

Its content security policy allows the one script and the one style by their
hashes, and no connection at all. The requests are data: no text of theirs is
ever read as markup.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from typing import TYPE_CHECKING, Any

from keyswitch.display import printable
from keyswitch.model import Frozen
from keyswitch.trace.recording.last_look import cleared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.trace.requests.exchange import Exchange

_FOLDER = os.path.dirname(__file__)


def rendered(exchanges: Sequence[Exchange], title: str) -> str:
    """Return the page of some requests."""
    style, script = _file("page.css"), _file("page.js")
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; "
        f"style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'"
    )
    data = json.dumps([_plain(cleared(one)) for one in exchanges])
    parts = {
        "data": data.replace("<", "\\u003c"),  # no end tag, no comment
        "policy": policy,
        "script": script,
        "style": style,
        "title": html.escape(printable(title)),
    }
    # In one pass: what is put in is not looked at again.
    return re.sub(
        r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _file("page.html")
    )


def _file(name: str) -> str:
    with open(os.path.join(_FOLDER, name), encoding="utf-8") as file:
        return file.read()


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256-" + base64.b64encode(digest).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, Frozen):
        return {name: _plain(one) for name, one in value._asdict().items()}
    return list(map(_plain, value)) if isinstance(value, tuple) else value
