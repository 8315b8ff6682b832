"""What the intents come to: one draft of a step for each subject and phase, with all changes that are due there.

A draft collects what is found out about it on the way to a step, and the reasons that keep it from becoming one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from oakum.actors.marks import Said
from oakum.actors.shields import Shield
from oakum.changes.intents.catalogue import wanted
from oakum.changes.intents.kinds import Wanted
from oakum.changes.intents.model import Intent
from oakum.changes.planning.curing import cured
from oakum.changes.planning.order import Phase
from oakum.changes.planning.reasons import key_of
from oakum.changes.planning.settings import Doing, Settings
from oakum.changes.plans.model import Change, Evictions, Reversibility, Subject, Takes
from oakum.changes.plans.why_not import Reason
from oakum.changes.state.model import Cluster, Machine, State
from oakum.errors import InputError, Place
from oakum.fleet.cluster.objects import Object, Pod

_DIGITS = re.compile(r"(\d+)")
_WORST: tuple[Reversibility, ...] = ("reversible", "needs-snapshot", "forward-only")
#: The kind whose visits replace the machine.
REPLACEMENT = "node-replacement"


class Draft(msgspec.Struct, eq=False, kw_only=True):
    """A step in the making. ``leaving`` are the pods that its drain moves; ``group`` the id of its limits.

    ``said`` is what the marks of others on its node say, ``shields`` are against those whom its visit has to reckon
    with.
    """

    phase: Phase
    subject: Subject
    changes: tuple[Change, ...]
    cluster: Cluster | None
    machine: Machine | None = None
    object: Object | None = None
    settings: Settings | None = None
    evictions: Evictions | None = None
    leaving: tuple[Pod, ...] = ()
    takes: Takes | None = None
    group: str = ""
    domain: str = ""
    undoes: bool = False
    said: tuple[Said, ...] = ()
    shields: tuple[Shield, ...] = ()
    reasons: list[Reason] = msgspec.field(default_factory=list)

    @property
    def id(self) -> str:
        """Its subject's id."""
        return self.subject.id

    @property
    def reversibility(self) -> Reversibility:
        """The worst of its changes'."""
        return max((each.reversibility for each in self.changes), key=_WORST.index)

    @property
    def drains(self) -> bool:
        """Whether a change asks for a drained node."""
        return any(each.drain for each in self.changes)

    @property
    def reboots(self) -> bool:
        """Whether a change reboots."""
        return any(each.reboot for each in self.changes)

    @property
    def replaces(self) -> bool:
        """Whether the machine is replaced by another."""
        return any(each.kind == REPLACEMENT for each in self.changes)

    @property
    def doings(self) -> tuple[Doing, ...]:
        """What a policy may tell apart."""
        return tuple(dict.fromkeys((each.kind, each.reversibility) for each in self.changes))

    def block(self, reason: Reason) -> None:
        """Keeps it out of the plan."""
        if any(each is reason for each in self.reasons):
            return
        key = key_of(reason)
        if all(key_of(each) != key for each in self.reasons):
            self.reasons.append(reason)


class Drafted(msgspec.Struct, frozen=True):
    """All drafts, by phase and in the order of the state; and the targets that a kind could not plan, by intent."""

    drafts: tuple[Draft, ...]
    obstacles: dict[str, tuple[Reason, ...]]
    blocked: tuple[tuple[str, Reason], ...]


def drafts_of(state: State, intents: Sequence[Intent], order: Mapping[str, Phase]) -> Drafted:
    """The drafts of some intents. Raises InputError for an intent that is for nothing in the state."""
    found: dict[tuple[Phase, str], list[Change]] = {}
    moved: dict[str, list[Change]] = {}
    subjects: dict[str, Subject] = {}
    obstacles: dict[str, tuple[Reason, ...]] = {}
    blocked: list[tuple[str, Reason]] = []
    then = state
    last: Phase | None = None
    for intent in sorted(intents, key=lambda each: order[each.name]):
        if order[intent.name] != last:
            then, moved = _after(then, moved), {}
        last = order[intent.name]
        come = wanted(intent, then)
        _check(intent, come)
        for subject, changes in come.changes.items():
            found.setdefault((order[intent.name], subject), []).extend(changes)
            moved.setdefault(subject, []).extend(changes)
        subjects |= come.subjects
        reasons = [(left.subject, cured(left, intent, come, then)) for left in come.obstacles]
        blocked += reasons
        obstacles[intent.name] = tuple(reason for _, reason in reasons)
    places = {machine.id: number for number, machine in enumerate(state.machines)}
    drafts = [_draft(state, phase, subjects[subject], _merged(changes)) for (phase, subject), changes in found.items()]
    drafts.sort(key=lambda each: (each.phase, each.subject.cluster, places.get(each.id, -1), natural(each.id)))
    return Drafted(tuple(drafts), obstacles, tuple(blocked))


def _after(state: State, moved: Mapping[str, Sequence[Change]]) -> State:
    """The state with the software of its machines as some changes leave it."""
    machines: list[Machine] = []
    for machine in state.machines:
        software = dict(machine.software)
        for change in moved.get(machine.id, ()):
            if change.component in software:
                before = software[change.component]
                software[change.component] = msgspec.structs.replace(before, installed=change.after, running="")
        machines.append(msgspec.structs.replace(machine, software=software) if machine.id in moved else machine)
    return msgspec.structs.replace(state, machines=tuple(machines))


def offers_of(machine: Machine | None, component: str) -> tuple[str, ...]:
    """The versions of a component that a machine's channels have, oldest first."""
    software = None if machine is None else machine.software.get(component)
    return () if software is None else software.offers or ()


def natural(text: str) -> tuple[int | str, ...]:
    """A key that puts w-2 before w-10: words and numbers in turn, a word first."""
    return tuple(int(part) if part.isdecimal() else part for part in _DIGITS.split(text))


def _check(intent: Intent, come: Wanted) -> None:
    if not (come.changes or come.done or come.obstacles):
        raise InputError(
            "it is for nothing in the state: its scope selects no target, or no target has what it changes",
            place=Place(field=f"intent {intent.name[:60]}"), remedy="mend its scope or its wants, or leave it out",
        )  # fmt: skip


def _merged(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes of one visit; two intents that want the same change make it once, two versions are a mistake."""
    found: dict[str, Change] = {}
    for each in changes:
        other = found.setdefault(each.component, each)
        if other.after != each.after:
            raise InputError(
                f"{each.component} is wanted at {each.after}, and by intent {other.intent[:60]} at {other.after}",
                place=Place(field=f"intent {each.intent[:60]}"),
                remedy="want one version, or let one come after the other",
            )  # fmt: skip
    return tuple(found.values())


def _draft(state: State, phase: Phase, subject: Subject, changes: tuple[Change, ...]) -> Draft:
    cluster = state.clusters_by_name.get(subject.cluster)
    draft = Draft(phase=phase, subject=subject, changes=changes, cluster=cluster)
    if subject.kind == "machine":
        draft.machine = state.by_id[subject.id]
    elif cluster is not None:
        kind, namespace, name = subject.name.split("/")
        items = cluster.around.snapshot.items.get(kind, ())
        draft.object = next(one for one in items if one.key == (kind, namespace, name))
    return draft
