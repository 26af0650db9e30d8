"""Ask about a profile file that uses a stored secret for something new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.cli.agents import agent_asks
from keyswitch.errors import KeyswitchError
from keyswitch.providers.binding import shown_host

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.cli.session import Session
    from keyswitch.model import Profile
    from keyswitch.providers.bound import Mismatch


def agreed_to(session: Session, name: str) -> list[Mismatch]:
    """Return the new uses of a profile's secrets that the person agrees to.

    Where nobody can be asked there are none, and the command refuses.
    """
    from keyswitch.changes import bindings

    if not session.can_ask or session.dry_run:
        return []
    workspace = session.workspace()
    if agent_asks(workspace):
        return []
    try:
        profile, _ = workspace.load(name)
        found = bindings.mismatches(workspace, profile)
    except KeyswitchError:
        return []  # the command says it
    return _ask(session, found)


def agreed_in_editor(
    session: Session, name: str, before: str, new: Profile
) -> list[str]:
    """Return the items of the same, for a file that is edited as text.

    What was edited just now needs no yes; what was changed before does.
    """
    from keyswitch.changes import bindings
    from keyswitch.profiles import profile_files

    workspace = session.workspace()
    try:
        old = profile_files.parse(before, workspace.paths.profile(name))
        changed = {m.ref.item for m in bindings.mismatches(workspace, old)}
    except KeyswitchError:
        return []  # it mends a broken file
    found = bindings.mismatches(workspace, new)
    left = [m for m in found if m.ref.item in changed]
    return [m.ref.item for m in _ask(session, left)]


def _ask(session: Session, found: Sequence[Mismatch]) -> list[Mismatch]:
    for one in found:
        session.output.warn(one.what)
        host = shown_host(one.asked.host)
        session.confirm(f"send it to {host} from now on?", yes=False)
    return list(found)
