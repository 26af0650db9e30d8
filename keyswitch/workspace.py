"""Everything a command works on: where files are, which stores are open."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from keyswitch.disk.atomic import (
    make_durable,
    read_regular,
    unusable,
    write_once,
)
from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import FileStateError, NotFoundError
from keyswitch.model import Profile
from keyswitch.profiles import paths as places
from keyswitch.profiles.paths import Paths
from keyswitch.secret import Secret
from keyswitch.targets import table

if TYPE_CHECKING:
    from keyswitch.profiles.settings import Settings
    from keyswitch.providers.catalogue import Catalogue
    from keyswitch.providers.schema import Provider
    from keyswitch.targets.target import Keychain, Places

_KEY_SIZE = 32  # bytes of the key of this machine
_NAMES = ("keyswitch", "keyswitch.cmd", "keyswitch.exe", "keyswitch.pyz")
_KEY_LIMIT = 1024  # bytes of a file that should be one


class Workspace:
    """One person's keyswitch, as one command sees it.

    `ask` prompts for a passphrase; None means that nobody can be asked. `tell`
    says what a person should know of a change beside its result. With
    `dry_run` a change is planned and checked, and not carried out.
    """

    platform: str = sys.platform

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        ask: Callable[[str], Secret] | None = None,
        tell: Callable[[str], None] | None = None,
        cwd: str | None = None,
        dry_run: bool = False,
    ) -> None:
        self.environ = environ
        self.ask = ask
        self.tell = tell or (lambda _: None)
        self.paths: Paths = places.resolve(environ)
        self.dry_run = dry_run
        self._cwd = cwd

    @cached_property
    def cwd(self) -> str:
        """The directory that the command was started in."""
        try:
            return self._cwd or os.getcwd()
        except FileNotFoundError:
            return "/"  # it was removed; nothing of it can count

    @property
    def present_cwd(self) -> str:
        """The same for what is going to write there: it has to be there."""
        if self._cwd is None:
            try:
                os.getcwd()
            except FileNotFoundError:
                raise FileStateError(
                    "the current directory was removed", "cd to another one"
                ) from None
        return self.cwd

    @cached_property
    def home(self) -> str:
        """The person's home directory."""
        return places.home_of(self.environ)

    @cached_property
    def places(self) -> Places:
        """Where the main program's files are that a switch changes.

        A shell that was given an isolated profile's folder still switches the
        person's usual one.
        """
        return table.main().places(self.environ_of_places, self.home, self.cwd)

    @property
    def places_here(self) -> Places:
        """Where they are that a program of this very shell reads."""
        return table.main().places(self.environ, self.home, self.cwd)

    @property
    def environ_of_places(self) -> Mapping[str, str]:
        """The variables, without those that name a profile's own folder."""
        environ = dict(self.environ)
        if self.isolated_shell:
            del environ[table.main().folder_variable]
        return environ

    @cached_property
    def keychain(self) -> Keychain | None:
        """The main program's items of the macOS keychain; None: no such."""
        if self.platform != "darwin":
            return None
        return table.main().logins.keychain(self.environ_of_places)

    def keychain_at(self, places: Places) -> Keychain | None:
        """Return the same for a configuration folder."""
        if self.keychain is None or places == self.places:
            return self.keychain
        return self.keychain.for_folder(places.config_dir)

    @property
    def isolated_shell(self) -> bool:
        """Tell whether this shell uses an isolated profile's folder."""
        given = self.environ.get(table.main().folder_variable, "")
        return given.startswith(self.paths.folders_dir + "/")

    @cached_property
    def settings(self) -> Settings:
        """What `config.toml` says."""
        from keyswitch.profiles.settings import load

        return load(self.paths)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The providers, built-in and own."""
        from keyswitch.providers.catalogue import load_catalogue

        return load_catalogue(self.paths)

    @cached_property
    def install_key(self) -> bytes:
        """The per-machine key of fingerprints, made the first time."""
        path = self.paths.install_key_file
        key = read_regular(path, _KEY_LIMIT, ours=True)
        if key is not None and len(key) == _KEY_SIZE:
            return key
        if self.dry_run:
            return os.urandom(_KEY_SIZE)
        ensure_private_dir(self.paths.state)
        try:
            if key is not None:
                os.unlink(path)  # half of one, from a command that was killed
            write_once(path, os.urandom(_KEY_SIZE))
            make_durable(path)  # fingerprints are compared for years
        except FileExistsError:
            pass  # another command was faster
        except OSError as e:
            raise unusable(path, e) from e
        return read_regular(path, _KEY_LIMIT) or b""

    def load(self, name: str) -> tuple[Profile, bytes]:
        """Read one profile and its file's bytes."""
        from keyswitch.profiles.profile_files import load

        return load(self.paths, name)

    def provider_of(self, profile: Profile) -> Provider:
        """Return the provider that a profile names."""
        try:
            return self.catalogue.get(profile.provider)
        except NotFoundError as e:
            raise NotFoundError(
                f"profile '{profile.name}' is of an {e.message}",
                f"fix 'provider' in it: keyswitch edit {profile.name}",
            ) from e


def is_status_line(command: object) -> bool:
    """Tell whether a command is the status line of some keyswitch."""
    if not isinstance(command, str):
        return False
    program, _, last = command.strip().rpartition(" ")
    return last == "statusline" and program.rstrip("'\" ").endswith(_NAMES)


def own_command() -> list[str]:
    """Return the absolute command that starts this keyswitch.

    Other programs call it from any directory, so Python may not look for the
    package in the current one (`-P`), nor where a variable leads (`-E`).
    """
    started = os.path.abspath(sys.argv[0])
    main = getattr(sys.modules["__main__"], "__file__", None) or ""
    if os.path.dirname(os.path.abspath(main)) == started:
        return [sys.executable, "-PE", started]  # a zip application
    if sys.prefix != sys.base_prefix:
        # Of an environment, however this very command was started in it.
        started = os.path.join(os.path.dirname(sys.executable), "keyswitch")
    name = os.path.basename(started)
    for script in (started, f"{started}.exe"):
        is_program = os.access(script, os.X_OK) and not os.path.isdir(script)
        if name == "keyswitch" and is_program:
            return [script]
    return [sys.executable, "-P", "-E", "-m", "keyswitch"]
