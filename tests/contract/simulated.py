"""The simulated host of the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.contract.twins import PACKAGES, Twin
from tests.simulation.world.made import Made

from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.observed import Observed
from oakum.simulation.things import Machine, Soft

#: Seconds after which nothing comes about any more.
_PATIENCE = 3600
_LONG, _SHORT = 3600.0, 20.0


class Simulated(Twin):
    """A world with one host in it; ``copied`` says that copies of it can be made."""

    def __init__(self, *, copied: bool = False) -> None:
        super().__init__()
        self.host = "h-1"
        self._made = Made(hosts=f"[{{name: h, count: 1, snapshots: {str(copied).lower()}}}]")
        self._port = self._made.world.port("contract")

    @property
    def machine(self) -> Machine:
        """The host."""
        return self._made.world.machines[self.host]

    def tell(self, act: Act) -> Outcome:
        return self._port.act(act)

    def look(self) -> Observed:
        return self._port.observe([self.host])

    def until(self, condition: Callable[[], bool], what: str) -> None:
        for _ in range(_PATIENCE):
            if condition():
                return
            self._made.wait(1)
        raise AssertionError(f"it does not come about that {what}")

    def provide(self, name: str) -> None:
        offers = () if PACKAGES[name] == "none" else ("1.1",)
        self.machine.software[name] = Soft(installed="1.0", running="1.0", offers=offers, kept=("1.0",))
        self.machine.news = True
        if PACKAGES[name] == "harms":
            self._happens("bad", f"{name} 1.1 sick 0")
        if PACKAGES[name] == "fails":
            self._happens("half-install")

    def withdraw(self, name: str) -> None:
        self._happens("withdrawn", name)

    def hold(self, name: str) -> None:
        self._happens("held", name)

    @contextmanager
    def locked(self, *, long: bool) -> Iterator[None]:
        self._happens("lock", lasts=_LONG if long else _SHORT)
        yield
        self._made.wait(_LONG)

    @contextmanager
    def full(self) -> Iterator[None]:
        self._happens("full", lasts=_LONG)
        yield
        self._made.wait(_LONG)

    @contextmanager
    def cut(self) -> Iterator[None]:
        self._happens("unreachable", lasts=_LONG)
        self._made.wait(1)
        yield
        self._made.wait(_LONG)

    @contextmanager
    def lost(self) -> Iterator[None]:
        self._port.next_acts.append("mute")
        yield

    def power(self, on: bool) -> None:
        if on:
            self._made.world.hosts.boot(self.machine, self.machine.boots)
        else:
            self._happens("crash")

    def restart(self) -> None:
        self._happens("restart")

    def made_anew(self) -> None:
        self._happens("recreate-node", lasts=1)
        self._made.wait(2)
        self.up()

    def kill_service(self) -> None:
        self._happens("sick")

    def start_service(self) -> None:
        self._happens("heal")

    def clock(self, seconds: float) -> None:
        assert self._made.world.event("clock-jump", "", str(seconds))

    def end_work(self) -> None:
        self._happens("end-work")

    def at_work(self, key: str) -> None:
        self.until(lambda: any(each.half for each in self.machine.software.values()), "it is in the middle")

    def _happens(self, do: str, what: str = "", lasts: float = float("inf")) -> None:
        assert self._made.world.event(do, "" if do == "bad" else self.host, what, lasts=lasts)
