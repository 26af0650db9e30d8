"""A fork stands for a process: a command cannot tell one from the other."""

import json
import os
import re
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import guard
from tests.cli.keyswitch import KEY, OTHER, Keyswitch, two_keys
from tests.forks import client, probe

COMMANDS = {
    "help": ("--help",),
    "version": ("--version",),
    "a group alone": ("vault",),
    "usage": ("list", "--nonsense"),
    "no such command": ("lits",),
    "list": ("list",),
    "list as json": ("list", "--json"),
    "show": ("show", "work"),
    "no such profile": ("show", "wrok"),
    "providers": ("providers",),
    "current": ("current",),
    "current in a prompt": ("current", "--prompt"),
    "env": ("env", "--shell", "bash"),
    "env of another": ("env", "spare", "--shell", "fish"),
    "env of nobody": ("env", "nobody", "--shell", "sh"),
    "helper": ("helper", "claude-code"),
    "api-key": ("helper", "api-key", "spare"),
    "run": (
        "run",
        "spare",
        "--",
        "sh",
        "-c",
        "echo $ANTHROPIC_API_KEY; exit 7",
    ),
    "run what is missing": ("run", "spare", "--", "no-such-program"),
    "whoami": ("whoami",),
    "whoami as json": ("whoami", "--json"),
    "doctor": ("doctor",),
    "explain": ("explain", "API Error: 401"),
    "history": ("history",),
    "use": ("use", "spare"),
    "use what is used": ("use", "work"),
    "dry run": ("use", "spare", "--dry-run"),
    "rename": ("rename", "spare", "other"),
    "remove": ("remove", "spare", "--yes"),
    "remove unasked": ("remove", "spare"),
    "undo": ("undo",),
    "off": ("off",),
    "hook": ("hook", "bash"),
    "completion": ("completion", "zsh"),
}


def fresh(home):
    """Return the command in this home, as a process of its own."""
    made = Keyswitch(home)
    made.fresh = True
    return made


def prepared(home):
    home.mkdir()
    ks = Keyswitch(home).with_vault()
    ks.add("work")
    ks.add("spare", secret=OTHER)
    ks("use", "work")
    ks("env", "--shell", "bash")
    return ks


@pytest.fixture
def both(tmp_path):
    """The same home twice, for a fork and for a process."""
    prepared(tmp_path / "a")
    prepared(tmp_path / "b")
    return Keyswitch(tmp_path / "a"), fresh(tmp_path / "b")


def came_of(ks, args):
    done = ks(*args, code=None)
    text = "\0".join([done.out, done.err, *sorted(ks.everything())])
    text = text.replace(str(ks.home), "HOME")
    text = re.sub(r"\d\d:\d\d(:\d\d)?", "TIME", text)
    text = re.sub(r"\b([0-9a-f]{6,}|[0-9a-f]{4}-[0-9a-f]{4})\b", "DIGEST", text)
    return done.code, text.split("\0")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_does_the_same_in_a_fork_and_in_a_process(both, name):
    forked, process = (came_of(ks, COMMANDS[name]) for ks in both)
    assert forked == process


def test_a_copied_home_is_as_one_that_was_made(tmp_path):
    made = Keyswitch(tmp_path / "made").with_vault()
    copied = Keyswitch(tmp_path / "copied").begin_as(two_keys)
    made.add("work")
    made.add("personal", secret=OTHER)
    for args in (("list",), ("env", "personal"), ("undo",), ("list",)):
        assert came_of(copied, args) == came_of(made, args)
    assert "personal" not in copied("list").out


def in_a_fork(folder, environ):
    return client.shared().run(
        [], cwd=folder, environ=environ, target=probe.TARGET
    )


def in_a_process(folder, environ):
    done = subprocess.run(
        [sys.executable, "-m", "tests.forks.probe"], input=b"",
        env=environ, cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    return client.Ran(done.returncode, done.stdout, done.stderr)


def said(ran):
    assert (ran.returncode, ran.stderr) == (0, b"")
    return json.loads(ran.stdout)


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_fork_has_the_circumstances_of_a_process(tmp_path, mask):
    environ = {**Keyswitch(tmp_path).environ, "TZ": "Asia/Tokyo", "ODD": "\n="}
    before = os.umask(mask)
    core = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (mask, core[1]))
    try:
        forked, process = (
            said(run(tmp_path, environ)) for run in (in_a_fork, in_a_process)
        )
    finally:
        os.umask(before)
        resource.setrlimit(resource.RLIMIT_CORE, core)
    assert forked == process


def test_nothing_of_a_command_is_left_for_the_next(tmp_path):
    first = Keyswitch(tmp_path).environ
    before = said(in_a_fork(tmp_path, first))
    in_a_fork(tmp_path.parent, {**first, "TZ": "Asia/Tokyo", "ODD": "x"})
    assert said(in_a_fork(tmp_path, first)) == before


def test_a_fork_and_a_process_have_one_session_keyring(tmp_path):
    phrase = "FAKE-phrase-EXAMPLE"
    ks = Keyswitch(tmp_path)
    ks("vault", "init", "--passphrase-fd", "0", stdin=phrase)
    ks("unlock", "--passphrase-fd", "0", stdin=phrase)
    ks.add("work")
    assert KEY in fresh(tmp_path)("env", "work", "--shell", "sh").out
    fresh(tmp_path)("lock")
    assert ks("env", "work", "--shell", "sh", code=5).out == ""


def test_the_next_test_has_another_keyring():
    name = guard.keyring_name()
    guard.join_fresh_keyring()
    assert name != guard.keyring_name()


def test_variables_that_an_interpreter_reads_first_get_a_process(tmp_path):
    environ = Keyswitch(tmp_path).environ
    assert client.fits(environ)
    for name in ("PYTHONUTF8", "LC_CTYPE", "LANG", "LD_PRELOAD"):
        assert not client.fits({**environ, name: "0"})
    assert not client.fits({**environ, "LC_ALL": "C"})


SLEEP = "time:sleep"


def test_commands_run_beside_each_other(tmp_path):
    environ = Keyswitch(tmp_path).environ

    def sleep(_):
        return client.shared().run(
            0.5, cwd=tmp_path, environ=environ, target=SLEEP
        )

    sleep(0)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        codes = [ran.returncode for ran in pool.map(sleep, range(8))]
    assert codes == [0] * 8
    assert time.monotonic() - began < 8 * 0.5


def test_a_command_that_takes_too_long_is_killed(tmp_path):
    with client.in_memory(b"") as streams:
        fork = client.shared().start(
            60, [stream.fileno() for stream in streams], cwd=tmp_path,
            environ=Keyswitch(tmp_path).environ, target=SLEEP,
        )  # fmt: skip
        assert fork.ended(0.1)[0] == -9


def test_much_is_read_and_written(tmp_path):
    text = "x" * 100_000
    done = client.shared().run(
        ["run", "--help"], stdin=10 * text.encode(), cwd=tmp_path,
        environ={**Keyswitch(tmp_path).environ, "BIG": text},
    )  # fmt: skip
    assert done.returncode == 0
    environ = {**Keyswitch(tmp_path).environ, "BIG": text}
    assert said(in_a_fork(tmp_path, environ))["variables"]["BIG"] == text


def test_a_defect_is_the_defect_of_its_own_server_only(tmp_path):
    setup = "import keyswitch.express as e\ne.run = lambda *args: 33"
    server = client.Server(setup=setup)
    environ = Keyswitch(tmp_path).environ
    try:
        done = server.run(["current"], cwd=tmp_path, environ=environ)
    finally:
        server.close()
    assert done.returncode == 33
    assert client.shared().run(
        ["current"], cwd=tmp_path, environ=environ
    ).returncode != 33  # fmt: skip
