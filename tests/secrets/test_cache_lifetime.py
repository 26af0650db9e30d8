"""What `config.toml` says of the cache, on a keychain and a kernel keyring.

The values come from a real gnome-keyring. It is frozen afterwards: what still
answers is the cache, and nothing else.
"""

import os
import time

import pytest

from keyswitch import kernel_keyring
from tests.cli.keyswitch import Keyswitch
from tests.desktop import desktop

pytestmark = pytest.mark.real("gnome-keyring", "keyctl")

SECRET = "sk-ant-api03-FAKE-cache-0123456789abcdefghijEXAMPLE"
ASKS = (["env", "--shell", "bash"], ["helper", "claude-code"])


@pytest.fixture(autouse=True)
def own_keyring(monkeypatch):
    """Look into this test's keyring: the module keeps an earlier one's id."""
    monkeypatch.setattr(kernel_keyring, "_session", None)


@pytest.fixture
def place(tmp_path):
    folder = tmp_path / "desktop"
    folder.mkdir(mode=0o700)
    with desktop(folder) as place:
        yield place


@pytest.fixture
def run(place, home):
    ks = Keyswitch(home, **{**place.environ, "HOME": str(home)})

    def call(*args, stdin=""):
        return ks(*args, stdin=stdin, code=None)

    return call


@pytest.fixture
def configured(run, home):
    """Make 'work' the active profile, under these settings."""

    def start(settings):
        folder = home / ".config" / "keyswitch"
        folder.mkdir(parents=True, exist_ok=True)
        folder.joinpath("config.toml").write_text(settings)
        added = run(
            "add", "work", "--provider", "anthropic", "--store", "keychain",
            "--stdin", stdin=SECRET,
        )  # fmt: skip
        assert added.code == 0, added.err
        assert run("use", "work").code == 0
        kernel_keyring.drop()

    return start


def values():
    """Return the cached values: descriptions that keyswitch gave them."""
    entries = [description for _, description in kernel_keyring.entries()]
    return [text for text in entries if text.startswith("keyswitch:val:")]


def time_left():
    """Return how long the kernel keeps each cached value, as it says."""
    with open("/proc/keys", encoding="ascii") as file:
        lines = [line for line in file if "keyswitch:val:" in line]
    ours = {f"{key:08x}" for key, _ in kernel_keyring.entries()}
    return [line.split()[3] for line in lines if line.split()[0] in ours]


@pytest.mark.parametrize("args", ASKS, ids=lambda a: a[0])
@pytest.mark.parametrize("cache", ["off", "key"])
def test_without_a_cache_of_values_each_read_asks_the_keychain(
    configured, run, place, args, cache
):
    configured(f'cache = "{cache}"\n')
    assert SECRET in run(*args).out
    assert kernel_keyring.entries() == []
    place.freeze()
    refused = run(*args)
    assert (refused.code, refused.out) == (1, "")


@pytest.mark.parametrize("args", ASKS, ids=lambda a: a[0])
def test_a_cached_value_answers_for_a_silent_keychain(
    configured, run, place, args
):
    configured("")
    assert values() == []
    assert SECRET in run(*args).out
    assert len(values()) == 1
    place.freeze()
    assert SECRET in run(*args).out


def test_a_cached_value_lives_as_long_as_the_setting_says(configured, run):
    configured("cache_timeout = 7200\n")
    run(*ASKS[0])
    # The kernel rounds to one unit, and not always down.
    assert time_left() in (["1h"], ["2h"])


def test_the_default_is_a_quarter_of_an_hour(configured, run):
    configured("")
    run(*ASKS[0])
    assert time_left() in (["14m"], ["15m"])


def test_an_expired_value_is_asked_for_again(configured, run, place):
    configured("cache_timeout = 2\n")
    assert SECRET in run(*ASKS[0]).out
    end = time.monotonic() + 10
    while values() and time.monotonic() < end:
        time.sleep(0.1)
    assert values() == []
    assert SECRET in run(*ASKS[0]).out
    place.freeze()
    while values() and time.monotonic() < end + 10:
        time.sleep(0.1)
    assert SECRET not in run(*ASKS[0]).out


def test_a_read_does_not_lengthen_a_cached_value_s_life(configured, run):
    configured("cache_timeout = 3\n")
    start = time.monotonic()
    run(*ASKS[0])
    while values() and time.monotonic() < start + 10:
        kernel_keyring.read(values()[0])
        time.sleep(0.1)
    assert values() == []


def test_turning_the_cache_off_holds_at_once(configured, run, home, place):
    configured("")
    run(*ASKS[0])
    config = home / ".config" / "keyswitch" / "config.toml"
    config.write_text('cache = "off"\n')
    assert SECRET in run(*ASKS[0]).out
    place.freeze()
    assert SECRET not in run(*ASKS[0]).out


def test_a_shorter_time_holds_for_what_was_cached(configured, run, home):
    configured("cache_timeout = 7200\n")
    run(*ASKS[0])
    config = home / ".config" / "keyswitch" / "config.toml"
    config.write_text("cache_timeout = 60\n")
    run(*ASKS[0])
    (left,) = time_left()
    assert left == "1m" or left.endswith("s")


def test_a_changed_profile_leaves_no_old_value_behind(configured, run):
    configured("")
    run(*ASKS[0])
    before = values()
    os.utime(os.path.expanduser("~/.config/keyswitch/profiles/work.toml"))
    assert SECRET in run(*ASKS[0]).out
    assert len(values()) == 1
    assert values() != before
