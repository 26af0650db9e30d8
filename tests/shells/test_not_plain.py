"""Beside a local or typed variable a child gets all of it, or nothing changes.

`V1` is the profile's key, `V2` the address that would lead it elsewhere.
"""

import pytest

from keyswitch.shells import EnvScript, render
from tests.shells.test_readonly import SAID

KEY = "sk-ant-FAKE-EXAMPLE"
SCRIPT = EnvScript(save=["V1"], remove=["V2"], assign=[("V1", KEY)])
MINE = {"V1": "sk-ant-FAKE-mine", "V2": "https://gw.example"}
DONE = {"V1": KEY, "ZSTATUS": "0"}
UNCHANGED = {**MINE, "ZSTATUS": "1"}
DUMP = "ZSTATUS=$? env -0; printf '\\0END\\n'"
ARGV = {
    "bash": ("bash", ["bash"]),
    "zsh": ("zsh", ["zsh", "-f"]),
    "ksh": ("ksh", ["ksh"]),
    "mksh": ("ksh", ["mksh"]),
    "dash": ("sh", ["dash"]),
    "fish": ("fish", ["fish", "-N"]),
}


def _cases(*cases):
    return [
        pytest.param(*case, marks=pytest.mark.real(case[0])) for case in cases
    ]


def _seen(bench, shell, before, line):
    """Return what a child sees after the text, and what was said."""
    language, argv = ARGV[shell]
    path = bench.write(render(language, SCRIPT))
    driver = f"{before}\n{line.replace('FILE', str(path))}"
    said = bench.texts / "said"
    driver = driver.replace("SAID", str(said))
    [seen] = bench.environments(argv, [driver], 1, env=MINE)
    return seen, said.read_text()


EVAL = f'eval "$(cat FILE)" 2>SAID; {DUMP}'


@pytest.mark.parametrize(
    ("shell", "attribute"),
    _cases(
        ("bash", "declare -i V1"),
        ("bash", "declare -u V1"),
        ("bash", "declare -l V1"),
        ("zsh", "typeset -i V1"),
        ("zsh", "typeset -u V1"),
        ("ksh", "typeset -i V1"),
        ("ksh", "typeset -u V1"),
        ("ksh", "typeset -L5 V1"),
        ("mksh", "typeset -i V1"),
        ("mksh", "typeset -u V1"),
        ("mksh", "typeset -L5 V1"),
    ),
)
def test_a_key_is_not_put_into_a_typed_variable(bench, shell, attribute):
    before = f"{attribute} 2>/dev/null; env -0; printf '\\0END\\n'"
    language, argv = ARGV[shell]
    path = bench.write(render(language, SCRIPT))
    said = bench.texts / "said"
    line = EVAL.replace("FILE", str(path)).replace("SAID", str(said))
    first, then = bench.environments(argv, [before, line], 2, env=MINE)
    assert then == {**first, "ZSTATUS": "1"}
    assert said.read_text() == f"{SAID}V1\n"


@pytest.mark.parametrize(
    ("shell", "declared"),
    _cases(
        ("bash", "V1=(a b)"),
        ("bash", "declare -n V1=V9"),
        ("zsh", "typeset -a V1"),
        ("zsh", "typeset -A V1"),
        ("ksh", "nameref V1=V9"),
        ("mksh", "nameref V1=V9"),
    ),
)
def test_no_list_and_no_reference_is_half_changed(bench, shell, declared):
    seen, said = _seen(bench, shell, f"unset V1; {declared}", EVAL)
    assert seen == {"V2": MINE["V2"], "ZSTATUS": "1"}
    assert said == f"{SAID}V1\n"


@pytest.mark.parametrize(
    ("shell", "head", "local"),
    _cases(
        ("bash", "f()", "local V2"),
        ("bash", "f()", "local V2="),
        ("mksh", "function f", "typeset V2"),
    ),
)
def test_a_local_address_uncovers_no_other(bench, shell, head, local):
    line = f"{head} {{ {local}; {EVAL}\n}}; f"
    seen, said = _seen(bench, shell, "", line)
    assert (seen["V1"], seen["ZSTATUS"]) == (MINE["V1"], "1")
    assert said == f"{SAID}V2\n"


@pytest.mark.real("bash")
def test_a_variable_of_one_call_uncovers_no_other(bench):
    seen, said = _seen(
        bench, "bash", "", f"f() {{ {EVAL}\n}}; V2=https://tmp.example f"
    )
    assert seen == {**UNCHANGED, "V2": "https://tmp.example"}
    assert said == f"{SAID}V2\n"


@pytest.mark.parametrize(
    ("shell", "local"),
    _cases(
        ("bash", "local V1"),
        ("zsh", "local V1 V2"),
        ("ksh", "typeset V1 V2"),
        ("dash", "local V1 V2"),
    ),
)
def test_what_a_child_gets_from_a_function_is_whole(bench, shell, local):
    head = "function f" if shell == "ksh" else "f()"
    seen, said = _seen(bench, shell, "", f"{head} {{ {local}; {EVAL}\n}}; f")
    assert (seen, said) == (DONE, "")


@pytest.mark.real("fish")
@pytest.mark.parametrize("name", ["V1", "V2"])
@pytest.mark.parametrize("scope", ["-lx", "-l", "-fx"])
def test_a_variable_of_a_fish_function_is_not_passed_over(bench, name, scope):
    dump = DUMP.replace("$?", "$status")
    line = f"source FILE 2>SAID; {dump}"
    seen, said = _seen(
        bench, "fish", "", f"function f; set {scope} {name} x; {line}\nend; f"
    )
    other = {n: v for n, v in MINE.items() if n != name}
    assert {n: v for n, v in seen.items() if n != name} == {
        **other, "ZSTATUS": "1",
    }  # fmt: skip
    assert said == f"{SAID}{name}\n"
