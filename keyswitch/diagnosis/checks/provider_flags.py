"""A cloud's switch that was left on in a settings file or a start file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import ERROR, WARNING, Finding
from keyswitch.diagnosis.findings.mend import LINE, MEMBER, Mend
from keyswitch.diagnosis.resolver import first_party
from keyswitch.errors import KeyswitchError
from keyswitch.targets import splice
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.origin import Origin
    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.targets.claude_code.rules import Provider
    from keyswitch.targets.claude_code.settings.settings_file import (
        SettingsFile,
    )

# A line that the next one belongs to.
_LEANS_ON = re.compile(
    r"\s*(if|elif|else|for|while|until|case|select|switch|function|begin|def)"
    r"\b|.*((\b(then|do|else|in))|[\\({|]|&&)\s*$|\s*\(?[^()]*\)\s*$"
)

_OURS = ("user", "project", "local")  # levels that a person may edit


def left_on(situation: Situation) -> Iterator[Finding]:
    """Find flags that nobody asked for any more."""
    for provider in rules.PROVIDERS:
        if _is_meant(situation, provider):
            continue
        for file in situation.scene.files:
            value = file.env.get(provider.flag)
            if rules.truthy(value):
                yield _in_settings(situation, provider, file)
        for origin in situation.start_files.assignments({provider.flag}):
            if not rules.truthy(origin.value):
                continue
            # A function's line counts only if somebody called it.
            if not origin.text[:1].isspace() or (
                provider.flag in situation.scene.environ
            ):
                yield _in_start_file(situation, provider, origin)


def _is_meant(situation: Situation, provider: Provider) -> bool:
    """Tell whether a chosen profile wants this cloud.

    Without one, a cloud is left alone unless there is nothing of it but its
    switch, and something else that could be used.
    """
    taken = situation.taken
    if taken is not None:
        return any(name == provider.flag for name, _ in taken.env)
    request = situation.verdict.request
    if request.sent or not request.refusal.startswith("there are no"):
        return True
    return not first_party.request(situation.scene, None).sent


def _severity(situation: Situation, provider: Provider) -> str:
    return ERROR if situation.verdict.provider is provider else WARNING


def _in_settings(
    situation: Situation, provider: Provider, file: SettingsFile
) -> Finding:
    keys = ("env", provider.flag)
    place = file.place(*keys)
    mend = None
    fix = f"remove 'env.{provider.flag}' from {place}"
    if file.level in _OURS:
        mend = _member(file, keys)
    elif file.level == "managed":
        fix = f"ask whoever manages {place}"
    return Finding(
        "provider-flag-left",
        _severity(situation, provider),
        f"{provider.flag} is on in a {file.level} settings file",
        f"Claude Code talks to {provider.title} as long as it stands there, "
        "whatever the shell says",
        fix,
        place,
        mend,
    )


def _member(file: SettingsFile, keys: tuple[str, ...]) -> Mend | None:
    if "\ufffd" in file.text:
        return None  # it has other bytes than UTF-8's
    try:
        raw = splice.raw_value(file.path, file.text, keys)
    except KeyswitchError:
        return None  # twice the same key, or the like: a person's choice
    return Mend(MEMBER, file.path, keys, expected=raw) if raw else None


def _in_start_file(
    situation: Situation, provider: Provider, origin: Origin
) -> Finding:
    mend = None
    home = situation.scene.home.rstrip("/") + "/"
    if origin.path.startswith(home) and _stands_alone(situation, origin):
        mend = Mend(LINE, origin.path, line=origin.line, expected=origin.text)
    return Finding(
        "provider-flag-left",
        _severity(situation, provider),
        f"{provider.flag} is set in a start file",
        f"every new shell makes Claude Code talk to {provider.title}",
        f"take {origin.place} out, then: unset {provider.flag}",
        origin.place,
        mend,
    )


def _stands_alone(situation: Situation, origin: Origin) -> bool:
    """Tell whether a file means the same but for the line that goes.

    A block that becomes empty is an error in most shells. A comment may hold
    anything, and what takes a repair back keeps the line.
    """
    if origin.text[:1].isspace() or "#" in origin.text:
        return False
    text = dict(situation.start_files.texts())[origin.path]
    before = text.split("\n")[: origin.line - 1]
    code = [b for b in before if b.strip() and not b.lstrip().startswith("#")]
    if any("<<" in line for line in code):
        return False  # it may stand in a text
    if any("".join(code).count(quote) % 2 for quote in "'\""):
        return False  # the same
    return not code or not _LEANS_ON.match(code[-1])
