"""Where keyswitch keeps its files.

Part of the express lane. On Linux the rules of the XDG base directory
specification are written out here, because importing platformdirs costs twice
a bare interpreter's start; a test holds them equal to platformdirs.
"""

from __future__ import annotations

import os
import sys

from keyswitch.errors import FileStateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

HOME_VARIABLE = "KEYSWITCH_HOME"


class Paths:
    """The four roots, and every file below them."""

    __slots__ = ("config", "data", "runtime", "state")

    def __init__(
        self, *, config: str, data: str, state: str, runtime: str = ""
    ) -> None:
        self.config = config
        self.data = data
        self.state = state
        self.runtime = runtime  # "" where there is no runtime directory

    @property
    def config_file(self) -> str:
        """The settings that a person may write."""
        return self.config + "/config.toml"

    @property
    def profiles_dir(self) -> str:
        """One TOML file a profile."""
        return self.config + "/profiles"

    def profile(self, name: str) -> str:
        """Return the file of one profile; the name has been checked."""
        return f"{self.config}/profiles/{name}.toml"

    @property
    def providers_dir(self) -> str:
        """The person's own providers."""
        return self.config + "/providers"

    @property
    def vault_file(self) -> str:
        """The encrypted vault."""
        return self.data + "/vault.ksv"

    @property
    def vault_seen_file(self) -> str:
        """The newest version of the vault that this machine has seen."""
        return self.state + "/vault-seen"

    @property
    def state_file(self) -> str:
        """The pointer to the active profile."""
        return self.state + "/state.json"

    @property
    def lock_file(self) -> str:
        """What a command that changes something locks; never a data file."""
        return self.state + "/lock"

    @property
    def journal_dir(self) -> str:
        """Transactions under way."""
        return self.state + "/journal"

    @property
    def intents_dir(self) -> str:
        """Store items that are being written or deleted."""
        return self.state + "/intents"

    @property
    def baseline_dir(self) -> str:
        """What other programs' files held before keyswitch."""
        return self.state + "/baseline"

    @property
    def logins_file(self) -> str:
        """Which stored login is whose."""
        return self.state + "/baseline/logins.json"

    @property
    def made_file(self) -> str:
        """What was made in other programs' places."""
        return self.state + "/baseline/made.json"

    @property
    def folders_dir(self) -> str:
        """Configuration folders of isolated profiles."""
        return self.data + "/claude-code"

    def folder_of(self, name: str) -> str:
        """Return the configuration folder of one profile's own."""
        return f"{self.data}/claude-code/{name}"

    def compiled(self, name: str) -> str:
        """Return the worked-out form of a profile."""
        return f"{self.state}/compiled/{name}"

    @property
    def bound_dir(self) -> str:
        """What each stored secret may be used for, one file an item."""
        return self.state + "/bound"

    @property
    def agreed_dir(self) -> str:
        """What a person agreed that own providers may set, a file each."""
        return self.state + "/agreed"

    @property
    def own_folders(self) -> tuple[str, ...]:
        """Every folder that holds files of keyswitch's own."""
        return (
            self.config,
            self.profiles_dir,
            self.providers_dir,
            self.data,
            self.state,
            *self.state_folders,
        )

    @property
    def state_folders(self) -> tuple[str, ...]:
        """Those below the state folder; no person has to do with them."""
        return (
            self.journal_dir,
            self.intents_dir,
            self.baseline_dir,
            self.bound_dir,
            self.agreed_dir,
            os.path.dirname(self.compiled("x")),
            os.path.dirname(self.trusted("x")),
        )

    def trusted(self, mark: str) -> str:
        """Return the record of a directory's link that was judged."""
        return f"{self.state}/trust/{mark}"

    @property
    def remotes_file(self) -> str:
        """The links by git remote, worked out."""
        return self.state + "/remotes"

    @property
    def undo_file(self) -> str:
        """The last changes, and how to take them back."""
        return self.state + "/undo.json"

    @property
    def history_file(self) -> str:
        """What was changed when."""
        return self.state + "/history.jsonl"

    @property
    def start_files_file(self) -> str:
        """Which start files have a block of keyswitch's."""
        return self.state + "/start-files.json"

    def hook_file(self, shell: str) -> str:
        """Return the hook that a start file reads."""
        return f"{self.state}/hook.{shell}"

    @property
    def aws_config_file(self) -> str:
        """An AWS configuration that names one credential process: ours."""
        return self.state + "/aws-config"

    @property
    def machine_key_file(self) -> str:
        """The key of a vault's machine slot."""
        return self.state + "/machine.key"

    @property
    def install_key_file(self) -> str:
        """The per-machine key of fingerprints."""
        return self.state + "/install.key"


def resolve(environ: Mapping[str, str]) -> Paths:
    """Return the places for this environment."""
    home = environ.get(HOME_VARIABLE, "")
    if home:
        if not os.path.isabs(home):
            raise _relative(HOME_VARIABLE, home)
        home = os.path.normpath(home)
        return Paths(
            config=home + "/config",
            data=home + "/data",
            state=home + "/state",
            runtime=_runtime(environ),
        )
    if sys.platform != "linux":
        return _by_platformdirs()
    return Paths(
        config=_xdg(environ, "XDG_CONFIG_HOME", ".config"),
        data=_xdg(environ, "XDG_DATA_HOME", ".local/share"),
        state=_xdg(environ, "XDG_STATE_HOME", ".local/state"),
        runtime=_runtime(environ),
    )


def _runtime(environ: Mapping[str, str]) -> str:
    folder = environ.get("XDG_RUNTIME_DIR", "")
    return folder if os.path.isabs(folder) else ""


def _xdg(environ: Mapping[str, str], variable: str, default: str) -> str:
    root = environ.get(variable, "")
    if not os.path.isabs(root):  # its specification: to be ignored
        root = os.path.join(home_of(environ), default)
    return os.path.join(root, "keyswitch")


def home_of(environ: Mapping[str, str]) -> str:
    """Return the person's home directory, or raise: nothing is guessed.

    Without HOME, `os.path.expanduser` may give "~" itself, which would be a
    directory of that name right here, or the root.
    """
    home = environ.get("HOME", "")
    if not home.strip() and os.name == "posix":
        import pwd

        try:
            home = pwd.getpwuid(os.getuid()).pw_dir
        except KeyError:
            home = ""
    elif not home.strip():
        home = os.path.expanduser("~")
    if home.strip() and not os.path.isabs(home):
        raise _relative("HOME", home)
    if not home.strip():
        raise FileStateError(
            "HOME is not set, and this user has no home directory",
            f"set HOME, or {HOME_VARIABLE} for keyswitch's own files",
        )
    return home


def _relative(variable: str, value: str) -> FileStateError:
    """Return the error for what would be another folder in each directory."""
    return FileStateError(
        f"{variable} is no absolute path: '{value}'",
        "give one that begins with /",
    )


def _by_platformdirs() -> Paths:
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("keyswitch", appauthor=False)
    return Paths(
        config=dirs.user_config_dir,
        data=dirs.user_data_dir,
        state=dirs.user_state_dir,
    )


def may_be_foreign_home() -> bool:
    """Tell at little cost whether root may be in another user's home."""
    if os.name != "posix" or os.getuid() != 0:
        return False
    try:
        return os.stat(os.environ.get("HOME") or "/").st_uid != 0
    except OSError:
        return False  # who uses it will say so
