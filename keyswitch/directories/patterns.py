"""Patterns of places: directories (`~/clients/**`) and remotes (`host/path/*`).

Part of the express lane. A pattern is compared part by part: `*` stands for
any characters of one part, a part `**` for any number of parts, none included.

The rules of config.toml's `[links]` have patterns of remotes.
"""

from __future__ import annotations

import os

from keyswitch import compiled
from keyswitch.errors import InputError, StaleError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.compiled import Rules
    from keyswitch.profiles.paths import Paths

LONGEST = 256  # characters of a pattern


def is_directory(pattern: str) -> bool:
    """Tell a pattern of directories from one of git remotes."""
    return pattern.startswith(("/", "~"))


def check(pattern: str) -> None:
    """Raise InputError unless a pattern can match something."""
    parts = pattern.split("/")
    dots = {".", ".."}.intersection(parts)
    if (
        not pattern.isprintable()
        or " " in pattern[:1] + pattern[-1:]
        or not 0 < len(pattern) <= LONGEST
        or parts.count("**") > 3
    ):
        raise InputError(
            "invalid pattern of places",
            "for example: ~/clients/** or github.com/acme/*",
        )
    if is_directory(pattern):
        if parts[0] not in ("", "~") or dots:
            raise InputError(
                f"'{pattern}' is not a directory pattern",
                "start it with / or ~/ and do not use '..'",
            )
    elif (
        len(parts) < 2
        or not all(parts)
        or dots
        or "@" in pattern
        or ":" in pattern
        or any(c in pattern for c in "{}[]?\\")  # of other patterns
    ):
        raise InputError(
            f"'{pattern}' is not a git remote pattern",
            "use host and path, for example: github.com/acme/*",
        )


def matches_directory(pattern: str, folder: str, home: str) -> bool:
    """Tell whether a directory is one that the pattern means.

    `folder` is a path without symbolic links. Where the pattern leads through
    one, the place that it stands for is meant.
    """
    if pattern == "~" or pattern.startswith("~/"):
        place, wanted = home, _parts(pattern[1:])
    else:
        place, wanted = "/", _parts(pattern)
    fixed = 0
    while fixed < len(wanted) and "*" not in wanted[fixed]:
        fixed += 1
    place = os.path.join(place, *wanted[:fixed])
    parts = _parts(folder)
    starts = (_parts(place), _parts(os.path.realpath(place)))
    return any(
        parts[: len(start)] == start
        and _match(wanted[fixed:], parts[len(start) :])
        for start in starts
    )


def matches_remote(pattern: str, remote: str) -> bool:
    """Tell whether a remote (`host/path`) is one that the pattern means."""
    if is_directory(pattern) or not remote.strip("/"):
        return False
    # The large hosts do not tell case, and `never` has to err on that side.
    pattern = pattern.lower().removesuffix(".git")
    return _match(_parts(pattern), _parts(remote.lower()))


def _parts(text: str) -> list[str]:
    return [part for part in text.split("/") if part]


def _match(pattern: list[str], parts: list[str]) -> bool:
    """Compare in the time of both lengths' product, never more.

    Where a part does not fit, only the last `**` has to take in one more: what
    came before it has been matched as early as it can be.
    """
    i = k = 0
    star, taken = -1, 0
    while k < len(parts):
        if i < len(pattern) and pattern[i] == "**":
            star, taken = i, k
            i += 1
        elif i < len(pattern) and _match_part(pattern[i], parts[k]):
            i += 1
            k += 1
        elif star >= 0:
            taken += 1
            i, k = star + 1, taken
        else:
            return False
    return all(part == "**" for part in pattern[i:])


def _match_part(pattern: str, text: str) -> bool:
    pieces = pattern.split("*")
    if len(pieces) == 1:
        return pattern == text
    head, tail = pieces[0], pieces[-1]
    if len(text) < len(head) + len(tail):
        return False
    if not text.startswith(head) or not text.endswith(tail):
        return False
    text = text[len(head) : len(text) - len(tail)]
    for piece in pieces[1:-1]:
        found = text.find(piece)
        if found < 0:
            return False
        text = text[found + len(piece) :]
    return True


def here() -> str:
    """Return the current directory; "" where it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def work_out(paths: Paths, *, keep_them: bool = False) -> Rules:
    """Return the rules, from config.toml itself if they are not kept.

    They are kept on demand: `whoami` and `doctor` write nothing at all.
    """
    try:
        return compiled.read_rules(paths)
    except StaleError:
        from keyswitch.profiles import settings

        seen = compiled.identity(paths.config_file)
        found = list(settings.load(paths).links)
        if keep_them:
            compiled.keep_rules(paths, seen, found)
        return found


def asked_by(
    found: Rules, folder: str, environ: Mapping[str, str]
) -> tuple[str, str]:
    """Return (profile, pattern) of the first rule for a directory, or ""."""
    from keyswitch.directories.remotes import remotes_of

    remotes = remotes_of(folder, environ)
    for pattern, name in found:
        if any(matches_remote(pattern, remote) for remote in remotes):
            return name, pattern
    return "", ""
