"""Writes the page of a recording beside it, and opens it in a browser."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from keyswitch.disk.atomic import write_private
from keyswitch.disk.opening import read_start
from keyswitch.errors import InputError
from keyswitch.trace.page import rendered
from keyswitch.trace.recording import read

_MARK = b'<meta name="generator" content="keyswitch">'
_START = 400  # bytes of a page, the mark among them
_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY")
_REMOTE = ("SSH_CONNECTION", "SSH_TTY")


def written(recording: str, page: str | None = None) -> str:
    """Write the page of a recording and return its path.

    Without a path of its own it lies beside the recording: `x.har`, `x.html`.
    """
    page = page or os.path.splitext(recording)[0] + ".html"
    exchanges = read(recording)
    if os.path.lexists(page) and not _is_ours(page):
        raise InputError(
            f"{page} already exists, and keyswitch did not write it",
            "move it out of the way, or rename the recording",
        )
    text = rendered(exchanges, os.path.basename(recording))
    write_private(os.path.abspath(page), text.encode("utf-8", "replace"))
    return page


def _is_ours(page: str) -> bool:
    if os.path.islink(page):
        return False
    return _MARK in (read_start(page, _START, ours=True) or b"")


def show(page: str) -> bool:
    """Open a page in the browser, unless it would be another machine's."""
    if any(map(os.environ.get, _REMOTE)):
        return False
    if sys.platform.startswith("linux") and not any(
        map(os.environ.get, _DISPLAYS)
    ):
        return False
    import webbrowser

    try:
        return webbrowser.open(Path(page).absolute().as_uri())
    except (OSError, webbrowser.Error):
        return False
