"""install and uninstall: one block in a start file, and out again."""

import json
import os
import subprocess
import sys

import pexpect
import pytest

from keyswitch.cli.main import run
from keyswitch.errors import UsageError
from keyswitch.shells.rc_block import BEGIN
from keyswitch.switching.editing import start_files
from keyswitch.workspace import Workspace
from tests.shells import sessions

RC = b'alias ll="ls -l"\r\n\xff no text, no line end'
FILES = {
    "bash": ".bashrc",
    "fish": ".config/fish/config.fish",
    "nu": ".config/nushell/config.nu",
    "pwsh": ".config/powershell/profile.ps1",
    "zsh": ".zshrc",
}


def write(bare, name, data=RC):
    file = bare.file(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


@pytest.mark.parametrize("shell", FILES)
def test_install_changes_one_file_and_uninstall_gives_it_back(bare, shell):
    file = write(bare, FILES[shell])
    file.chmod(0o640)
    done = bare("install", shell, "--yes")
    assert file.read_bytes().startswith(RC + b"\n" + BEGIN)
    assert file.stat().st_mode & 0o777 == 0o640
    assert done.out == ""
    assert f"be added to {file}:\n  # >>> keyswitch >>>\n" in done.err
    assert done.err.endswith(f" {file}\n")
    bare("uninstall", shell, "--yes")
    assert file.read_bytes() == RC
    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.real("bash")
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_last_line_that_goes_on_does_not_take_the_block_in(bare, end):
    write(bare, ".bashrc", f"alias a=b\\{end}".encode())
    bare("install", "bash", "--yes")
    done = subprocess.run(
        ["bash", "-i", "-c", "type -t keyswitch"],
        env=bare.environ, cwd=bare.home, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.stdout == "function\n", done.stderr


@pytest.mark.parametrize("shell", FILES)
def test_a_file_that_was_made_for_the_block_goes_with_it(bare, shell):
    file = bare.file(FILES[shell])
    bare("install", shell, "--yes")
    text = file.read_bytes()
    bare("uninstall", shell, "--yes")
    assert not file.exists()
    bare("undo")
    assert file.read_bytes() == text
    bare("undo")
    assert not file.exists()


def test_undo_takes_back_an_install_and_an_uninstall(bare):
    file = write(bare, ".zshrc")
    bare("install", "zsh", "--yes")
    installed = file.read_bytes()
    bare("uninstall", "zsh", "--yes")
    assert "undid 'uninstall zsh'" in bare("undo").err
    assert file.read_bytes() == installed
    assert "undid 'install zsh'" in bare("undo").err
    assert file.read_bytes() == RC


def test_undo_leaves_a_file_alone_that_was_edited_since(bare):
    file = write(bare, ".zshrc")
    bare("install", "zsh", "--yes")
    edited = file.read_bytes() + b"\nmine\n"
    file.write_bytes(edited)
    assert "has changed since" in bare("undo", code=1).error
    assert file.read_bytes() == edited


def test_what_is_up_to_date_is_not_written_again(bare):
    file = write(bare, ".bashrc")
    bare("install", "bash", "--yes")
    before, status = bare.everything(), file.stat()
    done = bare("install", "bash")
    assert "already has the block" in done.err
    assert bare.everything() == before
    assert file.stat().st_mtime_ns == status.st_mtime_ns


def test_an_older_block_is_replaced_where_it_stands(bare):
    file = write(bare, ".zshrc", b"one\n")
    bare("install", "zsh", "--yes")
    present = file.read_bytes() + b"two\n"
    file.write_bytes(present.replace(b"hook zsh", b"hook --old zsh"))
    bare("install", "zsh", "--yes")
    assert file.read_bytes() == present
    bare("uninstall", "zsh", "--yes")
    assert file.read_bytes() == b"one\ntwo\n"


def test_without_a_yes_nothing_is_written(bare):
    write(bare, ".zshrc")
    before = bare.everything()
    done = bare("install", "zsh", code=2)
    assert done.error.startswith("this needs confirmation")
    assert bare.everything() == before
    bare("install", "zsh", "--yes")
    before = bare.everything()
    bare("uninstall", "zsh", code=2)
    assert bare.everything() == before


@pytest.mark.parametrize(("answer", "written"), [("y", True), ("n", False)])
def test_a_person_is_asked(bare, answer, written):
    file = write(bare, ".zshrc")
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "keyswitch", "install", "zsh"],
        env=bare.environ,
        encoding="utf-8",
        timeout=20,
    )
    terminal.expect("hook zsh.*write the block")
    terminal.sendline(answer)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == (0 if written else 1)
    assert (BEGIN in file.read_bytes()) == written


def test_a_dry_run_shows_file_and_block_and_writes_nothing(bare):
    file = write(bare, ".bashrc")
    before = bare.everything()
    done = bare("install", "bash", "--dry-run")
    assert bare.everything() == before
    hook_file = str(bare.file(".local/state/keyswitch/hook.bash"))
    assert done.out.startswith(f"{file}\n# >>> keyswitch >>>\n")
    assert done.out.endswith(f"\n# <<< keyswitch <<<\n{hook_file}\n")
    document = json.loads(bare("install", "bash", "--dry-run", "--json").out)
    block = done.out.partition("\n")[2].removesuffix(f"{hook_file}\n")
    assert document == {
        "version": 1, "file": str(file), "block": block,
        "hook_file": hook_file, "changed": True,
    }  # fmt: skip


def test_both_say_as_json_what_they_changed(bare):
    file = write(bare, ".zshrc")
    for changed in (True, False):
        done = bare("install", "zsh", "--yes", "--json")
        found = json.loads(done.out)
        assert (found["file"], found["changed"]) == (str(file), changed)
    for changed in (True, False):
        found = json.loads(bare("uninstall", "zsh", "--yes", "--json").out)
        files = [str(file)] if changed else []
        assert found == {"version": 1, "files": files, "changed": changed}


def test_uninstall_without_a_block_says_so(bare):
    write(bare, ".zshrc")
    done = bare("uninstall", "zsh")
    assert "no start file of zsh has the block" in done.err
    assert bare.file(".zshrc").read_bytes() == RC


def test_a_link_is_followed_and_stays_a_link(bare):
    real = write(bare, "dotfiles/zshrc")
    bare.file(".zshrc").symlink_to("dotfiles/zshrc")
    bare("install", "zsh", "--yes")
    assert bare.file(".zshrc").is_symlink()
    assert BEGIN in real.read_bytes()
    bare("uninstall", "zsh", "--yes")
    assert bare.file(".zshrc").is_symlink()
    assert real.read_bytes() == RC


@pytest.mark.parametrize(
    "data",
    [BEGIN + b"\nrest", b"x" * (1 << 20) + b"\n", "# x".encode("utf-16")],
)
def test_a_file_that_is_not_clear_is_left_alone(bare, data):
    file = write(bare, ".zshrc", data)
    for command in ("install", "uninstall"):
        assert str(file) in bare(command, "zsh", "--yes", code=1).error
    assert file.read_bytes() == data


@pytest.mark.parametrize(
    ("present", "chosen"),
    [
        ([], ".bash_profile"),
        ([".profile"], ".profile"),
        ([".profile", ".bash_login"], ".bash_login"),
        ([".profile", ".bash_login", ".bash_profile"], ".bash_profile"),
    ],
)
def test_login_takes_the_file_that_bash_s_login_shells_read(
    bare, present, chosen
):
    for name in present:
        write(bare, name)
    before = bare.everything()
    done = bare("install", "bash", "--login", "--dry-run")
    assert done.out.splitlines()[0] == str(bare.file(chosen))
    bare("install", "bash", "--login", "--yes")
    assert BEGIN in bare.file(chosen).read_bytes()
    bare("install", "bash", "--yes")
    bare("uninstall", "bash", "--yes")
    after = bare.everything()
    assert {n: after.get(n) for n in before} == before
    assert not bare.file(".bashrc").exists()


def test_a_login_file_that_does_not_read_bashrc_is_named(bare):
    file = write(bare, ".profile", b"umask 022\n")
    done = bare("install", "bash", "--yes")
    assert f"login shells read {file}" in done.err
    assert "keyswitch install bash --login" in done.err
    write(bare, ".profile", b". ~/.bashrc\n")
    assert "--login" not in bare("install", "bash", "--yes").err


def test_a_login_file_with_a_block_or_linked_to_bashrc_is_not_named(bare):
    write(bare, ".profile", b"umask 022\n")
    bare("install", "bash", "--login", "--yes")
    assert "--login" not in bare("install", "bash", "--yes").err
    bare.file(".profile").unlink()
    bare.file(".profile").symlink_to(".bashrc")
    write(bare, ".bashrc")
    assert "--login" not in bare("install", "bash", "--yes").err


def test_two_names_of_one_file_are_one_file(bare):
    file = write(bare, ".bashrc")
    bare.file(".bash_profile").symlink_to(".bashrc")
    bare("install", "bash", "--yes")
    installed = file.read_bytes()
    done = bare("uninstall", "bash", "--yes", "--json")
    assert json.loads(done.out)["files"] == [str(file)]
    assert file.read_bytes() == RC
    bare("undo")
    assert file.read_bytes() == installed


def test_a_made_file_whose_block_is_no_text_any_more_is_left_empty(bare):
    file = bare.file(".zshrc")
    bare("install", "zsh", "--yes")
    edited = file.read_bytes().replace(b"\nif", b"\n# \xff\nif")
    file.write_bytes(edited)
    bare("uninstall", "zsh", "--yes")
    assert file.read_bytes() == b""
    bare("undo")
    assert file.read_bytes() == edited


@pytest.mark.parametrize(
    ("platform", "options", "file"),
    [
        ("darwin", [], ".bash_profile"),
        ("darwin", ["--no-login"], ".bashrc"),
        ("linux", [], ".bashrc"),
    ],
)
def test_on_macos_terminals_are_login_shells(
    home, monkeypatch, capsys, platform, options, file
):
    monkeypatch.setattr(Workspace, "platform", platform)
    assert run(["install", "bash", "--dry-run", *options]) == 0
    assert capsys.readouterr().out.splitlines()[0] == str(home / file)


def test_the_last_line_says_how_to_load_it_here(bare):
    for shell, word in (("pwsh", "."), ("nu", "source"), ("zsh", "source")):
        said = bare("install", shell, "--yes").err.splitlines()[-1]
        assert said.endswith(f", or: {word} {bare.file(FILES[shell])}")


def test_an_unexported_zdotdir_is_named(bare):
    write(bare, ".zshenv", b"ZDOTDIR=~/.config/zsh\n")
    assert "mentions ZDOTDIR" in bare("install", "zsh", "--yes").err
    place = bare.file("elsewhere")
    done = bare("install", "zsh", "--yes", ZDOTDIR=str(place))
    assert "mentions ZDOTDIR" not in done.err
    assert BEGIN in (place / ".zshrc").read_bytes()


@pytest.mark.parametrize("shell", ["fish", "nu", "pwsh"])
def test_xdg_config_home_is_respected_if_it_is_absolute(bare, shell):
    place = bare.file("xdg")
    below = FILES[shell].removeprefix(".config/")
    for given, file in ((str(place), place / below), ("xdg", FILES[shell])):
        done = bare("install", shell, "--dry-run", XDG_CONFIG_HOME=given)
        assert done.out.splitlines()[0] == str(bare.home / file)


@pytest.mark.parametrize(
    ("platform", "shell", "login", "file"),
    [
        ("darwin", "bash", True, ".bash_profile"),
        (
            "darwin",
            "nu",
            False,
            "Library/Application Support/nushell/config.nu",
        ),
        ("darwin", "pwsh", False, ".config/powershell/profile.ps1"),
        ("win32", "nu", False, "AppData/Roaming/nushell/config.nu"),
        ("win32", "pwsh", False, "Documents/PowerShell/profile.ps1"),
    ],
)
def test_other_systems_have_other_places(home, platform, shell, login, file):
    workspace = Workspace({"HOME": str(home)})
    workspace.platform = platform
    found = start_files.start_file(workspace, shell, login=login)
    assert found == str(home / file)


@pytest.mark.parametrize("shell", ["sh", "dash", "ksh", "mksh"])
def test_a_shell_without_a_prompt_hook_is_told_what_to_do(bare, shell):
    done = bare("install", shell, "--yes", code=2)
    assert done.error == f"{shell} has no prompt hook"
    assert 'start file: eval "$(keyswitch env)"' in done.err


def test_cmd_is_sent_to_run_and_an_unknown_shell_to_the_list(bare):
    assert "keyswitch run" in bare("install", "cmd", code=2).err
    assert "bash, fish, nu, pwsh, zsh" in bare("install", "tcsh", code=2).err
    assert bare("uninstall", "tcsh", code=2).error


def test_login_is_for_bash_only(bare):
    done = bare("install", "zsh", "--login", code=2)
    assert done.error == "zsh reads the same file in login shells"


def test_other_names_of_a_shell_are_known():
    assert start_files.shell_of("nushell") == "nu"
    assert start_files.shell_of("powershell") == "pwsh"
    with pytest.raises(UsageError):
        start_files.shell_of("json")


def run_in(bare, argv, text):
    done = subprocess.run(
        [*argv, text], env=bare.environ, cwd=bare.home, check=False,
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.real("bash", "zsh", "fish")
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_that_it_is_typed_in_is_the_default(bare, shell):
    text = f"'{sys.executable}' -m keyswitch install --dry-run; true"
    said = run_in(bare, [shell, "-c"], text)
    assert said.splitlines()[0] == str(bare.file(FILES[shell]))


def test_any_other_parent_has_to_name_the_shell(bare):
    done = bare("install", "--yes", code=2)
    assert done.error == "cannot tell which shell this is"


NU = "scope commands | where name == keyswitch | get 0.type"
KIND = {
    "bash": (["bash", "-i", "-c"], "type -t keyswitch", "function"),
    "fish": (["fish", "-i", "-c"], "type -t keyswitch", "function"),
    "nu": (["nu", "-l", "-c"], NU, "custom"),
    "zsh": (["zsh", "-i", "-c"], "whence -w keyswitch", "keyswitch: function"),
}


@pytest.mark.real("bash", "zsh", "fish", "nu")
@pytest.mark.parametrize("shell", KIND)
def test_a_shell_has_the_hook_after_install_and_not_after_uninstall(
    bare, shell
):
    argv, question, answer = KIND[shell]
    sessions.keep_fish_idle(bare.home)
    file = write(bare, FILES[shell], b"# mine")
    assert run_in(bare, argv, question) != answer
    bare("install", shell, "--yes")
    assert run_in(bare, argv, question) == answer
    bare("uninstall", shell, "--yes")
    assert file.read_bytes() == b"# mine"
    assert run_in(bare, argv, question) != answer


@pytest.mark.real("bash", "dash")
def test_a_login_shell_has_the_hook_and_sh_reads_the_same_file(bare):
    # The system's own file sets PATH anew.
    text = f"PATH='{bare.environ['PATH']}'\necho mine\n"
    write(bare, ".profile", text.encode())
    bare("install", "bash", "--login", "--yes")
    bash = ["bash", "-l", "-i", "-c"]
    assert run_in(bare, bash, "type -t keyswitch") == "mine\nfunction"
    dash = ["dash", "-l", "-c"]
    assert run_in(bare, dash, "echo $?; type keyswitch | wc -l") == "mine\n0\n1"


def test_keyswitch_that_is_not_on_path_is_named(bare):
    done = bare("install", "zsh", "--yes", PATH=os.defpath + ":/nowhere")
    assert "keyswitch is not on PATH" in done.err
