"""Which keys of Claude Code's settings keyswitch wrote, by its own records.

Advice may not take these away: `off` would find them changed, and could not
give back what they displaced.
"""

from __future__ import annotations

import os

from keyswitch.disk.atomic import names_in, read_regular
from keyswitch.errors import KeyswitchError
from keyswitch.model import FILE_LIMIT
from keyswitch.profiles.paths import Paths
from keyswitch.targets.claude_code.settings import baseline
from keyswitch.targets.claude_code.settings.wanted import ENV
from keyswitch.targets.values import MAIN, id_of_record

_LOGINS = "logins.json"


def written(paths: Paths) -> frozenset[tuple[str, str]]:
    """Return (file, variable or key) of all that is recorded as ours."""
    found = set()
    for name in names_in(paths.baseline_dir):
        path = os.path.join(paths.baseline_dir, name)
        if name == _LOGINS or id_of_record(path) != MAIN:
            continue
        try:
            records = baseline.decode(path, read_regular(path, FILE_LIMIT))
        except KeyswitchError:
            continue  # every change says that it is damaged
        for file, record in records.items():
            at = os.path.realpath(file)
            found |= {(at, owned.keys[-1]) for owned in record.owned}
    return frozenset(found) - {(at, ENV) for at, _ in found}
