"""The pointer file: one fixed form, and a clear error for anything else."""

import errno
import json
import os

import pytest

from keyswitch.errors import FileStateError, OddFileError
from keyswitch.profiles import state
from keyswitch.profiles.state import State


def names(found):
    return found.active, found.previous


def test_what_is_written_is_json_and_is_read_back():
    wanted = State("work", "personal", "17a")
    data = state.to_bytes(wanted)
    assert json.loads(data) == {
        "version": 1,
        "active": "work",
        "previous": "personal",
        "stamp": "17a",
    }
    assert names(state.parse(data, "x")) == names(wanted)


def test_the_fixed_form_is_read_without_a_json_parser(monkeypatch):
    monkeypatch.setattr(state, "_in_any_json", None)
    assert state.parse(state.to_bytes(State("a", "b", "c")), "x").active == "a"


def test_any_other_json_form_is_read_as_well():
    data = b'{"stamp":"1","active":"w","previous":null,"version":1}'
    assert names(state.parse(data, "x")) == ("w", "")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"[" * 5000,
        b'{"active": 5, "previous": "", "stamp": ""}',
        b'{"active": "../../etc", "previous": "", "stamp": ""}',
        state.to_bytes(State("../x", "", "1")),
        state.to_bytes(State('a"b', "", "1")),
    ],
)
def test_a_damaged_file_is_named_and_never_believed(data):
    with pytest.raises(FileStateError, match=r"state\.json is damaged"):
        state.parse(data, "state.json")


def test_stamps_differ():
    assert state.new_stamp() != state.new_stamp()


class FakePaths:
    def __init__(self, path):
        self.state_file = str(path)


def test_an_absent_file_means_that_nothing_is_active(tmp_path):
    assert names(state.read(FakePaths(tmp_path / "none"))) == ("", "")


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_something_else_in_its_place_neither_hangs_nor_crashes(tmp_path, make):
    make(tmp_path / "state.json")
    with pytest.raises(FileStateError):
        state.read(FakePaths(tmp_path / "state.json"))


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ENOMEM])
def test_a_disk_that_fails_does_not_make_the_file_a_damaged_one(
    tmp_path, monkeypatch, number
):
    def fail(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(state, "read_opened", fail)
    with pytest.raises(FileStateError, match="cannot read") as raised:
        state.read(FakePaths(tmp_path / "state.json"))
    assert not isinstance(raised.value, OddFileError)
