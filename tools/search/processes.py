"""One process as a search has it: its next request is known before it is carried out, and where it is from outside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast

import msgspec

from oakum.changes.run import Asked, Ended
from oakum.changes.run import Machine as Process
from oakum.simulation.runner import _Process


class Ahead:
    """The generator of a process that says what it asks next before it is asked; it is made when it is first asked."""

    def __init__(self, make: Callable[[], Process]) -> None:
        self._make = make
        self._machine: Process | None = None
        self._next: Asked | Ended | None = None

    @property
    def begun(self) -> bool:
        """Whether it has been asked for anything."""
        return self._machine is not None

    def look(self, answer: object) -> Asked | Ended:
        """What it asks next, or how it ends."""
        if self._next is None:
            self._machine = self._machine or self._make()
            try:
                self._next = self._machine.send(answer)
            except StopIteration as stop:
                self._next = cast("Ended", stop.value)
        return self._next

    def send(self, answer: object) -> Asked:
        """The same, and goes on."""
        found, self._next = self.look(answer), None
        if isinstance(found, Ended):
            raise StopIteration(found)
        return found


def next_of(process: _Process) -> Asked | Ended:
    """What a process asks next."""
    return cast("Ahead", process.machine).look(process.answer)


class Standing(msgspec.Struct):
    """What is known of one process from outside.

    ``last`` is what it did last. ``looked`` is what was so at its last look (with what others did since, and when),
    ``requests`` how many it made since; ``idle`` how often it has waited since it last did something. ``started``: it
    has written that it takes the run up. ``token`` is that of its lease, ``resumed`` when the run was taken up by what
    it has read, ``others`` what others wrote since and counts, ``back`` the steps that it has put back to wait.
    """

    last: str = "wait"
    looked: bytes = b""
    requests: int = 0
    idle: int = 0
    started: bool = False
    token: int = 0
    resumed: datetime | None = None
    others: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
