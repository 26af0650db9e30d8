"""What `env` and `helper` need of TOML files, worked out once, in plain lines.

Parsing TOML costs more than the whole budget of `keyswitch env`, so the result
of reading a profile, its provider and the settings is kept beside the state,
the way Python keeps byte code; so are the rules that link git remotes. Each
file that went into it is recorded with its identity (inode, times, size); one
difference and it is worked out anew. Nothing in it is secret: values of secrets
are named by store and item only.
"""

from __future__ import annotations

import os

from keyswitch import __version__
from keyswitch.disk.opening import read_start
from keyswitch.errors import StaleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.profiles.paths import Paths

    Rules = list[tuple[str, str]]  # (pattern of a git remote, profile name)

HEAD = f"keyswitch-compiled 8 {__version__}"
FOLDER_VARIABLE = "CLAUDE_CONFIG_DIR"
HEADERS = "ANTHROPIC_CUSTOM_HEADERS"  # a variable that a person has, too
COMPILED_LIMIT = 1 << 20  # bytes; a profile file may have 64 KiB
RULES_HEAD = f"keyswitch-remotes 1 {__version__}"
_RULES_LIMIT = 1 << 18  # bytes


class Compiled:
    """One profile's exports, with secrets as (store, item, generation)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.provider = ""
        self.stamp = ""  # identity of the profile file
        self.cache = "values"  # "values", "key" or "off"
        self.timeout = 900  # seconds that a cached value lives
        self.agents = "allow"
        self.literals: list[tuple[str, str]] = []  # (variable, value)
        self.secrets: list[tuple[str, str]] = []  # (variable, field)
        self.rivals: list[str] = []
        # field -> (store, item, generation)
        self.refs: dict[str, tuple[str, str, int]] = {}
        # field -> seconds in the unlock cache, where that is its own
        self.lifetimes: dict[str, int] = {}
        # "helper": the field that `helper claude-code` prints, and so on
        self.roles: dict[str, str] = {}
        self.only: list[str] = []  # places, see `guard`
        self.never: list[str] = []
        # (program, what it does not take of all this)
        self.ignored: list[tuple[str, str]] = []

    @property
    def has_references(self) -> bool:
        """Tell whether managers outside keep secrets of it."""
        return any(ref[0] == "reference" for ref in self.refs.values())

    def version(self) -> str:
        """Return what cached values of secrets depend on.

        A change of the profile file, or of how long they may live, makes
        those from before unreachable.
        """
        return f"{self.stamp}:{self.timeout}"


def identity(path: str) -> str:
    """Return what tells one version of a file from the next; "-": absent."""
    try:
        st = os.stat(path)
    except OSError:
        return "-"
    return f"{st.st_ino:x}.{st.st_mtime_ns:x}.{st.st_ctime_ns:x}.{st.st_size:x}"


def keep(path: str, lines: Sequence[str]) -> None:
    """Keep lines for the next start; doing without them is only slower."""
    import contextlib

    from keyswitch.disk.atomic import write_once
    from keyswitch.disk.permissions import ensure_private_dir
    from keyswitch.errors import KeyswitchError

    text = "\n".join([*lines, "end", ""])
    with contextlib.suppress(OSError, KeyswitchError):
        ensure_private_dir(os.path.dirname(path))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        write_once(path, text.encode("utf-8", "surrogateescape"))


def read(paths: Paths, name: str) -> Compiled | None:
    """Return the kept result for a profile, or None if it is not current."""
    data = read_start(paths.compiled(name), COMPILED_LIMIT, ours=True)
    if data is None:
        return None
    try:
        return _parse(data.decode("utf-8", "surrogateescape"), paths, name)
    except ValueError:
        return None  # a line that this version does not write


def _parse(text: str, paths: Paths, name: str) -> Compiled | None:
    lines = text.split("\n")
    if lines[0] != HEAD or lines[-2:] != ["end", ""]:
        return None  # another version's, or half of one
    result = Compiled(name)
    pairs = {
        "set": result.literals,
        "secret": result.secrets,
        "ignored": result.ignored,
    }
    lists = {
        "unset": result.rivals,
        "only": result.only,
        "never": result.never,
    }
    for line in lines[1:-2]:
        word, _, rest = line.partition(" ")
        first, _, second = rest.partition(" ")
        if word == "dep":
            if identity(second) != first:
                return None
            if second == paths.profile(name):
                result.stamp = first
        elif word in pairs:
            pairs[word].append((first, second))
        elif word in lists:
            lists[word].append(rest)
        elif word == "ref":
            field, store, generation, item = rest.split(" ", 3)
            result.refs[field] = (store, item, int(generation))
        elif word == "lifetime":
            result.lifetimes[first] = int(second)
        elif word == "role":
            result.roles[first] = second
        elif word == "settings":
            result.cache, timeout, result.agents = rest.split(" ")
            result.timeout = int(timeout)
        elif word == "provider":
            result.provider = rest
    return result if result.stamp else None


def read_rules(paths: Paths) -> Rules:
    """Return the rules of config.toml's `[links]`, in their order.

    Raises StaleError where they are not kept, or not current.
    """
    present = identity(paths.config_file)
    if present == "-":
        return []
    data = read_start(paths.remotes_file, _RULES_LIMIT, ours=True) or b""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    head = [RULES_HEAD, f"dep {present} {paths.config_file}"]
    if lines[:2] != head or lines[-2:] != ["end", ""]:
        raise StaleError
    found: Rules = []
    for line in lines[2:-2]:
        name, _, pattern = line.partition(" ")
        found.append((pattern, name))
    return found


def keep_rules(paths: Paths, seen: str, rules: Rules) -> None:
    """Keep the rules of the config.toml that had the identity `seen`."""
    lines = [RULES_HEAD, f"dep {seen} {paths.config_file}"]
    lines += [f"{name} {pattern}" for pattern, name in rules]
    keep(paths.remotes_file, lines)
