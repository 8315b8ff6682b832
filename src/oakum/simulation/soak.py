"""Many fault schedules over all scenarios: how many, from which seeds, and what came of them all together.

A scenario gets runs in inverse proportion to the size of its world, and at least ``LEAST``. Its seeds begin at a number
of its own, so that any part of a soak can be done again, or be added to what was done before. A schedule in which no
fault found anything to strike is not counted, and the next seed is taken in its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from time import process_time

import msgspec

from oakum.changes.plans.model import Plan
from oakum.simulation import coverage
from oakum.simulation.chance import chance
from oakum.simulation.faults import KINDS, START, Schedule, Strike, schedule_of
from oakum.simulation.scenarios import names, read
from oakum.simulation.scenarios.model import Scenario
from oakum.simulation.trials import Trial, attempt, ready

#: Runs of a scenario at the least, and of the failures that are kept.
LEAST, KEPT = 20, 200
#: Seeds of the first scenario begin at 0, of the next at this, and so on.
APART = 10_000_000
#: A share takes so many seeds for each schedule at the most, and is given up after so many in which nothing struck.
TRIES, VOID = 6, 40
#: The share of schedules that have a strike at any time.
ANYWHEN = 1 / 3


class Failure(msgspec.Struct, frozen=True):
    """A trial that went wrong, to be had again by its scenario and seed, and the first thing that was wrong."""

    scenario: str
    seed: int
    kind: str
    what: str


class Totals(msgspec.Struct, kw_only=True):
    """What came of several trials.

    ``schedules`` counts those with a fault that struck, ``void`` those without. ``faults`` counts by kind and state,
    written KIND/STATE; ``ends`` by how they ended, ``by_scenario`` how many each scenario had, ``unsafe`` by invariant,
    ``stuck`` those that the oracle does not accept. ``seconds`` is the time of the processor that all took.
    """

    schedules: int = 0
    void: int = 0
    no_plan: int = 0
    faults: dict[str, int] = msgspec.field(default_factory=dict)
    ends: dict[str, int] = msgspec.field(default_factory=dict)
    unsafe: dict[str, int] = msgspec.field(default_factory=dict)
    by_scenario: dict[str, int] = msgspec.field(default_factory=dict)
    stranded: int = 0
    stuck: int = 0
    steps: int = 0
    patched: int = 0
    evictions: int = 0
    missed: float = 0.0
    requests: int = 0
    seconds: float = 0.0
    failures: list[Failure] = msgspec.field(default_factory=list)

    def take(self, trial: Trial) -> bool:
        """Counts a trial; whether it counts as a schedule."""
        if trial.result is None:
            self.no_plan += 1
            return False
        if not trial.result.struck:
            self.void += 1
            self._judge(trial)
            return False
        self.schedules += 1
        _add(self.ends, trial.ends)
        _add(self.by_scenario, trial.scenario)
        for (kind, state), number in trial.faults.items():
            _add(self.faults, f"{kind}/{state}", number)
        self.steps += len(trial.result.states)
        self.patched += sum(each == "done" for each in trial.result.states.values())
        self.evictions += trial.result.evictions
        self.missed += trial.result.missed
        self.requests += trial.result.requests
        self._judge(trial)
        return True

    def _judge(self, trial: Trial) -> None:
        for name, number in trial.unsafe.items():
            _add(self.unsafe, name, number)
        self.stranded += trial.stranded
        self.stuck += bool(trial.stuck)
        if trial.failed and len(self.failures) < KEPT:
            kind, what = first_wrong(trial)
            self.failures.append(Failure(trial.scenario, trial.schedule.seed, kind, what))

    def add(self, other: Totals) -> None:
        """Takes up the totals of other trials."""
        for name in ("faults", "ends", "unsafe", "by_scenario"):
            counts: dict[str, int] = getattr(self, name)
            for key, number in getattr(other, name).items():
                _add(counts, key, number)
        for name in ("schedules", "void", "no_plan", "stranded", "stuck", "steps", "patched", "evictions", "missed",
                     "requests", "seconds"):  # fmt: skip
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.failures += other.failures[: max(0, KEPT - len(self.failures))]

    @property
    def delivered(self) -> int:
        """How many faults found something to strike."""
        return sum(self.faults.values())


def _add(counts: dict[str, int], key: str, number: int = 1) -> None:
    counts[key] = counts.get(key, 0) + number


def first_wrong(trial: Trial) -> tuple[str, str]:
    """What was wrong first with a failed trial: unsafe, stuck or unexpected, and how."""
    if trial.broken:
        return "unsafe", str(trial.broken[0]).strip()
    return ("stuck", trial.stuck[0]) if trial.stuck else ("unexpected", trial.wrong[0])


class Share(msgspec.Struct, frozen=True):
    """Trials to be made: so many schedules of a scenario from a seed on."""

    scenario: str
    first: int
    count: int


def shares(count: int, only: Sequence[str] = (), *, begin: int = 0, chunk: int = 100) -> list[Share]:
    """How ``count`` schedules are shared among the scenarios, in chunks that are mixed: a part of them tells of all.

    ``begin`` is the first seed of each scenario, to go on where another soak has ended.
    """
    several = [read(name) for name in (only or names())]
    number = {name: index for index, name in enumerate(names())}
    weights = {each.name: 1 / max(3, each.size) for each in several}
    whole = sum(weights.values())
    found: list[tuple[float, Share]] = []
    for each in several:
        wanted = max(min(LEAST, count), round(count * weights[each.name] / whole))
        size = max(1, min(chunk, 2000 // each.size))
        first = number[each.name] * APART + begin
        for done in range(0, wanted, size):
            # Seeds of one chunk never reach into the next, however many of them are void.
            share = Share(each.name, first + done * TRIES, min(size, wanted - done))
            found.append(((done + size / 2) / wanted, share))
    return [share for _, share in sorted(found, key=lambda each: (each[0], each[1].scenario))]


def kinds_of(scenario: Scenario) -> tuple[str, ...]:
    """The faults that may strike in a scenario."""
    return tuple(KINDS) if scenario.faults == "all" else scenario.faults


def soak(share: Share) -> Totals:
    """Makes the trials of a share, one after the other."""
    scenario, totals = read(share.scenario), Totals()
    began = process_time()
    for trial in trials(scenario, share.first, share.count * TRIES):
        totals.take(trial)
        if totals.schedules >= share.count or trial.result is None or totals.void >= VOID + totals.schedules:
            break
    totals.seconds = process_time() - began
    return totals


def trials(scenario: Scenario, first: int, count: int) -> Iterator[Trial]:
    """The trials of so many seeds."""
    for seed in range(first, first + count):
        yield attempt(scenario, schedule(scenario, seed))


def schedule(scenario: Scenario, seed: int) -> Schedule:
    """The schedule of faults of a seed in a scenario.

    Most strikes come at an occasion of the run; one in three schedules has one more at any time at all, on any machine
    of the plan, so that steps are struck while they wait, and long after they were over.
    """
    answer = ready(scenario).answer
    if not isinstance(answer, Plan) or not answer.steps:
        return schedule_of(kinds_of(scenario), seed)
    drawn = schedule_of(kinds_of(scenario), seed, steps=len(answer.steps))
    dice = chance(seed, "anywhen")
    if dice.random() >= ANYWHEN:
        return drawn
    kind = dice.choice(kinds_of(scenario))
    step = dice.choice(list(answer.steps.values()))
    whole = sum(each.takes.work.p50 for each in answer.steps.values())
    more = Strike(kind=kind, state=START, delay=round(dice.uniform(0, min(whole, scenario.lasts)), 1),
                  subject=step.subject.id, what=dice.choice(KINDS[kind].what))  # fmt: skip
    return Schedule(seed=seed, strikes=(*drawn.strikes, more))


def fill(totals: Totals, *, most: int = 200) -> Totals:
    """Trials aimed at the pairs of fault and state that a soak has not met, up to ``most`` for each."""
    more = Totals()
    for kind, state in coverage.gaps(totals.faults):
        for number, (scenario, given) in enumerate(_aimed(kind, state)):
            if number == most or more.faults.get(f"{kind}/{state}"):
                break
            more.take(attempt(scenario, given))
    return more


def _aimed(kind: str, state: str) -> Iterator[tuple[Scenario, Schedule]]:
    """Schedules that bring a state about and strike in it, in the scenarios where it comes easily."""
    for nth in (1, 2, 3):
        for delay in (0.0, 0.1, 5.0, 40.0, 600.0):
            for name in (*_EASY.get(state, ()), "edge-three-nodes", "replicas-in-one-zone", "autoscaler"):
                for before in _BRING.get(state, ((),)):
                    for subject in _whom(kind, name):
                        strike = Strike(kind=kind, state=state, nth=nth, delay=delay, subject=subject)
                        yield read(name), Schedule(strikes=(*before, strike))


def _whom(kind: str, name: str) -> tuple[str, ...]:
    """Whom to strike: the subject of the occasion, or where a fault strikes others each machine of the plan in turn."""
    answer = ready(read(name)).answer
    if KINDS[kind].where != "other" or not isinstance(answer, Plan):
        return ("",)
    return tuple(each.subject.id for each in answer.steps.values())


#: What brings a state about that a calm run does not come to, in one way or another, and where a state comes easily.
_BRING: dict[str, tuple[tuple[Strike, ...], ...]] = {
    "late": ((Strike(kind="slow-boot", state="applying"),),),
    "lost": ((Strike(kind="returns-late", state="applying"),),),
    "failed": ((Strike(kind="never-returns", state="applying"),),
               (Strike(kind="held-lock", state="admitted", seconds=86_400.0),)),
    "undone": ((Strike(kind="old-kernel", state="applying"),),),
}  # fmt: skip
_EASY = {
    "snapshotted": ("needs-snapshot", "etcd-minor-with-a-copy"), "soaking": ("freeze-in-between", "volumes"),
    "failed": ("partial-rollback", "superseded-patch"), "undone": ("partial-rollback",),
    "skipped": ("finalizer", "tolerating-pods", "budget-turns-impossible", "uncordoned-mid-drain", "node-made-anew"),
}  # fmt: skip


def by_kind(totals: Totals) -> Counter[str]:
    """How often each kind of fault struck."""
    counts: Counter[str] = Counter()
    for key, number in totals.faults.items():
        counts[key.partition("/")[0]] += number
    return counts
