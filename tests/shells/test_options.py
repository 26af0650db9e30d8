"""Shell options that people set do not change what is exported."""

import pytest

from keyswitch.shells import EnvScript, render

VALUE = "it's * ? [x] {a,b} \\' !! ~ #c\n  $(touch tripwire)`x`\n\n"
SCRIPTS = (
    EnvScript(
        restore=["V3"], save=["V0", "V2"], remove=["V2"], assign=[("V0", VALUE)]
    ),
    EnvScript(restore=["V0", "V2"], assign=[("V4", "sk-FAKE"), ("V5", "")]),
)
BEFORE = {"V0": "my own", "V2": "2", "V3": "3"}
AFTER = (
    {"V0": VALUE, "ZSTATUS": "0"},
    {
        "V0": "my own",
        "V2": "2",
        "V4": "sk-FAKE",
        "V5": "",
        "ZSTATUS": "0",
    },
)
DUMP = "ZSTATUS=$? env -0; printf '\\0END\\n'"

ZSH_OPTIONS = (
    "RC_QUOTES", "SH_WORD_SPLIT", "KSH_ARRAYS", "ERR_EXIT", "NO_UNSET",
    "GLOB_SUBST", "EXTENDED_GLOB", "KSH_GLOB", "SH_GLOB", "CSH_JUNKIE_QUOTES",
    "IGNORE_BRACES", "NULL_GLOB", "CSH_NULL_GLOB", "NO_NOMATCH", "NO_GLOB",
    "MAGIC_EQUAL_SUBST", "BRACE_CCL", "POSIX_BUILTINS", "RC_EXPAND_PARAM",
    "KSH_TYPESET", "ALL_EXPORT", "INTERACTIVE_COMMENTS", "NO_MULTIBYTE",
    "CBASES", "POSIX_IDENTIFIERS", "C_BASES", "NO_BARE_GLOB_QUAL",
    "GLOB_ASSIGN", "GLOB_SUBST EXTENDED_GLOB SH_WORD_SPLIT",
)  # fmt: skip
BASH_OPTIONS = (
    "set -o posix", "set -eu", "set -euf", "set -f", "set -H", "set -a",
    "set -k", "set +B", "set -E; set -T", "shopt -s failglob",
    "shopt -s nullglob", "shopt -s extglob dotglob globstar nocaseglob",
    "shopt -s lastpipe", "shopt -s compat31", "shopt -u sourcepath",
    "alias ls='ls -l'; shopt -s expand_aliases",
)  # fmt: skip
CASES = [
    *(("bash", ["bash"], o) for o in BASH_OPTIONS),
    *(("zsh", ["zsh", "-f"], f"setopt {o}") for o in ZSH_OPTIONS),
    *(
        ("zsh", ["zsh", "-f"], f"emulate {o}")
        for o in ("sh", "ksh", "csh", "zsh -R")
    ),
    *(("sh", ["dash"], o) for o in ("set -eu", "set -f", "set -euf")),
    *(("ksh", ["ksh"], o) for o in ("set -eu", "set -f", "set +B", "set -euf")),
    *(("ksh", ["mksh"], o) for o in ("set -eu", "set -f", "set -o posix")),
    *(("sh", ["busybox", "sh"], o) for o in ("set -eu", "set -f")),
    *(("sh", ["bash", "--posix"], o) for o in ("set -euf", "set -k")),
    *(("sh", ["zsh", "-f"], f"emulate {o}") for o in ("sh", "ksh")),
]


def _cases(cases):
    return [
        pytest.param(
            *case, marks=pytest.mark.real(case[1][0]), id="-".join(
                (case[0], case[1][0], *case[2:])
            ).replace(" ", "_"),
        )
        for case in cases
    ]  # fmt: skip


def _run(bench, language, argv, lines):
    paths = [bench.write(render(language, s)) for s in SCRIPTS]
    driver = [line.replace("FILE", str(paths[i])) for i, line in lines]
    return tuple(
        bench.environments(argv, driver, len(SCRIPTS), env=BEFORE.items())
    )


@pytest.mark.parametrize("form", ['"$(cat FILE)"', "$(cat FILE)"])
@pytest.mark.parametrize(("language", "argv", "option"), _cases(CASES))
def test_options_change_nothing(bench, language, argv, option, form):
    first = f"{option}\neval {form}; {DUMP}"
    lines = [(0, first), (1, f"eval {form}; {DUMP}")]
    assert _run(bench, language, argv, lines) == AFTER


@pytest.mark.parametrize("separators", ["a", "", ".\\047;", "{} =", "_$"])
@pytest.mark.parametrize(
    ("language", "argv"),
    _cases(
        [
            ("bash", ["bash"]),
            ("zsh", ["zsh", "-f"]),
            ("ksh", ["ksh"]),
            ("ksh", ["mksh"]),
            ("sh", ["dash"]),
            ("sh", ["busybox", "sh"]),
        ]
    ),
)
def test_any_ifs_is_fine_when_quoted(bench, language, argv, separators):
    form = f'eval "$(cat FILE)"; {DUMP}'
    lines = [(0, f"IFS='{separators}'\n{form}"), (1, form)]
    assert _run(bench, language, argv, lines) == AFTER


@pytest.mark.parametrize(
    ("language", "argv", "head"),
    _cases(
        [
            ("bash", ["bash"], "f()"),
            ("zsh", ["zsh", "-f", "-o", "WARN_CREATE_GLOBAL"], "f()"),
            ("ksh", ["ksh"], "f()"),
            ("ksh", ["ksh"], "function f"),
            ("ksh", ["mksh"], "function f"),
            ("sh", ["dash"], "f()"),
        ]
    ),
)
def test_a_function_changes_its_caller(bench, language, argv, head):
    lines = [
        (i, f'{head} {{ eval "$(cat FILE)"; }}\nf; {DUMP}') for i in (0, 1)
    ]
    assert _run(bench, language, argv, lines) == AFTER


@pytest.mark.real("fish")
def test_a_fish_function_changes_its_caller(bench):
    dump = DUMP.replace("$?", "$status")
    lines = [
        (i, f"function f; cat FILE | source; end; f; {dump}") for i in (0, 1)
    ]
    assert _run(bench, "fish", ["fish", "-N"], lines) == AFTER
