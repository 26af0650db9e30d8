"""Every page becomes HTML, and every link in it leads to something there."""

import sys
import tomllib
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.components import ROOT

sys.path.append(str(ROOT / "scripts" / "documentation"))

import docs_site


class Links(HTMLParser):
    """The anchors and the links of a page."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links = set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id":
                self.anchors.add(value)
            elif name in {"href", "src", "srcset"} and value:
                self.links.append(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    return folder, {
        path: Links(path.read_text()) for path in docs_site.build(folder)
    }


def broken(folder, pages):
    for page, found in pages.items():
        for link in found.links:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            path = (page.parent / unquote(parts.path)).resolve()
            target = path if parts.path else page
            there = ROOT / target.relative_to(folder)
            if target in pages:
                if (
                    parts.fragment
                    and parts.fragment not in pages[target].anchors
                ):
                    yield f"{page.relative_to(folder)}: {link}"
            elif not there.exists():
                yield f"{page.relative_to(folder)}: {link}"


def test_every_link_leads_to_a_file_and_a_heading(site):
    folder, pages = site
    assert len(pages) > 20
    assert sum(len(page.links) for page in pages.values()) > 150
    assert list(broken(folder, pages)) == []


def test_a_link_to_nothing_is_noticed(tmp_path):
    page = tmp_path / "README.html"
    text = '<h2 id="a">A</h2><a href="#b">B</a><a href="c.md">C</a>'
    assert len(list(broken(tmp_path, {page: Links(text)}))) == 2


def test_headings_have_the_anchors_of_github(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# `keyswitch vault init`\n## Fix: a, b & c\n## Fix: a, b & c\n"
    )
    assert Links(docs_site.html(page)).anchors == {
        "keyswitch-vault-init",
        "fix-a-b--c",
        "fix-a-b--c-1",
    }


def test_the_badges_are_true():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = (ROOT / "README.md").read_text()
    least = project["requires-python"].removeprefix(">=")
    assert f"badge/license-{project['license']}-" in text
    assert f"badge/python-{least}%2B-" in text
    assert text.count("https://img.shields.io/") == 2


def test_every_page_is_in_the_index():
    index = Links(docs_site.html(ROOT / "docs" / "README.md")).links
    pages = {p.stem for p in (ROOT / "docs").rglob("*.md")} - {"README"}
    assert pages - {Path(link).stem for link in index} == set()


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs").rglob("*.svg")), ids=lambda path: path.name
)
def test_a_picture_is_whole(path):
    ET.parse(path)
