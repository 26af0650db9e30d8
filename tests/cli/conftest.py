import pytest

from tests.cli.keyswitch import Keyswitch


@pytest.fixture
def bare(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    return Keyswitch(home)


@pytest.fixture
def ks(bare):
    return bare.with_vault()
