"""Who still asks for a profile that has another name now, or is gone."""

from __future__ import annotations

import os

from keyswitch.cli.session import Session
from keyswitch.errors import KeyswitchError
from keyswitch.switching.editing.link_changes import asking_for
from keyswitch.terminal.selection import ENDS, own_choice


def say_who_asks(session: Session, name: str, new_name: str = "") -> None:
    """Say which shell and which links still ask for a former name."""
    own = own_choice(session.environ)
    if own.name == name:
        session.say(
            f"this shell still uses '{name}', chosen by {own.how}; to change "
            f"that: {ENDS[own.how]}"
        )
    try:
        places = asking_for(session.workspace(), name)
    except KeyswitchError as e:  # the change itself is made
        session.warn(f"{e.message}; {e.hint}")
        return
    for place in places:
        remote, where = f"--remote '{place}' ", ""
        if place.startswith("/"):
            away = os.path.dirname(place) != session.workspace().cwd
            remote, where = "", "; in its directory" if away else ""
        fix = f"link {remote}{new_name}" if new_name else f"unlink {remote}"
        session.say(
            f"{place} still links to '{name}'{where}: keyswitch {fix.strip()}"
        )
