"""Where files are: as platformdirs says, and private from the first byte."""

import os
import stat
import sys

import pytest
from platformdirs import PlatformDirs

from keyswitch.disk.permissions import ensure_private_dir
from keyswitch.errors import FileStateError
from keyswitch.profiles.paths import resolve


@pytest.mark.skipif(sys.platform != "linux", reason="the rules of Linux")
@pytest.mark.parametrize("value", [None, "", "/elsewhere", "/a b"])
def test_the_light_rules_are_those_of_platformdirs(monkeypatch, value):
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, value)
    wanted = PlatformDirs("keyswitch", appauthor=False)
    found = resolve(os.environ)
    assert found.config == wanted.user_config_dir
    assert found.data == wanted.user_data_dir
    assert found.state == wanted.user_state_dir


@pytest.mark.parametrize("mask", [0, 0o022, 0o077, 0o777])
def test_a_directory_is_private_whatever_the_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        ensure_private_dir(str(tmp_path / "a" / "b"))
    finally:
        os.umask(before)
    mode = (tmp_path / "a" / "b").stat().st_mode
    assert stat.S_IMODE(mode) == 0o700


def test_a_file_in_a_directory_s_place_is_named(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(FileStateError, match="not a directory"):
        ensure_private_dir(str(tmp_path / "x"))


@pytest.mark.parametrize("given", ["data", "./x", "../x", ".", " ", "~/x"])
def test_a_relative_folder_of_xdg_is_ignored(given):
    names = ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "RUNTIME_DIR")
    environ = {"HOME": "/h", **{f"XDG_{name}": given for name in names}}
    found, usual = resolve(environ), resolve({"HOME": "/h"})
    for place in ("config", "data", "state", "runtime"):
        assert getattr(found, place) == getattr(usual, place)


@pytest.mark.parametrize("variable", ["HOME", "KEYSWITCH_HOME"])
@pytest.mark.parametrize("given", ["ks", "./x", "../x", ".", "~/x"])
def test_a_home_that_every_directory_has_another_of_is_refused(variable, given):
    with pytest.raises(
        FileStateError, match=f"{variable} is not an absolute path"
    ):
        resolve({"HOME": "/h", variable: given})
