"""Every command that changes something, each with a home to do it in."""

from __future__ import annotations

import hashlib
import json
import stat

from keyswitch.errors import KeyswitchError
from keyswitch.secrets.vault.envelope import parse
from keyswitch.secrets.vault.key_slots import unwrap, unwrap_passphrase
from tests.faults.cases import (
    CONFIG,
    ENVIRON,
    KEYS,
    SETTINGS,
    Case,
    cli,
)
from tests.faults.login_cases import credentials, make, stand_in
from tests.team.files import SOUND

LAYOUTS = ("plain", "links", "absent")
CONFIG_TOML = ".config/keyswitch/config.toml"
OWN_TREE = ".local/state/keyswitch"
PROFILES = ".config/keyswitch/profiles"
FOLDERS = ".local/share/keyswitch/claude-code"
BASHRC = "# mine\nexport EDITOR=vi\nexport CLAUDE_CODE_USE_BEDROCK=1\n"
PASSPHRASES = ("FAKE first passphrase", "FAKE second passphrase")
# What `use` displaces is stored, since it could hold a secret.
OWN_HELPER = SETTINGS.replace(
    '"theme"', '"apiKeyHelper": "/bin/echo FAKE-own-helper", "theme"'
)
NULL = SETTINGS.replace('"1e5"', '"1e5", "ANTHROPIC_BASE_URL": null')

ADD = cli(
    "add", "fresh", "--provider", "anthropic", "--store", "vault", "--stdin",
    stdin=KEYS["new"].encode(),
)  # fmt: skip
ROTATE = cli("rotate", "one", "--stdin", stdin=KEYS["new"].encode())
PASSWD = cli(
    "vault", "passwd", "--passphrase-fd", "0", stdin=PASSPHRASES[1].encode()
)
FIRST_PASSWD = cli(
    "vault", "passwd", "--passphrase-fd", "0", stdin=PASSPHRASES[0].encode()
)
MACHINE_VAULT = cli("vault", "init", "--machine-key")
BASH = cli("install", "bash", "--yes")
STATUS_LINE = cli("install", "claude-statusline", "--yes")
ALLOW = cli("managers", "allow", "exec:corp", "--yes")
REMOTE = ("--remote", "github.com/acme/*")
PASSPHRASE_VAULT = cli(
    "vault", "init", "--passphrase-fd", "0", stdin=PASSPHRASES[1].encode()
)
LINK_REMOTE = cli("link", *REMOTE, "two")
LINK = cli("link", "two")


class CommandCase(Case):
    """One command in a home that `steps` have made.

    A step is a command, or a function of the home.
    """

    def __init__(self, command, *steps, layout, start, **options):
        super().__init__(command, layout=layout)
        self.steps, self._run = steps, start
        self.once = options.get("once", False)
        self.vault = options.get("vault", MACHINE_VAULT)
        self.profiles = options.get("profiles", True)
        self.settings = options.get("settings", SETTINGS)
        self.config = options.get("config", lambda: CONFIG)
        self.locked = options.get("locked", False)
        self.recover = options.get("recover", Case.recover)
        self.kept = set(options.get("kept", ("one", "two")))
        self._first_slots, self._tried = {}, {}

    def make_home(self, home):
        self._own_files(home)
        self._foreign_files(home)
        steps = [self.vault] if self.vault else []
        steps += self._profiles() if self.profiles else []
        for step in [*steps, *self.steps]:
            if callable(step):
                step(home)
                continue
            done = self._run(step, home, ENVIRON)
            assert done.returncode == 0, done.stderr.decode()
        self._first_slots[home] = self._slots(home) or []

    def _own_files(self, home):
        config = home / ".config/keyswitch"
        config.mkdir(parents=True)
        (config / "config.toml").write_text('store = "vault"\ncache = "off"\n')
        state = home / OWN_TREE
        state.mkdir(parents=True, mode=0o700)
        key = state / "install.key"  # one for all homes: equal fingerprints
        key.write_bytes(b"FAKE" * 8)
        key.chmod(0o600)
        if self.layout == "links":
            (home / "dotfiles/profiles").mkdir(parents=True, mode=0o700)
            (home / PROFILES).symlink_to("../../dotfiles/profiles")

    def _foreign_files(self, home):
        if self.layout == "absent":
            return
        folder, bashrc = home / ".claude", home / ".bashrc"
        settings = folder / "settings.json"
        if self.layout == "links":
            (home / "dotfiles/claude").mkdir()
            folder.symlink_to("dotfiles/claude")
            settings.symlink_to("between.json")
            settings = folder / "between.json"
            settings.symlink_to("../real.json")
            settings = home / "dotfiles/real.json"
            bashrc.symlink_to("dotfiles/bashrc")
            bashrc = home / "dotfiles/bashrc"
        else:
            folder.mkdir()
        settings.write_text(self.settings)
        bashrc.write_text(BASHRC)
        (home / ".claude.json").write_text(self.config())
        (home / ".claude.json").chmod(0o600)

    def _profiles(self):
        for name in ("one", "two"):
            yield cli(
                "add", name, "--provider", "anthropic", "--store", "vault",
                "--stdin", stdin=KEYS[name].encode(),
            )  # fmt: skip
        yield cli(
            "add", "cloud", "--provider", "bedrock", "--store", "vault",
            "--set", "region=eu-central-1",
            "--set", "access_key_id=AKIAFAKEFAKEEXAMPLE1",
            "--stdin", stdin=b"FAKEsecretFAKEsecretFAKEsecretEXAMPLE",
        )  # fmt: skip

    # -------------------------------------------------------- what must hold

    def entries(self, home):
        return {} if self.locked else super().entries(home)

    def check_between(self, home):
        try:
            found = list(super().check_between(home))
            held = self.entries(home).values()
        except KeyswitchError as e:
            return [f"the vault does not open: {e.message}"]
        found += [f"{name} is lost" for name in self.kept - names_of(held)]
        for path in (home / OWN_TREE).rglob("*.json*"):
            whole = path.read_text()
            lines = whole.splitlines() if "jsonl" in path.name else [whole]
            for text in lines if ".keyswitch-" not in path.name else ():
                try:
                    json.loads(text)
                except ValueError:
                    found.append(f"{path.name} does not parse")
        return found

    def leftovers(self, home):
        older = set() if self.locked else older_entries(home)
        return [
            *super().leftovers(home),
            *(f"{n} in an older vault" for n in older - {*self.entries(home)}),
        ]

    def snapshot(self, home):
        """What a person would see; what may differ after a second try last."""
        *seen, entries = super().snapshot(home)
        files = {
            name: text_of(home / name)
            for name in (".bashrc", ".keyswitch", CONFIG_TOML)
        }
        files["bundle"] = (home / BUNDLE[0]).exists()
        trust = {
            path.name: text_of(path)
            for folder in ("trust", "allowed")
            for path in (home / OWN_TREE / folder).glob("[0-9a-f]*")
        }
        modes = {
            name: stat.S_IMODE((home / name).stat().st_mode)
            for name in (".claude.json", ".claude/.credentials.json")
            if (home / name).exists()
        }
        slots = self._slots(home)
        done = commands_done(home)
        folders = sorted(
            str(path.relative_to(home / FOLDERS))
            for path in (home / FOLDERS).glob("*/history.jsonl")
        )
        return (*seen, files, trust, modes, folders, slots, (entries, done))

    def _slots(self, home):
        """Return the ways into the vault: as at the beginning, or other."""
        path = home / ".local/share/keyswitch/vault.ksv"
        if not path.exists():
            return None
        opened = parse(path.read_bytes())
        first = self._first_slots.get(home)
        slots = opened.header["slots"]
        if first is None:
            return slots
        return sorted(
            f"{slot['type']}: {self._age(slot, first, opened)}"
            for slot in slots
        )

    def _age(self, slot, first, opened):
        """Say whether a slot is an old one, or what opens the new one."""
        if slot in first or slot["type"] != "passphrase":
            return "old" if slot in first else "new"
        known = json.dumps(slot)
        if known not in self._tried:
            self._tried[known] = [
                text for text in reversed(PASSPHRASES)
                if unwrap_passphrase(opened, text.encode())
            ]  # fmt: skip
        return str(self._tried[known])


def older_entries(home):
    """Return the names of what the vault's older versions hold."""
    vault = home / ".local/share/keyswitch/vault.ksv"
    names = set()
    for path in vault.parent.glob("vault.ksv.[123]"):
        opened = parse(path.read_bytes())
        key = (home / OWN_TREE / "machine.key").read_bytes()
        slots = opened.header["slots"]
        if any(
            s["type"] == "machine" and unwrap(opened, s, key) for s in slots
        ):
            names |= {*opened.payload()["entries"]}
    return names


def names_of(values):
    return {name for name, key in KEYS.items() if key in values}


def text_of(path):
    return path.read_text() if path.exists() else None


def commands_done(home):
    """Return which commands the history has."""
    lines = (text_of(home / OWN_TREE / "history.jsonl") or "").splitlines()
    return [json.loads(line)["command"] for line in lines]


# ------------------------------------------------------------ the commands


def large_config():
    """Return a `.claude.json` of 48 MB."""
    cache = json.dumps(["x" * 99] * 470_000)
    return f'{CONFIG.rstrip().removesuffix("}")}, "cache": {cache}}}'


def write_link(home):
    """Put a link there that nobody has judged."""
    (home / ".keyswitch").write_text("two\n")


def talk(home):
    """Leave what Claude Code keeps of a session in a profile's own folder."""
    path = home / FOLDERS / "two/history.jsonl"
    path.touch(0o600)
    path.write_text("{}\n")


def name_a_tool(home):
    """Let references run a program, once that is allowed."""
    with (home / CONFIG_TOML).open("a") as file:
        file.write('[exec]\ncorp = ["/bin/cat", "key"]\n')


def log_in_openly(home):
    """Leave a login where others can read it."""
    folder = home / ".claude"
    folder.mkdir(exist_ok=True)
    path = folder / ".credentials.json"
    path.write_text(credentials("a", 1))
    path.chmod(0o644)


def share(text):
    """Return what puts a team file there."""

    def write(home):
        (home / "shared").mkdir(exist_ok=True)
        (home / "shared/keyswitch-team.toml").write_text(text)

    return write


def pinned(command, text):
    """Return a team command that takes exactly this text over."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    return cli("team", *command, "--sha256", digest, "-q")


PHRASE = {"stdin": PASSPHRASES[0].encode()}
BUNDLE = ("bundle.ksb", "--passphrase-fd", "0")
EXPORT = cli("export", "one", "two", "--to", *BUNDLE, "--replace", **PHRASE)
IMPORT = cli("import", *BUNDLE, "two", "--yes", **PHRASE)
IMPORT_OVER = cli("import", *BUNDLE, "one", "--replace", "--yes", **PHRASE)
USE, CLOUD, OFF = cli("use", "one"), cli("use", "cloud"), cli("off")
UNDO = cli("undo")
EDIT = cli("edit", "one", "--label", "Acme", "--expires", "2037-02-01")
ISOLATE = cli("edit", "two", "--isolated")
OF_ONES_OWN = (USE, ISOLATE, talk)
REMOVE = cli("remove", "two", "--yes")
RENAME = cli("rename", "two", "acme")
TEAM, TEAM_2 = SOUND, SOUND.replace("gateway.example", "other.example")
TEAM_ADD = pinned(("add", "shared"), TEAM)
TEAM_UPDATE = pinned(("update", "acme"), TEAM_2)
TEAM_REMOVE = cli("team", "remove", "acme", "--yes")
SHARED = (USE, share(TEAM))
TAKEN = (*SHARED, TEAM_ADD)
FIX = cli("doctor", "--fix", "--yes", "-q")
# A stage of the vault goes with any command.
SWEEP = {"recover": cli("list", "-q")}
FRESH = {"vault": None, "profiles": False, "kept": (), **SWEEP}
LARGE = {"config": large_config}
ONE = {"kept": ("one",)}
TWO = {"kept": ("two",)}
NONE = {"kept": ()}
ONCE = {"once": True}

# name -> (steps after the profiles, the command, options)
COMMANDS = {
    "add": ((USE,), ADD, {}),
    "add-large": ((USE,), ADD, LARGE),
    "allow": ((USE, write_link), cli("allow"), {}),
    "copy": ((USE,), cli("copy", "one", "twin"), {}),
    "deny": ((USE, write_link), cli("deny"), {}),
    "doctor-fix": ((log_in_openly,), FIX, {"settings": NULL}),
    "edit": ((USE,), EDIT, {}),
    "edit-isolated": ((USE,), ISOLATE, {}),
    "export": ((USE,), EXPORT, {}),
    "first-use": ((), USE, {}),
    "first-use-large": ((), USE, LARGE),
    "import": ((USE, EXPORT, REMOVE), IMPORT, ONE),
    "import-replace": ((USE, EXPORT, ROTATE), IMPORT_OVER, TWO),
    "install": ((USE,), BASH, {}),
    "install-status-line": ((USE,), STATUS_LINE, {}),
    "link": ((USE,), LINK, {}),
    "link-remote": ((USE,), LINK_REMOTE, {}),
    "managers-allow": ((USE, name_a_tool), ALLOW, {}),
    "off": ((USE,), OFF, {}),
    "off-bedrock": ((CLOUD,), OFF, {}),
    "off-displaced": ((USE,), OFF, {"settings": OWN_HELPER}),
    "remove": ((USE,), REMOVE, ONE),
    "remove-active": ((USE,), cli("remove", "one", "--yes"), TWO),
    "rename": ((USE,), cli("rename", "one", "acme"), {}),
    "rename-isolated": (OF_ONES_OWN, RENAME, {}),
    "revoke-local": ((USE,), cli("revoke-local", "one", "--yes"), TWO),
    "revoke-local-all": (
        (USE,), cli("revoke-local", "--all", "--yes"), NONE,
    ),
    "rotate": ((USE,), ROTATE, {}),
    "team-add": (SHARED, TEAM_ADD, {}),
    "team-remove": (TAKEN, TEAM_REMOVE, {}),
    "team-update": ((*TAKEN, share(TEAM_2)), TEAM_UPDATE, {}),
    "undo-add": ((USE, ADD), UNDO, ONCE),
    "undo-edit": ((USE, EDIT), UNDO, ONCE),
    "undo-fix": ((log_in_openly, FIX), UNDO, {"settings": NULL, **ONCE}),
    "undo-import": ((USE, EXPORT, REMOVE, IMPORT), UNDO, {**ONCE, **ONE}),
    "undo-install": ((USE, BASH), UNDO, ONCE),
    "undo-link": ((USE, LINK), UNDO, ONCE),
    "undo-off": ((USE, OFF), UNDO, ONCE),
    "undo-remove": ((USE, REMOVE), UNDO, ONCE),
    "undo-rename-isolated": ((*OF_ONES_OWN, RENAME), UNDO, ONCE),
    "undo-rename": ((USE, cli("rename", "one", "acme")), UNDO, ONCE),
    "undo-rotate": ((USE, ROTATE), UNDO, {**ONCE, "kept": ("two",)}),
    "undo-team-add": (TAKEN, UNDO, ONCE),
    "undo-team-remove": ((*TAKEN, TEAM_REMOVE), UNDO, ONCE),
    "undo-use": ((USE, CLOUD), UNDO, ONCE),
    "uninstall": ((USE, BASH), cli("uninstall", "bash", "--yes"), {}),
    "uninstall-status-line": (
        (USE, STATUS_LINE),
        cli("uninstall", "claude-statusline", "--yes"),
        {},
    ),
    "unlink": ((USE, LINK), cli("unlink"), {}),
    "unlink-remote": ((USE, LINK_REMOTE), cli("unlink", *REMOTE), {}),
    "use": ((USE,), cli("use", "two"), {}),
    "use-bedrock": ((USE,), CLOUD, {}),
    "use-here-isolated": (OF_ONES_OWN, cli("use", "two", "--here"), {}),
    "use-isolated": ((USE, ISOLATE), cli("use", "two"), {}),
    "vault-init": ((), MACHINE_VAULT, FRESH),
    "vault-init-passphrase": (
        (),
        PASSPHRASE_VAULT,
        {"locked": True, **FRESH},
    ),
    "vault-machine-key": ((), cli("vault", "machine-key"), SWEEP),
    "vault-passwd": ((FIRST_PASSWD,), PASSWD, SWEEP),
    "vault-recovery": ((FIRST_PASSWD,), cli("vault", "recovery"), SWEEP),
    "vault-rotate": ((), cli("vault", "rotate"), SWEEP),
}  # fmt: skip

# Of the logins: tried in all layouts; the others in one.
LOGINS = ("capture", "login", "use")


def command_case(name, layout, start, kit):
    """Return (case, environment); `kit` is a folder for a stand-in."""
    if name.startswith("login-"):
        environ = stand_in(kit, "a", 1)
        case = make(
            name.removeprefix("login-"), start, layout=layout, environ=environ
        )
        return case, environ
    steps, command, options = COMMANDS[name]
    case = CommandCase(command, *steps, layout=layout, start=start, **options)
    return case, ENVIRON
