"""Completion: what is offered, in the real shells, without a process."""

import atexit
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from keyswitch import express
from keyswitch.cli.main import cli
from keyswitch.cli.switching.completion import places, script
from keyswitch.shells import hook_scripts
from keyswitch.shells.hook_scripts import (
    COMPLETED,
    hook_script,
    made_completion,
)
from tests.components import ROOT
from tests.shells import sessions
from tests.shells.test_hook_scripts import cut
from tests.shells.test_hook_strace import Traced

EACH = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in sessions.SHELLS],
)
# zsh completes in a terminal only.
IN_SCRIPTS = pytest.mark.parametrize(
    "shell",
    [pytest.param(s, marks=pytest.mark.real(s)) for s in ("bash", "fish")],
)
NAMES = ("work", "work.v2-x", "personal")

# What is typed -> all that is offered, of what begins so.
OFFERED = {
    "u": "undo uninstall unlink unlock use",
    "--v": "--verbose --version",
    "l": "link list lock login logout ls",
    "switch p": "personal",
    "team l": "list ls",
    "use w": "work work.v2-x",
    "use ": "- personal work work.v2-x",
    "use --t": "--target --timeout",
    "use --target ": "claude-code none",
    "use --timeout 3 p": "personal",
    "use --target=n": "--target=none",
    "--json use p": "personal",
    "use work p": "",
    "use -- p": "personal",
    "use -- --": "",
    "current --p": "--prompt",
    "copy work ": "",
    "export work p": "personal",
    "edit --unset x p": "personal",
    "edit --expect ": "api cloud subscription",
    "add new --store ": "keychain vault",
    "add new --provider an": "anthropic anthropic-aws",
    "providers g": "gateway gemini github",
    "vault m": "machine-key",
    "vault init --p": "--passphrase-fd --passphrase-file",
    "vault init --machine-key --q": "--quiet",
    "helper a": "api-key aws",
    "helper aws p": "personal",
    "helper aws --j": "",
    "hook ": "bash fish nu pwsh zsh",
    "install b": "bash",
    "uninstall z": "zsh",
    "completion z": "zsh",
    "env --shell f": "fish",
    "shell p": "personal",
    "link p": "personal",
    "nonsense p": "",
    "run p": "personal",
    "run work -- keyswitch-ex": "keyswitch-example",
    "run work keyswitch-ex": "keyswitch-example",
}

DRIVER = {
    "bash": r"""
offered() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
  __keyswitch_complete keyswitch
  printf '%s\n' "${COMPREPLY[@]}" END
}
""",
    "fish": "function offered; complete -C (string join ' ' -- $argv) | "
    r"string replace -r '\t.*' ''; echo END; end",
}
QUIET = {"bash": ["bash", "--norc"], "fish": ["fish", "-N"]}
TEMPLATES = ROOT / "keyswitch" / "shells" / "completions"
MADE = Path(tempfile.mkdtemp(prefix="keyswitch-completions-"))
atexit.register(shutil.rmtree, MADE)


@cache
def path_of(kind):
    """Return a file with a shell's script, as a package brings it."""
    path = MADE / f"completion.{kind}"
    path.write_text(script(kind), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def profiles(home, tmp_path, monkeypatch):
    """Make profiles, a program on PATH, and a place to complete files in."""
    folder = home / ".config" / "keyswitch" / "profiles"
    folder.mkdir(parents=True)
    for name in NAMES:
        (folder / f"{name}.toml").touch()
    (home / "folder").mkdir()
    (home / "file").touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("keyswitch", "keyswitch-example"):
        (programs / name).write_text(
            '#!/bin/sh\n[ "$1" = completion ] && exec cat "$SCRIPT"\n'
            "IFS='|'; printf '<%s>\\n' \"$*\"\n"
        )
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.chdir(home)
    return folder


@pytest.fixture
def offers(tmp_path):
    """Complete lines in a shell; return a list of what is offered for each."""

    def complete(shell, lines, before="", **environ):
        quote = shlex.quote
        script = tmp_path / "script"
        calls = [
            " ".join(["offered", *map(quote, _words(shell, line))])
            for line in lines
        ]
        text = [path_of(shell).read_text(), DRIVER[shell], before, *calls, ""]
        script.write_text("\n".join(text))
        done = subprocess.run(
            [*QUIET[shell], str(script)],
            env={**os.environ, **environ},
            capture_output=True, check=True, text=True,
        )  # fmt: skip
        assert done.stderr == ""
        *found, rest = done.stdout.split("END\n")
        assert (len(found), rest) == (len(calls), "")
        return [sorted(filter(None, each.split("\n"))) for each in found]

    return complete


def _words(shell, line):
    """Split a line as the shell does; bash splits at `=`, too."""
    if shell == "bash":
        line = re.sub(r"(?<=[a-z])=", " = ", line)
    return ["keyswitch", *line.split(" ")]


@IN_SCRIPTS
def test_what_may_stand_there_is_offered_and_nothing_else(offers, shell):
    wanted = {line: sorted(w.split()) for line, w in OFFERED.items()}
    if shell == "bash":  # the part before the `=` stays
        wanted["use --target=n"] = ["none"]
    found = offers(shell, wanted)
    assert dict(zip(wanted, found, strict=True)) == wanted


def commands(path="", here=cli):
    """Yield (path, command) of everything that click knows."""
    yield path, here
    if isinstance(here, click.Group):
        for name in here.list_commands(None):
            inner = here.get_command(None, name)
            yield from commands(f"{path} {name}".lstrip(), inner)


@IN_SCRIPTS
def test_commands_and_options_are_all_there(offers, shell):
    known = list(commands())
    lines = [f"{path} -".lstrip() for path, _ in known]
    for (path, here), found in zip(known, offers(shell, lines), strict=True):
        wanted = {
            name
            for parameter in here.params
            for name in (*parameter.opts, *parameter.secondary_opts)
            if name.startswith("-")
        }
        assert set(found) - {"-"} == wanted, path


@IN_SCRIPTS
def test_the_profile_folder_is_where_the_variables_say(
    offers, home, tmp_path, shell
):
    for root, name in (("config", "one"), ("xdg/keyswitch", "two")):
        folder = tmp_path / root / "profiles"
        folder.mkdir(parents=True)
        (folder / f"{name}.toml").touch()
    assert offers(shell, ["show "], KEYSWITCH_HOME=str(tmp_path)) == [["one"]]
    xdg = {"XDG_CONFIG_HOME": str(tmp_path / "xdg"), "KEYSWITCH_HOME": ""}
    assert offers(shell, ["show "], **xdg) == [["two"]]
    for relative in (" ", "rel", "./rel"):
        found = offers(shell, ["show p"], XDG_CONFIG_HOME=relative)
        assert found == [["personal"]]
    assert offers(shell, ["show "], HOME=str(tmp_path)) == [[]]


@IN_SCRIPTS
def test_a_file_that_is_no_profile_is_not_offered(offers, profiles, shell):
    for name in ("$(id)", "a b", "a'b", "`id`", ".x", "-rf", "A;id", "a\nb"):
        (profiles / f"{name}.toml").touch()
    (profiles / "work.toml~").touch()
    assert offers(shell, ["show "]) == [sorted(NAMES)]


@IN_SCRIPTS
def test_a_folder_with_a_hostile_name_is_only_looked_into(
    offers, tmp_path, shell
):
    home = tmp_path / "a b*[x]'$(touch oops)"
    (home / "config" / "profiles").mkdir(parents=True)
    (home / "config" / "profiles" / "one.toml").touch()
    assert offers(shell, ["show "], KEYSWITCH_HOME=str(home)) == [["one"]]
    assert not os.path.exists("oops")


@pytest.mark.real("bash")
@pytest.mark.parametrize(
    "options",
    ["set -euf; IFS=a", "shopt -s failglob nocasematch dotglob; set -u",
     "set -k; set -a", "shopt -s nullglob extglob; IFS=", "set -o posix"],
)  # fmt: skip
def test_bash_options_of_the_person_do_not_matter(offers, options):
    lines = ["use w", "env --shell f", "vault init --p", "show x"]
    wanted = [
        ["work", "work.v2-x"], ["fish"],
        ["--passphrase-fd", "--passphrase-file"], [],
    ]  # fmt: skip
    assert offers("bash", lines, before=options) == wanted
    show = "shopt failglob || :; printf '%s\\n' $-"
    text = f"{show}\n{options}\n{show}\noffered keyswitch use w\n{show}\n"
    script = path_of("bash").read_text() + DRIVER["bash"] + text
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, check=True, text=True
    )
    lines = done.stdout.splitlines()
    assert lines[2:4] == lines[-2:]


@pytest.mark.real("bash")
def test_bash_offers_the_value_where_an_equals_sign_breaks_no_words():
    words = "COMP_WORDS=(keyswitch use --target=n) COMP_CWORD=2\n"
    text = words + '__keyswitch_complete; echo "${COMPREPLY[@]}"'
    done = subprocess.run(
        ["bash", "-c", path_of("bash").read_text() + text],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert done.stdout == "--target=none\n"


@pytest.mark.real("fish")
def test_fish_says_what_each_word_means():
    path = shlex.quote(str(path_of("fish")))
    line = f"source {path}; complete -C 'keyswitch vault s'"
    done = subprocess.run(
        ["fish", "-N", "-c", line], capture_output=True, check=True, text=True
    )
    assert done.stdout == "status\tShow how the vault can be opened.\n"


# In a terminal, behind the hook: keys -> the words that the command gets.
TYPED = {
    "u\tse p\t": "use personal",
    "use work.\t": "use work.v2-x",
    "--js\tuse p\t": "--json use personal",
    "vault ini\t--machi\t": "vault init --machine-key",
    "run p\t-- keyswitch-\t": "run personal -- keyswitch-example",
    "run work -- ls fi\t": "run work -- ls file",
    "run work --he\t": "run work --he",
    "import fi\t": "import file",
    "add x --from-file fi\t": "add x --from-file file",
    "add x --from-file=fi\t": "add x --from-file=file",
    "use --target=n\t": "use --target=none",
    "export work p\t": "export work personal",
    "copy work p\t": "copy work p",
}


@pytest.fixture
def terminal(tmp_path, monkeypatch):
    opened = []

    def start(shell, *, before="", after="", made=True, text=None, **options):
        hook = tmp_path / f"hook{len(opened)}"
        if made:
            monkeypatch.setattr(hook_scripts, "MADE", str(MADE))
        monkeypatch.setenv("SCRIPT", str(path_of(shell)))
        hook.write_text(text or hook_script(shell, "/no/state", "/no"))
        lines = [before, f". {hook}", after]
        if shell == "zsh":
            lines.insert(0, "autoload -Uz compinit; compinit -D")
        found = sessions.Terminal(
            shell, tmp_path / f"terminal{len(opened)}", rc="\n".join(lines),
            env={"TERM": "xterm"}, **options,
        )  # fmt: skip
        opened.append(found)
        return found

    yield start
    for each in opened:
        each.close()


def given(terminal, keys):
    """Type a command; return the words that it got."""
    words = re.findall(r"<(.*)>", terminal.enter(f"keyswitch {keys}"))
    return " ".join(words[0].split("|")) if words else None


HOSTILE = {
    "bash": "set -uf; IFS=a; shopt -s failglob; set -o posix",
    "zsh": "setopt KSH_ARRAYS SH_WORD_SPLIT NO_UNSET RC_QUOTES KSH_GLOB "
    "NO_BARE_GLOB_QUAL SH_GLOB ALL_EXPORT IGNORE_BRACES NOMATCH",
    "fish": "set -g IFS a; set -g words x; set -g found y",
}


@EACH
@pytest.mark.parametrize("options", ["plain", "hostile"])
def test_tab_completes_in_a_terminal_with_the_hook(terminal, shell, options):
    after = HOSTILE[shell] if options == "hostile" else ""
    opened = terminal(shell, after=after)
    assert {keys: given(opened, keys) for keys in TYPED} == TYPED
    folder = given(opened, "allow fol\t").rstrip("/")
    assert folder == "allow folder"


@EACH
def test_a_clone_makes_the_script_when_it_is_first_asked_for(terminal, shell):
    opened = terminal(shell, made=False)
    assert given(opened, "use p\t") == "use personal"
    assert given(opened, "use work.\t") == "use work.v2-x"


@EACH
def test_a_program_that_makes_none_leaves_the_line_as_it_is(terminal, shell):
    opened = terminal(shell, made=False, after="export SCRIPT=/none")
    assert given(opened, "use p\t") == "use p"
    assert given(opened, "use p\t") == "use p"


@pytest.mark.real("zsh")
def test_zsh_lists_words_with_their_meaning(terminal):
    opened = terminal("zsh")
    shown = opened.enter("keyswitch vault \t")
    assert re.search(r"status +-- Show how the vault can be opened\.", shown)
    shown = opened.enter("keyswitch use --\t")
    assert re.search(r"--here +-- Switch only this shell, with eval\.", shown)
    assert re.search(r"--quiet +-- Print results only\.", shown)


@pytest.mark.real("zsh")
def test_a_file_on_fpath_serves_zsh_as_well(terminal, tmp_path):
    folder = tmp_path / "functions"
    folder.mkdir()
    (folder / "_keyswitch").write_text(path_of("zsh").read_text())
    opened = terminal(
        "zsh", text="compinit -D", before=f"fpath=({folder} $fpath)"
    )
    assert given(opened, "use p\t") == "use personal"
    assert given(opened, "use work.\t") == "use work.v2-x"


SLOW = {
    "bash": "slow() { COMPREPLY=($(compgen -W one -- o)); }; "
    "complete -F slow other",
    "zsh": "slow() { compadd $(print one) }; compdef slow other",
    "fish": "complete -c other -f -a '(command printf one)'",
}


@EACH
@pytest.mark.real("strace")
def test_completing_starts_no_process(terminal, tmp_path, shell):
    machine = SimpleNamespace(
        folder=tmp_path,
        open=lambda name, **o: terminal(name, after=SLOW[shell], **o),
    )
    traced = Traced(machine, shell)
    for keys in ("u", "use p", "use --", "run work -- keyswitch-", "vault "):
        # The line is wiped out again: the command itself would be a process.
        assert traced.starts(f"keyswitch {keys}\t\x15") == [], keys
    assert traced.starts("other o\t\x15") != []


SOURCED = {
    "bash": ["bash", "--norc", "-euc"],
    "zsh": ["zsh", "-f", "-euc"],
    "fish": ["fish", "-N", "-c"],
}


@pytest.mark.parametrize(
    "shell", [pytest.param(s, marks=pytest.mark.real(s)) for s in SOURCED]
)
def test_sourcing_it_says_nothing(shell):
    # zsh: compinit was not run.
    line = f"source {shlex.quote(str(path_of(shell)))}"
    done = subprocess.run(
        [*SOURCED[shell], line], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@EACH
def test_a_script_cut_at_any_byte_defines_nothing(tmp_path, shell):
    text = path_of(shell).read_text()
    defined, looked_at, wanted = cut(tmp_path, shell, text, 97)
    assert defined == []
    assert looked_at == wanted


@pytest.mark.parametrize(
    "argv",
    [
        pytest.param(argv, id=argv[0], marks=pytest.mark.real(part))
        for part, argv in (
            ("zsh", ["zsh", "-n", TEMPLATES / "completion.zsh"]),
            ("fish", ["fish_indent", "--check", TEMPLATES / "completion.fish"]),
        )
    ],
)
def test_a_tool_finds_nothing_in_it(argv):
    done = subprocess.run(argv, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_the_powershell_script_is_ascii_and_has_not_run():
    text = (TEMPLATES / "completion.ps1").read_text()
    assert "has not run in a real PowerShell" in text.split("& {")[0]
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80
    text = script("ps1")
    code = re.sub(r"(^|\s)#.*", "", text, flags=re.MULTILINE)
    code = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "''", code)
    used = set(re.findall(r"(?<![\w:$])__keyswitch_\w+", code))
    assert used == set(re.findall(r"function global:(__keyswitch_\w+)", code))


@pytest.mark.parametrize("kind", COMPLETED.values())
@pytest.mark.parametrize("path", ["show", "vault init", "run"])
def test_a_new_option_is_completed_at_once(monkeypatch, kind, path):
    added = click.Option(["--brand-new"], is_flag=True, help="It's new.")
    command = dict(commands())[path]
    monkeypatch.setattr(command, "params", [*command.params, added])
    assert script(kind).count("--brand-new") == 1


@pytest.mark.parametrize(
    "added",
    [click.Option(["--brand-new"], metavar="NEW"), click.Argument(["new"])],
)
def test_a_new_value_that_nobody_explained_is_noticed(monkeypatch, added):
    command = cli.get_command(None, "use")
    monkeypatch.setattr(command, "params", [*command.params, added])
    with pytest.raises(LookupError, match=r"say in .*completion"):
        list(places())


def test_the_folders_that_can_be_shared_are_all_offered():
    from keyswitch.targets.claude_code.target.folders import SHAREABLE

    rows = dict(places())["edit"]
    [share] = [row for row in rows if row.word == "--share"]
    assert set(share.words.split()) == {*SHAREABLE, "none"}


def test_no_text_in_the_table_ends_a_column():
    for _, rows in places():
        assert all("|" not in column for row in rows for column in row)


def test_a_clone_has_no_made_script_and_prints_a_new_one(ks):
    for shell, kind in COMPLETED.items():
        assert made_completion(kind) is None
        assert ks("completion", shell).out == script(kind)


def test_a_package_s_script_is_printed_as_it_is(tmp_path, monkeypatch, capfd):
    (tmp_path / "completion.zsh").write_text("made\n")
    monkeypatch.setattr(hook_scripts, "MADE", str(tmp_path))
    assert express.run(["completion", "zsh"], os.environ) == 0
    assert capfd.readouterr() == ("made\n", "")
    assert express.run(["completion", "bash"], os.environ) is None
