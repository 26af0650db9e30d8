"""The variables that one reader sees: the process's, then what settings set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyswitch.diagnosis.verdict import Source, Value
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.settings.settings_file import line_of, trim

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from keyswitch.targets.claude_code.settings.settings_file import (
        SettingsFile,
    )


def value_in(file: SettingsFile, kind: str, text: str, *keys: str) -> Value:
    """Return a value of a settings file with the line it stands on."""
    line = line_of(file.text, *keys) if file.path else 0
    return Value(text, Source(kind, keys[-1], file.level, file.path, line))


class View:
    """The variables of one reader. `files`: the lowest level first.

    `repository`: it applies what a repository's settings set; `unfiltered`:
    also what Claude Code keeps a repository from setting.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        files: Sequence[SettingsFile],
        *,
        repository: bool,
        unfiltered: bool = False,
    ) -> None:
        self.environ = environ
        self.files = files
        self.repository = repository
        self.unfiltered = unfiltered
        self._found: dict[str, Value | None] = {}

    def get(self, name: str) -> Value | None:
        """Return a variable and what set it; None if nothing does."""
        if name not in self._found:
            self._found[name] = next(self.all(name), None)
        return self._found[name]

    def text(self, name: str) -> str:
        """Return a variable's text without outer white space, or ""."""
        value = self.get(name)
        return trim(value.text) if value else ""

    def given(self, *names: str) -> Value | None:
        """Return the first of these variables that is not blank, or None."""
        found = (self.get(name) for name in names if self.text(name))
        return next(found, None)

    def truthy(self, name: str) -> bool:
        """Tell whether a flag is set to a yes."""
        return rules.truthy(self.text(name))

    def all(self, name: str) -> Iterator[Value]:
        """Return everything that sets a variable, the winner first."""
        for file in reversed(self.files) if self._may_be_set(name) else ():
            if name in file.env and self._counts(file.level, name):
                text = file.env[name]
                yield value_in(file, "environment", text, "env", name)
        if name in self.environ:
            source = Source("environment", name, "process")
            yield Value(self.environ[name], source)

    def _may_be_set(self, name: str) -> bool:
        """Tell whether settings of any level can set a variable."""
        if name in rules.NOT_FROM_SETTINGS:
            return False
        if rules.truthy(self.environ.get(rules.HOST_MANAGED)):
            return False
        with_socket = self.environ.get(rules.UNIX_SOCKET)
        return not (with_socket and name in rules.NOT_FROM_SETTINGS_WITH_SOCKET)

    def _counts(self, level: str, name: str) -> bool:
        if level not in rules.REPOSITORY_LEVELS or self.unfiltered:
            return True
        if name in rules.NOT_FROM_REPOSITORY:
            return False
        return self.repository or name.startswith("CLAUDE_CODE_USE_")
