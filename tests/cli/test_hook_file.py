"""The file of a shell's hook: current, there while a start file reads it."""

import os

import pytest

from keyswitch.shells.rc_block import BEGIN

STATE = ".local/state/keyswitch"
SHELLS = ("bash", "fish", "zsh")


def hook(ks, shell="bash"):
    return ks.file(f"{STATE}/hook.{shell}")


@pytest.mark.parametrize("shell", SHELLS)
def test_install_writes_it_and_uninstall_removes_it(bare, shell):
    bare("install", shell, "--yes")
    assert hook(bare, shell).stat().st_mode & 0o777 == 0o600
    text = hook(bare, shell).read_bytes()
    assert b"keyswitch 0." in text
    bare("uninstall", shell, "--yes")
    assert not hook(bare, shell).exists()
    bare("undo")
    assert hook(bare, shell).read_bytes() == text
    bare("undo")
    assert not hook(bare, shell).exists()
    assert not bare.file(f"{STATE}/start-files.json").exists()


@pytest.mark.parametrize("shell", ["nu", "pwsh"])
def test_a_shell_with_another_way_has_none(bare, shell):
    bare("install", shell, "--yes")
    assert not hook(bare, shell).exists()
    assert bare("install", shell, "--dry-run").out.endswith("<<<\n")


def test_a_start_file_that_cannot_be_written_leaves_none(bare):
    bare.file(".bashrc").mkdir()
    assert (
        str(bare.file(".bashrc"))
        in bare("install", "bash", "--yes", code=1).error
    )
    assert not hook(bare).exists()


def test_it_goes_with_the_last_start_file_that_reads_it(bare):
    bare("install", "bash", "--yes")
    bare("install", "bash", "--login", "--yes")
    bare("undo")
    assert hook(bare).exists()
    bare("install", "zsh", "--yes")
    bare("uninstall", "bash", "--yes")
    assert not hook(bare).exists()
    assert hook(bare, "zsh").exists()


def test_an_update_writes_it_at_the_next_change(ks):
    ks("install", "bash", "--yes")
    text = hook(ks).read_bytes()
    hook(ks).write_bytes(text.replace(b'"0.', b'"0.0.'))
    ks.add("work")
    assert hook(ks).read_bytes() == text
    hook(ks).unlink()
    ks("use", "work", "--dry-run")
    assert not hook(ks).exists()
    ks("use", "work")
    assert hook(ks).read_bytes() == text
    ks("undo")
    assert hook(ks).read_bytes() == text


def test_without_a_start_file_no_change_writes_one(ks):
    ks.add("work")
    ks("use", "work")
    assert not any(hook(ks, shell).exists() for shell in SHELLS)


def test_install_again_writes_what_is_missing(bare):
    bare("install", "bash", "--yes")
    start = bare.file(".bashrc").read_bytes()
    hook(bare).unlink()
    done = bare("install", "bash")
    assert f"{hook(bare)} will be rewritten" in done.err
    assert hook(bare).exists()
    assert bare.file(".bashrc").read_bytes() == start
    assert "undid 'install bash'" in bare("undo").err
    assert not bare.file(".bashrc").exists()


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda file: file.unlink(), "is missing"),
        (lambda file: file.write_text("old"), "is from another version"),
    ],
)
def test_doctor_names_and_mends_it(bare, harm, says):
    bare("install", "bash", "--yes")
    text = hook(bare).read_bytes()
    harm(hook(bare))
    said = bare("doctor", code=None)
    assert f"1 note\n  {hook(bare)} {says}\n" in said.out
    bare("doctor", "--fix", "--dry-run", code=None)
    assert not hook(bare).exists() or hook(bare).read_bytes() != text
    said = bare("doctor", "--fix", "--yes", code=None)
    assert f"wrote {hook(bare)}" in said.err
    assert hook(bare).read_bytes() == text
    assert "hook.bash" not in bare("doctor", code=None).out


@pytest.mark.parametrize("command", [("off",), ("doctor", "--fix", "--yes")])
def test_a_link_in_its_place_is_set_aside_and_not_followed(ks, command):
    ks.add("work")
    ks("use", "work")
    ks("install", "bash", "--yes")
    text = hook(ks).read_bytes()
    other = ks.file("other")
    other.write_bytes(b"mine\n")
    hook(ks).unlink()
    hook(ks).symlink_to(other)
    ks(*command, code=None)
    assert other.read_bytes() == b"mine\n"
    assert not hook(ks).is_symlink()
    assert hook(ks).read_bytes() == text


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_file_of_another_user_is_named_and_replaced(bare):
    bare("install", "bash", "--yes")
    os.chown(hook(bare), 12_345, 12_345)
    said = bare("doctor", code=None)
    assert f"{hook(bare)} belongs to another user" in said.out
    bare("doctor", "--fix", "--yes", code=None)
    assert hook(bare).stat().st_uid == 0


def test_a_damaged_record_stops_nothing(ks):
    ks.add("work")
    ks("install", "zsh", "--yes")
    ks.file(f"{STATE}/start-files.json").write_text('{"version": 1}')
    assert "start-files.json is damaged" in ks("use", "work").err
    ks("install", "zsh", "--yes")
    ks("uninstall", "zsh", "--yes")
    assert not hook(ks, "zsh").exists()


@pytest.mark.parametrize("everything", [False, True])
def test_a_start_file_that_install_chose_is_found_later(bare, everything):
    """The variables of then are not there any more."""
    folders = {
        "zsh": ("ZDOTDIR", ".zshrc"),
        "fish": ("XDG_CONFIG_HOME", "fish/config.fish"),
    }
    for shell, (variable, name) in folders.items():
        folder = bare.file(f"other {shell}")
        file = folder / name
        file.parent.mkdir(parents=True)
        file.write_bytes(b"mine\n")
        # Keyswitch's own folders stay where they are.
        fixed = {"KEYSWITCH_HOME": str(bare.file("own"))}
        given = {variable: str(folder)}
        bare("install", shell, "--yes", **fixed, **given)
        assert BEGIN in file.read_bytes()
        which = "--all" if everything else shell
        bare("uninstall", which, "--yes", **fixed)
        assert file.read_bytes() == b"mine\n"


def test_uninstall_forgets_a_block_that_a_person_removed(bare):
    bare("install", "bash", "--yes")
    bare.file(".bashrc").unlink()
    assert f"{hook(bare)}: the hook file will be removed" in (
        bare("uninstall", "--all", "--dry-run").out
    )
    assert "has the block" in bare("uninstall", "bash").err
    assert not hook(bare).exists()
    assert bare("uninstall", "--all", "--dry-run").out == "nothing to change\n"
