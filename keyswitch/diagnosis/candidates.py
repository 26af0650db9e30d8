"""The credentials that are there in one view, each found once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis import anthropic_profiles, sources
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from keyswitch.diagnosis.scene import Scene
    from keyswitch.diagnosis.sources import Candidate, Run
    from keyswitch.diagnosis.view import View


class Candidates:
    """What could be sent to Anthropic, before any order is applied."""

    def __init__(self, scene: Scene, view: View, run: Run | None) -> None:
        self.scene = scene
        self.view = view
        self.api_key = sources.variable(view, rules.API_KEY)
        self.key_fd, self.key_fd_named = (
            (None, False)
            if self.api_key is not None or scene.simple
            else sources.descriptor(view, rules.API_KEY_FD)
        )
        self.auth_token = sources.variable(view, rules.AUTH_TOKEN)
        self.helper = sources.helper(scene, run)
        self.oauth_token = sources.variable(view, rules.OAUTH_TOKEN)
        self.oauth_fd, _ = sources.descriptor(view, rules.OAUTH_FD)
        self.managed_key = sources.managed_key(scene)
        self.login = sources.stored_login(scene)
        self.profile = anthropic_profiles.selected(scene, view)

    @property
    def external(self) -> tuple[Candidate | None, ...]:
        """The sources that a managed policy does not take for a login."""
        return (self.api_key, self.key_fd, self.auth_token, self.helper)

    @property
    def everything(self) -> tuple[Candidate, ...]:
        """All that are there, in the order in which they are shown."""
        found = (
            *self.external,
            self.oauth_token,
            self.oauth_fd,
            self.login,
            self.managed_key,
            self.profile.candidate if self.profile else None,
        )
        return tuple(c for c in found if c is not None)

    def logins(self) -> list[Candidate]:
        """Return the logins that count, in the order of the rules."""
        if self.scene.simple:
            return []
        login = self.login
        if (
            login is not None
            and self.profile
            and (self.profile.explicit or not login.plain)
        ):
            login = None
        found = [self.oauth_token, self.oauth_fd, login, self.managed_key]
        if self.scene.socket:
            found = [self.oauth_token, self.oauth_fd, self.managed_key, login]
        if self.profile is not None:
            found.append(self.profile.candidate)
        return [c for c in found if c is not None]
