"""The two shared files of AWS, read as the JavaScript SDK reads them.

https://github.com/smithy-lang/smithy-typescript, shared-ini-file-loader.
Observed, Claude Code 2.1.330.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keyswitch.targets.claude_code import cloud_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Sections = dict[str, dict[str, str]]

_COMMENT = re.compile(r"(?:^|\s)[;#].*")
_TYPED = re.compile(
    r"""(profile|sso-session|services)\s(["']?)([\w@+.%:/-]+)\2""", re.ASCII
)
# Another word before a name makes a section that is nobody's.
_OTHER = re.compile(r"""[\w-]+\s(["']?)[\w@+.%:/-]+\1""", re.ASCII)
_REFUSED = ("__proto__", "profile __proto__")  # with the whole file
_PROFILE, _SESSION = "profile.", "sso-session."


def sections(data: bytes | None) -> Sections:
    """Return an AWS file's sections by name; what does not parse is left.

    A section `[TYPE NAME]` is named "TYPE.NAME".
    """
    found: Sections = {}
    for _, section, key, value in _entries(data):
        found.setdefault(section, {})[key] = value
    return found


def _entries(data: bytes | None) -> list[tuple[int, str, str, str]]:
    """Return (line, section, key, value) of each entry of a file."""
    found = []
    section = nested = ""
    text = data.decode("utf-8-sig", "replace") if data else ""
    for number, raw in enumerate(re.split(r"\r?\n", text), 1):
        line = _COMMENT.sub("", raw).strip()
        if line.startswith("[") and line.endswith("]"):
            section, nested = _name(line[1:-1]), ""
            if line[1:-1] in _REFUSED:
                return []
            continue
        key, equals, value = (part.strip() for part in line.partition("="))
        if not section or not equals or not key:
            continue
        if not value:
            nested = key
            continue
        if not raw[:1].isspace():
            nested = ""
        inner = f"{nested}.{key}" if nested else key
        found.append((number, section, inner, value))
    return found


def _name(text: str) -> str:
    """Return the name of a section, "" for one that is passed over."""
    match = _TYPED.fullmatch(text)
    if match:
        return f"{match[1]}.{match[3]}"
    return "" if _OTHER.fullmatch(text) else text


class Files:
    """The two shared files; `login_folder`: where `aws login` keeps keys."""

    def __init__(  # noqa: PLR0913
        self,
        read: Callable[[str], bytes | None],
        home: str,
        *,
        config: str,
        credentials: str,
        login_folder: str = "",
        set_by: str = "",
    ) -> None:
        self.read = read
        self.home = home
        self.config_path = config
        self.credentials_path = credentials
        self.login_folder = login_folder
        self.set_by = set_by  # what named them, where something did
        self.credentials = sections(read(credentials))
        self._config = sections(read(config))

    @property
    def names(self) -> list[str]:
        """The profiles that the files have."""
        typed = [n.removeprefix(_PROFILE) for n in self._config if _is_one(n)]
        return sorted({*typed, *self.credentials})

    def merged(self, name: str) -> Mapping[str, str]:
        """Return a profile's settings from both files."""
        config = self._config.get(_PROFILE + name)
        if config is None and name == "default":
            config = self._config.get(name)
        return {**(config or {}), **self.credentials.get(name, {})}

    def session(self, name: str) -> Mapping[str, str] | None:
        """Return the settings of an `sso-session`, None if there is none."""
        return self._config.get(_SESSION + name)

    def path_of(self, name: str) -> str:
        """Return the file that a person would mend for a profile."""
        held = name in self.credentials
        return self.credentials_path if held else self.config_path

    def place(self, name: str, key: str) -> str:
        """Return file and line of one setting of a profile, or ""."""
        sections = {
            _PROFILE + name,
            *(["default"] if name == "default" else []),
        }
        for path, names in (
            (self.credentials_path, {name}),
            (self.config_path, sections),
        ):
            for line, section, found, _ in reversed(_entries(self.read(path))):
                if section in names and found == key:
                    return f"{path}:{line}"
        return ""

    def sso_start(self, name: str) -> str:
        """Return what names a profile's sign-in, "" if it needs none."""
        merged = self.merged(name)
        return merged.get(cloud_rules.SSO) or merged.get("sso_start_url") or ""


def _is_one(section: str) -> bool:
    return section == "default" or section.startswith(_PROFILE)
