"""What the tests of doctor's checks share."""

import pytest

from tests.diagnosis.homes import found_in


@pytest.fixture
def look(home, monkeypatch):
    """Return a function that builds a home and returns findings by check."""

    def look(built):
        return {f.check: f for f in found_in(built, home, monkeypatch)}

    return look
