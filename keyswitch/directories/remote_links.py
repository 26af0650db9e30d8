"""Links by git remote: `[links]` of config.toml, kept in plain lines.

Part of the express lane, which cannot afford a TOML parser: the rules are
worked out once and kept with the identity of the file they came from.
"""

from __future__ import annotations

import os

from keyswitch import __version__
from keyswitch.compiled import identity
from keyswitch.directories.patterns import matches_remote
from keyswitch.disk.opening import read_start
from keyswitch.errors import StaleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.profiles.paths import Paths

Rules = list[tuple[str, str]]  # (pattern of a remote, profile name)

_HEAD = f"keyswitch-remotes 1 {__version__}"
_LIMIT = 1 << 18


def rules(paths: Paths) -> Rules:
    """Return the kept rules, in their order; raise StaleError."""
    present = identity(paths.config_file)
    if present == "-":
        return []
    data = read_start(paths.remotes_file, _LIMIT, ours=True) or b""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    head = [_HEAD, f"dep {present} {paths.config_file}"]
    if lines[:2] != head or lines[-2:] != ["end", ""]:
        raise StaleError
    found: Rules = []
    for line in lines[2:-2]:
        name, _, pattern = line.partition(" ")
        found.append((pattern, name))
    return found


def keep(paths: Paths, seen: str, found: Sequence[tuple[str, str]]) -> None:
    """Keep rules that were read from a config.toml of this identity."""
    import contextlib

    from keyswitch.disk.atomic import write_once
    from keyswitch.disk.private_folders import ensure_private_dir
    from keyswitch.errors import KeyswitchError

    lines = [_HEAD, f"dep {seen} {paths.config_file}"]
    lines += [f"{name} {pattern}" for pattern, name in found]
    text = "\n".join([*lines, "end", ""])
    try:
        ensure_private_dir(paths.state)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(paths.remotes_file)
        write_once(paths.remotes_file, text.encode("utf-8", "surrogateescape"))
    except (OSError, KeyswitchError):
        return  # doing without it is only slower


def work_out(paths: Paths, *, keep_them: bool = False) -> Rules:
    """Return the rules, from config.toml itself if they are not kept.

    They are kept on demand: `whoami` and `doctor` write nothing at all.
    """
    try:
        return rules(paths)
    except StaleError:
        from keyswitch.profiles import settings

        seen = identity(paths.config_file)
        found = list(settings.load(paths).links)
        if keep_them:
            keep(paths, seen, found)
        return found


def asked_by(found: Rules, folder: str) -> tuple[str, str]:
    """Return (profile, pattern) of the first rule for a directory, or ""."""
    if not found:
        return "", ""
    from keyswitch.directories.remotes import remotes_of

    remotes = remotes_of(folder)
    for pattern, name in found:
        if any(matches_remote(pattern, remote) for remote in remotes):
            return name, pattern
    return "", ""
