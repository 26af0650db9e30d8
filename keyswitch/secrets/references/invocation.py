"""How a manager's tool is started: its words, its variables, its program.

Nothing secret is in either: a secret that a tool needs goes to its stdin.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from keyswitch.disk.opening import is_below
from keyswitch.errors import InputError, LockedError, StoreError
from keyswitch.profiles.paths import home_of
from keyswitch.secrets.references.manager import (
    PLACEHOLDER,
    Manager,
    Words,
    filled,
)
from keyswitch.secrets.references.reference import Reference

# What any tool may see: where it is, whom it talks to, how it asks a person.
_LET_THROUGH = (
    "PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TERM", "LANG", "LC_*",
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS",
    "XDG_*", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR",
    "SYSTEMROOT", "APPDATA", "LOCALAPPDATA", "USERPROFILE", "TEMP", "TMP",
)  # fmt: skip
_OF_A_TERMINAL = "GPG_TTY"  # where a pinentry asks, if a person is there

# Where people keep the identity of age: variables that name it, then files.
# sops and passage have theirs documented; the others are what people take.
_IDENTITY_VARIABLES = ("SOPS_AGE_KEY_FILE", "PASSAGE_IDENTITIES_FILE")
_IDENTITIES = (
    "~/.config/age/keys.txt",
    "~/.config/age/identity.txt",
    "~/.config/sops/age/keys.txt",
    "~/Library/Application Support/sops/age/keys.txt",
    "~/.passage/identities",
    "~/.ssh/id_ed25519",
)
# Where the system has its programs: they are no work of whoever is there.
_SYSTEM_FOLDERS = (
    "/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin",
    "/opt/homebrew/bin", "/nix/store", "/snap/bin",
)  # fmt: skip
# What `bw get` gives by itself; any other name is a field of the whole item.
BW_FIELDS = ("password", "username", "notes", "totp")


def parts_of(manager: Manager, reference: Reference) -> dict[str, str]:
    """Return what the placeholders of a manager's words stand for."""
    settings = {
        name: os.path.join(home(), value[2:])
        if value.startswith("~/")
        else value
        for name, value in manager.settings.items()
        if isinstance(value, str)
    }
    parts = {"reference": reference.text, **settings, **reference.parts}
    if "file" in reference.parts:
        parts["file"] = expanded(reference.parts["file"])
    if manager.name == "age":
        parts["identity"] = settings.get("identity") or _identity()
    elif manager.name == "bw":
        field = parts["field"]
        parts["what"] = field if field in BW_FIELDS else "item"
    elif manager.name == "keepassxc":
        parts.setdefault("attribute", "Password")
        wanted = "password" in settings or "key_file" not in settings
        parts["no_password"] = "" if wanted else "--no-password"
    elif manager.name == "sops":
        keys = parts["keys"].split("/")
        parts["extract"] = "".join(map(_sops_key, keys))
    return parts


def _sops_key(key: str) -> str:
    if key.isascii() and key.isdigit():
        return f"[{key}]"
    if {'"', "\\", "[", "]"} & {*key}:
        raise InputError(
            f"'{key}' contains characters that sops does not accept",
            "keys with quotes or brackets are not supported",
        )
    return f'["{key}"]'


def _identity() -> str:
    named = [os.environ.get(name, "") for name in _IDENTITY_VARIABLES]
    for path in (*filter(None, named), *map(expanded, _IDENTITIES)):
        if os.path.isfile(path):
            return path
    raise LockedError(
        "age: no identity to decrypt files with",
        'set identity = "FILE" in [managers.age] of config.toml',
    )


def words(command: Words, parts: Mapping[str, str]) -> list[str]:
    """Return a command's words, those of absent parts left out."""
    found: list[str] = []
    for entry in command:
        optional = not isinstance(entry, str)
        group = entry if isinstance(entry, tuple) else (entry,)
        names = {n for word in group for n in PLACEHOLDER.findall(word)}
        if not (optional and any(not parts.get(name) for name in names)):
            found += [filled(word, parts) for word in group]
    return found


def command_of(manager: Manager, parts: Mapping[str, str]) -> list[str]:
    """Return the words that read a reference."""
    if not manager.command:
        return list(manager.programs[parts["name"]])
    return words(manager.command, parts)


def program_of(manager: Manager, word: str) -> str:
    """Return the path of the program that a command's first word names.

    Only what lies in an absolute folder of PATH is taken, and nothing in the
    directory that a person happens to be in: a repository may hold anything.
    """
    word = manager.program or word
    if word.startswith("~/") or os.path.isabs(word):
        path = expanded(word)
        found = path if _is_program(path) else ""
    else:
        found = next(_on_path(word), "") if "/" not in word else ""
    if not found:
        raise StoreError(
            f"{manager.title}: its program '{word}' is not installed",
            f"install it: {manager.install}"
            if manager.install
            else "install it, or add its folder to PATH",
        )
    return found


def _on_path(name: str) -> Iterator[str]:
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, name)
        if os.path.isabs(folder) and not _is_here(path):
            for suffix in ("",) if os.name == "posix" else (".exe", ".com"):
                if _is_program(path + suffix):
                    yield path + suffix


def _is_here(path: str) -> bool:
    """Tell whether a file lies in the working directory or leads there.

    The home, and what is above it, is no such directory: ~/.local/bin is a
    usual place of programs.
    """
    try:
        here = os.path.realpath(os.getcwd())
    except OSError:
        return False
    if is_below(os.path.realpath(home()), here):
        return False
    real = os.path.realpath(path)
    if any(is_below(real, folder) for folder in _SYSTEM_FOLDERS):
        return False
    return is_below(real, here) or is_below(path, here)


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def home() -> str:
    """Return the person's home directory."""
    return home_of(os.environ)


def expanded(path: str) -> str:
    """Return a path of a person's, who may begin it with ~/."""
    return os.path.join(home(), path[2:]) if path.startswith("~/") else path


def environment(manager: Manager, *, person: bool) -> dict[str, str]:
    """Return the variables that a tool sees.

    Its messages are asked for in English, whatever the language: the texts of
    a row are.
    """
    allowed = (*_LET_THROUGH, *manager.environment)
    found = dict(_matching(os.environ, allowed))
    everywhere = found.pop("LC_ALL", "")
    if everywhere and sys.platform != "win32":
        found |= {"LANG": everywhere, "LC_CTYPE": everywhere}
    found |= {"LC_MESSAGES": "C", **manager.fixed}
    if "AWS_REGION" in found:
        # Version 1 of AWS's command line knows only the other name.
        found.setdefault("AWS_DEFAULT_REGION", found["AWS_REGION"])
    if not person:
        found.pop(_OF_A_TERMINAL, None)
    return found


def _matching(
    environ: Mapping[str, str], allowed: Iterable[str]
) -> Iterator[tuple[str, str]]:
    exact = {name for name in allowed if not name.endswith("*")}
    patterns = [name for name in allowed if name.endswith("*")]
    for name, value in environ.items():
        if name in exact or any(fnmatchcase(name, p) for p in patterns):
            yield name, value
