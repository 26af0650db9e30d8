"""A .env file means the same to all its readers, or is refused."""

import io

import pytest

from keyswitch.errors import InputError
from keyswitch.shells import EnvScript, render
from tests.shells.conftest import hostile_values

CARRIED = (
    "",
    "sk-ant-FAKE_/+=@:,.-%",
    "two  words ",
    '$HOME `id` "x" #c',
    "it's",
    "it's\ntwo lines",
    "X-A: 1\nX-B: 2\n",
    '{"a": [1, "*"]}',
    "日本 é",
)


def _carried(values):
    for value in values:
        try:
            text = render("dotenv", EnvScript(assign=[("V0", value)]))
        except InputError:
            continue
        yield value, text


@pytest.mark.parametrize("value", CARRIED)
def test_ordinary_values_are_carried(value):
    render("dotenv", EnvScript(assign=[("V0", value)]))


@pytest.mark.parametrize(
    "value", ["${HOME}", "it's $5", "a\\b", "a\r", "\x1b[m", "'\"", "it's!"]
)
def test_values_that_readers_take_differently_are_refused(value):
    with pytest.raises(InputError, match="accepts the value of V0"):
        render("dotenv", EnvScript(assign=[("V0", value)]))


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(a, marks=pytest.mark.real(a[0]), id=a[0])
        for a in (["bash"], ["dash"], ["zsh", "-f"])
    ],
)
def test_a_shell_reads_what_was_meant(bench, argv):
    cases = list(_carried([*CARRIED, *hostile_values(500)]))
    paths = [bench.write(text) for _, text in cases]
    lines = [f"set -a; . {path}; env -0; printf '\\0END\\n'" for path in paths]
    seen = bench.environments(argv, lines, len(cases))
    assert [s.get("V0") for s in seen] == [value for value, _ in cases]


def test_python_dotenv_reads_what_was_meant():
    dotenv = pytest.importorskip("dotenv")
    cases = list(_carried([*CARRIED, *hostile_values(3000)]))
    seen = [
        dotenv.dotenv_values(stream=io.StringIO(text))["V0"]
        for _, text in cases
    ]
    assert seen == [value for value, _ in cases]


def test_tokens_stand_bare_for_docker():
    # `docker run --env-file` keeps quotes as part of the value.
    script = EnvScript(remove=["U"], assign=[("A", "sk-FAKE"), ("B", "x y")])
    assert render("dotenv", script) == "A=sk-FAKE\nB='x y'\n"
