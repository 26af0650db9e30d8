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
    from keyswitch.directories.git_remotes import FoundRemotes
    from keyswitch.model import Profile


class _Place:
    """A directory, and the remotes of its repository once they are asked."""

    def __init__(self, folder: str, environ: Mapping[str, str]) -> None:
        self.folder = folder
        self._environ = environ
        self._home = home_of(environ)
        self._found: FoundRemotes | None = None

    @property
    def remotes(self) -> FoundRemotes:
        if self._found is None:
            from keyswitch.directories.git_remotes import FoundRemotes

            self._found = FoundRemotes(self.folder, self._environ)
        return self._found

    @property
    def doubt(self) -> str:
        """Say why the remotes are not known; "" where nobody asked."""
        return self._found.doubt if self._found else ""

    def first_of(self, wanted: Sequence[str], *, spelt: bool = False) -> str:
        """Return the first pattern that means this place, or "".

        Of the remotes only the origin counts or, if `spelt`, every spelling of
        every address.
        """
        for pattern in wanted:
            if patterns.is_directory(pattern):
                if patterns.matches_directory(pattern, self.folder, self._home):
                    return pattern
                continue
            known, meant = self.remotes.origin, {pattern}
            if spelt:
                from keyswitch.directories.addresses import plain_pattern

                known = list(self.remotes.spellings())
                meant.add(plain_pattern(pattern))
            if any(patterns.matches_remote(p, r) for p in meant for r in known):
                return pattern
        return ""


def refusal(
    profile: Compiled | Profile,
    environ: Mapping[str, str],
    folder: str | None = None,
) -> KeyswitchError | None:
    """Return why a profile may not be used in a directory, or None."""
    if not (profile.only or profile.never):
        return None
    if folder is None:
        folder = patterns.here()
    if not folder:
        return KeyswitchError(
            f"profile '{profile.name}' is limited to some directories, and "
            "this one no longer exists",
            "cd to another one",
        )
    try:
        for pattern in (*profile.only, *profile.never):
            # One that can match nothing would guard nothing.
            patterns.check(pattern)
    except InputError as e:
        what = f"profile '{profile.name}': {e.message}"
        raise InputError(what, e.hint) from e
    place = _Place(folder, environ)
    forbidden = place.first_of(profile.never, spelt=True)
    doubt = "" if forbidden else place.doubt
    if doubt:
        forbidden = next(
            p for p in profile.never if not patterns.is_directory(p)
        )
    if forbidden:
        this = f"this may be one: {doubt}" if doubt else f"this is {folder}"
        return KeyswitchError(
            f"profile '{profile.name}' may not be used in {forbidden}, and "
            f"{this}",
            f"change that: keyswitch edit {profile.name} --never ''"
            + ", or fix the repository" * bool(doubt),
        )
    if profile.only and not place.first_of(profile.only):
        return KeyswitchError(
            f"profile '{profile.name}' may only be used in "
            f"{', '.join(profile.only)}, and this is {folder}"
            + (f": {place.doubt}" if place.doubt else ""),
            f"change that: keyswitch edit {profile.name} --only '', or go "
            "there",
        )
    return None


def require(profile: Compiled, environ: Mapping[str, str]) -> None:
    """Raise where the profile may not be used here."""
    refused = refusal(profile, environ)
    if refused is not None:
        raise refused
