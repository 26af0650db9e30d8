"""Installations of Claude Code: how many, and how old."""

import json
from pathlib import Path

import pytest

from keyswitch.diagnosis.findings.installations import installs, version_of
from keyswitch.targets.claude_code import versions
from keyswitch.targets.claude_code.resolver.scene import Scene
from tests import claude_setups
from tests.diagnosis.homes import Home, profile

PROGRAM = "#!/bin/sh\n"
OBSERVED = versions.OBSERVED[0]
VERSIONS = ".local/share/claude/versions/bin"


def native(version, **more):
    """Return the files of the native installer: a link to a version."""
    return Home(
        files={f"{VERSIONS}/{version}": PROGRAM, **more},
        folders=(".local/bin",),
        links={".local/bin/claude": f"../share/claude/versions/bin/{version}"},
    )


CODEX = Home(
    files={"bin/codex": PROGRAM},
    environ={"PATH": "{home}/bin"},
    profiles={"oa": profile("openai")},
    chosen="oa",
)
HOMES = {
    "claude-twice": (
        native(OBSERVED, **{"bin/claude": PROGRAM}),
        native(OBSERVED).but(
            environ={"PATH": "{home}/bin:{home}/.local/bin:{home}/.local/bin"}
        ),
    ),
    "claude-version": (native("2.1.199"), native(OBSERVED)),
    "export-ignored": (CODEX, CODEX.but(files={})),
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


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("opt/homebrew/Caskroom/claude-code/2.1.330/claude", "2.1.330"),
        ("nix/store/abc0-claude-code-2.1.330/bin/claude", "2.1.330"),
        (".local/share/mise/installs/claude/2.1.330/bin/claude", "2.1.330"),
        ("store/@anthropic-ai+claude-code@2.1.330/x/bin/claude", "2.1.330"),
        (".nvm/versions/node/v22.1.0/bin/claude", ""),
        ("usr/bin/claude", ""),
        ("work-2.1/claude", ""),
    ],
)
def test_a_path_tells_the_version(tmp_path, path, version):
    program = tmp_path / path
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM)
    assert version_of(str(program)) == version


def test_a_script_of_a_package_manager_tells_it(tmp_path):
    program = tmp_path / "claude"
    inside = ".pnpm/@anthropic-ai+claude-code@2.1.330/node_modules/cli.js"
    program.write_text(f'#!/bin/sh\nexec node "$basedir/{inside}" "$@"\n')
    assert version_of(str(program)) == "2.1.330"


@pytest.mark.parametrize(
    ("version", "age"),
    [
        ("2.1.330", ""),
        ("2.1.331", ""),
        ("2.1.332", ""),
        ("2.1.333", "newer"),
        ("2.2.0", "newer"),
        ("2.1.327", "older"),
        ("1.0.9", "older"),
        ("", ""),
    ],
)
def test_a_version_that_was_not_observed_is_doubted(version, age):
    said = versions.doubt(version)
    assert (f"is {age} than" in said) if age else said == ""


def test_an_old_version_is_told_what_it_does_otherwise(look):
    finding = look(native("2.1.250"))["claude-version"]
    assert "CLAUDE_CODE_OAUTH_TOKEN" in finding.why
    assert "Bedrock" not in finding.why


def test_the_changes_are_in_order_and_each_names_an_observation():
    ids = {
        case["id"]
        for name in claude_setups.case_files()
        for case in claude_setups.load(name)
    }
    ends = [versions.parts(change.first) for change in versions.OLD_BEHAVIORS]
    assert ends == sorted(ends)
    for change in versions.OLD_BEHAVIORS:
        assert versions.parts(change.last) < versions.parts(change.first)
        assert change.seen in ids


def test_an_editor_runs_the_program_of_its_newest_extension(look):
    name = ".vscode/extensions/anthropic.claude-code-{}-linux-x64/package.json"
    home = Home(
        files={name.format("2.1.9"): "{}", name.format("2.1.400"): "{}"},
        environ={"CLAUDE_CODE_ENTRYPOINT": "claude-vscode"},
    )
    assert "2.1.400 is newer" in look(home)["claude-version"].what
