"""Names of profiles: exactly the documented ones, and these work everywhere."""

import json
import os
import random
import re
import shlex
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyswitch.errors import InputError
from keyswitch.profiles.names import check_name
from tests.cli.keyswitch import KEY, Keyswitch
from tests.cli.test_completion import DRIVER
from tests.faults.full.warm import Command, Warm, folder_in_memory
from tests.proof import record

FAST, FULL = 1_000, 20_000
# The rule of the documentation, written once more.
RULE = re.compile(
    r"(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z))"
    r"[a-z0-9][a-z0-9._-]{0,63}(?<!\.)",
    re.ASCII,
)
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789._-"
PARTS = (
    "con", "prn", "aux", "nul", "com1", "lpt9", "com0", "com10", "CON", "toml",
    ".", "..", "-", "--", "_", "a", "0", "work", "Work", "/", "\\", ":", "~",
    "*",
    " ", "\n", "\r", "\0", "\x1b", "\x7f", "\x9b", "\u202e", "\ufeff", "\u2028",
    "é", "e\u0301", "\u0131", "\u212a", "\ufb01", "٣", "²", "\uff21", "\ud800",
    "\udcff", "$(id)", "'", '"', "%", "a" * 63, "a" * 64, "x" * 65,
)  # fmt: skip


def name(number):
    """Return the text that a number stands for: a name, or nearly one."""
    chance = random.Random(number)
    if chance.random() < 0.4:
        size = chance.choice((1, 2, 8, 63, 64, 65))
        return "".join(chance.choices(ALPHABET, k=size))
    pieces = chance.choices(PARTS, k=chance.randrange(4))
    return "".join(chance.choice((p, chance.choice(ALPHABET))) for p in pieces)


def is_taken(text):
    try:
        check_name(text)
    except InputError as e:
        error = e
    else:
        return True
    assert error.hint
    assert 0 < len(error.message) < 500
    assert (error.message + error.hint).isprintable()
    return False


def try_names(count):
    seen, bad = {True: 0, False: 0}, 1

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(st.integers(0, 1 << 64).map(name), st.text(max_size=70)))
    def one(text):
        taken = is_taken(text)
        seen[taken] += 1
        assert taken == bool(RULE.fullmatch(text))
        if taken:
            works_everywhere(text)

    try:
        one()
        bad = 0
    finally:
        record(promise="P9", what="names of profiles",
               points=sum(seen.values()), violations=bad)  # fmt: skip
    assert min(seen.values()) > count // 10
    return seen


def works_everywhere(text):
    """One file below the folder, one word of a shell, one name per folding."""
    assert os.path.basename(f"{text}.toml") == f"{text}.toml"
    assert os.path.normpath(f"/p/{text}.toml") == f"/p/{text}.toml"
    assert len(f".keyswitch-{'0' * 16}-{text}.toml".encode()) < 255
    assert shlex.quote(text) == text
    assert not text.startswith("-")
    # No other name is the same file where case or form do not count.
    assert text.casefold() == unicodedata.normalize("NFKC", text) == text
    assert not is_taken(text.upper()) or text.upper() == text


def test_names_are_those_of_the_rule():
    try_names(FAST)


@pytest.mark.full
def test_names_are_those_of_the_rule_however_many():
    try_names(FULL)


def test_a_rule_that_takes_more_is_noticed(monkeypatch):
    monkeypatch.setattr("keyswitch.profiles.names._DEVICES", frozenset())
    texts = [name(number) for number in range(FAST)]
    assert any(is_taken(t) != bool(RULE.fullmatch(t)) for t in texts)


ODD = (
    "0", "z", "-".join("abc"), "a--b", "a.b.c", "a..b", "work.toml",
    "work.toml.x",
    "a_", "a-", "0.0", "00", "con-x", "xcon", "com", "com10", "lpt", "nul-",
    "a" * 64,
    "9" * 64, "off", "use", "none", "null", "true", "json", "vault", "default",
    "nan", "inf", "1e5", "2030-01-31", "0x10", "a.-_.-_b",
)  # fmt: skip


@pytest.fixture
def run(tmp_path):
    """Keyswitch in a home with a vault; each run is a fork."""
    with folder_in_memory(tmp_path) as folder:
        home = folder / "home"
        home.mkdir()
        ks = Keyswitch(home).with_vault()
        warm = Warm()

        def run(*args, stdin=b""):
            argv = (sys.executable, "-m", "keyswitch", *args)
            done = warm(Command(argv, stdin), home, ks.environ)
            return done.returncode, done.stdout.decode(), done.stderr.decode()

        run.home = home
        yield run
        warm.close()


def added(run, text):
    return run("add", text, "--provider", "anthropic", "--store", "vault",
               "--stdin", stdin=KEY.encode())  # fmt: skip


@pytest.mark.real("bash")
def test_odd_names_are_profiles_like_any_other(run):
    for text in ODD:
        assert added(run, text)[0] == 0, text
    found = json.loads(run("list", "--json")[1])["profiles"]
    assert [p["name"] for p in found] == sorted(ODD)
    folder = run.home / ".config/keyswitch/profiles"
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        f"{text}.toml" for text in ODD
    )
    for text in ODD[::5]:
        assert run("use", text) == (0, "", f"keyswitch: switched to '{text}'\n")
        assert run("current")[1] == f"{text}\n"
        assert run("helper", "api-key", text)[1] == f"{KEY}\n"
    script = run("completion", "bash")[1] + DRIVER["bash"]
    done = subprocess.run(
        ["bash", "--norc", "-c", f"{script}\noffered keyswitch use ''"],
        capture_output=True, text=True, check=True,
        env={"HOME": str(run.home), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert sorted(done.stdout.split()) == sorted([*ODD, "-", "END"])
    record(promise="P9", what="odd names in use", points=len(ODD), violations=0)


@pytest.mark.parametrize(
    "other", ["WORK", "Work", "work.", "work ", "wor\u212a"]
)
def test_a_name_that_is_another_s_file_elsewhere_is_refused(run, other):
    assert added(run, "work")[0] == 0
    before = sorted(run.home.rglob("*"))
    code, out, err = added(run, other)
    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 2
    assert sorted(run.home.rglob("*")) == before
