"""A PATH on which only a test's own tools are, and what a shell needs."""

import pytest

from tests.secrets.references.fake_tools import Tools


@pytest.fixture
def tools(home, monkeypatch):
    folder = home / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/nowhere")
    return Tools(folder)
