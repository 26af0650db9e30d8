"""Beside a variable that cannot be changed, nothing is changed at all."""

import pytest

from keyswitch.errors import InputError
from keyswitch.shells import EnvScript, fish, render

SHELLS = (
    ("bash", ["bash"]),
    ("bash", ["bash", "--posix"]),
    ("zsh", ["zsh", "-f"]),
    ("zsh", ["zsh", "--emulate", "ksh", "-f"]),
    ("ksh", ["ksh"]),
    ("ksh", ["mksh"]),
    ("sh", ["dash"]),
    ("sh", ["busybox", "sh"]),
    ("sh", ["bash"]),
)
EACH = pytest.mark.parametrize(
    ("language", "argv"),
    [
        pytest.param(
            language, argv, marks=pytest.mark.real(argv[0]),
            id=f"{language}-{'-'.join(argv)}",
        )
        for language, argv in SHELLS
    ],
)  # fmt: skip
FORMS = pytest.mark.parametrize("form", ['eval "$(cat {})"', "eval $(cat {})"])
# `set` shows unexported variables as well.
PROBE = (
    "set >{0}/before; {1} 2>{0}/said && ZSTATUS=0 || ZSTATUS=$?; "
    "set >{0}/after; export ZSTATUS; env -0; printf '\\0END\\n'"
)
SCRIPT = EnvScript(
    restore=["V0"],
    save=["V1"],
    remove=["V2"],
    assign=[("V1", "sk-FAKE-EXAMPLE"), ("V3", "it's * not")],
)
TOUCHED = (
    "V0", "V1", "V2", "V3", "__keyswitch_saved_V0", "__keyswitch_saved_V1",
)  # fmt: skip
MINE = {"V0": "a", "V1": "b", "V2": "c"}
SAID = (
    "keyswitch: error: nothing changed, because this shell has readonly, "
    "local or typed variables: "
)


def _variables(path):
    """Return what a test or keyswitch sets: others change by themselves."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return sorted(
        line
        for line in text.splitlines()
        if line.startswith(("V", "__keyswitch"))
    )


@EACH
@FORMS
@pytest.mark.parametrize("name", TOUCHED)
def test_nothing_changes_and_one_line_says_why(
    bench, language, argv, form, name
):
    command = form.format(bench.write(render(language, SCRIPT)))
    probe = PROBE.format(bench.texts, command)
    for value in ("", "=theirs"):
        for options in ("", "set -eu; "):
            driver = f"{options}readonly {name}{value}\n{probe}"
            [seen] = bench.environments(argv, [driver], 1, env=MINE)
            assert seen.pop("ZSTATUS") == "1"
            others = {n: v for n, v in seen.items() if n != name}
            assert others == {n: v for n, v in MINE.items() if n != name}
            assert _variables(bench.texts / "after") == _variables(
                bench.texts / "before"
            )
            assert (bench.texts / "said").read_text() == f"{SAID}{name}\n"


@EACH
@FORMS
def test_all_of_them_are_named(bench, language, argv, form):
    command = form.format(bench.write(render(language, SCRIPT)))
    driver = f"readonly V3 V1=x\n{command} 2>{bench.texts}/said"
    bench.run(argv, driver)
    assert (bench.texts / "said").read_text() == f"{SAID}V1 V3\n"


@EACH
def test_what_cannot_be_taken_back_stays_whole(bench, language, argv):
    back = EnvScript(restore=["V1", "V2"], remove=["V3"])
    text = bench.write(render(language, back))
    command = PROBE.format(bench.texts, f'eval "$(cat {text})"')
    [seen] = bench.environments(
        argv, [f"readonly V2\n{command}"], 1, env={"V1": "1", "V3": "3"}
    )
    assert {n: seen.get(n) for n in ("V1", "V3", "ZSTATUS")} == {
        "V1": "1", "V3": "3", "ZSTATUS": "1",
    }  # fmt: skip


@EACH
def test_a_script_under_set_e_ends_and_no_trap_runs_twice(
    bench, language, argv
):
    text = bench.write(render(language, SCRIPT))
    line = f"set -e; trap 'echo ended' EXIT; eval \"$(cat {text})\"; echo on"
    assert bench.run(argv, line) == b"on\nended\n"
    failed = bench.run(argv, f"readonly V2; {line}", quiet=False)
    assert failed == b"ended\n"


@pytest.mark.real("bash")
def test_the_trial_is_no_error_to_a_trap(bench):
    text = bench.write(render("bash", SCRIPT))
    line = f"set -E; trap 'echo error' ERR; eval \"$(cat {text})\"; echo on"
    assert bench.run(["bash"], line) == b"on\n"


@pytest.mark.parametrize(
    ("shell", "name"),
    [("fish", n) for n in ("status", "PWD", "history", "version")]
    + [("nu", "PWD"), ("nushell", "FILE_PWD")],
)
def test_a_name_that_the_shell_keeps_for_itself_is_refused(shell, name):
    script = EnvScript(assign=[("A", "sk-FAKE"), (name, "b")])
    with pytest.raises(InputError, match=f"does not allow setting {name}"):
        render(shell, script)


@pytest.mark.real("fish")
def test_fish_has_no_other_read_only_variables(bench):
    listed = bench.run(["fish", "-N"], "set --names").decode().split()
    tried = [f"set -gx {n} ${n} 2>/dev/null; or echo {n}" for n in listed]
    refused = bench.run(["fish", "-N"], "\n".join(tried), quiet=False)
    assert set(refused.decode().split()) <= fish._READ_ONLY | {"umask"}
    assert "status" in refused.decode().split()
