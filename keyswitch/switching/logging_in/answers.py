"""A person's own answers about keys, which are kept with a login.

While a key profile is active, its approvals stand among them. They are no
part of any login: stored with one, they would come back for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.switching import approvals
from keyswitch.switching.draft import Draft
from keyswitch.switching.target import RECORD_LIMIT, record_path
from keyswitch.targets.claude_code import baseline
from keyswitch.targets.claude_code.files import FILE_LIMIT

if TYPE_CHECKING:
    from keyswitch.switching.workspace import Workspace
    from keyswitch.targets.claude_code.files import Locations


def config_without_ours(
    workspace: Workspace, places: Locations
) -> bytes | None:
    """Return `.claude.json` as it is without keyswitch's approvals."""
    draft = Draft()  # a look, which nobody carries out
    path = record_path(workspace, places)
    records = baseline.decode(path, draft.read(path, RECORD_LIMIT))
    approvals.plan(workspace, draft, places, records, None, ())
    return draft.read(places.global_config, FILE_LIMIT)
