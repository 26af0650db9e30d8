"""Measure the commands that have a budget, against a bare interpreter.

    python tests/bench/run.py [--runs N]

Prepares homes with a vault, a real gnome-keyring and a session keyring of its
own, lets hyperfine run each command, and prints medians as ratios to
`python -c pass` of the same interpreter; then the same beside other commands
that print a secret, and what the shell hook costs in a terminal. Figures of a
loaded machine mean little; nothing here is a test. The exit code is 1 where a
row of keyswitch is over its budget.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests import guard  # noqa: E402
from tests.bench import hooks, peers  # noqa: E402
from tests.install import places  # noqa: E402

SECRET = "sk-ant-api03-FAKE-0123456789abcdefghijklmnopqrstuvw-{}-AA"


@dataclass(frozen=True)
class Row:
    """One measured command: in which home, and what it may cost."""

    title: str
    home: str
    args: str
    budget: float


EXPLAINED = "'API Error: 403 The security token is invalid.'"
ROWS = (
    Row("env, unlocked session", "values", "env --shell bash", 1.25),
    Row("helper claude-code, unlocked", "values", "helper claude-code", 1.25),
    Row("env, first read, Secret Service", "keychain", "env --shell bash", 4),
    Row("env, vault with a cached key", "key", "env --shell bash", 4),
    Row("current", "values", "current", 1.1),
    Row("--help", "values", "--help", 3),
    Row("list, 30 profiles", "values", "list", 3.5),
    Row("use, Secret Service", "keychain", "use -", 5.5),
    Row("whoami", "values", "whoami", 4),
    Row("explain", "values", f"explain {EXPLAINED}", 5),
    Row("doctor", "values", "doctor", 8),
)

# Must cost the same, within 10 %, however many profiles there are.
SCALING = ("env --shell bash", "helper claude-code", "use -")
MANY = 10_000
ROUNDS = 6

ON_THE_BUS = ("bus", "keychain")  # homes that reach the Secret Service


class Bench:
    """The homes, and how keyswitch is called in them."""

    def __init__(self, folder: Path, runs: int) -> None:
        self.folder = folder
        self.runs = runs
        # As an installer makes it: the launcher starts faster there than in an
        # editable installation, which the tests have.
        self.launcher, _ = places.installed(folder / "installed")

    def environ(self, home: str) -> dict[str, str]:
        names = ("DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR")
        kept = {n: os.environ[n] for n in names if n in os.environ}
        if home not in ON_THE_BUS:
            kept.pop("DBUS_SESSION_BUS_ADDRESS", None)
        return {
            "HOME": str(self.folder / home),
            "LC_ALL": "C.UTF-8",
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            **kept,
            **peers.environ(self.folder, home),
        }

    def keyswitch(self, home: str, *args: str, stdin: str = "") -> None:
        subprocess.run(
            [str(self.launcher), *args],
            env=self.environ(home),
            input=stdin,
            text=True,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def prepare(self, home: str, store: str, cache: str, profiles: int) -> None:
        """Make a home with that many profiles, two of them used before."""
        config = self.folder / home / ".config" / "keyswitch"
        config.mkdir(parents=True, mode=0o700)
        config.joinpath("config.toml").write_text(f'cache = "{cache}"\n')
        if store == "vault":
            self.keyswitch(home, "vault", "init", "--machine-key")
        for name in ("work", "private"):
            self.keyswitch(
                home, "add", name, "--provider", "anthropic", "--store",
                store, "--stdin", stdin=SECRET.format(name),
            )  # fmt: skip
        work = config / "profiles" / "work.toml"
        for number in range(profiles - 2):
            shutil.copy(work, work.with_name(f"p{number}.toml"))
        for name in ("private", "work"):
            self.keyswitch(home, "use", name)
            self.keyswitch(home, "env", "--shell", "bash")
            self.keyswitch(home, "helper", "claude-code")

    def times(self, home: str, command: str) -> list[float]:
        """Return the seconds of one round of runs of a command."""
        report = self.folder / "report.json"
        runs = max(2, self.runs // ROUNDS)
        subprocess.run(
            ["hyperfine", "--shell=none", "--warmup=2", f"--runs={runs}",
             "--style=none", "--ignore-failure", f"--export-json={report}",
             command],
            env=self.environ(home) | {"PATH": os.environ["PATH"]},
            cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip
        found = json.loads(report.read_text())["results"][0]
        if not {0, 1}.issuperset(found["exit_codes"]):  # doctor has findings
            raise subprocess.CalledProcessError(found["exit_codes"][0], command)
        return list(found["times"])

    def medians(self, *commands: tuple[str, str]) -> list[float]:
        """Return the median of each (home, command).

        They take turns, so that other work on the machine, which comes and
        goes, burdens all of them alike.
        """
        rounds = [
            [self.times(*command) for command in commands]
            for _ in range(ROUNDS)
        ]
        return [
            statistics.median(t for turn in column for t in turn)
            for column in zip(*rounds, strict=True)
        ]

    def imports(self, row: Row) -> str:
        """Return where a command's imports take their time, the most first."""
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "keyswitch",
             *shlex.split(row.args)],
            env=self.environ(row.home), cwd=self.folder, text=True,
            capture_output=True, check=False,
        )  # fmt: skip
        taken: Counter[str] = Counter()
        line = re.compile(r"import time: +(\d+) \|[^|]*\| *(\S+)")
        for own, name in line.findall(done.stderr):
            words = name.split(".")
            deep = 2 if words[0] == "keyswitch" else 1
            taken[".".join(words[:deep])] += int(own)
        return ", ".join(
            f"{name} {own / 1000:.1f} ms" for name, own in taken.most_common(8)
        )

    def call(self, home: str, args: str) -> tuple[str, str]:
        return home, f"{self.launcher} {args}"


def print_rows(bench: Bench) -> bool:
    good = True
    print(f"{'command':34} {'median':>9} {'ratio':>6} {'budget':>7}")
    for row in ROWS:
        try:
            bare, own = bench.medians(
                (row.home, f"{sys.executable} -c pass"),
                bench.call(row.home, row.args),
            )
        except subprocess.CalledProcessError:
            print(f"{row.title:34} not there")
            continue
        ratio = own / bare
        kept = ratio <= row.budget
        good &= kept
        print(
            f"{row.title:34} {own * 1000:6.1f} ms {ratio:6.2f} "
            f"{row.budget:7.2f} {'ok' if kept else 'TOO SLOW'}",
            flush=True,
        )
        if not kept:
            print(f"  imports: {bench.imports(row)}", flush=True)
    return good


def print_scaling(bench: Bench) -> bool:
    good = True
    print(f"\n{'command':34} {'10':>9} {MANY:>9} profiles")
    for args in SCALING:
        few, many = bench.medians(
            bench.call("few", args), bench.call("many", args)
        )
        kept = many <= few * 1.1
        good &= kept
        print(
            f"{args:34} {few * 1000:6.1f} ms {many * 1000:6.1f} ms "
            f"{many / few:5.2f} {'ok' if kept else 'GROWS'}",
            flush=True,
        )
    return good


def measure(runs: int) -> int:
    """Prepare everything and print all tables."""
    guard.join_fresh_keyring()
    compileall.compile_dir(ROOT / "keyswitch", quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), runs)
        runtime = Path(folder) / "run"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--unlock", "--foreground",
             "--components=secrets"],
            env=bench.environ("keychain"), stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert daemon.stdin is not None
        daemon.stdin.write(b"FAKE")
        daemon.stdin.close()
        try:
            bench.prepare("values", "vault", "values", 30)
            bench.prepare("key", "vault", "key", 2)
            bench.prepare("keychain", "keychain", "off", 2)
            bench.prepare("few", "vault", "values", 10)
            bench.prepare("many", "vault", "values", MANY)
            hooks.prepare(bench)
            good = print_rows(bench)
            good &= print_scaling(bench)
            good &= hooks.print_terminals(bench)
            good &= hooks.print_hooks(bench)
            peers.print_peers(bench)
        finally:
            peers.stop(bench)
            daemon.terminate()
            daemon.wait()
    return 0 if good else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--inside", action="store_true", help="on a bus")
    options = parser.parse_args()
    if options.inside:
        return measure(options.runs)
    # A D-Bus of its own: the person's keychain is not touched.
    argv = ["dbus-run-session", "--", sys.executable, __file__, "--inside"]
    environ = guard.bare_environment(dict(os.environ))
    with tempfile.TemporaryDirectory() as home:
        return subprocess.run(
            [*argv, "--runs", str(options.runs)],
            env=environ | {"HOME": home},
            check=False,
        ).returncode


if __name__ == "__main__":
    sys.exit(main())
