"""Several questions at a time, each in a thread, and no more than a few."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AT_ONCE = 8  # requests; a service may take many more for an attack

T = TypeVar("T")


class Parallel(Generic[T]):
    """Does work in threads that end with the process, whatever they wait for.

    So a person who interrupts the command does not wait for a network.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._threads = 0
        self._left = 0
        self._work: queue.SimpleQueue[tuple[str, Callable[[], T]]]
        self._work = queue.SimpleQueue()
        self._done: queue.SimpleQueue[tuple[str, T | None, Exception | None]]
        self._done = queue.SimpleQueue()

    def add(self, name: str, work: Callable[[], T]) -> None:
        """Begin with some work as soon as there is a thread for it."""
        self._left += 1
        self._work.put((name, work))
        if self._threads < self._at_once:
            self._threads += 1
            threading.Thread(target=self._run, daemon=True).start()

    def results(self) -> Iterator[tuple[str, T]]:
        """Yield (name, result) as they come."""
        while self._left:
            name, result, error = self._done.get()
            self._left -= 1
            if error is not None:
                raise error
            yield name, result  # type: ignore[misc]

    def _run(self) -> None:
        while True:
            name, work = self._work.get()
            try:
                self._done.put((name, work(), None))
            except Exception as error:  # noqa: BLE001 - raised where it counts
                self._done.put((name, None, error))
