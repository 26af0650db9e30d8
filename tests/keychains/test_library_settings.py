"""Nothing that configures the keyring library chooses a store, or runs code."""

import os
import subprocess
import sys

import pytest

from tests.cli.keyswitch import KEY, OTHER, Keyswitch
from tests.keychains.lane import Lane
from tests.proof import record

EVIL = """
open({tripwire!r}, "w").close()
from keyring.backends.null import Keyring
"""
# The name that each selects in the library: it has to be effective there.
BACKENDS = {
    "null": "keyring.backends.null.Keyring",
    "fail": "keyring.backends.fail.Keyring",
    "chainer": "keyring.backends.chainer.ChainerBackend",
}
NAMES = [
    "file-with-path",
    *(
        pytest.param(f"{place}-{name}", marks=pytest.mark.full)
        for place in ("env", "file")
        for name in BACKENDS
    ),
]


@pytest.fixture(scope="module")
def lane(tmp_path_factory):
    made = Lane(tmp_path_factory.mktemp("library"))
    yield made
    made.close()


class Settings:
    """A home in which the library is told to take something else."""

    def __init__(self, lane, home, name):
        self.tripwire = home / "tripwire"
        self.ks = Keyswitch(home, **lane.environ())
        self.ks.fresh = True  # the library reads its settings when it starts
        place, _, what = name.partition("-")
        backend = BACKENDS.get(what, "evil.Keyring")
        if place == "env":
            self.ks.environ["PYTHON_KEYRING_BACKEND"] = backend
            return
        folder = home / ".config/python_keyring"
        folder.mkdir(parents=True)
        lines = ["[backend]", f"default-keyring={backend}"]
        if what == "with-path":
            (home / "evil").mkdir()
            code = EVIL.format(tripwire=str(self.tripwire))
            (home / "evil/evil.py").write_text(code)
            lines.append(f"keyring-path={home}/evil")
        (folder / "keyringrc.cfg").write_text("\n".join(lines))

    def chosen_by_the_library(self):
        """Return what other programs would get, and forget the tripwire."""
        code = "import keyring; print(type(keyring.get_keyring()).__module__)"
        done = subprocess.run(
            [sys.executable, "-c", code], env=self.ks.environ,
            capture_output=True, text=True, check=True, cwd=self.ks.home,
        )  # fmt: skip
        if self.tripwire.exists():
            os.unlink(self.tripwire)
            return "evil"
        return done.stdout.strip()


@pytest.mark.parametrize("name", NAMES)
def test_the_pinned_keychain_is_used_whatever_the_library_is_told(
    lane, tmp_path, name
):
    lane.empty_home()
    lane.order()
    made = Settings(lane, tmp_path, name)
    told = name.partition("-")[2].replace("with-path", "evil")
    assert told in made.chosen_by_the_library()
    ks = made.ks
    ks("add", "work", "--provider", "anthropic", "--stdin", stdin=KEY)
    assert len(lane.items) == 1
    assert KEY in ks("env", "work", "--shell", "bash").out
    ks("rotate", "work", "--stdin", stdin=OTHER)
    assert ks("helper", "api-key", "work").out.strip() == OTHER
    ks("revoke-local", "work", "--yes")
    assert lane.items == {}
    assert not made.tripwire.exists()
    record(promise="P8", what="settings of the keyring library", points=5,
           violations=0)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_keychain_stays_no_keychain_whatever_the_library_is_told(
    lane, tmp_path, name
):
    made = Settings(lane, tmp_path, name)
    ks = made.ks
    ks.environ |= lane.environ("empty")
    done = ks(
        "add", "work", "--provider", "anthropic", "--stdin", stdin=KEY, code=1
    )
    assert "no usable keychain" in done.error
    assert not ks.profile_file("work").exists()
    assert not made.tripwire.exists()
    record(promise="P8", what="settings of the keyring library", points=1,
           violations=0)  # fmt: skip
