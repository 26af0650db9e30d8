"""Claude Code's own command line options that choose its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from keyswitch.errors import InputError
from keyswitch.targets.claude_code.settings.settings_file import trim

if TYPE_CHECKING:
    from collections.abc import Sequence

SOURCES = ("user", "project", "local")


class Flags(NamedTuple):
    """Those of Claude Code's own command line options that matter here."""

    settings: str | None = None
    sources: tuple[str, ...] = SOURCES
    bare: bool = False

    @property
    def unknown_source(self) -> str:
        """The first of the sources that Claude Code does not know, or ""."""
        return next((s for s in self.sources if s not in SOURCES), "")


def parse_flags(words: Sequence[str]) -> Flags:
    """Return the options that choose settings; of two equal the last counts.

    Raises InputError for an option without its value.
    """
    settings = None
    sources = Flags().sources
    bare = False
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in ("--settings", "--setting-sources"):
            if not equals:
                given = next(rest, None)
                if given is None:
                    raise InputError(
                        f"{name} has no value", f"give one: {name} VALUE"
                    )
                value = given
            if name == "--settings":
                settings = value
            else:
                sources = tuple(trim(s) for s in value.split(","))
                if sources == ("",):
                    sources = ()
        elif word == "--bare":
            bare = True
    return Flags(settings, sources, bare)
