"""The keys that Claude Code may use without asking, in `.claude.json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from keyswitch.targets.claude_code.settings import splice
from keyswitch.targets.claude_code.settings.baseline import (
    ABSENT,
    Baseline,
    Element,
    Owned,
    digest,
    revert,
)
from keyswitch.targets.claude_code.settings.excerpt import excerpt, restored

if TYPE_CHECKING:
    from collections.abc import Mapping


from keyswitch.targets.claude_code.settings.plan import Plan

APPROVED = ("customApiKeyResponses", "approved")


def plan_approvals(
    path: str,
    observed: bytes | None,
    baseline: Baseline,
    tails: Mapping[str, str | None],
    key: bytes,
) -> Plan:
    """Plan `.claude.json`: exactly these of our keys are approved.

    `tails` maps a secret's item to its tail; None stands for one that is
    recorded already and needs not be read again.
    """
    created = baseline.created if observed is not None else True
    # Claude Code takes an empty file for one with nothing in it.
    blank = observed is None or not observed.strip(b" \t\r\n\xef\xbb\xbf")
    if blank and not any(tails.values()):
        return Plan(observed, Baseline())
    data = b"{}" if blank else observed or b""
    ours = [e.keys[0] for e in baseline.elements]
    ours += [o.keys[0] for o in baseline.owned]
    text = excerpt(path, data, (APPROVED[0], *ours), edits=True)
    leave = [e for e in baseline.elements if e.item not in tails]
    stay = [e for e in baseline.elements if e.item in tails]
    text = revert(path, text, Baseline(False, (), tuple(leave)), key, str).text
    new = {
        item: tail
        for item, tail in tails.items()
        if tail is not None and item not in {e.item for e in stay}
    }
    owned = list(baseline.owned)
    for item, tail in new.items():
        if tail in splice.elements(path, text, APPROVED):
            continue  # the person approved it already
        text = _with_containers(path, text, owned)
        text, gap = splice.append_element(
            path, text, APPROVED, json.dumps(tail)
        )
        stay.append(Element(APPROVED, digest(key, tail), gap, item))
    if not stay and owned:
        text = revert(path, text, Baseline(False, tuple(owned)), key, str).text
        owned = []
    if not stay:
        if created and splice.is_empty(path, text, ()):
            return Plan(None, Baseline())
        return Plan(restored(text, data), Baseline())
    return Plan(
        restored(text, data), Baseline(created, tuple(owned), tuple(stay))
    )


def _with_containers(path: str, text: str, owned: list[Owned]) -> str:
    for keys, raw in ((APPROVED[:1], "{}"), (APPROVED, "[]")):
        if splice.raw_value(path, text, keys) is None:
            text, gap = splice.insert_member(path, text, keys, raw)
            owned.append(Owned(keys, "", ABSENT, "", gap))
    return text
