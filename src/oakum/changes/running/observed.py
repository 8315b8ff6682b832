"""What a run sees of the world: by subject, without a walk over the whole fleet, each with the time of the look.

The core reads it and decides; adapters and the simulation fill it. What could not be looked at is None, and no decision
takes that for a good sign. A view may be old: whoever acts gives the uid and version that were seen as preconditions.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from oakum.changes.drain import Surroundings
from oakum.changes.state.model import Webhook


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Our record on a node, in its annotation: which run and step took it, with which token, and how it was before.

    ``cordoned`` is the node's scheduling state as it was found. ``marks`` are those for other actors, by ON:KEY (an
    annotation or a label): what was found there, None for nothing, and what we have set. A release puts back what was
    found, but where somebody has written something else over ours meanwhile, that stays.
    """

    run: str
    step: str
    token: int
    cordoned: bool
    marks: dict[str, tuple[str | None, str]] = msgspec.field(default_factory=dict)


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """A long operation on a subject (snapshot, apply, undo, create-node), by the key of the act that began it.

    ``since`` is when it began or, once it is over, when it ended. One that has failed ``for_good`` would come to the
    same if it were tried again.
    """

    key: str
    state: Literal["running", "done", "failed"]
    since: datetime
    why: str = ""
    for_good: bool = False


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A machine (or an object of a cluster) as it was seen at ``at``.

    ``up`` is whether it answers and serves: Ready, reachable, or for an object: all pods of its newest generation
    available; ``why`` says in words why it is not. ``since`` is when that last changed. ``cordoned`` says that nothing
    is scheduled there. ``claim`` is our record, whoever's run wrote it. ``running`` are the versions in effect by name,
    as our own look at the machine found them at ``scanned``. ``work`` are long operations of this run. ``silenced``
    says that our silence holds, ``copies`` are keys of snapshots that are kept.
    """

    at: datetime
    uid: str
    resource_version: str = ""
    up: bool | None = None
    why: str = ""
    since: datetime | None = None
    cordoned: bool = False
    claim: Claim | None = None
    boot_id: str = ""
    running: dict[str, str] = msgspec.field(default_factory=dict)
    scanned: datetime | None = None
    work: dict[str, Work] = msgspec.field(default_factory=dict)
    silenced: bool = False
    copies: tuple[str, ...] = ()
    attached: tuple[str, ...] = ()


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement of a gate's metric; ``value`` None is an error. For which step or wave it was taken, and when."""

    at: datetime
    metric: str
    about: str
    value: float | None = None
    why: str = ""


class Etcd(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster's etcd: voting members by machine id with whether each is healthy, and learners."""

    voters: dict[str, bool]
    learners: tuple[str, ...] = ()


class Observed(Protocol):
    """One look at the world. ``at`` is its time (UTC); everything is as of that look unless it carries its own time."""

    at: datetime

    @property
    def lease(self) -> tuple[str, int] | None:
        """Who holds the lease of this run, and its fencing token; None where nobody does or it could not be read."""

    @property
    def alarms(self) -> frozenset[str] | None:
        """The names of the alarms that fire and are not silenced by us; None where nobody could ask."""

    @property
    def wishes(self) -> frozenset[str]:
        """What people have asked of this run: pause, resume, stop, rollback, or approvals (``approve:HASH``)."""

    def seen(self, subject: str) -> Seen | None:
        """The machine or object of an id; None where it no longer exists or could not be seen."""

    def found(self, subject: str) -> bool | None:
        """Whether something of that id exists; None where that could not be asked (so that None is not "deleted")."""

    def impaired(self, cluster: str) -> Mapping[str, Seen]:
        """All machines of a cluster (or hosts, for the empty name) that are not up or are cordoned, by id."""

    def around(self, cluster: str) -> Surroundings:
        """The objects of a cluster, as drains ask for them."""

    def etcd(self, cluster: str) -> Etcd | None:
        """The members of a cluster's etcd; None where it could not be asked."""

    def webhooks(self, cluster: str) -> tuple[Webhook, ...] | None:
        """A cluster's admission webhooks, each with the pods that serve it now (ready, and not being deleted).

        None where they could not be asked.
        """

    def samples(self, about: str) -> tuple[Sample, ...]:
        """The measurements taken for a step or a wave."""
