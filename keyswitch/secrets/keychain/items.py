"""What an item of the keychain is called, holds, and may take to read.

Part of the lane of `keyswitch env`: importing `base64` alone would pull in
`re`, so the decoding is done by the C function below it.
"""

from __future__ import annotations

import os
import sys

from keyswitch.errors import NoItemError, StoreError

SERVICE = "keyswitch"

SHORT = 1.5  # seconds, where nobody can answer a question
LONG = 60.0  # seconds, where a person may have to type a password


def item_name(item: str, generation: int) -> str:
    """Return an item's name in the keychain: ks1:<random id>:<generation>.

    One item has one spelling, since what a secret may be used for is recorded
    by it. Some keychains take upper case for lower case. Raises NoItemError.
    """
    rest = item.removeprefix("ks1-")
    if rest == item or item != item.lower():
        raise NoItemError(
            f"'{item}' is not a keyswitch item name",
            "store the secret again: keyswitch rotate NAME",
        )
    return f"ks1:{rest}:{generation}"


def default_deadline() -> float:
    """Return how long a call may take, by whether a person can answer."""
    display = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    return LONG if display and os.isatty(0) and os.isatty(2) else SHORT


# Session buses on which the keychain kept silent. It is not waited for again
# by the same command, or the deadlines of its calls would add up.
_silent: set[str] = set()


def note_silence() -> None:
    """Remember that the keychain of this session did not answer in time."""
    _silent.add(os.environ.get("DBUS_SESSION_BUS_ADDRESS", ""))


def is_silent() -> bool:
    """Tell whether the keychain of this session was given up before."""
    return os.environ.get("DBUS_SESSION_BUS_ADDRESS", "") in _silent


def silent(title: str, deadline: float) -> StoreError:
    """Return the error for a keychain that did not answer."""
    return StoreError(
        f"the keychain ({title}) did not answer within {deadline:g} s",
        "unlock or restart it, or use the vault: keyswitch vault init",
    )


def bound(text: str, name: str) -> str:
    """Return the text that an item holds: it begins with the item's name.

    So a keychain that answers with another item's is noticed, whichever of
    the items that have the same attributes it takes.
    """
    return f"{name}:{text}"


def decode(text: str, name: str) -> str:
    """Return the value of an item's text: its name and base64url."""
    import binascii

    if not text.startswith(f"{name}:"):
        raise not_ours()
    text = text[len(name) + 1 :]
    try:
        plain = text.translate({ord("-"): "+", ord("_"): "/"})
        return binascii.a2b_base64(plain.encode("ascii")).decode()
    except ValueError as e:  # binascii.Error and UnicodeError are such
        raise not_ours() from e


def not_ours() -> StoreError:
    """Return the error for an item that holds something else."""
    return StoreError(
        "the keychain returned a different value from the one stored",
        "store it again: keyswitch rotate NAME",
    )


def not_there() -> NoItemError:
    """Return the error for an item that does not exist."""
    return NoItemError(
        "the keychain does not have this profile's secret",
        "store it again: keyswitch rotate NAME",
    )
