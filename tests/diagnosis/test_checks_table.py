"""The table of checks: every finding has a home that triggers it."""

import ast
import importlib

import pytest

from keyswitch.diagnosis import checks
from keyswitch.diagnosis.checks import CHECKS, by_gravity, examine
from keyswitch.targets.verdict import SEVERITIES, Finding
from tests.components import ROOT
from tests.diagnosis.homes import Home, found_in

PACKAGE = ROOT / "keyswitch" / "diagnosis"
SOURCES = sorted(PACKAGE.glob("checks/[a-z]*.py"))
# Where `whoami`, `use` or an option needs a part of a check.
SOURCES += [
    PACKAGE / "findings" / f"{name}.py"
    for name in ("commands", "installations", "interactive")
]
TABLES = [
    path.stem
    for name in ("test_checks_*.py", "test_contradictions.py")
    for path in sorted(ROOT.glob(f"tests/diagnosis/{name}"))
    if path.stem != "test_checks_table"
]
HOMES = {
    check: homes
    for table in TABLES
    for check, homes in importlib.import_module(
        f"tests.diagnosis.{table}"
    ).HOMES.items()
}


def _name(call):
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def ids_in_source():
    """Return the first argument of every `Finding(`, and tables of them."""
    warnings = [
        PACKAGE / "findings" / f"{name}.py"
        for name in ("contradictions", "not_in_effect", "unread_files")
    ]
    for path in (*SOURCES, *warnings):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node) == "Finding":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield first.value
                else:
                    yield from ids_of_table(tree)


def ids_of_table(tree):
    """Return what begins the rows of a module's `..._RULES` table."""
    for node in tree.body:
        target = getattr(node, "target", None) or getattr(node, "targets", [0])
        name = (
            getattr(target, "id", getattr(target[0], "id", ""))
            if (isinstance(target, list))
            else getattr(target, "id", "")
        )
        if name.endswith("_RULES"):
            rows = getattr(node.value, "elts", None) or node.value.values
            yield from (row.elts[0].value for row in rows)


def test_every_finding_of_the_sources_has_its_homes():
    found = set(ids_in_source())
    assert len(found) > 60
    assert found - set(HOMES) == set()
    assert set(HOMES) - found == set()


@pytest.mark.parametrize("check", HOMES)
def test_a_home_that_has_it_shows_it(home, monkeypatch, check):
    found = found_in(HOMES[check][0], home, monkeypatch)
    assert check in {f.check for f in found}


@pytest.mark.parametrize("check", HOMES)
def test_a_home_that_nearly_has_it_does_not(home, monkeypatch, check):
    found = found_in(HOMES[check][1], home, monkeypatch)
    assert check not in {f.check for f in found}


def test_every_check_of_the_modules_stands_in_the_table():
    looked = {check.__name__ for check in CHECKS}
    for path in SOURCES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef)
                and [a.arg for a in node.args.args] == ["situation"]
                and ast.unparse(node.returns) == "Iterator[Finding]"
                and not node.name.startswith("_")
            ):
                assert node.name in looked
    assert len(set(CHECKS)) == len(CHECKS)


def test_the_gravest_come_first_and_each_once():
    notes = [
        Finding(f"x-{s}", s, "what", "why", "fix")
        for s in (*reversed(SEVERITIES), *SEVERITIES)
    ]
    assert [f.severity for f in by_gravity(notes)] == list(SEVERITIES)


def test_a_finding_is_one_line_whatever_a_file_is_called():
    odd = Finding("x", "note", "a\nb", "c\x1b[2J", "d\u202e", "/tmp/a\nb")
    (found,) = by_gravity([odd])
    for text in (found.what, found.why, found.fix):
        assert text.isprintable()


def test_an_empty_home_has_nothing_but_no_credential(home):
    found = examine(Home().build(home))
    assert [f.check for f in found] == ["nothing-sent"]


def test_the_package_says_what_a_check_is():
    assert "adding one is adding a line" in " ".join(checks.__doc__.split())
