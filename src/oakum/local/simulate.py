"""Simulations at a terminal: which scenarios, how often, beside which rivals, and the tables of what came of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from oakum.changes.intents.catalogue import wanted
from oakum.changes.plans.model import Plan
from oakum.changes.state.missing import require
from oakum.errors import InputError, LimitError, Place, UsageError
from oakum.local.plans import read_intent_files
from oakum.local.policies import calendar_of
from oakum.local.states import read_states
from oakum.simulation.faults import Schedule, Strike
from oakum.simulation.from_state import from_state
from oakum.simulation.rivals import RIVALS, Rival, drive
from oakum.simulation.scenarios import names, parse, read
from oakum.simulation.scenarios.model import Expect, Scenario, World
from oakum.simulation.shrink import shrink
from oakum.simulation.soak import first_wrong, schedule
from oakum.simulation.trials import Trial, adopt, attempt, ready, ready_for

#: The short names of rivals.
SHORT = {"kured": "kured-like", "suc": "system-upgrade-controller-like", "naive": "drain-reboot-script"}
US = "oakum"
#: Worlds with more machines take minutes each; they are simulated when they are named.
LARGE = 500
_LARGEST = 1 << 20


class Wrong(msgspec.Struct, frozen=True):
    """A trial that went wrong: how to have it again, and what was wrong with it."""

    scenario: str
    seed: int | None
    kind: str
    what: str


class Row(msgspec.Struct, kw_only=True):
    """What came of all trials of one policy (ours or a rival's).

    ``unsafe`` counts unsafe states by the name of the invariant, ``stranded`` machines with something of theirs left.
    ``finished`` of ``targets`` were patched; ``patched`` is the mean time in seconds of simulated time until the last
    was, over the trials in which all were. ``pod_minutes`` are those in which a pod of a workload was missing.
    ``stuck`` are ends that the oracle does not accept, ``unexpected`` facts that a scenario states and that are not so;
    both are asked of our own runs only.
    """

    policy: str
    trials: int = 0
    faults: int = 0
    unsafe: dict[str, int] = msgspec.field(default_factory=dict)
    stranded: int = 0
    ends: dict[str, int] = msgspec.field(default_factory=dict)
    targets: int = 0
    finished: int = 0
    complete: int = 0
    patched: float = 0.0
    evictions: int = 0
    pod_minutes: float = 0.0
    stuck: int = 0
    unexpected: int = 0


_ADDED = (
    "trials", "faults", "stranded", "targets", "finished", "complete", "evictions", "pod_minutes", "stuck",
    "unexpected",
)  # fmt: skip


class Report(msgspec.Struct, kw_only=True):
    """The answer: a row for each policy, what went wrong in ours, and the trace and the smallest schedule if asked.

    ``why`` says why our last run ended as it did, or why there was no plan.
    """

    scenarios: list[str]
    rows: list[Row]
    wrong: list[Wrong]
    why: str = ""
    trace: list[str] = msgspec.field(default_factory=list)
    shrunk: Schedule | None = None
    tried: int = 0


def scenario_of(given: str) -> Scenario:
    """A scenario that comes with Oakum by its name, or one from a file. Raises InputError."""
    path = Path(given)
    if given in names():
        return read(given)
    if path.suffix not in (".yaml", ".yml"):
        return read(given)
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        text = data.decode()
    except OSError as error:
        raise InputError(
            error.strerror or str(error), place=Place(given), remedy="name a scenario or its file"
        ) from None
    except UnicodeDecodeError:
        raise InputError("the file is not UTF-8", place=Place(given), remedy="save it as UTF-8") from None
    if len(data) > _LARGEST:
        raise LimitError("the file is larger than 1 MiB", place=Place(given), remedy="a scenario is a page of text")
    return parse(text, given)


def of_dump(dumps: Sequence[str], intents: Sequence[str], policy: str | None) -> Scenario:
    """A scenario whose world is made of a cluster's dump or a state file, planned for. Raises OakumError."""
    if not intents or policy is None:
        raise UsageError("--from needs --intent and --policy", remedy="say what is wanted, and under which policy")
    now = datetime.now(UTC)
    state = read_states(dumps, now)
    several = read_intent_files([Path(each) for each in intents])
    rules, _ = calendar_of(Path(policy))
    require(state.gaps, {subject.cluster for each in several for subject in wanted(each, state).subjects.values()})
    scenario = Scenario(
        name="from-a-dump", title="A world made of a dump", about=", ".join(dumps), start=state.at, world=World(),
        intents=(), policy={}, expect=Expect(ends=("done", "stopped", "held", "why-not")),
    )  # fmt: skip
    adopt(ready_for(scenario, rules, several, lambda seed: from_state(state, seed)))
    return scenario


def rivals_of(given: Sequence[str]) -> list[Rival]:
    """Rivals by their short or long names. Raises UsageError."""
    unknown = next((each for each in given if SHORT.get(each, each) not in RIVALS), None)
    if unknown is not None:
        raise UsageError(f"no rival is called {unknown[:40]!r}", remedy=f"one of {', '.join(SHORT)}")
    return [RIVALS[SHORT.get(each, each)] for each in dict.fromkeys(given)]


def simulate(
    scenarios: Sequence[Scenario], *, seed: int | None = None, runs: int = 1, rivals: Sequence[Rival] = (),
    trace: bool = False, smallest: bool = False,
) -> Iterator[str | Report]:  # fmt: skip
    """Runs all of it; yields a line of progress for each scenario, and the report at the end.

    Without a seed no fault strikes, and the facts of the scenario are asked; with one, ``runs`` seeds from there on.
    """
    ours = Row(policy=US)
    rows = {each.name: Row(policy=each.name) for each in rivals}
    report = Report(scenarios=[each.name for each in scenarios], rows=[ours, *rows.values()], wrong=[])
    for scenario in scenarios:
        for number in range(runs):
            given = Schedule() if seed is None else schedule(scenario, seed + number)
            trial = attempt(scenario, given, trace=trace)
            _count(ours, trial)
            report.why = trial.why
            if trial.failed:
                report.wrong.append(Wrong(scenario.name, None if seed is None else given.seed, *first_wrong(trial)))
                if smallest and report.shrunk is None and given.strikes:
                    report.shrunk, report.tried = shrink(scenario, given)
                    trial = attempt(scenario, report.shrunk, trace=True)
                    report.trace = trial.result.trace if trial.result is not None else []
            if trace and trial.result is not None:
                report.trace = trial.result.trace
            for rival in rivals:
                _count_rival(rows[rival.name], rival, scenario, given)
        yield f"{scenario.name}: {ours.trials} trials, {len(report.wrong)} wrong"
    yield report


def _count(row: Row, trial: Trial) -> None:
    row.trials += 1
    row.ends[trial.ends] = row.ends.get(trial.ends, 0) + 1
    row.stranded += trial.stranded
    row.stuck += bool(trial.stuck)
    row.unexpected += bool(trial.wrong)
    for name, number in trial.unsafe.items():
        row.unsafe[name] = row.unsafe.get(name, 0) + number
    if trial.result is not None:
        done = sum(each == "done" for each in trial.result.states.values())
        row.faults += len(trial.result.struck)
        row.evictions += trial.result.evictions
        row.pod_minutes += trial.result.missed / 60
        _finish(row, done, len(trial.result.states), trial.result.patched)


def _count_rival(row: Row, rival: Rival, scenario: Scenario, given: Schedule) -> None:
    known = ready(scenario)
    override = known.answer.override if isinstance(known.answer, Plan) else None
    world = known.make(given.seed)
    world.timeline.run_to(0.0)
    result = drive(
        rival, world, known.policy, known.calendar, known.intents, given, lasts=float(scenario.lasts),
        lifted=override.lifts if override else (), outside=bool(override and override.outside_windows),
    )  # fmt: skip
    row.trials += 1
    row.ends[result.result] = row.ends.get(result.result, 0) + 1
    for each in result.broken:
        row.unsafe[each.name] = row.unsafe.get(each.name, 0) + 1
    row.stranded += result.stranded
    row.faults += len(result.struck)
    row.evictions += result.evictions
    row.pod_minutes += result.missed / 60
    _finish(row, result.finished, result.targets, result.patched)


def _finish(row: Row, finished: int, targets: int, patched: float) -> None:
    row.targets += targets
    row.finished += finished
    if targets and finished == targets:
        row.patched = (row.patched * row.complete + patched) / (row.complete + 1)
        row.complete += 1


def merged(rows: Sequence[Row], more: Sequence[Row]) -> list[Row]:
    """The rows of two reports, those of one policy together."""
    found = {
        each.policy: msgspec.structs.replace(each, unsafe=dict(each.unsafe), ends=dict(each.ends)) for each in rows
    }
    for each in more:
        row = found.setdefault(each.policy, Row(policy=each.policy))
        complete = row.complete + each.complete
        if complete:
            row.patched = (row.patched * row.complete + each.patched * each.complete) / complete
        for name in ("unsafe", "ends"):
            counts: dict[str, int] = getattr(row, name)
            for key, number in getattr(each, name).items():
                counts[key] = counts.get(key, 0) + number
        for name in _ADDED:
            setattr(row, name, getattr(row, name) + getattr(each, name))
    return list(found.values())


def told(strike: Strike) -> str:
    """A strike in words."""
    when = {"": "at the start", "record": f"at record {strike.nth}", "act": f"at act {strike.nth}"}
    occasion = when.get(strike.state, f"when a step is {strike.state} for the {strike.nth}. time")
    late = f", {strike.delay:g} seconds after" if strike.delay else ""
    about = f" ({strike.what})" if strike.what else ""
    return f"{strike.kind}{about} {occasion}{late}"
