"""`migrate`, killed anywhere: every secret is where its profile says."""

from __future__ import annotations

import tomllib

import pytest

from tests.faults.cases import ENVIRON, KEYS, Case, cli, vault_entries
from tests.faults.harness import Warm, folder_in_memory, inject_everywhere
from tests.proof import record
from tests.references import file_manager

pytestmark = pytest.mark.real("strace")


class Migration(Case):
    """Both keys of a vault go to a manager, or come back from it."""

    def __init__(self, *steps):
        *self.before, command = steps
        super().__init__(command)

    def make_home(self, home):
        file_manager.set_up(home)
        super().make_home(home)
        for step in (cli("managers", "allow", "corp", "--yes"), *self.before):
            done = Warm()(step, home, ENVIRON)
            assert done.returncode == 0, done.stderr.decode()

    def entries(self, home):
        kept = {
            f"corp:{path.name}:1": path.read_text()
            for path in (home / "corp").glob("[a-z]*")
        }
        named = "".join(
            path.read_text()
            for path in home.glob(".config/keyswitch/profiles/*.toml")
        )
        # What no profile names yet, or any more, is the manager's own.
        return vault_entries(home) | {
            item: value
            for item, value in kept.items()
            if f'"{item.removesuffix(":1")}"' in named
        }

    def snapshot(self, home):
        places = {
            path.stem: tomllib.loads(path.read_text())["secrets"]
            for path in home.glob(".config/keyswitch/profiles/*.toml")
        }
        stores = [
            (name, ref["store"])
            for name, refs in sorted(places.items())
            for ref in refs.values()
        ]
        return (stores, *super().snapshot(home))

    def check_between(self, home):
        found = super().check_between(home)
        values = {*self.entries(home).values()}
        return found + [n for n in ("one", "two") if KEYS[n] not in values]


TO = ("--to", "corp:{profile}-{field}")
THERE = cli("migrate", "--all", *TO)
CASES = {
    "to a manager": Migration(cli("migrate", "one", *TO)),
    "back": Migration(THERE, cli("migrate", "one", "--to", "vault")),
}


@pytest.mark.parametrize("step", [60, pytest.param(6, marks=pytest.mark.full)])
@pytest.mark.parametrize("name", CASES)
def test_a_kill_or_a_full_disk_anywhere_loses_no_secret(
    tmp_path, warm, name, step
):
    with folder_in_memory(tmp_path) as room:
        report = inject_everywhere(
            CASES[name], ENVIRON, room, faults=["KILL", "ENOSPC"], step=step,
            runners=[warm],
        )  # fmt: skip
    record(promise="P1", what=f"migrate, {name}", points=report.points,
           violations=len(report.violations))  # fmt: skip
    assert report.violations == []
    assert report.points >= 2
