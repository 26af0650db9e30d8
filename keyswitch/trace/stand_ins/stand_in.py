"""What may answer in a service's place, or disturb its answer."""

from __future__ import annotations

from typing import Protocol

from keyswitch.model import Frozen


class Incoming(Frozen):
    """A request, before it is passed on."""

    number: int  # 1 for the first of a run
    elapsed: float  # seconds since the start
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    family: str  # whose API: "anthropic", "bedrock", "openai" …, "": not known
    body: bytes = b""
    _hidden = ("url", "headers", "body")


class Canned(Frozen):
    """An answer in the service's place."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    label: str  # what answered: "429", "replay"


class Disturbance(Frozen):
    """What happens to the service's real answer."""

    label: str
    wait: float = 0.0  # seconds before its first byte
    cut_after: int = -1  # bytes after which the connection drops; -1: never


class StandIn(Protocol):
    """Decides about each request before a service is asked."""

    def answer(self, asked: Incoming) -> Canned | Disturbance | None:
        """Return what happens; None: the service answers."""
