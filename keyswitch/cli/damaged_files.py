"""Set a damaged file of keyswitch's own aside, so that a command can go on."""

from __future__ import annotations

import os
import sys

from keyswitch.display import printable
from keyswitch.errors import DamagedFileError, OddFileError


def may_go(error: OddFileError) -> bool:
    """Tell whether keyswitch can do without the file that an error names.

    It can do without anything in its state folder, but for a link to the
    vault's key.
    """
    from keyswitch.profiles.paths import resolve
    from keyswitch.profiles.set_aside import is_link_to_key

    paths = resolve(os.environ)
    return not is_link_to_key(paths, error.path) and (
        isinstance(error, DamagedFileError)
        or error.path.startswith(paths.state + os.sep)
    )


def set_aside(error: OddFileError) -> None:
    """Give the file another name and say so; else raise the error."""
    from keyswitch.profiles.set_aside import set_aside as renamed

    try:
        place = renamed(error.path)
    except OSError:
        raise error from None
    sys.stderr.write(
        f"keyswitch: warning: {printable(error.message)}, and is kept as "
        f"{printable(place)}\n"
        f"keyswitch: hint: {error.what_is_lost}\n"
    )
