"""Flags that choose a cloud, left on in a settings file or a start file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import ERROR, WARNING, Finding
from keyswitch.diagnosis.findings.mend import LINE, Mend, removal
from keyswitch.diagnosis.resolver import first_party
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.shells.rc_lines import Assignment
    from keyswitch.targets.claude_code.rules import Provider

# A line that the next one belongs to.
_LEANS_ON = (
    r"\s*(if|elif|else|for|while|until|case|select|switch|function|begin|def)"
    r"\b|.*((\b(then|do|else|in))|[\\({|]|&&)\s*$|\s*\(?[^()]*\)\s*$"
)


def left_on(situation: Situation) -> Iterator[Finding]:
    """Find flags of clouds that are not wanted any more."""
    for provider in rules.PROVIDERS:
        if _is_meant(situation, provider):
            continue
        used = situation.verdict.provider is provider
        grave = ERROR if used else WARNING
        yield from _in_settings(situation, provider, grave)
        for line in situation.start_files.assignments({provider.flag}):
            # A function's line counts only if somebody called it.
            called = provider.flag in situation.scene.environ
            if rules.truthy(line.value) and (
                called or not line.text[:1].isspace()
            ):
                yield _in_start_file(situation, provider, line, grave)


def _is_meant(situation: Situation, provider: Provider) -> bool:
    """Tell whether a cloud is wanted.

    A chosen profile decides. Without one, a flag is left over if the cloud has
    no credential, and something else could be used.
    """
    taken = situation.taken
    if taken is not None:
        return any(name == provider.flag for name, _ in taken.env)
    request = situation.verdict.request
    if request.sent or not request.refusal.startswith("there are no"):
        return True
    return not first_party.request(situation.scene, None).sent


def _in_settings(
    situation: Situation, provider: Provider, grave: str
) -> Iterator[Finding]:
    for file in situation.scene.files:
        if not rules.truthy(file.env.get(provider.flag)):
            continue
        place = file.place("env", provider.flag)
        fix = f"remove 'env.{provider.flag}' from {place}"
        if file.level == "managed":
            fix = f"ask whoever manages {place}"
        yield Finding(
            "provider-flag-left",
            grave,
            f"{provider.flag} is on in a {file.level} settings file",
            f"Claude Code talks to {provider.title} as long as it stands "
            "there, whatever the shell says",
            fix,
            place,
            removal(file, "env", provider.flag),
        )


def _in_start_file(
    situation: Situation, provider: Provider, line: Assignment, grave: str
) -> Finding:
    mend = None
    home = situation.scene.home.rstrip("/") + "/"
    if line.path.startswith(home) and _stands_alone(situation, line):
        mend = Mend(LINE, line.path, line=line.line, expected=line.text)
    return Finding(
        "provider-flag-left",
        grave,
        f"{provider.flag} is set in a start file",
        f"every new shell makes Claude Code talk to {provider.title}",
        f"take {line.place} out, then: unset {provider.flag}",
        line.place,
        mend,
    )


def _stands_alone(situation: Situation, line: Assignment) -> bool:
    """Tell whether the line can be removed without harm to what is around it.

    A block that becomes empty is an error in most shells. A comment may hold
    a secret, and the record that undoes a repair keeps the line.
    """
    if line.text[:1].isspace() or "#" in line.text:
        return False
    before = situation.start_files.texts[line.path].split("\n")[: line.line - 1]
    code = [b for b in before if b.strip() and not b.lstrip().startswith("#")]
    whole = "".join(code)
    if any("<<" in text for text in code) or any(
        whole.count(quote) % 2 for quote in "'\""
    ):
        return False  # it may stand in a text
    return not code or not re.match(_LEANS_ON, code[-1])
