"""Open Cluster Management: to which clusters a workload goes next, by the strategy and what became of it so far.

Sources: pkg/apis/cluster/v1alpha1/rollout.go of github.com/open-cluster-management-io/sdk-go (GetRolloutCluster, which
the appliers of works and add-ons call), cluster/v1alpha1/types_rolloutstrategy.go of .../api, and the page
open-cluster-management.io/docs/concepts/content-placement/placement. Where the page and the code differ, the code is
followed: it is what acts. A status's own ``group`` plays no part there, and none here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from oakum.actors.cluster_groups import ClusterName, Group, GroupKey, Groups, groups_of
from oakum.actors.cluster_steps import Seen, recheck_after, step
from oakum.actors.cluster_strategies import RolloutStrategy, plan_of
from oakum.actors.cluster_times import LONGEST, in_seconds, moment
from oakum.actors.model import Kind, Request, Rule
from oakum.errors import InputError, Place

_CODE = "https://github.com/open-cluster-management-io/sdk-go/blob/main/pkg/apis/cluster/v1alpha1/rollout.go"
_GROUPS = "https://github.com/open-cluster-management-io/sdk-go/blob/main/pkg/apis/cluster/v1beta1/placement.go"
_API = "https://github.com/open-cluster-management-io/api/blob/main/cluster/v1alpha1/types_rolloutstrategy.go"
_PAGE = "https://open-cluster-management.io/docs/concepts/content-placement/placement/"

_SHOWN = 60

RolloutStatus = Literal["ToApply", "Progressing", "Succeeded", "Failed", "TimeOut", "Skip"]


class ClusterStatus(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What became of the workload in a ``cluster``: its ``status``, ``since`` when (RFC 3339; default: now).

    ``group`` may say the group, as a name, an index or both; the answer does not depend on it, but on ``groups``.
    """

    cluster: ClusterName
    status: RolloutStatus
    since: str | None = None
    group: GroupKey | str | int | None = None


class ClustersRequest(Request, frozen=True, kw_only=True):
    """Which clusters are next? ``strategy`` (default All), the ``groups`` of clusters, their ``statuses``, and ``now``.

    ``groups`` is a list of groups, or an object: clusters by the groups' names (in their order) or by their indexes.
    Clusters without a status have not got the workload yet. ``now`` is a time in RFC 3339; it is needed where a
    duration has to be compared with it.
    """

    groups: Groups
    strategy: RolloutStrategy = RolloutStrategy()
    statuses: tuple[ClusterStatus, ...] = ()
    now: str | None = None


class ClusterDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A ``cluster`` of the answer: its group now (null: none), its status as of now, seconds until time changes it."""

    cluster: str
    group: str | None
    group_index: int | None
    status: RolloutStatus
    recheck_after_seconds: int | float | None


class ClustersReply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``next``: the clusters that have, get or keep the workload in this step, in the other side's order.

    Those under way, failed or soaking stand there again until they are through. Progressive and All go by the names:
    first clusters that have a status, then the new ones. ProgressivePerGroup, and mandatory groups for Progressive
    too, first has the clusters with a status in the order of ``statuses``, then the new ones by group and name.
    ``timed_out`` is in the same order; ``removed`` (in no group any more) in that of ``statuses``.
    ``max_failure_breach``: failures cut the roll-out short. ``recheck_after_seconds``: when time alone changes
    something in ``next``; null: never. ``details``: all these clusters once more, in this order. ``notes``, left out
    where there are none: what was given and has no effect.
    """

    next: list[str]
    timed_out: list[str]
    removed: list[str]
    max_failure_breach: bool
    recheck_after_seconds: int | float | None
    details: list[ClusterDetail]
    notes: list[str] = []


def answer(request: ClustersRequest) -> ClustersReply:
    """The next step of the roll-out.

    Raises InputError naming the field of a value that is none of its kind, of a cluster that stands twice and of a
    ``now`` that is needed; NotAssessableError for an unknown type of strategy.
    """
    plan, groups = plan_of(request.strategy), groups_of(request.groups)
    now = None if request.now is None else moment(request.now, "now")
    statuses = _seen(request.statuses)
    of = {name: group for group in groups for name in group.clusters}
    removed = [each for each in statuses if each.cluster not in of]
    found = step(plan, groups, [each for each in statuses if each.cluster in of], now)
    after = recheck_after(found, now)
    unmatched = [
        f"no group has the mandatory {f'name {name[:_SHOWN]!r}' if name else f'index {index}'}"
        for name, index in plan.mandatory
        if not any(group.is_named((name, index)) for group in groups)
    ]
    return ClustersReply(
        next=[each.cluster for each in found.next],
        timed_out=[each.cluster for each in found.timed_out],
        removed=[each.cluster for each in removed],
        max_failure_breach=found.breach,
        recheck_after_seconds=None if after is None else in_seconds(after),
        details=[_detail(each, of.get(each.cluster), now) for each in (*found.next, *found.timed_out, *removed)],
        notes=[*plan.notes, *unmatched],
    )


def _seen(given: Sequence[ClusterStatus]) -> list[Seen]:
    statuses: dict[str, Seen] = {}
    for at, each in enumerate(given):
        if each.cluster in statuses:
            raise InputError(
                f"the cluster {each.cluster[:_SHOWN]!r} has two statuses",
                place=Place(field=f"statuses[{at}].cluster"), remedy="give the one that holds now",
            )  # fmt: skip
        since = None if each.since is None else moment(each.since, f"statuses[{at}].since")
        statuses[each.cluster] = Seen(cluster=each.cluster, status=each.status, since=since)
    return list(statuses.values())


def _detail(seen: Seen, group: Group | None, now: int | None) -> ClusterDetail:
    ahead = None if seen.recheck is None or now is None else min(seen.recheck - now, LONGEST)
    return ClusterDetail(
        cluster=seen.cluster,
        group=None if group is None else group.name,
        group_index=None if group is None else group.index,
        status=msgspec.convert(seen.status, RolloutStatus),
        recheck_after_seconds=None if ahead is None or ahead <= 0 else in_seconds(ahead),
    )


def _rule(name: str, says: str, source: str = _CODE) -> Rule:
    return Rule(id=name, says=says, source=source)


RULES: tuple[Rule, ...] = (
    _rule("type", "The type is All, Progressive or ProgressivePerGroup; left out, it is All.", _API),
    _rule("groups", "Decision groups come by their index; several indexes may have one name.", _GROUPS),
    _rule("removed", "A cluster that has a status but is in no group any more is removed, and counts nowhere else."),
    _rule("to-apply", "A cluster without a status, or with ToApply, has not got the workload yet."),
    _rule(
        "deadline",
        "Progressing and Failed stand in next until progressDeadline after since is reached; then they are timed out.",
    ),
    _rule("deadline-none", "Without a progressDeadline (None, or empty) a cluster is waited for for ever.", _API),
    _rule(
        "deadline-form",
        "A progressDeadline begins with whole hours, minutes or seconds, as 90m or 1h30m do; days are not known.",
    ),
    _rule("soak", "Succeeded stands in next until minSuccessTime after since is reached; All has no such time.", _PAGE),
    _rule("since", "A status without a time counts as having begun now, every time anew."),
    _rule("through", "Skip and TimeOut stand in no list; what already says TimeOut is not told as timed_out again."),
    _rule(
        "limit",
        "A percentage of clusters is rounded up; a limit of nothing, or of more than there are, counts as left out.",
    ),
    _rule(
        "concurrency",
        "Progressive has at most maxConcurrency clusters in next, counted over the groups that are not mandatory (left "
        "out: all of them); failed and soaking clusters take a place.",
    ),
    _rule(
        "failures",
        "More failed and timed out clusters than maxFailures (left out: 0) are a breach: no other gets the workload.",
    ),
    _rule(
        "failures-of",
        "maxFailures is of all clusters for Progressive, of each group for ProgressivePerGroup; All has none.",
        _API,
    ),
    _rule(
        "order",
        "Progressive and All go through the statuses by the clusters' names until next is full; the rest is not told.",
    ),
    _rule(
        "group-by-group",
        "ProgressivePerGroup goes on to the next group while next has no more clusters than there are failures so far, "
        "and no breach.",
    ),
    _rule(
        "mandatory",
        "Mandatory groups come first, one after the other by index, and tolerate no failure; while any cluster at all "
        "is in next or timed out, the others wait.",
    ),
    _rule(
        "mandatory-by", "A mandatory group is meant by its groupName if given, else by groupIndex (default 0).", _API
    ),
    _rule("recheck", "The time to look again is the earliest end of a deadline or a soak among those in next."),
)

KINDS: tuple[Kind, ...] = (
    Kind(
        command="rollout next",
        name="clusters",
        actor="Open Cluster Management",
        says="Which clusters get a workload next, which timed out, and whether failures stop the roll-out.",
        request=ClustersRequest,
        reply=ClustersReply,
        answer=answer,
        rules=RULES,
        example={
            "strategy": {
                "type": "Progressive",
                "progressive": {
                    "maxConcurrency": "50%",
                    "maxFailures": 1,
                    "minSuccessTime": "5m",
                    "progressDeadline": "10m",
                    "mandatoryDecisionGroups": [{"groupName": "canary"}],
                },
            },
            "groups": [
                {"name": "canary", "index": 0, "clusters": ["c1", "c2"]},
                {"index": 1, "clusters": ["c3", "c4", "c5"]},
            ],
            "statuses": [
                {"cluster": "c1", "group": "canary", "status": "Succeeded", "since": "2026-11-29T10:00:00Z"},
                {"cluster": "c2", "group": "canary", "status": "Succeeded", "since": "2026-11-29T10:08:00Z"},
                {"cluster": "c9", "status": "Failed", "since": "2026-11-29T09:00:00Z"},
            ],
            "now": "2026-11-29T10:10:00Z",
        },
    ),
)
