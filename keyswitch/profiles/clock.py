"""The present time, whatever the clock says.

`time.time` counts nanoseconds in 64 bits: with a clock beyond the year 2262
it raises OverflowError.
"""

from __future__ import annotations

import time


def now() -> float:
    """Return the seconds since 1970."""
    if hasattr(time, "clock_gettime"):
        return time.clock_gettime(time.CLOCK_REALTIME)
    return time.time()
