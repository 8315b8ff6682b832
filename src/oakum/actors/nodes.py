"""Machine config pools of OpenShift: which nodes get the new configuration now, how many may be away, in which order.

Source: the node controller of github.com/openshift/machine-config-operator (``getAllCandidateMachines``,
``updateCandidateMachines``, ``sortNodeList`` and ``maxUnavailable`` in pkg/controller/node/node_controller.go, the
states of a node in pkg/controller/common/layered_node_state.go), and apimachinery's intstr for percentages. The rules
are those of a pool without its own OS images. Two things are outside a request: the controller puts off the control
plane node that runs the operator itself, and a paused pool gets nothing.

Where zone and age say nothing the nodes stay in the order in which they came: the controller's own sort has no
further rule, and keeps the order of short lists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from oakum.actors.model import Kind, Request, Rule
from oakum.errors import InputError, Place

_MCO = "https://github.com/openshift/machine-config-operator/blob/main/pkg/controller"
_CONTROLLER = f"{_MCO}/node/node_controller.go"
_STATES = f"{_MCO}/common/layered_node_state.go"
_READY = "https://github.com/openshift/machine-config-operator/pull/4475"
_PERCENT = "https://github.com/kubernetes/apimachinery/blob/master/pkg/util/intstr/intstr.go"
_POOL = (
    "https://docs.redhat.com/en/documentation/openshift_container_platform/4.19/html/machine_apis/"
    "machineconfigpool-machineconfiguration-openshift-io-v1"
)

#: What the daemon on a node says of itself; nothing and "" are the same.
State = Literal["", "Done", "Working", "Degraded", "Unreconcilable", "Rebooting"]
_DONE = "Done"
_FAILED = ("Degraded", "Unreconcilable")

_INT32 = 2**31 - 1
_INT64 = 2**63 - 1
Limit = Annotated[int, msgspec.Meta(ge=-_INT32 - 1, le=_INT32)]
Count = Annotated[int, msgspec.Meta(ge=0, le=_INT32)]
Name = Annotated[str, msgspec.Meta(min_length=1)]
_SHARE = re.compile(r"([+-]?[0-9]{1,19})%")
#: A node without a time of creation is older than all others, as it is in the API.
_ZERO = datetime.min.replace(tzinfo=UTC)
_SHOWN = 40


class Placed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A node with its ``zone``, the topology label (null or "": it has none), and when it was ``created``.

    ``created`` is an RFC 3339 time (null: before all others).
    """

    name: Name
    zone: str | None = None
    created: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


class Node(Placed, frozen=True, kw_only=True):
    """A node of the pool: the ``current`` and ``desired`` configuration by name, and the daemon's ``state``.

    ``ready`` is false where the node is not Ready, under disk pressure, without network, or cordoned (default: true).
    ``name``, ``zone`` and ``created`` as for the order.
    """

    current: str | None = None
    desired: str | None = None
    ready: bool | None = None
    state: State | None = None


_P = TypeVar("_P", bound=Placed)


class NextRequest(Request, frozen=True, kw_only=True):
    """All ``nodes`` of a pool, the configuration ``target`` that it rolls out, ``max_unavailable`` (default: 1)."""

    nodes: tuple[Node, ...]
    target: Name
    max_unavailable: Limit | str | None = None


class NextReply(msgspec.Struct, frozen=True, kw_only=True):
    """``next``: the nodes whose desired configuration becomes the target now. ``later``: candidates that have to wait.

    ``capacity``: how many nodes may begin now, more than there are candidates perhaps. At 0 the controller looks for no
    candidates at all, and both lists are empty.
    """

    next: list[str]
    later: list[str]
    capacity: int


class MaxUnavailableRequest(Request, frozen=True, kw_only=True):
    """``nodes``: how many the pool has, or a list. ``value``: a number, or as "30%" a percentage (default: 1)."""

    nodes: Count | list[Any]
    value: Limit | str | None = None


class MaxUnavailableReply(msgspec.Struct, frozen=True, kw_only=True):
    """``value``: how many nodes of the pool may be unavailable."""

    value: int


class OrderRequest(Request, frozen=True, kw_only=True):
    """The ``nodes`` to put in order."""

    nodes: tuple[Placed, ...]


class OrderReply(msgspec.Struct, frozen=True, kw_only=True):
    """``order``: the names, the one that comes first in front."""

    order: list[str]


def next_nodes(request: NextRequest) -> NextReply:
    """Which nodes get the target now. Raises InputError for a bad ``max_unavailable`` or a name that comes twice."""
    _distinct(request.nodes)
    limit = _scaled(request.max_unavailable, len(request.nodes), "max_unavailable")
    capacity = limit - sum(map(_unavailable, request.nodes))
    # What fails on the way to the target takes a place too: when it recovers, it goes on.
    stuck = sum(1 for each in request.nodes if each.desired == request.target and _failing(each))
    capacity -= stuck
    if capacity <= 0:
        return NextReply(next=[], later=[], capacity=0)
    candidates = [each for each in request.nodes if each.desired != request.target and each.ready is not False]
    # The controller sorts only where it has to choose.
    if capacity < len(candidates):
        candidates = _sorted(candidates)
    names = [each.name for each in candidates]
    return NextReply(next=names[:capacity], later=names[capacity:], capacity=capacity)


def max_unavailable(request: MaxUnavailableRequest) -> MaxUnavailableReply:
    """How many may be unavailable. Raises InputError where ``value`` is neither a number nor a percentage."""
    total = request.nodes if isinstance(request.nodes, int) else len(request.nodes)
    return MaxUnavailableReply(value=_scaled(request.value, total, "value"))


def order(request: OrderRequest) -> OrderReply:
    """The names in the order of an update. Raises InputError for a name that comes twice."""
    _distinct(request.nodes)
    return OrderReply(order=[each.name for each in _sorted(request.nodes)])


def _unavailable(node: Node) -> bool:
    return node.ready is False or not (_done(node) or _failing(node))


def _done(node: Node) -> bool:
    return bool(node.current) and node.current == node.desired and node.state == _DONE


def _failing(node: Node) -> bool:
    return (node.current or "") != (node.desired or "") and node.state in _FAILED


def _scaled(value: int | str | None, total: int, field: str) -> int:
    """Nothing is 1, a percentage is rounded down, and 0 is 1. Negative numbers stay: with them nothing begins."""
    if value is None:
        return 1
    if isinstance(value, str):
        share = _SHARE.fullmatch(value)
        if share is None or not -_INT64 <= int(share[1]) <= _INT64:
            raise InputError(
                f"{value[:_SHOWN]!r} is neither a number nor a percentage",
                place=Place(field=field), remedy='give it as 2 or as "30%"',
            )  # fmt: skip
        value = int(share[1]) * total // 100
    return value or 1


def _sorted(nodes: Sequence[_P]) -> list[_P]:
    return sorted(nodes, key=lambda each: (not each.zone, each.zone or "", each.created or _ZERO))


def _distinct(nodes: Sequence[Placed]) -> None:
    seen: set[str] = set()
    for at, each in enumerate(nodes):
        if each.name in seen:
            what = f"{each.name[:_SHOWN]!r} is there twice"
            raise InputError(what, place=Place(field=f"nodes[{at}].name"), remedy="give every node once")
        seen.add(each.name)


_LIMITS = (
    Rule(id="default", source=_POOL, says="without maxUnavailable one node of a pool may be unavailable"),
    Rule(id="percent", source=_PERCENT, says="a percentage is of all nodes of the pool, and rounded down"),
    Rule(id="at-least-one", source=_CONTROLLER, says="a maxUnavailable that comes to 0 is taken as 1"),
    Rule(
        id="forms", source=_PERCENT,
        says="a text has to be a whole number with % behind it: 60, 40 % and 50 percent as texts are errors",
    ),
)  # fmt: skip
_ORDER = (
    Rule(id="zone", source=_CONTROLLER, says="nodes go zone by zone, in the alphabetical order of the zones"),
    Rule(id="no-zone", source=_CONTROLLER, says="nodes without a zone come after all zones"),
    Rule(id="age", source=_CONTROLLER, says="in a zone, and among nodes without one, the oldest goes first"),
    Rule(id="as-given", source=_CONTROLLER, says="nodes of one zone and one age stay in the order of the list"),
)
_NEXT = (
    Rule(
        id="unavailable", source=_STATES,
        says="a node that is not ready is unavailable; so is one that is not done, unless its daemon failed",
    ),
    Rule(
        id="done", source=_STATES,
        says="a node is done when the current configuration is the desired one and the daemon's state is Done",
    ),
    Rule(
        id="failing", source=_STATES,
        says="Degraded or Unreconcilable on the way to another configuration does not count as unavailable: "
        "such a node may get a new target",
    ),
    Rule(
        id="capacity", source=_CONTROLLER,
        says="maxUnavailable less the unavailable nodes may begin; where that is 0 or less, none are candidates",
    ),
    Rule(
        id="failing-target", source=_CONTROLLER,
        says="every node that fails on the way to the target itself takes one place of the capacity",
    ),
    Rule(
        id="candidates", source=_CONTROLLER,
        says="candidates are the nodes whose desired configuration is not the target",
    ),
    Rule(id="not-ready", source=_READY, says="a node that is not ready is no candidate"),
    Rule(
        id="choice", source=_CONTROLLER,
        says="candidates are sorted by zone and age only where they are more than the capacity; the first ones begin",
    ),
)  # fmt: skip

KINDS: tuple[Kind, ...] = (
    Kind(
        command="rollout next", name="next-nodes", actor="OpenShift Machine Config Operator",
        says="which nodes of a machine config pool get the new configuration now, and which have to wait",
        request=NextRequest, reply=NextReply, answer=next_nodes, rules=(*_NEXT, *_ORDER, *_LIMITS),
        example={
            "target": "worker-2", "max_unavailable": "50%",
            "nodes": [
                {"name": "a", "current": "worker-2", "desired": "worker-2", "state": "Done", "zone": "z1"},
                {"name": "b", "current": "worker-1", "desired": "worker-2", "state": "Working", "zone": "z1"},
                {"name": "c", "current": "worker-1", "desired": "worker-1", "state": "Done", "zone": "z2"},
                {"name": "d", "current": "worker-1", "desired": "worker-1", "state": "Done", "zone": "z1"},
            ],
        },
    ),
    Kind(
        command="rollout next", name="max-unavailable", actor="OpenShift Machine Config Operator",
        says="how many nodes of a machine config pool may be unavailable at a time",
        request=MaxUnavailableRequest, reply=MaxUnavailableReply, answer=max_unavailable, rules=_LIMITS,
        example={"nodes": 7, "value": "30%"},
    ),
    Kind(
        command="rollout next", name="order", actor="OpenShift Machine Config Operator",
        says="in which order the nodes of a machine config pool are updated",
        request=OrderRequest, reply=OrderReply, answer=order, rules=_ORDER,
        example={
            "nodes": [
                {"name": "c", "created": "2024-01-01T00:00:00Z"},
                {"name": "b", "zone": "z2", "created": "2025-06-01T00:00:00Z"},
                {"name": "a", "zone": "z2", "created": "2024-06-01T00:00:00Z"},
                {"name": "d", "zone": "z1", "created": "2026-01-01T00:00:00Z"},
            ],
        },
    ),
)  # fmt: skip
