"""Bodies as they were before they were packed, a part at a time."""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Unpack = Callable[[bytes], bytes]

MOST = 1 << 24  # bytes that one part may come to


def unpacker(coding: str) -> Unpack | None:
    """Return what unpacks the parts of a body, in their order.

    None for a coding that is not known here. What is broken comes out empty.
    """
    unpack = _of(coding.strip().lower())
    if unpack is None:
        return None
    is_broken = False

    def guarded(part: bytes) -> bytes:
        nonlocal is_broken
        try:
            return b"" if is_broken else unpack(part)
        except Exception:  # noqa: BLE001 - each library has its own
            is_broken = True
            return b""

    return guarded


def _of(coding: str) -> Unpack | None:
    if coding in ("", "identity"):
        return bytes
    if coding in ("gzip", "x-gzip", "deflate"):
        found = zlib.decompressobj(zlib.MAX_WBITS | 32)
        return lambda part: found.decompress(part, MOST)
    try:
        if coding == "br":
            return import_module("brotli").Decompressor().process  # type: ignore[no-any-return]
        if coding == "zstd":
            made = import_module("zstandard").ZstdDecompressor()
            return made.decompressobj().decompress  # type: ignore[no-any-return]
    except ImportError:
        pass
    return None
