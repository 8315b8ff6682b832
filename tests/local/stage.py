"""A stage for runs that are killed: the world is a process of its own, which outlives whoever carries a run out.

``python tests/local/stage.py DATA RUN HOSTS MODE SEED`` plays a run to its end and prints what came of it, as JSON. The
world is simulated, and its clock is the run's: who waits lets it go on. Modes: ``kill`` (each process is killed at a
random moment of its first milliseconds), ``records N`` (each is killed when it has written N records), ``stop`` (asked
to stop by a signal), ``leave`` (two signals), ``whole`` (nothing happens).
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

import msgspec

from oakum.changes.drain import Surroundings
from oakum.changes.run import Wait
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Record, Turned
from oakum.changes.running.observed import Etcd, Observed, Sample, Seen
from oakum.changes.state.model import Webhook
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.local.running import Left, carry_out
from oakum.local.runs import open_run
from oakum.local.states import read_states
from oakum.simulation.from_state import from_state
from oakum.simulation.timeline import SimulatedClock
from oakum.simulation.watching import Watch
from oakum.simulation.world import World

#: Milliseconds within which the first process is killed; a whole run needs some hundreds of them.
WITHIN = 30
MOST_STARTS = 100


class Shown(msgspec.Struct):
    """A look that can be sent."""

    at: datetime
    machines: dict[str, Seen | None]
    out: dict[str, Seen]
    measured: dict[str, tuple[Sample, ...]]
    lease: tuple[str, int] | None = None
    alarms: frozenset[str] | None = frozenset()
    wishes: frozenset[str] = frozenset()

    def seen(self, subject: str) -> Seen | None:
        return self.machines.get(subject)

    def found(self, subject: str) -> bool | None:
        return subject in self.machines

    def impaired(self, cluster: str) -> Mapping[str, Seen]:
        return self.out

    def around(self, cluster: str) -> Surroundings:
        return Surroundings(Snapshot(source="hosts"))

    def etcd(self, cluster: str) -> Etcd | None:
        return None

    def webhooks(self, cluster: str) -> tuple[Webhook, ...] | None:
        return ()

    def samples(self, about: str) -> tuple[Sample, ...]:
        return self.measured.get(about, ())


class Counted(Watch):
    """What was really done, by the world's own count."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        if outcome.result == "done":
            self.done[f"{act.do} {act.subject.id}"] += 1


def serve(address: str, hosts: str) -> None:
    """The world, until it is asked how it ended."""
    counted = Counted()
    world = from_state(read_states([hosts], datetime.now(UTC)), 1, counted)
    clock, port = SimulatedClock(world.timeline), world.port("run")
    with Listener(address, "AF_UNIX") as listener:
        while True:
            with listener.accept() as connection:
                if not _answer(connection, world, counted, clock, port):
                    return


def _answer(connection: Connection, world: World, counted: Counted, clock: SimulatedClock, port: Any) -> bool:
    while True:
        try:
            word, given = connection.recv()
            match word:
                case "act":
                    answer: object = port.act(given)
                case "observe":
                    answer = shown(port.observe(given), world)
                case "now":
                    answer = clock.now()
                case "sleep":
                    clock.sleep_until(given)
                    answer = None
                case _:
                    connection.send(told(world, counted))
                    return False
            connection.send(answer)
        except (EOFError, OSError):
            # Whoever asked was killed.
            return True


def shown(look: Observed, world: World) -> Shown:
    ids = list(world.machines)
    return Shown(look.at, {each: look.seen(each) for each in ids}, dict(look.impaired("")), {})


def told(world: World, counted: Counted) -> dict[str, Any]:
    machines = world.machines.values()
    return {
        "versions": {each.id: each.software["openssl"].running for each in machines},
        "done": dict(counted.done),
        "claims": [each.id for each in machines if each.claim is not None],
        "out": [each.id for each in machines if each.unschedulable or not each.ready],
        "tokens": [each.token for each in machines],
    }


class Far:
    """The world and its clock, as a run reaches them."""

    def __init__(self, address: str) -> None:
        self._connection = Client(address, "AF_UNIX")

    def _ask(self, word: str, given: object = None) -> Any:
        self._connection.send((word, given))
        return self._connection.recv()

    def act(self, act: Act) -> Outcome:
        found: Outcome = self._ask("act", act)
        return found

    def observe(self, about: Sequence[str]) -> Observed:
        found: Shown = self._ask("observe", tuple(about))
        return found

    def now(self) -> datetime:
        found: datetime = self._ask("now")
        return found

    def sleep_until(self, moment: datetime) -> None:
        self._ask("sleep", moment)


class Heard:
    """Kills the process when it has written so many records; tells the parent when the first change begins."""

    def __init__(self, most: int, tell: int) -> None:
        self._left, self._tell = most, tell

    def wrote(self, record: Record) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        if isinstance(record, Turned) and record.state == "applying" and self._tell:
            os.write(self._tell, b"x")
            time.sleep(0.05)
            self._tell = 0

    def waits(self, wait: Wait) -> None:
        pass

    def stopping(self) -> None:
        pass


def child(data: str, name: str, address: str, most: int, tell: int) -> int:
    """One process that carries the run out; in a fork, so that a hundred of them start fast."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        run = open_run(data, name)
        world = Far(address)
        ended = carry_out(run, world, Heard(most, tell), world)
        code = {"done": 0, "stopped": 1, "fenced": 2}[ended.result]
    except Left:
        code = 130
    finally:
        os._exit(code)


def play(data: str, name: str, hosts: str, mode: str, seed: int) -> dict[str, Any]:
    address = str(Path(data) / f"world-{seed}")
    server = os.fork()
    if not server:
        try:
            serve(address, hosts)
        finally:
            os._exit(0)
    while not Path(address).exists():
        time.sleep(0.005)
    dice = random.Random(seed)
    codes: list[int] = []
    while len(codes) < MOST_STARTS and (not codes or codes[-1] not in (0, 1)):
        hears, tells = os.pipe()
        signals = mode in ("stop", "leave") and not codes
        pid = child(data, name, address, seed if mode == "records" else 0, tells if signals else 0)
        os.close(tells)
        if mode == "kill":
            # Ever later, so that it comes to its end on a machine that is busy as well.
            time.sleep(dice.uniform(0, WITHIN) * 1.15 ** len(codes) / 1000)
            os.kill(pid, signal.SIGKILL)
        if signals:
            os.read(hears, 1)
            os.kill(pid, signal.SIGINT)
            if mode == "leave":
                time.sleep(0.02)
                os.kill(pid, signal.SIGTERM)
        os.close(hears)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    with Client(address, "AF_UNIX") as connection:
        connection.send(("end", None))
        found: dict[str, Any] = connection.recv()
    os.waitpid(server, 0)
    return found | {"codes": codes}


if __name__ == "__main__":
    data, name, hosts, mode, seed = sys.argv[1:]
    print(json.dumps(play(data, name, hosts, mode, int(seed))))
