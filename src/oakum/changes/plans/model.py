"""A plan: waves of steps in an order, each with its limits, its way back, how long it takes and the state after it.

A step is one visit of a machine, and makes all changes there that are due in that visit, or the change of one object of
a cluster. A wave is a set of steps that may run together as far as the limits of their groups let them; it begins when
the waves it ``needs`` are done, have soaked and passed their gates. The plan holds everything that a run has to obey,
so that an approval of its hash is an approval of all of that.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cached_property
from typing import Literal

import msgspec

from oakum.changes.intents.model import Intent
from oakum.changes.plans.why_not import Edit
from oakum.policy.entries import Approval, Drain, Escalation, Gate

#: From harmless to final: undone by itself, undone by a copy that is made before, not undone.
Reversibility = Literal["reversible", "needs-snapshot", "forward-only"]
SubjectKind = Literal["machine", "object"]
StepKind = Literal["visit", "set-object", "replace"]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a step acts on. ``name`` is a machine's name, or Kind/namespace/name of an object."""

    kind: SubjectKind
    cluster: str
    name: str
    uid: str

    @property
    def id(self) -> str:
        """CLUSTER/NAME, or the name alone outside of a cluster; the id of the machine where it is one."""
        return f"{self.cluster}/{self.name}" if self.cluster else self.name


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One version that changes. ``kind`` is the kind of its intent, ``component`` the name in ``Machine.software``.

    ``before`` is the version in effect, ``installed`` what is installed where that is another (a reboot is all that is
    missing), ``back`` the version to which the way back leads (empty where there is none). ``proof`` names what shows
    that it is in effect: ``boot`` (another boot id), ``running`` (the running version), ``ready``, ``rescan``,
    ``rollout`` (all pods of the object are of the new generation, and available), ``exit`` (a script's own check).
    """

    intent: str
    kind: str
    component: str
    before: str
    after: str
    reversibility: Reversibility
    installed: str = ""
    back: str = ""
    drain: bool = False
    reboot: bool = False
    proof: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    parameters: dict[str, str] = msgspec.field(default_factory=dict)


class Evictions(msgspec.Struct, frozen=True, kw_only=True):
    """What the drain of a machine disturbs, as predicted: pods that leave, in how many rounds, and what stays.

    ``waits`` are pods (namespace/name) for which a run would have to wait now; a plan has no step with a pod that is
    blocked for ever. ``grace`` is the longest grace period in seconds.
    """

    pods: int = 0
    rounds: int = 0
    stay: int = 0
    waits: tuple[str, ...] = ()
    grace: int = 0


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """A duration as it is learned: half of the time it is at most ``p50`` seconds, 95 of 100 times at most ``p95``."""

    p50: int
    p95: int


class Takes(msgspec.Struct, frozen=True, kw_only=True):
    """How long a step takes: ``work`` from its admission to its proof (drain, changes, reboot), and the way back."""

    work: Times
    back: Times


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One visit, or the change of one object. ``id`` is unique in the plan and tells what and where.

    ``group`` is the id of the limits that it obeys. ``reversibility`` is the worst of its changes'. ``back`` are the
    changes of the way back, in their order; empty where it is forward-only. ``after`` are the versions in effect on the
    subject when it is done. ``disturbs`` says in plain words what people may notice. ``domain`` is the failure domain.
    ``actors`` are others that act on the machine, by their names in ``Plan.actors``: the mark of each that has one on a
    node stands there from the first patch of the visit to the last.
    """

    id: str
    kind: StepKind
    subject: Subject
    group: str
    changes: tuple[Change, ...]
    reversibility: Reversibility
    back: tuple[Change, ...]
    takes: Takes
    after: dict[str, str]
    evictions: Evictions | None = None
    reboot: bool = False
    snapshot: bool = False
    domain: str = ""
    disturbs: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Limits that several steps share, as the policy gave them.

    ``members`` are the ids of all machines that count against ``max_unavailable``, whether the plan changes them or
    not; ``domain_of`` gives the failure domain of each. ``serial`` lets one at a time (control planes). A step may
    start where each of ``calendars`` (names of windows, names of freezes) is open for as long as it takes;
    ``soak_node`` seconds after a step the next may start in its place.
    """

    id: str
    members: tuple[str, ...]
    max_unavailable: int
    max_domains: int
    domain_of: dict[str, str]
    serial: bool
    calendars: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    soak_node: int
    gate: Gate
    drain: Drain
    escalation: Escalation
    approval: Approval


class Wave(msgspec.Struct, frozen=True, kw_only=True):
    """Steps that may run together under their groups' limits, in this order of preference.

    ``needs`` are ids of waves that have to be over before; ``soak`` seconds are watched after the last step.
    """

    id: str
    name: str
    needs: tuple[str, ...]
    steps: tuple[Step, ...]
    soak: int = 0


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A target that the plan does not touch, the rule that keeps it out, and what would bring it in.

    ``edits`` are the remedy as data, where it can be told so.
    """

    subject: str
    rule: str
    why: str
    remedy: str
    source: str = ""
    edits: tuple[Edit, ...] = ()


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody else who acts on machines of the plan, and what keeps it away.

    ``does`` are what its marks on these machines say that it does or would do. ``on`` says where the mark stands that
    it obeys: an annotation or a label of the node (``key``, ``value``), which a visit sets and takes away; elsewhere,
    which is for people to set; or nowhere. ``says`` is what that keeps away, or what to do elsewhere.
    """

    name: str
    does: tuple[str, ...]
    on: Literal["annotation", "label", "elsewhere", "nowhere"]
    says: str
    source: str
    key: str = ""
    value: str = ""

    @property
    def mark(self) -> str:
        """The mark on the node as an act writes it, ON:KEY=VALUE; empty where there is none."""
        return f"{self.on}:{self.key}={self.value}" if self.key else ""


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """When the whole run stops: at so many failed or lost steps, or when one of the alarms fires."""

    failed: int
    lost: int
    alarms: tuple[str, ...] = ()


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """An emergency that somebody has declared: under which entry of the policy, why, and who agreed.

    ``lifts`` are the names of the freezes that it lifts, ``outside_windows`` whether it acts while no window is open;
    it holds until ``until`` (UTC).
    """

    emergency: str
    reason: str
    by: tuple[str, ...]
    until: datetime
    lifts: tuple[str, ...] = ()
    outside_windows: bool = False


class Plan(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The whole. ``state`` and ``policy`` are the digests of what it was made from, ``at`` the time of planning (UTC).

    ``steps`` of all waves have distinct ids. ``undoes`` is the hash of the plan whose steps it brings back, empty for a
    plan that goes forward.
    """

    format: str = "oakum-plan/1"
    at: datetime
    state: str
    policy: str
    intents: tuple[Intent, ...]
    groups: tuple[Group, ...]
    waves: tuple[Wave, ...]
    stop: Stop
    actors: tuple[Actor, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    override: Override | None = None
    undoes: str = ""

    @property
    def hash(self) -> str:
        """``sha256:`` and the hash of the canonical form: what people approve."""
        return digest_of(self)

    def step(self, id: str) -> Step:
        """The step of an id."""
        return self.steps[id]

    def marks(self, step: Step) -> tuple[str, ...]:
        """The marks that stand on the machine of a step while it is visited, each as ON:KEY=VALUE."""
        return tuple(mark for name in step.actors if (mark := self.acting[name].mark))

    @cached_property
    def acting(self) -> dict[str, Actor]:
        """The others that act on its machines, by name."""
        return {each.name: each for each in self.actors}

    @cached_property
    def steps(self) -> dict[str, Step]:
        """All steps by id, in the order of the waves."""
        return {step.id: step for wave in self.waves for step in wave.steps}


def canonical(value: msgspec.Struct) -> bytes:
    """The canonical form: JSON with sorted keys, without spaces, every field written."""
    return msgspec.json.encode(value, order="sorted")


def digest_of(value: msgspec.Struct) -> str:
    """``sha256:`` and the hash of the canonical form."""
    return f"sha256:{hashlib.sha256(canonical(value)).hexdigest()}"
