import pytest

from tests.install.places import Person


@pytest.fixture
def person(tmp_path):
    return Person(tmp_path / "home")
