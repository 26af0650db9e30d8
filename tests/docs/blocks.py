"""The commands that pages show, and what stands there about each.

A `console` block has commands after "$ " and below each what it prints; a `sh`
block has commands only. HTML comments before a block, which no reader sees:

    <!-- not run: REASON -->    its commands are only looked up
    <!-- exit 4 -->             the status of its last command
    <!-- types: yes, WORD -->   answers to the questions of its commands
    <!-- file: PATH -->         the block is this file's text
    <!-- given: work, me -->    once in a page: what is there, of given.py
"""

import re
import shlex
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt

from tests.components import ROOT

NOTE = re.compile(
    r"<!-- (not run|exit|types|given|file):? (.*?) -->", re.DOTALL
)
OTHER_SHELLS = {"fish", "nu", "pwsh"}
PAGES = sorted(
    path
    for path in (
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
    )
    if path.name != "CHANGELOG.md"
)


class Shown(NamedTuple):
    """A command, and the lines that the page shows below it."""

    line: str
    output: list[str]


class Block(NamedTuple):
    """Commands that stand together."""

    number: int  # the line of the page
    commands: list[Shown]
    notes: dict[str, str]


class Page(NamedTuple):
    """One page: its blocks of commands, and code within its sentences."""

    path: Path
    blocks: list[Block]
    spans: list[str]
    given: list[str]

    @property
    def name(self):
        return str(self.path.relative_to(ROOT))


def read(path):
    """Return a page."""
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text())
    blocks, spans, notes, given = [], [], {}, []
    for token in tokens:
        if token.type == "html_block":
            found = dict(NOTE.findall(token.content))
            given += _words(found.pop("given", ""))
            notes |= found
        elif token.type == "fence":
            commands = _commands(token.info.strip(), token.content)
            if "file" in notes:
                notes["text"] = token.content
            if token.info in OTHER_SHELLS:
                notes = {"not run": "tests/shells runs it in that shell"}
            if commands or "file" in notes:
                blocks.append(Block(token.map[0] + 1, commands, notes))
            notes = {}
        elif token.type == "inline":
            spans += [
                c.content for c in token.children if c.type == "code_inline"
            ]
    return Page(path, blocks, spans, given)


def answers(block):
    """Return what a person types at the questions of a block."""
    return iter(_words(block.notes.get("types", "")))


def _words(text):
    return [word.strip() for word in text.split(",") if word.strip()]


def _commands(kind, text):
    if kind not in {"console", "sh", "bash", *OTHER_SHELLS}:
        return []
    text = text.replace("\\\n", "")
    commands = []
    for line in text.splitlines():
        if kind != "console":
            if line.strip() and not line.startswith("#"):
                commands.append(Shown(line, []))
        elif line.startswith("$ "):
            commands.append(Shown(line.removeprefix("$ "), []))
        elif commands:
            commands[-1].output.append(line)
    return commands


def calls(text):
    """Yield the words after each `keyswitch` that is called in a text."""
    text = re.sub(r"\s#.*|pipx inject keyswitch", "", text)
    for match in re.finditer(r"(?<![\w/.-])keyswitch(?= |$)", text):
        lexer = shlex.shlex(
            text[match.end() :], posix=True, punctuation_chars=True
        )
        lexer.whitespace_split = True
        lexer.commenters = "#"
        words = []
        try:
            for word in lexer:
                if word in {"|", "&&", "||", ";", ")", ">", "<", "&", "2>&1"}:
                    break
                words.append(word)
        except ValueError:
            pass  # a quote that began before `keyswitch`
        yield words
