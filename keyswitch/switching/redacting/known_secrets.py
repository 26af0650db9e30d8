"""What is to be masked for a profile: its secrets, and what of them is one.

Programs also print a line of a key in several lines, a value of a JSON
document, or the token of a header.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from keyswitch.disk.atomic import read_regular
from keyswitch.model import FILE_LIMIT, LOGIN_PROVIDER
from keyswitch.switching.redacting.spellings import SHORTEST
from keyswitch.targets import table
from keyswitch.terminal.exports import values_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from keyswitch.compiled import Compiled
    from keyswitch.workspace import Workspace

_SHORTEST_WORD = 12  # characters of a word that may be a secret of its own
_WORD = re.compile(rf"[^\s:;,@\"'\\=<>(){{}}\[\]]{{{_SHORTEST_WORD},}}")
_MARK = "-----"  # "-----BEGIN PRIVATE KEY-----"


def secret_values(workspace: Workspace, profile: Compiled) -> dict[str, str]:
    """Return the values of a profile's fields that are to be masked.

    A login is in no variable: see `login_tokens`.
    """
    fields = [] if profile.provider == LOGIN_PROVIDER else list(profile.refs)
    return values_of(workspace.paths, profile, fields, ask=workspace.ask)


def login_tokens(
    workspace: Workspace, environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the tokens that a program would find with these variables.

    Those that it is given while it runs are not known here.
    """

    def read(path: str) -> bytes | None:
        return read_regular(path, FILE_LIMIT)

    places = table.main().places(environ, workspace.home, workspace.cwd)
    place = table.main().logins.place(
        places, read, workspace.keychain_at(places)
    )
    login = place.live(read(places.global_config))
    return {
        "access token": login.access_token,
        "refresh token": login.refresh_token,
        "key": login.managed_key,
    }


def parts_of(value: str) -> set[str]:
    """Return a secret, and the parts of it that are to be masked alone.

    What is shorter than `SHORTEST` is none of them.
    """
    found = {value, value.strip()}
    values = list(_values_in(value))
    if not values:
        lines = [line.strip() for line in value.splitlines()]
        found.update(line for line in lines if not line.startswith(_MARK))
    for text in values or [value]:
        found.update(word for word in _WORD.findall(text) if _is_random(word))
    return {text for text in found if len(text) >= SHORTEST}


def _values_in(text: str) -> Iterator[str]:
    """Yield the texts of a JSON document; nothing, if it is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _is_random(word: str) -> bool:
    """Tell a key from an address, or a name with letters of one kind."""
    kinds = (str.isdigit, str.islower, str.isupper)
    return (
        not word.startswith("//")
        and sum(any(map(kind, word)) for kind in kinds) > 1
    )
