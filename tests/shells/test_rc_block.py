"""The marked block of a start file: in and out again, byte for byte."""

import os
import subprocess

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from keyswitch.errors import FileStateError
from keyswitch.shells import rc_block
from keyswitch.shells.rc_block import BEGIN, END, with_block, without_block

BLOCK = rc_block.block("bash", folder="/none")
NEWER = BLOCK.replace("hook bash", "hook bash --newer")
FILE = "rc"

PIECES = (
    b"", b"\n", b"\r\n", b"\r", b"export A=1", b"\xef\xbb\xbf", b"\xff", b"\0",
    b"# >>> conda >>>\n", b"# <<< keyswitch", b"if true; then \\\n", b" ",
    b"cat <<X\n", "é\u2028".encode(), b"#",
)  # fmt: skip


def is_clear(data):
    lines = [line.strip() for line in data.split(b"\n")]
    marked = BEGIN in lines or END in lines
    return not (marked or data.startswith((b"\xff\xfe", b"\xfe\xff")))


TEXTS = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join),
).filter(is_clear)


@given(TEXTS)
@example(b"")
@example(b"no line end")
@example(b"goes on \\")
@example(b"goes on \\\n")
@example(b"\xef\xbb\xbf")
@example(b"one\r\ntwo\r")
@example(b"\n\n")
def test_what_was_put_in_comes_out_without_a_trace(data):
    assert without_block(FILE, with_block(FILE, data, BLOCK)) == data


def test_a_file_that_was_not_there_is_gone_again():
    assert without_block(FILE, with_block(FILE, None, BLOCK)) is None


@given(TEXTS, TEXTS)
def test_what_is_written_around_the_block_later_stays(data, later):
    assume(later.strip())
    written = with_block(FILE, data, BLOCK) + later
    end = b"" if data.endswith(b"\n") or not data else b"\n"
    assert without_block(FILE, written) == data + end + later


def test_a_made_file_that_is_used_otherwise_now_stays():
    made = with_block(FILE, None, BLOCK) + b"export MINE=1\n"
    assert without_block(FILE, made) == b"export MINE=1\n"


@given(st.none() | TEXTS, TEXTS)
def test_an_older_block_is_replaced_where_it_stands(data, later):
    older = with_block(FILE, data, BLOCK) + later
    newer = with_block(FILE, older, NEWER)
    assert newer == older.replace(b"hook bash)", b"hook bash --newer)")
    assert without_block(FILE, newer) == without_block(FILE, older)
    assert with_block(FILE, newer, NEWER) == newer


def test_a_block_is_known_again_with_other_line_ends():
    written = with_block(FILE, b"one\n", BLOCK) + b"two\n"
    converted = written.replace(b"\n", b"\r\n")
    assert without_block(FILE, converted) == b"one\r\ntwo\r\n"
    assert with_block(FILE, converted, BLOCK).count(BEGIN) == 1


def test_the_block_stands_on_lines_of_its_own():
    lines = with_block(FILE, b"last", BLOCK).split(b"\n")
    assert lines[:2] == [b"last", BEGIN]
    assert lines[-2:] == [END, b""]


WHOLE = BLOCK.encode()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (BEGIN + b"\nx\n", "without '# <<< keyswitch <<<'"),
        (b"x\n" + END, "without '# >>> keyswitch >>>'"),
        (WHOLE + WHOLE, "2 keyswitch blocks"),
        (WHOLE + BEGIN + b"\n", "2 keyswitch blocks"),
        (WHOLE + END + b"\n", "more than one line"),
        (END + b"\n" + BEGIN + b"\n", "the end of the keyswitch block before"),
        ("# x\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_file_that_is_not_clear_is_refused(data, what):
    for attempt in (
        lambda: with_block(FILE, data, BLOCK),
        lambda: without_block(FILE, data),
    ):
        with pytest.raises(FileStateError, match=what) as refused:
            attempt()
        assert refused.value.message.startswith("rc ")
        assert refused.value.hint


def run(argv, home, path=""):
    """Run a shell on the text in `home`/rc; return (status, output)."""
    done = subprocess.run(
        [*argv, str(home / "rc")],
        env={"HOME": str(home), "PATH": path},
        capture_output=True,
        check=False,
        timeout=30,
    )
    return done.returncode, done.stdout + done.stderr


SHELLS = [
    pytest.param("bash", ["-eu"], marks=pytest.mark.real("bash")),
    pytest.param("bash", ["--posix", "-eu"], marks=pytest.mark.real("bash")),
    pytest.param("zsh", ["-feu"], marks=pytest.mark.real("zsh")),
    pytest.param("fish", ["--no-config"], marks=pytest.mark.real("fish")),
]


def program(home, text):
    folder = home / "bin"
    folder.mkdir()
    (folder / "keyswitch").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "keyswitch").chmod(0o755)
    return str(folder)


def which(shell):
    return next(
        os.path.join(folder, shell)
        for folder in os.environ["PATH"].split(":")
        if os.access(os.path.join(folder, shell), os.X_OK)
    )


@pytest.mark.parametrize(("shell", "options"), SHELLS)
def test_without_keyswitch_the_block_is_silent_and_succeeds(
    tmp_path, shell, options
):
    (tmp_path / "rc").write_text(rc_block.block(shell, folder="/none"))
    assert run([which(shell), *options], tmp_path) == (0, b"")


@pytest.mark.parametrize(("shell", "options"), SHELLS)
def test_the_block_runs_what_keyswitch_prints(tmp_path, shell, options):
    (tmp_path / "rc").write_text(rc_block.block(shell, folder="/none"))
    folder = program(tmp_path, 'echo "echo hook of $2; true"')
    said = run([which(shell), *options], tmp_path, folder)
    assert said == (0, f"hook of {shell}\n".encode())


@pytest.mark.parametrize(("shell", "options"), SHELLS)
def test_a_keyswitch_that_fails_does_not_end_the_shell(
    tmp_path, shell, options
):
    (tmp_path / "rc").write_text(
        rc_block.block(shell, folder="/none") + "echo after\n"
    )
    said = run([which(shell), *options], tmp_path, program(tmp_path, "exit 5"))
    assert said == (0, b"after\n")


@pytest.mark.real("dash", "ksh", "mksh")
@pytest.mark.parametrize("shell", ["dash", "ksh", "mksh"])
def test_another_shell_that_reads_bash_s_file_is_left_alone(tmp_path, shell):
    (tmp_path / "rc").write_text(
        rc_block.block("bash", folder="/none") + "echo after\n"
    )
    folder = program(tmp_path, 'echo "echo wrong"')
    assert run([which(shell), "-eu"], tmp_path, folder) == (0, b"after\n")


def test_nushell_s_block_holds_the_hook_itself():
    text = rc_block.block("nu", hook="def it [] {}\n")
    assert "cannot evaluate" in text
    assert text.endswith("def it [] {}\n# <<< keyswitch <<<\n")
