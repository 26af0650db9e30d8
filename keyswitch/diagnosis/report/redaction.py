"""Take out of a text what says who somebody is: for a public ticket.

Names of profiles, addresses of gateways, e-mails, the home directory and
whatever may be a key.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keyswitch.diagnosis.findings.billing import (
    LOCAL,
    host_of,
    is_anthropic,
    shown,
)
from keyswitch.display import printable
from keyswitch.targets.claude_code import rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from keyswitch.diagnosis.findings.situation import Situation

# It starts at a word only, so that the time stays linear in long texts.
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LONG = re.compile(r"[A-Za-z0-9_\-+/=]{24,}")  # may be a secret
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")

# Names of profiles that tell nothing; "keyswitch" is the one that keyswitch
# itself makes for the AWS tools.
_COMMON = ("default", "keyswitch")


# Variables that may hold an address.
_ADDRESSES = (
    *(p.base_url for p in rules.PROVIDERS),
    rules.BASE_URL,
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
)


class Redaction:
    """Takes out of a text what says who and where somebody is."""

    def __init__(self, situation: Situation) -> None:
        self.words = {
            **dict.fromkeys(_names(situation), "<name>"),
            **_of_profiles(situation),
            situation.scene.home.rstrip("/"): "~",
        }
        self.hosts = {}
        for url in _addresses(situation):
            host = host_of(url)
            if host and host not in LOCAL and not is_anthropic(url):
                self.hosts[shown(url).lower()] = "<address>"
                self.hosts[host] = "<host>"
        self._words = _any_of(self.words)
        self._hosts = _any_of(self.hosts, re.IGNORECASE)

    def __call__(self, text: str) -> str:
        """Return the text without them."""
        text = self._hosts.sub(self._host, text)
        text = self._words.sub(lambda m: self.words[m[0]], text)
        text = _UUID.sub("<uuid>", _EMAIL.sub("<e-mail>", text))
        return printable(_LONG.sub(_shortened, text))

    def _host(self, match: re.Match[str]) -> str:
        # Ignoring case, "s" also matches the long s, whose lower case is
        # another letter.
        return self.hosts.get(match[0].lower(), "<host>")


def _any_of(words: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    """Return what finds these words, of two that overlap the longer one."""
    longest_first = sorted(filter(None, words), key=len, reverse=True)
    one = "|".join(map(re.escape, longest_first)) or r"(?!)"
    return re.compile(rf"(?<![\w-])(?:{one})(?![\w-])", flags)


def _of_profiles(situation: Situation) -> dict[str, str]:
    """Return the names and fields of profiles, and what stands for them."""
    accounts = situation.accounts
    words = {}
    names = [p.name for p in accounts.profiles]
    names += [b.name for b in accounts.broken]
    for number, name in enumerate(names, 1):
        profile = accounts.get(name)
        for field, value in profile.fields.items() if profile else ():
            if len(value) > 3 and field != "region":
                words[value] = f"<{field} of profile-{number}>"
        words[name] = f"profile-{number}"
    return words


def _names(situation: Situation) -> Iterator[str]:
    """Yield names of other programs' profiles and of the person."""
    scene = situation.scene
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", rules.PROFILE):
        for value in scene.request.all(name):
            if value.text.strip() not in _COMMON:
                yield value.text.strip()
    for header in situation.verdict.request.headers:
        if header.source.kind in ("aws_profile", "anthropic_profile") and (
            header.source.name not in _COMMON
        ):
            yield header.source.name
    yield situation.chosen
    yield scene.config.email or ""
    yield scene.config.organization or ""


def _addresses(situation: Situation) -> Iterator[str]:
    """Yield every address that is set, whether it is used or not."""
    for name in _ADDRESSES:
        for variable in (name, name.lower()):
            for value in situation.scene.request.all(variable):
                yield value.text.strip()
    for profile in situation.accounts.profiles:
        yield profile.fields.get("base_url", "")


def _shortened(match: re.Match[str]) -> str:
    """Leave words and paths, hide what may be a key."""
    found = match[0]
    if "/" in found or not any(c.isdigit() for c in found):
        return found
    return "<hidden>"
