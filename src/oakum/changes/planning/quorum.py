"""etcd: who may be taken down, and what in a control plane is changed everywhere or not at all.

While a member is down the others have to be a majority of the voters that there shall be: healthy ones >= n // 2 + 1,
and nobody may be joining as a learner (etcd.io, "Runtime reconfiguration", "Learner"). So the only member, and one of
two, are never taken down. Components of a control plane that moved on some machines only would leave the cluster
between two versions, so whatever keeps one machine out keeps out all of its cluster.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.reasons import because
from oakum.changes.plans.why_not import Edit, Reason
from oakum.changes.state.model import Cluster, EtcdMember

_QUORUM = "https://etcd.io/docs/latest/faq/#what-is-failure-tolerance"
_LEARNER = "https://etcd.io/docs/latest/learning/design-learner/"
#: Kinds that change all machines of a control plane, or none.
TOGETHER = frozenset({"control-plane", "etcd"})


def without_quorum(draft: Draft) -> Iterable[Reason]:
    """Why a machine's member of etcd may not be taken down."""
    cluster = draft.cluster
    if cluster is None or not _takes_down(draft):
        return
    if not cluster.etcd and not cluster.managed and draft.machine is not None and draft.machine.of("control-plane"):
        yield because(
            "etcd-unknown", f"{cluster.name}: etcd",
            "not assessable: the members of its etcd are not known, so nobody can tell what a member less would mean",
            _QUORUM, "state the members of etcd, or that a provider runs the control plane",
            [_of(cluster, _mended(()))],
        )  # fmt: skip
        return
    voters = [each for each in cluster.etcd if not each.learner]
    if all(each.machine != draft.id for each in voters):
        return
    healthy = [each for each in voters if each.healthy and each.machine != draft.id]
    needed = len(voters) // 2 + 1
    if len(healthy) < needed:
        yield because(
            "etcd-quorum", f"{cluster.name}: etcd",
            f"without one of its {len(voters)} voting members {len(healthy)} healthy ones would be left, and "
            f"{needed} have to be",
            _QUORUM, _says(voters), [_of(cluster, _mended(cluster.etcd))],
            voters=len(voters), needed=needed,
        )  # fmt: skip
    learners = [each for each in cluster.etcd if each.learner]
    if learners:
        yield because(
            "etcd-learner", f"{cluster.name}: etcd",
            f"{', '.join(each.name for each in learners)} is joining as a learner, and does not vote yet", _LEARNER,
            "wait until it is promoted, or remove it",
            [_of(cluster, [msgspec.structs.replace(each, learner=False, healthy=True) for each in cluster.etcd])],
            learners=len(learners),
        )  # fmt: skip


def together(drafts: Sequence[Draft], blocked: Sequence[tuple[str, Reason]]) -> None:
    """Keeps a control plane together: a machine that stays out keeps out the others of its cluster and kind."""
    groups: dict[tuple[object, str, str], list[Draft]] = {}
    for draft in drafts:
        for kind in sorted({each.kind for each in draft.changes} & TOGETHER):
            groups.setdefault((draft.phase, draft.subject.cluster, kind), []).append(draft)
    # A visit may be of both kinds, so that what keeps one kind out may keep out the other.
    for (_, cluster, _), several in [*groups.items()] * len(TOGETHER):
        reasons = [reason for draft in several for reason in draft.reasons]
        reasons += [reason for subject, reason in blocked if subject.startswith(f"{cluster}/")]
        for draft in several:
            for reason in reasons:
                draft.block(reason)


def _takes_down(draft: Draft) -> bool:
    return draft.reboots or draft.replaces or any(each.kind == "etcd" for each in draft.changes)


def _says(voters: Sequence[EtcdMember]) -> str:
    sick = [each.name for each in voters if not each.healthy]
    if sick:
        return f"mend {', '.join(sick)} first"
    return "add members first, so that there are three or more"


def _mended(members: Sequence[EtcdMember]) -> list[EtcdMember]:
    """All well; and three voters, where there are fewer."""
    made = [msgspec.structs.replace(each, healthy=True) for each in members]
    voters = sum(not each.learner for each in made)
    return made + [EtcdMember(name=f"new-{n + 1}", healthy=True) for n in range(3 - voters)]


def _of(cluster: Cluster, members: Iterable[EtcdMember]) -> Edit:
    value = [msgspec.to_builtins(each) for each in members]
    return Edit(of="state", object=cluster.name, field="etcd", value=value, cluster=cluster.name)
