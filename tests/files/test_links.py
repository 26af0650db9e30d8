"""S1: each file as a link of some kind. Links stay, their targets change."""

import os
import shutil

import pytest

from tests.files.matrix import PAIRS, check


def elsewhere(cell, file, folder=None):
    """Move a file and its older versions; returns where it is now."""
    path = cell.path(file)
    folder = folder or cell.home / "elsewhere"
    folder.mkdir(exist_ok=True)
    for each in path.parent.glob(f"{path.name}*"):
        shutil.copy2(each, folder / f"kept-{each.name}")
        each.unlink()
    return folder / f"kept-{path.name}"


def to_a_file(cell, file):
    target = elsewhere(cell, file)
    cell.path(file).symlink_to(target)


def to_a_relative_path(cell, file):
    target = elsewhere(cell, file)
    path = cell.path(file)
    path.symlink_to(os.path.relpath(target, path.parent))


def over_three_links(cell, file):
    target = elsewhere(cell, file)
    (cell.home / "second").mkdir()
    (cell.home / "second/third").symlink_to(target)
    (target.parent / "second").symlink_to("../second/third")
    cell.path(file).symlink_to(target.parent / "second")


def in_a_linked_folder(cell, file):
    folder = cell.path(file).parent
    if folder == cell.home:
        target = cell.home.with_name("elsewhere")
    else:
        target = cell.home / "elsewhere"
    folder.rename(target)
    folder.symlink_to(target)


def to_another_file_system(cell, file):
    there = cell.matrix.new_room("/var/tmp")
    if os.stat(there).st_dev == os.stat(cell.home).st_dev:
        pytest.skip("there is one file system here")
    cell.path(file).symlink_to(elsewhere(cell, file, there))


def to_nothing(cell, file):
    path = cell.path(file)
    path.unlink()
    path.symlink_to("../nowhere")


def to_itself(cell, file):
    path = cell.path(file)
    path.unlink()
    (path.parent / "back").symlink_to(path.name)
    path.symlink_to("back")


def into_a_folder_of_read_only_files(cell, file):
    target = elsewhere(cell, file)
    cell.path(file).symlink_to(target)
    target.chmod(0o444)
    target.parent.chmod(0o555)


FOLLOWED = (
    to_a_file,
    to_a_relative_path,
    over_three_links,
    in_a_linked_folder,
    to_another_file_system,
)
REFUSED = (to_nothing, to_itself, into_a_folder_of_read_only_files)


@pytest.mark.parametrize("kind", FOLLOWED, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("task", "file"), PAIRS)
def test_a_link_stays_and_its_target_is_rewritten(matrix, task, file, kind):
    cell = matrix.cell(task)
    kind(cell, file)
    cell.run()
    check("S1", "links that are followed", cell.carried_out())


@pytest.mark.parametrize("kind", REFUSED, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("task", "file"), PAIRS)
def test_a_link_to_no_file_of_ours_is_refused(matrix, task, file, kind):
    cell = matrix.cell(task)
    kind(cell, file)
    cell.run()
    check("S1", "links that are refused", cell.refused())
