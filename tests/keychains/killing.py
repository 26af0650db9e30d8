"""Kills a command that has its secrets in a keychain, anywhere.

At each system call that changes something, and before and after each call to
the keychain: there the command alone, which leaves the process that waits for
the keychain, or both.
"""

from __future__ import annotations

from pathlib import Path

from tests.faults.cases import MAIN
from tests.faults.harness import Command, Warm, hit, points_of
from tests.keychains.commands import COMMANDS, leftovers, snapshot
from tests.keychains.grid import RECOVER, clean
from tests.keychains.lane import Lane

# Those that change something; `copy` and `export` of files are in the matrix.
CHANGING = (
    "add", "rotate", "copy", "remove", "use", "revoke", "undo", "import",
    "vault-keychain", "capture", "use-login", "off-login",
)  # fmt: skip
WAYS = tuple(
    f"kill-{whom}-{when}"
    for whom in ("command", "both")
    for when in ("before", "after")
)
SOON = 8.0  # seconds in which the next command has to have the lock


class KillLane(Lane):
    """A lane in which a command can also be killed at a system call."""

    def __init__(self, folder):
        super().__init__(folder)
        self.warm = Warm()
        self._stack.callback(self.warm.close)


class _Place:
    """A lane as the harness of the fault tests wants it."""

    def __init__(self, lane, home):
        self._lane, self._home = lane, home
        self.run = lane.warm
        self.log = Path(lane.home).with_name("strace.log")

    def fresh(self):
        self._lane.put_back(self._home)
        self._lane.order()
        return self._lane.home


def _prepared(lane, name):
    command = COMMANDS[name]
    environ = {k: str(lane.home / v) for k, v in command.environ.items()}
    line = Command((*MAIN, *command.argv), command.stdin or b"")
    return line, {**lane.environ(), **environ}, _Place(lane, command.home)


def system_calls(lane, name):
    """Return the points of a command, as many as a clean run has."""
    clean(lane, name)
    line, environ, place = _prepared(lane, name)
    return points_of(line, place.fresh(), environ, place.log, run=place.run)


def killed_at(lane, name, point):
    """Kill a command at a system call; return what is wrong afterwards."""
    wanted = clean(lane, name)
    line, environ, place = _prepared(lane, name)
    hit(line, environ, place, point, "KILL")
    where = f"{name}, killed at {point.call} #{point.number} ({point.text})"
    return [f"{where}: {text}" for text in _violations(lane, wanted)]


def keychain_calls(lane, name):
    """Return how many calls to the keychain a clean run makes."""
    return len(clean(lane, name).calls)


def killed_in(lane, name, way, number):
    """Kill a command in its `number`-th call to the keychain.

    Returns (whether that happened, what is wrong afterwards).
    """
    return _struck(lane, name, {"wrong": way, "calls": number - 1})


def killed_while_it_waits(lane, name):
    """Kill a command alone; its worker waits for a call that stays unanswered.

    Returns as `killed_in` does.
    """
    orders = {"members": ["CreateItem"], "error": "mute"}
    return _struck(lane, name, {"wrong": "kill-command-before", **orders})


def _struck(lane, name, orders):
    wanted, command = clean(lane, name), COMMANDS[name]
    lane.put_back(command.home)
    lane.order(orders)
    environ = {k: str(lane.home / v) for k, v in command.environ.items()}
    ran = lane.run(
        command.argv, environ=environ, stdin=command.stdin, typed=command.typed
    )
    fired = any(call.endswith("!") for call in lane.calls)
    if not fired or ran.code != -9:  # a busy machine: it had given up before
        return False, []
    lane.order()
    return True, [
        f"{name}, {orders}: {text}" for text in _violations(lane, wanted)
    ]


def _violations(lane, wanted):
    """Let the next command recover; return what is wrong then."""
    ran = lane.run(RECOVER, limit=30)
    found = []
    if ran.code != 0:
        found.append(f"recovery ended with {ran.code}: {ran.err}")
    if ran.seconds > SOON:
        found.append(f"recovery took {ran.seconds:.1f} s")
    lane.settle()
    after = snapshot(lane)
    if after not in (wanted.old, wanted.new):
        found += [
            f"{part}: {value} is neither {wanted.old[part]} "
            f"nor {wanted.new[part]}"
            for part, value in after.items()
            if value not in (wanted.old[part], wanted.new[part])
        ] or ["a mixture of the old state and the new one"]
    return found + [f"left behind: {item}" for item in leftovers(lane)]
