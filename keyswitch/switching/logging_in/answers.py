"""A person's own answers about keys, which are kept with a login.

While a key profile is active, its approvals stand among them. They are no
part of any login: stored with one, they would come back for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.changes.draft import Draft
from keyswitch.model import FILE_LIMIT
from keyswitch.switching.planning.planned import plan_keys
from keyswitch.switching.planning.switch import Switch

if TYPE_CHECKING:
    from keyswitch.targets.target import Places
    from keyswitch.workspace import Workspace


def config_without_ours(workspace: Workspace, places: Places) -> bytes | None:
    """Return `.claude.json` as it is without keyswitch's approvals."""
    draft = Draft()  # a look, which nobody carries out
    plan_keys(workspace, draft, Switch(None), places)
    return draft.read(places.global_config, FILE_LIMIT)
