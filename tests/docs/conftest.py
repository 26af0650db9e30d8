import pytest

from tests.cli.keyswitch import Keyswitch


@pytest.fixture
def ks(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return Keyswitch(home)
