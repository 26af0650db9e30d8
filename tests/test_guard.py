"""The fences around every test bite."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests import guard
from tests.conftest import _GUARDS

HOME = guard.real_homes()[0]


@pytest.fixture
def fence(tmp_path):
    return guard.Guard(str(tmp_path))


@pytest.mark.parametrize(
    "place",
    [
        ".claude/.credentials.json",
        ".claude.json",
        ".claude.json.backup",
        ".config/keyswitch/profiles/work.toml",
        ".aws/credentials",
        ".local/share/keyrings/login.keyring",
        "../{home}/.netrc",
    ],
)
def test_a_private_place_of_a_real_home_is_refused(fence, tmp_path, place):
    path = tmp_path / place.format(home=tmp_path.name)
    with pytest.raises(guard.GuardError):
        fence("open", (str(path), "r", 0))
    assert fence.trespasses


@pytest.mark.parametrize("place", ["src/repo/keyswitch.py", ".pyenv/bin/x"])
def test_code_below_a_real_home_may_be_read(fence, tmp_path, place):
    fence("open", (str(tmp_path / place), "r", 0))
    assert fence.trespasses == []


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com", "2001:db8::1"])
def test_an_address_outside_is_refused(fence, host):
    with pytest.raises(guard.GuardError):
        fence("socket.connect", (None, (host, 443)))


@pytest.mark.parametrize("address", [("127.0.0.1", 80), ("::1", 80), "/sock"])
def test_this_machine_may_be_reached(fence, address):
    fence("socket.connect", (None, address))
    assert fence.trespasses == []


def test_the_hook_is_installed_for_files():
    place = f"{HOME}/.aws/credentials"
    with pytest.raises(guard.GuardError):
        Path(place).read_bytes()
    with pytest.raises(guard.GuardError):
        os.open(place, os.O_RDONLY)
    assert _forgive() == 2


def test_the_hook_is_installed_for_connections():
    with socket.socket() as s, pytest.raises(guard.GuardError):
        s.connect(("192.0.2.1", 443))
    assert _forgive() >= 1


def test_a_trespass_fails_its_test_even_when_the_code_hides_it(pytester_run):
    report = pytester_run(
        "def test_hides():\n"
        "    import os\n"
        f"    place = {HOME!r} + '/.netrc'\n"
        "    try:\n"
        "        os.open(place, os.O_RDONLY)\n"
        "    except BaseException:\n"
        "        pass\n"
    )
    assert "left its fence" in report
    assert "1 error" in report


def test_a_required_part_that_is_missing_fails(pytester_run):
    text = "import pytest\n@pytest.mark.real('zsh')\ndef test_z(): pass\n"
    lax = {"PATH": "/nowhere", "KEYSWITCH_REQUIRE_REAL": "0"}
    assert "1 skipped" in pytester_run(text, **lax)
    report = pytester_run(text, PATH="/nowhere", KEYSWITCH_REQUIRE_REAL="1")
    assert "zsh: not installed" in report
    assert "1 skipped" not in report


def test_no_credential_variable_reaches_a_test(pytester_run):
    report = pytester_run(
        "import os\ndef test_env():\n"
        "    assert not [n for n in os.environ if n.startswith(\n"
        "        ('ANTHROPIC_', 'CLAUDE', 'AWS_', 'KEYSWITCH_H', 'XDG_C'))]\n",
        ANTHROPIC_API_KEY="sk-ant-FAKE",
        CLAUDE_CONFIG_DIR="/nowhere",
        CLAUDECODE="1",
        AWS_PROFILE="FAKE",
        KEYSWITCH_HOME="/nowhere",
        XDG_CONFIG_HOME="/nowhere",
    )
    assert "1 passed" in report


@pytest.mark.real("keyctl")
def test_each_test_has_a_session_keyring_of_its_own():
    def serial():
        return subprocess.run(
            ["keyctl", "show", "@s"], capture_output=True, check=False
        ).stdout

    first = serial()
    guard.join_fresh_keyring()
    assert not first or first != serial()


@pytest.fixture
def pytester_run(tmp_path):
    """Run one test file in a pytest of its own under this conftest."""

    def run(text, **environ):
        folder = tmp_path / "tests"
        folder.mkdir(exist_ok=True)
        path = folder / "test_inner.py"
        path.write_text(text)
        root = guard.__file__.rpartition("/tests/")[0]
        done = subprocess.run(
            [
                sys.executable, "-m", "pytest", "-p", "no:cacheprovider",
                "-p", "tests.conftest", "-q", "--rootdir", str(tmp_path),
                "--override-ini=markers=real", "-c", "/dev/null", str(path),
            ],
            env={**os.environ, "PYTHONPATH": root, **environ},
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    return run


def _forgive():
    """Empty the record, so that this test's own trespass does not fail it."""
    count = 0
    for fence in _GUARDS:
        count += len(fence.trespasses)
        fence.trespasses.clear()
    return count
