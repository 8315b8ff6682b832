"""Acts: what a run does to the world, one small request each, and the answers to them.

An act begins something and does not wait for its end: the end is observed. It is written down before it is tried, with
an idempotency key and preconditions, so that whoever repeats it after a crash changes nothing twice, and whoever has
lost the lease changes nothing at all. An answer that does not come is ``unknown`` and is observed, never assumed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from oakum.changes.plans.model import Change, Subject

#: What a run can do, and what each means.
ACTS: dict[str, str] = {
    "lease": "take or keep the right to carry out this run; the answer brings the fencing token",
    "claim": "in one patch of the node: record who takes it and how it was, cordon it, mark it for other actors",
    "evict": "ask the API server to evict one pod, by its uid",
    "delete-pod": "delete one pod past its budget, by its uid; only under an approval of its own",
    "snapshot": "begin a copy of the machine, or of the member of etcd on it, that can be put back",
    "apply": "begin the changes on the machine, or set the object to its new version",
    "reboot": "restart the machine",
    "undo": "begin the way back: the changes in `changes`, or putting back the copy",
    "release": "in one patch of the node: restore the recorded state, take away our marks and our record",
    "create-node": "begin a new machine from the wanted image, for the node that it is to replace",
    "delete-node": "delete the machine of a drained node, by its uid",
    "silence": "silence the alarms that the visit of a machine sets off, until a time",
    "unsilence": "end our own silence",
    "discard": "throw away a copy that is no longer needed",
}
Do = Literal[
    "lease", "claim", "evict", "delete-pod", "snapshot", "apply", "reboot", "undo", "release", "create-node",
    "delete-node", "silence", "unsilence", "discard",
]  # fmt: skip


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One request to the world.

    ``key`` is the idempotency key: the world does an act of a key once, and answers a second one as the first.
    Preconditions: ``token``, the fencing token of the lease (a lower one than the subject has seen is refused);
    ``uid`` and ``resource_version`` of the object that is changed (empty: not asked), ``boot_id`` of a machine that is
    rebooted; ``plan`` the hash of the approved plan. ``pod`` is namespace/name of a pod that leaves. ``expects``
    says in words what will be observed when it has taken effect.
    """

    key: str
    do: Do
    run: str
    plan: str
    token: int
    subject: Subject
    uid: str = ""
    resource_version: str = ""
    boot_id: str = ""
    pod: str = ""
    changes: tuple[Change, ...] = ()
    parameters: dict[str, str] = msgspec.field(default_factory=dict)
    expects: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an act.

    ``done``: the request was taken. ``refused``: nothing was changed, ``why`` says by what (``fenced`` by a newer
    token, ``changed`` because a precondition no longer holds, ``gone``, ``not-now`` by a budget, a webhook or
    throttling, ``never``). ``unknown``: no answer; it may have taken effect. ``token`` is that of a lease.
    """

    result: Literal["done", "refused", "unknown"]
    code: Literal["", "fenced", "changed", "gone", "not-now", "never"] = ""
    why: str = ""
    token: int = 0
    retry_after: int = 0
