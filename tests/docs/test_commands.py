"""Every command of README, docs and examples is one, and does what is shown."""

import re
import sys
from functools import cache

import click
import pytest

from keyswitch.cli.command import ALIASES
from keyswitch.cli.main import cli
from tests.components import ROOT
from tests.docs import blocks, given
from tests.docs.session import Session

sys.path.append(str(ROOT / "scripts" / "documentation"))

import command_pages

OTHER_FILES = sorted(
    path
    for path in (ROOT / "examples").rglob("*")
    if path.is_file()
    and path.suffix in {".sh", ".yml", ".fish", ".zsh", ".conf"}
)


def pages():
    return [pytest.param(page, id=page.name) for page in all_pages()]


@cache
def all_pages():
    return [blocks.read(path) for path in blocks.PAGES]


def wrong(words):
    """Return what of a command line `keyswitch` does not know, or ""."""
    command, context = cli, click.Context(cli)
    options = {
        name for p in cli.params for name in (*p.opts, *p.secondary_opts)
    }
    for word in words:
        if word == "--":
            break
        if word.startswith("-") and word != "-":
            if word.split("=")[0] not in options:
                return word
        elif isinstance(command, click.Group):
            found = command.list_commands(context)
            if re.match(r"[A-Z<{…]|\.\.\.|\$", word):
                break  # stands for any of them
            if word not in found and word not in ALIASES:
                return word
            command = command.get_command(context, word)
            options |= {
                name
                for p in command.params
                for name in (*p.opts, *p.secondary_opts)
            }
            if _takes_the_rest(command):
                break
    return ""


def _takes_the_rest(command):
    return command.context_settings.get("ignore_unknown_options", False)


@pytest.mark.parametrize("page", pages())
def test_every_command_that_a_page_names_is_one(page):
    texts = [shown.line for block in page.blocks for shown in block.commands]
    unknown = [
        (text, word)
        for text in [*texts, *page.spans]
        for words in blocks.calls(text)
        if (word := wrong(words))
    ]
    assert unknown == []


@pytest.mark.parametrize("path", OTHER_FILES, ids=lambda path: path.name)
def test_every_command_of_an_example_is_one(path):
    lines = [
        line
        for line in path.read_text().splitlines()
        if not line.lstrip().startswith(("#", "tell "))
    ]
    unknown = [
        (line, word)
        for line in lines
        for words in blocks.calls(line)
        if (word := wrong(words))
    ]
    assert unknown == []


def test_every_command_of_help_is_one():
    unknown = [
        (line, word)
        for page in command_pages.pages()
        for line in page.examples
        for words in blocks.calls(line)
        if (word := wrong(words))
    ]
    assert unknown == []


@pytest.mark.parametrize(
    "line",
    [
        "keyswitch swich work",
        "keyswitch use --hear",
        "x=$(keyswitch vault unlock)",
        "claude 2>&1 | keyswitch show --revealed",
    ],
)
def test_a_command_that_is_none_is_noticed(line):
    assert [wrong(words) for words in blocks.calls(line)] != [""]


def runnable():
    for page in all_pages():
        if any("not run" not in block.notes for block in page.blocks):
            yield pytest.param(page, id=page.name)


@pytest.fixture
def session(ks, tmp_path):
    session = Session(ks, tmp_path / "bin")
    yield session
    session.close()


@pytest.mark.real("bash")
@pytest.mark.parametrize("page", [*runnable()])
def test_a_page_can_be_typed_from_top_to_bottom(ks, session, page):
    given.make(ks, page.given)
    for block in page.blocks:
        if "not run" in block.notes:
            continue
        if "file" in block.notes:
            path = ks.file(block.notes["file"].removeprefix("~/"))
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
            path.write_text(block.notes["text"])
        answers = (
            given.TYPED.get(word, word) for word in blocks.answers(block)
        )
        for shown in block.commands:
            last = shown is block.commands[-1]
            status = int(block.notes.get("exit", 0)) if last else 0
            found, text = session.run(shown.line, answers)
            where = f"{page.name}:{block.number}: {shown.line}\n{text}"
            assert found == status, where
            text = text.replace(str(ks.home), "/home/you")
            assert looks_like(shown.output, text), where


def looks_like(shown, text):
    """Tell whether a page shows what was printed.

    `...` is anything, and alone on a line any number of lines.
    """
    pattern = "".join(
        r"(?:.*\n)*"
        if line == "..."
        else re.escape(line.rstrip()).replace(re.escape("..."), ".*") + r"\n"
        for line in shown
        if line.strip()
    )
    lines = (line.rstrip() for line in text.splitlines())
    printed = "".join(f"{line}\n" for line in lines if line)
    return not pattern or re.fullmatch(pattern, printed) is not None


def test_other_output_than_the_page_shows_is_noticed():
    assert looks_like(["a ...", "...", "c"], "a b\nx\nc\n")
    assert not looks_like(["a", "c"], "a\nb\nc\n")
