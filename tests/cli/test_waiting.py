"""No command waits for ever, and those in prompts hardly at all."""

import fcntl
import os
import time

import pytest

from tests.cli.accounts import two_accounts

STATE = ".local/state/keyswitch"
HOUR = 3600

LOCKS = (
    ".claude.lock",
    ".claude/.oauth_refresh.lock",
    ".claude/.storage-write.lock",
    ".claude.json.lock",
)


@pytest.fixture
def two(ks):
    return two_accounts(ks)


def aged(path, seconds):
    then = time.time() + seconds
    os.utime(path, (then, then))


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("age", [-HOUR, HOUR, 30 * 365 * 24 * HOUR])
def test_a_lock_that_was_left_behind_is_taken_over(two, lock, age):
    path = two.file(lock)
    path.mkdir()
    aged(path, age)
    two("use", "a")
    assert not path.exists()


@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("age", [-HOUR, HOUR])
@pytest.mark.parametrize("kind", ["a file", "full", "a link"])
def test_what_only_looks_like_a_lock_is_named(two, lock, age, kind):
    path = two.file(lock)
    if kind == "full":
        (path / "inside").mkdir(parents=True)
    elif kind == "a file":
        path.write_bytes(b"")
    else:
        path.symlink_to("somewhere")
    if kind != "a link":
        aged(path, age)
    begun = time.monotonic()
    done = two("use", "a", code=1)
    assert time.monotonic() - begun < 10
    assert str(path) in done.error
    assert f"rm -r {path}" in done.err or f"rmdir {path}" in done.err
    assert two("current").out == "b\n"


def test_a_lock_that_is_alive_is_waited_for_and_named(two):
    path = two.file(".claude.lock")
    path.mkdir()
    done = two("use", "a", code=1)
    assert str(path) in done.error
    assert path.exists()
    assert not any(two.file(f"{STATE}/journal").iterdir())


@pytest.fixture
def busy(ks):
    """Another command holds keyswitch's lock, and has prepared a change."""
    ks.add("work")
    ks("use", "work")
    lock = os.open(ks.file(f"{STATE}/lock"), os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    yield ks
    os.close(lock)


READERS = (
    ("env", "work", "--shell", "bash"),
    ("env", "--format", "json"),
    ("current",),
    ("current", "--json"),
    ("helper", "claude-code"),
    ("helper", "api-key", "work"),
)


@pytest.mark.parametrize("state", ["prepared", "commit", "intent"])
@pytest.mark.parametrize("command", READERS, ids=" ".join)
def test_a_reader_does_not_wait_for_a_change_of_another_command(
    busy, command, state
):
    expected = busy(*command).out
    folder = "intents" if state == "intent" else "journal"
    place = busy.file(f"{STATE}/{folder}")
    place.mkdir(exist_ok=True)
    text = "vault\nks1-0\n1\nwork\n" if state == "intent" else '{"steps": []}'
    (place / ("ks1-0.1" if state == "intent" else state)).write_text(text)
    begun = time.monotonic()
    assert busy(*command).out == expected
    assert time.monotonic() - begun < 5  # the usual wait is 10
