"""Ask a person to agree: to a new use of a secret, to a variable.

Where nobody can be asked, nothing is agreed to and the command refuses.
"""

from __future__ import annotations

from collections.abc import Sequence

from keyswitch.changes import bindings
from keyswitch.cli.session import Session
from keyswitch.compiled import HEADERS, Compiled
from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError
from keyswitch.model import FILE_LIMIT, Profile
from keyswitch.profiles import profile_files
from keyswitch.providers import custom_headers
from keyswitch.providers.binding import Mismatch, shown_host
from keyswitch.targets import table


def agree_to_profile(session: Session, name: str) -> list[Mismatch]:
    """Ask about all that is new in a profile; return new uses of secrets."""
    if not session.may_agree():
        return []
    workspace = session.workspace()
    try:
        profile, _ = workspace.load(name)
        found = bindings.mismatches(workspace, profile)
        workspace.provider_of(profile).check(profile)
    except KeyswitchError:
        return []  # the command says it
    _agree_to_uses(session, found)
    agree_to_variables(session, profile)
    return found


def agree_to_edit(
    session: Session, name: str, before: str, new: Profile
) -> list[str]:
    """Ask about what was new before a file was edited; return the items.

    What the person has edited just now needs no yes.
    """
    workspace = session.workspace()
    try:
        old = profile_files.parse(before, workspace.paths.profile(name))
        changed = {m.key for m in bindings.mismatches(workspace, old)}
    except KeyswitchError:
        return []  # the edit mends a broken file
    found = bindings.mismatches(workspace, new)
    left = [m for m in found if m.key in changed]
    _agree_to_uses(session, left)
    return [m.key for m in left]


def agree_to_variables(session: Session, profile: Profile) -> None:
    """Ask about variables of an own provider file that steer programs."""
    if session.may_agree():
        workspace = session.workspace()
        found = bindings.not_agreed(workspace, profile)
        for one in found:
            session.warn(one.what)
            session.confirm(f"let it set {one.variable}?")
        bindings.agree_to(workspace, found)


def _agree_to_uses(session: Session, found: Sequence[Mismatch]) -> None:
    for one in found:
        session.warn(one.what)
        session.confirm(f"send it to {shown_host(one.asked.host)} from now on?")


def agree_to_settings(session: Session, name: str) -> bool:
    """Ask about headers of the usual settings that a switch would drop."""
    if not session.may_agree():
        return False
    workspace = session.workspace()
    place = workspace.places.settings
    try:
        profile, _ = workspace.load(name)
        provider = workspace.provider_of(profile)
        sets = {v for field in provider.fields for v in field.env}
        if HEADERS not in {*provider.rivals, *sets}:
            return False
        names = table.main().tokens.headers_at_stake(
            read_regular(place, FILE_LIMIT)
        )
    except KeyswitchError:
        return False  # the command says it
    return _agree_to_headers(session, names, place)


def agree_to_shell(session: Session, profile: Compiled) -> bool:
    """Ask about headers of this shell that a command would not get."""
    given = session.environ.get(HEADERS, "")
    ours = {name for name, _ in (*profile.literals, *profile.secrets)}
    if not given or HEADERS not in {*profile.rivals, *ours}:
        return False
    names = custom_headers.plain(given)[1]
    return _agree_to_headers(session, names, "this shell")


def _agree_to_headers(
    session: Session, names: Sequence[str], place: str
) -> bool:
    """Ask whether a person's headers that may be credentials go along.

    Where nobody can be asked they do not.
    """
    if not names or not session.may_agree():
        return False
    from keyswitch.cli.prompt import confirm

    them = ", ".join(names)
    return confirm(f"{place} sets {them}: send it with this account too?")
