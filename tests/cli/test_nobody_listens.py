"""Closed, full and broken outputs: what is done stays done, and is said."""

import subprocess
import sys

import pytest

from keyswitch.profiles.paths import resolve
from keyswitch.secrets.vault.reading import Vault
from tests.cli.keyswitch import OTHER, two_keys

# Each changes something, and prints something in at least one of its forms.
CHANGES = {
    "use": ("use", "personal"),
    "use json": ("use", "personal", "--json"),
    "off": ("off", "--json"),
    "undo": ("undo",),
    "edit": ("edit", "work", "--set", "model=claude-FAKE"),
    "copy": ("copy", "work", "other", "--json"),
    "rename": ("rename", "work", "other"),
    "remove": ("remove", "personal", "--yes"),
    "rotate": ("rotate", "work", "--stdin"),
    "add": ("add", "new", "--provider", "anthropic", "--stdin", "--json",
            "--store", "vault"),
    "link": ("link", "work"),
    "vault rotate": ("vault", "rotate", "--json"),
    "install": ("install", "bash", "--yes"),
    "revoke": ("revoke-local", "work", "--yes", "--json"),
    "revoke all": ("revoke-local", "--all", "--yes"),
    "status line": ("install", "claude-statusline", "--yes", "--json"),
    "uninstall": ("uninstall", "--all", "--yes", "--json"),
    "doctor": ("doctor", "--fix", "--yes", "--json"),
}  # fmt: skip
OUTPUTS = {
    "closed": ">&-",
    "no talk": "2>&-",
    "both closed": ">&- 2>&-",
    "full": ">/dev/full",
    "no room for talk": "2>/dev/full",
    "both full": ">/dev/full 2>&1",
    "nobody": "2>&1 | :",
    "all closed": "<&- >&- 2>&-",
}
FAST = [("use json", "full"), ("use", "both closed"), ("rotate", "both full")]


@pytest.fixture
def two(bare):
    ks = bare.begin_as(two_keys)
    ks("use", "work")
    return ks


def ended(ks, args, output):
    """Run a command in a shell with an output; return (status, stderr)."""
    line = f'set -o pipefail; "$0" -m keyswitch "$@" {output}'
    done = subprocess.run(
        ["bash", "-c", line, sys.executable, *args],
        input=OTHER.encode(), capture_output=True, env=ks.environ,
        cwd=ks.home, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr.decode()


def differs(ks, before):
    """Tell whether anything but caches is another."""
    after = ks.everything()
    return any(
        before.get(path) != after.get(path)
        for path in before.keys() | after.keys()
        if not any(part in path for part in ("/compiled/", "/bound/"))
    )


def violations(ks, args, output):
    before = ks.everything()
    status, err = ended(ks, args, OUTPUTS[output])
    if "--stdin" in args and "<&-" in OUTPUTS[output]:
        assert status == 1  # nothing was given
        return []
    wrong = [] if status in (0, 6) else [f"{args} {output}: {status} {err}"]
    if args[0] == "doctor":
        wrong = [] if status in (0, 1, 6) else wrong  # 1: there are findings
    if "Traceback" in err or "a bug" in err:
        wrong.append(err)
    if not differs(ks, before) and args[0] not in ("use", "doctor"):
        wrong.append(f"{args} {output}: {status}, and nothing changed: {err}")
    return wrong


@pytest.mark.parametrize(("name", "output"), FAST)
def test_a_change_that_nobody_is_told_of_is_made(two, name, output):
    assert violations(two, CHANGES[name], output) == []


@pytest.mark.full
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_made_wherever_its_words_go(two, name, output):
    assert violations(two, CHANGES[name], output) == []


def test_what_cannot_be_printed_is_a_failure_where_nothing_changed(two):
    status, err = ended(two, ("list",), ">&-")
    assert status == 1
    assert "cannot print: bad file descriptor" in err
    assert "the change is made" not in err


def test_nothing_is_printed_into_a_file_of_ours(two):
    """What is opened first has the number of an output that was closed."""
    before = two.everything()
    assert ended(two, ("env", "work", "--format", "json"), ">&-")[0] == 1
    assert ended(two, ("use", "personal", "--here"), ">&-")[0] in (1, 6)
    assert not differs(two, before)


def test_a_recovery_code_that_nobody_sees_does_not_end_the_former_one(ks):
    def codes():
        header = Vault(resolve(ks.environ)).load().header
        return [s for s in header["slots"] if s["type"] == "recovery"]

    ks("vault", "recovery")
    before = codes()
    assert len(before) == 1
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "keyswitch", "vault", "recovery"],
            env=ks.environ, cwd=ks.home, stdout=full, check=False,
            stderr=subprocess.PIPE,
        )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert codes() == before
