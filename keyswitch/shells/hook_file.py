"""The hook as a file that a start file reads: a new terminal starts no program.

The file holds the script of `keyswitch hook SHELL` and does nothing, with
status 1, where another version of keyswitch is installed by now or keyswitch's
own files are elsewhere for this shell; the start file asks the program then.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import keyswitch
from keyswitch.profiles.paths import HOME_VARIABLE
from keyswitch.shells.hook_scripts import filled, hook_alone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.profiles.paths import Paths

# Others have their hook in the start file, or ask for it each time.
SHELLS = ("bash", "fish", "zsh")


def hook_file(paths: Paths, environ: Mapping[str, str], shell: str) -> str:
    """Return the text of a shell's hook file.

    Raises InputError for a path that no hook can name.
    """
    package = os.path.dirname(os.path.abspath(keyswitch.__file__))
    completions = os.path.join(package, "shells", "completions")
    text = filled(
        shell,
        f"file.{shell}",
        {
            "MODULE": os.path.join(package, "__init__.py"),
            "PLACES": _places(environ),
            "COMPLETION": os.path.join(completions, f"completion.{shell}"),
        },
    )
    hook = hook_alone(shell, paths.state_file, paths.config_file)
    text = text.replace("@VERSION@", keyswitch.__version__)
    before, _, after = text.partition("@HOOK@\n")
    return before.rstrip(" ") + hook + after


def _places(environ: Mapping[str, str]) -> str:
    """Return what keyswitch's folders follow from, as the file asks for it."""
    home = environ.get("HOME", "")
    state = environ.get("XDG_STATE_HOME") or f"{home}/.local/state"
    config = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    return "//".join((environ.get(HOME_VARIABLE, ""), state, config))
