"""How deep a JSON text is nested, without building what it says."""

from __future__ import annotations

_STEP = 1 << 16  # characters; few enough to stay in the processor's cache
_AS_ARRAYS = bytes.maketrans(b"{}", b"[]")
_NOT_QUOTED = bytes(b for b in range(256) if b not in b'[]{}"')
# What may stand behind a backslash stays until the backslash goes.
_PLAIN = bytes(b for b in _NOT_QUOTED if b not in rb"\/bfnrtu")


def is_deeper(raw: str, limit: int) -> bool:
    """Tell whether a valid JSON text is nested deeper than the limit."""
    rest = _brackets(raw)
    for _ in range(limit):
        rest = rest.replace(b"[]", b"")  # the innermost pairs
        if not rest:
            return False
    return True


def _brackets(raw: str) -> bytes:
    """Return the brackets outside of strings, all of them as of arrays."""
    found, at, in_string = bytearray(), 0, 0
    while at < len(raw):
        end = at + _STEP
        while raw.startswith("\\", end - 1):
            end += 1  # what is escaped belongs to its backslash
        step = raw[at:end].encode("latin-1", "replace").translate(None, _PLAIN)
        at = end
        step = step.replace(rb"\\", b"").replace(rb"\"", b"")
        parts = step.translate(_AS_ARRAYS, _NOT_QUOTED).split(b'"')
        found += b"".join(parts[in_string::2])
        in_string = (in_string + len(parts) - 1) % 2
    return bytes(found)
