"""Values of managers outside, in the unlock cache: read once, by one command.

A manager takes its time, and may ask the person. So whoever needs a value that
another command is reading waits for that, and finds it in the cache.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from keyswitch import kernel_keyring
from keyswitch.disk.atomic import open_own
from keyswitch.disk.digests import sha256
from keyswitch.errors import KeyswitchError
from keyswitch.model import Frozen
from keyswitch.secret import Secret
from keyswitch.secrets.outside import seen
from keyswitch.secrets.outside.reference_store import ReferenceStore
from keyswitch.secrets.references.reference import Fetched

if TYPE_CHECKING:
    from keyswitch.compiled import Compiled
    from keyswitch.kernel_keyring import Ref
    from keyswitch.profiles.paths import Paths
    from keyswitch.secrets.references.reference import AskPerson

_PATIENCE = 120.0  # seconds for another command, which may ask its person
_POLL = 0.02
_MOMENT = 10.0  # seconds
_LEAST_MARGIN = 30  # seconds before a lease ends in which it is not used


class _Moment(Frozen):
    answer: Fetched | None
    error: KeyswitchError | None
    end: float


# What this process has read, or could not: one command asks a manager once,
# also where there is no unlock cache.
_read_here: dict[str, _Moment] = {}


def read_through(
    paths: Paths, profile: Compiled, refs: list[Ref], ask: AskPerson
) -> dict[Ref, str]:
    """Return the values of references; each is read by one command only."""
    store = ReferenceStore(paths, ask or _person())
    if profile.cache != "values" or not kernel_keyring.available()[0]:
        answers = read_now(store, [text for _, text, _ in refs])
        return {ref: answers[ref[1]].value.reveal() for ref in refs}
    with _alone(paths, refs):
        values = {
            ref: value
            for ref in refs
            if (value := kernel_keyring.read_value(ref, "")) is not None
        }
        missing = [ref for ref in refs if ref not in values]
        if not missing:
            return values
        answers = read_now(store, [text for _, text, _ in missing])
        own = {profile.refs[f]: s for f, s in profile.lifetimes.items()}
        for ref in missing:
            values[ref] = answers[ref[1]].value.reveal()
            usual = store.lifetime(ref[1]) or profile.timeout
            lifetime = own.get(ref, usual)
            if lease := answers[ref[1]].lease:
                margin = max(_LEAST_MARGIN, lease // 10)
                lifetime = min(lifetime, lease - margin)
            if lifetime > 0:
                kernel_keyring.write_value(ref, "", values[ref], lifetime)
    return values


def read_now(store: ReferenceStore, texts: Iterable[str]) -> dict[str, Fetched]:
    """Return what managers give, by reference; asked once by one command."""
    answers: dict[str, Fetched] = {}
    unknown = []
    for text in dict.fromkeys(texts):
        known = _read_here.get(text)
        if known is None or time.monotonic() > known.end:
            unknown.append(text)
        elif known.error is not None:
            raise known.error
        elif known.answer is not None:
            answers[text] = known.answer
    if not unknown:
        return answers
    try:
        fresh = store.read(unknown)
    except KeyswitchError as e:
        end = time.monotonic() + _MOMENT
        _read_here.update((text, _Moment(None, e, end)) for text in unknown)
        raise
    end = time.monotonic() + _MOMENT
    for text, answer in fresh.items():
        _read_here[text] = _Moment(answer, None, end)
        seen.keep(store.paths, text, answer)
    return answers | fresh


def _person() -> AskPerson:
    """Return what asks at the terminal, if somebody sits there.

    A shell that starts asks nothing of its own, but a manager's tool may: for
    a passphrase, or a finger.
    """
    if not (os.isatty(0) and os.isatty(2)):
        return None
    from getpass import getpass

    return lambda question: Secret(getpass(question))


@contextmanager
def _alone(paths: Paths, refs: Iterable[Ref]) -> Iterator[None]:
    """Hold a lock for each reference; after a while do without.

    One byte of a file stands for each, by its text.
    """
    import fcntl

    try:
        descriptor = open_own(paths.reading_file)
    except OSError:
        yield  # nothing can be written here
        return
    try:
        end = time.monotonic() + _PATIENCE
        for place in sorted({int(sha256(r[1].encode())[:7], 16) for r in refs}):
            while time.monotonic() < end:
                try:
                    fcntl.lockf(
                        descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place
                    )
                except BlockingIOError:
                    time.sleep(_POLL)
                except OSError:
                    break  # no locks on this file system
                else:
                    break
        yield
    finally:
        os.close(descriptor)
