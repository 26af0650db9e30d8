"""The variables as one reader of them sees them: process, then settings.

`claude auth status` does not apply what a repository sets (but for the
provider flags), and a request does: hence several views.
Observed, Claude Code 2.1.330.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.settings.settings_file import (
    SettingsFile,
    line_of,
    trim,
)
from keyswitch.targets.verdict import (
    REPOSITORY_LEVELS,
    SERVER,
    Source,
    Value,
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

    def raw(self, name: str) -> str:
        """Return a variable's text as it stands, or ""."""
        value = self.get(name)
        return value.text if value else ""

    def given(self, *names: str) -> Value | None:
        """Return the first of these variables that is not blank, or None."""
        found = (self.get(name) for name in names if self.text(name))
        return next(found, None)

    def truthy(self, name: str) -> bool:
        """Tell whether a flag is set to a yes."""
        return rules.truthy(self.text(name))

    def all(self, name: str) -> Iterator[Value]:
        """Return everything that sets a variable, the winner first."""
        found = [
            value_in(file, "environment", file.env[name], "env", name)
            for file in (reversed(self.files) if self._may_be_set(name) else ())
            if name in file.env and self._counts(file.level, name)
        ]
        if name in self.environ:
            source = Source("environment", name, "process")
            first = self.on_desktop and rules.is_of_the_desktop(name)
            at = 0 if first else len(found)
            found.insert(at, Value(self.environ[name], source))
        yield from found

    def _may_be_set(self, name: str) -> bool:
        """Tell whether settings of any level can set a variable."""
        if name in rules.NOT_FROM_SETTINGS:
            return False
        if rules.truthy(self.environ.get(rules.HOST_MANAGED)):
            return False
        with_socket = self.environ.get(rules.UNIX_SOCKET)
        return not (with_socket and name in rules.NOT_FROM_SETTINGS_WITH_SOCKET)

    @property
    def on_desktop(self) -> bool:
        """Whether the desktop program started Claude Code."""
        return rules.entrypoint(self.environ) in rules.DESKTOP_ENTRYPOINTS

    def _counts(self, level: str, name: str) -> bool:
        if level == SERVER and not self._comes_in_time(name):
            return False
        if self.on_desktop and rules.is_of_the_person(name):
            return level in ("user", "flag")
        if level not in REPOSITORY_LEVELS or self.unfiltered:
            return True
        if name in rules.NOT_FROM_REPOSITORY:
            return False
        return self.repository or name.startswith("CLAUDE_CODE_USE_")

    def _comes_in_time(self, name: str) -> bool:
        """Tell whether a variable that the server sets counts here."""
        if name in rules.NOT_FROM_SERVER:
            return False
        return self.repository or not rules.waits_for_server(name)
