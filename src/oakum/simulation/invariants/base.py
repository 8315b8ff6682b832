"""What all invariants share: the terms that were agreed on, the reports, and who is acting at the moment.

An invariant hears every event of a world (``Watch``) and judges by ground truth. It blames us only for what we could
have known: what happened to others less than ``LOOK`` seconds ago, or while reads were stale, nobody could have seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

import msgspec

from oakum.changes.plans.model import Plan, Step
from oakum.changes.running.acts import Act
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar
from oakum.policy.scopes import Target
from oakum.simulation.things import ZONE, Machine
from oakum.simulation.watching import Watch

if TYPE_CHECKING:
    from oakum.simulation.world import World

#: By whom things are done that our acts do.
US = "us"
#: Between a look and the act that follows from it there may be so many seconds.
LOOK = 30.0


class Broken(msgspec.Struct, frozen=True, kw_only=True):
    """One unsafe state: the ``name`` of the invariant, when (seconds from the start), what it is about, and why."""

    name: str
    at: float
    object: str
    why: str

    def __str__(self) -> str:
        return f"{self.at:9.1f}s {self.name}: {self.object}: {self.why}"


class Terms(msgspec.Struct, kw_only=True):
    """What was agreed: the policy with its openings, and the plans by their hashes.

    ``lifted`` are freezes that a recorded override has lifted, ``outside`` that it allows to act outside of windows.
    """

    policy: Policy
    calendar: Calendar
    plans: dict[str, Plan] = msgspec.field(default_factory=dict)
    lifted: tuple[str, ...] = ()
    outside: bool = False
    #: Of each plan, by its hash, the first step of each subject.
    _first: dict[str, dict[str, Step]] = msgspec.field(default_factory=dict)

    def agree(self, plan: Plan) -> None:
        """Takes up one more plan that may run."""
        self.plans[plan.hash] = plan

    def step(self, act: Act) -> Step | None:
        """The step of the plan that an act belongs to, by its subject; None where the plan has none for it."""
        plan = self.plans.get(act.plan)
        if plan is None:
            return None
        named = plan.steps.get(act.parameters.get("step", ""))
        if named is not None:
            return named
        first = self._first.get(act.plan)
        if first is None:
            first = self._first[act.plan] = {each.subject.id: each for each in reversed(plan.steps.values())}
        return first.get(act.subject.id)


class Court:
    """What the invariants of one world share."""

    def __init__(self, world: World, terms: Terms) -> None:
        self.world, self.terms = world, terms
        self.broken: list[Broken] = []
        #: The act whose effects are happening now.
        self.acting: Act | None = None
        #: Since when each machine out of service is seen to be so.
        self.seen_since: dict[str, float] = {}
        self._told: set[tuple[str, str, str]] = set()

    def report(self, name: str, about: str, why: str) -> None:
        """An unsafe state; the same one of the same object is told once."""
        if (name, about, why) not in self._told:
            self._told.add((name, about, why))
            self.broken.append(Broken(name=name, at=self.world.timeline.now, object=about, why=why))

    def fresh(self, since: float) -> bool:
        """Whether what began then could not have been seen yet."""
        return since > self.world.timeline.now - LOOK - self.world.staleness


class Invariant(Watch):
    """One rule of what must never happen. ``rule`` says it, ``source`` is where it comes from."""

    name: ClassVar[str]
    rule: ClassVar[str]
    source: ClassVar[str]

    def __init__(self, court: Court) -> None:
        self.court = court
        self.world = court.world
        self.terms = court.terms

    def report(self, about: str, why: str) -> None:
        """An unsafe state."""
        self.court.report(self.name, about, why)

    def recheck(self) -> None:
        """Compares what was kept from event to event with the whole world. Raises AssertionError where they differ."""

    def finish(self, result: str) -> None:
        """The run has ended (done, stopped), or its time is over (held)."""


def targets(machine: Machine, changes: Iterable[tuple[str, str]]) -> list[Target]:
    """A machine as a policy sees it, for each kind of change with its reversibility."""
    return [
        Target(
            cluster=machine.cluster.name if machine.cluster else "",
            environment=machine.facts.get("environment"), region=machine.facts.get("region"),
            tier=machine.facts.get("tier"), node_role=machine.role, pool=machine.pool, zone=machine.zone,
            node=machine.name, namespace="", workload="", change=kind, reversibility=reversibility,
            labels={**machine.labels, **({ZONE: machine.zone} if machine.zone else {})},
        )
        for kind, reversibility in changes
    ]  # fmt: skip


def kinds_of(step: Step | None) -> list[tuple[str, str]]:
    """The kinds of change of a step, each with its reversibility; a step that is not known changes packages."""
    if step is None:
        return [("packages", "reversible")]
    return sorted({(each.kind, each.reversibility) for each in step.changes})
