"""One step of a roll-out over clusters, as Open Cluster Management computes it: next, timed out, cut short or not.

Source: pkg/apis/cluster/v1alpha1/rollout.go of github.com/open-cluster-management-io/sdk-go, cases in rollout_test.go
there. The text of the API says less than the code does, and the code is what acts: three of its habits that one would
not guess are told beside the lines that have them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from oakum.actors.cluster_groups import Group
from oakum.actors.cluster_strategies import ALL, PER_GROUP, Plan, clusters_of
from oakum.actors.cluster_times import LONGEST
from oakum.errors import InputError, Place

TO_APPLY, PROGRESSING, SUCCEEDED = "ToApply", "Progressing", "Succeeded"
FAILED, TIME_OUT, SKIP = "Failed", "TimeOut", "Skip"
_FAILURES = (FAILED, TIME_OUT)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster's ``status``, ``since`` when, and at which moment time alone changes it (``recheck``); nanoseconds."""

    cluster: str
    status: str
    since: int | None = None
    recheck: int | None = None


class Step(msgspec.Struct, kw_only=True):
    """The clusters to roll out now (``next``), those that timed out, and whether failures cut the roll-out short."""

    next: list[Seen] = []
    timed_out: list[Seen] = []
    breach: bool = False


class _Timing(msgspec.Struct, frozen=True, kw_only=True):
    """How long a success has to last (``soak``) and progress may take; None: not at all, and for ever."""

    now: int | None
    soak: int | None
    deadline: int | None

    def place(self, seen: Seen, step: Step) -> Seen:
        """The status as of now; it is put into the list of the step where it belongs, if there is one."""
        if seen.status in (TIME_OUT, SKIP):
            return seen
        if seen.status == TO_APPLY:
            step.next.append(seen)
            return seen
        recheck = self._end(seen.since, self.soak if seen.status == SUCCEEDED else self.deadline)
        over = recheck is not None and self._moment() >= recheck
        if seen.status == SUCCEEDED:
            if recheck is None or over:
                return seen
        elif over:
            found = msgspec.structs.replace(seen, status=TIME_OUT, recheck=recheck)
            step.timed_out.append(found)
            return found
        found = msgspec.structs.replace(seen, recheck=recheck)
        step.next.append(found)
        return found

    def _end(self, since: int | None, duration: int | None) -> int | None:
        if duration is None:
            return None
        # A status without a time counts from now on, at every step anew.
        return (self._moment() if since is None else since) + duration

    def _moment(self) -> int:
        if self.now is None:
            raise InputError("it is missing", place=Place(field="now"), remedy="give the time of the question")
        return self.now


def step(plan: Plan, groups: Sequence[Group], statuses: Sequence[Seen], now: int | None) -> Step:
    """The step to take. ``statuses`` are those of clusters that belong to a group, one each, in the order given.

    Raises InputError naming ``now`` where the answer needs it and there is none.
    """
    timing = _Timing(now=now, soak=plan.soak, deadline=plan.deadline)
    total = sum(len(group.clusters) for group in groups)
    if plan.type == ALL:
        return _per_cluster(groups, total, total, statuses, timing)
    mandatory = [group for group in groups if any(group.is_named(key) for key in plan.mandatory)]
    first = {group.index for group in mandatory}
    rest = [group for group in groups if group.index not in first]
    if mandatory:
        found = _per_group(mandatory, 0, statuses, timing)
        # Whatever is under way or timed out holds back the rest, in whichever group it is: with mandatory groups the
        # rest goes in waves. A status that already says TimeOut holds nothing back here.
        if found.next or found.timed_out:
            return found
    if plan.type == PER_GROUP:
        return _per_group(rest, plan.max_failures, statuses, timing)
    others = sum(len(group.clusters) for group in rest)
    size = clusters_of(plan.max_concurrency, others, others)
    return _per_cluster(rest, size, clusters_of(plan.max_failures, total, 0), statuses, timing)


def recheck_after(found: Step, now: int | None) -> int | None:
    """Nanoseconds until time alone changes one of the clusters to roll out; None where none will."""
    ahead = [seen.recheck - now for seen in found.next if seen.recheck is not None and now is not None]
    return min((min(each, LONGEST) for each in ahead if each > 0), default=None)


def _per_cluster(
    groups: Sequence[Group], size: int, max_failures: int, statuses: Sequence[Seen], timing: _Timing
) -> Step:
    """At most ``size`` clusters at once, by name: first those that have a status, then the others."""
    found, failures = Step(), 0
    for given in sorted(statuses, key=lambda each: each.cluster):
        if found.breach and given.status == TO_APPLY:
            continue
        seen = timing.place(given, found)
        failures += seen.status in _FAILURES
        found.breach = failures > max_failures
        # Once they are enough, the statuses that follow are not looked at: what timed out there is not told.
        if len(found.next) >= size:
            return found
    if not found.breach:
        known = {each.cluster for each in statuses}
        new = sorted({name for group in groups for name in group.clusters} - known)
        found.next += _to_apply(new[: max(0, size - len(found.next))])
    return found


def _per_group(groups: Sequence[Group], max_failures: int | str, statuses: Sequence[Seen], timing: _Timing) -> Step:
    """One group after the other: first the statuses in the order given, of all groups, then the new ones by name."""
    found = Step()
    known = {each.cluster: timing.place(each, found).status for each in statuses if each.status != TO_APPLY}
    failures = 0
    for group in groups:
        failed = sum(known.get(name) in _FAILURES for name in group.clusters)
        failures += failed
        found.next += _to_apply([name for name in group.clusters if name not in known])
        found.breach = failed > clusters_of(max_failures, len(group.clusters), 0)
        # All failures so far are set against all that is under way, also those that timed out and are no longer in the
        # list: one of them makes up for a cluster that still progresses, and the next group begins.
        if found.breach or len(found.next) > failures:
            break
    return found


def _to_apply(names: Collection[str]) -> list[Seen]:
    return [Seen(cluster=name, status=TO_APPLY) for name in names]
