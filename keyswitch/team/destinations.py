"""Where the secrets of a team's profiles go, for a person to agree to.

What the team's own provider calls its hosts is a word of the team's. So of such
a provider every address counts that it, or a profile of it, sets.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from urllib.parse import urlsplit

from keyswitch.model import Profile
from keyswitch.providers.binding import bindings_of, chosen_hosts
from keyswitch.providers.schema import Provider, environment
from keyswitch.providers.variables import ADDRESS, steers
from keyswitch.providers.verification import verification_of
from keyswitch.team.comparison import Comparison
from keyswitch.team.team_file import Team, built_in

_TEMPLATE = r"\{([a-z_]+)\}"


def new_hosts(team: Team, found: Comparison) -> Counter[str]:
    """Return the hosts that a team file decides anew, and of how many."""
    names = {one.item.name for one in found.differences if one.decides}
    profiles = [
        profile
        for profile in team.profiles.values()
        if {profile.name, profile.provider} & names
    ]
    return Counter(host for one in profiles for host in hosts_of(team, one))


def hosts_of(team: Team, profile: Profile) -> list[str]:
    """Return where the secrets of a profile may go, sorted."""
    own = team.providers.get(profile.provider)
    if own is not None:
        return sorted({*_of_own(own, profile)})
    provider = built_in().get(profile.provider)
    return sorted({use.host for use in bindings_of(provider, profile).values()})


def _of_own(provider: Provider, profile: Profile) -> Iterator[str]:
    found = chosen_hosts(provider._replace(hosts=()), profile)
    for variable, text in _settings(provider, profile):
        filled = re.sub(_TEMPLATE, lambda m: profile.fields.get(m[1], ""), text)
        if "://" in filled:
            found.add(urlsplit(filled).netloc or filled)
        elif filled and variable and steers(variable) == ADDRESS:
            found.add(filled)
    variables = [v for f in provider.fields if f.secret for v in f.env]
    yield from found or {f"whichever program reads {' '.join(variables)}"}


def _settings(
    provider: Provider, profile: Profile
) -> Iterator[tuple[str, str]]:
    """Yield (variable or "", text) of all that may hold an address."""
    yield from environment(provider, profile).literals
    yield from provider.claude_code_for(profile).env
    if provider.verify:
        question = verification_of(provider, profile)
        yield from (("", url) for url in (question.url if question else ()))
