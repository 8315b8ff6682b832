"""Whether etcd keeps its quorum, whatever of a plan is in flight.

A cluster of n voters needs n // 2 + 1 of them (etcd.io, FAQ, "What is failure tolerance?"), n being its membership and
not only who is there. A step takes a member out when it reboots its machine or changes etcd itself. A learner has no
vote and shows that a membership change is under way: no member is taken out then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oakum.changes.state import Cluster
from oakum.changes.verify.given import Given, Placed
from oakum.changes.verify.model import Violation


def quorate(given: Given) -> Iterator[Violation]:
    """Every cluster whose etcd is on its machines."""
    for name, several in given.by_cluster.items():
        cluster = given.state.clusters_by_name.get(name)
        if cluster is not None and not cluster.managed:
            yield from _cluster(given, cluster, several)


def _cluster(given: Given, cluster: Cluster, several: Sequence[Placed]) -> Iterator[Violation]:
    members = {member.machine: member for member in cluster.etcd}
    taking = [each for each in several if _takes_out(each)]
    for each in taking:
        if each.machine is None or each.step.subject.id in members:
            continue
        if each.machine.of("etcd"):
            yield each.broken("not-assessable", "it runs etcd, and its member is not known")
        elif each.machine.role == "control-plane" and not cluster.etcd:
            yield each.broken("not-assessable", "the members of the cluster's etcd are not known")
    taking = [each for each in taking if each.step.subject.id in members]
    learner = next((member.name for member in cluster.etcd if member.learner), None)
    if learner is not None and taking:
        yield taking[0].broken("quorum", f"the member {learner} is a learner: a change of members is under way")
    voters = [member for member in cluster.etcd if not member.learner]
    healthy = sum(member.healthy is True for member in voters)
    needed = len(voters) // 2 + 1
    for each in taking:
        member = members[each.step.subject.id]
        beside = {
            other.step.subject.id
            for other in taking
            if other.step.subject.id != each.step.subject.id
            and members[other.step.subject.id].healthy
            and _at_once(given, each, other)
        }
        left = healthy - (member.healthy is True and not member.learner) - len(beside)
        if left < needed:
            why = f"{left} of {len(voters)} voters would be left, a quorum is {needed}"
            yield each.broken("quorum", why, member.name)


def _takes_out(each: Placed) -> bool:
    return each.step.kind == "replace" or each.step.reboot or any(one.kind == "etcd" for one in each.step.changes)


def _at_once(given: Given, one: Placed, other: Placed) -> bool:
    """Whether two steps may be in flight at the same time."""
    if not given.order.together(one.wave, other.wave):
        return False
    return not (_alone(one, other) and _alone(other, one))


def _alone(one: Placed, other: Placed) -> bool:
    """Whether a step is only admitted while another one is not in flight."""
    group = one.group
    return (group.serial or group.max_unavailable < 2) and other.step.subject.id in group.members
