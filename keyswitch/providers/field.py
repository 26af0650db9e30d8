"""One value of a profile, and what it has to look like."""

from __future__ import annotations

from typing import NamedTuple


class Refusal(NamedTuple):
    """How values begin that belong to another field or provider."""

    prefix: str
    why: str
    hint: str = ""


class Length(NamedTuple):
    """How long values with this beginning are, as far as anybody has seen.

    No service promises it, so another length is asked about, not refused.
    """

    prefix: str
    shortest: int  # characters, the prefix included
    longest: int


class Field(NamedTuple):
    """One value of a profile, plain or secret."""

    name: str
    title: str = ""
    secret: bool = False
    required: bool = False
    env: tuple[str, ...] = ()  # variables that carry it
    prefixes: tuple[str, ...] = ()  # a value has to begin with one of them
    pattern: str = ""  # a value has to match it as a whole
    refuse: tuple[Refusal, ...] = ()
    lengths: tuple[Length, ...] = ()  # the first that fits counts
    default: str = ""
    free_text: bool = False  # any UTF-8 text without NUL
    harmless: bool = False  # decides neither host nor account
    group: str = ""  # the alternative it belongs to; "": all of them
    help: str = ""
