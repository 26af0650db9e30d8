"""Whatever is typed: a known status, clean lines, and nobody is disturbed."""

import os
import re
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.cli.accounts import log_in
from tests.cli.keyswitch import KEY, Keyswitch
from tests.faults.full.warm import folder_in_memory
from tests.fuzz import command_lines
from tests.fuzz.forked_lines import Lines
from tests.leaks.bad_text import raw_in
from tests.proof import record

CODES = {0, 1, 2, 4, 5, 6, 130}
FAST, FULL = 20, 100  # batches
HOMES = ("empty", "used")
BATCH = 25  # command lines that share a fork
LONGEST = 1_100  # characters of a line of an error
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
FAILED = (1, 2, 5)
# Their status is part of a report, or they list what they ask a yes for.
REPORTS = {
    "current", "doctor", "explain", "logout", "revoke-local", "verify",
    "whoami",
}  # fmt: skip
# Caches, stamps, locks, and the key of digests: nothing of the person's.
KEPT_FOR_LATER = re.compile(
    r"/compiled/|/claude-code/me/\.claude\.json$|/login-stamp$|/install\.key$|/lock$"
)


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    with folder_in_memory(tmp_path_factory.mktemp("lines")) as folder:
        homes = {name: folder / name for name in HOMES}
        (homes["empty"] / "a/b").mkdir(parents=True)
        server = Lines(folder / "server", homes)
        # Files of a home know where it lies: it is made where it is used.
        (server.home / "a/b").mkdir(parents=True)
        _use(Keyswitch(server.home))
        server.home.rename(homes["used"])
        yield server
        server.close()


def _use(ks):
    """Make profiles of three kinds, and the files that words name."""
    ks.with_vault()
    ks.add("work")
    ks.add("gw", "--set", f"base_url={command_lines.ADDRESS}",
           provider="gateway", secret="FAKE-gateway-token-EXAMPLE")  # fmt: skip
    log_in(ks.home, "a")
    ks.file(".claude/.credentials.json").chmod(0o600)
    ks("login", "me", "--capture", "--store", "vault")
    ks("use", "gw")
    ks("use", "work")
    for name in ("token-file", "phrase"):
        ks.file(f"a/b/{name}").write_text(f"{KEY}\n")
    ks("export", "gw", "--to", "a/b/bundle", "--passphrase-file", "a/b/phrase")


def wrong(line, code, out, err, changed):
    """Return what is wrong with what came of a line, or None."""
    if any("always" in word for word in line):  # --color=always
        out, err = (COLOUR.sub(b"", data) for data in (out, err))
    text = err.decode("utf-8", "replace")
    if code not in CODES:
        return f"status {code}"
    if "Traceback" in text:
        return "traceback"
    if raw := raw_in(err) | raw_in(out):
        return f"raw {raw}"
    if command_lines.SECRET in text:
        return "a secret of the command line"
    return wrong_failure(line, text, out, changed) if code in FAILED else None


def wrong_failure(line, text, out, changed):
    """Return what is wrong with a failure; there nothing is changed."""
    if REPORTS.intersection(line):
        return None
    if changed := [p for p in changed if not KEPT_FOR_LATER.search(p)]:
        return f"changed {changed}"
    if out:
        return "output beside a failure"
    said = text.splitlines() or [""]
    if not all(s.startswith(("keyswitch: ", "  ")) for s in said):
        return "lines of somebody else"
    if not any("keyswitch: error: " in s for s in said[-2:]):
        return "no error"
    if len(max(said, key=len)) > LONGEST:
        return "an endless line"
    if other := options_in(said[-1]) - command_lines.options_of(line):
        return f"a hint that names {other}, which this command has not"
    return None


def options_in(hint):
    """Return the options that a hint tells people to add to the same line."""
    if "'keyswitch " in hint:  # it says of which command they are
        return set()
    bare = re.sub(r"'[^']*'|\b(keyswitch|git|gpg) [^;,]*", "", hint)
    return set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", bare))


def try_lines(lines, batches):
    seen, bad = Counter(), 1
    numbers = st.integers(0, 1 << 64)

    @settings(
        max_examples=batches,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # the line that fails is short enough
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(numbers, min_size=BATCH, max_size=BATCH, unique=True))
    def one(numbers):
        batch = [(HOMES[n % 4 > 0], command_lines.line(n)) for n in numbers]
        found, ended = lines(batch)
        for (_, line), answer in zip(batch, found, strict=False):
            seen[answer[0]] += 1
            assert not wrong(line, *answer), (line, answer)
        assert not ended, (batch[len(found) :][:1], ended)

    try:
        one()
        bad = 0
    finally:
        record(promise="P7", what="random command lines",
               points=seen.total(), violations=bad)  # fmt: skip
    return seen


def test_random_command_lines_end_well(lines):
    seen = try_lines(lines, FAST)
    # Not one kind of answer only.
    assert min(seen[0], seen[1], seen[2]) > seen.total() // 20


@pytest.mark.full
def test_random_command_lines_end_well_however_many(lines):
    assert try_lines(lines, FULL).total() >= FULL * BATCH


FOUND = {
    "a variable that is no UTF-8": [
        "rotate", "gw", "--from-env", os.fsdecode(b"\x13\xa6"),
    ],
    "an endless command": ["x" * 100_000],
    "an endless value": ["use", "work", "--target=" + "x" * 100_000],
    "no keychain for the vault": ["vault", "keychain"],
}  # fmt: skip


@pytest.mark.parametrize("line", FOUND.values(), ids=FOUND)
def test_a_line_that_did_not_end_well_does_so_now(lines, line):
    """It was a bug's report, a flood, or an intent that nobody ended."""
    [answer], ended = lines([("used", line)])
    assert not ended
    assert answer[0] in FAILED
    assert not wrong(line, *answer)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (["whoami", "--verify"], ""),
        (["verify", "--all"], ""),
        (["add", "x", "--from-file", "../x"], ""),
    ],
)
def test_the_fence_lets_through_what_is_asked_for(lines, line, says):
    assert lines([("used", line)])[1] == says


def test_the_fence_holds(lines):
    """A command that writes elsewhere, or has somewhere to call, is seen."""
    where = str(lines.home.parent / "elsewhere")
    line = ["export", "gw", "--to", where, "--passphrase-file", "phrase"]
    assert f"fence: open of {lines.home.parent}" in lines([("used", line)])[1]
