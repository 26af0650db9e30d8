"""Count what a fleet asks one Vault server for.

    python tests/bench/fleet.py [--machines 200] [--at-once 8]

Each machine has a home and a session keyring of its own, logs in with AppRole,
and starts eight commands at the same time, then four in a row; then it forgets
all (`lock`) and starts eight again. So it has two lifetimes of a value, and may
read it twice. One more machine starts eight commands at once, over and over,
for as long as three lifetimes of two seconds. Prints requests by kind; the
exit code is 1 where a value was read more than once in a lifetime. The server
is the tests' stub: it counts, which the real one does not.
"""

from __future__ import annotations

import argparse
import collections
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests import guard  # noqa: E402
from tests.real.certificates import Authority  # noqa: E402
from tests.secrets.references import vault_stub  # noqa: E402
from tests.secrets.references.vault_stub import VaultStub  # noqa: E402

KEY = "sk-ant-api03-FAKE-0123456789abcdefghijklmnopqrstuvw-fleet-AA"
ITEM = "secret/data/team/claude"
TOGETHER = 8  # commands of one machine at the same time
LIFETIME = 2  # seconds, of the one machine
LIFETIMES = 3  # that it lives
COMMANDS = (("helper", "claude-code"), ("env", "--shell", "bash"))


class Machine:
    """One machine. `namespace` tells its requests from those of others."""

    def __init__(self, folder: Path, vault: dict[str, str], name: str) -> None:
        self.folder = folder / name
        self.vault = vault
        self.name = name
        self.environ = {
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
        }

    def prepare(self, *options: str) -> None:
        """Make a profile; what that asks for is not counted."""
        config = self.folder / ".config/keyswitch"
        config.mkdir(parents=True)
        secret_id = self.folder / "secret-id"
        secret_id.write_text(vault_stub.SECRET_ID)
        secret_id.chmod(0o600)
        self._configure("preparing")
        self.run(
            "add", "work", "--provider", "anthropic",
            "--reference", "vault:secret/team/claude#key", *options,
        )  # fmt: skip
        self.run("use", "work")
        self.run("lock")
        self._configure(self.name)

    def _configure(self, namespace: str) -> None:
        lines = {**self.vault, "namespace": namespace, "auth": "approle",
                 "role_id": vault_stub.ROLE_ID,
                 "secret_id_file": str(self.folder / "secret-id")}  # fmt: skip
        text = "".join(f'{name} = "{v}"\n' for name, v in lines.items())
        path = self.folder / ".config/keyswitch/config.toml"
        path.write_text(f"[managers.vault]\n{text}")

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        """Start one command."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "keyswitch", *args],
            env=self.environ, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *args: str) -> bytes:
        """Do one command; it has to succeed."""
        return finished(self.start(*args))

    def together(self) -> None:
        """Start commands at the same time; each has to give the value."""
        both = COMMANDS * (TOGETHER // len(COMMANDS))
        for process in [self.start(*args) for args in both]:
            assert KEY.encode() in finished(process)


def finished(process: subprocess.Popen[bytes]) -> bytes:
    """Wait for a command; return what it printed."""
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, (process.args, err)
    return out


def live(machine: Machine) -> None:
    """Live through two lifetimes of a value, of which `lock` ends one."""
    guard.join_keyring(f"keyswitch-test-{machine.name}-{os.getpid()}")
    machine.prepare()
    machine.together()
    for _ in range(2):
        for args in COMMANDS:
            assert KEY.encode() in machine.run(*args)
    machine.run("lock")
    machine.together()


def live_long(machine: Machine) -> None:
    """Ask all the time; values end by themselves."""
    guard.join_keyring(f"keyswitch-test-{machine.name}-{os.getpid()}")
    machine.prepare("--lifetime", str(LIFETIME))
    end = time.monotonic() + LIFETIMES * LIFETIME
    while time.monotonic() < end:
        machine.together()


def counted(server: VaultStub) -> dict[str, collections.Counter[str]]:
    """Return, for each machine, how often it asked for what."""
    found: dict[str, collections.Counter[str]] = {}
    for request in list(server.requests):
        name = request.headers.get("x-vault-namespace", "")
        path = request.path.removeprefix("/v1/")
        found.setdefault(name, collections.Counter())[path] += 1
    return found


def main() -> int:
    """Run the fleet and print what it asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=200)
    parser.add_argument("--at-once", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="keyswitch-fleet-") as place:
        folder = Path(place)
        authority = Authority(folder)
        server = VaultStub(authority.context("localhost"))
        server.versions["team/claude"] = [({"key": KEY}, "")]
        server.tokens.discard(vault_stub.ROOT)
        vault = {"address": server.address, "ca_file": str(authority.ca_file)}
        names = [f"machine-{number}" for number in range(options.machines)]
        fleet = [Machine(folder, vault, name) for name in names]
        began = time.monotonic()
        with (
            server,
            multiprocessing.Pool(options.at_once, maxtasksperchild=1) as pool,
        ):
            pool.map(live, fleet, chunksize=1)
            took = time.monotonic() - began
            long = Machine(folder, vault, "long")
            pool.apply(live_long, (long,))
        found = counted(server)
    return report(names, found, took, options.at_once)


def report(
    names: list[str],
    found: dict[str, collections.Counter[str]],
    took: float,
    at_once: int,
) -> int:
    """Print the figures; return 1 where something was read too often."""
    commands = 2 * TOGETHER + 2 * len(COMMANDS)
    reads = [found[name][ITEM] for name in names]
    logins = [found[name]["auth/approle/login"] for name in names]
    total = sum(sum(found[name].values()) for name in names)
    print(
        f"{len(names)} machines, {at_once} at a time, {took:.0f} s: "
        f"{len(names) * commands} commands that need the value"
    )
    print(f"reads of a machine: {min(reads)} to {max(reads)}, 2 lifetimes")
    print(f"logins of a machine: {min(logins)} to {max(logins)}, 2 locks")
    print(f"requests in all: {total}, {total / len(names):.1f} of a machine")
    most = LIFETIMES + 1
    print(
        f"one machine, {LIFETIMES} lifetimes of {LIFETIME} s, {TOGETHER} at a "
        f"time: {found['long'][ITEM]} reads, at most {most}"
    )
    return int(max(reads) > 2 or found["long"][ITEM] > most)


if __name__ == "__main__":
    sys.exit(main())
