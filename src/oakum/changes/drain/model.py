"""What a drain says of a pod, and the form that all profiles share: small rules in an order, then the eviction itself.

A profile is what one actor does with the pods of a node. Its rules are asked one after another; the first that has
something to say decides. The pods of which none has are to leave: ``Profile.settle`` says how that would go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from oakum.changes.budgets import moment
from oakum.changes.drain.surroundings import Key, Surroundings
from oakum.errors import InputError, Place
from oakum.fleet.cluster.objects import Node, Object, Pod

EVICT, IGNORE, BLOCKED, WAIT, ERROR = "evict", "ignore", "blocked", "wait", "error"
NOW, FOR_EVER = "now", "for-ever"

#: The options of a profile.
Opt = TypeVar("Opt", bound=msgspec.Struct)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule says of one pod.

    ``reason`` is a word of the machine form. ``duration`` says of a blocked pod whether that passes by itself.
    ``object`` is Kind/namespace/name of what decided, and of what to mend where the pod is blocked. ``order`` is the
    turn in which it leaves. ``why`` and ``remedy`` are for people; the remedy is the least that helps.
    """

    verdict: str
    reason: str = ""
    duration: str = ""
    object: str = ""
    order: int | None = None
    why: str = ""
    remedy: str = ""


class Scene(Generic[Opt]):
    """What the rules of a profile may look at: the cluster, the node, the actor's options and the time."""

    def __init__(self, around: Surroundings, node: str, options: Opt, now: datetime | None) -> None:
        self.around, self.node_name, self.options, self._now = around, node, options, now

    @property
    def node(self) -> Node | None:
        """The node that is drained; None where only its pods are known."""
        return self.around.node(self.node_name)

    @property
    def now(self) -> datetime:
        """The moment of the question. Raises InputError where the request has none although a rule asks for it."""
        if self._now is None:
            what = "the field is missing, and a pod's answer depends on the time"
            raise InputError(what, place=Place(field="now"), remedy="give the time as 2026-01-31T06:00:00Z")
        return self._now

    def since_deletion(self, pod: Pod) -> float:
        """Seconds since a terminating pod's deletion time, which lies its grace period after the deletion itself."""
        return (self.now - moment(pod.metadata.deletion_timestamp, "deletionTimestamp")).total_seconds()


class Rule(msgspec.Struct, Generic[Opt], frozen=True, kw_only=True):
    """One rule: what it says, where that is written, and the function that applies it."""

    name: str
    says: str
    source: str
    example: str
    decide: Callable[[Pod, Scene[Opt]], Outcome | None]


class Profile(msgspec.Struct, Generic[Opt], frozen=True, kw_only=True):
    """What one actor does. ``rules`` gives them in order for some options; ``settle`` judges the pods that are left.

    ``all_rules`` are those of every option, for the reference; ``last`` describes ``settle``.
    """

    name: str
    options: type[Opt]
    all_rules: tuple[Rule[Opt], ...]
    rules: Callable[[Opt], Sequence[Rule[Opt]]]
    settle: Callable[[Sequence[Pod], Scene[Opt]], Mapping[Key, Outcome]]
    last: Rule[Opt] | None = None


class Judged(msgspec.Struct, frozen=True):
    """A pod with what a profile says of it, and the rule that said so (empty where none objected)."""

    pod: Pod
    outcome: Outcome
    rule: str = ""
    source: str = ""


def named(one: Object) -> str:
    """Kind/namespace/name of an object, without a namespace where it has none."""
    return "/".join(part for part in one.key if part)
