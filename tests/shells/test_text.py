"""What the text itself promises, without a shell."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.errors import InputError, UsageError
from keyswitch.shells import SHELLS, EnvScript, render

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
POSIX = ("bash", "zsh", "ksh", "sh")


def _everything(value):
    return EnvScript(
        restore=["R"], save=["A"], remove=["U"], assign=[("A", value)]
    )


@pytest.mark.parametrize("shell", POSIX)
@given(value=TEXTS)
def test_posix_text_holds_nothing_that_word_splitting_can_hurt(shell, value):
    text = render(shell, _everything(value))
    assert text.isascii()
    assert text == " ".join(text.split()) + "\n"
    assert not {"*", "?", "[", "~", "!", "<", "|"} & set(text)
    assert not any("{" in word and "," in word for word in text.split())


@given(value=TEXTS)
def test_fish_powershell_and_json_texts_are_one_line(value):
    script = _everything(value)
    for shell in ("fish", "pwsh", "json", "nu"):
        assert len(render(shell, script).splitlines()) == 1


@given(value=TEXTS)
def test_json_gives_back_any_value(value):
    script = _everything(value)
    script.restore.append("B")
    script.assign.append(("B", ""))
    assert json.loads(render("json", script)) == {
        "version": 1,
        "set": {"A": value, "B": ""},
        "unset": ["R", "U"],
    }
    assert render("nu", script) == render("json", script)


def test_a_token_stays_readable():
    script = EnvScript(assign=[("A", "sk-ant-api03-FAKE_/+=%")])
    expected = " then A='sk-ant-api03-FAKE_/+=%'; export A; else "
    for shell in ("bash", "ksh", "sh"):
        assert expected in render(shell, script)


def test_powershell_text_is_as_agreed():
    assert render("pwsh", _everything("sk-FAKE")) == (
        "& { if (Test-Path -LiteralPath Variable:Global:__keyswitch_saved_R)"
        " { $env:R = $global:__keyswitch_saved_R;"
        " Remove-Variable -Name __keyswitch_saved_R -Scope Global"
        " -ErrorAction SilentlyContinue } else"
        " { Remove-Item -LiteralPath Env:R -ErrorAction SilentlyContinue };"
        " if (Test-Path -LiteralPath Env:A)"
        " { $global:__keyswitch_saved_A = $env:A } else"
        " { Remove-Variable -Name __keyswitch_saved_A -Scope Global"
        " -ErrorAction SilentlyContinue };"
        " Remove-Item -LiteralPath Env:U -ErrorAction SilentlyContinue;"
        " $env:A = 'sk-FAKE' }\n"
    )


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("", "''"),
        ("it's $x `n", "'it''s $x `n'"),
        ("\u2019; rm", "(-join ([char]8217,'; rm'))"),
        ("a\nb", "(-join ('a',[char]10,'b'))"),
        ("\n", "(-join ([char]10))"),
        ("\U0001f511", "(-join ([char]55357,[char]56593))"),
    ],
)
def test_powershell_values_are_ascii(value, quoted):
    text = render("powershell", EnvScript(assign=[("A", value)]))
    assert text == f"& {{ $env:A = {quoted} }}\n"


def test_cmd_text_is_as_agreed():
    text = render("cmd", _everything("a b&c^d|e"))
    assert text == 'set "R="\nset "U="\nset "A=a b&c^d|e"\n'


@pytest.mark.parametrize(
    "value", ["", "a\nb", 'a"b', "%PATH%", "a!b", "é", "\t", "x" * 8200]
)
def test_cmd_refuses_what_it_cannot_carry(value):
    with pytest.raises(InputError, match="cmd cannot set the value of A"):
        render("cmd", EnvScript(assign=[("A", value)]))


@pytest.mark.parametrize(
    ("shell", "name"),
    [
        (s, n)
        for s in SHELLS
        for n in ("", "1A", "A-B", "A B", "A;x", "É", "A\n")
    ],
)
def test_no_shell_takes_a_strange_variable_name(shell, name):
    for script in (
        EnvScript(restore=[name]),
        EnvScript(save=[name]),
        EnvScript(remove=[name]),
        EnvScript(assign=[(name, "a")]),
    ):
        with pytest.raises(InputError, match="variable name"):
            render(shell, script)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("value", ["sk-FAKE\0", "sk-FAKE\udc80"])
def test_no_shell_takes_nul_or_half_characters(shell, value):
    with pytest.raises(InputError) as caught:
        render(shell, EnvScript(assign=[("A", value)]))
    assert "FAKE" not in repr(caught.value) + str(caught.value.__context__)


def test_an_unknown_shell_is_named_as_such():
    with pytest.raises(UsageError, match="unknown shell"):
        render("tcsh", EnvScript())


@pytest.mark.parametrize("shell", SHELLS)
def test_rendering_loads_no_more_than_the_express_lane_may(shell):
    code = f"""
import sys, os, __future__
sys.path.insert(0, {os.getcwd()!r})
before = set(sys.modules)
from keyswitch.shells import detect, render
from keyswitch.shells import EnvScript
detect.parent_shell()
render({shell!r}, EnvScript(remove=["U"], assign=[("A", "b")]))
print(*(set(sys.modules) - before))
"""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {m.partition(".")[0] for m in done.stdout.split()}
    assert "keyswitch" in loaded
    assert ("json" in loaded) == (shell in {"json", "nu", "nushell"})
    assert "json" in loaded or loaded == {"keyswitch"}
