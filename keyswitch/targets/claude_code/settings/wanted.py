"""The settings that Claude Code needs for a profile, and our commands in them.

A helper that another installation left, or a removed one, is nobody's own
setting: without that keyswitch it can only fail.
"""

from __future__ import annotations

import functools
import json
import re
import shlex
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from keyswitch.compiled import HEADERS
from keyswitch.errors import KeyswitchError
from keyswitch.model import Frozen
from keyswitch.providers.custom_headers import of_field
from keyswitch.targets.claude_code.rules import AWS_EXPORT, HELPER
from keyswitch.targets.claude_code.settings.settings_file import env_of
from keyswitch.targets.json_text import JsonText

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from keyswitch.model import Profile
    from keyswitch.providers.schema import ClaudeCode, Provider
    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.splice import Edited
    from keyswitch.targets.values import Read

ENV = "env"


# The AWS profile that Claude Code is pointed to for a bedrock profile with
# access keys. It stands in a configuration file of keyswitch's own, where a
# credential_process asks keyswitch.
#
# awsCredentialExport alone will not do (observed, Claude Code 2.1.330): it
# takes no keys without a session token, and when it fails the next identity
# that the machine has is used silently. A named profile has no next one.
AWS_PROFILE = "keyswitch"


# What a shell may export that fills a header beside the helper, or makes
# Claude Code warn at each start that two sources are set (observed, 2.1.330).
# An empty value in a settings file cancels the shell's, for Claude Code and
# for the programs that it starts.
BESIDE_HELPER = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "CLAUDE_CODE_OAUTH_TOKEN",
)
_BESIDE_BEDROCK_HELPER = ("AWS_BEARER_TOKEN_BEDROCK",)


_AMBIENT_AWS_OFF = {
    "AWS_BEARER_TOKEN_BEDROCK": "",  # would beat every other credential
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "",
}


# What follows a command of ours in the settings: they outlive a program that
# is removed. Claude Code shows it. 127: the shell found no such program.
_IF = (
    " || {{ s=$?; {} echo 'keyswitch is not installed any more: "
    "install it again, or remove this command from settings.json' >&2; "
    "exit $s; }}"
)
IF_GONE = _IF.format("[ $s = 127 ] &&")


class Command(Frozen):
    """What the settings name: our command, a profile, our AWS file."""

    command: str  # as a shell understands it
    profile: str
    aws_config: str  # path of the AWS configuration file
    if_gone: str = ""  # IF_GONE, where /bin/sh runs commands of settings

    def aws_config_text(self, region: str) -> bytes:
        """Return the AWS configuration file for this profile."""
        text = (
            "# written by keyswitch; 'keyswitch use' and 'off' replace it\n"
            f"[profile {AWS_PROFILE}]\n"
            f"region = {region}\n"
            f"credential_process = {self.aws_command}\n"
        )
        return text.encode()

    @property
    def aws_command(self) -> str:
        """The command that prints the profile's AWS credentials."""
        return f"{self.command} helper aws {shlex.quote(self.profile)}"


def command_of(
    program: Sequence[str], profile: str, aws_config: str
) -> Command:
    """Return what settings say, where these words start this keyswitch."""
    if_gone = "" if sys.platform == "win32" else IF_GONE
    if if_gone and list(program[:2]) == [sys.executable, "-PE"]:
        # Python runs, and does not find its file.
        if_gone = _IF.format(f"[ -e {shlex.quote(program[-1])} ] ||")
    return Command(shlex.join(program), profile, aws_config, if_gone)


def wanted_settings(
    taken: ClaudeCode,
    fields: Mapping[str, str],
    command: Command,
    *,
    expires: bool,
    cancels: bool = True,
) -> dict[str, Any]:
    """Return the settings that a profile needs, as values.

    `expires` says whether AWS keys come with a session token; `cancels`,
    whether the shell's own keys are cancelled, be they there now or not.
    """
    env = {
        variable: value
        for variable, template in taken.env
        if (value := _filled(template, fields))
    }
    if HEADERS in env:
        env[HEADERS] = of_field(env[HEADERS])
    settings: dict[str, Any] = {}
    if taken.how in ("helper", "cloud") and taken.helper_field:
        settings[HELPER] = (
            f"{command.command} helper claude-code{command.if_gone}"
        )
    if cancels:
        env = {**dict.fromkeys(rivals_of(taken), ""), **env}
    if taken.aws_export:
        if expires:
            settings[AWS_EXPORT] = command.aws_command + command.if_gone
        env["AWS_PROFILE"] = AWS_PROFILE
        env["AWS_CONFIG_FILE"] = command.aws_config
        env.update(_AMBIENT_AWS_OFF)
    if env:
        settings[ENV] = dict(sorted(env.items()))
    return settings


def said_in_files(profile: Profile, provider: Provider) -> Mapping[str, str]:
    """Return the plain fields that settings may say.

    Not one whose variable a secret fills as well: what settings say takes the
    place of what is exported, and the secret would not be in it.
    """
    exported = {v for s in profile.secrets for v in provider.field(s).env}
    return {
        name: value
        for name, value in profile.fields.items()
        if exported.isdisjoint(provider.field(name).env)
    }


def rivals_of(taken: ClaudeCode) -> tuple[str, ...]:
    """Return the variables of a shell that compete with the helper."""
    if taken.how == "helper" and taken.helper_field:
        return BESIDE_HELPER
    if taken.how == "cloud" and taken.helper_field:
        return BESIDE_HELPER + _BESIDE_BEDROCK_HELPER
    return ()


def other_sign_ins(
    present: Mapping[str, Any], taken: ClaudeCode, env: Mapping[str, str]
) -> list[str]:
    """Return the keys of commands that sign in to another account.

    Keys that keyswitch hands out, and a file that a variable names, need no
    sign-in, and a profile of the AWS files none but its own. A command that
    names no profile may be that.
    """
    if taken.how != "cloud":
        return []
    from keyswitch.targets.claude_code import cloud_rules

    found = []
    aws, google = (present.get(key) for key in cloud_rules.REFRESHES)
    if isinstance(aws, str) and aws:
        named, own = profiles_of(aws), env.get("AWS_PROFILE")
        of_keyswitch = taken.aws_export or taken.helper_field
        if of_keyswitch or (own and named and own not in named):
            found.append(cloud_rules.AWS_REFRESH)
    if google and env.get(cloud_rules.GOOGLE_VARIABLE):
        found.append(cloud_rules.GOOGLE_REFRESH)
    return found


def profiles_of(command: str) -> set[str]:
    """Return the AWS profiles that a command names."""
    words = words_of(command)
    after = {w for flag, w in pairwise(words) if flag == "--profile"}
    pairs = (word.partition("=") for word in words)
    return after | {v for n, _, v in pairs if n in ("--profile", "AWS_PROFILE")}


def _filled(template: str, fields: Mapping[str, str]) -> str:
    """Fill a template; a field that is absent makes the whole empty."""
    if template.startswith("{") and template.endswith("}"):
        return fields.get(template[1:-1], "")
    return template


def flag_settings(
    taken: ClaudeCode,
    fields: Mapping[str, str],
    command: Command,
    *,
    present: Sequence[Mapping[str, Any]],
    rivals: Iterable[str],
) -> dict[str, Any]:
    """Return the `--settings` document for one run with a profile.

    It outranks the settings in `present`, so it cancels what they would put
    back: rivals of the profile, and helpers.
    """
    # The environment of the run carries AWS keys itself.
    whole, taken = taken, taken._replace(aws_export=False)
    # It carries no key that competes, either.
    settings = wanted_settings(
        taken, fields, command, expires=False, cancels=False
    )
    if taken.how == "none":
        return settings
    env = dict(settings.get(ENV, {}))
    for document in present:
        for variable in env_of(document).keys() & {*rivals}:
            env.setdefault(variable, "")
        for key in (HELPER, AWS_EXPORT):
            if document.get(key):
                settings.setdefault(key, "")
        for key in other_sign_ins(document, whole, env):
            settings.setdefault(key, "")
    if env:
        settings[ENV] = dict(sorted(env.items()))
    return settings


# Also of a zip application, and of Windows with its other slash.
_PROGRAM = r"(?:^|[/\\])keyswitch(?:\.cmd|\.exe|\.pyz)?$"
# A file that calls the helper; the last folder is `state` in KEYSWITCH_HOME.
_AWS_CONFIG = r"/(?:keyswitch|state)/aws-config$"
_AWS_CONFIG_KEYS = (ENV, "AWS_CONFIG_FILE")
HELPER_KEYS = ((HELPER,), (AWS_EXPORT,), _AWS_CONFIG_KEYS)


def is_keyswitch(command: str) -> bool:
    """Tell whether a command is some keyswitch's, wherever it is installed.

    Also with options, or in a shell of its own.
    """
    words = words_of(command)
    if "helper" not in words:
        return any(" " in word and is_keyswitch(word) for word in words)
    before = words[: words.index("helper")]
    called = [word for word in before if not word.startswith("-")]
    return bool(called) and re.search(_PROGRAM, called[-1]) is not None


@functools.cache
def words_of(command: str) -> tuple[str, ...]:
    """Return a shell command's words; none where it cannot be read."""
    try:
        return tuple(shlex.split(command))
    except ValueError:
        return ()


def is_own_helper(keys: tuple[str, ...], raw: str) -> bool:
    """Tell whether the JSON text of a settings key is such a command.

    Also with the other slash.
    """
    if keys not in HELPER_KEYS:
        return False
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return False
    if not isinstance(value, str):
        return False
    value = value.replace("\\", "/")
    if keys == _AWS_CONFIG_KEYS:
        return re.search(_AWS_CONFIG, value) is not None
    return is_keyswitch(value)


def helper_keys(text: JsonText) -> list[tuple[str, ...]]:
    """Return the keys of a settings text that hold such a command."""
    return [k for k in HELPER_KEYS if is_own_helper(k, text.raw(k) or "")]


def take_helpers(text: Edited) -> list[tuple[str, ...]]:
    """Take these commands out of a settings text; return their keys.

    The shell's keys that were cancelled for the helper count again.
    """
    found = helper_keys(text)
    for keys in found:
        text.remove(keys)
    for keys, beside in (
        ((HELPER,), dict.fromkeys(BESIDE_HELPER, "")),
        (_AWS_CONFIG_KEYS, {"AWS_PROFILE": AWS_PROFILE, **_AMBIENT_AWS_OFF}),
    ):
        raw = {(ENV, name): json.dumps(beside[name]) for name in beside}
        if keys in found and all(text.raw(k) == raw[k] for k in raw):
            for key in raw:
                text.remove(key)
            if text.is_empty((ENV,)):
                text.remove((ENV,))
    return found


def calls_us(places: Locations, read: Read) -> bool:
    """Tell whether a folder's settings call some keyswitch's helper."""
    path = places.settings
    try:
        data = read(path)
        text = JsonText.of(path, data or b"")
        seen = "helper" in text.text or "aws-config" in text.text
        return seen and bool(helper_keys(text))
    except KeyswitchError:
        return False  # no JSON, or no file that can be read
