"""The hook beside other prompt hooks, odd options, aliases and itself."""

import pytest

from tests.shells import sessions

EACH = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in sessions.SHELLS],
)
BUILTINS = (
    "eval", "command", "local", "return", "read", "printf", "set", "unset",
    "export", "type", "exec", "test", "typeset", "emulate", "whence",
    "unfunction", "keyswitch", "__keyswitch_hook",
)  # fmt: skip
# As starship's start text for bash does it.
STARSHIP = """
starship_precmd() {
  STARSHIP_CMD_STATUS=$? STARSHIP_PIPE_STATUS="${PIPESTATUS[*]}"
  if [[ -n ${STARSHIP_PROMPT_COMMAND-} ]]; then
    (exit "$STARSHIP_CMD_STATUS")
    eval "$STARSHIP_PROMPT_COMMAND"
  fi
  one=$STARSHIP_CMD_STATUS two=$STARSHIP_CMD_STATUS
}
if [[ -z ${PROMPT_COMMAND-} ]]; then
  PROMPT_COMMAND=starship_precmd
elif [[ $PROMPT_COMMAND != *starship_precmd* ]]; then
  STARSHIP_PROMPT_COMMAND="$PROMPT_COMMAND"
  PROMPT_COMMAND=starship_precmd
fi
"""
KEEPS = "a() { one=$?; return $one; }; PROMPT_COMMAND=a"
DIRENV = 'eval "$(direnv hook bash)"'
BASH = {
    "string": f'{KEEPS}\nHOOK\nPROMPT_COMMAND="$PROMPT_COMMAND; two=\\$?"',
    "string before": "PROMPT_COMMAND='two=$?'\nHOOK\n"
    'PROMPT_COMMAND="one=\\$?; (exit \\$one); $PROMPT_COMMAND"',
    "semicolon": "PROMPT_COMMAND='one=$? two=$?; '\nHOOK",
    "comment": "PROMPT_COMMAND='one=$? two=$? # mine'\nHOOK",
    "array": "PROMPT_COMMAND=('one=$?')\nHOOK\nPROMPT_COMMAND+=('two=$?')",
    "sparse array": "PROMPT_COMMAND=([3]='one=$?')\nHOOK\n"
    "PROMPT_COMMAND+=('two=$?')",
    "empty array": "PROMPT_COMMAND=()\nHOOK\nPROMPT_COMMAND+=('one=$? two=$?')",
    "later array": "HOOK\nPROMPT_COMMAND+=('one=$?' 'two=$?')",
    "set -e": "PROMPT_COMMAND='one=$?'\nHOOK\nPROMPT_COMMAND+=('two=$?')\n"
    "set -e; trap 'echo ended' EXIT",
    "starship before": f"{STARSHIP}\nHOOK",
    "starship after": f"HOOK\n{STARSHIP}",
    "direnv before": f"{KEEPS}\n{DIRENV}\nHOOK\n"
    'PROMPT_COMMAND="$PROMPT_COMMAND; two=\\$?"',
    "direnv after": f"{KEEPS}\nHOOK\n{DIRENV}\n"
    'PROMPT_COMMAND="$PROMPT_COMMAND; two=\\$?"',
}
ZSH = {
    "array": "a() { one=$? }; b() { two=$? }; precmd_functions=(a)\nHOOK\n"
    "precmd_functions+=(b)",
    "oh-my-zsh": "autoload -Uz add-zsh-hook; a() { one=$? }; b() { two=$? }\n"
    "precmd() { three=$? }; add-zsh-hook precmd a\nHOOK\n"
    "add-zsh-hook precmd b",
    "direnv": "a() { one=$? }; b() { two=$? }; precmd_functions=(a)\n"
    'eval "$(direnv hook zsh)"\nHOOK\nprecmd_functions+=(b)',
    "ERR_EXIT": "a() { one=$? }; b() { two=$? }; precmd_functions=(a)\nHOOK\n"
    "precmd_functions+=(b); setopt ERR_EXIT",
}
FISH = {
    "events": "function a --on-event fish_prompt; set -g one $status; end\n"
    "HOOK\nfunction b --on-event fish_prompt; set -g two $status; end",
    "direnv": "function a --on-event fish_prompt; set -g one $status; end\n"
    "direnv hook fish | source\nHOOK\n"
    "function b --on-event fish_prompt; set -g two $status; end",
}
CASES = [
    pytest.param(
        shell, text, id=f"{shell}-{name}",
        marks=pytest.mark.real(shell, *["direnv"] * ("direnv" in text)),
    )
    for shell, table in (("bash", BASH), ("zsh", ZSH), ("fish", FISH))
    for name, text in table.items()
]  # fmt: skip


@pytest.mark.parametrize(("shell", "rc"), CASES)
def test_the_status_is_kept_for_everybody(machine, shell, rc):
    terminal = machine.open(shell, rc=rc.replace("HOOK", sessions.HOOK[shell]))
    # What fails here ends no shell, whatever its options are.
    seven = "sh -c 'exit 7'; and true" if shell == "fish" else (
        "sh -c 'exit 7' && :"
    )  # fmt: skip
    status = "$status" if shell == "fish" else "$?"
    terminal.enter(seven)
    assert terminal.shows(f'echo "{status} $one $two"') == "7 7 7"
    machine.keyswitch("use", "personal")
    assert terminal.said(seven) == ["keyswitch: work -> personal"]
    assert terminal.shows(f'echo "{status} $one $two"') == "7 7 7"
    terminal.enter()
    assert terminal.shows(f'echo "{status} $one $two"') == "0 0 0"


@pytest.mark.real("bash")
def test_a_later_prompt_hook_still_sees_every_status_of_a_pipe(machine):
    rc = 'a() { pipes="${PIPESTATUS[*]}"; }; PROMPT_COMMAND=a\nHOOK'
    rc = rc.replace("HOOK", sessions.HOOK["bash"])
    terminal = machine.open("bash", rc=rc)
    terminal.enter("false | true | sh -c 'exit 3'")
    assert terminal.shows("echo $pipes") == "1 0 3"


@pytest.mark.real("direnv")
@EACH
def test_direnv_and_the_hook_work_side_by_side(machine, shell):
    project = machine.home / "project"
    project.mkdir()
    (project / ".envrc").write_text("export OF_DIRENV=yes\n")
    direnv = {"fish": "direnv hook fish | source"}
    rc = direnv.get(shell, f'eval "$(direnv hook {shell})"')
    terminal = machine.open(shell, rc=f"{rc}\n{sessions.HOOK[shell]}")
    terminal.enter("direnv allow project/.envrc")
    machine.keyswitch("use", "personal")
    assert terminal.said("cd project") == ["keyswitch: work -> personal"]
    assert terminal.environment()["OF_DIRENV"] == "yes"
    assert terminal.key() == "personal"


@EACH
def test_sourced_twice_it_is_one_hook(machine, shell):
    hook = sessions.HOOK[shell]
    terminal = machine.open(shell, rc=f"{hook}\n{hook}")
    terminal.enter(hook)
    entries = {
        "bash": 'echo "${PROMPT_COMMAND[*]}" | grep -o __keyswitch_hook',
        "zsh": "print -l $precmd_functions | grep keyswitch",
        "fish": "functions --handlers | grep keyswitch",
    }
    shown = terminal.shows(entries[shell]).split()
    assert [w for w in shown if w != "fish_prompt"] == ["__keyswitch_hook"]
    machine.keyswitch("use", "personal")
    assert terminal.said() == ["keyswitch: work -> personal"]
    assert machine.calls() == ["env --shell " + shell]


OPTIONS = [
    *(("bash", o) for o in (
        "set -eu", "set -euf", "IFS=a", "set -o posix", "set -k", "set -a",
        "set -f; shopt -s nocasematch failglob extglob", "set -C",
        "set -E; trap 'echo failed' ERR", "shopt -s lastpipe compat31",
        "set -T; shopt -s extdebug", "unset PWD",
    )),
    *(("zsh", f"setopt {o}") for o in (
        "SH_WORD_SPLIT; IFS=a", "KSH_ARRAYS", "NO_UNSET", "ALL_EXPORT",
        "ERR_EXIT", "ERR_RETURN", "WARN_CREATE_GLOBAL WARN_NESTED_VAR",
        "KSH_GLOB SH_GLOB", "GLOB_SUBST EXTENDED_GLOB", "IGNORE_BRACES",
        "CSH_NULL_GLOB MAGIC_EQUAL_SUBST", "NO_GLOB", "RC_QUOTES NO_CLOBBER",
        "POSIX_BUILTINS POSIX_IDENTIFIERS", "RC_EXPAND_PARAM KSH_TYPESET",
        "CSH_JUNKIE_LOOPS CSH_JUNKIE_QUOTES", "XTRACE_IS_TESTED_BELOW",
    )[:-1]),
    *(("zsh", f"emulate {o}; setopt PROMPT_SUBST") for o in ("ksh", "sh")),
    ("fish", "set -U __keyswitch_key x; set -U __keyswitch_state y"),
    ("fish", "set -Ux __keyswitch_key; set -U __keyswitch_new z"),
    ("fish", "set -U ANTHROPIC_API_KEY sk-ant-api03-FAKE-mine-0"),
    ("fish", "set -U KEYSWITCH_ENV work:f:1::"),
    ("fish", "set -g IFS a"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("shell", "option"),
    [pytest.param(*o, marks=pytest.mark.real(o[0])) for o in OPTIONS],
)
def test_options_that_people_set_change_nothing(machine, shell, option):
    hook = sessions.hook_file(shell, machine.folder / "hook")
    terminal = machine.open(shell, rc=f"{option}\n. {hook}")
    assert sessions.lines_of_keyswitch(terminal.greeting) == []
    assert terminal.key() == "work"
    machine.keyswitch("use", "personal")
    shown = terminal.enter()
    assert sessions.lines_of_keyswitch(shown) == ["keyswitch: work -> personal"]
    assert "_keyswitch_" not in shown
    assert "failed" not in shown
    said = terminal.said("keyswitch use work")
    assert said == ["keyswitch: switched to 'work'"]
    environ = terminal.environment()
    assert "-work-" in environ["ANTHROPIC_API_KEY"]
    left = [n for n in environ if "_keyswitch" in n or "BASH_FUNC" in n]
    assert left == []
    assert terminal.said() == []


@pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in ("bash", "zsh")],
)
def test_aliases_and_functions_named_like_builtins_are_passed_over(
    machine, shell
):
    names = list(BUILTINS) + [":"] * (shell == "bash")
    rc = "\n".join(f"alias {name}='echo ALIAS'" for name in names)
    hook = sessions.hook_file(shell, machine.folder / "hook")
    functions = "".join(
        f"\nfunction {name} {{ echo FUNCTION; }}"
        for name in ("printf", "read", "test", "type", "whence")
    )
    rc = f"{rc}\n{functions}\n\\. {hook}\nunalias keyswitch __keyswitch_hook"
    terminal = machine.open(shell, rc=rc)
    machine.keyswitch("use", "personal")
    shown = terminal.greeting + terminal.enter()
    assert sessions.lines_of_keyswitch(shown) == ["keyswitch: work -> personal"]
    shown += terminal.enter("keyswitch use work") + terminal.enter()
    assert "ALIAS" not in shown
    assert "FUNCTION" not in shown
    assert terminal.key() == "work"


@pytest.mark.real("fish")
def test_fish_functions_named_like_builtins_are_passed_over(machine):
    rc = "\n".join(
        f"function {name}; builtin echo ALIAS; end"
        for name in ("echo", "printf")
    )
    hook = sessions.hook_file("fish", machine.folder / "hook")
    terminal = machine.open("fish", rc=f"{rc}\nbuiltin source {hook}")
    machine.keyswitch("use", "personal")
    shown = terminal.greeting + terminal.enter()
    assert sessions.lines_of_keyswitch(shown) == ["keyswitch: work -> personal"]
    assert "ALIAS" not in shown


@pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in ("bash", "zsh")],
)
def test_a_trace_does_not_show_a_secret(machine, shell):
    terminal = machine.open(shell)
    shown = terminal.enter("set -x")
    machine.keyswitch("use", "personal")
    shown += terminal.enter() + terminal.enter("keyswitch use work")
    shown += terminal.enter("keyswitch use personal --here")
    assert "+" in terminal.enter("true")
    assert "-FAKE-" not in shown
    assert terminal.key() == "personal"


@pytest.mark.real("bash")
@pytest.mark.parametrize(
    "rc", ["export PROMPT_COMMAND='true'", "export PROMPT_COMMAND", "set -a"]
)
def test_a_child_that_inherits_the_prompt_command_says_nothing(machine, rc):
    terminal = machine.open("bash", rc=f"{rc}\n{sessions.HOOK['bash']}")
    assert terminal.key() == "work"
    shown = terminal.shows(
        "printf 'IFS=_k\\nfalse\\necho $?\\n' | bash --norc -i 2>&1"
    )
    assert "not found" not in shown
    assert "1" in shown.split()
    machine.keyswitch("use", "personal")
    assert terminal.said() == ["keyswitch: work -> personal"]
    assert terminal.key() == "personal"
