"""Folders in which others may write, and files that somebody else made."""

import grp
import os
import pwd
from types import SimpleNamespace

import pytest

from keyswitch.disk import rewriting
from keyswitch.errors import FileStateError
from tests.faults.cases import cli
from tests.files.matrix import check
from tests.files.test_modes import AS_ANOTHER, SOMEBODY

ROOT_ONLY = pytest.mark.skipif(os.getuid() != 0, reason="needs root")
OTHER = 1235


def arranged(matrix, mode, group, task="use", folder=".claude"):
    """Give a cell with a folder of that mode and group."""
    cell = matrix.cell(task)
    path = cell.home / folder

    def prepare():
        os.chown(path, -1, group)
        path.chmod(mode)

    cell.prepare = prepare
    return cell


@AS_ANOTHER
@ROOT_ONLY
@pytest.mark.parametrize("folder", [".claude", ".config/keyswitch/profiles"])
@pytest.mark.parametrize(
    ("mode", "group"), [(0o777, SOMEBODY), (0o775, OTHER), (0o2770, OTHER)]
)
def test_a_folder_that_others_may_write_in_is_refused(
    matrix, mode, group, folder
):
    task = "use" if folder == ".claude" else "edit"
    cell = arranged(matrix, mode, group, task, folder)
    cell.run(user=SOMEBODY)
    check("S2", "folders that other users can write to", cell.refused())


@AS_ANOTHER
@ROOT_ONLY
@pytest.mark.parametrize(
    ("mode", "group"), [(0o775, SOMEBODY), (0o1777, OTHER), (0o755, OTHER)]
)
def test_a_folder_that_one_user_may_write_in_is_not(matrix, mode, group):
    cell = arranged(matrix, mode, group)
    cell.run(user=SOMEBODY)
    check("S2", "folders of one user", cell.carried_out())


@AS_ANOTHER
@ROOT_ONLY
def test_nothing_new_is_made_where_others_may_write(matrix):
    cell = arranged(matrix, 0o775, OTHER)
    cell.path("settings").unlink()
    cell.run(user=SOMEBODY, command=cli("use", "cloud"))
    check("S2", "folders that other users can write to", cell.refused())


@AS_ANOTHER
@ROOT_ONLY
def test_a_link_may_be_made_in_a_folder_that_a_group_shares(matrix):
    cell = matrix.cell("use")
    project = cell.home / "project"
    project.mkdir()
    cell.prepare = lambda: (
        os.chown(project, -1, OTHER), project.chmod(0o2775)
    )  # fmt: skip
    for argv in (("link", "two"), ("undo",)):
        done = cell.run(user=SOMEBODY, command=cli(*argv), folder="project")
        assert done.returncode == 0, cell.said
        assert (project / ".keyswitch").exists() == (argv[0] == "link")


@AS_ANOTHER
@ROOT_ONLY
@pytest.mark.parametrize(
    ("groups", "group", "mode"),
    [((), SOMEBODY, 0o600), ((OTHER,), OTHER, 0o640)],
    ids=["not a member", "a member"],
)
def test_the_rights_of_a_group_stay_with_that_group(
    matrix, groups, group, mode
):
    cell = matrix.cell("use")
    settings = cell.path("settings")
    cell.prepare = lambda: (
        os.chown(settings, SOMEBODY, OTHER), settings.chmod(0o640)
    )  # fmt: skip
    cell.run(user=SOMEBODY, groups=groups)
    assert cell.done.returncode == 0, cell.said
    found = settings.stat()
    assert (found.st_gid, found.st_mode & 0o777) == (group, mode)


@AS_ANOTHER
@ROOT_ONLY
def test_a_file_that_only_root_may_write_is_refused(matrix):
    cell = matrix.cell("use")
    cell.prepare = lambda: os.chown(cell.path("settings"), 0, 0)
    cell.path("settings").chmod(0o644)
    cell.run(user=SOMEBODY)
    check("S3", "a file of root's", cell.refused())


def test_a_linked_profile_is_removed_by_its_name(matrix):
    cell = matrix.cell("remove")
    kept = cell.home / "dotfiles.toml"
    cell.path("profile").rename(kept)
    cell.path("profile").symlink_to(kept)
    cell.run()
    assert cell.done.returncode == 0, cell.said
    assert not os.path.lexists(cell.path("profile"))
    assert kept.exists()
    cell.run(command=cli("undo"))
    assert cell.path("profile").read_bytes() == kept.read_bytes(), cell.said


# ------------------------------------------------ whose own group it is


class Accounts:
    """Two accounts with made-up groups."""

    def __init__(self, monkeypatch):
        self.users = [("me", 7, 7), ("you", 8, 8)]
        self.groups = {7: ("me", []), 8: ("you", []), 100: ("users", [])}
        monkeypatch.setattr(os, "getuid", lambda: 7)
        monkeypatch.setattr(os, "getgid", lambda: 7)
        monkeypatch.setattr(pwd, "getpwuid", lambda uid: self._users()[uid])
        monkeypatch.setattr(pwd, "getpwall", lambda: [*self._users().values()])
        monkeypatch.setattr(grp, "getgrgid", self._group)

    def _users(self):
        return {
            uid: pwd.struct_passwd((name, "x", uid, gid, "", "/", "/bin/sh"))
            for name, uid, gid in self.users
        }

    def _group(self, gid):
        name, members = self.groups[gid]
        return grp.struct_group((name, "x", gid, members))


@pytest.fixture
def accounts(monkeypatch):
    return Accounts(monkeypatch)


def is_refused(group):
    try:
        rewriting._require_own(
            "/x",
            "/folder",
            SimpleNamespace(st_mode=0o40775, st_uid=7, st_gid=group),
        )
    except FileStateError:
        return True
    return False


def test_a_group_of_ones_own_may_write(accounts):
    assert not is_refused(7)


def test_a_group_with_another_member_may_not(accounts):
    accounts.groups[7] = ("me", ["you"])
    assert is_refused(7)


def test_being_named_in_ones_own_group_is_no_matter(accounts):
    accounts.groups[7] = ("me", ["me"])
    assert not is_refused(7)


def test_somebody_elses_group_may_not(accounts):
    assert is_refused(8)


def test_a_group_that_is_the_first_one_of_several_may_not(accounts):
    accounts.users = [("me", 7, 100), ("you", 8, 100)]
    assert is_refused(100)


def test_a_group_that_is_the_first_one_of_nobody_else_may(accounts):
    accounts.users = [("me", 7, 100), ("you", 8, 8)]
    assert not is_refused(100)
