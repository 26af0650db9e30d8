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
LINK_FILE = ".keyswitch"  # names a profile, for the directory it lies in


class Paths:
    """The four roots, and every file and folder below them."""

    def __init__(
        self, *, config: str, data: str, state: str, runtime: str = ""
    ) -> None:
        self.config = config
        self.data = data
        self.state = state
        self.runtime = runtime  # "" where there is no runtime directory

        # What a person may edit.
        self.config_file = config + "/config.toml"
        self.profiles_dir = config + "/profiles"  # a TOML file a profile
        self.providers_dir = config + "/providers"  # the person's own

        self.vault_file = data + "/vault.ksv"
        self.vault_seen_file = state + "/vault-seen"  # its newest version
        self.machine_key_file = state + "/machine.key"  # opens the vault
        self.install_key_file = state + "/install.key"  # for fingerprints
        # Claude Code's configuration folders of isolated profiles.
        self.folders_dir = data + "/claude-code"

        self.state_file = state + "/state.json"  # the active profile
        self.lock_file = state + "/lock"  # of commands that change something
        self.journal_dir = state + "/journal"  # transactions under way
        # Items that are being put into a store, or deleted there.
        self.intents_dir = state + "/intents"
        # What other programs' files held before keyswitch.
        self.baseline_dir = state + "/baseline"
        self.logins_file = state + "/baseline/logins.json"  # whose they are
        self.made_file = state + "/baseline/made.json"  # folders we made
        # What each stored secret may be used for, one file an item.
        self.bound_dir = state + "/bound"
        # What a person agreed that own providers may set, a file each.
        self.agreed_dir = state + "/agreed"
        # Commands of config.toml that a person allowed, a file each.
        self.allowed_dir = state + "/allowed"
        # How much of its limits each account has used, a file each.
        self.usage_dir = state + "/usage"
        # What is known of values that managers outside keep, a file each.
        self.references_dir = state + "/references"
        self.reading_file = state + "/reading"  # held while one is read
        self.status_lines_file = state + "/status-lines.json"  # what we set
        self.remotes_file = state + "/remotes"  # links by git remote
        # Whose file each team's profiles came from, and the text of that file.
        self.teams_dir = state + "/teams"
        self.undo_file = state + "/undo.json"
        self.history_file = state + "/history.jsonl"
        # Which start files have a block of keyswitch's.
        self.start_files_file = state + "/start-files.json"
        # An AWS configuration whose credential process is keyswitch.
        self.aws_config_file = state + "/aws-config"

    def profile(self, name: str) -> str:
        """Return the file of one profile; the name has been checked."""
        return f"{self.config}/profiles/{name}.toml"

    def folder_of(self, name: str) -> str:
        """Return the configuration folder of an isolated profile."""
        return f"{self.data}/claude-code/{name}"

    def compiled(self, name: str) -> str:
        """Return the file of a profile that was worked out for `env`."""
        return f"{self.state}/compiled/{name}"

    def hook_file(self, shell: str) -> str:
        """Return the hook that a start file reads."""
        return f"{self.state}/hook.{shell}"

    def trusted(self, mark: str) -> str:
        """Return the record of whether a directory's link is allowed."""
        return f"{self.state}/trust/{mark}"

    @property
    def state_folders(self) -> tuple[str, ...]:
        """The folders of the state, where no person edits anything."""
        return (
            self.journal_dir,
            self.intents_dir,
            self.baseline_dir,
            self.bound_dir,
            self.agreed_dir,
            self.allowed_dir,
            self.usage_dir,
            self.references_dir,
            self.teams_dir,
            self.state + "/compiled",
            self.state + "/trust",
        )

    @property
    def own_folders(self) -> tuple[str, ...]:
        """Every folder that holds files of keyswitch's own."""
        people = self.config, self.profiles_dir, self.providers_dir
        return *people, self.data, self.state, *self.state_folders


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
        from platformdirs import PlatformDirs

        dirs = PlatformDirs("keyswitch", appauthor=False)
        return Paths(
            config=dirs.user_config_dir,
            data=dirs.user_data_dir,
            state=dirs.user_state_dir,
        )
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
    """Return the error for a path that means another folder elsewhere."""
    return FileStateError(
        f"{variable} is not an absolute path: '{value}'",
        "use one that starts with /",
    )


def may_be_foreign_home() -> bool:
    """Tell at little cost whether root may be in another user's home."""
    if os.name != "posix" or os.getuid() != 0:
        return False
    try:
        return os.stat(os.environ.get("HOME") or "/").st_uid != 0
    except OSError:
        return False  # who uses it will say so
