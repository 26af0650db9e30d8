"""Settings files that Claude Code ignores, refuses, or reads in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import ERROR, NOTE, WARNING, Finding
from keyswitch.diagnosis.findings.mend import removal
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.settings import wanted
from keyswitch.targets.claude_code.settings.wanted import BESIDE_HELPER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.targets.claude_code.settings.settings_file import (
        SettingsFile,
    )

_KEYS = (rules.API_KEY, rules.AUTH_TOKEN, rules.OAUTH_TOKEN)
_CREDENTIALS = (*_KEYS, rules.BASE_URL, rules.PROFILE)


def ignored(situation: Situation) -> Iterator[Finding]:
    """Find files that do not parse, or have a value of a wrong type."""
    for file in situation.scene.files:
        if not file.problem:
            continue
        place = file.path or "the text after --settings"
        refused = file.fatal or file.level == "managed"
        does = "refuses to start for" if refused else "ignores all of"
        yield Finding(
            "settings-ignored",
            ERROR,
            f"Claude Code {does} {place}: {file.problem}",
            "JSON has no comments and no comma at the end, and one wrong "
            "type is enough",
            f"mend {place}",
            place,
        )
    if situation.scene.config.broken:
        path = situation.scene.places.global_config
        yield Finding(
            "config-corrupted",
            ERROR,
            f"{path} is not valid JSON, and Claude Code does not start",
            "a crash or a full disk cut it off, or a tool wrote half of it",
            f"take the newest good copy from {situation.scene.places.backups}",
            path,
        )


def odd_values(situation: Situation) -> Iterator[Finding]:
    """Find null and empty values of env blocks, which replace the shell's."""
    for file in situation.scene.files:
        env = file.document.get("env") or {}
        for name in sorted(env):
            place = file.place("env", name)
            remove = f"remove 'env.{name}' from {place}"
            if env[name] is None:
                yield Finding(
                    "setting-null",
                    WARNING,
                    f"env.{name} is null, which becomes the word 'null'",
                    "Claude Code turns every value of an env block into text",
                    remove,
                    place,
                    removal(file, "env", name),
                )
            elif env[name] == "" and name in _CREDENTIALS:
                if _for_helper(file, name):
                    continue
                yield Finding(
                    "setting-cancels",
                    NOTE,
                    f"env.{name} is empty and cancels what the shell sets",
                    "an empty value in a settings file is not the same as none",
                    remove,
                    place,
                )


def _for_helper(file: SettingsFile, name: str) -> bool:
    """Tell whether `use` emptied a variable, so that its helper counts."""
    helper = file.command(rules.HELPER)
    return name in BESIDE_HELPER and wanted.is_keyswitch(helper or "")


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
            file.path == first.source.path and _for_helper(file, name)
            for file in situation.scene.files
        ):
            continue
        place = first.source.place or "the text after --settings"
        yield Finding(
            "setting-overrides-shell",
            WARNING,
            f"{name} of the shell has no effect: {place} replaces it",
            "an env block of a settings file outranks the environment",
            f"remove 'env.{name}' from {place}",
            place,
        )
