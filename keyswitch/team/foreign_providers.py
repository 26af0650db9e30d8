"""What the provider of a team may say: less than one that a person wrote.

It may name fields, variables, hosts and how Claude Code takes a key. It sets
nothing that programs take orders from, it stands beside the built-in ones, and
its patterns can be tried on any text in next to no time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from keyswitch.providers.catalogue import Catalogue, provider_of
from keyswitch.providers.schema import Provider
from keyswitch.providers.shapes import PLAIN_LIMIT
from keyswitch.providers.variables import ADDRESS, steers
from keyswitch.team.open_texts import refused

_HOWS = ("helper", "cloud", "environment", "none")  # no login: that is ours
_MOST_WAYS = PLAIN_LIMIT * PLAIN_LIMIT  # in which a text may fit a pattern
_LONGEST = 200  # characters of a pattern
# What stands for one character: an escape, or a class.
_ONE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
_SETS = ("[[", "--", "&&", "~~", "||")  # which a later Python may have
_TIMES = re.compile(r"[*+?]|\{(\d+)(?:(,)(\d*))?\}")


def provider_in(place: str, provider_id: str, table: Any) -> Provider:
    """Return the provider of one table of a team file, checked."""
    where = f"{place}: [providers.{provider_id}]"
    if provider_id in Catalogue().ids():
        raise refused(where, "a built-in provider has this name")
    if not isinstance(table, dict):
        raise refused(where, "it must be a table")
    if "team" in table:
        raise refused(where, "unknown key 'team'")
    _check_patterns(where, table.get("fields"))
    provider = provider_of(where, provider_id, table)
    _check_variables(where, provider)
    for _, taken in provider.claude_code:
        if taken.how not in _HOWS:
            raise refused(where, f"'how' must not be '{taken.how}'")
    return provider._replace(own=True)


def _check_patterns(where: str, fields: Any) -> None:
    """Refuse patterns that may take for ever, or of which Python warns."""
    for name, field in fields.items() if isinstance(fields, dict) else ():
        pattern = field.get("pattern") if isinstance(field, dict) else None
        if isinstance(pattern, str) and (
            _ways(pattern) > _MOST_WAYS or any(s in pattern for s in _SETS)
        ):
            raise refused(
                where,
                f"the pattern of '{name}' can take forever: use no groups, no "
                "nested sets and at most two of * and +",
            )


def _check_variables(where: str, provider: Provider) -> None:
    for variable in _variables(provider):
        decides = "" if "{" in variable else steers(variable)
        if decides not in ("", ADDRESS):
            raise refused(
                where, f"it sets or unsets {variable}, which decides {decides}"
            )


def _variables(provider: Provider) -> Iterator[str]:
    """Yield every variable that a profile of the provider sets or unsets."""
    yield from provider.rivals
    for field in provider.fields:
        yield from field.env
    pairs = [provider.constants, provider.trace]
    pairs += [constants for _, constants in provider.group_constants]
    pairs += [taken.env for _, taken in provider.claude_code]
    for one in pairs:
        yield from (variable for variable, _ in one)


def _ways(pattern: str) -> int:
    """Return in how many ways a text may be tried, at most.

    Python's `re` goes back and forth between repetitions. A repetition of a
    group multiplies without an end, so a pattern with groups has too many.
    """
    plain = _ONE.sub("x", pattern)
    if len(pattern) > _LONGEST or {*"()|"} & {*plain}:
        return _MOST_WAYS + 1
    ways = 1
    for times in _TIMES.finditer(plain):
        least, comma, most = times.groups()
        if least is None:
            ways *= 2 if times[0] == "?" else PLAIN_LIMIT
        elif comma:
            ways *= max(1, int(most or PLAIN_LIMIT) - int(least) + 1)
    return ways
