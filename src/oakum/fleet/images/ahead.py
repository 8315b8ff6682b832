"""What an iterator yields, made in another thread ahead of whoever takes it, as far as a bound of memory allows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from queue import SimpleQueue
from threading import Condition
from typing import Generic, TypeVar

_Item = TypeVar("_Item")

#: Bytes that are handed over at once, and that may wait to be taken.
_TOGETHER, _WAITING = 1 << 16, 1 << 23


class Ahead(Generic[_Item]):
    """Begins at once; to be iterated over once, and stopped in the end."""

    def __init__(self, items: Iterable[_Item], threads: Executor, size: Callable[[_Item], int]) -> None:
        """``size`` tells about how many bytes an item takes.

        Where several wait for a thread, they are to be taken in the order in which they were made.
        """
        self._size = size
        self._made: SimpleQueue[tuple[list[_Item], int]] = SimpleQueue()
        self._waiting = 0
        self._changed = Condition()
        self._stopped = False
        self._done = threads.submit(self._make, items)

    def __iter__(self) -> Iterator[_Item]:
        """The items, and then what the iterator has raised."""
        while True:
            items, size = self._made.get()
            if not items:
                break
            with self._changed:
                self._waiting -= size
                self._changed.notify()
            yield from items
        self._done.result()

    def stop(self) -> None:
        """Make no more; returns when nothing is made any longer."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._done.exception()

    def _make(self, items: Iterable[_Item]) -> None:
        together: list[_Item] = []
        size = 0
        try:
            for item in items:
                together.append(item)
                size += self._size(item)
                if size >= _TOGETHER:
                    self._hand(together, size)
                    together, size = [], 0
                if self._stopped:
                    break
        finally:
            if together:
                self._hand(together, size)
            self._made.put(([], 0))

    def _hand(self, items: list[_Item], size: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._waiting < _WAITING)
            self._waiting += size
        self._made.put((items, size))
