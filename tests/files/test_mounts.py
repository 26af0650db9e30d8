"""S5: files that are mounts of their own, and file systems of other kinds."""

import filecmp
import os
import shutil
import stat

import pytest

from tests.faults.cases import cli
from tests.files import tree
from tests.files.homes import FILES
from tests.files.matrix import FIRST, PAIRS, check
from tests.files.test_links import elsewhere
from tests.files.test_modes import AS_ANOTHER, SOMEBODY

pytestmark = [
    pytest.mark.real("unshare"),
    pytest.mark.skipif(os.getuid() != 0, reason="needs root"),
]
IN_PLACE = [pair for pair in PAIRS if pair.values[1] != "vault"]
SAID = "is a mount point, so it was rewritten in place"


def outside(cell, file):
    """Put a copy of a file where it is mounted from; returns (it, mounts)."""
    path = cell.path(file)
    source = cell.home / "outside" / path.name
    source.parent.mkdir(exist_ok=True)
    shutil.copy2(path, source)
    return source, [("--bind", source, path)]


def said_once(cell, file):
    lines = [line for line in cell.said.splitlines() if SAID in line]
    if [str(cell.path(file)) in line for line in lines] != [True]:
        yield f"not said once: {cell.said}"


def put_back(cell, file, source):
    """Let the home have what the command saw at the mount."""
    shutil.copystat(source, cell.path(file))
    cell.path(file).write_bytes(source.read_bytes())


@pytest.mark.parametrize(("task", "file"), IN_PLACE)
def test_a_file_that_is_a_mount_is_rewritten_in_place(matrix, task, file):
    cell = matrix.cell(task)
    source, mounts = outside(cell, file)
    inode = source.stat().st_ino
    cell.run(mounts=mounts)
    found = [*said_once(cell, file)]
    if source.stat().st_ino != inode:
        found.append("the mounted file is another one")
    put_back(cell, file, source)
    check("S5", "files that are mounts", [*found, *cell.carried_out()])


@pytest.mark.parametrize(("task", "file"), PAIRS)
def test_a_file_that_is_a_read_only_mount_is_refused(matrix, task, file):
    cell = matrix.cell(task)
    _, [mount] = outside(cell, file)
    again = ("-o", "remount,bind,ro", cell.path(file))
    cell.run(mounts=[mount, again])
    check("S5", "files that are read-only mounts", cell.refused())


@pytest.mark.parametrize(("task", "file"), PAIRS)
def test_a_folder_that_is_a_read_only_mount_is_refused(matrix, task, file):
    cell = matrix.cell(task)
    folder = cell.path(file).parent
    mounts = [
        ("--bind", folder, folder),
        ("-o", "remount,bind,ro", folder),
    ]
    cell.run(mounts=mounts)
    check("S5", "folders that are read-only mounts", cell.refused())


@pytest.mark.parametrize(("task", "file"), PAIRS)
def test_a_folder_that_is_a_mount_is_as_any_other(matrix, task, file):
    cell = matrix.cell(task)
    folder = cell.path(file).parent
    cell.run(mounts=[("--bind", folder, folder)])
    check("S5", "folders that are mounts", cell.carried_out())


@pytest.mark.parametrize(("task", "file"), PAIRS)
def test_a_link_into_a_store_that_is_read_only_is_refused(matrix, task, file):
    cell = matrix.cell(task)
    target = elsewhere(cell, file)
    cell.path(file).symlink_to(target)
    store = target.parent
    cell.run(
        mounts=[("--bind", store, store), ("-o", "remount,bind,ro", store)]
    )
    check("S1", "links into a read-only store", cell.refused())


def test_a_login_that_is_a_mount_is_closed_to_others(matrix):
    cell = matrix.cell("use")
    source, mounts = outside(cell, "credentials")
    source.chmod(0o664)
    cell.run(mounts=mounts)
    assert cell.done.returncode == 0, cell.said
    assert stat.S_IMODE(source.stat().st_mode) == 0o600


@AS_ANOTHER
def test_a_login_that_cannot_be_closed_to_others_is_refused(matrix):
    cell = matrix.cell("use")
    source, mounts = outside(cell, "credentials")
    cell.prepare = lambda: (os.chown(source, 0, 0), source.chmod(0o666))
    cell.run(mounts=mounts, user=SOMEBODY)
    check("S5", "a mounted login that others may read", cell.refused())


def test_a_profile_that_is_a_mount_is_not_removed(matrix):
    cell = matrix.cell("remove")
    _, mounts = outside(cell, "profile")
    cell.run(mounts=mounts)
    check("S5", "a mount that was to be removed", cell.refused())


def test_a_vault_that_is_a_mount_is_refused(matrix):
    cell = matrix.cell("rotate")
    _, mounts = outside(cell, "vault")
    cell.run(mounts=mounts)
    check("S5", "a vault that is a mount", cell.refused())


@pytest.mark.parametrize(
    "file",
    [
        "settings",
        pytest.param("config", marks=pytest.mark.full),
        pytest.param("credentials", marks=pytest.mark.full),
    ],
)
@pytest.mark.parametrize("torn", [False, True], ids=["as-it-is", "torn"])
@pytest.mark.parametrize("call", ["write", "ftruncate", "fsync"])
@pytest.mark.real("strace")
def test_a_kill_in_the_middle_of_it_is_mended(matrix, file, call, torn):
    cell = matrix.cell("use")
    source, mounts = outside(cell, file)
    killed_in_place(cell, source, mounts, call)
    if torn:  # what a write that was cut short leaves
        source.write_bytes(source.read_bytes()[:20])
    recovered = cell.run(mounts=mounts, command=cli("history"))
    assert recovered.returncode == 0, cell.said
    found = [*said_once(cell, file)]
    put_back(cell, file, source)
    found += [
        f"{name} does not say what it has to"
        for name, meaning in matrix.plain("use").meanings.items()
        if tree.meaning(cell.home, name) != meaning
    ]
    found += [n for n in tree.look(cell.home) if ".keyswitch-" in n]
    check("S5", "kills in the middle of a rewrite in place", found)


def killed_in_place(cell, source, mounts, call):
    """Kill a command at the first such call on the mounted file."""
    log = cell.matrix.room / "log"
    before = source.read_bytes()
    number = number_of(cell, source, mounts, call, log)
    source.write_bytes(before)
    fresh = cell.matrix.cell(cell.task)
    outside(fresh, file_of(source))
    fault = f"inject={call}:signal=KILL:when={number}"
    done = fresh.run(mounts=mounts, wrap=strace(log, call, fault))
    assert done.returncode == -9, "the kill did not happen"
    journal = fresh.home / ".local/state/keyswitch/journal/commit"
    assert journal.exists(), "it was not in the middle"


def file_of(source):
    return next(
        f
        for f, n in FILES.items()
        if n.endswith(f"/{source.name}") or n == source.name
    )


def number_of(cell, source, mounts, call, log):
    """Return which call of a clean run is the one on the mounted file."""
    done = cell.run(mounts=mounts, wrap=strace(log, call))
    assert done.returncode == 0, cell.said
    lines = [x for x in log.read_text().splitlines() if x.startswith(call)]
    # In a changed root, strace shows the path from the real one.
    at = f"{cell.path(file_of(source))}>"
    return next(n for n, line in enumerate(lines, 1) if at in line)


def strace(log, call, *options):
    words = [word for option in options for word in ("-e", option)]
    return ("strace", "-y", "-o", str(log), "-e", f"trace={call}", *words)


# ------------------------------------------------------- other file systems


@pytest.fixture(scope="module")
def on_disk(new_matrix):
    """The same on the file system of temporary files."""
    return new_matrix(parent="/tmp")


@pytest.mark.parametrize(("task", "file"), [
    pytest.param(task, file, id=f"{task}-{file}")
    for file, task in FIRST.items()
])  # fmt: skip
def test_it_is_the_same_on_a_disk(on_disk, task, file):
    cell = on_disk.cell(task)
    cell.path(file).chmod(0o640)
    cell.run()
    check("S5", "a file system on a disk", cell.carried_out())


def is_same(one, other):
    return (
        other.exists()
        and os.stat(one).st_mode == os.stat(other).st_mode
        and filecmp.cmp(one, other, shallow=False)
    )


def merged(lower, upper):
    """Bring a home to what an overlay of it shows."""
    for top, dirs, names in os.walk(upper):
        place = lower / os.path.relpath(top, upper)
        for name in dirs:
            (place / name).mkdir(exist_ok=True)
        for name in names:
            ours = os.path.join(top, name)
            if stat.S_ISCHR(os.lstat(ours).st_mode):
                (place / name).unlink()  # how an overlay says that it is gone
                continue
            if is_same(ours, place / name):
                continue  # only opened for writing
            (place / name).unlink(missing_ok=True)
            shutil.copy2(ours, place / name)


@pytest.mark.parametrize("task", ["use", "off", "undo", "edit", "rotate",
                                  "install", "remove"])  # fmt: skip
def test_it_is_the_same_on_an_overlay(on_disk, task):
    cell = on_disk.cell(task)
    upper, work = on_disk.room / "upper", on_disk.room / "work"
    upper.mkdir()
    work.mkdir()
    options = f"lowerdir={cell.home},upperdir={upper},workdir={work}"
    cell.run(mounts=[("-t", "overlay", "-o", options, "none", cell.home)])
    merged(cell.home, upper)
    check("S5", "an overlay, as containers have", cell.carried_out())
