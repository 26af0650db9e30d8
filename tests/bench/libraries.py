"""Measure what a library would cost where keyswitch has code of its own.

    python tests/bench/libraries.py [--runs N]

Each row is a fresh interpreter, without `site`, that does a job; printed is the
fastest run, in milliseconds above that of `python -c pass`: what else a machine
does makes runs slower, never faster. A library that is not installed is left
out: no environment has them all. The figures: docs/project/decisions.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.desktop import Desktop  # noqa: E402

KEY = "sk-ant-api03-FAKE-0123456789abcdefghijklmnopqrstuvw-0-AA"
FETCH = """
from keyswitch.secrets.keychain.secret_service import fetch
assert fetch([{item!r}])
"""
# keyswitch's reader of the Secret Service with jeepney for its wire.
JEEPNEY = """
import sys, types
class BusConnection:
    def __init__(self):
        from jeepney.io.blocking import open_dbus_connection
        self.bus = open_dbus_connection("SESSION")
    def call(self, name, path, interface, member, signature, body):
        from jeepney import DBusAddress, new_method_call
        place = DBusAddress(path, bus_name=name, interface=interface)
        if signature == "a{ss}":
            body = (dict(body[0]),)
        call = new_method_call(place, member, signature or None, body)
        found = list(self.bus.send_and_get_reply(call).body)
        if member == "OpenSession":
            found[0] = found[0][1]  # of a variant
        return found
wire = types.ModuleType("keyswitch.secrets.keychain.dbus_wire")
wire.BusConnection = BusConnection
sys.modules[wire.__name__] = wire
"""
JOBS = {
    "completion: made of the commands": """
from keyswitch.cli.switching.completion import script
script("bash")
""",
    "completion: a word by click": """
import os
os.environ |= {
    "_KEYSWITCH_COMPLETE": "bash_complete", "COMP_CWORD": "2",
    "COMP_WORDS": "keyswitch use --t",
}
from keyswitch.cli.main import cli
try:
    cli.main([], prog_name="keyswitch")
except SystemExit:
    pass
""",
    "git remotes: git, by keyswitch": """
import os
from keyswitch.directories.remotes import remotes_of
assert remotes_of(os.getcwd(), os.environ)
""",
    "git remotes: git, by subprocess": """
import subprocess
assert subprocess.run(["git", "remote", "-v"], capture_output=True).stdout
""",
    "git remotes: dulwich": """
from dulwich.repo import Repo
assert Repo.discover(".").get_config().get((b"remote", b"origin"), b"url")
""",
    "git remotes: pygit2": """
import pygit2
assert pygit2.Repository(".").remotes["origin"].url
""",
    "parent shell: keyswitch": """
from keyswitch.shells.detect import parent_shell
parent_shell()
""",
    "parent shell: psutil": """
import psutil
psutil.Process().parent().name()
""",
    "parent shell: shellingham": """
import shellingham
try:
    shellingham.detect_shell()
except shellingham.ShellDetectionFailure:
    pass
""",
    "HTTP: keyswitch": "import keyswitch.network.http_call",
    "HTTP: urllib3": "import urllib3",
    "HTTP: requests": "import requests",
    "HTTP: httpx": "import httpx",
    "colour: click": "import click",
    "colour: click and rich": "import click, rich.console, rich.table",
    "dotenv: keyswitch": "import keyswitch.shells.documents",
    "dotenv: python-dotenv": "import dotenv",
    "TOML: tomllib": "import tomllib",
    "TOML: tomlkit": "import tomlkit",
    "vault: envelope, key in hand": """
import keyswitch.secrets.vault.envelope
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
""",
    "vault: pyrage": "import pyrage",
    "keychain library: keyring": "import keyring",
    "picker: prompt_toolkit": "import prompt_toolkit.application",
}


def keychain_jobs(desktop, environ):
    """Store a key in a real gnome-keyring; return the ways to read it."""
    command = [sys.executable, "-m", "keyswitch", "add", "work", "--stdin"]
    command += ["--provider", "anthropic", "--store", "keychain"]
    subprocess.run(
        command, env=environ, input=KEY, text=True, check=True,
        capture_output=True,
    )  # fmt: skip
    path = desktop.folder / ".config/keyswitch/profiles/work.toml"
    kept = tomllib.loads(path.read_text())["secrets"]["api_key"]
    job = FETCH.format(item=(kept["item"], kept["generation"]))
    return {
        "a key of gnome-keyring: keyswitch": job,
        "a key of gnome-keyring: jeepney": JEEPNEY + job,
    }


def took(code, environ, folder):
    """Return the milliseconds of one run; None: it cannot be run here."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env=environ, cwd=folder,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    if done.returncode:
        if b"No module named" not in done.stderr:
            sys.exit(done.stderr.decode())
        return None
    return (time.perf_counter() - started) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=60)
    runs = parser.parse_args().runs
    packages = [p for p in sys.path if p.endswith("site-packages")]
    with tempfile.TemporaryDirectory() as folder:
        desktop = Desktop(Path(folder))
        desktop.start_bus()
        try:
            desktop.start_keyring()
            environ = {
                "PATH": os.defpath,
                "LC_ALL": "C.UTF-8",
                "PYTHONPATH": os.pathsep.join([str(ROOT), *packages]),
                **desktop.environ,
            }
            for words in (
                ["init", "-q"],
                ["remote", "add", "origin", "git@github.com:acme/api.git"],
            ):
                subprocess.run(["git", *words], cwd=folder, check=True)
            jobs = {"": "pass", **keychain_jobs(desktop, environ), **JOBS}
            found = defaultdict(list)
            for _ in range(runs):
                for name, code in jobs.items():
                    found[name].append(took(code, environ, folder))
        finally:
            desktop.stop()
    bare = min(found.pop(""))
    print(f"{'a bare interpreter':38} {bare:6.1f} ms")
    for name, each in found.items():
        if None in each:
            print(f"{name:38} not installed")
            continue
        more = min(each) - bare
        print(f"{name:38} {more:+6.1f} ms")


if __name__ == "__main__":
    main()
