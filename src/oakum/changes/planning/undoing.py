"""Bringing steps back: which of them changed something that is still there, and what the way back of each is now.

The machines are asked, not remembered: a change that is no longer on its machine needs no way back, and one that
somebody has changed since is left to people. What cannot be undone any more is told: a forward-only change, a copy that
was thrown away when its step had soaked, an old version that nobody keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from oakum.changes.intents.catalogue import KINDS
from oakum.changes.planning.drafts import Draft, Drafted, natural
from oakum.changes.planning.order import Phase
from oakum.changes.planning.reasons import because
from oakum.changes.plans.model import Change, Step
from oakum.changes.plans.why_not import Reason
from oakum.changes.state.model import Machine, Software, State
from oakum.fleet.cluster.objects import Object, Workload

_ETCD = "https://etcd.io/docs/latest/downgrades/"
_DRAIN = "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"
#: Kinds whose old version needs nothing to be kept but what they name themselves.
_BY_THEMSELVES = frozenset({"kernel", "script", "add-on", "image-bump", "node-replacement"})


class Undo(msgspec.Struct, frozen=True):
    """The steps of a plan, by its hash, that are to be brought back."""

    plan: str
    steps: tuple[Step, ...]


def drafts_back(state: State, undo: Undo, order: Mapping[str, Phase]) -> Drafted:
    """The drafts of the way back, what was last first, and the steps that have none."""
    drafts: list[Draft] = []
    blocked: list[tuple[str, Reason]] = []
    for step in undo.steps:
        found = _back(state, step)
        if isinstance(found, Reason):
            blocked.append((step.subject.id, found))
        elif found:
            drafts.append(_draft(state, step, found, order))
    drafts.sort(key=lambda each: (each.phase, each.subject.cluster, natural(each.id)))
    return Drafted(tuple(drafts), {}, tuple(blocked))


def _draft(state: State, step: Step, changes: tuple[Change, ...], order: Mapping[str, Phase]) -> Draft:
    ahead = order.get(step.changes[0].intent, Phase(0, KINDS[step.changes[0].kind].rank, 0))
    draft = Draft(
        phase=Phase(-ahead.segment, -ahead.rank, -ahead.depth),
        subject=step.subject,
        changes=changes,
        cluster=state.clusters_by_name.get(step.subject.cluster),
        undoes=True,
    )
    draft.machine = state.by_id.get(step.subject.id) if step.subject.kind == "machine" else None
    draft.object = _object(state, step) if step.subject.kind == "object" else None
    return draft


def _back(state: State, step: Step) -> tuple[Change, ...] | Reason:
    """The changes of the way back that are still to be made; a reason where there is no way."""
    running = _running(state, step)
    if isinstance(running, Reason):
        return running
    machine = state.by_id.get(step.subject.id)
    still = {
        change.component: software
        for change in step.changes
        if (software := running.get(change.component)) is not None and _stands(change, software)
    }
    if not still:
        return ()
    final = [each for each in step.changes if each.component in still and each.reversibility == "forward-only"]
    if final:
        names = ", ".join(f"{each.component} {each.after}" for each in final)
        says = "leave it, and go on to a version that mends it"
        return because("forward-only", step.subject.id, f"{names} has no way back", _ETCD, says, [])
    made: list[Change] = []
    for change in step.back:
        if change.component not in still:
            continue
        software = still[change.component]
        if change.kind not in _BY_THEMSELVES and not _kept(software, change.after):
            lost = "the copy that was made before was thrown away" if step.snapshot else "nobody keeps it"
            why = f"{change.component} {change.after} cannot be put back: {lost}"
            says = f"bring {change.component} {change.after} into a channel of the machine, or make the machine anew"
            return because("not-kept", step.subject.id, why, _DRAIN, says, [])
        if change.before not in (software.current, software.installed):
            why = (
                f"{change.component} is at {software.current}, neither {change.before} that the plan brought nor "
                f"{change.after} from before"
            )
            return because("changed-since", step.subject.id, why, _DRAIN, "ask whoever changed it", [])
        made.append(msgspec.structs.replace(change, reversibility="reversible"))
    if machine is not None and machine.uid != step.subject.uid:
        why = f"another machine has its name now ({machine.uid}, not {step.subject.uid})"
        return because("another-machine", step.subject.id, why, _DRAIN, "nothing: what was changed is gone", [])
    return tuple(made)


def _running(state: State, step: Step) -> Mapping[str, Software] | Reason:
    """What stands on the subject now."""
    if step.subject.kind == "machine":
        machine = state.by_id.get(step.subject.id)
        if machine is None:
            return because("gone", step.subject.id, "it does not exist any more", _DRAIN, "nothing", [])
        return machine.software if step.kind != "replace" else dict(_image(machine, step))
    found = _object(state, step)
    if not isinstance(found, Workload):
        return because("gone", step.subject.id, "it does not exist any more", _DRAIN, "nothing", [])
    containers = found.spec.template.spec.containers
    return {f"image/{each.name}": Software(installed=each.image) for each in containers}


def _image(machine: Machine, step: Step) -> Iterator[tuple[str, Software]]:
    """The image of a machine, where no software tells it."""
    yield from machine.software.items()
    for change in step.changes:
        if change.component not in machine.software:
            yield change.component, Software(installed=machine.image)


def _stands(change: Change, software: Software) -> bool:
    """Whether anything of a change is still there."""
    return software.current != change.before or software.installed == change.after


def _kept(software: Software, version: str) -> bool:
    return version in (*software.kept, *(software.offers or ()))


def _object(state: State, step: Step) -> Object | None:
    cluster = state.clusters_by_name.get(step.subject.cluster)
    kind, namespace, name = step.subject.name.split("/")
    items = cluster.around.snapshot.items.get(kind, ()) if cluster is not None else ()
    return next((one for one in items if one.key == (kind, namespace, name)), None)
