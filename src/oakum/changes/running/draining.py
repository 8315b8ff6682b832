"""The drain of a machine: evictions by uid, in the rounds that budgets allow, until nothing that must go is left.

A refusal by a budget, a webhook or throttling is "not now" and is asked again with a growing pause. What stays blocked
climbs the policy's ladder rung by rung. Deleting a pod past its budget needs a rung that says so and an approval for
just this machine. A person who uncordons the machine meanwhile has the last word.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from oakum.changes.running.actions import Action
from oakum.changes.running.judging import Left, Stuck, left
from oakum.changes.running.ladder import due
from oakum.changes.running.leaving import give_back, rest_fits
from oakum.changes.running.live import quorum
from oakum.changes.running.observed import Seen
from oakum.changes.running.turn import Visit


def draining(visit: Visit, seen: Seen) -> Iterator[Action]:
    """One look at the pods that are left, and what follows."""
    turn = visit.turn
    if turn.stopping:
        yield give_back(visit, "waiting", "the run stops before its change")
        return
    if taken(visit, seen):
        yield give_back(visit, "skipped", taken(visit, seen), uncordoned="true")
        return
    rest_of_it = rest_fits(visit)
    if not rest_of_it.fits:
        yield give_back(visit, "waiting", f"the drain has taken so long that the rest does not fit: {rest_of_it.why}")
        return
    claimed = visit.progress.attempts.get("claim")
    found = left(visit, claimed.at if claimed is not None else visit.progress.since)
    if found.later:
        # Others were judged in this turn; the next one follows at once.
        yield visit.rest(0.0, "its pods are looked at next")
    elif found.nothing:
        shaky = quorum(visit)
        if shaky:
            yield visit.watch(shaky)
        else:
            yield visit.enter("applying")
    else:
        yield from _evict(visit, found)


def taken(visit: Visit, seen: Seen) -> str:
    """Why a machine is no longer ours to drain; empty where it is."""
    if seen.claim is None:
        return "somebody has taken our record away from it"
    if not visit.ours:
        return f"{seen.claim.run} has taken it over"
    if not seen.cordoned:
        return "somebody has uncordoned it while it was drained"
    return ""


def _evict(visit: Visit, found: Left) -> Iterator[Action]:
    refused: list[Stuck] = []
    fresh = False
    backends = visit.turn.backends(visit.step.subject.cluster)
    for pod in found.evict:
        if backends.last(pod):
            # Another of them left a moment ago.
            continue
        backends.leaves(pod)
        last = visit.progress.attempts.get(f"evict/{pod.metadata.uid}")
        if last is not None and last.outcome is not None and last.outcome.result == "refused":
            refused.append(Stuck(pod, last.outcome.why or last.outcome.code, True))
        elif last is None or last.open:
            fresh = True
        yield visit.ask(
            "evict", "the pod ends, and is replaced elsewhere",
            uid=pod.metadata.uid, pod=f"{pod.metadata.namespace}/{pod.metadata.name}",
        )  # fmt: skip
    stuck = (*found.stuck, *refused)
    if found.unknown:
        yield visit.watch(found.unknown)
    elif stuck and not fresh and not found.leaving:
        yield from _blocked(visit, Left(stuck=stuck))
    elif visit.facts.get("blocked") and not stuck:
        yield visit.enter("draining", blocked="")
    elif _age(visit, "begun") > visit.group.drain.timeout:
        yield from _give_up(visit, f"not drained within {visit.group.drain.timeout} seconds")
    else:
        yield visit.watch(_waits(found))


def _blocked(visit: Visit, found: Left) -> Iterator[Action]:
    """Nothing moves: the rung of the ladder that is due."""
    if not visit.facts.get("blocked"):
        yield visit.enter("draining", found.why, blocked=visit.turn.now.isoformat())
        return
    rung = due(visit.group.escalation, _age(visit, "blocked"))
    for number in rung.told:
        yield from tell(visit, number, found.why)
    late = _age(visit, "begun") > visit.group.drain.timeout
    if rung.do == "stop-and-report":
        yield visit.turn.note("stopping", about=visit.step.id, why=f"its drain is blocked: {found.why}")
    if rung.do == "wait" and not late:
        yield visit.watch(f"blocked: {found.why}")
    elif rung.do == "force-evict" and not late:
        yield from _force(visit, found)
    else:
        yield from _give_up(visit, f"blocked: {found.why}")


def _force(visit: Visit, found: Left) -> Iterator[Action]:
    if not visit.turn.approved(visit.step.id, "force-evict"):
        why = f"waits for somebody to approve that its pods are deleted past their budgets: {found.why}"
        yield visit.rest(30, why, held=True)
        return
    backends = visit.turn.backends(visit.step.subject.cluster)
    for each in found.stuck:
        pod = each.pod
        # Past a budget, as was approved; what keeps a pod for any other reason is not touched.
        if each.budget and not pod.metadata.deletion_timestamp and not backends.last(pod):
            backends.leaves(pod)
            yield visit.ask(
                "delete-pod", "the pod ends, past its budget, as was approved",
                uid=pod.metadata.uid, pod=f"{pod.metadata.namespace}/{pod.metadata.name}",
            )  # fmt: skip
    yield visit.watch(f"forced: {found.why}")


def _give_up(visit: Visit, why: str) -> Iterator[Action]:
    yield give_back(visit, "skipped", why)


def tell(visit: Visit, rung: int, why: str) -> Iterator[Action]:
    """Tells the roles of a rung, once."""
    if (visit.step.id, str(rung)) not in visit.turn.standing.told:
        roles = ", ".join(visit.group.escalation.steps[rung].roles)
        yield visit.turn.note("notify", about=visit.step.id, why=why, roles=roles, rung=str(rung))


def _age(visit: Visit, fact: str) -> float:
    """Seconds since a remembered time, without those in which nobody carried out the run."""
    since = visit.facts.get(fact, "")
    age = (visit.turn.now - datetime.fromisoformat(since)).total_seconds() if since else 0.0
    return min(age, visit.since_resumed)


def _waits(found: Left) -> str:
    """What a drain waits for while pods are on their way, or nothing but volumes is left."""
    pods = len(found.evict) + len(found.leaving)
    if not pods:
        return f"the volume {found.volumes[0]} is still attached"
    pods += len(found.stuck)
    return f"{pods} pod{'s are' if pods > 1 else ' is'} still there"
