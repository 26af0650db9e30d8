"""The hook's text: what is put into it, and what it does where nobody types."""

import os
import shlex
import subprocess

import pytest

from keyswitch.errors import InputError, UsageError
from keyswitch.shells import hook_scripts
from keyswitch.shells.hook_scripts import HOOKS, hook_script
from tests.components import ROOT
from tests.shells import sessions

FOLDER = ROOT / "keyswitch" / "shells" / "hooks"
EACH = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in sessions.SHELLS],
)
PATHS = (
    "/you/.local/state/keyswitch/state.json",
    '/a b/it\'s "$x" `y` \\ * ? [z] {a,b} !! # ~ é \u2018\u202e/s.json',
    "/tab\t\r\x1b[31m\x7f/s.json",
    os.fsdecode(b"/not\xfftext/s.json"),
)
QUIET = {
    "bash": ["bash", "--norc"],
    "zsh": ["zsh", "-f"],
    "fish": ["fish", "-N"],
}


def run(argv, *, env=()):
    """Run a shell; return (status, stdout, stderr) as bytes."""
    done = subprocess.run(
        argv,
        env={**os.environ, "LC_ALL": "C.UTF-8", **dict(env)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


@EACH
@pytest.mark.parametrize("state_file", PATHS)
def test_the_shell_reads_the_path_that_was_given(tmp_path, shell, state_file):
    hook = tmp_path / "hook"
    hook.write_text(hook_script(shell, state_file, "/none"), encoding="utf-8")
    show = f'. {hook}; printf %s "$__keyswitch_state"'
    assert run([*QUIET[shell], "-c", show]) == (0, os.fsencode(state_file), b"")


@pytest.mark.parametrize("shell", HOOKS)
def test_every_hook_has_the_path_and_no_placeholder(shell):
    text = hook_script(shell, "/plain/state.json", "/none")
    assert "/plain/state.json" in text
    assert "_FILE@" not in text


@pytest.mark.real("nu")
@pytest.mark.parametrize("state_file", PATHS[:3])
def test_nu_reads_the_path_that_was_given(state_file):
    text = f"print -n {hook_scripts._quote_nu(state_file)}"
    assert run(["nu", "-n", "-c", text]) == (0, state_file.encode(), b"")


def test_powershell_gets_a_word_of_its_own_quoting():
    word = hook_scripts._quote_powershell("/it's/é/s.json")
    assert word == "(-join ('/it''s/',[char]233,'/s.json'))"


@pytest.mark.parametrize("shell", HOOKS)
@pytest.mark.parametrize("character", ["\n", "\0"])
def test_a_path_that_no_line_can_hold_is_refused(shell, character):
    with pytest.raises(InputError):
        hook_script(shell, f"/a{character}b/state.json", "/none")


@pytest.mark.parametrize("shell", ["nu", "pwsh"])
def test_a_path_that_is_no_text_is_refused_where_text_is_needed(shell):
    with pytest.raises(InputError):
        hook_script(shell, PATHS[3], "/none")


def test_an_unknown_shell_is_refused_with_the_known_ones():
    with pytest.raises(UsageError) as refused:
        hook_script("csh", "/state.json", "/none")
    assert refused.value.hint == (
        "known: bash, fish, nu, nushell, powershell, pwsh, zsh"
    )


@pytest.mark.real("zsh")
def test_the_zsh_hook_parses():
    assert run(["zsh", "-n", str(FOLDER / "hook.zsh")]) == (0, b"", b"")


@pytest.mark.real("fish")
def test_the_fish_hook_is_indented_as_fish_does():
    path = str(FOLDER / "hook.fish")
    assert run(["fish_indent", "--check", path]) == (0, b"", b"")


@EACH
@pytest.mark.parametrize("options", ["", "-eu", "-euf"])
def test_a_script_may_source_it_and_gets_the_wrapper(machine, shell, options):
    if shell == "fish" and options:
        options = ""
    hook = sessions.hook_file(shell, machine.folder / "hook")
    argv = [*QUIET[shell], *options.split()]
    assert run([*argv, "-c", f". {hook}"]) == (0, b"", b"")
    assert machine.calls() == []
    line = f". {hook}; keyswitch -q use personal; printenv ANTHROPIC_API_KEY"
    assert b"-FAKE-personal-" in run([*argv, "-c", line])[1]
    line = f". {hook}; keyswitch use nobody; echo no more"
    status, stdout, _ = run([*argv, "-c", line])
    ends = (1, b"") if options else (0, b"no more\n")
    assert (status, stdout) == ends


@EACH
def test_a_script_that_sources_it_gets_no_other_variable(machine, shell):
    hook = sessions.hook_file(shell, machine.folder / "hook")
    names = {
        "bash": "compgen -A variable; compgen -A function",
        "zsh": "print -l ${(k)parameters} ${(k)functions}",
        "fish": "set --names; functions -a",
    }[shell]
    follow = "__keyswitch_hook; keyswitch current"
    lines = [f"{names}", f". {hook}; {follow} >/dev/null; {names}"]
    before, after = [
        set(run([*QUIET[shell], "-c", line])[1].decode().split())
        for line in lines
    ]
    new = {n for n in after - before if not n.startswith("__keyswitch_")}
    # The last word of the shell itself, and what `keyswitch env` sets.
    assert new - {"_", "PIPESTATUS", "BASH_REMATCH", "pipestatus"} == {
        "ANTHROPIC_API_KEY", "KEYSWITCH_ENV", "keyswitch",
    }  # fmt: skip


CUT = {
    # By a trap: what is cut in a `$(` ends the subshell.
    "bash": """
look() {
  [[ -z ${PROMPT_COMMAND-} ]] || echo "$i $PROMPT_COMMAND"
  compgen -A function -X '!*keyswitch*'
  compgen -A variable -X '!*keyswitch*'
  echo "end $i"
}
text=$(cat FILE; printf x); text=${text%x}
for ((i = FIRST; i <= ${#text}; i += STEP)); do
  (trap look EXIT; eval "${text:0:i}") 2>/dev/null
done
""",
    "zsh": """
text=$(cat FILE; printf x); text=${text%x}
for ((i = FIRST; i <= ${#text}; i += STEP)); do
  (
    eval "${text[1,i]}"
    print -l ${(k)functions[(I)*keyswitch*]} ${(k)parameters[(I)*keyswitch*]}
    print -l $precmd_functions
    echo "end $i"
  ) 2>/dev/null
done
""",
    "fish": """
for i in (seq FIRST STEP SIZE)
  head -c $i FILE | source 2>/dev/null
  functions -a | string match '*keyswitch*'
  set --names | string match '*keyswitch*'
  echo "end $i"
end
""",
}


def cut(tmp_path, shell, text, first, step=8):
    """Source every so many prefixes, from the first that is named.

    Returns (what was defined, how many were looked at, how many there are).
    The whole text is not among them.
    """
    path = tmp_path / "text"
    path.write_text(text, encoding="utf-8")
    size = path.stat().st_size - 2
    driver = tmp_path / "driver"
    driver.write_text(
        CUT[shell].replace("FILE", shlex.quote(str(path)))
        .replace("${#text}", str(size))
        .replace("FIRST", str(first)).replace("SIZE", str(size))
        .replace("STEP", str(step))
    )  # fmt: skip
    flags = [] if shell == "fish" else ["-i"]
    argv = [*QUIET[shell], *flags, str(driver)]
    _, stdout, _ = run(argv, env={"LC_ALL": "C"})
    lines = stdout.decode().splitlines()
    ends = [line for line in lines if line.startswith("end ")]
    return (
        [n for n in lines if n and n not in ends],
        len(ends),
        (size - first) // step + 1,
    )


@EACH
@pytest.mark.full
@pytest.mark.parametrize("first", range(8))
def test_text_cut_at_any_byte_defines_nothing(tmp_path, shell, first):
    text = hook_script(shell, "/state.json", "/none")
    defined, looked_at, wanted = cut(tmp_path, shell, text, first)
    assert defined == []
    assert looked_at == wanted


@EACH
def test_the_harness_sees_text_that_is_no_group(tmp_path, shell):
    text = hook_script(shell, "/state.json", "/none")
    first, last = ("begin\n", "end\n") if shell == "fish" else ("{\n", "}\n")
    bare = text.replace(first, "", 1).removesuffix(last)
    defined, _, _ = cut(tmp_path, shell, bare, 0, 97)
    assert "__keyswitch_state" in defined
