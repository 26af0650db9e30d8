"""A program that only the table names goes through every command."""

import pytest

from tests.cli.keyswitch import KEY, OTHER, Keyswitch, two_keys
from tests.faults.cases import ENVIRON, Case, cli
from tests.faults.harness import Warm, folder_in_memory, inject_everywhere
from tests.forks import client

ADD_IT = (
    "from keyswitch.targets import table; "
    "table.TARGETS['toy'] = 'tests.targets.toy'; table.every()"
)
TOY = ".toy/toy.ini"
OWN = f"color = blue\nkey = {OTHER}\nsize = 3\n"


@pytest.fixture(scope="module")
def knows_toy():
    server = client.Server(setup=ADD_IT)
    yield server
    server.close()


@pytest.fixture
def ks(home, knows_toy):
    ks = Keyswitch(home).begin_as(two_keys)
    ks.server = knows_toy
    ks.file(TOY).parent.mkdir()
    ks.file(TOY).write_text(OWN)
    return ks


def calls(ks, name):
    """Tell whether Toy asks keyswitch for a profile's key."""
    lines = ks.file(TOY).read_text().splitlines()
    return (
        [lines[0], lines[2]] == ["color = blue", "size = 3"]
        and lines[1].startswith("key_command = ")
        and lines[1].endswith(f" helper api-key {name}")
    )


def test_use_sets_it_up_and_off_gives_its_file_back(ks):
    ks("use", "work")
    assert calls(ks, "work")
    assert OTHER.encode() not in b"".join(ks.everything().values())
    ks("use", "personal")
    assert calls(ks, "personal")
    ks("off")
    assert ks.file(TOY).read_text() == OWN


def test_an_undo_takes_a_switch_back(ks):
    ks("use", "work")
    ks("use", "personal")
    ks("undo")
    assert calls(ks, "work")
    ks("undo")
    assert ks.file(TOY).read_text() == OWN


def test_a_file_that_was_not_there_goes_again(ks):
    ks.file(TOY).unlink()
    ks.file(TOY).parent.rmdir()
    ks("use", "work")
    assert ks.file(TOY).exists()
    ks("off")
    assert not ks.file(TOY).parent.exists()


def test_a_dry_run_names_its_file_and_writes_nothing(ks):
    before = ks.everything()
    said = ks("use", "work", "--dry-run").out
    assert f"{ks.file(TOY)}: changed" in said
    assert ks.everything() == before


def test_revoke_local_takes_a_profile_s_key_out_of_it(ks):
    ks.file(TOY).write_text(f"color = blue\nkey = {KEY}\n")
    said = ks("revoke-local", "work", "--yes")
    assert f"{ks.file(TOY)}: key" in said.out
    assert ks.file(TOY).read_text() == "color = blue\n"


def test_revoke_local_of_everything_leaves_it_without_a_key(ks):
    nobodys = "sk-ant-api03-FAKE-nobody-000000000000000000000EXAMPL3"
    ks.file(TOY).write_text(OWN.replace(OTHER, nobodys))
    ks("use", "work")
    said = ks("revoke-local", "--all", "--yes")
    assert ks.file(TOY).read_text() == "color = blue\nsize = 3\n"
    assert "https://toy.invalid/keys" in said.out + said.err


def test_nothing_changes_while_it_holds_its_lock(ks):
    lock = ks.file(f"{TOY}.lock")
    lock.mkdir()
    said = ks("use", "work", code=1)
    assert f"Toy has held {lock}" in said.error
    assert ks.file(TOY).read_text() == OWN


class ToyCase(Case):
    """A switch between two keys, with Toy's file beside Claude Code's."""

    def make_home(self, home):
        (home / TOY).parent.mkdir(parents=True)
        (home / TOY).write_text(OWN)
        super().make_home(home)

    def snapshot(self, home):
        path = home / TOY
        text = path.read_text() if path.exists() else None
        return (*super().snapshot(home), text)


@pytest.mark.real("strace")
@pytest.mark.parametrize("command", [("use", "two"), ("off",)])
def test_a_kill_leaves_its_file_as_old_or_as_new_as_the_rest(tmp_path, command):
    starters = [Warm(defect=ADD_IT) for _ in range(2)]
    with folder_in_memory(tmp_path) as room:
        report = inject_everywhere(
            ToyCase(cli(*command)),
            ENVIRON,
            room,
            faults=["KILL", "ENOSPC"],
            step=20,
            runners=starters,
        )
    for starter in starters:
        starter.close()
    assert report.violations[:9] == []
    assert report.points > 4
