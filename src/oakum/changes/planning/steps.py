"""Steps: what a draft becomes when nothing stands in its way, with its way back and what people may notice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from oakum.actors.owners import owner_of
from oakum.changes.durations import Durations
from oakum.changes.intents.scripts import EFFECT
from oakum.changes.planning.actors import excused
from oakum.changes.planning.drafts import Draft
from oakum.changes.plans.model import Change, Step, StepKind, Takes
from oakum.policy.amounts import spoken

#: What a step says of somebody else, so that others find it again: whom people keep away, and who owns its object.
KEPT_AWAY, OWNS = "people say that they keep it away: ", " owns it and "


class Lengths:
    """How long drafts take, kept by all that it depends on."""

    def __init__(self, durations: Durations) -> None:
        self._durations = durations
        self._kept: dict[tuple[object, ...], Takes] = {}

    def of(self, draft: Draft) -> Takes:
        """Work and way back of a draft."""
        evictions = draft.evictions
        speed = draft.machine.speed if draft.machine is not None else ""
        kinds = tuple(dict.fromkeys(each.kind for each in draft.changes))
        drained = None if evictions is None else (evictions.rounds, evictions.grace)
        key = (speed, kinds, draft.reboots, drained, has_snapshot(draft))
        if key not in self._kept:
            self._kept[key] = self._durations.takes(speed, draft.changes, evictions, snapshot=has_snapshot(draft))
        return self._kept[key]


def has_snapshot(draft: Draft) -> bool:
    """Whether a copy is made before."""
    return any(each.reversibility == "needs-snapshot" for each in draft.changes)


def needs_of(draft: Draft) -> int:
    """How many seconds an opening must have: work, soak and the way back, at their 95th percentile."""
    assert draft.takes is not None and draft.settings is not None
    return draft.takes.work.p95 + draft.settings.soak.after_node + draft.takes.back.p95


def step_of(draft: Draft) -> Step:
    """The step of a draft that nothing stands in the way of."""
    assert draft.takes is not None
    kinds = "+".join(dict.fromkeys(each.kind for each in draft.changes))
    depth = f"~{abs(draft.phase.depth) + 1}" if draft.phase.depth else ""
    kind: StepKind = "set-object" if draft.machine is None else "replace" if draft.replaces else "visit"
    worst = draft.reversibility
    return Step(
        id=f"{'undo-' if draft.undoes else ''}{kinds}{depth}@{draft.id}",
        kind=kind,
        subject=draft.subject,
        group=draft.group,
        changes=draft.changes,
        reversibility=worst,
        back=() if worst == "forward-only" else tuple(turned(each) for each in reversed(draft.changes)),
        takes=draft.takes,
        after={each.component: each.after for each in draft.changes},
        evictions=draft.evictions,
        reboot=draft.reboots,
        snapshot=has_snapshot(draft),
        domain=draft.domain,
        disturbs=tuple(_disturbs(draft)),
        actors=tuple(each.actor for each in draft.shields),
    )


def turned(change: Change) -> Change:
    """The way back of a change: its versions in exchanged roles."""
    return msgspec.structs.replace(
        change, before=change.after, after=change.back, back=change.after, installed="", closes=()
    )


def _disturbs(draft: Draft) -> Iterable[str]:
    evictions, changes = draft.evictions, draft.changes
    if evictions is not None and evictions.pods:
        pods = "1 pod moves" if evictions.pods == 1 else f"{evictions.pods} pods move"
        rounds = f" in {evictions.rounds} rounds" if evictions.rounds > 1 else ""
        yield f"{pods} to other nodes{rounds}, each with up to {spoken(evictions.grace)} to end"
    if draft.replaces:
        yield "the machine is replaced by a new one and then deleted"
    if draft.reboots:
        yield "the machine restarts"
    yield from _restarts(draft, changes)
    for name in () if draft.undoes else excused(draft):
        yield f"{KEPT_AWAY}{name}"
    if draft.reversibility == "forward-only":
        yield "there is no way back: it waits for an approval of its own"


def _restarts(draft: Draft, changes: Sequence[Change]) -> Iterable[str]:
    kinds = {each.kind for each in changes}
    if "control-plane" in kinds:
        yield "the API server of the machine restarts; others answer meanwhile"
    if "etcd" in kinds:
        yield "the etcd member of the machine restarts; the others hold the quorum"
    if "kubelet" in kinds and not draft.drains:
        yield "the kubelet restarts, its pods run on"
    if "container-runtime" in kinds and not draft.reboots:
        yield "the container runtime restarts"
    for each in changes if not draft.undoes else ():
        if effect := each.parameters.get(EFFECT):
            yield f"{each.component.partition('/')[2]}: {effect.rstrip('.')}"
    if draft.machine is None:
        names = ", ".join(each.component.removeprefix("image/") for each in changes)
        yield f"its pods are replaced by its own rollout ({names})"
        owner = owner_of(draft.object) if draft.object is not None else None
        if owner is not None:
            yield f"{owner.name}{OWNS}{owner.does}: {owner.instead} as well"
