"""The unlock cache, in a real session keyring of the kernel."""

import json
import os
import subprocess
import sys

import pytest

from tests.components import ROOT

pytestmark = pytest.mark.real("keyctl")
IMPORTS = """
import json, time
from keyswitch import kernel_keyring as keys
"""


def in_session(code, *, own=True):
    """Run code in a process with a session keyring of its own, or without."""
    wrap = ["keyctl", "session", "-"] if own else []
    done = subprocess.run(
        [*wrap, sys.executable, "-c",
         f"{IMPORTS}{code}"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def test_a_value_is_kept_and_dropped():
    assert in_session(
        "keys.write('keyswitch:t:a', b'FAKE\\0v', 60)\n"
        "seen = [keys.read('keyswitch:t:a').hex()]\n"
        "seen.append([d for _, d in keys.entries()])\n"
        "seen.append(keys.drop('keyswitch:t:'))\n"
        "seen.append(keys.read('keyswitch:t:a'))\n"
        "print(json.dumps(seen))"
    ) == [b"FAKE\0v".hex(), ["keyswitch:t:a"], 1, None]


def test_the_kernel_forgets_it_when_its_time_is_up():
    assert in_session(
        "keys.write('keyswitch:t:b', b'FAKE', 1)\n"
        "before = keys.read('keyswitch:t:b') is not None\n"
        "time.sleep(1.3)\n"
        "print(json.dumps([before, keys.read('keyswitch:t:b')]))"
    ) == [True, None]


def test_another_session_of_the_same_user_sees_nothing():
    seen = in_session(
        "import subprocess, sys\n"
        "keys.write('keyswitch:t:c', b'FAKE', 60)\n"
        "code = 'from keyswitch import kernel_keyring as k;'\n"
        "code += 'print(k.read(\"keyswitch:t:c\"))'\n"
        "child = subprocess.run([sys.executable, '-c', code],\n"
        "    capture_output=True, text=True).stdout.strip()\n"
        "other = subprocess.run(['keyctl', 'session', '-', sys.executable,\n"
        "    '-c', code], capture_output=True, text=True).stdout.split()[-1]\n"
        "print(json.dumps([child, other]))"
    )
    assert seen == ["b'FAKE'", "None"]


@pytest.mark.parametrize("lost", ["_below_ctypes", "_of_ctypes"])
def test_either_way_to_the_kernel_is_enough(lost):
    assert in_session(
        "def broken(): raise AttributeError\n"
        f"keys.{lost} = broken\n"
        "keys.write('keyswitch:t:f', b'FAKE' * 2000, 60)\n"
        "seen = [keys.read('keyswitch:t:f') == b'FAKE' * 2000]\n"
        "seen += [description for _, description in keys.entries()]\n"
        "print(json.dumps([*seen, keys.drop()]))"
    ) == [True, "keyswitch:t:f", 1]


def test_what_is_too_large_is_not_cached_and_no_error():
    assert in_session(
        "done = keys.write('keyswitch:t:d', b'x' * 40000, 60)\n"
        "print(json.dumps([done, keys.read('keyswitch:t:d')]))"
    ) == [False, None]


def test_a_description_like_another_one_is_another_one():
    assert in_session(
        "keys.write('keyswitch:t:ee', b'FAKE', 60)\n"
        "print(json.dumps(keys.read('keyswitch:t:e')))"
    ) is None  # fmt: skip


def test_a_failed_call_is_no_value(monkeypatch):
    from keyswitch import kernel_keyring

    monkeypatch.setattr(kernel_keyring, "_session", -1)
    assert kernel_keyring.read("keyswitch:t:x") is None
    assert not kernel_keyring.write("keyswitch:t:x", b"FAKE", 60)
    assert kernel_keyring.drop() == 0
    assert kernel_keyring.available()[0] is False


@pytest.fixture
def paths(tmp_path):
    from keyswitch.profiles.paths import resolve

    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    return resolve(
        {"KEYSWITCH_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(runtime)}
    )


KEY = b"FAKE" * 8


def test_without_a_keyring_the_shell_s_variable_opens_the_file(paths):
    from keyswitch.secrets.vault import runtime_file

    session = runtime_file.write(paths, "ab", KEY, 60)
    assert runtime_file.read(paths, "ab", session) == KEY
    with open(runtime_file.path_of(paths, "ab"), "rb") as file:
        data = file.read()
    assert KEY.hex().encode() not in data
    for wrong in ("", "00" * 32, "rubbish"):
        assert runtime_file.read(paths, "ab", wrong) is None
    assert runtime_file.read(paths, "cd", session) is None
    assert runtime_file.drop(paths) == 1
    assert runtime_file.read(paths, "ab", session) is None


def test_the_file_ends_with_its_time_and_with_a_reboot(paths, monkeypatch):
    from keyswitch.secrets.vault import runtime_file

    session = runtime_file.write(paths, "ab", KEY, 60)
    now = runtime_file._now()
    with monkeypatch.context() as patch:
        patch.setattr(runtime_file, "_now", lambda: now + 100)
        assert runtime_file.read(paths, "ab", session) is None
    session = runtime_file.write(paths, "ab", KEY, 60)
    monkeypatch.setattr(runtime_file, "_boot", lambda: "another")
    assert runtime_file.read(paths, "ab", session) is None


def test_a_runtime_directory_that_others_may_read_is_not_used(paths):
    from keyswitch.secrets.vault import runtime_file

    os.chmod(paths.runtime, 0o755)
    assert runtime_file.write(paths, "ab", KEY, 60) == ""
    assert runtime_file.read(paths, "ab", "00" * 32) is None
