"""Output that is cut at any byte does nothing at all."""

import shlex

import pytest

from keyswitch.shells import EnvScript, render

SCRIPTS = (
    EnvScript(assign=[("V0", "sk-FAKE-0"), ("V1", "sk-FAKE-1")]),
    EnvScript(
        restore=["V3"],
        save=["V0", "V2"],
        remove=["V2"],
        assign=[("V0", "it's; }\n$(x)"), ("V1", "; end; } fi; \n\n")],
    ),
)
WHOLE = pytest.mark.parametrize("script", SCRIPTS, ids=["plain", "hostile"])
BEFORE = {"V0": "before", "V2": "displaced", "V3": "ours"}
SHOW = 'printf \'%s|\' "$V0" "$V1" "$V2" "$V3" "$__keyswitch_saved_V0"'
LANGUAGES = pytest.mark.parametrize(
    ("language", "argv"),
    [
        pytest.param("bash", ["bash"], marks=pytest.mark.real("bash")),
        pytest.param("zsh", ["zsh", "-f"], marks=pytest.mark.real("zsh")),
        pytest.param("ksh", ["ksh"], marks=pytest.mark.real("ksh")),
        pytest.param("ksh", ["mksh"], marks=pytest.mark.real("mksh")),
        pytest.param("sh", ["dash"], marks=pytest.mark.real("dash")),
        pytest.param("sh", ["bash", "--posix"], marks=pytest.mark.real("bash")),
    ],
)
UNTOUCHED = b"before||displaced|ours||"


def _prefixes(text):
    return [text[:i] for i in range(len(text) + 1)]


def _judge(shown, script):
    """Split what was shown into none (False) and all (True)."""
    v0, v1 = (script.assign[0][1].encode(), script.assign[1][1].encode())
    whole = b"|".join((v0, v1, b"", b"", b"before", b""))
    if not script.save:
        whole = b"|".join((v0, v1, b"displaced", b"ours", b"", b""))
    assert set(shown) <= {UNTOUCHED, whole, b"stopped"}
    return [s == whole for s in shown]


@WHOLE
@LANGUAGES
@pytest.mark.parametrize("form", ["eval %s", "eval $(printf %%s %s)"])
def test_a_prefix_sets_nothing_in_a_posix_shell(
    bench, language, argv, script, form
):
    text = render(language, script)
    # mksh takes a second for every three hundred of them.
    step = 7 if argv == ["mksh"] else 1
    prefixes = _prefixes(text)[::-step]
    # A subshell each: some shells stop at a syntax error in eval.
    lines = [
        f"({form % shlex.quote(prefix)}; {SHOW}) 2>/dev/null || "
        "printf stopped; printf '\\036'"
        for prefix in prefixes
    ]
    stdout = bench.run(argv, "\n".join(lines), env=BEFORE)
    shown = _judge(stdout.split(b"\x1e")[:-1], script)
    assert shown == [len(prefix) >= len(text) - 1 for prefix in prefixes]


@WHOLE
@pytest.mark.real("fish")
def test_a_prefix_sets_nothing_in_fish(bench, script):
    text = render("fish", script)
    paths = [bench.write(prefix) for prefix in _prefixes(text)]
    reset = "; ".join(f"set -gx {n} {v}" for n, v in BEFORE.items())
    lines = [
        f"{reset}; set -e V1; set -e __keyswitch_saved_V0; "
        f"source {path} 2>/dev/null; {SHOW}; printf '\\036'"
        for path in paths
    ]
    # The first bytes of "begin" are taken for a command that does not exist.
    stdout = bench.run(["fish", "-N"], "\n".join(lines), quiet=False)
    shown = _judge(stdout.split(b"\x1e")[:-1], script)
    assert shown == [False] * (len(text) - 1) + [True, True]


@pytest.mark.real("bash")
def test_the_harness_sees_bare_statements_set_half(bench):
    text = "V0='sk-FAKE-0'; export V0; V1='sk-FAKE-1'; export V1"
    lines = [
        f"(eval {shlex.quote(p)}; {SHOW}) 2>/dev/null; printf '\\036'"
        for p in _prefixes(text)
    ]
    stdout = bench.run(["bash"], "\n".join(lines), env=BEFORE)
    with pytest.raises(AssertionError):
        _judge(stdout.split(b"\x1e")[:-1], SCRIPTS[0])
