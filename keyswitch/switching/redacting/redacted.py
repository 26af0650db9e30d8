"""`run NAME --redact -- CMD`: one command whose output shows no secret.

This process stays between the command and where its output goes. Pipes stay
pipes, each its own; a terminal is replaced by another (`pseudo_terminal.py`).
Signals, the exit status and a death by a signal are the command's.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from keyswitch.display import printable
from keyswitch.errors import UsageError
from keyswitch.model import LOGIN_PROVIDER
from keyswitch.switching.redacting import known_secrets
from keyswitch.switching.redacting.automaton import Automaton
from keyswitch.switching.redacting.child import cannot_run, start
from keyswitch.switching.redacting.relay import Relay, finish, piped
from keyswitch.switching.redacting.spellings import forms
from keyswitch.switching.running import run
from keyswitch.switching.running.caught_signals import (
    caught,
    numbers_from,
    to_pass_on,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keyswitch.compiled import Compiled
    from keyswitch.switching.running.run import Prepared
    from keyswitch.workspace import Workspace

_OUTPUTS = (1, 2)


def execute(
    workspace: Workspace,
    profile: Compiled,
    command: list[str],
    *,
    keep_headers: bool = False,
) -> int:
    """Run the command to its end, and return its exit status."""
    if os.name != "posix":
        raise UsageError(
            "run --redact needs a Unix system", "leave out --redact"
        )
    values = known_secrets.secret_values(workspace, profile)
    ready = run.prepare(
        workspace, profile, command, keep_headers=keep_headers, values=values
    )
    if profile.provider == LOGIN_PROVIDER:
        values |= known_secrets.login_tokens(workspace, ready.environ)
    automaton = automaton_for(profile.name, values)
    _open_closed()
    status = _run(ready, automaton)
    if status < 0:
        _die_of(-status)
        return 128 - status
    return status


def automaton_for(profile: str, values: Mapping[str, str]) -> Automaton:
    """Return what finds the values of fields, in all their forms."""
    labels: dict[str, bytes] = {}
    for field, value in values.items():
        label = printable(f"[redacted: {profile}.{field}]").encode()
        for part in known_secrets.parts_of(value):
            labels.setdefault(part, label)
    return Automaton(
        form for part, label in labels.items() for form in forms(part, label)
    )


def _run(ready: Prepared, automaton: Automaton) -> int:
    terminals = [number for number in _OUTPUTS if os.isatty(number)]
    pipes = [number for number in _OUTPUTS if number not in terminals]
    if terminals:
        from keyswitch.switching.redacting.pseudo_terminal import (
            run_in_terminal,
        )

        return run_in_terminal(ready, automaton, terminals, pipes)
    return _run_with_pipes(ready, automaton, pipes)


def _run_with_pipes(
    ready: Prepared, automaton: Automaton, pipes: list[int]
) -> int:
    streams, flows = piped(pipes, automaton)
    relay = Relay(flows)
    with caught([*to_pass_on(), "SIGCHLD"]) as woken:
        try:
            child = start(ready, streams)
        except OSError as e:
            raise cannot_run(ready, e) from e
        for end in set(streams.values()):
            os.close(end)
        while child.poll() is None:
            relay.turn([woken])
            for number in numbers_from(woken):
                if number != signal.SIGCHLD and not _is_of_keys(number):
                    child.send_signal(number)
    finish(relay)
    return child.returncode


def _is_of_keys(number: int) -> bool:
    """Tell whether the terminal has sent this to the command as well."""
    if number not in (signal.SIGINT, signal.SIGQUIT):
        return False
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _open_closed() -> None:
    """Let no descriptor of ours have the number of an output."""
    while (unused := os.open(os.devnull, os.O_RDWR)) <= max(_OUTPUTS):
        pass
    os.close(unused)


def _die_of(number: int) -> None:
    """End as the command did: whoever waits for this process sees it."""
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
