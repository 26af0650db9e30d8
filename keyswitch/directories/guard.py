"""Where a profile may be used: the directories and remotes it demands.

Part of the express lane. `only` names places of which one has to be here,
`never` places that may not be; a mistake then costs a failed command and not a
request on the wrong account.
"""

from __future__ import annotations

from keyswitch.directories import patterns
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.profiles.paths import home_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from keyswitch.compiled import Compiled
    from keyswitch.directories.git_remotes import Found
    from keyswitch.model import Profile


class ElsewhereError(KeyswitchError):
    """The profile may not be used in this directory."""


class _Place:
    """A directory, and the remotes of its repository once they are asked."""

    __slots__ = ("_environ", "_found", "folder", "home")

    def __init__(self, folder: str, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self.home = home_of(environ)
        self._environ = environ
        self._found: Found | None = None

    @property
    def remotes(self) -> Found:
        if self._found is None:
            from keyswitch.directories.git_remotes import Found

            self._found = Found(self.folder, self._environ)
        return self._found

    @property
    def doubt(self) -> str:
        """Say why the remotes are not known; "" where nobody asked."""
        return self._found.doubt if self._found else ""

    def is_one_of(self, wanted: Sequence[str]) -> str:
        """Return the first pattern that surely means this place, or ""."""
        for pattern in wanted:
            if patterns.is_directory(pattern):
                if patterns.matches_directory(pattern, self.folder, self.home):
                    return pattern
            elif any(
                patterns.matches_remote(pattern, remote)
                for remote in self.remotes.origin
            ):
                return pattern
        return ""

    def may_be_one_of(self, unwanted: Sequence[str]) -> tuple[str, str]:
        """Return (pattern, doubt): one that means this place, or may do so."""
        doubt = ""
        for pattern in unwanted:
            if patterns.is_directory(pattern):
                if patterns.matches_directory(pattern, self.folder, self.home):
                    return pattern, ""
                continue
            for remote in self.remotes.spellings():
                if patterns.matches_remote(pattern, remote):
                    return pattern, ""
            if self.remotes.doubt and not doubt:
                doubt = pattern
        return doubt, self.remotes.doubt if doubt else ""


def refusal(
    profile: Compiled | Profile,
    environ: Mapping[str, str],
    folder: str | None = None,
) -> ElsewhereError | None:
    """Return why a profile may not be used in a directory, or None."""
    if not (profile.only or profile.never):
        return None
    if folder is None:
        folder = patterns.here()
    if not folder:
        return ElsewhereError(
            f"profile '{profile.name}' is not used everywhere, and this "
            "directory is gone",
            "go to one that is there",
        )
    for pattern in (*profile.only, *profile.never):
        # One that can match nothing would guard nothing.
        _check(profile.name, pattern)
    place = _Place(folder, environ)
    forbidden, doubt = place.may_be_one_of(profile.never)
    if doubt:
        return ElsewhereError(
            f"profile '{profile.name}' is never used in {forbidden}, and this "
            f"may be one: {doubt}",
            "mend the repository, or change that: "
            f"keyswitch edit {profile.name} --never ''",
        )
    if forbidden:
        return ElsewhereError(
            f"profile '{profile.name}' is never used in {forbidden}, and this "
            f"is {folder}",
            f"change that: keyswitch edit {profile.name} --never ''",
        )
    if profile.only and not place.is_one_of(profile.only):
        return ElsewhereError(
            f"profile '{profile.name}' is only used in "
            f"{', '.join(profile.only)}, and this is {folder}"
            + (f": {place.doubt}" if place.doubt else ""),
            "go there, or change that: "
            f"keyswitch edit {profile.name} --only ''",
        )
    return None


def _check(name: str, pattern: str) -> None:
    try:
        patterns.check(pattern)
    except InputError as e:
        raise InputError(f"profile '{name}': {e.message}", e.hint) from e


def require(profile: Compiled, environ: Mapping[str, str]) -> None:
    """Raise ElsewhereError where the profile may not be used here."""
    refused = refusal(profile, environ)
    if refused is not None:
        raise refused
