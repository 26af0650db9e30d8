"""Text that came from files or people, made safe to print.

Part of the express lane. One function for every untrusted string: control
characters, bidirectional overrides and other invisible ones come out as
escapes, so that a label cannot move the cursor or forge a line.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyswitch.errors import KeyswitchError


def printable(text: str) -> str:
    """Return `text` with every unprintable character written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(ord(c)) for c in text)


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def error_text(error: KeyswitchError, *, one_line: bool = False) -> str:
    """Return what is printed for an expected failure, with its line end.

    `one_line` is for shell start files, where one line is all there may be.
    """
    message, hint = printable(error.message), printable(error.hint)
    if not hint:
        return f"keyswitch: error: {message}\n"
    if one_line:
        return f"keyswitch: error: {message} ({hint})\n"
    return f"keyswitch: error: {message}\nkeyswitch: hint: {hint}\n"
