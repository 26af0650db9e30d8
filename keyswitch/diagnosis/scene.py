"""What the resolver looks at: variables, settings layers and files.

Reads only; each file once. Two views of the variables exist, since `claude
auth status` does not apply what a repository sets (but for the provider
flags), and a request does. Observed, Claude Code 2.1.330.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from keyswitch.diagnosis.verdict import Source, Value
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.profiles.atomic import read_regular
from keyswitch.targets.claude_code import logins, rules, settings_file
from keyswitch.targets.claude_code.files import (
    FILE_LIMIT,
    MANAGED_DIR,
    locations,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from keyswitch.targets.claude_code.files import Locations
    from keyswitch.targets.claude_code.settings_file import SettingsFile

DROP_INS = "managed-settings.d"


@dataclass(frozen=True, slots=True)
class Flags:
    """Those of Claude Code's own command line options that matter here."""

    settings: str | None = None
    sources: frozenset[str] = frozenset({"user", "project", "local"})
    bare: bool = False


def parse_flags(words: Sequence[str]) -> Flags:
    """Return the options that choose settings; of two equal the last counts.

    Raises InputError for an option without its value.
    """
    settings = None
    sources = Flags().sources
    bare = False
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if name in ("--settings", "--setting-sources"):
            if not equals:
                given = next(rest, None)
                if given is None:
                    raise InputError(
                        f"{name} has no value", f"give one: {name} VALUE"
                    )
                value = given
            if name == "--settings":
                settings = value
            else:
                sources = frozenset(s.strip() for s in value.split(","))
        elif word == "--bare":
            bare = True
    return Flags(settings, sources, bare)


class Scene:
    """One environment and directory, as Claude Code would find them."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        home: str,
        cwd: str,
        flags: Flags | None = None,
        managed_dir: str = MANAGED_DIR,
    ) -> None:
        self.environ = environ
        self.home = home
        self.cwd = cwd
        self.flags = flags or Flags()
        self.managed_dir = managed_dir
        self._read: dict[str, bytes | None] = {}

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None where it cannot be read."""
        if path not in self._read:
            try:
                self._read[path] = read_regular(path, FILE_LIMIT)
            except (KeyswitchError, ValueError):
                self._read[path] = None
        return self._read[path]

    def mode(self, path: str) -> int:
        """Return a file's permission bits; 0 if it is not there."""
        try:
            return os.stat(path).st_mode & 0o777
        except (OSError, ValueError):
            return 0

    # ----------------------------------------------------------- settings

    @cached_property
    def settings_places(self) -> Locations:
        """Where settings are: only the process environment moves them."""
        return locations(self.environ, self.home, self.cwd)

    @cached_property
    def places(self) -> Locations:
        """Where logins are: settings can move these."""
        effective = {
            name: value.text
            for name in ("CLAUDE_CONFIG_DIR", "CLAUDE_SECURESTORAGE_CONFIG_DIR")
            if (value := self.request.get(name)) is not None
        }
        return locations(effective, self.home, self.cwd)

    @cached_property
    def files(self) -> tuple[SettingsFile, ...]:
        """Every settings file that is there, lowest level first."""
        return tuple(self._files())

    def _files(self) -> Iterator[SettingsFile]:
        places = self.settings_places
        wanted = self.flags.sources
        named = (
            ("user", places.settings),
            ("project", places.project_settings),
            ("local", places.local_settings),
            ("local", os.path.join(self.cwd, ".claude", "settings.local.json")),
        )
        seen = set()
        for level, path in named:
            if level not in wanted or path in seen:
                continue
            seen.add(path)
            data = self.read(path)
            if data is not None:
                yield settings_file.parse(data, level, path)
        if self.flags.settings is not None:
            yield self._flag_settings(self.flags.settings)
        for path in self._managed_paths():
            data = self.read(path)
            if data is not None:
                yield settings_file.parse(data, "managed", path)

    def _flag_settings(self, given: str) -> SettingsFile:
        if given.strip().startswith("{"):
            return settings_file.parse(given.encode(), "flag", "")
        path = os.path.join(self.cwd, given)
        data = self.read(path)
        if data is None:
            return settings_file.SettingsFile(
                "flag", path, problem="cannot be read"
            )
        return settings_file.parse(data, "flag", path)

    def _managed_paths(self) -> list[str]:
        paths = [os.path.join(self.managed_dir, "managed-settings.json")]
        folder = os.path.join(self.managed_dir, DROP_INS)
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            names = []
        return paths + [
            os.path.join(folder, name)
            for name in names
            if name.endswith(".json") and not name.startswith(".")
        ]

    @cached_property
    def broken_policy(self) -> SettingsFile | None:
        """The settings file for which Claude Code refuses to start."""
        for file in self.files:
            if file.problem and file.level in ("flag", "managed"):
                return file
        return None

    def command(self, key: str) -> Value | None:
        """Return the effective value of a key that names a command."""
        if self.host_managed:
            return None
        simple = self.simple
        for file in reversed(self.files):
            value = None if file.problem else file.command(key)
            if value is None or (simple and file.level != "flag"):
                continue
            return self._at(value, key, "helper", file, key) if value else None
        return None

    def policy(self, key: str) -> Value | None:
        """Return a managed setting that is a text or a list of texts."""
        for file in reversed(self.files):
            if file.level == "managed" and key in file.document:
                found = file.document[key]
                text = ",".join(found) if isinstance(found, list) else found
                if isinstance(text, str) and text:
                    return self._at(text, key, "settings", file, key)
        return None

    def _at(
        self, text: str, name: str, kind: str, file: SettingsFile, *keys: str
    ) -> Value:
        line = settings_file.line_of(file.text, *keys) if file.path else 0
        return Value(text, Source(kind, name, file.level, file.path, line))

    # ---------------------------------------------------------- variables

    @cached_property
    def host_managed(self) -> bool:
        """Whether a host program has taken the choice of credentials over."""
        return rules.truthy(self.environ.get(rules.HOST_MANAGED))

    @cached_property
    def simple(self) -> bool:
        """Whether only the explicit sources of `--bare` count."""
        if self.flags.bare:
            return True
        value = self.request.get(rules.SIMPLE)
        return rules.truthy(value.text if value else None)

    @cached_property
    def request(self) -> View:
        """The variables that a request sees."""
        return View(self, repository=True)

    @cached_property
    def status(self) -> View:
        """The variables that `claude auth status` sees."""
        return View(self, repository=False)

    # -------------------------------------------------------------- logins

    @cached_property
    def login(self) -> logins.Login | None:
        """The stored subscription login, usable or not."""
        return logins.stored_login(self.read(self.places.credentials))

    @cached_property
    def config(self) -> logins.GlobalConfig:
        """What `.claude.json` says."""
        return logins.global_config(self.read(self.places.global_config))


class View:
    """The variables of one view: the process's, replaced by settings."""

    def __init__(self, scene: Scene, *, repository: bool) -> None:
        self.scene = scene
        self.repository = repository
        self._found: dict[str, Value | None] = {}

    def get(self, name: str) -> Value | None:
        """Return a variable and what set it; None if nothing does."""
        if name not in self._found:
            self._found[name] = next(self.all(name), None)
        return self._found[name]

    def text(self, name: str) -> str:
        """Return a variable's text without outer white space, or ""."""
        value = self.get(name)
        return value.text.strip() if value else ""

    def truthy(self, name: str) -> bool:
        """Tell whether a flag is set to a yes."""
        return rules.truthy(self.text(name))

    def all(self, name: str) -> Iterator[Value]:
        """Return everything that sets a variable, the winner first."""
        scene = self.scene
        if name not in rules.NOT_FROM_SETTINGS and not scene.host_managed:
            for file in reversed(scene.files):
                if name in file.env and self._counts(file.level, name):
                    yield scene._at(
                        file.env[name], name, "environment", file, "env", name
                    )
        if name in scene.environ:
            yield Value(
                scene.environ[name], Source("environment", name, "process")
            )

    def _counts(self, level: str, name: str) -> bool:
        if level not in rules.REPOSITORY_LEVELS:
            return True
        if name in rules.NOT_FROM_REPOSITORY:
            return False
        return self.repository or name.startswith("CLAUDE_CODE_USE_")
