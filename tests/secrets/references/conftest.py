"""A PATH on which only a test's own tools are, and servers for the others."""

import pytest

from tests.real.certificates import Authority
from tests.secrets.references.bao_server import BaoServer
from tests.secrets.references.fake_tools import Tools
from tests.secrets.references.moto_server import MotoServer


@pytest.fixture
def tools(home, monkeypatch):
    folder = home / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/nowhere")
    return Tools(folder)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def bao(authority, tmp_path_factory):
    with BaoServer(tmp_path_factory.mktemp("bao"), authority) as server:
        yield server


@pytest.fixture(scope="session")
def moto(tmp_path_factory):
    with MotoServer(tmp_path_factory.mktemp("moto")) as server:
        yield server
