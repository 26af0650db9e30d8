"""A parser of PowerShell finds no error in anything that is written for it."""

import pytest
import tree_sitter_powershell
from tree_sitter import Language, Parser

from keyswitch.cli.switching.completion import script
from keyswitch.shells import EnvScript, render
from keyswitch.shells.hook_scripts import hook_script
from keyswitch.shells.rc_block import block

PARSER = Parser(Language(tree_sitter_powershell.language()))
ODD = ("it's", 'a "b" $c `d', "two\nlines", "tab\tand \u2028", "\u2018q\u2019")
FULL = EnvScript(
    restore=["PLAIN", "_x9"],
    save=["PLAIN"],
    remove=["GONE"],
    assign=[(f"NAME_{n}", value) for n, value in enumerate(ODD)],
)
TEXTS = {
    "hook": hook_script("pwsh", "/it's me/\u00e9/state.json", "/c.toml"),
    "completion": script("ps1"),
    "block": block("pwsh"),
    "env": render("powershell", FULL),
}


def is_sound(text):
    return not PARSER.parse(text.encode()).root_node.has_error


@pytest.mark.parametrize("name", TEXTS)
def test_it_is_powershell(name):
    assert is_sound(TEXTS[name])


@pytest.mark.parametrize("name", ["hook", "completion", "env"])
def test_it_is_one_group(name):
    # Cut short, it is a syntax error and does nothing.
    root = PARSER.parse(TEXTS[name].encode()).root_node
    (statements,) = [n for n in root.children if n.type != "comment"]
    (group,) = statements.children
    assert group.text.startswith(b"& {")


@pytest.mark.parametrize("name", ["hook", "completion", "env"])
@pytest.mark.parametrize("taken", ["}", ")", "'"])
def test_one_sign_less_is_noticed(name, taken):
    before, _, after = TEXTS[name].rpartition(taken)
    assert not is_sound(before + after)
