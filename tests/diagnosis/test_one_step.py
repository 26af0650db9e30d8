"""The one fix of a finding that an error is the reason of."""

import pytest

from keyswitch.diagnosis.one_step import one_step
from keyswitch.errors import KeyswitchError
from tests.diagnosis.fix_lines import faults_of

HINTS = {
    "": "keyswitch edit work",
    "run: keyswitch unlock": "keyswitch unlock",
    "store it again: keyswitch rotate NAME": "keyswitch rotate work",
    "keyswitch use work; if not: keyswitch off": "keyswitch use work",
    "see 'keyswitch list'": "keyswitch list",
    'in this shell: eval "$(keyswitch env)", or run it': (
        'eval "$(keyswitch env)"'
    ),
    "remove that permission: chmod o-w '/a b'": "chmod o-w '/a b'",
    "sign in: aws sso login, or: aws configure": "aws sso login",
    "restore /a/key": "restore /a/key",
    "replace /a/key, or ask who has it": "replace /a/key",
}


@pytest.mark.parametrize(("hint", "fix"), HINTS.items())
def test_the_first_way_of_a_hint_is_the_fix(hint, fix):
    error = KeyswitchError("it is so", hint)
    assert one_step(error, "because", "keyswitch edit work", "work")[1] == fix
    assert not faults_of(fix)


def test_another_way_is_a_part_of_why():
    error = KeyswitchError("it is so", "restore /a, or: keyswitch off")
    why, fix = one_step(error, "because", "")
    assert why == "because; or: keyswitch off"
    assert fix == "restore /a"


@pytest.mark.parametrize(
    "fix",
    [
        "keyswitch use NAME",
        "keyswitch use work, or keyswitch off",
        "keyswitch mend work",
        "keyswitch doctor --repair",
        "keyswitch use work extra",
        'eval "$(keyswitch evn)"',
        "unset A, or B",
        "chmod 600 '/a b",
        "check it: keyswitch managers allow x",
        "remove the line",
        "correct /a/b; then start again",
        "",
    ],
)
def test_what_is_no_fix_is_noticed(fix):
    assert faults_of(fix)
