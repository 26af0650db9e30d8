"""One warmed interpreter and one kept home for all cells of a process."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from tests.faults.harness import Warm
from tests.files import circumstances
from tests.files.matrix import Matrix


def _takes_attributes(folder):
    """Tell whether files there may have attributes of their own."""
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            os.setxattr(file.fileno(), "user.probe", b"1")
    except OSError:
        return False
    return True


@pytest.fixture(scope="session")
def new_room():
    """Return a function that gives a folder which every user may cross."""
    rooms = []

    def make(parent=None):
        room = tempfile.TemporaryDirectory(dir=parent, prefix="keyswitch-")
        rooms.append(room)
        Path(room.name).chmod(0o711)
        return Path(room.name)

    yield make
    for room in rooms:
        room.cleanup()


@pytest.fixture(scope="session")
def new_matrix(new_room):
    """Return a function that makes a matrix of one kind of keyswitch."""
    started = []

    def make(defect="", parent=None):
        if parent is None and _takes_attributes("/dev/shm"):
            parent = "/dev/shm"
        room = new_room(parent)
        start = Warm(defect=circumstances.TAKEN + defect)
        started.append(start)
        return Matrix(room, start, new_room)

    yield make
    for start in started:
        start.close()


@pytest.fixture(scope="session")
def matrix(new_matrix):
    """Homes and a keyswitch for cells."""
    return new_matrix()
