"""Installations of Claude Code: how many, and how old."""

import json
from pathlib import Path

import pytest

from keyswitch.diagnosis.findings.installations import installs, version_of
from keyswitch.targets.claude_code.resolver.scene import Scene
from keyswitch.targets.claude_code.rules import OBSERVED_VERSION
from tests.diagnosis.homes import Home

PROGRAM = "#!/bin/sh\n"
VERSIONS = ".local/share/claude/versions/bin"


def native(version, **more):
    """Return the files of the native installer: a link to a version."""
    return Home(
        files={f"{VERSIONS}/{version}": PROGRAM, **more},
        folders=(".local/bin",),
        links={".local/bin/claude": f"../share/claude/versions/bin/{version}"},
    )


HOMES = {
    "claude-twice": (
        native(OBSERVED_VERSION, **{"bin/claude": PROGRAM}),
        native(OBSERVED_VERSION).but(
            environ={"PATH": "{home}/bin:{home}/.local/bin:{home}/.local/bin"}
        ),
    ),
    "claude-old": (native("1.0.9"), native(OBSERVED_VERSION)),
}


def package(folder, name="@anthropic-ai/claude-code", version="2.0.1-beta"):
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(
        json.dumps({"name": name, "version": version})
    )
    program = folder / "cli.js"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    return program


def test_a_package_tells_its_version(tmp_path):
    assert version_of(str(package(tmp_path / "a"))) == "2.0.1"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "5", '{"name": 5}', '{"name": "other"}']
)
def test_a_package_that_says_nothing_has_no_version(tmp_path, text):
    program = package(tmp_path / "a")
    (program.parent / "package.json").write_text(text)
    assert version_of(str(program)) == ""


def test_what_cannot_be_started_is_no_installation(tmp_path):
    home = Path(tmp_path)
    (home / "a" / "claude").mkdir(parents=True)
    (home / "b").mkdir()
    (home / "b" / "claude").write_text(PROGRAM)
    (home / "b" / "claude").chmod(0o644)
    path = f"{home}/a:{home}/b::{home}/gone"
    assert installs(Scene({"PATH": path}, home=str(home), cwd="/")) == []


def test_the_first_of_the_path_comes_first(tmp_path):
    first = package(tmp_path / "a")
    second = package(tmp_path / "b", version="2.0.2")
    for program, place in ((first, "x"), (second, "y")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "claude").symlink_to(program)
    path = f"{tmp_path}/y:{tmp_path}/x"
    found = installs(Scene({"PATH": path}, home=str(tmp_path), cwd="/"))
    assert [i.version for i in found] == ["2.0.2", "2.0.1"]
