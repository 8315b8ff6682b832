"""``make bench-plans``: measure plan, verify, a turn of a run, simulated schedules, for docs/benchmarks.md.

    python -m benchmarks.plans                 everything, three times each, into the page
    python -m benchmarks.plans case NODES      one cluster, its figures as JSON
    python -m benchmarks.plans schedules N     N schedules of faults over the small scenarios

The state is made before the clock starts (``fleets``), and reading it is not measured. A turn is ``next_actions`` of a
run that drains a tenth of the nodes, on a look that is taken before.
"""

from __future__ import annotations

import gc
import math
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from benchmarks.fleets import POOLS, scenario, world
from benchmarks.measure import environment, run, spread
from benchmarks.page import machine, milliseconds, rewrite, seconds, table
from oakum.changes.planning import plan
from oakum.changes.plans import Plan, Step
from oakum.changes.running.acts import Act
from oakum.changes.running.compiled import Compiled
from oakum.changes.running.journal import Answered, Journal, Meant, Noted, Turned
from oakum.changes.running.next_actions import next_actions
from oakum.changes.verify import verify
from oakum.policy.openings import Calendar
from oakum.simulation.faults import Schedule
from oakum.simulation.runner import Driver
from oakum.simulation.scenarios import reading
from oakum.simulation.scenarios.model import Approvals
from oakum.simulation.stating import state_of
from oakum.simulation.trials import attempt, durations, known
from oakum.simulation.world import World

Figures = dict[str, float]
Answer = TypeVar("Answer")
NODES = (500, 1500, 5000)
RUNS, SCHEDULES = 3, 200
#: So many turns are measured, each on a look of its own.
TURNS = 31
_TIMED = ("plan", "plan wall", "verify", "verify wall")


class _EnoughError(Exception):
    """A run is where it was to come to."""


def case(nodes: int) -> Figures:
    """One cluster of so many nodes: what it holds, and seconds of CPU and wall."""
    made = world(nodes)
    cluster = made.clusters["big"]
    pods = [each for each in cluster.pods.values() if each.workload.kind != "DaemonSet"]
    figures: Figures = {
        "pods": len(pods), "budgets": len(cluster.budgets),
        "two": sum(len(each.budgets) > 1 for each in pods) / len(pods),
        "never": sum(any(one.max_unavailable == 0 for one in each.budgets) for each in pods) / len(pods),
        "sick": sum(not each.ready for each in cluster.machines.values()) / nodes,
    }  # fmt: skip
    state, given = state_of(made), scenario(nodes)
    policy, intents = reading.policy_of(given), reading.intents_of(given)
    calendar, now = reading.calendar_of(policy), made.timeline.wall()
    gc.collect()
    gc.freeze()
    answer = _timed(figures, "plan", lambda: plan(
        state, intents, policy, now, calendar=calendar, knowledge=known(), durations=durations()
    ))  # fmt: skip
    if not isinstance(answer, Plan):
        raise SystemExit(f"there is no plan: {answer.reasons[0].why}")
    figures |= {"steps": len(answer.steps), "left": len({each.subject for each in answer.left_out})}
    fresh = state_of(made)
    gc.collect()
    gc.freeze()
    found = _timed(
        figures, "verify", lambda: verify(answer, fresh, policy=policy, calendar=calendar, knowledge=known())
    )
    if found:
        raise SystemExit(f"the plan is wrong: {found[0]}")
    figures |= _turns(made, answer, calendar, round(nodes * 0.1))
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


def _timed(figures: Figures, name: str, do: Callable[[], Answer]) -> Answer:
    wall, cpu = time.perf_counter(), time.process_time()
    answer = do()
    figures[name], figures[f"{name} wall"] = time.process_time() - cpu, time.perf_counter() - wall
    return answer


def _turns(made: World, answer: Plan, calendar: Calendar, flight: int) -> Figures:
    """Turns of a run with so many nodes in flight, all of them being drained: the median, and the slowest."""
    driver = Driver(made, answer, calendar, Schedule())
    turn = driver._turn  # the driver is stopped between two of its requests

    def until_begun(process: object) -> object:
        done = turn(process)  # type: ignore[arg-type]
        if driver.journal.active:
            raise _EnoughError
        return done

    driver._turn = until_begun  # type: ignore[assignment, method-assign]
    with suppress(_EnoughError):
        driver.run(3600.0, Approvals())
    steps = [each for each in answer.steps.values() if made.machines[each.subject.id].ready][:flight]
    for step in steps:
        _drained(made, driver.journal, driver.name, answer.hash, step)
    made.timeline.run_to(made.timeline.now + 2.0)
    compiled, times = Compiled(answer, calendar), []
    for _ in range(TURNS):
        made.timeline.run_to(made.timeline.now + 1.0)
        view = made.port("bench").observe([each.subject.id for each in steps])
        view.around("big")
        view.impaired("big")
        begun = time.process_time()
        actions = next_actions(compiled, driver.journal, view, view.at)
        times.append(time.process_time() - begun)
        for each in actions:
            if isinstance(each, Turned | Noted):
                driver.journal.add(each)
    evictions = sum(isinstance(each, Meant) and each.act.do == "evict" for each in actions)
    if not evictions:
        raise SystemExit("a turn of a run that drains asks for no eviction")
    return {"turn": statistics.median(times), "slowest": max(times), "flight": len(driver.journal.active)}


def _drained(made: World, journal: Journal, name: str, plan: str, step: Step) -> None:
    """A step is taken as far as its drain, in the world and in the journal."""
    now, machine = made.timeline.wall(), made.machines[step.subject.id]
    act = Act(
        key=f"{name}/{step.id}/claim/1", do="claim", run=name, plan=plan, token=journal.token, subject=step.subject,
        uid=machine.uid, parameters={"step": step.id},
    )  # fmt: skip
    facts = {"boot": machine.boot_id, "cordoned": "false"}
    journal.add(Turned(at=now, step=step.id, state="admitted", facts=facts, token=journal.token))
    journal.add(Meant(at=now, act=act, step=step.id))
    journal.add(Answered(at=now, key=act.key, outcome=made.acting.act(act, "oakum-1")))
    for state in ("cordoned", "draining"):
        journal.add(Turned(at=now, step=step.id, state=state, facts={"begun": now.isoformat()}, token=journal.token))


def schedules(count: int) -> Figures:
    """So many schedules of faults, over the scenarios of at most 20 machines in turn; each is judged."""
    from oakum.simulation.faults import KINDS, schedule_of

    small = [each for name in reading.names() if (each := reading.read(name)).size <= 20]
    for each in small:
        attempt(each, Schedule())
    begun, wall = time.process_time(), time.perf_counter()
    broken = sum(
        bool(attempt(small[seed % len(small)], schedule_of(sorted(KINDS), seed)).broken) for seed in range(count)
    )
    cpu, wall = time.process_time() - begun, time.perf_counter() - wall
    return {"rate": count / cpu, "wall": count / wall, "scenarios": len(small), "unsafe": broken}


def exponent(sizes: list[int], times: list[float]) -> float:
    """The slope of time over size, both as logarithms, by least squares."""
    xs, ys = [math.log(each) for each in sizes], [math.log(each) for each in times]
    return statistics.linear_regression(xs, ys).slope


def main() -> None:
    """Measure, and write the page."""
    if sys.argv[1:2] == ["case"]:
        print(msgspec.json.encode(case(int(sys.argv[2]))).decode())
        return
    if sys.argv[1:2] == ["schedules"]:
        print(msgspec.json.encode(schedules(int(sys.argv[2]))).decode())
        return
    with tempfile.TemporaryDirectory(prefix="oakum-bench-") as folder:
        text = _page(Path(folder))
    print(text)
    rewrite("plans", text)


def _figures(work: Path, words: str) -> Figures:
    output = work / "figures.json"
    cost = run((sys.executable, "-m", "benchmarks.plans", *words.split()), environment(work), output)
    if cost.code:
        raise SystemExit(f"benchmarks.plans {words} ended with {cost.code}")
    return msgspec.json.decode(output.read_bytes(), type=Figures)


def _page(work: Path) -> str:
    found = {nodes: [_figures(work, f"case {nodes}") for _ in range(RUNS)] for nodes in NODES}
    rows = []
    for nodes, several in found.items():
        one = several[0]
        rows.append(
            (f"{nodes:,}", f"{one['pods']:,.0f}", f"{one['budgets']:,.0f}", f"{one['steps']:,.0f}",
             *(seconds(spread(each[name] for each in several)) for name in _TIMED),
             f"{one['flight']:,.0f}", milliseconds(spread(each["turn"] for each in several)),
             milliseconds(spread(each["slowest"] for each in several)),
             f"{max(each['peak_mb'] for each in several):.0f} MiB")
        )  # fmt: skip
    head = (
        "nodes", "pods", "budgets", "steps", "plan, CPU", "plan, wall", "verify, CPU", "verify, wall", "in flight",
        "a turn, CPU", "the slowest turn", "peak memory",
    )  # fmt: skip
    slopes = {
        name: exponent(list(NODES), [statistics.median(each[name] for each in found[nodes]) for nodes in NODES])
        for name in ("plan", "verify")
    }
    large = found[NODES[-1]][0]
    shares = ", ".join(f"{share:.0%} {name}" for name, share in POOLS.items())
    rates = [_figures(work, f"schedules {SCHEDULES}") for _ in range(RUNS)]
    rate = spread(each["rate"] for each in rates)
    return "\n\n".join(
        (
            machine("make bench-plans"),
            "### Planning and verifying",
            f"Made up: {large['two']:.0%} of the pods under two budgets, {large['never']:.0%} in budgets that never"
            f" allow any, {large['sick']:.0%} of the nodes not ready, six zones, volumes, anti-affinity; pools:"
            f" {shares}. The state is made before the clock starts. Median of three processes (least to most).",
            table(head, rows),
            f"Exponent of the CPU time over nodes: plan {slopes['plan']:.2f}, verify {slopes['verify']:.2f}.",
            f"A turn is `next_actions` on a look that was taken before, while all in flight are drained; {TURNS} turns,"
            " each on a changed cluster. Asked for 5,000 nodes: plan and verify under 3 s, a turn under 20 ms,"
            " exponents of at most 1.15.",
            "### Simulated schedules",
            f"{rate.median:.0f} ({rate.least:.0f}–{rate.most:.0f}) schedules of faults a second of CPU, each judged"
            f" by every invariant, over {rates[0]['scenarios']:.0f} scenarios of at most 20 machines;"
            f" {sum(each['unsafe'] for each in rates):.0f} unsafe states.",
        )
    )


if __name__ == "__main__":
    main()
