"""What Claude Code does with a helper whose program was removed, or moved."""

import json
import shutil

import pytest

from tests.install import places
from tests.real.accounts import ACCOUNTS, add, sends

PLACES = ("plain", "my programs/it's $HOME", places.LONG)


def switch(machine, folder):
    """Switch to a profile with a keyswitch of an environment of its own."""
    command = places.environment(folder)
    add(machine, "first")
    machine.run([str(command), "use", "first"])
    return command


@pytest.mark.parametrize("place", PLACES)
def test_the_helper_is_found_in_a_folder_of_any_name(machine, tmp_path, place):
    command = switch(machine, tmp_path / place)
    settings = json.loads((machine.claude_home / "settings.json").read_text())
    assert str(command).partition("'")[0] in settings["apiKeyHelper"]
    assert sends(machine.claude(), "first")


def test_a_helper_of_a_removed_program_fails_with_a_sentence(machine, tmp_path):
    switch(machine, tmp_path / "my programs")
    shutil.rmtree(tmp_path / "my programs")
    recorded = machine.claude()
    assert "apiKeyHelper failed: exited 127: " in recorded.stderr
    assert (
        "keyswitch is not installed any more: install it again, or remove "
        "this command from settings.json\n" in recorded.stderr
    )
    assert not [a for a in ACCOUNTS.values() if recorded.mentions(a.secret)]
    found = machine.keyswitch("doctor", check=False)
    assert "apiKeyHelper cannot run: " in found.stdout + found.stderr


def test_what_a_helper_says_of_itself_is_not_changed(machine, tmp_path):
    switch(machine, tmp_path / "my programs")
    machine.keyswitch("edit", "first", "--only", "/nowhere/**")
    recorded = machine.claude()
    assert "apiKeyHelper failed: exited 1: keyswitch: " in recorded.stderr
    assert "not installed" not in recorded.stderr
