"""Commands of several changes, ended anywhere: how much is done is said."""

import pytest

from tests.faults.cases import ENVIRON, cli
from tests.faults.full.commands import (
    BASH,
    CONFIG_TOML,
    FIX,
    NULL,
    OWN_TREE,
    STATUS_LINE,
    USE,
    CommandCase,
    log_in_openly,
)
from tests.faults.harness import folder_in_memory, hit, prepared
from tests.proof import record
from tests.references import file_manager

pytestmark = pytest.mark.real("strace")


class Several(CommandCase):
    """What else these commands change is to be seen as well."""

    def snapshot(self, home):
        *seen, _ = super().snapshot(home)
        corp = sorted(path.name for path in home.glob("corp/[a-z]*"))
        aside = sorted(
            path.name for path in home.glob(f"{OWN_TREE}/*.damaged*")
        )
        return (*seen, corp, aside)


def add_a_manager(home):
    path = home / CONFIG_TOML
    before = path.read_text()
    file_manager.set_up(home)
    tools = path.read_text().replace('cache = "off"\n', "")
    path.write_text(before + tools)


def damage(home):
    log_in_openly(home)
    (home / OWN_TREE / "undo.json").write_text("{no")


COMMANDS = {
    "uninstall": (
        (USE, BASH, STATUS_LINE), cli("uninstall", "--all", "--yes"), {},
    ),
    "migrate": (
        (USE, add_a_manager, cli("managers", "allow", "corp", "--yes")),
        cli("migrate", "--all", "--to", "corp:{profile}-{field}"),
        {"kept": ()},
    ),
    "doctor": ((damage,), FIX, {"settings": NULL}),
}  # fmt: skip
SAID = {
    "but part of it is done": {"part"},
    "; part of it is done": {"part"},
    "the change is made": {"new"},
    "nothing changed except": {"part"},
    "nothing changed": {"old"},
}


def violations(done, state):
    """Yield how a command's words or status contradict the home."""
    said = done.stderr.decode()
    words = next((words for words in SAID if words in said), "")
    allowed = SAID.get(words, {"old", "part", "new"})
    by_status = {0: {"new"}, 6: {"part", "new"}, 1: {"old"}}
    if not words:
        allowed = by_status.get(done.returncode, {"part", "new"})
    if state not in allowed or "Traceback" in said:
        yield f"{state}, and it says {done.returncode}: {said[-300:]}"


@pytest.mark.parametrize(
    "step", [48, pytest.param(3, marks=pytest.mark.full)]
)  # fmt: skip
@pytest.mark.parametrize("fault", ["INT", "ENOSPC", "EIO"])
@pytest.mark.parametrize("name", COMMANDS)
def test_how_much_is_done_is_said(tmp_path, warm, name, fault, step):
    steps, command, options = COMMANDS[name]
    case = Several(command, *steps, layout="plain", start=warm, **options)
    with folder_in_memory(tmp_path) as room:
        places, clean = prepared(case, ENVIRON, room, [warm])
        place, found = places.get(), []
        tried = clean.points[step // 2 :: step]
        for point in tried:
            home, done = hit(command, ENVIRON, place, point, fault)
            place.run(case.recover, home, ENVIRON)
            state = case.snapshot(home)
            is_new = "new" if state == clean.new else "part"
            kind = "old" if state == clean.old else is_new
            found += [f"{point}: {one}" for one in violations(done, kind)]
    record(promise="P1", what=f"{name}, {fault}", points=len(tried),
           violations=len(found))  # fmt: skip
    assert found == []
    assert tried
