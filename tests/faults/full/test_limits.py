"""Little room, few descriptors, no home, a hostile TMPDIR: nothing is torn."""

import json
import os
import subprocess
import sys

import pytest

from tests.components import ROOT
from tests.faults.cases import ENVIRON, MAIN
from tests.faults.full import full_disk
from tests.faults.full.commands import command_case
from tests.faults.harness import (
    aftermath,
    folder_in_memory,
    prepared,
    run,
)
from tests.proof import record

pytestmark = pytest.mark.real("strace")

COMMANDS = ("add", "remove", "use-bedrock", "vault-rotate")
LIMITS = [
    *(("--fsize", size) for size in (0, 1, 64, 512, 1024, 2048, 4096)),
    *(("--nofile", count) for count in (4, 5, 6, 8, 12)),
]


@pytest.fixture
def room(tmp_path):
    with folder_in_memory(tmp_path) as folder:
        yield folder


def limited(command, place, environ, option, value):
    """Run a command under a limit of the kernel."""
    return run(
        command,
        place.home,
        environ,
        wrap=("prlimit", f"{option}={value}", "--"),
    )


@pytest.mark.parametrize(
    "name",
    [
        "use-bedrock",
        *(
            pytest.param(name, marks=pytest.mark.full)
            for name in ("add", "remove", "vault-passwd")
        ),
    ],
)
def test_a_limit_of_the_kernel_leaves_the_old_state_or_the_new_one(
    room, warm, name
):
    case, environ = command_case(name, "plain", warm, room / "kit")
    places, clean = prepared(case, environ, room, [warm])
    place, found, refused = places.get(), [], 0
    for option, value in LIMITS:
        place.fresh()
        done = limited(case.command, place, environ, option, value)
        refused += done.returncode == 1
        bad = list(aftermath(case, environ, place, done, clean))
        if b"this is a bug" in done.stderr:
            bad.append(f"a bug: {done.stderr[-300:]}")
        found += [f"{option} {value}: {violation}" for violation in bad]
    record(
        promise="P1",
        what="limits on file sizes and descriptors",
        points=len(LIMITS),
        violations=len(found),
    )
    assert found == []
    assert refused >= 3


def namespace():
    """Return what gives a command file systems of its own, or skip."""
    wrap = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    probe = [*wrap, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    try:
        done = subprocess.run(
            probe, capture_output=True, text=True, check=False
        )
        why = done.stderr.strip() if done.returncode else ""
    except FileNotFoundError:
        why = "there is no unshare here"
    if why and os.environ.get("KEYSWITCH_REQUIRE_REAL") == "1":
        pytest.fail(f"cannot mount: {why}, and KEYSWITCH_REQUIRE_REAL=1")
    if why:
        pytest.skip(f"no file system can be mounted ({why})")
    return wrap


@pytest.mark.full
@pytest.mark.parametrize("name", full_disk.NAMES)
def test_a_full_or_read_only_disk_leaves_the_old_state_or_the_new_one(
    tmp_path, name
):
    done = subprocess.run(
        [
            *namespace(),
            sys.executable, "-m", "tests.faults.full.full_disk",
            name, str(tmp_path),
        ],
        env=ENVIRON, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    record(
        promise="P1",
        what="a disk with 0, 1, 2 ... pages or inodes left, or read-only",
        points=found["points"],
        violations=len(found["violations"]),
    )
    assert found["violations"] == []
    assert found["points"] >= 9  # three ways to run out


@pytest.mark.parametrize("kind", ["absent", "file", "open to all", "link"])
def test_nothing_goes_to_a_hostile_folder_for_temporary_files(room, warm, kind):
    trap, outside = room / "trap", room / "outside"
    outside.mkdir()
    if kind == "file":
        trap.write_text("")
    elif kind == "open to all":
        trap.mkdir()
        trap.chmod(0o777)
    elif kind == "link":
        trap.symlink_to(outside)
    hostile = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(trap))
    for name in COMMANDS:
        (room / name).mkdir()
        case, environ = command_case(name, "plain", warm, room / "kit")
        places, clean = prepared(case, environ, room / name, [warm])
        place = places.get()
        place.fresh()
        before = outside.stat().st_mtime_ns
        done = warm(case.command, place.home, {**environ, **hostile})
        assert done.returncode == 0, done.stderr
        assert case.snapshot(place.home) == clean.new
        assert outside.stat().st_mtime_ns == before
        assert not trap.is_dir() or not list(trap.iterdir())


@pytest.mark.parametrize("home", ["unset", ""])
@pytest.mark.real("other-users")
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_somebody_without_a_home_is_told_so_and_nothing_is_written(
    tmp_path, home
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in (elsewhere, *tmp_path.parents[:3]):
        path.chmod(0o755)
    elsewhere.chmod(0o777)
    stranger = "54321"  # no entry in the list of users
    environ = {**ENVIRON, **({} if home == "unset" else {"HOME": home})}
    become = ("setpriv", f"--reuid={stranger}", f"--regid={stranger}")
    done = subprocess.run(
        [*become, "--clear-groups", *MAIN, "vault", "init", "--machine-key"],
        env=environ, cwd=elsewhere, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "HOME" in done.stderr
    assert list(elsewhere.iterdir()) == []
