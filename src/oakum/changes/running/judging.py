"""What is left on a machine that is drained: pods to evict now, pods on their way out, pods that are stuck, volumes.

Oakum's own drain profile judges every pod; what the policy has allowed beyond it (data in emptyDirs, pods without a
controller) is asked of it here. A pod is known by its uid: another one under the same name is another pod.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from oakum.changes.budgets import moment
from oakum.changes.drain import Judged, Surroundings, explain
from oakum.changes.drain.model import EVICT, IGNORE, WAIT
from oakum.changes.running.turn import Visit
from oakum.errors import OakumError
from oakum.fleet.cluster.objects import Pod
from oakum.policy.amounts import spoken

#: How long after its grace period a pod that is being deleted may still be there before that counts as stuck.
_LATE = 60.0
#: Reasons of a drain's verdict that are disruption budgets.
_BUDGETS = frozenset({"pdb", "multiple-pdb"})
#: How long a judgement holds for a cluster that has not changed.
_LASTS = timedelta(seconds=30)


class Stuck(msgspec.Struct, frozen=True):
    """A pod that something keeps, and why; ``budget`` where that is a disruption budget and nothing else."""

    pod: Pod
    why: str
    budget: bool = False


class Left(msgspec.Struct, frozen=True):
    """``evict`` may leave now, ``leaving`` are on their way, ``stuck`` are kept by something.

    ``volumes`` are still attached for pods that have to leave. ``unknown`` says why nothing could be judged, ``later``
    that others were judged in this turn.
    """

    evict: tuple[Pod, ...] = ()
    leaving: tuple[Pod, ...] = ()
    stuck: tuple[Stuck, ...] = ()
    volumes: tuple[str, ...] = ()
    unknown: str = ""
    later: bool = False

    @property
    def nothing(self) -> bool:
        """Whether the machine is drained."""
        return not (self.evict or self.leaving or self.stuck or self.volumes or self.unknown or self.later)

    @property
    def why(self) -> str:
        """What is stuck, in words: the first few."""
        told = [f"{_name(each.pod)}: {each.why}" for each in self.stuck[:3]]
        more = f" and {len(self.stuck) - 3} more" if len(self.stuck) > 3 else ""
        return "; ".join(told) + more


def left(visit: Visit, since: datetime | None) -> Left:
    """What is left, by a look that is not older than ``since`` (None: however old it is).

    The answer for a cluster in which nothing has changed since is the one from before, for half a minute.
    """
    turn, known = visit.turn, visit.turn.standing.judged
    around = turn.observed.around(visit.step.subject.cluster)
    backends = turn.backends(visit.step.subject.cluster)
    about = around, since, visit.seen.attached if visit.seen is not None else (), dict(backends.serving)
    before = known.get(visit.step.id)
    if before is not None and before[0][0] is around and before[0][1:] == about[1:]:
        found, at = before[1], before[2]
        if isinstance(found, Left) and timedelta(0) <= turn.now - at < _LASTS:
            return found
    if turn.judging <= 0:
        return Left(later=True)
    turn.judging -= 1
    found = _left(visit, around, since)
    known[visit.step.id] = about, found, turn.now
    return found


def _left(visit: Visit, around: Surroundings, since: datetime | None) -> Left:
    step, turn = visit.step, visit.turn
    if "Pod" not in around.snapshot.listed:
        return Left(unknown="the pods of the cluster could not be listed")
    if since is not None and not _newer(around.snapshot.read_at, since):
        return Left(unknown="the pods were listed before the machine was taken")
    policy = visit.group.drain
    options = {"delete_emptydir_data": policy.local_data == "evict"}
    try:
        found = explain(around, [step.subject.name], options=options, now=turn.now)
    except OakumError as error:
        return Left(unknown=str(error))
    backends = turn.backends(step.subject.cluster)
    if backends.unknown:
        return Left(unknown=backends.unknown)
    evict: list[Pod] = []
    leaving: list[Pod] = []
    stuck: list[Stuck] = []
    stays = set[str]()
    for judged in found.pods:
        outcome, pod = judged.outcome, judged.pod
        if outcome.verdict == IGNORE:
            stays.update(around.storage.volumes_of(pod))
        elif outcome.verdict == EVICT or (outcome.reason == "unreplicated" and policy.unreplicated == "evict"):
            hook, long = backends.last(pod), _too_long(pod, policy.max_grace)
            if long:
                stuck.append(Stuck(pod, long))
            elif hook:
                stuck.append(Stuck(pod, f"it is the last backend of the webhook {hook}, which fails closed"))
            elif (outcome.order or 1) == 1:
                evict.append(pod)
            else:
                leaving.append(pod)
        elif outcome.verdict == WAIT:
            late = _overdue(pod, turn.now)
            if late:
                stuck.append(Stuck(pod, late))
            else:
                leaving.append(pod)
        else:
            budget = outcome.reason in _BUDGETS and not backends.last(pod)
            stuck.append(Stuck(pod, _told(judged), budget))
    attached = visit.seen.attached if visit.seen is not None else ()
    return Left(
        evict=tuple(evict), leaving=tuple(leaving), stuck=tuple(stuck),
        volumes=tuple(each for each in attached if each not in stays),
    )  # fmt: skip


def _newer(read_at: str, since: datetime) -> bool:
    try:
        return datetime.fromisoformat(read_at) >= since.replace(microsecond=0)
    except (ValueError, TypeError):
        return False


def _overdue(pod: Pod, now: datetime) -> str:
    """Why a pod that is being deleted is taken for stuck; one that runs to its own end never is."""
    if not pod.metadata.deletion_timestamp:
        return ""
    grace = pod.spec.termination_grace_period_seconds
    ended = moment(pod.metadata.deletion_timestamp, "deletionTimestamp")
    if (now - ended).total_seconds() <= (30 if grace is None else grace) + _LATE:
        return ""
    return "it was deleted and does not go (a finalizer, or its kubelet does not answer)"


def _too_long(pod: Pod, most: int) -> str:
    """Why a pod may not be asked to end: it may take longer than the policy lets a drain wait for one pod."""
    grace = pod.spec.termination_grace_period_seconds
    if grace is None or grace <= most:
        return ""
    return f"it may take {spoken(grace)} to end, and a drain waits at most {spoken(most)} for one pod"


def _told(judged: Judged) -> str:
    return judged.outcome.why or judged.outcome.reason


def _name(pod: Pod) -> str:
    return f"{pod.metadata.namespace}/{pod.metadata.name}"
