"""While a secret is in memory, the process leaves no core file."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

from tests.cli.keyswitch import KEY, Keyswitch
from tests.components import ROOT
from tests.proof import record

# Where a command is stopped: as soon as it has read the secret.
DRIVER = """
import os, signal, sys
from keyswitch.{module} import {function} as whole
import keyswitch.{module} as module
def stopped(*args, **options):
    found = whole(*args, **options)
    os.kill(os.getpid(), signal.SIGSTOP)
    return found
module.{function} = stopped
from keyswitch import kernel_keyring, secret
if {open_}:
    kernel_keyring.close_to_others = lambda: None
    secret.forbid_cores = module.forbid_cores = lambda: None
from keyswitch.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
READER = ("secrets.stores", "_from_stores")
SOURCE = ("cli.sources", "read_source")
ADD = ("add", "new", "--provider", "anthropic", "--store", "vault", "--stdin")
COMMANDS = {
    "env": (READER, ("env", "work", "--shell", "bash")),
    "helper": (READER, ("helper", "claude-code")),
    "add": (SOURCE, ADD),
    "rotate": (SOURCE, ("rotate", "work", "--stdin")),
}


@pytest.fixture
def ks(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    ks = Keyswitch(home).with_vault()
    ks.add("work")
    ks("use", "work")
    ks.file(".config/keyswitch").mkdir(exist_ok=True)
    ks.file(".config/keyswitch/config.toml").write_text('cache = "off"\n')
    return ks


def stopped(ks, name, *, open_=False):
    """Start a command and wait until it has the secret in its memory."""
    (module, function), args = COMMANDS[name]
    script = DRIVER.format(
        module=module, function=function, open_=open_,
    )  # fmt: skip
    read, write = os.pipe()
    os.write(write, KEY.encode())
    os.close(write)
    process = subprocess.Popen(
        ["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh",
         sys.executable, "-c", script, *args],
        env={**ks.environ, "PYTHONPATH": str(ROOT)},
        cwd=ks.home, stdin=read,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(read)
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    process.returncode = 0
    assert os.WIFSTOPPED(status), status
    return process.pid


def aborted(pid):
    """End a stopped process by a signal that dumps; return its status."""
    os.kill(pid, signal.SIGABRT)
    os.kill(pid, signal.SIGCONT)
    status = os.waitpid(pid, 0)[1]
    assert os.WTERMSIG(status) == signal.SIGABRT
    return status


CAN_DUMP = resource.getrlimit(resource.RLIMIT_CORE)[1] != 0 or not os.getuid()


@pytest.mark.skipif(not CAN_DUMP, reason="no process may dump core here")
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_with_a_secret_in_memory_dumps_no_core(ks, name):
    dumped = os.WCOREDUMP(aborted(stopped(ks, name)))
    record(
        promise="P11", what="core dumps with a secret in memory",
        points=1, violations=int(dumped),
    )  # fmt: skip
    assert not dumped


@pytest.mark.skipif(not CAN_DUMP, reason="no process may dump core here")
def test_a_command_that_does_not_forbid_it_is_caught(ks):
    assert os.WCOREDUMP(aborted(stopped(ks, "env", open_=True)))


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_with_a_secret_in_memory_has_a_limit_of_no_core(ks, name):
    pid = stopped(ks, name)
    limits = resource.prlimit(pid, resource.RLIMIT_CORE)
    aborted(pid)
    record(
        promise="P11", what="a limit of no core, with a secret in memory",
        points=1, violations=int(limits[0] != 0),
    )  # fmt: skip
    assert limits[0] == 0


@pytest.mark.parametrize(
    "args",
    [("run", "work", "--", "sh", "-c", "ulimit -c"),
     ("shell", "work", "--shell", "sh")],
    ids=lambda args: args[0],
)  # fmt: skip
def test_a_program_that_was_asked_for_has_the_limit_from_before(ks, args):
    limit = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (2048, limit[1]))
    try:
        done = ks(*args, stdin="ulimit -c; exit 0\n", SHELL="/bin/sh")
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, limit)
    assert "4" in done.out.split()  # blocks of 512 bytes


@pytest.fixture
def readable():
    """A copy of the package that another user may read."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        os.chmod(place, 0o755)
        shutil.copytree(ROOT / "keyswitch", f"{place}/keyswitch")
        yield place


@pytest.mark.real("setpriv")
@pytest.mark.skipif(os.getuid() != 0, reason="needs root")
@pytest.mark.parametrize("open_", [False, True])
def test_another_process_of_the_same_user_sees_nothing_of_it(readable, open_):
    """The environment of a running process is as closed as its memory."""
    script = (
        "import sys, time\n"
        "from keyswitch import kernel_keyring as keys\n"
        f"{'pass' if open_ else 'keys.close_to_others()'}\n"
        "print('ready', flush=True); sys.stdin.read()"
    )
    other = ["setpriv", "--reuid=1234", "--regid=1234", "--clear-groups"]
    with subprocess.Popen(
        [*other, "/usr/bin/python3", "-c", script],
        env={"PYTHONPATH": readable, "CANARY": "FAKE-canary"},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == b"ready\n"
        seen = subprocess.run(
            [*other, "cat", f"/proc/{process.pid}/environ"],
            capture_output=True, check=False,
        )  # fmt: skip
        assert (b"FAKE-canary" in seen.stdout) == open_
