"""The way to a service as Claude Code takes it: its proxy, its authorities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.online.endpoints import proxy_for
from keyswitch.diagnosis.online.trusted import trust
from keyswitch.network.http_call import Connection

if TYPE_CHECKING:
    import ssl

    from keyswitch.network.address import Address
    from keyswitch.network.streams import Deadline
    from keyswitch.targets.claude_code.resolver.scene import Scene


class SceneConnection(Connection):
    """The way to an address; `context` is used in place of a scene's own."""

    def __init__(
        self,
        scene: Scene,
        address: Address,
        deadline: Deadline,
        context: ssl.SSLContext | None = None,
    ) -> None:
        proxy = proxy_for(scene, address)
        super().__init__(
            address, deadline, lambda: context or trust(scene), proxy
        )
        self.scene = scene
