"""Homes and commands for the fault tests, and what must hold in them."""

from __future__ import annotations

import json
import os
import sys
import tomllib

from keyswitch.profiles.paths import resolve
from keyswitch.secrets.vault.reading import Vault
from tests.components import ROOT
from tests.faults.harness import Command, Warm, files_below

ENVIRON = {
    "PATH": os.environ.get("PATH", os.defpath),
    "PYTHONPATH": str(ROOT),
    "PYTHONDONTWRITEBYTECODE": "1",
    "LC_ALL": "C.UTF-8",
}
MAIN = (sys.executable, "-m", "keyswitch")

KEYS = {
    "one": "sk-ant-api03-FAKE-first-000000000000000000000EXAMPLE1",
    "two": "sk-ant-api03-FAKE-second-00000000000000000000EXAMPLE2",
    "new": "sk-ant-api03-FAKE-third-000000000000000000000EXAMPLE3",
}
SETTINGS = '{\n  "theme": "dark",\n  "env": {"KEEP": "1e5"}\n}\n'
CONFIG = '{"numStartups":3,"odd":1e400,"projects":{"/x":{"a":[1,2]}}}'


def cli(*args, stdin=b""):
    return Command((*MAIN, *args), stdin)


class Case:
    """One command in one layout of Claude Code's files."""

    recover = cli("history", "-q")

    def __init__(self, command, *, active="one", layout="plain"):
        self.command = command
        self.active = active
        self.layout = layout

    def make_home(self, home):
        steps = [cli("vault", "init", "--machine-key")]
        steps += [
            cli("add", name, "--provider", "anthropic", "--store", "vault",
                "--stdin", stdin=KEYS[name].encode())
            for name in ("one", "two")
        ]  # fmt: skip
        steps.append(
            cli("add", "cloud", "--provider", "bedrock", "--store", "vault",
                "--set", "region=eu-central-1",
                "--set", "access_key_id=AKIAFAKEFAKEEXAMPLE1",
                "--stdin", stdin=b"FAKEsecretFAKEsecretFAKEsecretEXAMPLE")
        )  # fmt: skip
        self._claude_files(home)
        if self.active:
            steps.append(cli("use", self.active))
        warm = Warm()
        for step in steps:
            done = warm(step, home, ENVIRON)
            assert done.returncode == 0, done.stderr.decode()

    def _claude_files(self, home):
        if self.layout == "absent":
            return
        folder = home / ".claude"
        if self.layout == "links":
            real = home / "dotfiles" / "claude"
            real.mkdir(parents=True)
            folder.symlink_to("dotfiles/claude")
            (real / "real.json").write_text(SETTINGS)
            (real / "settings.json").symlink_to("real.json")
        else:
            folder.mkdir()
            (folder / "settings.json").write_text(SETTINGS)
        (home / ".claude.json").write_text(CONFIG)
        (home / ".claude.json").chmod(0o600)

    def check_between(self, home):
        """What holds even before anything recovers."""
        found = []
        for path in (home / ".claude/settings.json", home / ".claude.json"):
            if path.exists():
                try:
                    json.loads(path.read_text())
                except ValueError:
                    found.append(f"{path.name} does not parse")
        if (
            self.layout == "links"
            and not (home / ".claude/settings.json").is_symlink()
        ):
            found.append("the link was replaced")
        for path in home.rglob("*.toml"):
            try:
                tomllib.loads(path.read_text())
            except tomllib.TOMLDecodeError:
                found.append(f"{path.name} does not parse")
        found += [
            f"{path.name} is open to others"
            for path in (home / ".local").rglob("*")
            if path.is_file() and path.stat().st_mode & 0o077
        ]
        found += [f"the secret of {n} is lost" for n in self._lost(home)]
        return found

    def _lost(self, home):
        """Return the profiles whose file names an item that is not there."""
        entries = self.entries(home)
        for path in sorted(home.glob(".config/keyswitch/profiles/[a-z]*.toml")):
            document = tomllib.loads(path.read_text())
            for ref in document.get("secrets", {}).values():
                if ref["store"] == "reference":
                    continue
                if f"{ref['item']}:{ref.get('generation', 1)}" not in entries:
                    yield path.stem

    def snapshot(self, home):
        """Everything that a person would see, without random names."""
        entries = self.entries(home)
        profiles = {}
        for path in sorted(home.glob(".config/keyswitch/profiles/[a-z]*.toml")):
            document = tomllib.loads(path.read_text())
            secrets = document.pop("secrets", {})
            # The points of a command may be tried on both sides of midnight.
            document["created"] = "created" in document
            profiles[path.stem] = (
                json.dumps(document, default=str, sort_keys=True),
                [
                    r["item"]
                    if r["store"] == "reference"
                    else entries.get(f"{r['item']}:{r.get('generation', 1)}")
                    for r in secrets.values()
                ],
            )
        pointer = {}
        state = home / ".local/state/keyswitch/state.json"
        if state.exists():
            pointer = json.loads(state.read_text())
            del pointer["stamp"]
        foreign = {}
        for name in (".claude/settings.json", ".claude.json"):
            path = home / name
            text = path.read_text() if path.exists() else None
            foreign[name] = text and text.replace(str(home), "HOME")
        aws = home / ".local/state/keyswitch/aws-config"
        return (
            profiles,
            pointer,
            foreign,
            aws.exists(),
            sorted(entries.values()),
        )

    def entries(self, home):
        """Return what the vault holds, by name."""
        return vault_entries(home)

    def leftovers(self, home):
        names = files_below(home)
        return [
            name
            for name in names
            if ".keyswitch-" in name
            or name.endswith(".json.lock")
            or "/journal/" in name
            or "/intents/" in name
        ]


def vault_entries(home):
    paths = resolve({"HOME": str(home)})
    vault = Vault(paths)
    return dict(vault.entries()) if vault.exists() else {}


CASES = {
    "add": lambda layout: Case(
        cli("add", "fresh", "--provider", "anthropic", "--store", "vault",
            "--stdin", stdin=KEYS["new"].encode()),
        layout=layout,
    ),
    "use": lambda layout: Case(cli("use", "cloud"), layout=layout),
    "first-use": lambda layout: Case(
        cli("use", "one"), active="", layout=layout
    ),
    "off": lambda layout: Case(cli("off"), layout=layout),
    "remove": lambda layout: Case(
        cli("remove", "one", "--yes"), layout=layout
    ),
    "rotate": lambda layout: Case(
        cli("rotate", "one", "--stdin", stdin=KEYS["new"].encode()),
        layout=layout,
    ),
    "revoke-local": lambda layout: Case(
        cli("revoke-local", "one", "--yes"), layout=layout
    ),
}  # fmt: skip
