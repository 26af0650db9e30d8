"""What is wrong after a command had a fault: now, next, and at a second try."""

from __future__ import annotations

import signal

from keyswitch.errors import KeyswitchError
from tests.faults.full.invariants import (
    foreign_names,
    names_the_file,
    widened,
)

_SOME = (b"nothing changed except", b"part of it is done")
SIGNALS = ("KILL", "INT", "TERM", "HUP", "PIPE")


def aftermath(case, environ, place, done, clean):
    """Return what is wrong after a command had a fault.

    First as it left the home, then after the next command, then after a
    second try.
    """
    home = place.home
    found = [*case.check_between(home), *widened(home, *clean.facts)]
    recovered = place.run(case.recover, home, environ)
    if recovered.returncode != 0:
        return [*found, f"recovery failed: {recovered.stderr[-300:]}"]
    state = seen(case, home)
    found += neither(state, clean)
    found += _said_the_truth(done, state, clean)
    found += [f"left behind {name}" for name in case.leftovers(home)]
    found += foreign_names(home, *clean.facts)
    if state != clean.new or not getattr(case, "once", False):
        found += _tried_again(case, environ, place, state, clean)
    return found


def seen(case, home):
    """Return the snapshot, or what could not be read."""
    try:
        return case.snapshot(home)
    except (ValueError, KeyswitchError) as e:
        return (f"unreadable: {e}",)


def ended_well(fault, done, log):
    """Yield what is wrong with a command's end, whatever it has changed."""
    err = done.stderr.decode(errors="replace")
    if "Traceback" in err or "this is a bug" in err:
        yield f"a traceback: {err[-300:]}"
    if fault in SIGNALS:
        number = getattr(signal, f"SIG{fault}")
        # Ignored, as Python does with SIGPIPE, or past the point of return.
        ends = (0, 6, 130, 128 + number, -number)
        if done.returncode not in ends and fault != "KILL":
            yield f"exit {done.returncode} by a signal: {err[-300:]}"
        return
    if done.returncode not in (0, 1, 6):
        yield f"exit {done.returncode}: {err[-300:]}"
    if done.returncode == 1 and not names_the_file(err, log):
        yield f"the message does not name the file: {err[-300:]}"
    if done.returncode == 6 and "the next keyswitch command" not in err:
        yield f"the message does not say what follows: {err[-300:]}"


def _said_the_truth(done, state, clean):
    """Yield how an exit status contradicts what has become of the home."""
    made = b"but the change is made" in done.stderr
    said = made or any(words in done.stderr for words in _SOME)
    if done.returncode in (1, 130) and state != clean.old and not said:
        yield (
            f"exit {done.returncode}, but something changed: "
            f"{difference(state, clean.old, clean.old)} {done.stderr[-400:]}"
        )
    if (done.returncode in (0, 6) or made) and state != clean.new:
        yield f"exit {done.returncode}, but not done"


def neither(state, clean):
    if state not in (clean.old, clean.new):
        parts = difference(state, clean.old, clean.new)
        yield f"neither old nor new: {parts}"


def _tried_again(case, environ, place, state, clean):
    """Yield why a second try does not do what the first was to do."""
    again = place.run(case.command, place.home, environ)
    if state == clean.old and again.returncode != 0:
        yield f"a second try fails: {again.stderr[-300:]}"
    # A store keeps older values for undo, so it may hold one more by now.
    reached = seen(case, place.home)
    if reached[:-1] != clean.new[:-1]:
        yield (
            f"a second try does not get there: "
            f"{difference(reached, clean.new, clean.new)}"
        )
    for name in case.leftovers(place.home):
        yield f"left behind by a second try {name}"


def difference(state, old, new):
    """Say in which parts a state is neither the one nor the other."""
    return [
        f"{part} / {was} / {will}"
        for part, was, will in zip(state, old, new, strict=False)
        if state not in (old, new) and (part != was or part != will)
    ]
