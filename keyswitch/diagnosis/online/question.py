"""One request that says whose a credential is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyswitch.diagnosis.online.endpoints import Address
    from keyswitch.diagnosis.verdict import Source

GATEWAY = "the gateway"


@dataclass(frozen=True, slots=True)
class Question:
    """One request that says whose a credential is."""

    kind: str  # how the answer is judged: "models", "profile" or "sts"
    asked: str  # who answers, as people call it
    address: Address
    headers: dict[str, str] = field(repr=False)
    query: str = ""
    body: bytes = field(default=b"", repr=False)
    ways: tuple[Source, ...] = ()  # what chooses the host

    @property
    def at_gateway(self) -> bool:
        """Tell whether something stands in the service's place."""
        return self.asked == GATEWAY

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "POST" if self.body else "GET"
