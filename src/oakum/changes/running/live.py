"""Rules over the state as it is now, which a plan could only foresee: the quorum of etcd, and the version skew.

Quorum (etcd.io/docs, "Failure tolerance"): without the member that is disturbed more than half of all voters have to be
healthy, and nobody may be a learner. Skew (kubernetes.io/releases/version-skew-policy): the versions after the step may
break no rule that they did not break before; a machine that was left out earlier narrows what its control plane may do.
"""

from __future__ import annotations

from collections.abc import Iterable

from oakum.changes.plans.model import Change
from oakum.changes.running.compiled import disturbs_control_plane
from oakum.changes.running.turn import Visit
from oakum.changes.skew import State, Violation, check, parse_release
from oakum.changes.skew.model import API_SERVER, KUBE_PROXY, KUBELET, Instance
from oakum.errors import OakumError
from oakum.fleet.cluster.objects import Node

_SKEWED = (API_SERVER, KUBELET, KUBE_PROXY)


def quorum(visit: Visit) -> str:
    """Why a member of etcd must not be disturbed now; empty where it may, or there is none on the machine."""
    step, turn = visit.step, visit.turn
    cluster, id = step.subject.cluster, step.subject.id
    if id not in turn.compiled.masters.get(cluster, ()) or not disturbs_control_plane(step):
        return ""
    etcd = turn.observed.etcd(cluster)
    if etcd is None:
        carries = visit.seen is None or "etcd" in visit.seen.running
        return "the members of etcd could not be asked" if carries else ""
    if etcd.learners:
        return f"a member of etcd still learns: {etcd.learners[0]}"
    if id not in etcd.voters:
        return ""
    healthy = sum(well for member, well in etcd.voters.items() if member != id)
    needed = len(etcd.voters) // 2 + 1
    others = "member of etcd is" if healthy == 1 else "members of etcd are"
    are = "is" if needed == 1 else "are"
    return f"only {healthy} other {others} healthy, and {needed} {are} needed" if healthy < needed else ""


def voting(visit: Visit) -> str:
    """Why the member of etcd on a machine that was disturbed is not back; empty where it is, or there is none."""
    step, turn = visit.step, visit.turn
    cluster, id = step.subject.cluster, step.subject.id
    if id not in turn.compiled.masters.get(cluster, ()) or not disturbs_control_plane(step):
        return ""
    etcd = turn.observed.etcd(cluster)
    if etcd is None:
        return "the members of etcd could not be asked" if visit.seen and "etcd" in visit.seen.running else ""
    if id in etcd.learners:
        return "its member of etcd still learns"
    return "" if etcd.voters.get(id, True) else "its member of etcd does not vote yet"


def skew(visit: Visit, changes: Iterable[Change] | None = None) -> str:
    """The rule of the version skew policy that the step would break now; empty where none."""
    step, turn = visit.step, visit.turn
    moved = {change.component: change.after for change in (step.changes if changes is None else changes)}
    moved = {name: version for name, version in moved.items() if name in _SKEWED}
    if not moved or not step.subject.cluster:
        return ""
    masters = turn.compiled.masters.get(step.subject.cluster, ())
    instances: dict[tuple[str, str], Instance] = {}
    for id in dict.fromkeys((*masters, step.subject.id)):
        seen = turn.observed.seen(id)
        for component in _SKEWED if seen is not None else ():
            _add(instances, component, id, seen.running.get(component, "") if seen is not None else "")
    if API_SERVER in moved:
        around = turn.observed.around(step.subject.cluster)
        for node in around.snapshot.of(Node, "Node"):
            id = f"{step.subject.cluster}/{node.metadata.name}"
            told = node.status.node_info.kubelet_version
            if (KUBELET, id) not in instances and not _add(instances, KUBELET, id, told):
                return f"the kubelet of {id} tells no version that can be read"
    if not any(component == API_SERVER for component, _ in instances):
        # A provider's control plane is not changed by a run, and the plan was made for what it said of itself.
        return "no API server tells its version" if masters else ""
    try:
        before = State(tuple(instances.values()))
        releases = {(name, step.subject.id): parse_release(version) for name, version in moved.items()}
        broken = {_key(each) for each in check(before)}
        for violation in check(before.moved(releases)):
            if _key(violation) not in broken:
                return violation.why
    except OakumError as error:
        return str(error)
    return ""


def _key(violation: Violation) -> tuple[str, str, str]:
    """Which rule is broken for which instance, in whatever version that is."""
    instance = violation.instance
    return violation.component, violation.rule.name, "" if instance is None else "/".join(instance.key)


def _add(instances: dict[tuple[str, str], Instance], component: str, id: str, version: str) -> bool:
    """Adds what runs in a version that can be told; whether it can."""
    try:
        instances[component, id] = Instance(component, id, parse_release(version), id)
    except OakumError:
        return False
    return True
