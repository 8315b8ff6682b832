"""What an iterator yields, made in another thread ahead of whoever takes it, as far as a bound of memory allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import Generic, TypeVar

_Item = TypeVar("_Item")

#: Bytes that are handed over at once, about, and how often before somebody must take them.
_TOGETHER, _WAITING = 1 << 16, 1 << 7


class Ahead(Generic[_Item]):
    """To be begun where its end is certain, iterated over once, and stopped: whoever waits for room waits for ever."""

    def __init__(self, items: Iterable[_Item], threads: Executor, size: Callable[[_Item], int]) -> None:
        """``size`` tells about how many bytes an item takes.

        Where several wait for a thread, they are to be taken in the order in which they were made.
        """
        self._size = size
        self._made: SimpleQueue[list[_Item]] = SimpleQueue()
        self._room: SimpleQueue[None] = SimpleQueue()
        for _ in range(_WAITING):
            self._room.put(None)
        self._stopped = False
        self._items = items
        self._threads = threads
        self._done: Future[None] | None = None

    def begin(self) -> None:
        """Let the thread make items from now on."""
        self._done = self._threads.submit(self._make)

    def __iter__(self) -> Iterator[_Item]:
        """The items, and then what the iterator has raised."""
        while items := self._made.get():
            self._room.put(None)
            yield from items
        if self._done is not None:
            self._done.result()

    def stop(self) -> None:
        """Make no more; returns when nothing is made any longer."""
        self._stopped = True
        self._room.put(None)
        done, self._done = self._done, None
        if done is not None:
            done.exception()

    def _make(self) -> None:
        together: list[_Item] = []
        size = 0
        try:
            for item in self._items:
                together.append(item)
                size += self._size(item)
                if size >= _TOGETHER:
                    self._hand(together)
                    together, size = [], 0
                if self._stopped:
                    break
        finally:
            try:
                if together:
                    self._hand(together)
            finally:
                self._made.put([])

    def _hand(self, items: list[_Item]) -> None:
        self._room.get()
        self._made.put(items)
