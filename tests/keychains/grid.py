"""One cell of the grid: a command while the keychain is in a state."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache

from tests.keychains.commands import (
    AWS,
    COMMANDS,
    KEYS,
    PHRASE,
    SHORT,
    SLACK,
    leftovers,
    snapshot,
)
from tests.keychains.lane import in_lanes
from tests.keychains.runs import UNREAD

RECOVER = ("history", "-q")
# What doctor may say of a keychain that is wrong: it may hold the vault's key.
_BLAMED = ("keychain", "the vault is locked")
_SECRETS = (*KEYS.values(), AWS, PHRASE)
_ALL = [
    text
    for secret in _SECRETS
    for text in (secret, base64.b64encode(secret.encode()).decode()[:40])
]


@dataclass(frozen=True)
class Clean:
    """What a command comes to when nothing is wrong."""

    code: int
    seconds: float
    calls: tuple[str, ...]
    old: dict
    new: dict


@dataclass(frozen=True)
class Outcome:
    """What came of a cell; `fired` says that the keychain did it wrong."""

    fired: bool
    code: int
    violations: tuple[str, ...]


@cache
def clean(lane, name):
    """Run a command with a keychain that behaves."""
    command = COMMANDS[name]
    lane.put_back(command.home)
    lane.order()
    old = snapshot(lane)
    ran = _run(lane, command, "")
    calls = tuple(lane.calls)
    assert not list(_of_success(command, ran)), ran
    assert (ran.code == 0) or command.reports, ran
    lane.done(*RECOVER)
    new = snapshot(lane)
    assert not leftovers(lane), ran
    assert new["pending"] == [], ran
    assert calls or not command.touches, f"{name} opens no keychain"
    return Clean(ran.code, ran.seconds, calls, old, new)


def _run(lane, command, bus):
    environ = {
        k: str(lane.home / v) for k, v in command.environ.items()
    }  # paths
    return lane.run(
        command.argv,
        bus=bus,
        environ=environ,
        stdin=command.stdin,
        typed=command.typed,
    )


def cell(lane, state, name):
    """Run a command in a state, then let the keychain behave again."""
    wanted, command = clean(lane, name), COMMANDS[name]
    lane.put_back(command.home)
    lane.order(state.orders)
    ran = _run(lane, command, state.bus)
    calls = lane.calls
    fired = any(call.endswith("!") for call in calls)
    fired = fired or bool(state.bus and wanted.calls)
    lane.settle()
    found = list(_of_calls(command, calls))
    found += _of_end(command, ran, wanted, fired)
    after = _recovered(lane)
    found += _of_change(command, ran, after, wanted)
    found += [f"left behind: {name}" for name in leftovers(lane)]
    told = f"{state} x {name}: exit {ran.code}, {ran.err[-300:]!r}: "
    return Outcome(fired, ran.code, tuple(told + text for text in found))


def outcomes(lanes, cells):
    """Try cells (state, command), as many at once as there are lanes."""

    def job(pair):
        return lambda lane: (pair, cell(lane, *pair))

    return in_lanes(lanes, map(job, cells))


def _recovered(lane):
    """Let the next commands do what is left; return what there is then.

    The first of them does it, but on a busy machine it too may give up.
    """
    for _ in range(3):
        lane.done(*RECOVER)
        after = snapshot(lane)
        if not after["pending"]:
            break
    return after


def _of_calls(command, calls):
    if "a secret went in the clear" in calls:
        yield "a secret went in the clear"
    if "a collection was made" in calls:
        yield "it began to make a collection"
    if calls and not command.touches:
        yield f"it opened the keychain: {calls}"


def _of_end(command, ran, wanted, fired):
    # What is no waiting takes as long as it takes when all is well, or twice
    # that where what was done is taken back.
    limit = SHORT + SLACK + (0 if command.hard else 2 * wanted.seconds)
    if ran.seconds > limit:
        yield f"it took {ran.seconds:.1f} s"
    has_pipe = command.stdin is None and command.typed is None
    if has_pipe and ran.unread != UNREAD:
        yield "it read standard input"
    if "Traceback" in ran.err or "this is a bug" in ran.err:
        yield f"a traceback: {ran.err}"
    if command.reports:
        if fired and not any(text in ran.out for text in _BLAMED):
            yield f"it says nothing of the keychain: {ran.out}"
    elif ran.code == wanted.code:
        yield from _of_success(command, ran)
    else:
        yield from _of_failure(command, ran, fired)


def _of_success(command, ran):
    for text in command.shows:
        if text not in ran.out:
            yield f"not shown: {ran.out!r}"
    if any(text in ran.out for text in _ALL if text not in command.shows):
        yield "it shows another secret"
    if any(text in ran.err for text in _ALL) and command.typed is None:
        yield "a secret among the messages"


def _of_failure(command, ran, fired):
    tried = _is_tried(command, ran)
    if ran.code not in ((4, 5) if tried else (1, 5, 6)[: 2 + command.cleans]):
        yield "a wrong exit status"
    if not fired:
        yield "it failed though the keychain did nothing wrong"
    if any(text in ran.out + ran.err for text in _ALL):
        yield "a secret is shown"
    if ran.out and command.typed is None and not command.plans:
        yield f"a failure with something on stdout: {ran.out!r}"
    said = [
        line for line in ran.err.splitlines() if line.startswith("keyswitch: ")
    ]
    # One line each on its way into a shell, or for a program that asked.
    one_line = command.argv[0] in ("env", "helper")
    lines = 4 if tried else 2
    if len(ran.err.splitlines()) > lines and command.typed is None:
        yield "too many lines"
    if one_line and (len(said) != 1 or not ran.err.endswith(")\n")):
        yield "not one line with a remedy in it"
    remedy = "fix" if tried else "hint"
    if not one_line and f"keyswitch: {remedy}: " not in ran.err:
        yield "no remedy"
    if not any(store in ran.err for store in ("keychain", "vault", "secret")):
        yield "it does not name the store"


def _is_tried(command, ran):
    """Tell whether a switch is made, and its secret was then tried."""
    return command.tries and "keyswitch: switched to " in ran.err


def _of_change(command, ran, after, wanted):
    expected = wanted.old if ran.code in (1, 5) else wanted.new
    if command.reports or _is_tried(command, ran):
        expected = wanted.new
    for part, value in expected.items():
        if after[part] != value:
            yield f"{part}: {after[part]} instead of {value}"
