"""The script of `keyswitch hook SHELL`: a file of hooks/, made to fit.

Part of the express lane: start files may ask for it. Two things are put into
the file, the paths of the state and of the settings, quoted for the shell.

So that a new terminal starts no program, start files read it from a file. That
does nothing, with status 1, where another version of keyswitch is installed by
now or keyswitch's own files are elsewhere for this shell; the start file asks
the program then.
"""

from __future__ import annotations

import os

import keyswitch
from keyswitch.errors import InputError, NotFoundError, UsageError
from keyswitch.profiles.names import VARIABLE_CHARACTERS
from keyswitch.profiles.paths import HOME_VARIABLE, Paths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


# What a person types -> the last part of the names of its files.
HOOKS = {
    "bash": "bash",
    "fish": "fish",
    "nu": "nu",
    "nushell": "nu",
    "powershell": "ps1",
    "pwsh": "ps1",
    "zsh": "zsh",
}

# The same of the shells whose words are completed.
COMPLETED = {"bash": "bash", "fish": "fish", "pwsh": "ps1", "zsh": "zsh"}

_HERE = os.path.dirname(os.path.abspath(__file__))
# Completion scripts: scripts/hatch_build.py puts them into a wheel.
MADE = os.path.join(_HERE, "completions", "made")

_PLAIN = VARIABLE_CHARACTERS | frozenset("./:@+=,-%")


def hook_script(shell: str, state_file: str, config_file: str) -> str:
    """Return the hook for a shell."""
    kind = HOOKS.get(shell)
    if kind is None:
        raise UsageError("no hook for this shell", f"known: {', '.join(HOOKS)}")
    if "\n" in state_file or "\0" in state_file:
        raise InputError(
            "the path of the state file contains a newline or a NUL character",
            "set KEYSWITCH_HOME to a folder with a plain name",
        )
    paths = {
        "STATE_FILE": state_file,
        "CONFIG_FILE": config_file,
        "COMPLETION": _completion(kind),
    }
    return filled(shell, f"hook.{kind}", paths)


def made_completion(kind: str) -> str | None:
    """Return the completion script that a package brings; a clone has none."""
    return _read(_completion(kind))


def _completion(kind: str) -> str:
    return os.path.join(MADE, f"completion.{kind}")


def filled(shell: str, name: str, words: Mapping[str, str]) -> str:
    """Return a file of hooks/, each quoted `@NAME@` replaced by its word."""
    text = _read(os.path.join(_HERE, "hooks", name))
    if text is None:
        raise NotFoundError(
            f"the hook for {shell} is missing in this installation",
            "reinstall keyswitch",
        )
    for placeholder, word in words.items():
        for quote in "'\"":
            before = f"{quote}@{placeholder}@{quote}"
            if before in text:
                text = text.replace(before, quoted(shell, word))
    return text


def quoted(shell: str, text: str) -> str:
    """Return a path, or another text, as one word of a shell."""
    return _QUOTES[HOOKS[shell]](text)


def _read(path: str) -> str | None:
    """Return a file of this package, or None."""
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        return None


def _quote_posix(path: str) -> str:
    # Octal: the same bytes in every locale, valid text or not.
    escaped = _escaped(path, "\\{:03o}")
    return f"'{path}'" if escaped == path else f"$'{escaped}'"


def _quote_fish(path: str) -> str:
    escaped = _escaped(path, "\\X{:02x}")
    return f"'{path}'" if escaped == path else escaped


def _quote_nu(path: str) -> str:
    _refuse_broken(path)
    characters = [
        c if c.isprintable() and c not in '"\\' else f"\\u{{{ord(c):x}}}"
        for c in path
    ]
    return '"' + "".join(characters) + '"'


def _quote_powershell(path: str) -> str:
    _refuse_broken(path)
    from keyswitch.shells.windows import quote

    return quote(path)


def _refuse_broken(path: str) -> None:
    """Refuse bytes that are no text: these shells could not open the file."""
    if any("\ud800" <= c <= "\udfff" for c in path):
        raise InputError(
            "the path of the state file is not valid Unicode text",
            "set KEYSWITCH_HOME to a folder with a plain name",
        )


def _escaped(path: str, form: str) -> str:
    return "".join(
        chr(byte) if chr(byte) in _PLAIN else form.format(byte)
        for byte in os.fsencode(path)
    )


_QUOTES = {
    "bash": _quote_posix,
    "fish": _quote_fish,
    "nu": _quote_nu,
    "ps1": _quote_powershell,
    "zsh": _quote_posix,
}


# Others have their hook in the start file, or ask for it each time.
WITH_FILE = ("bash", "fish", "zsh")


def hook_file(paths: Paths, environ: Mapping[str, str], shell: str) -> str:
    """Return the text of a shell's hook file.

    Raises InputError for a path that no hook can name.
    """
    package = os.path.dirname(os.path.abspath(keyswitch.__file__))
    text = filled(
        shell,
        f"file.{shell}",
        {
            "MODULE": os.path.join(package, "__init__.py"),
            "PLACES": _places(environ),
        },
    )
    hook = hook_script(shell, paths.state_file, paths.config_file)
    text = text.replace("@VERSION@", keyswitch.__version__)
    before, _, after = text.partition("@HOOK@\n")
    return before.rstrip(" ") + hook + after


def _places(environ: Mapping[str, str]) -> str:
    """Return what keyswitch's folders follow from, as the file asks for it."""
    home = environ.get("HOME", "")
    state = environ.get("XDG_STATE_HOME") or f"{home}/.local/state"
    config = environ.get("XDG_CONFIG_HOME") or f"{home}/.config"
    return "//".join((environ.get(HOME_VARIABLE, ""), state, config))
