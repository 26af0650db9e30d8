"""The variables of one view: the process's, replaced by settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from keyswitch.diagnosis.verdict import Source, Value
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.javascript import trim

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from keyswitch.targets.claude_code.settings.settings_file import (
        SettingsFile,
    )


class Layers(Protocol):
    """What sets variables: the process, and settings files above it."""

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables of the process."""

    @property
    def files(self) -> Sequence[SettingsFile]:
        """The settings files, lowest level first."""

    @property
    def host_managed(self) -> bool:
        """Whether the program that started Claude Code manages it."""

    @property
    def socket(self) -> str:
        """The socket that requests go through, or ""."""

    def at(
        self, text: str, name: str, kind: str, file: SettingsFile, *keys: str
    ) -> Value:
        """Return a value of a settings file with the line it stands on."""


class View:
    """The variables of one view: the process's, replaced by settings."""

    def __init__(
        self, scene: Layers, *, repository: bool, unfiltered: bool = False
    ) -> None:
        self.scene = scene
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

    def truthy(self, name: str) -> bool:
        """Tell whether a flag is set to a yes."""
        return rules.truthy(self.text(name))

    def all(self, name: str) -> Iterator[Value]:
        """Return everything that sets a variable, the winner first."""
        scene = self.scene
        if self._may_be_set(name):
            for file in reversed(scene.files):
                if name in file.env and self._counts(file.level, name):
                    yield scene.at(
                        file.env[name], name, "environment", file, "env", name
                    )
        if name in scene.environ:
            yield Value(
                scene.environ[name], Source("environment", name, "process")
            )

    def _may_be_set(self, name: str) -> bool:
        """Tell whether settings of any level can set a variable."""
        if name in rules.NOT_FROM_SETTINGS or self.scene.host_managed:
            return False
        return not (
            self.scene.socket and name in rules.NOT_FROM_SETTINGS_WITH_SOCKET
        )

    def _counts(self, level: str, name: str) -> bool:
        if level not in rules.REPOSITORY_LEVELS or self.unfiltered:
            return True
        if name in rules.NOT_FROM_REPOSITORY:
            return False
        return self.repository or name.startswith("CLAUDE_CODE_USE_")
