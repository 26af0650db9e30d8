"""README, CONTRIBUTING, docs/ and examples/ as HTML pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from shutil import copytree

from command_pages import ROOT
from markdown_it import MarkdownIt
from markdown_it.token import Token

HEAD = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{}</title><style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 54rem; margin: auto;
  padding: 1rem }}
pre {{ background: #8882; padding: .8rem; overflow: auto; line-height: 1.4 }}
table {{ border-collapse: collapse }}
td, th {{ border: 1px solid #8886; padding: .2rem .6rem; text-align: left }}
</style>
"""


def sources() -> list[Path]:
    """Return every page that people are to read."""
    below = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    return sorted([*ROOT.glob("*.md"), ROOT / "tests/README.md", *below])


def build(folder: Path) -> list[Path]:
    """Write every page as HTML below a folder; return the paths."""
    written = []
    for source in sources():
        path = folder / source.relative_to(ROOT).with_suffix(".html")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html(source), encoding="utf-8")
        written.append(path)
    pictures = ROOT / "docs" / "pictures"
    copytree(pictures, folder / "docs" / "pictures", dirs_exist_ok=True)
    return written


def html(source: Path) -> str:
    """Return one page; its headings have the anchors that GitHub gives."""
    reader = MarkdownIt("commonmark").enable("table")
    tokens = reader.parse(source.read_text(encoding="utf-8"))
    taken = Counter[str]()
    for heading, words in _headings(tokens):
        anchor = _anchor(words)
        heading.attrSet("id", f"{anchor}-{taken[anchor]}".removesuffix("-0"))
        taken[anchor] += 1
    for token in tokens:
        for part in token.children or ():
            if part.type == "link_open":
                target = str(part.attrGet("href"))
                if ":" not in target:
                    part.attrSet(
                        "href", re.sub(r"\.md(?=#|$)", ".html", target)
                    )
    body = reader.renderer.render(tokens, reader.options, {})
    return HEAD.format(source.stem) + body


def _headings(tokens: list[Token]) -> Iterator[tuple[Token, str]]:
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            parts = inline.children or ()
            yield token, "".join(part.content for part in parts)


def _anchor(words: str) -> str:
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")
