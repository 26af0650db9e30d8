"""The shell that asks is recognised, whatever `$SHELL` says."""

import os
import shlex
import shutil
import subprocess
import sys

import pytest

from keyswitch.shells import SHELLS, detect

CODE = f"""
import sys
sys.path.insert(0, {os.getcwd()!r})
from keyswitch.shells.detect import parent_shell
print(parent_shell())
"""
ASK = [sys.executable, "-c", CODE]
POSIX_LINE = f'x="$({shlex.join(ASK)})"; echo "$x"'


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        pytest.param(argv, shell, marks=pytest.mark.real(argv[0]), id=argv[0])
        for argv, shell in (
            (["bash"], "bash"),
            (["zsh", "-f"], "zsh"),
            (["dash"], "sh"),
            (["ksh"], "ksh"),
            (["mksh"], "ksh"),
            (["busybox", "sh"], "sh"),
        )
    ],
)
def test_the_parent_is_recognised(bench, argv, expected):
    stdout = bench.run(argv, POSIX_LINE, env={"SHELL": "/bin/tcsh"})
    assert stdout.decode().strip() == expected


@pytest.mark.real("fish")
def test_fish_is_recognised(bench):
    stdout = bench.run(["fish", "-N"], f"echo ({shlex.join(ASK)})")
    assert stdout == b"fish\n"


@pytest.mark.real("nu")
def test_nushell_is_recognised(bench):
    code = "import runpy; runpy.run_path('ask.py')"
    (bench.cwd / "ask.py").write_text(CODE, encoding="utf-8")
    line = f'print (^"{sys.executable}" -c "{code}")'
    assert bench.run(["nu", "-n"], line) == b"nu\n"


@pytest.mark.real("dash")
def test_a_shell_behind_another_name_is_recognised(bench):
    (bench.home / "sh").symlink_to(shutil.which("bash"))
    stdout = bench.run([str(bench.home / "sh")], POSIX_LINE)
    assert stdout == b"bash\n"


def test_any_other_parent_gets_posix_text():
    done = subprocess.run(ASK, capture_output=True, check=True)
    assert done.stdout == b"sh\n"


@pytest.mark.parametrize(
    ("program", "shell"),
    [
        ("-zsh", "zsh"),
        ("/bin/bash", "bash"),
        ("/usr/local/bin/bash-5.2", "bash"),
        ("/usr/bin/zsh-5.9 (deleted)", "zsh"),
        ("/usr/bin/ksh93\n", "ksh"),
        ("PowerShell.EXE", "powershell"),
        ("python3.11", ""),
        ("", ""),
    ],
)
def test_program_names_are_understood(program, shell):
    assert detect._shell_of(program) == shell


def test_every_program_has_a_language():
    assert set(detect._PROGRAMS.values()) <= set(SHELLS)


@pytest.mark.real("ps")
def test_ps_answers_where_there_is_no_proc():
    names = detect._names_by_ps(os.getpid())
    assert "python" in names[0] or "pytest" in names[0]
