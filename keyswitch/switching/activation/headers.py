"""A person's own headers that may be credentials, and that a switch drops."""

from __future__ import annotations

from keyswitch.disk.atomic import read_regular
from keyswitch.errors import KeyswitchError
from keyswitch.model import FILE_LIMIT
from keyswitch.providers import custom_headers
from keyswitch.providers.custom_headers import VARIABLE
from keyswitch.targets.claude_code.settings.settings_file import (
    as_text,
    env_of,
    members,
)
from keyswitch.workspace import Workspace


def at_stake(workspace: Workspace, name: str) -> list[str]:
    """Return the headers of the usual settings that `use NAME` would drop."""
    try:
        profile, _ = workspace.load(name)
        provider = workspace.provider_of(profile)
        document = members(read_regular(workspace.places.settings, FILE_LIMIT))
    except KeyswitchError:
        return []  # the command says it
    sets = {v for field in provider.fields for v in field.env}
    given = env_of(document or {}).get(VARIABLE)
    if given is None or VARIABLE not in {*provider.rivals, *sets}:
        return []
    return custom_headers.plain(as_text(given))[1]


def in_shell(workspace: Workspace) -> list[str]:
    """Return those of this shell."""
    return custom_headers.plain(workspace.environ.get(VARIABLE, ""))[1]
