"""scripts/release: all of it or nothing, and nothing leaves the machine."""

import shutil
import subprocess

import pytest

from tests.components import ROOT

CHANGELOG = (
    "# Changelog\n\n## [Unreleased]\n\n- Flies.\n\n## [0.1.0] - 2026-11-29\n"
)
# Building is tested by the script that builds.
PACKAGE = '#!/bin/sh\nmkdir -p "$1" && : >"$1/keyswitch.whl"\n'


class Clone:
    """A repository with the files that a release touches."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "keyswitch").mkdir(parents=True)
        (folder / "scripts").mkdir()
        for name in ("pyproject.toml", "keyswitch/__init__.py", ".gitignore"):
            shutil.copy(ROOT / name, folder / name)
        shutil.copy(ROOT / "scripts/release", folder / "scripts/release")
        (folder / "scripts/package").write_text(PACKAGE)
        (folder / "scripts/package").chmod(0o755)
        (folder / "CHANGELOG.md").write_text(CHANGELOG)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "user.name", "Somebody")
        self.git("config", "user.email", "somebody@example.org")
        self.commit()

    def git(self, *args):
        return subprocess.run(
            ["git", *args], cwd=self.folder, check=True,
            capture_output=True, text=True,
        ).stdout  # fmt: skip

    def commit(self):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message=changes")

    def release(self, *args):
        return subprocess.run(
            [self.folder / "scripts/release", *args], cwd="/",
            check=False, capture_output=True, text=True,
        )  # fmt: skip

    def everything(self):
        tree = self.git("status", "--porcelain", "--ignored")
        return tree, self.git("show-ref"), self.git("stash", "list")


@pytest.fixture
def clone(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return Clone(tmp_path / "a clone")


def test_without_yes_a_release_is_shown_and_not_kept(clone):
    (clone.folder / ".cache").mkdir()
    before = clone.everything()
    done = clone.release("1.2.3")
    assert done.returncode == 0, done.stderr
    assert '+version = "1.2.3"' in done.stdout
    assert '+__version__ = "1.2.3"' in done.stdout
    assert "+## [1.2.3] - 20" in done.stdout
    assert clone.everything() == before


def test_a_release_is_one_commit_with_its_tag_and_packages(clone):
    done = clone.release("1.2.3", "--yes")
    assert done.returncode == 0, done.stderr
    assert clone.git("describe", "HEAD") == "v1.2.3\n"
    assert clone.git("rev-list", "--count", "HEAD") == "2\n"
    assert clone.git("status", "--porcelain") == ""
    assert (clone.folder / "dist" / "keyswitch.whl").exists()
    text = (clone.folder / "CHANGELOG.md").read_text()
    head, _, rest = text.partition("\n\n## [1.2.3] - ")
    assert head == "# Changelog\n\n## [Unreleased]"
    assert rest[10:] == "\n\n- Flies.\n\n## [0.1.0] - 2026-11-29\n"


def test_a_section_with_a_date_keeps_it(clone):
    assert clone.release("0.1.0", "--yes").returncode == 0
    assert (clone.folder / "CHANGELOG.md").read_text() == CHANGELOG


@pytest.mark.parametrize(
    ("args", "what"),
    [
        ((), "a version has the form 1.2.3"),
        (("v1.2.3",), "a version has the form 1.2.3"),
        (("1.2.3", "--yse"), "there is no option '--yse'"),
    ],
)
def test_a_wrong_call_is_said(clone, args, what):
    done = clone.release(*args)
    assert done.returncode == 1
    assert done.stderr.startswith(f"release: error: {what}\nrelease: hint: ")


def dirty(clone):
    (clone.folder / "new file").touch()


def tagged(clone):
    clone.git("tag", "v1.2.3")


def detached(clone):
    clone.git("checkout", "--quiet", "--detach")


def no_news(clone):
    path = clone.folder / "CHANGELOG.md"
    path.write_text(CHANGELOG.replace("- Flies.\n\n", ""))
    clone.commit()


def unbuildable(clone):
    (clone.folder / "scripts/package").write_text("#!/bin/sh\nexit 1\n")
    clone.commit()


@pytest.mark.parametrize(
    "fault", [dirty, tagged, detached, no_news, unbuildable]
)
def test_what_cannot_be_released_is_left_as_it_is(clone, fault):
    (clone.folder / ".cache").mkdir()
    fault(clone)
    before = clone.everything()
    assert clone.release("1.2.3", "--yes").returncode == 1
    assert clone.everything() == before
