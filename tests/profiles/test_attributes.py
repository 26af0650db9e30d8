"""What a file's attributes say about replacing it; on macOS, its flags."""

import os
import stat
from types import SimpleNamespace

import pytest

from keyswitch.disk import rewriting


def test_an_ordinary_file_or_folder_is_not_fixed(tmp_path):
    file = tmp_path / "file"
    file.touch()
    assert not rewriting.is_fixed(str(file))
    assert not rewriting.is_fixed(str(tmp_path))


def test_what_is_not_there_or_no_file_is_not_fixed(tmp_path):
    os.mkfifo(tmp_path / "fifo")  # nobody must wait for its other end
    assert not rewriting.is_fixed(str(tmp_path / "fifo"))
    assert not rewriting.is_fixed(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("flags", "fixed"),
    [
        (0, False),
        (stat.UF_HIDDEN | stat.UF_NODUMP, False),
        (stat.UF_IMMUTABLE, True),
        (stat.UF_APPEND, True),
        (stat.SF_IMMUTABLE, True),
        (stat.SF_APPEND | stat.UF_HIDDEN, True),
    ],
)
def test_on_macos_the_flags_say_it(mocker, flags, fixed):
    mocker.patch.object(rewriting.sys, "platform", "darwin")
    found = SimpleNamespace(st_flags=flags)
    mocker.patch.object(rewriting.os, "stat", return_value=found)
    assert rewriting.is_fixed("/any") is fixed


def test_on_macos_what_is_not_there_is_not_fixed(mocker, tmp_path):
    mocker.patch.object(rewriting.sys, "platform", "darwin")
    assert not rewriting.is_fixed(str(tmp_path / "none"))
