"""Settings that Claude Code ignores or misreads, and flags left on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keyswitch.diagnosis.findings.situation import Situation
from keyswitch.errors import KeyswitchError
from keyswitch.shells.rc_lines import Assignment
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.resolver.candidates import Candidates
from keyswitch.targets.claude_code.resolver.request import to_anthropic
from keyswitch.targets.claude_code.settings import wanted
from keyswitch.targets.claude_code.settings.settings_file import (
    SettingsFile,
)
from keyswitch.targets.json_text import JsonText
from keyswitch.targets.verdict import (
    ERROR,
    NOTE,
    ORGANIZATION_LEVELS,
    WARNING,
    Cloud,
    Finding,
    Mend,
    Source,
)

_KEYS = (rules.API_KEY, rules.AUTH_TOKEN, rules.OAUTH_TOKEN)
_CREDENTIALS = (*_KEYS, rules.BASE_URL, rules.PROFILE)


def _removal(
    situation: Situation, file: SettingsFile, *keys: str
) -> Mend | None:
    """Return the repair that removes a member, or None.

    Only from files of the person, and not where it is a person's choice, as
    with the same key twice. What keyswitch wrote goes another way.
    """
    if situation.is_ours(file.path, keys[-1]):
        return None
    # A replacement character stands for bytes that are not UTF-8.
    if file.level not in ("user", "project", "local") or "\ufffd" in file.text:
        return None
    try:
        raw = JsonText(file.path, file.text).raw(keys)
    except KeyswitchError:
        return None
    return Mend(Mend.MEMBER, file.path, keys, expected=raw) if raw else None


def _how_to_remove(file: SettingsFile, *keys: str) -> str:
    if file.level in ORGANIZATION_LEVELS:
        return Source("settings", keys[-1], file.level, file.path).removal
    return f"remove '{'.'.join(keys)}' from {file.place(*keys)}"


def odd_values(situation: Situation) -> Iterator[Finding]:
    """Find null and empty values of env blocks, which replace the shell's."""
    for file in situation.scene.files:
        env = file.document.get("env") or {}
        for name in sorted(env):
            if _is_ours(situation, file, name):
                continue
            place = file.place("env", name)
            remove = _how_to_remove(file, "env", name)
            if env[name] is None:
                what = f"env.{name} is null, which becomes the text 'null'"
                why = "Claude Code turns every value in an env block into text"
                mend = _removal(situation, file, "env", name)
                if mend:
                    remove = "keyswitch doctor --fix"
                if len(list(situation.view.all(name))) > 1:
                    # What it hides would count, and may be worse.
                    mend = None
                    remove = f"write \"\" for 'env.{name}' in {place}"
                yield Finding(
                    "setting-null", WARNING, what, why, remove, place, mend
                )
            elif env[name] == "" and name in _CREDENTIALS:
                what = f"env.{name} is empty and overrides the shell's value"
                why = "an empty value in settings is not the same as no value"
                yield Finding("setting-cancels", NOTE, what, why, remove, place)


def _is_ours(situation: Situation, file: SettingsFile, name: str) -> bool:
    """Tell whether keyswitch wrote a variable, also another installation."""
    if situation.is_ours(file.path, name):
        return True
    helper = file.command(rules.HELPER)
    return (
        file.env.get(name) == ""
        and name in wanted.BESIDE_HELPER
        and wanted.is_keyswitch(helper or "")
    )


def overriding(situation: Situation) -> Iterator[Finding]:
    """Find credentials in a settings file that replace the shell's."""
    for name in _KEYS:
        values = list(situation.view.all(name))
        if len(values) < 2 or values[-1].source.set_by != "process":
            continue
        first, shell = values[0], values[-1]
        if first.text.strip() == shell.text.strip():
            continue
        if not first.text and any(
            file.path == first.source.path and _is_ours(situation, file, name)
            for file in situation.scene.files
        ):
            continue
        place = first.source.place or "the text after --settings"
        what = f"the shell's {name} has no effect: {place} overrides it"
        why = "an env block in a settings file overrides the environment"
        fix = f"remove 'env.{name}' from {place}"
        if first.source.set_by in ORGANIZATION_LEVELS:
            fix = first.source.removal
        if situation.is_ours(first.source.path, name):
            fix = situation.how_to_change(name)
        yield Finding("setting-overrides-shell", WARNING, what, why, fix, place)


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
        grave = ERROR if situation.verdict.provider is provider else WARNING
        yield from _in_settings(situation, provider, grave)
        for line in situation.start_files.assignments({provider.flag}):
            # A function's line counts only if somebody called it.
            called = provider.flag in situation.scene.environ
            counts = called or not line.text[:1].isspace()
            if counts and rules.truthy(line.value):
                yield _in_start_file(situation, provider, line, grave)


def _is_meant(situation: Situation, provider: Cloud) -> bool:
    """Tell whether a cloud is wanted.

    A chosen profile decides. Without one, a flag is left over if the cloud has
    no credential, and something else could be used.
    """
    taken = situation.taken
    if taken is not None:
        return any(name == provider.flag for name, _ in taken.env)
    request = situation.verdict.request
    problem = request.problem
    if problem is None or problem.set_wrong:
        return True
    found = Candidates(situation.scene, situation.view, None)
    return not to_anthropic(found).sent


def _in_settings(
    situation: Situation, provider: Cloud, grave: str
) -> Iterator[Finding]:
    for file in situation.scene.files:
        if not rules.truthy(file.env.get(provider.flag)):
            continue
        place = file.place("env", provider.flag)
        fix = _how_to_remove(file, "env", provider.flag)
        if situation.is_ours(file.path, provider.flag):
            fix = situation.how_to_change(provider.flag)
        what = f"{provider.flag} is on in a {file.level} settings file"
        title = provider.title
        why = f"Claude Code then uses {title}, whatever the shell sets"
        mend = _removal(situation, file, "env", provider.flag)
        if mend:
            fix = "keyswitch doctor --fix"
        yield Finding("provider-flag-left", grave, what, why, fix, place, mend)


def _in_start_file(
    situation: Situation, provider: Cloud, line: Assignment, grave: str
) -> Finding:
    mend = None
    home = situation.scene.home.rstrip("/") + "/"
    if line.path.startswith(home) and _stands_alone(situation, line):
        mend = Mend(Mend.LINE, line.path, line=line.line, expected=line.text)
    what = f"{provider.flag} is set in a start file"
    why = f"in every new shell Claude Code uses {provider.title}"
    if provider.flag in situation.scene.environ:
        why = f"{why}; this one has it until 'unset {provider.flag}'"
    fix = "keyswitch doctor --fix" if mend else f"remove {line.place}"
    return Finding(
        "provider-flag-left", grave, what, why, fix, line.place, mend
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
    if "<<" in whole or any(whole.count(quote) % 2 for quote in "'\""):
        return False  # it may stand in a text
    return not code or not re.match(_LEANS_ON, code[-1])
