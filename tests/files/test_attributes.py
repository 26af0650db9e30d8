"""S3: extended attributes, access lists, owners and hard links."""

import os
import subprocess

import pytest

from tests.files.matrix import PAIRS, check

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="needs root")
OTHER = 1235  # a group and a user; nobody has to have them


def an_attribute(path):
    subprocess.run(
        ["setfattr", "-n", "user.of.mine", "-v", "kept", path], check=True
    )


def an_access_list(path):
    subprocess.run(["setfacl", "-m", f"u:{OTHER}:r", path], check=True)


def another_group(path):
    os.chown(path, -1, OTHER)
    path.chmod(0o640)


KINDS = [
    pytest.param(an_attribute, marks=pytest.mark.real("xattr")),
    pytest.param(an_access_list, marks=pytest.mark.real("acl")),
    pytest.param(another_group, marks=ROOT_ONLY),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("task", "file"), PAIRS)
def test_what_belongs_to_a_file_stays_with_it(matrix, task, file, kind):
    cell = matrix.cell(task)
    kind(cell.path(file))
    cell.run()
    check("S3", "attributes, access lists, owners", cell.carried_out())


@pytest.mark.parametrize(("task", "file"), PAIRS)
def test_a_hard_link_is_split_and_said_so_once(matrix, task, file):
    cell = matrix.cell(task)
    other = cell.home / "other-name"
    os.link(cell.path(file), other)
    before = other.read_bytes()
    cell.run()
    found = cell.carried_out()
    lines = [line for line in cell.said.splitlines() if "hard link" in line]
    # The vault keeps its older versions as hard links of its own.
    if file != "vault" and [str(cell.path(file)) in x for x in lines] != [True]:
        found.append(f"not said once: {cell.said}")
    if other.read_bytes() != before:
        found.append("the other name has other bytes")
    check("S3", "hard links", found)
