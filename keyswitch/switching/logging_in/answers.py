"""A person's own answers about keys, which are kept with a login.

While a key profile is active, its approvals stand among them. They are no
part of any login: stored with one, they would come back for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.draft import Draft
from keyswitch.switching.planning import approvals
from keyswitch.switching.planning.records import RECORD_LIMIT, record_path
from keyswitch.targets.claude_code.files import FILE_LIMIT
from keyswitch.targets.claude_code.settings import baseline

if TYPE_CHECKING:
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.workspace import Workspace


def config_without_ours(
    workspace: Workspace, places: Locations
) -> bytes | None:
    """Return `.claude.json` as it is without keyswitch's approvals."""
    draft = Draft()  # a look, which nobody carries out
    path = record_path(workspace, places)
    records = baseline.decode(path, draft.read(path, RECORD_LIMIT))
    approvals.plan(workspace, draft, places, records, None, ())
    return draft.read(places.global_config, FILE_LIMIT)
