"""What never ran on a real machine of its kind says so, once."""

import re

import pytest

from keyswitch import experimental
from keyswitch.experimental import KINDS, STATUS, say_once
from keyswitch.express import EXPERIMENTAL
from keyswitch.shells import SHELLS
from tests.cli.keyswitch import KEY
from tests.components import ROOT

POWERSHELL = f"keyswitch: PowerShell is {STATUS}\n"


@pytest.mark.parametrize(
    "args",
    [
        ("env", "--shell", "pwsh"),
        ("env", "--shell", "powershell"),
        ("hook", "pwsh"),
        ("completion", "pwsh"),
        ("install", "pwsh", "--yes"),
    ],
    ids=" ".join,
)
def test_powershell_is_said_to_be_experimental_once(ks, args):
    ks.add("work", secret=KEY)
    ks("use", "work")
    assert ks(*args).err.count(POWERSHELL) == 1
    assert POWERSHELL not in ks(*args).err
    assert POWERSHELL not in ks("env", "--shell", "pwsh").err


def test_cmd_is_another_thing(ks):
    ks.add("work", secret=KEY)
    ks("use", "work")
    ks("hook", "pwsh")
    assert f"cmd is {STATUS}" in ks("env", "--shell", "cmd").err
    assert STATUS not in ks("env", "--shell", "cmd").err


def test_a_plan_and_other_shells_say_and_remember_nothing(ks):
    ks.add("work", secret=KEY)
    ks("use", "work")
    for args in (("install", "pwsh", "--dry-run"), ("env", "--shell", "fish")):
        assert STATUS not in ks(*args).err
    assert POWERSHELL in ks("hook", "pwsh").err


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_has_the_one_sentence(home, capsys, kind):
    (home / ".local/state/keyswitch").mkdir(parents=True)
    for _ in range(2):
        say_once(kind, {"HOME": str(home)})
    said = f"keyswitch: {KINDS[kind]} is {STATUS}\n"
    assert capsys.readouterr() == ("", said)


def test_where_nothing_can_be_remembered_nothing_is_said(home, capsys):
    say_once("pwsh", {"HOME": str(home)})
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("command", ["install", "hook", "env", "completion"])
def test_help_has_it(ks, command):
    words = " ".join(ks(command, "--help").out.split())
    assert " ".join(experimental.HELP.split()) in words


@pytest.mark.parametrize(
    "page", ["README.md", "docs/guides/directories-and-shells.md"]
)
def test_the_pages_have_the_same_words(page):
    text = " ".join((ROOT / page).read_text(encoding="utf-8").split())
    assert STATUS in text
    assert re.search("PowerShell", text)


def test_every_experimental_shell_is_known_where_it_is_said():
    assert set(EXPERIMENTAL) == {*SHELLS} & {*KINDS}
