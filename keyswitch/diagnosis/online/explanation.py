"""The noun for why something failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """What failed, why it probably did, and what to do."""

    what: str
    why: str
    fix: str

    @property
    def line(self) -> str:
        """What failed and why, in one line."""
        return f"{self.what}: {self.why}" if self.why else self.what
