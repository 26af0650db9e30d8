"""The pages say things as the field does, with the same words as messages."""

import re

import pytest

from tests.docs.blocks import PAGES
from tests.test_strings import TRANSLATED


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
