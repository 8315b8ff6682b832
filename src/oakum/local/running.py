"""One person's terminal as a driver of the step machine: the lease and the wishes of a run come from its own file.

Nothing here decides what is done to a machine. What people ask (approvals, stop) is read anew before each look; who is
allowed to agree says ``oakum.changes.approvals``. Ctrl-C asks the run to stop, which finishes or restores what is in
hand; a second one leaves at once, as a crash would, and the run can be resumed.
"""

from __future__ import annotations

import os
import platform
import secrets
import signal
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Protocol

from oakum import ports
from oakum.changes.approvals import Earned, earned
from oakum.changes.drain import Surroundings
from oakum.changes.run import Asked, Ended, Machine, Wait, Write, run
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.drive import Reading, drive
from oakum.changes.running.journal import Record
from oakum.changes.running.observed import Etcd, Observed, Sample, Seen
from oakum.changes.state.model import Webhook
from oakum.local.runs import Run

World = ports.World[Act, Outcome, Observed]
#: Seconds between two looks at whether somebody has asked for something.
_PULSE = 0.25
#: What anybody at this machine may ask of a run. A pause is for where others see it and end it: here a run is stopped.
ASKED = frozenset({"stop"})


class Listener(Protocol):
    """Whoever tells people how a run goes."""

    def wrote(self, record: Record) -> None:
        """A record has been written."""

    def waits(self, wait: Wait) -> None:
        """Nothing is done before a time, unless something happens."""

    def stopping(self) -> None:
        """Somebody at the terminal has asked it to stop."""


class Left(KeyboardInterrupt):
    """Somebody left at once; the ``run`` can be resumed."""

    def __init__(self, run: str = "") -> None:
        super().__init__()
        self.run = run


class Consent:
    """What people have agreed to, worked out anew when another approval comes or the time of one is over."""

    def __init__(self, run: Run) -> None:
        """Raises OakumError where what the run was started from is not as it was."""
        self._run, self._policy, self._request = run, run.policy()[0], run.request()
        self._found: Earned | None = None
        self._seen, self._at = -1, datetime.min.replace(tzinfo=UTC)

    def at(self, now: datetime) -> Earned:
        """What is earned at a time."""
        seen, found = len(self._run.file.approvals()), self._found
        stale = found is None or seen != self._seen or now < self._at
        if found is None or stale or (found.until is not None and now >= found.until):
            given, _ = self._run.approvals()
            found = self._found = earned(self._run.plan, self._policy, self._request, given, now)
            self._seen, self._at = seen, now
        return found


class Terminal:
    """The port ``World`` of a run at a terminal: acts and looks go to the world, lease and wishes to the run's file."""

    def __init__(self, run: Run, world: World, clock: ports.Clock) -> None:
        """Raises OakumError where what the run was started from is not as it was."""
        self.run, self._world, self._clock = run, world, clock
        self._consent = Consent(run)
        self._machine = machine_id()
        self.interrupted = False
        self._stop_kept = False

    def act(self, act: Act) -> Outcome:
        """The lease is kept in the file; everything else the world does."""
        if act.do != "lease":
            return self._world.act(act)
        holder, seconds = act.parameters.get("holder", ""), float(act.parameters.get("seconds", "60"))
        return self.run.file.lease(holder, self._machine, seconds, self._clock.now().timestamp())

    def observe(self, about: Sequence[str]) -> Observed:
        """What the world shows, with the lease and the wishes of the file."""
        self.keep_stop()
        seen = self._world.observe(about)
        now = self._clock.now()
        # What people only ask needs no signature; that they agreed is earned by signatures alone.
        asked = (self.run.file.wishes() | seen.wishes) & ASKED
        wishes = asked | self._consent.at(now).wishes
        return Look(seen, self.run.file.leased(now.timestamp()), wishes)

    def keep_stop(self) -> None:
        """Writes down that it was asked to stop: whoever takes up the run after us has to know it as well."""
        if self.interrupted and not self._stop_kept:
            self.run.file.ask("stop", datetime.now(UTC), "asked at the terminal")
            self._stop_kept = True

    def stirred(self) -> Callable[[], bool]:
        """Something that tells whether anybody has asked for anything since now."""
        before, interrupted = self.run.file.changed(), self.interrupted
        return lambda: self.run.file.changed() != before or self.interrupted != interrupted


class Look:
    """A look at a world, with the lease and the wishes of a run's file."""

    def __init__(self, seen: Observed, lease: tuple[str, int] | None, wishes: frozenset[str]) -> None:
        self._seen, self._lease, self._wishes = seen, lease, wishes
        self.at: datetime = seen.at

    @property
    def lease(self) -> tuple[str, int] | None:
        """Who carries the run out."""
        return self._lease

    @property
    def alarms(self) -> frozenset[str] | None:
        """The alarms that fire."""
        return self._seen.alarms

    @property
    def wishes(self) -> frozenset[str]:
        """What people ask."""
        return self._wishes

    def seen(self, subject: str) -> Seen | None:
        """A machine or an object."""
        return self._seen.seen(subject)

    def found(self, subject: str) -> bool | None:
        """Whether it exists."""
        return self._seen.found(subject)

    def impaired(self, cluster: str) -> Mapping[str, Seen]:
        """The machines out of service."""
        return self._seen.impaired(cluster)

    def around(self, cluster: str) -> Surroundings:
        """The objects of a cluster."""
        return self._seen.around(cluster)

    def etcd(self, cluster: str) -> Etcd | None:
        """The members of etcd."""
        return self._seen.etcd(cluster)

    def webhooks(self, cluster: str) -> tuple[Webhook, ...] | None:
        """The admission webhooks."""
        return self._seen.webhooks(cluster)

    def samples(self, about: str) -> tuple[Sample, ...]:
        """The measurements."""
        return self._seen.samples(about)


class WallClock:
    """The port ``Clock``: the time of this machine; a wait ends early when somebody asks for something."""

    def __init__(self, stirred: Callable[[], Callable[[], bool]] = lambda: lambda: False) -> None:
        self.stirred = stirred

    def now(self) -> datetime:
        """The time in UTC."""
        return datetime.now(UTC)

    def sleep_until(self, moment: datetime) -> None:
        """Waits until then, or until somebody asks for something."""
        stirred = self.stirred()
        while (left := (moment - self.now()).total_seconds()) > 0 and not stirred():
            time.sleep(min(left, _PULSE))


def carry_out(run_: Run, world: World, listener: Listener, clock: ports.Clock | None = None) -> Ended:
    """Carries a run out, or goes on with it, as the one process that does; by the clock of this machine, or another.

    Raises UsageError where another carries it out, Left where somebody left at once.
    """
    with run_.holding():
        wall = WallClock()
        terminal = Terminal(run_, world, clock or wall)
        wall.stirred = terminal.stirred
        _, calendar = run_.policy()
        executor = f"{platform.node() or 'terminal'}/{os.getpid()}/{secrets.token_hex(3)}"
        machine = run(run_.plan, calendar, Reading(run_.file), run=run_.name, executor=executor)
        with _interruptible(terminal, listener):
            return drive(heard(machine, listener), terminal, run_.file, clock or wall)


def heard(machine: Machine, listener: Listener) -> Machine:
    """The same machine, with somebody who hears what it writes and what it waits for."""

    def hear() -> Generator[Asked, object, Ended]:
        answer: object = None
        while True:
            try:
                asked = machine.send(answer)
            except StopIteration as stop:
                ended: Ended = stop.value
                return ended
            if isinstance(asked, Wait):
                listener.waits(asked)
            answer = yield asked
            if isinstance(asked, Write):
                listener.wrote(asked.record)

    return hear()


@contextmanager
def _interruptible(terminal: Terminal, listener: Listener) -> Iterator[None]:
    """Ctrl-C and SIGTERM ask for a stop; the second of them leaves."""

    def asked(number: int, frame: FrameType | None) -> None:
        if terminal.interrupted:
            raise Left
        terminal.interrupted = True
        listener.stopping()

    before = {each: signal.signal(each, asked) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except Left:
        terminal.keep_stop()
        raise Left(terminal.run.name) from None
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def machine_id() -> str:
    """What tells this machine from others that may share the folder."""
    try:
        return Path("/etc/machine-id").read_text("ascii").strip() or platform.node()
    except (OSError, ValueError):
        return platform.node()
