"""Whether people hold the lock of kured, so that it restarts no node.

kured.dev/docs/operation, "Manual Lock": an annotation of its DaemonSet, held in the name of no node. A lock that names
a time to live is taken over when that has passed. With a ``--concurrency`` of more than one the annotation has another
form, with so many places (kured, internal/daemonsetlock); there the manual form holds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from oakum.fleet.cluster.objects import Workload

LOCK = "weave.works/kured-node-lock"
_CONCURRENCY = re.compile(r"--concurrency[= ]\s*(\S+)")


class _Holder(msgspec.Struct):
    node: str = msgspec.field(default="", name="nodeID")
    ttl: int = msgspec.field(default=0, name="TTL")


class _Lock(_Holder):
    most: int = msgspec.field(default=0, name="maxOwners")
    holders: list[_Holder] | None = msgspec.field(default=None, name="locks")


def held_by_people(daemon_set: Workload, nodes: Collection[str]) -> bool:
    """Whether the lock on a DaemonSet is held for good, and by none of the nodes; False where that is not certain."""
    try:
        lock = msgspec.json.decode(daemon_set.metadata.annotations.get(LOCK, ""), type=_Lock)
    except (msgspec.DecodeError, RecursionError):
        return False
    places = _concurrency(daemon_set)
    if places == 1:
        return lock.holders is None and _for_good(lock, nodes)
    # Where nobody can tell how many places there are, the lock itself has to say it.
    places = max(places or 0, lock.most)
    return places > 0 and sum(_for_good(each, nodes) for each in lock.holders or ()) >= places


def _for_good(holder: _Holder, nodes: Collection[str]) -> bool:
    return bool(holder.node) and holder.node not in nodes and holder.ttl == 0


def _concurrency(daemon_set: Workload) -> int | None:
    """How many nodes it restarts at once; None where that is not a number."""
    for container in daemon_set.spec.template.spec.containers:
        said = _CONCURRENCY.findall(" ".join((*container.command, *container.args)))
        if said:
            return int(said[0]) if said[0].isdecimal() and int(said[0]) > 0 else None
        if any(each.name == "KURED_CONCURRENCY" for each in container.env):
            return None  # values of the environment are not read, for they may be secrets
    return 1
