"""Which user's process is at the other end of a loopback connection."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

_TABLE = "/proc/net/tcp"  # of Linux: addresses in hexadecimal, and a user id


def is_own(transport: asyncio.BaseTransport) -> bool:
    """Tell whether a connection is of a process of this user, or of root.

    True as well where the system does not say.
    """
    peer = transport.get_extra_info("peername")
    own = transport.get_extra_info("sockname")
    if not peer or not own or len(peer) != 2:
        return True
    try:
        with open(_TABLE, encoding="ascii") as file:
            lines = file.readlines()
    except OSError:
        return True
    ends = [_hexadecimal(peer), _hexadecimal(own)]
    for line in lines[1:]:
        words = line.split()
        if words[1:3] == ends:
            return int(words[7]) in (0, os.getuid())
    return True


def _hexadecimal(address: tuple[str, int]) -> str:
    number = int.from_bytes(socket.inet_aton(address[0]), byteorder="little")
    return f"{number:08X}:{address[1]:04X}"
