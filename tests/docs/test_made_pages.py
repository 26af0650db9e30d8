"""Pages that are made: the reference, error texts, manual pages."""

import re
import subprocess
import sys
from itertools import pairwise

import pytest

from keyswitch.errors import ExitCode
from tests.components import ROOT

sys.path.append(str(ROOT / "scripts" / "documentation"))

import command_pages
import docs_pages
import manual_pages


@pytest.mark.parametrize("name", ["reference.md", "troubleshooting.md"])
def test_a_made_page_is_current(name):
    text = docs_pages.made_pages()[name]
    assert (ROOT / "docs" / name).read_text() == text, "run scripts/docs"


def test_every_file_of_causes_has_a_heading():
    folder = ROOT / "keyswitch/diagnosis/explain/causes"
    causes = {path.stem for path in folder.glob("*.toml")} - {"shared"}
    assert set(docs_pages.SUBJECTS) == causes


def test_every_error_text_has_a_cause_and_a_command():
    text = docs_pages.made_pages()["troubleshooting.md"]
    for cause in text.split("\n### ")[1:]:
        before, _, fix = cause.partition("**Fix:**")
        assert "\n- " in before, cause
        assert "`" in fix.split("\n## ")[0], cause


def test_every_exit_status_is_explained():
    numbers = {v for k, v in vars(ExitCode).items() if k.isupper()}
    assert {int(n) for n, _ in command_pages.EXIT_STATUS} == numbers


def test_the_variables_of_the_manual_are_those_of_the_settings_page():
    text = (ROOT / "docs/guides/settings.md").read_text()
    rows = re.findall(r"^\| (`[A-Z_`, ]+) \|", text, re.MULTILINE)
    named = {n for row in rows for n in re.findall(r"[A-Z_]+", row)}
    assert {name for name, _ in command_pages.ENVIRONMENT} == named


def test_the_first_manual_page_has_the_groups_of_help(manuals):
    [page] = [path for path in manuals if path.name == "keyswitch.1"]
    groups = re.findall(r"^\.SS (.*)$", page.read_text(), re.MULTILINE)
    assert groups == list(command_pages.groups())


def test_prose_is_not_taken_for_an_example():
    pages = {page.words: page for page in command_pages.pages()}
    for page in pages.values():
        for before, line in pairwise(["", *page.examples]):
            assert line[:1] != " " or before.endswith("\\"), page.words
    [said] = pages["keyswitch trace"].paragraphs
    assert said.startswith("The command's requests pass through a local proxy")


@pytest.fixture(scope="module")
def manuals(tmp_path_factory):
    return manual_pages.write(tmp_path_factory.mktemp("man1"))


def test_every_command_has_a_manual_page_with_an_example(manuals):
    assert len(manuals) > 60
    for path in manuals:
        text = path.read_text()
        is_group = ".SH COMMANDS" in text or "helper" in path.name
        assert is_group or ".SH EXAMPLES" in text, path.name


def test_options_of_a_manual_page_can_be_copied(manuals):
    [page] = [path for path in manuals if path.name == "keyswitch-add.1"]
    assert r"\fB\-\-from\-env [FIELD=]NAME\fR" in page.read_text()


@pytest.mark.real("mandoc")
def test_mandoc_finds_nothing_in_a_manual_page(manuals):
    done = subprocess.run(
        ["mandoc", "-T", "lint", *manuals],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    # What is typed stays on one line.
    found = [
        line
        for line in (done.stdout + done.stderr).splitlines()
        if "input text line longer than 80 bytes" not in line
    ]
    assert found == []


@pytest.mark.real("man")
def test_man_shows_every_manual_page_without_a_warning(manuals):
    done = subprocess.run(
        ["man", "--warnings", "--local-file", *manuals],
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    shown = " ".join(re.sub(r".\x08", "", done.stdout).split())
    assert [p.stem for p in manuals if f"NAME {p.stem} - " not in shown] == []
