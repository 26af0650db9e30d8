"""What programs that run commands for a person are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.terminal import agents

if TYPE_CHECKING:
    from keyswitch.workspace import Workspace


def refuse_agents(workspace: Workspace, *, always: bool = False) -> None:
    """Refuse to hand out secrets to an agent that runs commands.

    `--reveal` and export are refused always, what else gives a secret or moves
    one only with `agents = "deny"` in config.toml.
    """
    if always and agents.refuses(agents.DENY, workspace.environ):
        raise agents.refusal()
    agents.require_person(workspace.settings.agents, workspace.environ)


def agent_asks(workspace: Workspace) -> bool:
    """Tell whether an agent asks that may not have secrets: no yes counts."""
    return agents.refuses(workspace.settings.agents, workspace.environ)
