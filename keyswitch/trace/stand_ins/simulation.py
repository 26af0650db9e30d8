"""Simulated errors: what each text of `--simulate` means, and when it holds.

* `429`: every request
* `429 every 3rd`: the third, the sixth …
* `429 after 5 s`: those that are sent later; also `after 2 requests`
* `429 first 2`: no more than two of them; also `once`
* `slow 20 s`: so long until an answer begins
* `cut after 100 bytes`: so much of an answer comes
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keyswitch.errors import InputError
from keyswitch.model import Frozen
from keyswitch.trace.stand_ins import service_errors
from keyswitch.trace.stand_ins.stand_in import Disturbance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.trace.stand_ins.stand_in import Canned, Incoming, StandIn

KINDS = (
    "401", "403-aws", "429", "529", "overloaded", "slow", "cut", "html",
    "bad-json", "expired-login",
)  # fmt: skip
_WAIT = 10.0  # seconds of `slow`
_CUT = 100  # bytes of an answer that `cut` lets through
# Lists of models and probes. They get errors too, but do not count: "first 1"
# would be over before the first question (Claude Code on Bedrock asks for
# profiles first).
_LOOKS = ("GET", "HEAD", "OPTIONS")
_LONGEST = 40  # characters of a text that are repeated

_WORDS = {
    "once": 1, "other": 2, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
}  # fmt: skip
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_TIME = (
    r"(?P<time>\d{1,6}(?:\.\d{1,6})?) ?"
    r"(?:(?P<unit>ms|s|m)|(?P<long>s|m)(?:ec|in)(?:ond|ute)?s?)"
)
_COUNT = r"(?P<count>\d{1,6})"
_REQUESTS = r"(?: (?:requests?|times?|calls?))?"
# What may follow a kind, and the field of a rule that it sets.
_CLAUSES = (
    ("every", rf"every {_COUNT}(?:st|nd|rd|th)?{_REQUESTS}"),
    ("every", rf"every (?P<word>other|second|third|fourth|fifth){_REQUESTS}"),
    ("after", rf"after {_TIME}"),
    ("skipped", rf"after {_COUNT} (?:requests?|calls?)"),
    ("most", rf"first {_COUNT}{_REQUESTS}"),
    ("most", r"(?P<word>once)"),
)
_OF_SLOW = (("wait", rf"(?:by |for )?{_TIME}"),)
_OF_CUT = (("cut_after", rf"(?:after |at )?{_COUNT} ?(?:bytes?|b)"),)
_BETWEEN = r"(?:[ ,;]|and\b)*"


class _When(Frozen):
    """Which requests an error is for."""

    every: float = 1
    after: float = 0  # seconds since the start
    skipped: float = 0  # requests
    most: float = 0  # errors; 0: no limit
    wait: float = _WAIT
    cut_after: float = _CUT

    @property
    def counts(self) -> bool:
        """Tell whether it depends on how many requests there were."""
        return (self.every, self.skipped, self.most) != (1, 0, 0)


class _Rule:
    """One error, and how often it was due and given."""

    def __init__(self, kind: str, when: _When) -> None:
        self.kind = kind
        self._when = when
        self._seen = self._given = 0

    def is_due(self, asked: Incoming) -> bool:
        """Count a request, and tell whether the error is for it."""
        when = self._when
        if asked.elapsed < when.after:
            return False
        if asked.method in _LOOKS and when.counts:
            return False
        self._seen += 1
        counted = self._seen - when.skipped
        exhausted = when.most and self._given >= when.most
        return counted > 0 and counted % when.every == 0 and not exhausted

    def effect(self, family: str, asked: Incoming) -> Canned | Disturbance:
        """Return the error."""
        self._given += 1
        if self.kind == "slow":
            return Disturbance("slow", wait=self._when.wait)
        if self.kind == "cut":
            return Disturbance("cut", cut_after=int(self._when.cut_after))
        return service_errors.error_of(self.kind, family, asked)


class _Simulation:
    """Several errors: a request gets the first that is for it."""

    def __init__(self, rules: list[_Rule]) -> None:
        self._rules = rules

    def answer(self, asked: Incoming) -> Canned | Disturbance | None:
        """Return what happens to a request of an API; others pass."""
        family = service_errors.family_of(asked)
        if not family:
            return None
        due = [rule for rule in self._rules if rule.is_due(asked)]
        return due[0].effect(family, asked) if due else None


def parse(*texts: str) -> StandIn:
    """Return what stands in for the services; each text is an error."""
    return _Simulation([_rule(text) for text in texts])


def _rule(text: str) -> _Rule:
    words = " ".join(text.lower().split())
    kind = next(
        (k for k in KINDS if re.match(rf"{k}(?![\w.-])", words)),
        None,
    )
    if kind is None:
        raise InputError(
            f"cannot simulate '{_short(text)}'",
            f"use one of {', '.join(KINDS)}, then for example 'every 3rd'",
        )
    own = {"slow": _OF_SLOW, "cut": _OF_CUT}.get(kind, ())
    given: dict[str, float] = {}
    rest = _behind(words[len(kind) :])
    while rest:
        for field, pattern in (*own, *_CLAUSES):
            match = re.match(rf"{pattern}(?!\w)", rest, re.ASCII)
            if match and field not in given:
                break
        else:
            raise _not_understood(text, kind)
        given[field] = _number(match.groupdict())
        if not given[field] and field in ("every", "most"):
            raise _not_understood(text, kind)
        rest = _behind(rest[match.end() :])
    return _Rule(kind, _When(**given))


def _behind(rest: str) -> str:
    """Return what comes after commas and "and"."""
    return re.sub(f"^{_BETWEEN}", "", rest)


def _number(found: Mapping[str, str | None]) -> float:
    if found.get("count"):
        return int(found["count"] or 0)
    if found.get("time"):
        unit = found["unit"] or found["long"] or ""
        return float(found["time"] or 0) * _UNITS[unit]
    return _WORDS[found["word"] or ""]


def _not_understood(text: str, kind: str) -> InputError:
    return InputError(
        f"'{_short(text)}': cannot understand what follows {kind}",
        "use 'every 3rd', 'after 5 s', 'after 2 requests' or 'first 2'",
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
