"""One source of a credential in the order that counts, and what it beats."""

from __future__ import annotations

from collections.abc import Sequence

from keyswitch.model import Frozen


class Rung(Frozen):
    """One source in one order."""

    order: str  # what the order fills
    source: str
    place: str  # where it is set here; "": it is not
    used: bool
    reason: str  # why it stands there
    seen: str  # the observation that shows it
    asks: str = ""  # the service that alone knows whether it is there
    beats: tuple[str, ...] = ()  # what is set here and comes after it


def with_beaten(rungs: Sequence[Rung]) -> list[Rung]:
    """Return the same, each with what of its order it comes before here."""
    found = []
    for number, rung in enumerate(rungs):
        after = (r for r in rungs[number + 1 :] if r.order == rung.order)
        beats = tuple(r.source for r in after if r.place and rung.place)
        found.append(rung._replace(beats=beats))
    return found
