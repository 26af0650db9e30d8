"""Profile files that would send a stored secret to another place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.finding import ERROR, WARNING, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyswitch.diagnosis.findings.situation import Situation


def other_use(situation: Situation) -> Iterator[Finding]:
    """Find profile files that somebody changed since a secret was stored."""
    for profile in situation.accounts.profiles:
        for found in situation.accounts.other_uses(profile):
            yield Finding(
                "secret-for-another-place",
                ERROR if profile.name == situation.chosen else WARNING,
                found.what,
                "until you decide, the secret is handed to no program",
                found.how,
                situation.accounts.paths.profile(profile.name),
            )
