"""install and uninstall claude-statusline: one key of the settings."""

import json
import time

import pytest

from tests.cli.keyswitch import KEY

FORMS = [
    None,
    "",
    "\n",
    "{}",
    "{ }\n",
    '{"model": "opus"}',
    '{\r\n\t"a": 1.0e1,\r\n\t"statusLine": { "command":"echo a"},"b":[]}\r\n',
]


WAYS = [
    ["undo"],
    ["uninstall", "claude-statusline", "--yes"],
    ["uninstall", "--all", "--yes"],
]


@pytest.fixture
def settings(ks):
    path = ks.file(".claude/settings.json")
    path.parent.mkdir()
    return path


def put(path, text):
    if text is not None:
        path.write_bytes(text.encode())


def read(path):
    return path.read_bytes().decode() if path.exists() else None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", FORMS, ids=range(len(FORMS)))
def test_what_was_there_comes_back_byte_for_byte(ks, settings, way, text):
    put(settings, text)
    ks("install", "claude-statusline", "--dry-run")
    assert read(settings) == text
    ks("install", "claude-statusline", "--yes")
    line = json.loads(read(settings))["statusLine"]
    assert line["type"] == "command"
    assert line["command"].endswith(" statusline")
    once = read(settings)
    ks("install", "claude-statusline", "--yes")
    assert read(settings) == once
    ks(*way)
    assert read(settings) == text
    assert not ks.file(".local/state/keyswitch/status-lines.json").exists()


def test_a_former_status_line_is_called_with_the_same_input(ks, settings):
    former = {"type": "command", "command": "cat; exit 3", "padding": 2}
    put(settings, json.dumps({"statusLine": former}))
    ks("install", "claude-statusline", "--yes")
    assert json.loads(read(settings))["statusLine"]["padding"] == 2
    text = '{"session_id": "\u00e4"}'
    assert ks("statusline", stdin=text, code=3).out == text


def test_a_former_one_that_hangs_is_bounded(ks, settings):
    former = {"type": "command", "command": "echo a; sleep 60; echo b"}
    put(settings, json.dumps({"statusLine": former}))
    ks("install", "claude-statusline", "--yes")
    began = time.monotonic()
    assert ks("statusline", stdin="{}").out in ("", "a\n")
    assert time.monotonic() - began < 20


def test_use_and_off_leave_it_alone(ks, settings):
    put(settings, '{"model": "opus"}')
    ks("add", "key", "--provider", "anthropic", "--stdin", stdin=KEY)
    ks("install", "claude-statusline", "--yes")
    line = json.loads(read(settings))["statusLine"]
    ks("use", "key")
    assert json.loads(read(settings))["statusLine"] == line
    ks("off")
    ks("uninstall", "claude-statusline", "--yes")
    assert read(settings) == '{"model": "opus"}'


def test_what_somebody_wrote_since_stays(ks, settings):
    ks("install", "claude-statusline", "--yes")
    other = '{"statusLine": {"type": "command", "command": "mine"}}'
    settings.write_text(other)
    ks("uninstall", "claude-statusline", "--yes")
    assert read(settings) == other


@pytest.mark.parametrize(
    "text",
    ['{"statusLine": "x"}', '{"statusLine": null}', "{", "[]",
     json.dumps({"statusLine": {"command": f"line {KEY}"}})],
    ids=range(5),
)  # fmt: skip
def test_what_cannot_be_edited_is_left(ks, settings, text):
    put(settings, text)
    done = ks("install", "claude-statusline", "--yes", code=1)
    assert done.error
    assert KEY not in done.err
    assert read(settings) == text


def test_a_folder_of_its_own(ks):
    other = ks.file("other")
    other.mkdir()
    ks("install", "claude-statusline", "--yes", CLAUDE_CONFIG_DIR=str(other))
    assert "statusLine" in read(other / "settings.json")
    assert not ks.file(".claude/settings.json").exists()
    ks("uninstall", "--all", "--yes")
    assert read(other / "settings.json") is None


def test_doctor_names_one_that_is_gone(ks, settings):
    command = "/no/such/bin/keyswitch statusline"
    line = {"statusLine": {"type": "command", "command": command}}
    put(settings, json.dumps(line))
    done = ks("doctor", code=None)
    assert "runs a keyswitch that does not exist" in done.out + done.err
    ks("install", "claude-statusline", "--yes")
    done = ks("doctor", code=None)
    assert "runs a keyswitch that does not exist" not in done.out + done.err
    ks("uninstall", "claude-statusline", "--yes")
    assert json.loads(read(settings)) == {}


@pytest.mark.parametrize("line", ["x", None, {"command": f"line {KEY}"}])
@pytest.mark.parametrize(
    "args", [("uninstall", "claude-statusline"), ("uninstall", "--all")]
)
def test_what_came_since_stops_no_removal(ks, settings, line, args):
    ks("install", "claude-statusline", "--yes")
    text = json.dumps({"statusLine": line})
    settings.write_text(text)
    ks(*args, "--yes")
    assert read(settings) == text


def test_a_linked_settings_file(ks, settings):
    real = ks.file("dotfiles.json")
    put(real, '{"model": "opus"}')
    settings.symlink_to(real)
    ks("install", "claude-statusline", "--yes")
    assert settings.is_symlink()
    ks("uninstall", "--all", "--yes")
    assert settings.is_symlink()
    assert read(real) == '{"model": "opus"}'


def test_after_use_and_before_off(ks, settings):
    ks("add", "key", "--provider", "anthropic", "--stdin", stdin=KEY)
    put(settings, '{"model": "opus"}')
    ks("use", "key")
    ks("install", "claude-statusline", "--yes")
    ks("off")
    assert "statusLine" in json.loads(read(settings))
    ks("use", "key")
    ks("uninstall", "--all", "--yes")
    assert read(settings) == '{"model": "opus"}'
