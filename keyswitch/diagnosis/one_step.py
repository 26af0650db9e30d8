"""One thing to do, out of an error's hint.

A hint may name a second way: "keyswitch unlock, or ...". A finding has one fix,
the first, so that it can be pasted; the other way is a part of why.
"""

from __future__ import annotations

from keyswitch.errors import KeyswitchError

NOTHING = "leave it: nothing to do"

_SECOND = ("; ", ", or ", ", or:")
_EDITS = ("correct ", "fix ", "look ", "mend ", "move ", "remove ")
_COMMANDS = (
    "keyswitch ", "aws ", "az ", "bao ", "chmod ", "eval ", "gcloud ", "gh ",
    "gopass ", "op ", "pass ", "security ", "vault ",
)  # fmt: skip


def one_step(
    error: KeyswitchError, why: str, otherwise: str, name: str = "NAME"
) -> tuple[str, str]:
    """Return (why, fix) for a finding that an error is the reason of.

    The fix is `otherwise` where the error has no hint, or one that does not
    say where: its message does. `name` is the profile that a hint calls NAME.
    """
    hint = error.hint.replace(" NAME", f" {name}")
    ends = [at for mark in _SECOND if (at := hint.find(mark)) >= 0]
    first = hint[: min(ends)] if ends else hint
    rest = hint[len(first) :].lstrip(";, ")
    fix = command_in(first) or first or otherwise
    if fix.startswith(_EDITS) and "/" not in fix:
        rest, fix = hint, otherwise
    return (f"{why}; {rest}" if rest else why), fix


def command_in(clause: str) -> str:
    """Return the command that a clause is, ends with, or has in quotes."""
    for command in _COMMANDS:
        if clause.startswith(command):
            return clause
        _, found, after = clause.partition(f": {command}")
        if found:
            return command + after
        _, found, after = clause.partition(f"'{command}")
        if found:
            return command + after.partition("'")[0]
    return ""
