"""One seed, one world: the same happens again to the letter, in any process, and nothing reads clock or chance."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from tests.simulation.world.made import KERNEL, OPENSSL, Made

from oakum.changes.running.acts import Act, Outcome
from oakum.simulation import state_of
from oakum.simulation.chance import chance
from oakum.simulation.events import EVENTS
from oakum.simulation.faults import ACT, FAULTS, KINDS, OCCASIONS, RECORD, Strike, schedule_of, strike
from oakum.simulation.things import Machine, Pod
from oakum.simulation.watching import Watch

ROOT = Path(__file__).parents[3]


class Told(Watch):
    """Everything that a world tells, as text."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def acted(self, act: Act, outcome: Outcome, executor: str) -> None:
        self.lines.append(f"acted {act.do} {act.pod} {outcome.result} {executor}")

    def ended(self, pod: Pod, machine: Machine | None, why: str, by: str) -> None:
        self.lines.append(f"ended {pod.uid} {why} {by}")

    def turned(self, machine: Machine) -> None:
        self.lines.append(f"turned {machine.id} {machine.version} {machine.ready} {machine.since}")

    def version(self, machine: Machine, component: str) -> None:
        self.lines.append(f"version {machine.id} {component}")

    def struck(self, kind: str, subject: str, delivered: bool) -> None:
        self.lines.append(f"struck {kind} {subject} {delivered}")


def story(seed: int) -> str:
    """What happens in a busy world of a seed, as a hash."""
    told = Told()
    made = Made(
        "[{name: web, replicas: 6}, {name: db, kind: StatefulSet, replicas: 3, volume: true},"
        " {name: log, kind: DaemonSet}]",
        "[{name: web, for: web, max_unavailable: 2}, {name: db, for: db, min_available: 2}]",
        nodes=5, more=", actors: {autoscaler: true, health_check: true}", seed=seed, watch=told,
    )  # fmt: skip
    made.lease()
    dice = chance(seed, "story")
    kinds = [name for name, each in sorted(KINDS.items()) if each.how != "process"]
    for _ in range(40):
        machine = dice.choice(sorted(made.cluster.machines))
        kind = dice.choice(kinds)
        strike(made.world, Strike(kind=kind), f"c/{machine}", "a", ["openssl 4"])
        made.act("claim", machine)
        for pod in list(made.machine(machine).pods.values()) if f"c/{machine}" in made.world.machines else ():
            made.evict(pod)
        made.act("apply", machine, changes=(OPENSSL, KERNEL))
        made.wait(dice.uniform(1, 400))
        made.act("reboot", machine)
        made.wait(dice.uniform(1, 400))
        made.act("release", machine)
    state = state_of(made.world)
    told.lines.append(state.digest)
    told.lines += [f"{pod.metadata.name} {pod.spec.node_name}" for pod in state.clusters[0].around.pods]
    return hashlib.sha256("\n".join(told.lines).encode()).hexdigest()


def test_the_same_seed_tells_the_same_story_and_another_another() -> None:
    assert story(7) == story(7)
    assert story(7) != story(8)


def test_the_order_of_hashes_does_not_matter() -> None:
    code = "from tests.simulation.world.test_same_seed import story; print(story(7))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": ""},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_a_schedule_comes_from_its_seed_alone() -> None:
    kinds = sorted(FAULTS)
    assert schedule_of(kinds, 5) == schedule_of(kinds, 5)
    several = [schedule_of(kinds, seed) for seed in range(400)]
    assert {strike.kind for each in several for strike in each.strikes} == set(kinds)
    assert {len(each.strikes) for each in several} >= {1, 2, 3}
    meant = {strike.state for each in several for strike in each.strikes}
    assert meant == {*OCCASIONS, RECORD, ACT}


def test_what_brings_a_state_about_comes_before_what_strikes_in_it() -> None:
    for seed in range(200):
        strikes = schedule_of(["crash"], seed, most=1).strikes
        assert [each.kind for each in strikes][-1] == "crash"
        if strikes[-1].state == "lost":
            assert strikes[0].kind in ("returns-late", "never-returns")


def test_every_fault_is_an_event_a_thing_of_the_wire_or_of_processes() -> None:
    for name, each in KINDS.items():
        assert each.says
        assert (each.how == "event") == (each.do in EVENTS), name


@pytest.mark.parametrize("name", [name for name, each in KINDS.items() if each.how == "event"])
def test_every_fault_finds_something_or_says_that_it_has_not(name: str) -> None:
    told = Told()
    made = Made("[{name: web, replicas: 6}]", "[{name: web, for: web, max_unavailable: 1}]", watch=told)
    made.lease()
    strike(made.world, Strike(kind=name), "c/w-1", "a", ["openssl 4"])
    made.evict(made.pods("web")[0])
    made.act("snapshot", "w-1")
    made.wait(100)
    made.act("apply", "w-1", changes=(OPENSSL, KERNEL))
    made.wait(300)
    made.act("reboot", "w-1")
    made.wait(10_000)
    struck = [each.split() for each in told.lines if each.startswith("struck")]
    assert [each[1] for each in struck] == [name], "told once"
    assert struck[0][-1] == str(name not in ("etcd-down", "human-uncordons"))


#: What carries trials out measures how long that takes; nothing of it is part of a world.
MEASURES = {"soak.py"}


def test_a_world_reads_no_clock_and_draws_from_its_seed_alone() -> None:
    for path in sorted((ROOT / "src/oakum/simulation").rglob("*.py")):
        imported = {
            name
            for node in ast.walk(ast.parse(path.read_bytes()))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names]
            )
        }
        banned = {"random", "secrets", "uuid", "os", "threading", "asyncio"} - (
            {"random"} if path.name == "chance.py" else set()
        )
        assert not imported & banned, path
        assert "time" not in imported or path.name in MEASURES, path
