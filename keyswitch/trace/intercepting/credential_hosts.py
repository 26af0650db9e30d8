"""Hosts that credentials are sent to: those that `--intercept` looks into.

From the providers' files, and those of logins and side services, which no
base URL covers.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from keyswitch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keyswitch.providers.catalogue import Catalogue

# Logins, usage, settings and experiments of the clients; token services.
FURTHER = (
    "anthropic.com",
    "*.anthropic.com",
    "claude.ai",
    "*.claude.ai",
    "claude.com",
    "*.claude.com",
    "auth.openai.com",
    "chatgpt.com",
    "*.chatgpt.com",
    "*.amazonaws.com",
    "*.api.aws",
    "*.amazonaws.com.cn",
    "*.googleapis.com",
    "accounts.google.com",
    "login.microsoftonline.com",
    "*.services.ai.azure.com",
    "*.openai.azure.com",
    "*.cognitiveservices.azure.com",
    "api.github.com",
    "api.githubcopilot.com",
    "*.githubcopilot.com",
)
_HOST = re.compile(r"[*a-z0-9](?:[*a-z0-9:.-]*[*a-z0-9])?")


def patterns(
    catalogue: Catalogue, urls: Iterable[str], asked: Sequence[str]
) -> list[str]:
    """Return patterns of host names.

    `urls` are the base URLs in use, `asked` what a person adds.
    """
    found = [
        re.sub(r"\{\w+\}", "*", host)
        for provider in catalogue.readable()
        for host in provider.hosts
        if re.sub(r"\{\w+\}", "", host)
    ]
    for pattern in asked:
        if not _HOST.fullmatch(pattern.lower()):
            raise InputError(
                f"'{pattern}' is not a host pattern",
                "use a host without https://, for example '*.example.com'",
            )
    found += [urlsplit(url).hostname or "" for url in urls]
    return [
        one
        for one in dict.fromkeys([*found, *FURTHER, *map(str.lower, asked)])
        if _HOST.fullmatch(one)
    ]


def covers(wanted: Iterable[str], host: str) -> bool:
    """Tell whether a host is one of some patterns."""
    name = host.lower().rstrip(".")
    return any(fnmatchcase(name, pattern) for pattern in wanted)
