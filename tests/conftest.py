"""What holds for every test: a home of its own and no way out of it."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

from tests import components, guard, proof, skips, tiers, times

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")

_GUARDS = [guard.Guard(home) for home in guard.real_homes()]


def pytest_addoption(parser):
    tiers.add_options(parser)


def pytest_configure(config):
    """Close the fences before the first module of tests is imported."""
    # A shell that started this in the background ignores them, and so would
    # every program that a test interrupts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.name == "posix":
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    tiers.settle(config)
    config.stash[_PARTS] = Path(tempfile.mkdtemp(prefix="keyswitch-parts-"))
    components.link_into(config.stash[_PARTS])
    bare = guard.bare_environment(dict(os.environ))
    os.environ.clear()
    os.environ.update(bare)
    os.environ["PATH"] = os.pathsep.join(
        [
            str(Path(sys.executable).parent),
            str(config.stash[_PARTS]),
            bare.get("PATH", os.defpath),
        ]
    )
    os.environ["HOME"] = str(config.stash[_PARTS])
    guard.join_fresh_keyring()
    for fence in _GUARDS:
        sys.addaudithook(fence)
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(skips.Skips())
        config.pluginmanager.register(times.Times())
    if proof.VARIABLE not in os.environ:  # workers have it from the first
        os.environ[proof.VARIABLE] = str(config.stash[_PARTS] / "proof")


def pytest_terminal_summary(terminalreporter, exitstatus, config):
    path = config.stash[_PARTS] / "proof"
    if path.exists() and exitstatus == pytest.ExitCode.OK:
        terminalreporter.section("what was proved")
        for line in proof.table(path):
            terminalreporter.write_line(line)


def pytest_unconfigure(config):
    folder = config.stash[_PARTS]
    for entry in folder.iterdir():
        if entry.is_symlink() or entry.name == "proof":
            entry.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def pytest_report_header(config):
    lost = [part for part in components.PROGRAMS if components.lacks(part)]
    return [
        f"real parts that are missing here: {', '.join(lost) or 'none'}",
        *tiers.header(config),
    ]


def pytest_collection_modifyitems(config, items):
    numbers = tiers.numbers_of(items)
    for item, number in zip(items, numbers, strict=True):
        in_full = item.get_closest_marker(tiers.FULL)
        if in_full or not tiers.is_often(item.nodeid, number):
            reason = tiers.skipped(item.nodeid, config, number)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_runtest_setup(item):
    for part in _parts_of(item):
        components.require(part)


def _parts_of(item):
    for marker in item.iter_markers("real"):
        yield from marker.args


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """Give the test an empty HOME, a runtime folder and a session keyring."""
    folder = tmp_path_factory.mktemp("home")
    runtime = folder.parent / f"{folder.name}-run"
    runtime.mkdir(0o700)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    guard.join_fresh_keyring()
    yield folder
    trespasses = [t for fence in _GUARDS for t in fence.trespasses]
    for fence in _GUARDS:
        fence.trespasses.clear()
    if trespasses:
        pytest.fail(f"left its fence: {'; '.join(trespasses)}", pytrace=False)


@pytest.fixture(name="times")
def how_many_times(request):
    """How many times as much as usual a test of large numbers tries."""
    return request.config.getoption("times")


_PARTS = pytest.StashKey[Path]()
