"""The programs of the table are what is asked of one."""

import pytest

from keyswitch.profiles.paths import resolve
from keyswitch.targets import table, target, values
from keyswitch.targets.target import Logins
from tests.targets import toy

PARTS = {
    "folders": target.Folders,
    "launch": target.Launch,
    "logins": Logins,
    "sessions": target.Sessions,
    "tokens": target.Tokens,
}


def names_of(protocol):
    found = {*vars(protocol), *vars(protocol).get("__annotations__", ())}
    return {name for name in found if not name.startswith("_")}


def lacking(thing, protocol):
    return {n for n in names_of(protocol) if not hasattr(thing, n)}


@pytest.mark.parametrize("program", [*table.every(), toy])
def test_a_program_has_every_name(program):
    assert lacking(program, target.Target) == set()


@pytest.mark.parametrize("program", [*table.every(), toy])
@pytest.mark.parametrize("part", PARTS)
def test_a_part_has_every_name_or_is_none(program, part):
    found = getattr(program, part)
    assert found is None or lacking(found, PARTS[part]) == set()


def test_the_main_program_has_every_part():
    main = table.main()
    assert [part for part in PARTS if getattr(main, part) is None] == []
    places = main.places({}, "/home/you", "/")
    assert lacking(places, target.Places) == set()


def test_a_record_says_by_its_name_whose_it_is(home):
    paths = resolve({"HOME": str(home)})
    for target_id in (values.MAIN, "toy", "two-words"):
        path = values.record_path(paths, target_id, "/x")
        assert values.id_of_record(path) == target_id
