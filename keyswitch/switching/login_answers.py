"""A person's own answers about keys, which are kept with a login.

While a key profile is active, its approvals stand among them. They are no
part of any login: stored with one, they would come back for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.profiles.atomic import read_regular
from keyswitch.switching import approvals
from keyswitch.switching.target import record_path
from keyswitch.targets.claude_code import baseline
from keyswitch.targets.claude_code.files import FILE_LIMIT

if TYPE_CHECKING:
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations

_RECORD_LIMIT = 1 << 24  # bytes


def config_without_ours(
    workspace: Workspace, places: Locations
) -> bytes | None:
    """Return `.claude.json` as it is without keyswitch's approvals."""
    path = record_path(workspace, places)
    records = baseline.decode(path, read_regular(path, _RECORD_LIMIT))
    planned = approvals.plan(workspace, places, records, None, {}, ())
    if planned is None:
        return read_regular(places.global_config, FILE_LIMIT)
    change, _ = planned
    return change.after
