"""What Claude Code finds: options, variables, settings, logins. Reads only."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property

from keyswitch.disk.atomic import read_regular
from keyswitch.disk.opening import leads_nowhere
from keyswitch.errors import InputError, KeyswitchError
from keyswitch.model import FILE_LIMIT, Frozen
from keyswitch.progress import Progress
from keyswitch.targets.claude_code import rules
from keyswitch.targets.claude_code.files import (
    CONFIG_VARIABLE,
    MANAGED_DIR,
    STORAGE_VARIABLE,
    Locations,
    locations,
)
from keyswitch.targets.claude_code.login import stored
from keyswitch.targets.claude_code.resolver import managed
from keyswitch.targets.claude_code.resolver.views import View, value_in
from keyswitch.targets.claude_code.settings.settings_file import (
    SettingsFile,
    parse,
    problem_of,
    trim,
)
from keyswitch.targets.verdict import SERVER, Value

SOURCES = ("user", "project", "local")


class Flags(Frozen):
    """Those of Claude Code's own command line options that matter here."""

    settings: str | None = None
    sources: tuple[str, ...] = SOURCES
    bare: bool = False


def parse_flags(words: Sequence[str]) -> Flags:
    """Return the options that choose settings; of two equal the last counts.

    Raises InputError for an option without its value.
    """
    values: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if word == "--bare":
            values[word] = ""
        elif name in ("--settings", "--setting-sources"):
            given = value if equals else next(rest, None)
            if given is None:
                raise InputError(
                    f"{name} has no value", f"add one: {name} VALUE"
                )
            values[name] = given
    listed = values.get("--setting-sources", ",".join(SOURCES))
    sources = tuple(map(trim, listed.split(","))) if trim(listed) else ()
    return Flags(values.get("--settings"), sources, "--bare" in values)


class Scene:
    """One environment and directory, each file of it read once."""

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
        self.asks_server = True
        self._read: dict[str, bytes | None] = {}
        self.unread: dict[str, str] = {}  # what is there, and why it is not

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, or None where it cannot be read."""
        if path not in self._read:
            self._read[path] = None
            try:
                self._read[path] = read_regular(path, FILE_LIMIT)
            except (KeyswitchError, ValueError) as e:
                problem = problem_of(path, e)
                if problem:
                    self.unread[path] = problem
        return self._read[path]

    def listed(self, *parts: str) -> list[str]:
        """Return the paths in a folder; [] where it cannot be read."""
        folder = os.path.join(*parts)
        try:
            return [os.path.join(folder, n) for n in sorted(os.listdir(folder))]
        except (OSError, ValueError):
            return []

    def started_by(self, surface: str) -> Scene:
        """Return the same, where something else starts Claude Code."""
        said = (rules.ENTRYPOINT, rules.REMOTE)
        environ = {n: v for n, v in self.environ.items() if n not in said}
        return self._copy({**environ, **rules.SURFACES[surface]})

    def _copy(self, environ: Mapping[str, str]) -> Scene:
        other = Scene(
            environ,
            home=self.home,
            cwd=self.cwd,
            flags=self.flags,
            managed_dir=self.managed_dir,
        )
        # Each file is read once.
        other._read, other.unread = self._read, self.unread
        return other

    def hold(self, files: Mapping[str, bytes | None]) -> None:
        """Take these contents for those of files that are kept elsewhere."""
        self._read.update(files)

    @cached_property
    def settings_places(self) -> Locations:
        """Where settings are: only the process environment moves them."""
        return locations(self.environ, self.home, self.cwd)

    @cached_property
    def places(self) -> Locations:
        """Where logins are: settings can move these."""
        effective = {
            name: value.text
            for name in (CONFIG_VARIABLE, STORAGE_VARIABLE)
            if (value := self.request.get(name)) is not None
        }
        found = locations(effective, self.home, self.cwd)
        # .claude.json was found before any settings were read.
        config = self.settings_places.global_config
        return found._replace(global_config=config)

    @cached_property
    def files(self) -> tuple[SettingsFile, ...]:
        """Every settings file that is there, lowest level first."""
        places = self.settings_places
        levels: dict[str, str] = {}
        for level, path in (
            ("user", places.settings),
            ("project", places.project_settings),
            ("local", places.local_here),
            ("local", places.local_settings),
        ):
            if level in self.flags.sources:
                levels.setdefault(path, level)
        found = self._parsed(levels)
        if self.flags.settings is not None:
            found.append(self._flag_settings(self.flags.settings))
        return (*found, *self._of_organization())

    def _of_organization(self) -> list[SettingsFile]:
        paths = [os.path.join(self.managed_dir, "managed-settings.json")]
        for path in self.listed(self.managed_dir, "managed-settings.d"):
            name = os.path.basename(path)
            if name.endswith(".json") and not name.startswith("."):
                paths.append(path)
        found = self._parsed(dict.fromkeys(paths, "managed"))
        folder = self.settings_places.config_dir
        path = os.path.join(folder, managed.SERVER_FILE)
        data = self.read(path) if self.asks_server else None
        if data is None or not self._before_the_server().account.asks_server:
            return found
        return managed.together(found, parse(data, SERVER, path))

    def _before_the_server(self) -> Scene:
        """Return the same, as it is until the server was asked."""
        before = self._copy(self.environ)
        before.asks_server = False
        return before

    @property
    def account(self) -> managed.ServerAccount:
        """Who is there, by what the person's own settings say."""
        levels = ("user", "flag")
        own = [file for file in self.files if file.level in levels]
        return managed.ServerAccount(
            View(self.environ, own, repository=False),
            self.login,
            self.config,
            has_helper=self.command(rules.HELPER) is not None,
        )

    def _parsed(self, levels: Mapping[str, str]) -> list[SettingsFile]:
        found = []
        for path, level in levels.items():
            data = self.read(path)
            if data is not None:
                found.append(parse(data, level, path))
            elif path in self.unread and not (
                level == "managed" and leads_nowhere(path)
            ):
                problem = self.unread[path]
                found.append(SettingsFile(level, path, problem=problem))
        return found

    def _flag_settings(self, given: str) -> SettingsFile:
        """Return what `--settings` gives: a text in braces, or a file.

        Only a text that is no JSON and a file that is not there keep Claude
        Code from starting; a file that does not parse is passed over.
        """
        text = trim(given)
        if not given:
            return SettingsFile("flag")
        if text.startswith("{") and text.endswith("}"):
            # What stood on the command line need not be UTF-8.
            data = text.encode("utf-8", "surrogateescape")
            found = parse(data, "flag", "")
            return found._replace(fatal=found.problem.startswith("not"))
        path = os.path.join(self.cwd, given)
        content = self.read(path)
        self.unread.pop(path, None)  # a name may be a text with a secret
        if content is not None:
            return parse(content, "flag", path)
        # A text that lacks its last brace is no path to print.
        path = "" if text.startswith("{") else path
        return SettingsFile("flag", path, problem="cannot be read", fatal=True)

    def command(self, key: str) -> Value | None:
        """Return the effective value of a key that names a command."""
        explicit = self.simple and key == rules.HELPER
        for file in () if self.host_managed else reversed(self.files):
            text = file.command(key)
            if text is None or (explicit and file.level != "flag"):
                continue
            if not text:
                return None
            value = value_in(file, "helper", text, key)
            return value._replace(source=value.source._replace(command=text))
        return None

    @property
    def host_managed(self) -> bool:
        """Whether a host program has taken the choice of credentials over."""
        return rules.truthy(self.environ.get(rules.HOST_MANAGED))

    @property
    def socket(self) -> str:
        """The socket that requests go to instead of a host, or ""."""
        return self.environ.get(rules.UNIX_SOCKET, "")

    @cached_property
    def gateway(self) -> bool:
        """Whether requests go to an organization's gateway, by a flag."""
        view = self.status
        there = view.text(rules.BASE_URL) and view.text(rules.AUTH_TOKEN)
        return bool(there) and view.truthy(rules.GATEWAY)

    @property
    def login_first(self) -> bool:
        """Whether a login comes before keys: on the desktop, and remotely."""
        on_desktop = self.request.on_desktop
        return on_desktop or rules.truthy(self.environ.get(rules.REMOTE))

    @property
    def in_vscode(self) -> bool:
        """Whether VS Code started it: a key has to be approved."""
        return rules.entrypoint(self.environ) == rules.VSCODE_ENTRYPOINT

    @cached_property
    def simple(self) -> bool:
        """Whether only the explicit sources of `--bare` count."""
        return self.flags.bare or self.request.truthy(rules.SIMPLE)

    @cached_property
    def request(self) -> View:
        """The variables that a request sees."""
        return View(self.environ, self.files, repository=True)

    @cached_property
    def everything(self) -> View:
        """The variables that the process has once all settings are applied.

        It has those of a repository too that Claude Code itself leaves out
        when it decides which account to use.
        """
        return View(self.environ, self.files, repository=True, unfiltered=True)

    @cached_property
    def status(self) -> View:
        """The variables that `claude auth status` sees."""
        return View(self.environ, self.files, repository=False)

    def effective_environment(self) -> dict[str, str]:
        """Return the variables that a helper of the session is given.

        Those that a repository sets are not among them. Observed.
        """
        found = dict(self.environ)
        for name in {name for file in self.files for name in file.env}:
            values = (
                value.text
                for value in self.request.all(name)
                if not value.source.of_repository
            )
            text = next(values, None)
            if text is not None and "=" not in name and name:
                found[name] = text
        return {n: v for n, v in found.items() if "\0" not in n + v}

    @property
    def anthropic_dir(self) -> str:
        """The folder of profiles of Anthropic's own tools."""
        own = self.status.text(rules.PROFILE_DIR)
        if own:
            return os.path.join(self.cwd, own)
        xdg = self.status.text("XDG_CONFIG_HOME")
        return os.path.join(xdg or f"{self.home}/.config", "anthropic")

    @cached_property
    def login(self) -> stored.Subscription | None:
        """The stored subscription login, usable or not."""
        return stored.stored_login(self.read(self.places.credentials))

    @cached_property
    def config(self) -> stored.GlobalConfig:
        """What `.claude.json` says."""
        path = self.places.global_config
        with Progress(f"reading {path}"):
            return stored.global_config(self.read(path))
