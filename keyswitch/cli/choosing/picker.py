"""How one of many is chosen: on a screen of its own, or from a numbered list.

A screen that draws over ssh may lag, and a terminal without cursor movement
cannot have one: there the list is numbered, unless `picker` in config.toml
says otherwise. Nobody can draw on a terminal that calls itself dumb.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from keyswitch.profiles.settings import LIST, SCREEN
from keyswitch.progress import aside

if TYPE_CHECKING:
    from keyswitch.cli.choosing.choices import ChoiceList, Preview

_SSH = ("SSH_CONNECTION", "SSH_TTY")


def choose(
    question: str,
    listing: ChoiceList,
    environ: Mapping[str, str],
    *,
    how: str,
    preview: Preview | None = None,
) -> str:
    """Let a person choose a name; `how` is the setting `picker`."""
    with aside():
        if is_drawn(environ, how):
            # Drawing costs as much as the rest of a start.
            from keyswitch.cli.choosing import screen

            return screen.choose(listing, environ, preview)
        from keyswitch.cli.choosing import numbered

        return numbered.choose(question, listing, environ)


def is_drawn(environ: Mapping[str, str], how: str) -> bool:
    """Tell whether the screen is drawn, rather than the list numbered."""
    has_no_cursor = environ.get("TERM", "") in ("", "dumb")
    if (os.name != "nt" and has_no_cursor) or not os.isatty(2) or how == LIST:
        return False
    return how == SCREEN or not any(environ.get(name) for name in _SSH)
