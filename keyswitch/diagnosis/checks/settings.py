"""Settings files that Claude Code ignores, refuses, or reads in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import ERROR, NOTE, WARNING, Finding
from keyswitch.diagnosis.findings.mend import MEMBER, Mend
from keyswitch.errors import KeyswitchError
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.settings import own_helper, splice
from keyswitch.targets.claude_code.settings.wanted import BESIDE_HELPER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation
    from keyswitch.targets.claude_code.settings.settings_file import (
        SettingsFile,
    )


def ignored(situation: Situation) -> Iterator[Finding]:
    """Find files that do not parse, or hold one wrong type."""
    for file in situation.scene.files:
        if not file.problem:
            continue
        place = file.path or "the text after --settings"
        refused = file.fatal or file.level == "managed"
        yield Finding(
            "settings-ignored",
            ERROR,
            f"Claude Code "
            f"{'refuses to start for' if refused else 'ignores all of'} "
            f"{place}: {file.problem}",
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
    """Find values of an env block that mean more than they seem to."""
    for file in situation.scene.files:
        env = file.document.get("env") or {}
        for name in sorted(env):
            if env[name] is None:
                yield _null(file, name)
            elif (
                env[name] == ""
                and name in _CREDENTIALS
                and not _for_helper(file, name)
            ):
                yield Finding(
                    "setting-cancels",
                    NOTE,
                    f"env.{name} is empty and cancels what the shell sets",
                    "an empty value in a settings file is not the same as none",
                    f"remove 'env.{name}' from {file.place('env', name)}",
                    file.place("env", name),
                )


def _for_helper(file: SettingsFile, name: str) -> bool:
    """Tell whether `use` emptied a variable, so that its helper counts."""
    helper = file.document.get(rules.HELPER)
    return (
        name in BESIDE_HELPER
        and isinstance(helper, str)
        and own_helper.is_keyswitch(helper)
    )


_CREDENTIALS = (
    rules.API_KEY,
    rules.AUTH_TOKEN,
    rules.OAUTH_TOKEN,
    rules.BASE_URL,
    rules.PROFILE,
)


def _null(file: SettingsFile, name: str) -> Finding:
    keys = ("env", name)
    place = file.place(*keys)
    mend = None
    whole = "\ufffd" not in file.text  # not what stands for other bytes
    if whole and file.level in ("user", "project", "local"):
        try:
            if splice.raw_value(file.path, file.text, keys) == "null":
                mend = Mend(MEMBER, file.path, keys, expected="null")
        except KeyswitchError:
            mend = None
    return Finding(
        "setting-null",
        WARNING,
        f"env.{name} is null, which becomes the word 'null'",
        "Claude Code turns every value of an env block into text",
        f"remove 'env.{name}' from {place}",
        place,
        mend,
    )


def overriding(situation: Situation) -> Iterator[Finding]:
    """Find credentials in a settings file that replace the shell's."""
    for name in (rules.API_KEY, rules.AUTH_TOKEN, rules.OAUTH_TOKEN):
        values = list(situation.scene.request.all(name))
        if len(values) < 2 or values[0].source.set_by == "process":
            continue
        if values[-1].source.set_by != "process":
            continue
        if values[0].text.strip() == values[-1].text.strip():
            continue
        path = values[0].source.path
        if not values[0].text and any(
            file.path == path and _for_helper(file, name)
            for file in situation.scene.files
        ):
            continue
        place = values[0].source.place or "the text after --settings"
        yield Finding(
            "setting-overrides-shell",
            WARNING,
            f"{name} of the shell has no effect: {place} replaces it",
            "an env block of a settings file outranks the environment",
            f"remove 'env.{name}' from {place}",
            place,
        )
