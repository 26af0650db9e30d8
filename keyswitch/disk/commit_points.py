"""The points of no return that this process has passed.

For the one line that an interrupted command prints: whether its change is
made does not follow from where the interruption was noticed.
"""

from __future__ import annotations

passed: list[str] = []  # paths of what made a change final
