"""Machine config pools: tables from the controller's tests and rules, and a naive evaluator beside.

Sources: node_controller_test.go, node_controller.go and layered_node_state.go of
github.com/openshift/machine-config-operator, and its pull request 4475; intstr.go of apimachinery.
"""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.actors.nodes import KINDS
from oakum.actors.requests import read
from oakum.errors import OakumError

BY_NAME = {kind.name: kind for kind in KINDS}
STATES = ["Done", "Working", "Degraded", "Unreconcilable", "Rebooting", "", None]


def asked(kind: str, request: dict[str, Any]) -> dict[str, Any]:
    reply: dict[str, Any] = msgspec.to_builtins(BY_NAME[kind].answer(read(request, BY_NAME[kind].request)))
    return reply


def node(current: str, desired: str, ready: bool = True, state: str | None = None, **more: Any) -> dict[str, Any]:
    """As the helper of the controller's tests: Done where the two are the same, else Working."""
    state = state or ("Done" if current == desired else "Working")
    return {"current": current, "desired": desired, "ready": ready, "state": state, **more}


def numbered(*nodes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": f"node-{at}", **each} for at, each in enumerate(nodes)]


NEW, OLD, AWAY = node("v1", "v1"), node("v0", "v0"), node("v1", "v1", ready=False)
GOING = node("v0", "v1")
# limit, nodes, next, later, capacity
NEXT: list[tuple[Any, list[dict[str, Any]], list[int], list[int], int]] = [
    # the table of the controller's own tests
    (1, [NEW, NEW, NEW], [], [], 1),
    (1, [NEW, NEW, AWAY], [], [], 0),
    (1, [NEW, AWAY, GOING], [], [], 0),
    (3, [NEW, AWAY, GOING, OLD, OLD], [3], [4], 1),
    (1, [NEW, NEW, GOING, OLD, OLD], [], [], 0),
    (1, [NEW, node("v0.1", "v0.2", state="Degraded"), OLD], [1], [2], 1),
    (1, [NEW, node("v1", "v1", state="Degraded"), OLD], [], [], 0),
    (1, [NEW, NEW, node("v1", "v2", state="Degraded"), NEW], [2], [], 1),
    (1, [NEW, node("v1", "v2", state="Done"), NEW], [], [], 0),
    (4, [NEW, AWAY, GOING, OLD, OLD, OLD, OLD, NEW, NEW], [3, 4], [5, 6], 2),
    # what is not ready takes a place, and is no candidate
    (2, [node("v0", "v0", ready=False), OLD, OLD], [1], [2], 1),
    (2, [node("v0", "v0", ready=False)], [], [], 1),
    (3, [node("v0.1", "v0.2", ready=False, state="Degraded"), OLD], [1], [], 2),
    # failing on the way to the target takes a place, and two where it is not ready either
    (1, [node("v0", "v1", state="Degraded"), OLD], [], [], 0),
    (2, [node("v0", "v1", state="Unreconcilable"), OLD, OLD], [1], [2], 1),
    (2, [node("v0", "v1", ready=False, state="Degraded"), OLD, OLD], [], [], 0),
    (3, [node("v0", "v1", ready=False, state="Degraded"), OLD, OLD], [1], [2], 1),
    # other states count as on the way
    (2, [node("v0", "v1", state="Rebooting"), OLD, OLD], [1], [2], 1),
    (2, [node("v1", "v1", state="Rebooting"), OLD, OLD], [1], [2], 1),
    (2, [{"current": "v1", "desired": "v1"}, OLD, OLD], [1], [2], 1),
    (2, [{"current": "v1", "desired": "v1", "state": ""}, OLD, OLD], [1], [2], 1),
    # a node of which nothing is known yet: unavailable, and a candidate
    (1, [{}], [], [], 0),
    (2, [{}, OLD], [0], [1], 1),
    (2, [{"state": "Done", "current": "", "desired": ""}, OLD], [0], [1], 1),
    (2, [{"state": "Degraded", "current": "v0"}, OLD], [0, 1], [], 2),
    # where one has to choose: by zone, without zone last, then by age
    (1, [OLD | {"zone": "b"}, OLD | {"zone": "a"}, OLD], [1], [0, 2], 1),
    (2, [OLD, OLD | {"zone": ""}, OLD | {"zone": "z"}], [2, 0], [1], 2),
    (3, [OLD, OLD | {"zone": "b"}, OLD | {"zone": "a"}], [0, 1, 2], [], 3),
    (1, [OLD | {"created": "2025-01-01T00:00:00Z"}, OLD | {"created": "2024-01-01T00:00:00Z"}], [1], [0], 1),
    # forms of the limit
    (None, [OLD, OLD], [0], [1], 1),
    ("50%", [OLD, OLD, OLD, OLD, OLD], [0, 1], [2, 3, 4], 2),
    ("30%", [OLD, OLD, OLD], [0], [1, 2], 1),
    ("0%", [OLD, OLD], [0], [1], 1),
    (0, [OLD, OLD], [0], [1], 1),
    (10, [OLD, OLD], [0, 1], [], 10),
    (-1, [OLD, OLD], [], [], 0),
    (1, [], [], [], 1),
]
LIMITS = [
    (4, None, 1), (4, 2, 2), (4, 0, 1), (4, "50%", 2), (4, "60%", 2), (4, "0%", 1), (4, "24%", 1), (4, "25%", 1),
    (4, "100%", 4), (4, "200%", 8), (0, "50%", 1), (0, 5, 5), (3, "33%", 1), (3, "34%", 1), (3, "66%", 1),
    (3, "67%", 2), (10, "10%", 1), (19, "10%", 1), (20, "10%", 2), (7, "30%", 2), (100, "1%", 1), (199, "1%", 1),
    (200, "1%", 2),
    (4, "+50%", 2), (4, "050%", 2), (4, -1, -1), (4, "-10%", -1), (["a", {"name": "b"}, 3], "70%", 2), ([], 3, 3),
]  # fmt: skip
BAD = [
    "50 percent", "60", "40 %", "", "%", "50%%", " 50%", "50% ", "1.5%", "a%", "9" * 20 + "%", "\u0665%", "0x1%",
]  # fmt: skip
TIME = ["2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]
# zone and creation of each node, the order
ORDERS: list[tuple[list[tuple[str | None, str | None]], list[int]]] = [
    ([("ZZZ", TIME[0]), ("RRR", TIME[1]), (None, TIME[1]), ("RRR", TIME[0]), (None, TIME[2]), (None, TIME[0]),
      ("QQQ", TIME[2])], [6, 3, 1, 0, 5, 2, 4]),
    ([], []),
    ([(None, None)], [0]),
    ([("a", TIME[1]), ("a", TIME[0])], [1, 0]),
    ([("a", TIME[0]), ("a", TIME[0])], [0, 1]),
    ([("a", TIME[0]), ("a", None)], [1, 0]),
    ([(None, TIME[0]), (None, None), ("a", TIME[2])], [2, 1, 0]),
    ([("", TIME[0]), ("a", TIME[2])], [1, 0]),
    ([("b", None), ("B", None), ("10", None), ("9", None)], [2, 3, 1, 0]),
    ([("a", "2024-01-01T02:00:00+02:00"), ("a", "2023-12-31T23:59:59Z")], [1, 0]),
    ([("a", "2024-01-01T00:00:00.2Z"), ("a", "2024-01-01T00:00:00.1Z")], [1, 0]),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "nodes", "now", "later", "capacity"), NEXT)
def test_these_nodes_begin_and_those_wait(
    limit: Any, nodes: list[dict[str, Any]], now: list[int], later: list[int], capacity: int
) -> None:
    reply = asked("next-nodes", {"nodes": numbered(*nodes), "target": "v1", "max_unavailable": limit})
    assert reply == {
        "next": [f"node-{at}" for at in now], "later": [f"node-{at}" for at in later], "capacity": capacity
    }  # fmt: skip


@pytest.mark.parametrize(("nodes", "value", "expected"), LIMITS)
def test_so_many_may_be_unavailable(nodes: Any, value: Any, expected: int) -> None:
    assert asked("max-unavailable", {"nodes": nodes, "value": value}) == {"value": expected}


@pytest.mark.parametrize("value", [*BAD, 1.5, True, [], 2**31])
def test_other_forms_of_the_limit_are_errors(value: Any) -> None:
    for kind, request, field in (
        ("max-unavailable", {"nodes": 4, "value": value}, "value"),
        ("next-nodes", {"nodes": [], "target": "v1", "max_unavailable": value}, "max_unavailable"),
    ):
        with pytest.raises(OakumError) as error:
            asked(kind, request)
        assert str(error.value.place) == field


@pytest.mark.parametrize(("nodes", "expected"), ORDERS)
def test_the_order_is_by_zone_and_age(nodes: list[tuple[str | None, str | None]], expected: list[int]) -> None:
    request = numbered(*({"zone": zone, "created": created} for zone, created in nodes))
    assert asked("order", {"nodes": request}) == {"order": [f"node-{at}" for at in expected]}


def test_what_is_unknown_or_double_is_named() -> None:
    for kind, request, field in (
        ("next-nodes", {"nodes": numbered(NEW | {"state": "done"}), "target": "v1"}, "nodes[0].state"),
        ("next-nodes", {"nodes": numbered(NEW | {"image": "x"}), "target": "v1"}, "nodes[0].image"),
        ("next-nodes", {"nodes": [], "target": ""}, "target"),
        ("next-nodes", {"nodes": []}, ""),
        ("next-nodes", {"nodes": [{"name": "a"}, {"name": "a"}], "target": "v1"}, "nodes[1].name"),
        ("order", {"nodes": [{"name": "a"}, {"name": "a"}]}, "nodes[1].name"),
        ("order", {"nodes": [{"name": "a", "created": "yesterday"}]}, "nodes[0].created"),
        ("max-unavailable", {"value": 1}, ""),
    ):
        with pytest.raises(OakumError) as error:
            asked(kind, request)
        assert str(error.value.place) == field


CONFIGS = st.sampled_from(["v0", "v1", "v2", "", None])
NODES = st.lists(
    st.fixed_dictionaries({
        "current": CONFIGS, "desired": CONFIGS, "ready": st.sampled_from([True, True, True, False, None]),
        "state": st.sampled_from(STATES), "zone": st.sampled_from(["a", "b", "", None]),
    }),
    max_size=9,
)  # fmt: skip


def classified(each: dict[str, Any]) -> tuple[bool, bool, bool]:
    """Takes a place by itself, takes one as a failure of the target, is a candidate: by cases."""
    current, desired = each["current"] or "", each["desired"] or ""
    ready, state = each["ready"] is not False, each["state"] or ""
    if current != desired and state in {"Degraded", "Unreconcilable"}:
        place = not ready
        failure = desired == "v1"
    else:
        place = not (ready and current == desired != "" and state == "Done")
        failure = False
    return place, failure, ready and desired != "v1"


@given(NODES, st.integers(-1, 6), st.booleans())
def test_the_answer_is_that_of_a_naive_evaluator(nodes: list[dict[str, Any]], limit: int, percent: bool) -> None:
    at_most = max(1, len(nodes) * limit // 10) if percent and limit >= 0 else 1 if limit == 0 else limit
    kinds = [classified(each) for each in nodes]
    capacity = max(0, at_most - sum(place + failure for place, failure, _ in kinds))
    candidates = [at for at, (_, _, candidate) in enumerate(kinds) if candidate] if capacity else []
    if len(candidates) > capacity:
        by_zone = [[at for at in candidates if (nodes[at]["zone"] or "") == zone] for zone in ("a", "b", "")]
        candidates = list(itertools.chain.from_iterable(by_zone))
    value = f"{limit * 10}%" if percent and limit >= 0 else limit
    reply = asked("next-nodes", {"nodes": numbered(*nodes), "target": "v1", "max_unavailable": value})
    names = [f"node-{at}" for at in candidates]
    assert reply == {"next": names[:capacity], "later": names[capacity:], "capacity": capacity}


@given(st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.integers(0, 5)), max_size=8))
def test_no_node_comes_before_one_that_upstreams_comparison_puts_in_front(nodes: list[tuple[str | None, int]]) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    request = numbered(*({"zone": zone, "created": (start + timedelta(hours=age)).isoformat()} for zone, age in nodes))
    order = [int(name.removeprefix("node-")) for name in asked("order", {"nodes": request})["order"]]
    assert sorted(order) == list(range(len(nodes)))
    for before, after in itertools.pairwise(order):
        (zone, age), (next_zone, next_age) = nodes[before], nodes[after]
        if zone == next_zone:
            assert (age, before) < (next_age, after)
        else:
            assert next_zone is None or (zone is not None and zone < next_zone)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
    | st.sampled_from(["v1", "30%", "Done", "a", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
ANY_NODE = st.fixed_dictionaries(
    {"name": st.text(min_size=1, max_size=3)},
    optional=dict.fromkeys(("current", "desired", "ready", "state", "zone", "created"), JSON),
)
ANY = st.fixed_dictionaries(
    {"nodes": st.lists(ANY_NODE, max_size=3) | JSON},
    optional=dict.fromkeys(("target", "max_unavailable", "value", "x"), JSON),
)


@given(st.sampled_from(sorted(BY_NAME)), ANY)
def test_anything_gets_an_answer_or_an_error(kind: str, request_: dict[str, Any]) -> None:
    known = {field.encode_name for field in msgspec.structs.fields(BY_NAME[kind].request)} | {"x"}
    try:
        asked(kind, {key: value for key, value in request_.items() if key in known})
    except OakumError as error:
        assert error.what


def test_the_examples_are_answered_and_every_rule_has_its_source() -> None:
    assert asked("next-nodes", BY_NAME["next-nodes"].example) == {"next": ["d"], "later": ["c"], "capacity": 1}
    assert asked("max-unavailable", BY_NAME["max-unavailable"].example) == {"value": 2}
    assert asked("order", BY_NAME["order"].example) == {"order": ["d", "a", "b", "c"]}
    for kind in KINDS:
        assert len({rule.id for rule in kind.rules}) == len(kind.rules)
        assert all(rule.source.startswith("https://") for rule in kind.rules)
