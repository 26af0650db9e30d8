"""Which values Claude Code accepts for the settings that it knows.

Observed, Claude Code 2.1.330, by giving each key every type of value in turn:
one wrong type drops a whole file of the user, the project or --settings, and
the entry alone in a managed file. Keys that are not listed take anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyswitch.targets.claude_code.javascript import double

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _flag_or_null(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return _number(value) and value >= 0 and double(value).is_integer()


def _rate(value: Any) -> bool:
    return _number(value) and 0 <= value <= 1


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _list(value: Any) -> bool:
    return isinstance(value, list)


def _list_or_null(value: Any) -> bool:
    return value is None or isinstance(value, list)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _text_or_texts(value: Any) -> bool:
    return _text(value) or _texts(value)


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(map(_object, value))


def _text_map(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_text, value.values()))


def _flag_map(value: Any) -> bool:
    """Accept plugins by name, on or off, or a list of what they may do."""
    return isinstance(value, dict) and all(
        isinstance(v, bool | list | dict) for v in value.values()
    )


def _permissions(value: Any) -> bool:
    return isinstance(value, dict) and all(
        accepts(value[key])
        for key, accepts in _PERMISSIONS.items()
        if key in value
    )


def _attribution(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    return isinstance(value, dict) and all(
        _text(value[key]) for key in ("commit", "pr") if key in value
    )


_PERMISSIONS: Mapping[str, Callable[[Any], bool]] = {
    "additionalDirectories": _texts,
    "allow": _list,
    "ask": _list,
    "defaultMode": _text,
    "deny": _list,
    "disableAutoMode": _text,
    "disableBypassPermissionsMode": _text,
}

_TEXT_KEYS = """
    $schema advisorModel agent apiKeyHelper autoMemoryDirectory
    autoUpdatesChannel awsAuthRefresh awsCredentialExport daemonColdStart
    defaultShell gcpAuthRefresh language minimumVersion model
    otelHeadersHelper outputStyle parentSettingsBehavior plansDirectory
    pluginTrustMessage prUrlTemplate proxyAuthHelper tui
"""
_FLAG_KEYS = """
    agentPushNotifEnabled alwaysThinkingEnabled autoCompactEnabled
    autoMemoryEnabled autoScrollEnabled awaySummaryEnabled disableAllHooks
    fastMode forceRemoteSettingsRefresh includeCoAuthoredBy
    includeGitInstructions inputNeededNotifEnabled prefersReducedMotion
    promptSuggestionEnabled respectGitignore showClearContextOnPlanAccept
    showThinkingSummaries showTurnDuration spinnerTipsEnabled
    syntaxHighlightingDisabled terminalProgressBarEnabled todoFeatureEnabled
    verbose voiceEnabled wslInheritsWindowsSettings
"""
_FLAG_OR_NULL_KEYS = """
    allowManagedHooksOnly allowManagedMcpServersOnly
    allowManagedPermissionRulesOnly channelsEnabled disableRemoteControl
    disableSkillShellExecution disableWorkflows enableAllProjectMcpServers
    fastModePerSessionOptIn remoteControlAtStartup skipAutoPermissionPrompt
    skipDangerousModePermissionPrompt skipWebFetchPreflight
    useAutoModeDuringPlan
"""
_OBJECT_KEYS = """
    autoMode env fileSuggestion remote sandbox spinnerVerbs statusLine voice
    worktree
"""
_TEXTS_KEYS = """
    allowedHttpHookUrls availableModels claudeMdExcludes
    companyAnnouncements httpHookAllowedEnvVars
"""
_TEXT_OR_TEXTS_KEYS = """
    disabledMcpjsonServers enabledMcpjsonServers forceLoginOrgUUID
"""
_OBJECTS_KEYS = """
    allowedChannelPlugins sshConfigs
"""
_LIST_OR_NULL_KEYS = """
    blockedMarketplaces strictKnownMarketplaces
"""
_FLAG_MAP_KEYS = """
    enabledPlugins pluginConfigs skillOverrides
"""
_TEXT_MAP_KEYS = """
    modelOverrides
"""
_COUNT_KEYS = """
    cleanupPeriodDays
"""
_RATE_KEYS = """
    feedbackSurveyRate
"""
_ATTRIBUTION_KEYS = """
    attribution
"""
_PERMISSIONS_KEYS = """
    permissions
"""

_KINDS: tuple[tuple[Callable[[Any], bool], str], ...] = (
    (_text, _TEXT_KEYS),
    (_flag, _FLAG_KEYS),
    (_flag_or_null, _FLAG_OR_NULL_KEYS),
    (_object, _OBJECT_KEYS),
    (_texts, _TEXTS_KEYS),
    (_text_or_texts, _TEXT_OR_TEXTS_KEYS),
    (_objects, _OBJECTS_KEYS),
    (_list_or_null, _LIST_OR_NULL_KEYS),
    (_flag_map, _FLAG_MAP_KEYS),
    (_text_map, _TEXT_MAP_KEYS),
    (_count, _COUNT_KEYS),
    (_rate, _RATE_KEYS),
    (_attribution, _ATTRIBUTION_KEYS),
    (_permissions, _PERMISSIONS_KEYS),
)

KNOWN: Mapping[str, Callable[[Any], bool]] = {
    key: accepts for accepts, keys in _KINDS for key in keys.split()
}


def wrong_keys(document: Mapping[str, Any]) -> list[str]:
    """Return the keys whose values Claude Code does not accept, sorted."""
    return sorted(
        key
        for key, accepts in KNOWN.items()
        if key in document and not accepts(document[key])
    )
