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
from keyswitch.errors import (
    KeyswitchError,
    NoAnswerError,
    StoreError,
)
from keyswitch.model import REFERENCE, Frozen
from keyswitch.secret import Secret
from keyswitch.secrets.outside import seen
from keyswitch.secrets.outside.reference_store import ReferenceStore
from keyswitch.secrets.references.reference import (
    Fetched,
    document_of,
    under_way,
)

if TYPE_CHECKING:
    from keyswitch.compiled import Compiled
    from keyswitch.kernel_keyring import Ref
    from keyswitch.profiles.paths import Paths
    from keyswitch.secrets.references.reference import AskPerson

_PATIENCE = 120.0  # seconds for another command, which may ask its person
_POLL = 0.02
_MOMENT = 10.0  # seconds
_SILENCE = 60  # seconds in which those who waited learn of it
SILENT_PREFIX = f"{kernel_keyring.PREFIX}silent:"
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
    """Return the values of references; each is read by one command only.

    Those of the profile that lie in one document with them are given as well:
    a manager may make all of it anew, and halves of two would not fit.
    """
    _refuse_loop(text for _, text, _ in refs)
    store = ReferenceStore(paths, ask or _person())
    wanted = {document_of(ref[1]) for ref in refs}
    together = [
        ref
        for ref in dict.fromkeys(profile.refs.values())
        if ref[0] == REFERENCE and document_of(ref[1]) in wanted
    ]
    if profile.cache != "values" or not kernel_keyring.available()[0]:
        answers = read_now(store, [text for _, text, _ in together])
        return {ref: answers[ref[1]].value.reveal() for ref in together}
    begun = time.monotonic()
    with _alone(paths, wanted):
        kept = {ref: kernel_keyring.read_value(ref, "") for ref in together}
        values = {ref: value for ref, value in kept.items() if value}
        lacking = {document_of(ref[1]) for ref in kept.keys() - values.keys()}
        fresh = [ref for ref in together if document_of(ref[1]) in lacking]
        _share_silence(lacking, begun)
        try:
            answers = read_now(store, [text for _, text, _ in fresh])
        except NoAnswerError as e:
            _note_silence(lacking, e)
            raise
        own = {profile.refs[f]: s for f, s in profile.lifetimes.items()}
        for ref in fresh:
            answer = answers[ref[1]]
            values[ref] = answer.value.reveal()
            usual = store.lifetime(ref[1]) or profile.timeout
            keep(ref, answer, own.get(ref, usual))
    return values


def keep(ref: Ref, answer: Fetched, lifetime: int) -> None:
    """Keep a value, and not beyond the end of its lease."""
    if answer.lease:
        margin = max(_LEAST_MARGIN, answer.lease // 10)
        lifetime = min(lifetime, answer.lease - margin)
    if lifetime > 0:
        value = answer.value.reveal()
        kernel_keyring.write_value(ref, "", value, lifetime)


def _note_silence(documents: Iterable[str], error: NoAnswerError) -> None:
    now = time.monotonic()  # of the machine, the same for all processes
    for document in documents:
        said = f"{now}\n{error.message}\n{error.hint}".encode()
        kernel_keyring.write(f"{SILENT_PREFIX}{document}", said, _SILENCE)


def _share_silence(documents: Iterable[str], begun: float) -> None:
    """Raise where a manager was silent while this command waited its turn.

    Each would wait as long, one after the other.
    """
    for document in documents:
        said = kernel_keyring.read(f"{SILENT_PREFIX}{document}") or b""
        at, _, words = said.decode().partition("\n")
        if at and float(at) > begun:
            raise NoAnswerError(*words.split("\n", 1))


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


def _refuse_loop(texts: Iterable[str]) -> None:
    """Raise if a tool above is asked for what would start it again.

    Amazon's own tool, say, where its credentials are this profile's.
    """
    for text in texts:
        if text in under_way(os.environ):
            raise StoreError(
                f"the tool that reads {text} itself asks keyswitch for it",
                "give the tool its credentials from elsewhere",
            )


def _person() -> AskPerson:
    """Return what asks at the terminal, if somebody sits there.

    A shell that starts asks nothing of its own, but a manager's tool may: for
    a passphrase, or a finger.
    """
    if not (os.isatty(0) and os.isatty(2)):
        return None
    from getpass import getpass

    from keyswitch.progress import aside

    def ask(question: str) -> Secret:
        with aside():
            return Secret(getpass(question))

    return ask


@contextmanager
def _alone(paths: Paths, documents: Iterable[str]) -> Iterator[None]:
    """Hold a lock for each document; after a while do without.

    One byte of a file stands for each, by its name.
    """
    try:
        descriptor = open_own(paths.reading_file)
    except OSError:
        yield  # nothing can be written here
        return
    try:
        end = time.monotonic() + _PATIENCE
        names = (sha256(document.encode()) for document in documents)
        for place in sorted({int(name[:7], 16) for name in names}):
            if not _is_alone(descriptor, place):
                _wait_until_alone(descriptor, place, end)
        yield
    finally:
        os.close(descriptor)


def _is_alone(descriptor: int, place: int) -> bool:
    """Lock a byte, unless another command has done so."""
    import fcntl

    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
    except BlockingIOError:
        return False
    except OSError:
        return True  # no locks on this file system
    return True


def _wait_until_alone(descriptor: int, place: int, end: float) -> None:
    from keyswitch.disk.lock_holders import holder_of
    from keyswitch.progress import Progress

    def tell() -> str:
        what = "another keyswitch command, which reads the same secret"
        return f"waiting for {holder_of(descriptor, what, place)}"

    with Progress(tell):
        while time.monotonic() < end and not _is_alone(descriptor, place):
            time.sleep(_POLL)
