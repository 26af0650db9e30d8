"""The credentials that are there in one view, each found once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.resolver import anthropic_profiles, sources
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from keyswitch.diagnosis.resolver.scene import Scene
    from keyswitch.diagnosis.resolver.sources import Candidate, Run
    from keyswitch.diagnosis.resolver.view import View
    from keyswitch.targets.claude_code.rules import Rule


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

    def first(self, order: Sequence[Rule]) -> Candidate | None:
        """Return the first candidate of an order that is there."""
        there = {c.kind: c for c in self.everything}
        return next((there[r.source] for r in order if r.source in there), None)

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

    def logins(self) -> list[tuple[Rule, Candidate]]:
        """Return the logins that count, in the order of the rules."""
        if self.scene.simple:
            return []
        there = {c.kind: c for c in self.everything}
        if self._login_gives_way():
            del there[rules.STORED_LOGIN]
        order: Sequence[Rule] = rules.LOGIN_ORDER
        if self.scene.socket:
            order = rules.SOCKET_LOGIN_ORDER
        return [(r, there[r.source]) for r in order if r.source in there]

    def _login_gives_way(self) -> bool:
        """Tell whether a selected profile takes the stored login away."""
        if self.login is None or self.profile is None:
            return False
        return self.profile.explicit or not self.login.plain
