"""A shell gives back what it had before, and keeps nothing of its own."""

import random

import pytest

from keyswitch.shells import EnvScript, render
from tests.shells.conftest import hostile_values

NAMES = ("V0", "V1", "V2", "V3")
DUMP = "ZSTATUS=$? env -0; printf '\\0END\\n'"
QUOTED = f'eval "$(cat FILE)"; {DUMP}'
UNQUOTED = f"eval $(cat FILE); {DUMP}"
FISH = "cat FILE | source; ZSTATUS=$status env -0; printf '\\0END\\n'"
LEFT = "set > LEFT"

LANGUAGES = pytest.mark.parametrize(
    ("language", "argv", "line"),
    [
        pytest.param(
            language, argv, line, marks=pytest.mark.real(argv[0]),
            id=f"{language}-{argv[0]}-{form}",
        )
        for language, argv in (
            ("bash", ["bash", "-eu"]),
            ("zsh", ["zsh", "-feu"]),
            ("ksh", ["ksh", "-eu"]),
            ("ksh", ["mksh", "-eu"]),
            ("sh", ["dash", "-eu"]),
            ("sh", ["busybox", "sh", "-eu"]),
            ("fish", ["fish", "-N"]),
        )
        for form, line in (
            (("source", FISH),)
            if language == "fish"
            else (("quoted", QUOTED), ("unquoted", UNQUOTED))
        )
    ],
)  # fmt: skip


class Model:
    """What EnvScript means, in Python."""

    def __init__(self, environ):
        self.environ = dict(environ)
        self.saved = {}

    def apply(self, script):
        for name in script.restore:
            self.environ.pop(name, None)
            if name in self.saved:
                self.environ[name] = self.saved.pop(name)
        for name in script.save:
            self.saved.pop(name, None)
            if name in self.environ:
                self.saved[name] = self.environ[name]
        for name in script.remove:
            self.environ.pop(name, None)
        self.environ.update(script.assign)
        return dict(self.environ)


def _random_script(dice, values):
    some = [[n for n in NAMES if dice.random() < 0.4] for _ in range(4)]
    return EnvScript(
        restore=some[0],
        save=some[1],
        remove=[n for n in some[2] if n not in some[3]],
        assign=[(n, dice.choice(values)) for n in some[3]],
    )


@LANGUAGES
def test_any_sequence_follows_the_model(bench, language, argv, line):
    dice = random.Random(6)
    values = hostile_values(100, seed=6)
    before = {"V0": "my own", "V1": "it's\n * mine\n"}
    model = Model(before)
    scripts = [_random_script(dice, values) for _ in range(100)]
    scripts.append(EnvScript(restore=NAMES))
    paths = [bench.write(render(language, s)) for s in scripts]
    left = bench.home / "left"
    lines = [line.replace("FILE", str(p)) for p in paths] + [f"set > {left}"]
    seen = bench.environments(argv, lines, len(paths), env=before.items())
    assert seen == [{**model.apply(s), "ZSTATUS": "0"} for s in scripts]
    assert b"keyswitch_saved" not in left.read_bytes()


@LANGUAGES
def test_a_saved_value_is_not_exported(bench, language, argv, line):
    path = bench.write(render(language, EnvScript(save=["V0"])))
    stdout = bench.run(
        argv, line.replace("FILE", str(path)), env={"V0": "sk-FAKE"}
    )
    assert b"keyswitch_saved" not in stdout


@pytest.mark.parametrize(
    ("language", "argv"),
    [
        pytest.param("bash", ["bash", "-a"], marks=pytest.mark.real("bash")),
        pytest.param("zsh", ["zsh", "-fa"], marks=pytest.mark.real("zsh")),
    ],
)
def test_a_saved_value_is_not_exported_under_allexport(bench, language, argv):
    path = bench.write(render(language, EnvScript(save=["V0"])))
    stdout = bench.run(
        argv, QUOTED.replace("FILE", str(path)), env={"V0": "sk-FAKE"}
    )
    assert b"keyswitch_saved" not in stdout


@LANGUAGES
def test_an_empty_script_does_nothing(bench, language, argv, line):
    path = bench.write(render(language, EnvScript()))
    seen = bench.environments(
        argv, [line.replace("FILE", str(path))], 1, env={"V0": "a"}
    )
    assert seen == [{"V0": "a", "ZSTATUS": "0"}]


@pytest.mark.real("bash")
def test_unset_leaves_a_function_of_the_same_name_alone(bench):
    path = bench.write(render("bash", EnvScript(remove=["V0"])))
    driver = f'V0() {{ printf kept; }}; eval "$(cat {path})"; V0'
    assert bench.run(["bash"], driver) == b"kept"


@pytest.mark.real("fish")
def test_a_universal_fish_variable_is_hidden_and_comes_back(bench):
    hide = bench.write(render("fish", EnvScript(save=["V0"], remove=["V0"])))
    off = bench.write(render("fish", EnvScript(restore=["V0"])))
    bench.run(["fish"], "set -Ux V0 universal")
    seen = bench.environments(
        ["fish"],
        [FISH.replace("FILE", str(path)) for path in (hide, hide, off)],
        3,
    )
    assert seen == [
        {"V0": "", "ZSTATUS": "0"},
        {"V0": "", "ZSTATUS": "0"},
        {"V0": "universal", "ZSTATUS": "0"},
    ]
    assert b"universal" in bench.run(["fish"], "echo $V0")


@pytest.mark.real("nu")
def test_nushell_unsets_what_is_set_and_ignores_what_is_not(bench):
    script = EnvScript(restore=["V0"], remove=["V2"], assign=[("V1", "new")])
    path = bench.write(render("nu", script))
    driver = (
        f"let ks = (open --raw {path} | decode utf-8 | from json)\n"
        "load-env $ks.set\n"
        "hide-env --ignore-errors ...$ks.unset\n"
        'print -rn (^env -0) "\\u{0}END\\n"'
    )
    seen = bench.environments(
        ["nu", "-n"], [driver], 1, env={"V0": "0", "V1": "old"}
    )
    assert seen == [{"V1": "new"}]
