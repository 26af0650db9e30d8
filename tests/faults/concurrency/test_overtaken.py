"""A switch that another one overtakes says so, and nothing else."""

import json
import time

import pytest

from tests.faults.cases import ENVIRON, cli
from tests.faults.concurrency import key_home
from tests.faults.harness import (
    Command,
    Place,
    Warm,
    folder_in_memory,
    points_of,
)
from tests.faults.test_concurrent_logins import Stopped
from tests.proof import record

pytestmark = pytest.mark.real("strace")

FIRST = cli("use", "aws0")


class Halted(Stopped):
    """The same, which tells how it ended."""

    @property
    def code(self):
        return self._tracer.returncode


POINTER = ".local/state/keyswitch/state.json"


def lines(name, command, place):
    """Return the calls of this name that a command makes."""
    points_of(command, place.fresh(), ENVIRON, place.log)
    found = place.log.read_text().splitlines()
    return [line for line in found if f" {name}(" in line]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("overtaken")
    start = Warm()
    with folder_in_memory(folder) as room:
        place = Place(room / "place")
        place.home.rmdir()
        key_home.make_home(place.home, start)
        start(cli("use", "key0"), place.home, ENVIRON)
        start.close()
        place.keep()
        yield place


def overtaken(place, other, *, first=FIRST):
    """Let another switch stand in the middle of its commit meanwhile.

    The first one has made its change and not looked yet; it looks while the
    other has written settings.json and not the pointer.
    """
    renames = enumerate(lines("rename", other, place), 1)
    moved = max(n for n, line in renames if 'settings.json", "' in line)
    pointer = place.home / POINTER
    # How many other files are opened depends on what else runs here.
    looks = sum(f'"{pointer}"' in x for x in lines("openat", first, place))
    home = place.fresh()
    for log in home.parent.glob("*.log"):
        log.unlink()  # of the test before
    one = Halted(first, home, "openat", looks, pointer)
    assert key_home.active(home) == first.argv[-1]
    two = Halted(other, home, "rename", moved)
    assert key_home.active(home) == first.argv[-1]
    one.go_on()
    time.sleep(0.5)  # it may end too early, which is the fault
    two.go_on()
    return one, two, home


def test_a_switch_looks_while_another_one_is_in_the_middle(place):
    one, two, home = overtaken(place, cli("-q", "use", "gate1"))
    said = one.said().decode()
    assert two.said() == b""
    assert key_home.active(home) == "gate1"
    violations = one.code != 0 or two.code != 0
    record(promise="P1", what="overtaken between commit and look", points=1,
           violations=violations)  # fmt: skip
    assert (one.code, two.code) == (0, 0), said
    assert "switched to 'aws0'\n" in said
    assert "another switch followed this one: 'gate1' is active\n" in said


def test_off_in_the_middle_is_another_switch_as_well(place):
    one, two, home = overtaken(place, cli("-q", "off"))
    said = one.said().decode()
    assert two.said() == b""
    assert key_home.active(home) == ""
    assert (one.code, two.code) == (0, 0), said
    assert "switched to 'aws0'\n" in said
    assert "another switch followed this one: none is active\n" in said


def test_a_document_says_what_is_active_now(place):
    aside = ("sh", "-c", 'exec "$@" >&2', "sh")
    first = Command((*aside, *cli("--json", "use", "aws0").argv))
    one, two, _ = overtaken(place, cli("-q", "use", "gate1"), first=first)
    text = one.said().decode()
    assert two.said() == b""
    document = json.loads(text[text.index("{") :])
    assert document["active"] == "gate1"
    assert document["in_effect"] is False
    assert document["notes"] == [
        "another switch followed this one: 'gate1' is active"
    ]
