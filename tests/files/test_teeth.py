"""A keyswitch with a defect is caught by the cells that are there for it."""

import os

import pytest

from tests.files.matrix import SLOWEST
from tests.files.test_links import to_a_file
from tests.proof import record

ATOMIC = "import os, stat\nfrom keyswitch.disk import atomic\n"
OPEN_TO_ALL = f"""{ATOMIC}
dress = atomic._set_rights
def dress_openly(descriptor, *rest, **more):
    dress(descriptor, *rest, **more)
    os.fchmod(descriptor, 0o644)
atomic._set_rights = dress_openly
"""
NO_ATTRIBUTES = f"{ATOMIC}atomic._copy_attributes = lambda *_: None\n"
UMASK_OBEYED = "import os\nos.fchmod = lambda *_: None\n"
# Where a path leads is asked for twice.
OVER_THE_LINK = f"""{ATOMIC}
from keyswitch.disk import ownership
atomic.resolve_target = os.path.abspath
ownership.require_way_to = lambda *_: None
"""
WAITS_FOR_A_WRITER = f"{ATOMIC}atomic.open_flags = lambda: os.O_CLOEXEC\n"
FORCES_IT = """
from keyswitch.disk import rewriting
rewriting.require_writable = lambda *_: None
"""


def closed(cell):
    cell.path("settings").chmod(0o600)


def opened(cell):
    cell.path("settings").chmod(0o644)


def with_an_attribute(cell):
    os.setxattr(cell.path("settings"), "user.of.mine", b"kept")


def a_link(cell):
    to_a_file(cell, "settings")


def read_only(cell):
    cell.path("settings").chmod(0o400)


def a_fifo(cell):
    cell.path("settings").unlink()
    os.mkfifo(cell.path("settings"))


@pytest.mark.parametrize(
    ("defect", "odd", "how", "sign"),
    [
        (OPEN_TO_ALL, closed, {}, "settings.json: mode 384 became 420"),
        (NO_ATTRIBUTES, with_an_attribute, {}, "settings.json: attributes"),
        (UMASK_OBEYED, opened, {"umask": 0o277}, "mode 420 became 256"),
        (OVER_THE_LINK, a_link, {}, "settings.json: kind 'l' became '-'"),
    ],
    ids=["mode widened", "attributes dropped", "umask obeyed", "over the link"],
)
def test_a_file_that_is_not_what_it_was_is_caught(
    matrix, defect, odd, how, sign
):
    cell = matrix.cell("use")
    odd(cell)
    cell.run(defect=defect, **how)
    caught(sign, cell.carried_out())


@pytest.mark.parametrize(
    ("defect", "odd", "sign"),
    [
        (FORCES_IT, read_only, "exit 0"),
        pytest.param(
            WAITS_FOR_A_WRITER, a_fifo, "took", marks=pytest.mark.full
        ),
    ],
    ids=["read-only replaced", "hangs on a FIFO"],
)
def test_what_should_be_refused_and_is_not_is_caught(matrix, defect, odd, sign):
    cell = matrix.cell("use")
    odd(cell)
    cell.run(defect=defect)
    caught(sign, cell.refused())
    assert cell.seconds < 3 * SLOWEST


def test_the_same_without_a_defect_is_not_caught(matrix):
    for odd in (closed, with_an_attribute, a_link):
        cell = matrix.cell("use")
        odd(cell)
        cell.run()
        assert cell.carried_out() == []


def caught(sign, found):
    record(
        promise="P5",
        what="seeded defects that the matrix has to catch",
        points=1,
        violations=int(not any(sign in line for line in found)),
    )
    assert any(sign in line for line in found), found
