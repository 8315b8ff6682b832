"""The state of a journal: what of its steps, their tries and its notes decides what a run does next."""

from __future__ import annotations

from datetime import datetime

from oakum.changes.plans.model import Plan
from oakum.changes.running.journal import OVER, Attempt, Journal, Progress
from oakum.simulation.world import World
from tools.search.ago import since
from tools.search.world_states import pod_name

#: For so many seconds a run asks how long ago an act was tried: one that may still arrive, was refused, or done.
ARRIVES, REFUSED, ANSWERED = 130.0, 70.0, 15.0
_ARRIVING = frozenset({"silence", "claim", "snapshot"})
#: Facts of a step that are times, and matter while it is drained; acts of which the tries are counted; what is owed.
_TIMES, _COUNTED = ("begun", "blocked"), ("apply", "undo", "reboot", "snapshot")
_OWED = {"claim": "claim", "release": "claim", "silence": "silence", "unsilence": "silence"}


class JournalStates:
    """The states of one journal, in the world that it is about."""

    def __init__(self, journal: Journal, plan: Plan, world: World) -> None:
        self.journal, self.plan, self.world = journal, plan, world

    def state(self) -> tuple[object, ...]:
        """The journal as far as it decides anything."""
        journal, now = self.journal, self.world.timeline.wall()
        steps = [(id, self._step(id, journal.steps[id], now)) for id in sorted(journal.steps)]
        notes = sorted({(each.what, each.about) for each in journal.notes})
        return steps, [*journal.active], notes, journal.token == self.world.lease.token

    def _step(self, id: str, each: Progress, now: datetime) -> tuple[object, ...]:
        if each.state in OVER:
            return each.state, each.facts.get("already", "")
        machine = self.world.machines.get(self.plan.steps[id].subject.id)
        pods = {} if machine is None else {pod.uid: pod_name(pod) for pod in machine.pods.values()}
        facts = sorted(
            (name, since(datetime.fromisoformat(value), now) if name in _TIMES and value else value)
            for name, value in each.facts.items()
            if value and (name not in _TIMES or each.state == "draining")
        )
        attempts = (self._attempt(name, one, each, now, pods) for name, one in each.attempts.items())
        tried = sorted((one for one in attempts if one is not None), key=lambda one: one[:2])
        return each.state, bool(each.why), since(each.since, now), facts, tried, _owed(each)

    def _attempt(
        self, name: str, one: Attempt, step: Progress, now: datetime, pods: dict[str, str]
    ) -> tuple[object, ...] | None:
        do, _, uid = name.partition("/")
        if uid and uid not in pods:
            # A pod that is gone: nobody asks again.
            return None
        resumed, outcome = self.journal.resumed, one.outcome
        refused = outcome is not None and outcome.result == "refused"
        if one.open:
            matters = ARRIVES if do in _ARRIVING else 0.0 if outcome is None else REFUSED
        else:
            matters = max(REFUSED, outcome.retry_after) if refused and outcome is not None else ANSWERED
        cut_off = one.open and do in ("apply", "undo") and resumed is not None and one.at < resumed
        return (
            do, pods.get(uid, ""), one.number if do in _COUNTED else 0, one.repeats if one.open else 0,
            one.refusals if refused else 0, since(one.at, now, matters),
            (outcome.result, outcome.code, outcome.retry_after) if outcome is not None else "",
            one.place > step.entered, cut_off, one.open and one.act.key in self.world.acting._answers,
        )  # fmt: skip


def _owed(step: Progress) -> list[tuple[str, str, str]]:
    """Of what a step takes and gives back, what was answered last, unless it was refused."""
    last = {}
    for key, outcome in step.outcomes.items():
        do = key.rpartition("/")[0].rpartition("/")[2]
        if do in _OWED and (outcome.result == "done" or outcome.code == "gone" or do in ("claim", "silence")):
            last[_OWED[do]] = do, outcome.result
    return sorted((what, *each) for what, each in last.items())
