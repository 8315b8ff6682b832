"""One host behind the port ``World``, as a test of the contract sees it: what it is asked, and what happens to it.

``Twin`` is the same for the simulated host (``simulated``) and the real one (``real``); a test knows only this. What a
package is called, what boots take and how a fault is brought about differs; what is answered and seen must not.
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager

from oakum.changes.plans.model import Change, Subject
from oakum.changes.running.acts import Act, Do, Outcome
from oakum.changes.running.observed import Observed, Seen, Work

DONE, UNKNOWN = Outcome(result="done"), Outcome(result="unknown")
_NUMBERS = itertools.count(1)
#: The packages of the lab, and what the update from 1.0 to 1.1 does: it takes so long that something can happen in the
#: middle; it fails there, the first time; it harms, for its service dies; or there is none.
PACKAGES = {
    "lab-plain": "", "lab-gone": "", "linux-image-lab": "", "lab-old": "none", "lab-takes": "takes",
    "lab-fails": "fails", "lab-harms": "harms",
}  # fmt: skip


class Twin(ABC):
    """One host. Each test acts in a run of its own (``run``), under the token 1 where it does not say another."""

    host: str

    def __init__(self) -> None:
        self.run = f"contract-{next(_NUMBERS)}"

    # What a run asks

    @abstractmethod
    def tell(self, act: Act) -> Outcome:
        """One act through the port."""

    @abstractmethod
    def look(self) -> Observed:
        """One look through the port, at the host."""

    def act(
        self, do: Do, *, key: str = "", run: str = "", changes: tuple[Change, ...] = (), **given: object
    ) -> Outcome:
        """An act as a run words it."""
        subject = Subject(kind="machine", cluster="", name=self.host, uid="")
        wanted: dict[str, object] = {
            "key": key or self.key(do), "do": do, "run": run or self.run, "plan": "p", "token": 1, "subject": subject,
            "changes": changes, "parameters": {"step": "step", "cordon": "false"} if do == "claim" else {},
        }  # fmt: skip
        return self.tell(Act(**(wanted | given)))  # type: ignore[arg-type]  # words of a test

    def key(self, do: str) -> str:
        """A key that no act had before."""
        return f"{self.run}/step/{do}/{next(_NUMBERS)}"

    @property
    def seen(self) -> Seen:
        """The host now."""
        seen = self.look().seen(self.host)
        assert seen is not None
        return seen

    def begin(self, do: Do, *changes: Change) -> str:
        """Begins work, and returns its key."""
        key = self.key(do)
        assert self.act(do, key=key, changes=changes) == DONE
        return key

    def ended(self, key: str) -> Work:
        """The work of a key when it is over."""
        self.until(lambda: self.seen.work[key].state != "running", "the work ends")
        return self.seen.work[key]

    def made(self, do: Do, *changes: Change) -> Work:
        """Begins work and waits for its end."""
        return self.ended(self.begin(do, *changes))

    # What time brings, and others do

    @abstractmethod
    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for what comes about by itself. Raises AssertionError where it does not."""

    @abstractmethod
    def provide(self, name: str) -> None:
        """The version 1.0 of one of ``PACKAGES`` is installed, and its other one is offered."""

    @abstractmethod
    def withdraw(self, name: str) -> None:
        """No channel has the package any more, in any version."""

    @abstractmethod
    def hold(self, name: str) -> None:
        """Somebody holds the package back."""

    @abstractmethod
    def locked(self, *, long: bool) -> AbstractContextManager[None]:
        """Somebody holds the lock of the package manager: longer than it is waited for, or not so long."""

    @abstractmethod
    def full(self) -> AbstractContextManager[None]:
        """There is no room for the package ``linux-image-lab``."""

    @abstractmethod
    def cut(self) -> AbstractContextManager[None]:
        """It runs, and nobody reaches it."""

    @abstractmethod
    def lost(self) -> AbstractContextManager[None]:
        """An act that is told now takes effect, and its answer gets lost."""

    @abstractmethod
    def power(self, on: bool) -> None:
        """Its power goes, or comes back."""

    @abstractmethod
    def restart(self) -> None:
        """Somebody restarts it."""

    @abstractmethod
    def made_anew(self) -> None:
        """Another machine has its name, and the same software as it has now."""

    @abstractmethod
    def kill_service(self) -> None:
        """Its service, which has to be active, dies."""

    @abstractmethod
    def start_service(self) -> None:
        """Somebody starts it again."""

    @abstractmethod
    def clock(self, seconds: float) -> None:
        """The clock of whoever looks jumps by so many seconds; that of the host does not."""

    @abstractmethod
    def end_work(self) -> None:
        """Somebody ends the work that is under way on it."""

    @abstractmethod
    def at_work(self, key: str) -> None:
        """Returns when the installation that ``key`` began is in the middle of a package."""

    def up(self) -> None:
        """Waits until it is seen to be in service."""
        self.until(lambda: self.seen.up is True, "it is in service")


def change(name: str, before: str, after: str, **given: object) -> Change:
    """A package that goes to another version."""
    standard: dict[str, object] = {
        "intent": "i", "kind": "packages", "component": name, "before": before, "after": after, "back": before,
        "reversibility": "reversible", "proof": ("running",),
    }  # fmt: skip
    return Change(**(standard | given))  # type: ignore[arg-type]  # words of a test
