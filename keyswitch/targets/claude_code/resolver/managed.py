"""What an organization sets: files of the machine, and what its server sent.

Observed, Claude Code 2.1.330: the server is asked at each start, and its last
answer is kept as a settings file. Where that sets anything, only variables and
demands of the machine's files count beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.login.stored import tail_of

if TYPE_CHECKING:
    from keyswitch.targets.claude_code.login.stored import (
        GlobalConfig,
        Subscription,
    )
    from keyswitch.targets.claude_code.resolver.views import View
    from keyswitch.targets.claude_code.settings.settings_file import (
        SettingsFile,
    )

SERVER_FILE = "remote-settings.json"  # in the configuration folder

# These say how settings are put together, and are none themselves.
_CONTROLS = ("managedSourcesBehavior", "wslInheritsWindowsSettings")
# Only the machine may set these.
_OF_THE_MACHINE = (rules.GATEWAY_URL, rules.POLICY_HELPER)
# What counts in a file of the machine where the server sets something.
_BESIDE = (rules.GATEWAY_URL, rules.METHOD, rules.ORGANIZATION, rules.ALLOWED)
# A file with one of these chose the addresses in it for that credential.
_PAIRED = (rules.HELPER, "otelHeadersHelper")
_PLANS = (None, "enterprise", "team")  # None: the file does not say


def together(
    files: Iterable[SettingsFile], sent: SettingsFile
) -> list[SettingsFile]:
    """Return the machine's files and what the server sent, lowest first."""
    if not sent.document.keys() - set(_CONTROLS):
        return [*files, sent] if sent.problem else [*files]
    kept = _without(sent, _OF_THE_MACHINE)
    return [*map(_beside, files), kept]


def _without(file: SettingsFile, keys: Iterable[str]) -> SettingsFile:
    kept = {k: v for k, v in file.document.items() if k not in keys}
    return file._replace(document=kept)


def _beside(file: SettingsFile) -> SettingsFile:
    env = dict(file.env)
    if any(key in file.document for key in _PAIRED):
        env = {n: v for n, v in env.items() if not n.endswith("_BASE_URL")}
    others = [key for key in file.document if key not in _BESIDE]
    return _without(file, others)._replace(env=env)


class ServerAccount:
    """Who is there before the server is asked, by the person's own settings.

    `has_helper`: settings of any level name one.
    """

    def __init__(
        self,
        view: View,
        login: Subscription | None,
        config: GlobalConfig,
        *,
        has_helper: bool,
    ) -> None:
        self.view = view
        self.login = login
        self.config = config
        self.has_helper = has_helper

    @property
    def asks_server(self) -> bool:
        """Whether Claude Code asks the server for settings.

        It does for an account of Anthropic's own service that may belong to
        an organization. A helper keeps it from looking for the key of a
        Console login.
        """
        view = self.view
        if rules.entrypoint(view.environ) == "local-agent":
            return False
        elsewhere = any(view.truthy(cloud.flag) for cloud in rules.PROVIDERS)
        if elsewhere or not self._at_anthropic:
            return False
        tokens = (rules.OAUTH_TOKEN, rules.OAUTH_FD, rules.PROFILE)
        if any(map(view.text, tokens)) or all(map(view.text, rules.FEDERATION)):
            return True
        if self._has_login or self._has_key:
            return True
        return bool(self.config.managed_key) and not self.has_helper

    @property
    def _at_anthropic(self) -> bool:
        address = self.view.get(rules.BASE_URL)
        if address is None or not address.text:
            return True
        return host_of(address.text) == rules.FIRST_PARTY_HOST

    @property
    def _has_login(self) -> bool:
        login = self.login
        if login is None or not login.access_token:
            return False
        return login.subscription in _PLANS

    @property
    def _has_key(self) -> bool:
        view = self.view
        key = view.text(rules.API_KEY)
        if key and rules.entrypoint(view.environ) == rules.VSCODE_ENTRYPOINT:
            return tail_of(key) in self.config.approved
        return bool(key or view.text(rules.API_KEY_FD))


def host_of(url: str) -> str:
    """Return the host of an address, "" where it is none."""
    from urllib.parse import urlsplit  # most commands need none of it

    try:
        return urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""
