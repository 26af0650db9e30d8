"""Which modes of a terminal a program has changed, to put them back.

A program that is killed cannot do it: the cursor would stay hidden, the other
screen shown, and the mouse would type.
"""

from __future__ import annotations

import re

# DEC private modes (xterm, "Control Sequences"): set with h, reset with l.
_CHANGE = re.compile(rb"\x1b\[\?([0-9;]{1,20})([hl])")
_LONGEST = 24  # bytes of such a sequence
_USUALLY_SET = (b"7", b"25")  # lines wrap, the cursor is shown
_PLAIN = b"\x1b[m"


class ScreenModes:
    """What was seen of them in a program's output."""

    def __init__(self) -> None:
        self._rest = b""
        self._set: dict[bytes, bool] = {}

    def see(self, data: bytes) -> None:
        """Look at some more output."""
        text = self._rest + data
        for found in _CHANGE.finditer(text):
            for mode in found[1].split(b";"):
                self._set[mode] = found[2] == b"h"
        self._rest = text[-_LONGEST:]

    def undone(self) -> bytes:
        """Return what puts the usual modes back, where they are not."""
        changed = [
            b"\x1b[?%s%s" % (mode, b"l" if is_set else b"h")
            for mode, is_set in self._set.items()
            if is_set != (mode in _USUALLY_SET)
        ]
        return b"".join([*changed, _PLAIN]) if changed else b""
