"""A settings file as Claude Code reads it: all of it, or nothing.

Observed, Claude Code 2.1.330: a byte order mark is skipped, comments are not;
one known key of a wrong type drops the whole file. Little-endian UTF-16 with
its mark counts, big-endian does not. Texts and numbers are JavaScript's.
"""

from __future__ import annotations

import codecs
import errno
import json
import math
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from keyswitch.model import Frozen
from keyswitch.targets import json_text
from keyswitch.targets.verdict import ORGANIZATION_LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Accepts = Callable[[Any], bool]

# An organisation that Claude Code cannot read is demanded all the same, and
# nobody belongs to it.
NOBODY = "(unreadable)"


_EMPTY: Mapping[str, Any] = MappingProxyType({})

_DEPTH = 100  # of the values that are looked at
_STRING_OR_BRACKET = r'(?s)"(?:[^"\\]|\\.)*"|[\[{}\]]'


class SettingsFile(Frozen):
    """One level's settings. `env` holds what would be set, as text."""

    level: str
    path: str = ""  # "" for text on the command line
    text: str = ""  # to find lines in
    env: Mapping[str, str] = _EMPTY
    document: Mapping[str, Any] = _EMPTY
    problem: str = ""  # why Claude Code ignores it; "" if it does not
    fatal: bool = False  # Claude Code does not start because of it
    _hidden = ("text", "env", "document")

    def command(self, key: str) -> str | None:
        """Return a key that holds a shell command; None if it is not there."""
        value = self.document.get(key)
        return value if isinstance(value, str) else None

    def place(self, *keys: str) -> str:
        """Return the file and the line on which a member stands."""
        if not self.path:
            return "the text after --settings"
        line = line_of(self.text, *keys)
        return f"{self.path}:{line}" if line else self.path


def parse(data: bytes, level: str, path: str) -> SettingsFile:
    """Return a file's settings, or the reason why they do not count.

    One value of a wrong type is enough for that; in a file of an organization
    only the entry is left out. An empty file says nothing.
    """
    encoding = "utf-16-le" if data.startswith(codecs.BOM_UTF16_LE) else "utf-8"
    text = data.decode(encoding, "replace").removeprefix("\ufeff")
    if says_nothing(text) and not (
        level in ORGANIZATION_LEVELS and "\0" in text
    ):
        return SettingsFile(level, path, text)
    try:
        document = loads(text)
    except (ValueError, RecursionError) as e:
        return SettingsFile(level, path, text, problem=_why(e))
    if not isinstance(document, dict):
        return SettingsFile(level, path, text, problem="not a JSON object")
    wrong = wrong_keys(document)
    if wrong and level not in ORGANIZATION_LEVELS:
        problem = f"the value of '{wrong[0]}' has the wrong type"
        return SettingsFile(level, path, text, problem=problem)
    kept = {k: v for k, v in document.items() if k not in wrong}
    if "forceLoginOrgUUID" in wrong:
        kept["forceLoginOrgUUID"] = NOBODY
    env = {
        k: as_text(v)
        for k, v in kept.get("env", {}).items()
        if not isinstance(v, dict | list)
    }
    return SettingsFile(level, path, text, env, kept)


def members(data: bytes | None) -> dict[str, Any] | None:
    """Return a JSON object's members; None: Claude Code ignores the file."""
    try:
        document = loads(data.decode("utf-8-sig")) if data else None
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def env_of(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document's `env` block, empty where it has none."""
    found = document.get("env")
    return found if isinstance(found, dict) else {}


def loads(text: str) -> Any:
    """Parse JSON as JavaScript does: no NaN, numbers of any length, any depth.

    Python gives up some hundred levels down, where no setting is: what lies
    deeper is left out.
    """
    try:
        return _loads(text)
    except RecursionError:
        return _loads(_without_depths(text))


def _loads(text: str) -> Any:
    return json.loads(
        text, parse_constant=json_text.no_constant, parse_int=json_text.number
    )


def _without_depths(text: str) -> str:
    """Return a JSON text with null for each value that is nested too deeply."""
    kept, depth, at = [], 0, 0
    for found in re.finditer(_STRING_OR_BRACKET, text):
        bracket = found[0]
        if bracket in ("[", "{"):
            depth += 1
            if depth == _DEPTH:
                kept += [text[at : found.start()], "null"]
        elif bracket in ("]", "}"):
            depth -= 1
            if depth == _DEPTH - 1:
                at = found.end()
    return "".join(kept) + text[at:]


def _why(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"not valid JSON in line {error.lineno}: {error.msg.lower()}"
    return "not valid JSON"


def as_text(value: Any) -> str:
    """Return a value of an `env` block as the variable that it becomes.

    Observed: a number becomes its text and null the word "null".
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return json.dumps(value)


def line_of(text: str, *keys: str) -> int:
    """Return the line, from 1, on which a member's name stands; 0: unknown."""
    at = 0
    for key in keys:
        found = text.find(f"{json.dumps(key)}", at)
        if found < 0:
            return 0
        at = found
    return text.count("\n", 0, at) + 1


def _a(*types: type) -> Accepts:
    return lambda value: isinstance(value, types)


def _list_of(accepts: Accepts) -> Accepts:
    return lambda value: isinstance(value, list) and all(map(accepts, value))


def _map_of(accepts: Accepts) -> Accepts:
    return lambda value: (
        isinstance(value, dict) and all(map(accepts, value.values()))
    )


def _with(**members: Accepts) -> Accepts:
    return lambda value: (
        isinstance(value, dict)
        and all(f(value[key]) for key, f in members.items() if key in value)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and double(value).is_integer()


def _is_rate(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_attribution(value: Any) -> bool:
    return value is True or _with(commit=_text, pr=_text)(value)


# Which values a known key takes, observed by giving each every type of value.
# Keys that are not listed take anything.
_text, _list, _object = _a(str), _a(list), _a(dict)
_texts = _list_of(_text)
_null = type(None)

_KINDS: tuple[tuple[Accepts, str], ...] = (
    (
        _text,
        """
        $schema advisorModel agent apiKeyHelper autoMemoryDirectory
        autoUpdatesChannel awsAuthRefresh awsCredentialExport daemonColdStart
        defaultShell gcpAuthRefresh language minimumVersion model
        otelHeadersHelper outputStyle parentSettingsBehavior plansDirectory
        pluginTrustMessage prUrlTemplate proxyAuthHelper tui
        """,
    ),
    (
        _a(bool),
        """
        agentPushNotifEnabled alwaysThinkingEnabled autoCompactEnabled
        autoMemoryEnabled autoScrollEnabled awaySummaryEnabled disableAllHooks
        fastMode forceRemoteSettingsRefresh includeCoAuthoredBy
        includeGitInstructions inputNeededNotifEnabled prefersReducedMotion
        promptSuggestionEnabled respectGitignore showClearContextOnPlanAccept
        showThinkingSummaries showTurnDuration spinnerTipsEnabled
        syntaxHighlightingDisabled terminalProgressBarEnabled
        todoFeatureEnabled verbose voiceEnabled wslInheritsWindowsSettings
        """,
    ),
    (
        _a(bool, _null),
        """
        allowManagedHooksOnly allowManagedMcpServersOnly
        allowManagedPermissionRulesOnly channelsEnabled disableRemoteControl
        disableSkillShellExecution disableWorkflows enableAllProjectMcpServers
        fastModePerSessionOptIn remoteControlAtStartup skipAutoPermissionPrompt
        skipDangerousModePermissionPrompt skipWebFetchPreflight
        useAutoModeDuringPlan
        """,
    ),
    (
        _object,
        """
        autoMode env fileSuggestion remote sandbox spinnerVerbs statusLine
        voice worktree
        """,
    ),
    (
        _texts,
        """
        allowedHttpHookUrls availableModels claudeMdExcludes
        companyAnnouncements httpHookAllowedEnvVars
        """,
    ),
    (
        lambda value: _text(value) or _texts(value),
        "disabledMcpjsonServers enabledMcpjsonServers forceLoginOrgUUID",
    ),
    (_list_of(_object), "allowedChannelPlugins sshConfigs"),
    (_a(list, _null), "blockedMarketplaces strictKnownMarketplaces"),
    (
        # Plugins by name, on or off, or a list of what they may do.
        _map_of(_a(bool, list, dict)),
        "enabledPlugins pluginConfigs skillOverrides",
    ),
    (_map_of(_text), "modelOverrides"),
    (_is_count, "cleanupPeriodDays"),
    (_is_rate, "feedbackSurveyRate"),
    (_is_attribution, "attribution"),
    (
        _with(
            additionalDirectories=_texts,
            allow=_list,
            ask=_list,
            defaultMode=_text,
            deny=_list,
            disableAutoMode=_text,
            disableBypassPermissionsMode=_text,
        ),
        "permissions",
    ),
)

KNOWN: Mapping[str, Accepts] = {
    key: accepts for accepts, keys in _KINDS for key in keys.split()
}


def wrong_keys(document: Mapping[str, Any]) -> list[str]:
    """Return the keys whose values Claude Code does not accept, sorted."""
    return sorted(
        key
        for key, value in document.items()
        if key in KNOWN and not KNOWN[key](value)
    )


# What String.prototype.trim takes away. Python's strip() takes more control
# characters and leaves the byte order mark.
_SPACES = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)


def trim(text: str) -> str:
    """Return a text without outer white space."""
    return text.strip(_SPACES)


def says_nothing(text: str) -> bool:
    """Tell whether a file's text is as good as none.

    Observed, Claude Code 2.1.330 and 2.1.332: a file of white space, or of
    the zeros that a crash leaves, counts as one with nothing in it.
    """
    return not text.strip(_SPACES + "\0")


def double(value: float) -> float:
    """Return a number of a JSON file as the double that it becomes."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def number(value: float) -> str:
    """Return a number of a JSON file as the text that it becomes.

    All of them are doubles: from 1e21 on they are written with an exponent.
    """
    found = double(value)
    if math.isinf(found):
        return "Infinity" if found > 0 else "-Infinity"
    if found.is_integer() and abs(found) < 1e21:
        return str(int(found))
    text = repr(found)
    if "e" not in text:
        return text
    digits, _, exponent = text.partition("e")
    sign = "-" if exponent.startswith("-") else "+"
    return f"{digits}e{sign}{exponent.lstrip('+-').lstrip('0')}"


def problem_of(path: str, error: Exception) -> str:
    """Return what is wrong with a file, without its name; "": it is none."""
    if getattr(error.__cause__, "errno", 0) == errno.ENAMETOOLONG:
        return ""
    said = str(getattr(error, "message", ""))
    said = said.replace(f"cannot use {path}", "it cannot be read")
    return said.replace(path, "it", 1)
