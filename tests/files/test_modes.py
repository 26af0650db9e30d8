"""S2: modes are kept, whatever the umask and whoever runs it."""

import os
import stat
from itertools import product

import pytest

from tests.faults.cases import KEYS, cli
from tests.files.homes import PRIVATE
from tests.files.matrix import FIRST, check

SOMEBODY = 1234  # a user number; nobody has to have it
UMASKS = (0o000, 0o022, 0o077, 0o777)
KEPT = (0o600, 0o640, 0o644, 0o664)
NOT_WRITABLE = (0o400, 0o000)
IN_FIRST_TIER = [
    *product((*KEPT, *NOT_WRITABLE), ["settings"]),
    *product((0o640, 0o400), ["config", "credentials", "profile", "vault"]),
]
AS_ANOTHER = pytest.mark.real("other-users")
USERS = [
    pytest.param(None, id="me"),
    pytest.param(
        SOMEBODY,
        id="somebody",
        marks=[
            pytest.mark.skipif(os.getuid() != 0, reason="needs root"),
            AS_ANOTHER,
        ],
    ),
]


def table(modes):
    """Return the rows; in the first tier each mode, and the worst umask."""
    return [
        pytest.param(
            FIRST[file],
            file,
            mode,
            umask,
            marks=[] if umask == 0o777 and (mode, file) in IN_FIRST_TIER else
            [pytest.mark.full],
            id=f"{FIRST[file]}-{file}-{mode:04o}-umask-{umask:03o}",
        )
        for file, mode, umask in product(FIRST, modes, UMASKS)
    ]  # fmt: skip


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(("task", "file", "mode", "umask"), table(KEPT))
def test_a_mode_is_kept(matrix, task, file, mode, umask, user):
    cell = matrix.cell(task)
    cell.path(file).chmod(mode)
    cell.run(umask=umask, user=user)
    found = cell.carried_out()
    present = stat.S_IMODE(cell.path(file).stat().st_mode)
    if present != (0o600 if file in PRIVATE else mode):
        found.append(f"{mode:o} became {present:o}")
    check("S2", "modes that are kept or narrowed", found)


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize(("task", "file", "mode", "umask"), table(NOT_WRITABLE))
def test_a_file_that_its_owner_may_not_write_is_refused(
    matrix, task, file, mode, umask, user
):
    cell = matrix.cell(task)
    cell.path(file).chmod(mode)
    cell.run(umask=umask, user=user)
    check("S2", "modes without the right to write", cell.refused())


BEGINNING = (
    cli("vault", "init", "--machine-key"),
    cli("add", "one", "--provider", "anthropic", "--store", "vault",
        "--stdin", stdin=KEYS["one"].encode()),
    cli("use", "one"),
    cli("install", "fish", "--yes"),
)  # fmt: skip


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("umask", UMASKS, ids=lambda u: f"umask-{u:03o}")
def test_what_is_new_is_open_to_its_owner_only(matrix, umask, user):
    cell = matrix.cell("use")
    empty = cell.home / "empty"
    empty.mkdir()
    cell.home = empty
    for command in BEGINNING:
        done = cell.run(command=command, umask=umask, user=user)
        assert done.returncode == 0, cell.said
    found = []
    for top, dirs, names in os.walk(empty):
        for name in [*dirs, *names]:
            path = os.path.join(top, name)
            mode = stat.S_IMODE(os.lstat(path).st_mode)
            if mode != (0o700 if name in dirs else 0o600):
                found.append(f"{os.path.relpath(path, empty)}: {mode:o}")
    check("S2", "new files and folders", found)
