"""``kubectl drain``, which the rivals share: what it evicts, what stops it, what it waits for.

Sources: kubernetes.io/docs/reference/kubectl/generated/kubectl_drain (the flags, and what each means),
kubernetes.io/docs/tasks/administer-cluster/safely-drain-node, kubernetes.io/docs/concepts/scheduling-eviction/
api-eviction (429 may be tried again, 500 is a misconfiguration). An eviction that was refused for now is tried again
every five seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import msgspec

from oakum.simulation.rivals.hands import Hands
from oakum.simulation.things import Machine, Pod

#: Seconds between two tries of an eviction that was refused for now, and between two looks at pods that end.
RETRY, POLL = 5.0, 1.0
#: Seconds that a request takes.
REQUEST = 0.1
DRAINED = ""


class Flags(msgspec.Struct, frozen=True, kw_only=True):
    """The flags of kubectl drain that change what happens; the defaults are its own.

    ``timeout`` 0 is for ever; ``selector`` are labels that a pod has to have; ``skip_wait`` above 0: do not wait for
    pods that were deleted more than so many seconds ago.
    """

    force: bool = False
    ignore_daemonsets: bool = False
    delete_emptydir_data: bool = False
    disable_eviction: bool = False
    timeout: float = 0.0
    selector: tuple[tuple[str, str], ...] = ()
    skip_wait: float = 0.0


def drain(
    hands: Hands, machine: Machine, flags: Flags, waits: Callable[[], object] = lambda: None
) -> Generator[float, None, str]:
    """Drains a node; DRAINED, or why it failed. It stays cordoned either way. ``waits`` is called when it waits."""
    time = hands.world.timeline
    began = time.now
    while not hands.cordon(machine):
        if machine.gone:
            return "the node is gone"
        if flags.timeout and time.now - began >= flags.timeout:
            return "the API server did not answer in time"
        yield RETRY
    yield REQUEST
    leaving, why = chosen(machine, flags)
    if why:
        return why
    waits()
    asked = dict.fromkeys(each.uid for each in leaving)
    pods = {each.uid: each for each in leaving}
    while asked or any(left(each) for each in pods.values()):
        if machine.gone:
            return "the node is gone"
        if flags.timeout and time.now - began >= flags.timeout:
            return f"{sum(left(each) for each in pods.values())} pods were left when its time was over"
        for uid in list(asked):
            pod = pods[uid]
            outcome = hands.delete(pod) if flags.disable_eviction else hands.evict(pod)
            yield REQUEST
            if outcome.result == "done" or outcome.code == "gone" or not left(pod):
                asked.pop(uid, None)
            elif outcome.code == "never":
                return f"{pod.full_name}: {outcome.why}"
        for uid in [uid for uid, each in pods.items() if uid not in asked and _skipped(each, flags, time.now)]:
            del pods[uid]
        yield RETRY if asked else POLL
    return DRAINED


def chosen(machine: Machine, flags: Flags) -> tuple[list[Pod], str]:
    """The pods that are to leave, and what keeps the drain from evicting any."""
    leaving: list[Pod] = []
    stops: dict[str, str] = {}
    for pod in machine.pods.values():
        workload = pod.workload
        if any(workload.labels.get(name) != value for name, value in flags.selector):
            continue
        if workload.kind == "DaemonSet":
            if not flags.ignore_daemonsets:
                stops["pods of a DaemonSet (--ignore-daemonsets)"] = pod.full_name
            continue
        if pod.phase in ("Succeeded", "Failed"):
            leaving.append(pod)
            continue
        if workload.local == "emptyDir" and not flags.delete_emptydir_data:
            stops["pods with an emptyDir (--delete-emptydir-data)"] = pod.full_name
        elif workload.kind == "Pod" and not flags.force:
            stops["pods that nothing makes again (--force)"] = pod.full_name
        else:
            leaving.append(pod)
    return leaving, "; ".join(f"{what}: {name}" for what, name in stops.items())


def left(pod: Pod) -> bool:
    """Whether a pod is still there."""
    return pod.uid in pod.workload.pods


def _skipped(pod: Pod, flags: Flags, now: float) -> bool:
    """Whether the drain no longer waits for a pod."""
    return not left(pod) or (flags.skip_wait > 0 and 0 <= pod.deleted < now - flags.skip_wait)
