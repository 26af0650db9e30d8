"""Rows and programs of a person's own: what they may be, and a yes first."""

import os
import re

import pytest

from keyswitch.errors import InputError, StoreError
from keyswitch.profiles.settings import Settings, load
from keyswitch.secrets.references import allowing, invocation, managers
from tests.components import ROOT
from tests.secrets.references.fake_tools import VALUE

ROW = {"command": ["corp-key", "get", "{path}"]}


def settings(**row):
    return Settings(managers={"corp": {**ROW, **row}})


def command_of(tools, settings, text="corp:ai/claude"):
    known = managers.load(settings)
    reference = known.parse(text)
    manager = known.get(reference.manager)
    return allowing.needs_yes(tools.paths, manager, reference)


@pytest.fixture(name="corp")
def corp_key(tools):
    tools.says("exec", f"{VALUE}\n")
    return tools


def test_a_row_is_one_more_manager(corp):
    allowing.allow(corp.paths, command_of(corp, settings()))
    assert corp.read("corp:ai/claude", settings()) == VALUE
    assert corp.words() == ["get", "ai/claude"]
    manager = managers.load(settings()).get("corp")
    assert (manager.title, manager.form) == ("corp", "corp:PATH")


def test_a_row_may_say_all_that_ours_say(corp):
    row = settings(
        title="Corp", form="corp:TEAM[/KEY]", example="corp:eng/key",
        pattern="corp:(?P<team>[a-z]+)(/(?P<key>.+))?",
        command=["corp-key", ["--key", "{key}"], "{team}"],
        environment=["CORP_*"], fixed={"CORP_MODE": "x"}, deadline=5,
        value="first line", texts={"missing": ["nope"]}, lifetime=60,
    )  # fmt: skip
    allowing.allow(corp.paths, command_of(corp, row, "corp:eng"))
    corp.read("corp:eng", row)
    assert corp.words() == ["eng"]
    corp.read("corp:eng/key", row)
    assert corp.words() == ["--key", "key", "eng"]


def test_nothing_of_config_toml_runs_without_a_yes(corp):
    with pytest.raises(StoreError, match="is not allowed yet") as e:
        corp.read("corp:ai/claude", settings())
    assert e.value.hint.endswith("keyswitch managers allow corp")
    assert not (corp.folder / "words").exists()


CHANGES = {
    "words": {"command": ["corp-key", "put", "{path}"]},
    "optional": {"command": ["corp-key", ["get"], "{path}"]},
    "program": {"command": ["other-key", "get", "{path}"]},
    "environment": {"environment": ["LD_PRELOAD"]},
    "fixed": {"fixed": {"CORP_MODE": "x"}},
    "pattern": {"pattern": "corp:(?P<path>[^-].*)"},
    "write": {"write": ["corp-key", "put", "{path}"]},
    "probe": {"probe": ["corp-key", "whoami"]},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_row_asks_again(corp, change):
    corp.says("other-key", VALUE)
    allowing.allow(corp.paths, command_of(corp, settings()))
    with pytest.raises(StoreError, match="has changed since you allowed it"):
        corp.read("corp:ai/claude", settings(**change))
    allowing.allow(corp.paths, command_of(corp, settings(**change)))
    assert corp.read("corp:ai/claude", settings(**change)) == VALUE
    with pytest.raises(StoreError, match="has changed since"):
        corp.read("corp:ai/claude", settings())


@pytest.mark.parametrize(
    "change", [{"deadline": 5}, {"lifetime": 60}, {"title": "Corp"}]
)
def test_what_starts_nothing_asks_nothing(corp, change):
    allowing.allow(corp.paths, command_of(corp, settings()))
    assert corp.read("corp:ai/claude", settings(**change)) == VALUE


def test_another_program_of_that_name_asks_again(corp, home, monkeypatch):
    allowing.allow(corp.paths, command_of(corp, settings()))
    (home / "first").mkdir()
    corp.says("exec").rename(home / "first" / "corp-key")
    corp.says("exec")
    monkeypatch.setenv("PATH", f"{home}/first:{corp.folder}")
    with pytest.raises(StoreError, match="first/corp-key"):
        corp.read("corp:ai/claude", settings())


def test_all_that_decides_is_shown(corp):
    row = settings(environment=["CORP_*"], fixed={"A": "b"})
    assert command_of(corp, row).lines() == [
        f"corp runs {corp.folder}/corp-key",
        '  ["corp-key", "get", "{path}"]',
        "  and sees CORP_*, A=b",
    ]


def test_a_program_of_exec_is_allowed_by_its_words(corp):
    path = f"{corp.folder}/corp-key"
    first = Settings(programs={"key": (path, "eng"), "other": (path, "ops")})
    command = command_of(corp, first, "exec:key")
    assert command.name == "exec:key"
    allowing.allow(corp.paths, command)
    assert corp.read("exec:key", first) == VALUE
    assert corp.words() == ["eng"]
    with pytest.raises(StoreError, match="'exec:other'"):
        corp.read("exec:other", first)
    with pytest.raises(StoreError, match="has changed since"):
        corp.read("exec:key", Settings(programs={"key": (path, "ops")}))


def test_another_program_for_one_of_ours_is_a_command_too(corp):
    row = Settings(managers={"op": {"program": f"{corp.folder}/corp-key"}})
    with pytest.raises(StoreError, match="is not allowed yet"):
        corp.read("op://Eng/claude/key", row)
    allowing.allow(corp.paths, command_of(corp, row, "op://Eng/claude/key"))
    assert corp.read("op://Eng/claude/key", row) == VALUE


def test_the_rows_of_the_documentation_are_rows(tools):
    text = (ROOT / "docs/guides/references.md").read_text(encoding="utf-8")
    os.makedirs(tools.paths.config)
    with open(tools.paths.config_file, "w") as file:
        file.writelines(re.findall("```toml\n(.*?)```", text, re.DOTALL))
    known = managers.load(load(tools.paths))
    assert {"corp", "keepassxc", "age"} <= {*known.names()}
    assert known.parse("exec:key").parts == {"name": "key"}
    reference = known.parse("corp:eng@ai/claude")
    assert reference.parts == {"team": "eng", "path": "ai/claude"}
    words = known.get("corp").command
    assert invocation.words(words, reference.parts)[2:] == [
        "--team", "eng", "ai/claude"
    ]  # fmt: skip
    assert known.get("corp").texts.locked == ("run corp login",)


WRONG = {
    "is not a program": {"command": ["{path}"]},
    "is relative": {"command": ["./corp-key"]},
    "relative": {"command": ["bin/corp-key"]},
    "a list of words": {"command": "corp-key"},
    "'command' must be a string": {"command": ["corp-key", [1]]},
    "starts with the program": {"command": [["corp-key"]]},
    "is not in 'pattern'": {"command": ["corp-key", "{token}"]},
    "invalid regular expression": {"pattern": "("},
    "unknown key 'comand'": {"comand": ["x"]},
    "a number of seconds": {"deadline": 0},
    "up to 600": {"deadline": "9"},
    "one of whole": {"value": "half"},
    "a table of missing": {"texts": {"gone": []}},
    "'title' must be a string": {"title": 1},
    "'fixed' must be a string": {"fixed": {"A": 1}},
    "a table of strings": {"fixed": []},
    "a list of strings": {"environment": "A"},
}


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_row_is_named_with_its_place(words):
    known = managers.load(settings(**WRONG[words]))
    with pytest.raises(InputError, match=words) as e:
        known.get("corp")
    assert "[managers.corp] of config.toml: " in e.value.message


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("keepassxc", "key_file", 5),
        ("age", "identity", ["~/key"]),
        ("aws-sm", "profile", "a\0b"),
        ("vault", "namespace", True),
        ("op", "program", "./op"),
        ("op", "program", 5),
        ("op", "deadline", "9"),
        ("op", "environment", "OP_*"),
    ],
)
def test_a_wrong_setting_of_one_of_ours_is_named(name, key, value):
    known = managers.load(Settings(managers={name: {key: value}}))
    with pytest.raises(InputError, match=rf"managers.{name}\] of config.toml"):
        known.get(name)


def test_a_row_cannot_stand_for_one_of_ours():
    known = managers.load(Settings(managers={"op": ROW}))
    with pytest.raises(InputError, match="'op' is a built-in"):
        known.parse("op://Eng/claude/key")


def test_a_table_without_a_command_is_no_manager():
    known = managers.load(Settings(managers={"corp": {"deadline": 5}}))
    assert "corp" not in known.names()
    with pytest.raises(InputError, match="and it has no 'command'"):
        known.get("corp")
    with pytest.raises(InputError, match="unknown manager 'nobody'"):
        known.get("nobody")


@pytest.mark.parametrize(
    "path", ["-x", "../x", "a/../b", "--get=x", "a\nb", ""]
)
def test_references_of_a_row_are_held_to_the_same_rules(path):
    with pytest.raises(InputError):
        managers.load(settings()).parse(f"corp:{path}")
