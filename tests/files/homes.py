"""A home with everything in it, and the commands that rewrite its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults.cases import ENVIRON, KEYS, SETTINGS, cli
from tests.faults.login_cases import log_in

if TYPE_CHECKING:
    from tests.faults.harness import Command

BASHRC = "# mine\nexport EDITOR=vi\n"

# What a cell puts something odd in the place of.
FILES = {
    "settings": ".claude/settings.json",
    "config": ".claude.json",
    "credentials": ".claude/.credentials.json",
    "profile": ".config/keyswitch/profiles/one.toml",
    "vault": ".local/share/keyswitch/vault.ksv",
    "state": ".local/state/keyswitch/state.json",
    "rc": ".bashrc",
}
# The others hold a time, a random name or random bytes.
SAME_EACH_TIME = ("settings", "config", "credentials", "rc")
PRIVATE = ("credentials", "vault")  # 0600, whatever they were


FIRST = (
    cli("vault", "init", "--machine-key"),
    ("b", 1),
    cli("login", "b", "--capture"),
    ("a", 1),
    cli("login", "a", "--capture"),
    *(
        cli("add", name, "--provider", "anthropic", "--store", "vault",
            "--stdin", stdin=KEYS[name].encode())
        for name in ("one", "two")
    ),
    cli("add", "cloud", "--provider", "bedrock", "--store", "vault",
        "--set", "region=eu-central-1",
        "--set", "access_key_id=AKIAFAKEFAKEEXAMPLE1",
        "--stdin", stdin=b"FAKEsecretFAKEsecretFAKEsecretEXAMPLE"),
    cli("use", "one"),
)  # fmt: skip


def with_null(home):
    """Give the settings a value that `doctor --fix` takes out."""
    path = home / FILES["settings"]
    text = path.read_text()
    assert '"1e5"' in text
    path.write_text(text.replace('"1e5"', '"1e5", "HTTPS_PROXY": null'))


@dataclass(frozen=True)
class Task:
    """A command, what comes before it, and which files it rewrites."""

    command: Command
    writes: tuple[str, ...]
    steps: tuple = ()


INSTALL = cli("install", "bash", "--yes")
TASKS = {
    "use": Task(
        cli("use", "b"), ("settings", "config", "credentials", "state")
    ),
    "use-cloud": Task(cli("use", "cloud"), ("settings", "config", "state")),
    "off": Task(cli("off"), ("settings", "config", "state")),
    "undo": Task(
        cli("undo"), ("settings", "config", "state"), (cli("use", "cloud"),)
    ),
    "edit": Task(cli("edit", "one", "--label", "Acme"), ("profile",)),
    "rotate": Task(
        cli("rotate", "one", "--stdin", stdin=KEYS["new"].encode()),
        ("profile", "vault", "config"),
    ),
    "remove": Task(cli("remove", "one", "--yes"), ("settings", "config")),
    "revoke-local": Task(
        cli("revoke-local", "one", "--yes"), ("profile", "vault")
    ),
    "install": Task(INSTALL, ("rc",)),
    "uninstall": Task(cli("uninstall", "bash", "--yes"), ("rc",), (INSTALL,)),
    "doctor": Task(
        cli("doctor", "--fix", "--yes"), ("settings",), (with_null,)
    ),
}


def make(home, run):
    """Fill an empty folder; `run` runs a command in it."""
    own = home / ".config/keyswitch"
    own.mkdir(parents=True)
    (own / "config.toml").write_text('store = "vault"\ncache = "off"\n')
    state = home / ".local/state/keyswitch"
    state.mkdir(parents=True, mode=0o700)
    key = state / "install.key"  # one for all homes: equal fingerprints
    key.write_bytes(b"FAKE" * 8)
    key.chmod(0o600)
    (home / ".claude").mkdir()
    (home / FILES["settings"]).write_text(SETTINGS)
    (home / FILES["rc"]).write_text(BASHRC)
    do(home, run, FIRST)


def do(home, run, steps):
    """Do what comes before a command."""
    for step in steps:
        if isinstance(step, tuple):
            log_in(home, *step)
        elif callable(step):
            step(home)
        else:
            done = run(step, home, ENVIRON)
            assert done.returncode == 0, done.stderr.decode()
