"""A profile, worked out once: what `env` and `helper` need, in plain lines.

Parsing TOML costs more than the whole budget of `keyswitch env`, so the result
of reading a profile, its provider and the settings is kept beside the state,
the way Python keeps byte code. Each file that went into it is recorded with
its identity (inode, times, size); one difference and it is worked out anew.
Nothing in it is secret: values of secrets are named by store and item only.
"""

from __future__ import annotations

import os

from keyswitch import __version__
from keyswitch.disk.opening import is_planted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keyswitch.model import Profile
    from keyswitch.profiles.paths import Paths
    from keyswitch.profiles.settings import Settings
    from keyswitch.providers.schema import Provider

_HEAD = f"keyswitch-compiled 6 {__version__}"
FOLDER_VARIABLE = "CLAUDE_CONFIG_DIR"
COMPILED_LIMIT = 1 << 20  # bytes; a profile file may have 64 KiB


class Compiled:
    """One profile's exports, with secrets as (store, item, generation)."""

    __slots__ = (
        "agents",
        "cache",
        "literals",
        "name",
        "never",
        "only",
        "provider",
        "refs",
        "rivals",
        "roles",
        "secrets",
        "stamp",
        "timeout",
    )

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
        # "helper": the field that `helper claude-code` prints, and so on
        self.roles: dict[str, str] = {}
        self.only: list[str] = []  # places, see `guard`
        self.never: list[str] = []


def identity(path: str) -> str:
    """Return what tells one version of a file from the next; "-": absent."""
    try:
        st = os.stat(path)
    except OSError:
        return "-"
    return f"{st.st_ino:x}.{st.st_mtime_ns:x}.{st.st_ctime_ns:x}.{st.st_size:x}"


def read(paths: Paths, name: str) -> Compiled | None:
    """Return the kept result for a profile, or None if it is not current."""
    try:
        descriptor = os.open(
            paths.compiled(name), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        )
    except OSError:
        return None
    try:
        if is_planted(os.fstat(descriptor)):
            return None
        data = os.read(descriptor, COMPILED_LIMIT)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    try:
        return _parse(data.decode("utf-8", "surrogateescape"), paths, name)
    except ValueError:
        return None  # a line that this version does not write


def _parse(text: str, paths: Paths, name: str) -> Compiled | None:
    lines = text.split("\n")
    if lines[0] != _HEAD or lines[-2:] != ["end", ""]:
        return None  # another version's, or half of one
    result = Compiled(name)
    lists = {
        "unset": result.rivals,
        "only": result.only,
        "never": result.never,
    }
    for line in lines[1:-2]:
        word, _, rest = line.partition(" ")
        if word == "dep":
            seen, _, path = rest.partition(" ")
            if identity(path) != seen:
                return None
            if path == paths.profile(name):
                result.stamp = seen
        elif word == "set":
            variable, _, value = rest.partition(" ")
            result.literals.append((variable, value))
        elif word == "secret":
            variable, _, field = rest.partition(" ")
            result.secrets.append((variable, field))
        elif word == "ref":
            field, store, item, generation = rest.split(" ")
            result.refs[field] = (store, item, int(generation))
        elif word in lists:
            lists[word].append(rest)
        elif word == "role":
            role, _, field = rest.partition(" ")
            result.roles[role] = field
        elif word == "settings":
            result.cache, timeout, result.agents = rest.split(" ")
            result.timeout = int(timeout)
        elif word == "provider":
            result.provider = rest
    return result if result.stamp else None


def compile_profile(
    paths: Paths, profile: Profile, provider: Provider, settings: Settings
) -> Compiled:
    """Work out a profile. The identities are taken before the caller reads."""
    from keyswitch.providers.schema import environment, roles

    exports = environment(provider, profile)
    result = Compiled(profile.name)
    result.provider = provider.id
    result.stamp = identity(paths.profile(profile.name))
    result.cache = settings.cache
    result.timeout = settings.cache_timeout
    result.agents = settings.agents
    result.literals = list(exports.literals)
    if profile.isolated:
        folder = paths.folder_of(profile.name)
        result.literals.append((FOLDER_VARIABLE, folder))
    result.secrets = [
        (variable, field)
        for variable, field in exports.secrets
        if field in profile.secrets
    ]
    result.rivals = list(exports.rivals)
    result.refs = {
        field: (ref.store, ref.item, ref.generation)
        for field, ref in profile.secrets.items()
    }
    result.roles = roles(provider, profile)
    result.only, result.never = list(profile.only), list(profile.never)
    return result


def dependencies(paths: Paths, profile: Profile) -> list[str]:
    """Return the files whose change makes the kept result stale.

    The records of what its secrets are for are among them: what is kept here
    was compared with them.
    """
    from keyswitch.switching.bindings import records

    return [
        paths.profile(profile.name),
        os.path.join(paths.providers_dir, profile.provider + ".toml"),
        paths.config_file,
        *records(paths, profile),
    ]


def keep(
    paths: Paths, compiled: Compiled, identities: list[tuple[str, str]]
) -> None:
    """Keep a result for the next start; doing without it is only slower."""
    import contextlib

    from keyswitch.disk.atomic import write_once
    from keyswitch.disk.private_folders import ensure_private_dir
    from keyswitch.errors import KeyswitchError

    lines = [_HEAD, f"provider {compiled.provider}"]
    lines += [f"dep {seen} {path}" for path, seen in identities]
    lines.append(
        f"settings {compiled.cache} {compiled.timeout} {compiled.agents}"
    )
    lines += [f"set {name} {value}" for name, value in compiled.literals]
    lines += [f"secret {name} {field}" for name, field in compiled.secrets]
    lines += [
        f"ref {field} {store} {item} {generation}"
        for field, (store, item, generation) in sorted(compiled.refs.items())
    ]
    lines += [f"unset {name}" for name in compiled.rivals]
    lines += [f"only {pattern}" for pattern in compiled.only]
    lines += [f"never {pattern}" for pattern in compiled.never]
    lines += [f"role {k} {v}" for k, v in sorted(compiled.roles.items())]
    lines += ["end", ""]
    if any("\n" in line for line in lines):
        return
    path = paths.compiled(compiled.name)
    try:
        ensure_private_dir(os.path.dirname(path))
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        text = "\n".join(lines)
        write_once(path, text.encode("utf-8", "surrogateescape"))
    except (OSError, KeyswitchError):
        return
