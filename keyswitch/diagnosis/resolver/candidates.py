"""The credentials that one view has, before an order chooses among them."""

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
    """What could be sent to Anthropic. `there`: by kind, in the order shown."""

    def __init__(self, scene: Scene, view: View, run: Run | None) -> None:
        self.scene = scene
        self.view = view
        api_key = sources.variable(view, rules.API_KEY)
        key_fd, self.key_fd_named = None, False
        if api_key is None and not scene.simple:
            key_fd, self.key_fd_named = sources.descriptor(
                view, rules.API_KEY_FD
            )
        self.profile = anthropic_profiles.selected(scene, view)
        found = (
            api_key,
            key_fd,
            sources.variable(view, rules.AUTH_TOKEN),
            sources.helper(scene, run),
            sources.variable(view, rules.OAUTH_TOKEN),
            sources.descriptor(view, rules.OAUTH_FD)[0],
            sources.stored_login(scene),
            sources.managed_key(scene),
            self.profile and self.profile.candidate,
        )
        self.there = {c.kind: c for c in found if c is not None}

    def has(self, *kinds: str) -> bool:
        """Tell whether one of these is there."""
        return not self.there.keys().isdisjoint(kinds)

    def first(self, order: Sequence[Rule]) -> Candidate | None:
        """Return the first candidate of an order that is there."""
        found = (self.there[r.source] for r in order if r.source in self.there)
        return next(found, None)

    def logins(self) -> list[tuple[Rule, Candidate]]:
        """Return the logins that count, in the order of the rules."""
        if self.scene.simple:
            return []
        there = self.there
        login = there.get(rules.STORED_LOGIN)
        # A selected profile takes the stored login away.
        if (
            login
            and self.profile
            and (self.profile.explicit or not login.plain)
        ):
            there = {k: c for k, c in there.items() if c is not login}
        order: Sequence[Rule] = rules.LOGIN_ORDER
        if self.scene.socket:
            order = rules.SOCKET_LOGIN_ORDER
        return [(r, there[r.source]) for r in order if r.source in there]
