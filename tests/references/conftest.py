"""A home whose `op` is a small program of the test's own."""

import os

import pytest

from keyswitch import kernel_keyring
from tests.cli.keyswitch import Keyswitch

WORK = "sk-ant-api03-FAKE-work-" + "w" * 78 + "EXAMPLE"
OTHER = "sk-ant-api03-FAKE-others-" + "o" * 76 + "EXAMPLE"

# Answers from a file, and notes each call. No interpreter: a shell starts in
# a tenth of its time.
_TOOL = """#!/bin/sh
echo "$*" >> "$HOME/calls"
test -f "$HOME/slow" && sleep "$(cat "$HOME/slow")"
for last; do :; done
name=$(printf %s "$last" | tr -c 'A-Za-z0-9\\n' _)
if test -f "$HOME/values/$name"; then
    cat "$HOME/values/$name"
    exit 0
fi
echo "[ERROR] 2026/11/30 10:00:00 \\"$last\\" isn't an item in any vault" >&2
exit 1
"""


class Manager:
    """1Password's place: what it holds, and what it was asked."""

    def __init__(self, home):
        self.home = home
        self.bin = home / "bin"
        self.bin.mkdir()
        (home / "values").mkdir()
        tool = self.bin / "op"
        tool.write_text(_TOOL)
        tool.chmod(0o755)

    def holds(self, reference, value):
        name = "".join(c if c.isalnum() else "_" for c in reference)
        (self.home / "values" / name).write_text(value)

    @property
    def asked(self):
        """Every call so far, in their order."""
        path = self.home / "calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def manager(home):
    return Manager(home)


@pytest.fixture
def ks(home, manager, monkeypatch):
    monkeypatch.setattr(kernel_keyring, "_session", None)
    kernel_keyring.drop()
    path = os.pathsep.join([str(manager.bin), os.environ["PATH"]])
    manager.holds("op://Eng/claude/key", WORK)
    manager.holds("op://Eng/other/key", OTHER)
    return Keyswitch(home, PATH=path)


@pytest.fixture
def work(ks):
    """A profile whose key 1Password has; nothing of it is cached."""
    ks(
        "add", "work", "--provider", "anthropic",
        "--reference", "op://Eng/claude/key",
    )  # fmt: skip
    kernel_keyring.drop()
    (ks.home / "calls").unlink()
    return ks
