"""The pages say things as the field does, with the same words as messages."""

import re

import pytest

from tests.components import ROOT
from tests.docs.blocks import PAGES
from tests.test_strings import TRANSLATED, load


@pytest.mark.parametrize(
    "path",
    # What is promised is worded like a contract.
    [path for path in PAGES if path.name != "SECURITY.md"],
    ids=lambda path: path.name,
)
def test_no_sentence_sounds_translated(path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    found = [
        f"{match[0]}: {TRANSLATED[words]}"
        for words in TRANSLATED
        for match in re.finditer(rf"\b(?:{words})\b", text, re.IGNORECASE)
    ]
    assert found == []


def test_the_messages_that_have_a_question_are_said():
    """Each heading in backticks has every fixed part of some message."""
    said = [
        [part for part in re.split(r"\{[^{}]*\}", one.text) if len(part) > 5]
        for one in load().collect()
    ]
    page = (ROOT / "docs/questions.md").read_text()
    headings = re.findall(r"^## `(.* .*)`$", page, re.MULTILINE)
    unsaid = [
        heading
        for heading in headings
        if not any(
            len("".join(parts)) > 15 and all(p in heading for p in parts)
            for parts in said
        )
    ]
    assert len(headings) > 3
    assert unsaid == []
