"""S6: something else than a file of text in the place of each file."""

import contextlib
import fcntl
import json
import os
import socket
import stat
import struct

import pytest

from tests.files.matrix import PAIRS, check

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="needs root")
_GET_FLAGS, _SET_FLAGS = 0x80086601, 0x40086602
IMMUTABLE, APPEND = 0x10, 0x20
ATTRIBUTES = pytest.mark.parametrize(
    "attribute", [IMMUTABLE, APPEND], ids=["immutable", "append-only"]
)


def a_fifo(path):
    os.mkfifo(path)


def a_socket(path):
    # Bound by its name alone, which is short enough for any path.
    before = os.getcwd()
    os.chdir(path.parent)
    try:
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(before)


def a_directory(path):
    path.mkdir()


def a_device_that_is_empty(path):
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))


def a_device_without_an_end(path):
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))


def no_bytes(path):
    path.touch(0o600)
    os.utime(path, (1e9, 1e9))


KINDS = [
    a_fifo,
    a_socket,
    a_directory,
    pytest.param(a_device_that_is_empty, marks=ROOT_ONLY),
    pytest.param(a_device_without_an_end, marks=ROOT_ONLY),
    no_bytes,
]


# Claude Code itself takes three of them for files with nothing in them.
MAY_BE_EMPTY = ("config", "credentials", "rc", "settings")


def _is_sound(path):
    text = path.read_text() if path.exists() else ""
    if path.suffix == ".json" and text:
        json.loads(text)
    return [] if not text or path.stat().st_size else [f"{path} is torn"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("task", "file"), PAIRS)
def test_what_is_no_file_is_refused_at_once(matrix, task, file, kind):
    cell = matrix.cell(task)
    cell.path(file).unlink()
    kind(cell.path(file))
    cell.run()
    if kind is no_bytes and file in MAY_BE_EMPTY:
        # Without its settings a switch is not in effect, as doctor says.
        undone = (task, file) == ("doctor", "settings")
        assert cell.done.returncode == undone, cell.said
        found = _is_sound(cell.path(file))
    else:
        found = cell.refused()
    check("S6", "FIFO, socket, directory, device, 0 bytes", found)


@contextlib.contextmanager
def unchangeable(path, attribute):
    """Let nobody change a file, as `chattr +i` and `chattr +a` do."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        flags = bytearray(8)
        fcntl.ioctl(descriptor, _GET_FLAGS, flags)
        (before,) = struct.unpack("l", flags)
        fcntl.ioctl(
            descriptor, _SET_FLAGS, struct.pack("l", before | attribute)
        )
        try:
            yield
        finally:
            fcntl.ioctl(descriptor, _SET_FLAGS, struct.pack("l", before))
    finally:
        os.close(descriptor)


@ROOT_ONLY
@ATTRIBUTES
@pytest.mark.parametrize(("task", "file"), PAIRS)
def test_a_file_that_nobody_may_change_is_refused(
    matrix, task, file, attribute
):
    cell = matrix.cell(task)
    with unchangeable(cell.path(file), attribute):
        cell.run()
        found = cell.refused()
    check("S6", "a file that is immutable or may only grow", found)


@ROOT_ONLY
@ATTRIBUTES
@pytest.mark.parametrize(("task", "file"), PAIRS)
def test_a_folder_that_nobody_may_change_is_refused(
    matrix, task, file, attribute
):
    cell = matrix.cell(task)
    with unchangeable(cell.path(file).parent, attribute):
        cell.run()
        found = cell.refused()
    check("S6", "a folder that is immutable or may only grow", found)
