"""Eight commits in a row run all of the long tier."""

import os
import subprocess
from types import SimpleNamespace

import pytest

from tests import tiers
from tests.components import ROOT

IDS = [f"tests/x/test_y.py::test_z[{n}]" for n in range(4000)]
NUMBERS = range(1, tiers.PARTS + 1)


def given(*, full=False, part=None, **more):
    options = SimpleNamespace(full=full, part=part, **more)
    return SimpleNamespace(
        option=options, getoption=lambda name: getattr(options, name)
    )


def run(test_ids, **options):
    return {t for t in test_ids if not tiers.skipped(t, given(**options))}


def test_each_test_is_in_one_part_and_the_parts_are_as_large():
    parts = [run(IDS, part=str(number)) for number in NUMBERS]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(IDS)
    assert max(map(len, parts)) < 1.3 * len(IDS) / tiers.PARTS


def test_without_an_option_nothing_of_it_is_run_and_with_full_all():
    assert run(IDS) == set()
    assert run(IDS, full=True) == run(IDS, full=True, part="3") == set(IDS)


def git(folder, *args):
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@mail.example", *args],
        cwd=folder, check=True, capture_output=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )  # fmt: skip


@pytest.fixture
def clone(tmp_path):
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def commit(folder):
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")
    return tiers.of_commit(folder)


def test_commits_in_a_row_have_all_parts(clone):
    found = [commit(clone) for _ in range(2 * tiers.PARTS)]
    parts = [part for _, part in found]
    assert sorted(parts[: tiers.PARTS]) == list(NUMBERS)
    assert parts[: tiers.PARTS] == parts[tiers.PARTS :]


def test_a_clone_without_a_history_goes_by_the_hash(clone, tmp_path):
    for _ in range(3):
        name, part = commit(clone)
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{clone}", "shallow")
    found = tiers.of_commit(tmp_path / "shallow")
    assert found == (name, int(name, 16) % tiers.PARTS + 1)
    assert part == 4


def test_what_is_no_clone_has_a_part_as_well(tmp_path):
    assert tiers.of_commit(tmp_path) == ("none", 1)


def test_the_part_of_a_commit_is_said(monkeypatch):
    monkeypatch.setattr(tiers, "of_commit", lambda _: ("abc12345", 3))
    config = given(part="auto")
    tiers.settle(config)
    [line] = tiers.header(config)
    assert line == (
        "part 3 of 32 of the long tier, by commit abc12345;"
        " all of it: scripts/test --full"
    )
    assert tiers.header(given()) == tiers.header(given(full=True)) == []


@pytest.mark.parametrize("wrong", ["0", "33", "x", ""])
def test_a_part_that_there_is_not_is_refused(wrong):
    with pytest.raises(pytest.UsageError, match="1 to 32"):
        tiers.settle(given(part=wrong))


def test_what_is_dealt_is_there_and_goes_from_part_to_part():
    for path, functions in tiers.DEALT.items():
        text = (ROOT / "tests" / path).read_text(encoding="utf-8")
        for name, first in functions.items():
            assert f"def {name}(" in text
            parts = [
                tiers.part_of(f"tests/{path}::{name}[{n}]", n)
                for n in range(tiers.PARTS)
            ]
            assert parts[0] == first
            assert sorted(parts) == list(NUMBERS)


def test_of_a_large_table_each_commit_tries_every_so_many_cases(monkeypatch):
    table = {
        "x/test_y.py": {"test_z": 3, "test_long": 0},
        "x/test_w.py": {"*": 2},
    }
    monkeypatch.setattr(tiers, "EVERY", table)
    path = "tests/x/test_y.py"
    tried = [tiers.is_often(f"{path}::test_z[{n}]", n) for n in range(7)]
    assert [n for n in range(7) if tried[n]] == [0, 3, 6]
    assert not tiers.is_often(f"{path}::test_long", 0)
    assert tiers.is_often(f"{path}::test_other[5]", 5)
    path = "tests/x/test_w.py"
    assert tiers.is_often(f"{path}::test_any[4]", 4)
    assert not tiers.is_often(f"{path}::test_any[5]", 5)


def case(shell, pair):
    """Return what pytest hands on of one case of two crossed tables."""
    marks = [
        pytest.mark.parametrize("shell", []).mark,
        pytest.mark.parametrize(("first", "second"), []).mark,
    ]
    params = {"shell": shell, "first": pair[0], "second": pair[1]}
    return SimpleNamespace(
        nodeid=f"tests/x/test_y.py::test_z[{shell}-{pair}]",
        callspec=SimpleNamespace(params=params),
        iter_markers=lambda _: marks,
    )


def test_a_case_of_crossed_tables_has_the_numbers_of_row_and_column():
    shells = ("bash", "zsh", "fish")
    pairs = (("a", "b"), ("a", "c"), ("d", "b"))
    other = SimpleNamespace(nodeid="tests/x/test_y.py::test_other")
    cases = [case(shell, pair) for pair in pairs for shell in shells]
    assert tiers.numbers_of([*cases, other]) == [0, 1, 2, 1, 2, 3, 2, 3, 4, 0]


def test_what_the_table_names_is_there():
    for path, functions in tiers.EVERY.items():
        text = (ROOT / "tests" / path).read_text(encoding="utf-8")
        for name in functions.keys() - {"*"}:
            assert f"def {name}(" in text
