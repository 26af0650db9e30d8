"""What of a profile a service is asked about, and why some are not asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.online.profile_question import (
    Subject,
    how_to_renew,
    no_question,
)
from keyswitch.errors import KeyswitchError
from keyswitch.model import LOGIN_PROVIDER, Profile
from keyswitch.profiles import clock
from keyswitch.providers.verification import verification_of
from keyswitch.secret import Secret
from keyswitch.switching.verifying.held_secrets import HeldSecrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.providers.schema import Provider
    from keyswitch.switching.verifying.login_tokens import LoginTokens
    from keyswitch.targets.target import Login
    from keyswitch.workspace import Workspace

ACCEPTED, REFUSED = "accepted", "refused"
UNKNOWN = "not known"  # nothing clear was answered, or nothing can be asked
UNREAD = "could not be read"
EXPIRED = "expired"  # by its date, and renewed when it is used

# A Console login is an API key, whatever keeps it.
_OF_CONSOLE = ("anthropic", "api_key")


class NotAskedError(KeyswitchError):
    """Nothing is asked about a profile; `state` says what that means."""

    def __init__(self, state: str, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.state = state


class Askables:
    """Reads what is to be asked about; a locked store is opened once."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._held = HeldSecrets(workspace)
        self._logins: LoginTokens | None = None

    def of(self, profile: Profile) -> Subject:
        """Return what is asked about a profile, or raise NotAskedError."""
        provider = self._workspace.provider_of(profile)
        if not profile.secrets or verification_of(provider, profile) is None:
            none = no_question(provider, profile)
            raise NotAskedError(UNKNOWN, none.message, none.hint)
        if profile.provider == LOGIN_PROVIDER:
            return self._of_login(provider, profile)
        secrets = self._held.of(profile.name, sorted(profile.secrets))
        return self._subject(provider, profile, secrets)

    def _subject(
        self,
        provider: Provider,
        profile: Profile,
        secrets: Mapping[str, Secret],
    ) -> Subject:
        path = self._workspace.paths.profile(profile.name)
        renew = how_to_renew(provider, profile.name)
        return Subject(provider, profile, secrets, path, renew)

    def _of_login(self, provider: Provider, profile: Profile) -> Subject:
        if self._logins is None:
            from keyswitch.switching.verifying.login_tokens import LoginTokens

            self._logins = LoginTokens(self._held)
        login = self._logins.of(profile.name)
        if login.access_token:
            _require_valid(login)
            token = {"login": Secret(login.access_token)}
            return self._subject(provider, profile, token)
        again = how_to_renew(provider, profile.name)
        if not login.has_tokens and login.managed_key:
            name, field = _OF_CONSOLE
            console = self._workspace.catalogue.get(name)
            key = Profile(profile.name, name)
            secrets = {field: Secret(login.managed_key)}
            found = self._subject(console, key, secrets)
            return found._replace(renew=again)
        raise NotAskedError(REFUSED, "the login was blanked", again)


def _require_valid(login: Login) -> None:
    """Raise for an expired token that a refresh token renews.

    That one works once, so only whoever uses the login may renew it.
    """
    over = 0 < login.expires_at < clock.now() * 1000
    if over and login.refresh_token:
        what = "its access token expired; renewed at the next switch or run"
        raise NotAskedError(EXPIRED, what)
