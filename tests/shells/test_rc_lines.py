"""Lines of start files that set a variable, whatever its value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyswitch.shells.rc_lines import find_assignments

NAME = "ANTHROPIC_API_KEY"
NAMES = (NAME, "OTHER")

# text -> the value, None where it is computed
SETS = {
    f"{NAME}=FAKE": "FAKE",
    f"export {NAME}=FAKE": "FAKE",
    f"  export {NAME}='FAKE x'  # mine": "FAKE x",
    f'export {NAME}="FAKE"\r': "FAKE",
    f"export {NAME}=FAKE;": "FAKE",
    f"set -gx {NAME} FAKE": "FAKE",
    f"set --global --export {NAME} 'FAKE'": "FAKE",
    f"$env.{NAME} = 'FAKE'": "FAKE",
    f"export {NAME}=$(pass show x)": None,
    f"export {NAME}=`pass show x`": None,
    f'export {NAME}="$OTHER_KEY"': None,
    f"export A=1 {NAME}=FAKE": None,
    f"declare -x {NAME}=FAKE": None,
    f"[ -f x ] && export {NAME}=FAKE": None,
    f"f() {{ export {NAME}=FAKE; }}": None,
    f"(export {NAME}=FAKE)": None,
    f"set -gx {NAME} (pass show x)": None,
    f"setenv {NAME} FAKE": None,
    f"{NAME} DEFAULT=FAKE": None,
    f"{NAME} = 'FAKE'": None,
    f"export {NAME}=": None,
}
SETS_NOT = (
    f"# export {NAME}=FAKE",
    f"   # {NAME}=FAKE",
    f"export MY_{NAME}=FAKE",
    f"export {NAME}_2=FAKE",
    f"echo ${NAME}",
    f"unset {NAME}",
    f"export {NAME}",
    f"set -e {NAME}",
    "export SOMETHING=else",
    "",
)


@pytest.mark.parametrize("text", SETS)
def test_a_line_that_sets_it_is_found_with_its_value(text):
    (found,) = find_assignments(f"a=b\n{text}\nc=d", NAMES)
    assert (found.line, found.name) == (2, NAME)
    assert found.value == SETS[text]
    assert found.text == text
    assert "FAKE" not in repr(found).replace("value='FAKE", "")


@pytest.mark.parametrize("text", SETS_NOT)
def test_a_line_that_does_not_set_it_is_not(text):
    assert find_assignments(text, NAMES) == []


def test_two_on_one_line_are_both_found():
    found = find_assignments(f"export OTHER=1 {NAME}=2", NAMES)
    assert [(a.name, a.value) for a in found] == [(NAME, None), ("OTHER", None)]


def test_the_same_name_is_found_on_every_line():
    found = find_assignments(f"{NAME}=a\n{NAME}=b\n", NAMES)
    assert [(a.line, a.value) for a in found] == [(1, "a"), (2, "b")]


@given(st.lists(st.sampled_from([*SETS, *SETS_NOT, "é\x0b\u2028x=1"])))
def test_every_line_of_the_answer_is_that_line_of_the_text(lines):
    text = "\n".join(lines)
    for found in find_assignments(text, NAMES):
        assert text.split("\n")[found.line - 1] == found.text


@given(st.text(alphabet="=$'\" \n#;&|(AB_env.setx-", max_size=80))
def test_no_text_breaks_it(text):
    for found in find_assignments(f"{text}A{text}", ("A", "AB")):
        assert found.name in found.text
