"""Paths: every state on them is allowed, they are as short as a search finds, and a refusal is minimal and curable."""

from __future__ import annotations

import time
from collections import deque

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.changes.skew.test_skew_table import forbidden, names, state

from oakum.changes.skew import (
    Missing,
    Path,
    Release,
    State,
    WhyNot,
    check,
    find_path,
    find_route,
    parse_release,
    walk,
)
from oakum.changes.skew.answers import routed
from oakum.changes.skew.release import line

Versions = dict[str, tuple[int, ...]]


def release(minor: int) -> Release:
    return parse_release(f"v1.{minor}.3")


def after(start: State, path: Path) -> list[State]:
    """Every state of a path, the start included."""
    states = [start]
    for step in path.steps:
        states.append(states[-1].moved({step.instance.key: step.to}))
    return states


def shortest(start: State, target: int) -> int | None:
    """Steps of the shortest way by breadth-first search; one instance a step, an API server one minor at a time."""
    shape = [(one.component, one.node) for one in start.instances]

    def allowed(minors: tuple[int, ...]) -> bool:
        parts: dict[str, list[int]] = {}
        nodes: dict[str, dict[str, int]] = {}
        for (component, node), minor in zip(shape, minors, strict=True):
            if node:
                nodes.setdefault(node, {})[component] = minor
            else:
                parts.setdefault(component, []).append(minor)
        return not forbidden(parts, [(each["kubelet"], each.get("kube-proxy")) for each in nodes.values()])

    first = tuple(one.release.minor for one in start.instances)
    seen = {first}
    queue = deque([(first, 0)])
    while queue:
        minors, steps = queue.popleft()
        if all(each >= target for each in minors):
            return steps
        for at, (component, _) in enumerate(shape):
            furthest = minors[at] + 1 if component == "kube-apiserver" else target
            for minor in range(minors[at] + 1, min(furthest, target) + 1):
                following = (*minors[:at], minor, *minors[at + 1 :])
                if following not in seen and allowed(following):
                    seen.add(following)
                    queue.append((following, steps + 1))
    return None


@st.composite
def allowed_states(draw: st.DrawFn, *, most: int = 3) -> State:
    """Clusters of any size that the policy allows."""
    newest = draw(st.integers(26, 31))
    servers = draw(st.lists(st.integers(newest - 1, newest), min_size=1, max_size=most))
    oldest, newest = min(servers), max(servers)
    parts: Versions = {"kube-apiserver": tuple(servers)}
    for name in ("kube-controller-manager", "kube-scheduler", "cloud-controller-manager"):
        parts[name] = tuple(draw(st.lists(st.integers(newest - 1, oldest), max_size=most - 1)))
    parts["kubectl"] = tuple(draw(st.lists(st.integers(newest - 1, oldest + 1), max_size=1)))
    low = max(newest - 3, min(25, newest - 2))
    of_node = st.integers(low, oldest)
    nodes = draw(st.lists(st.tuples(of_node, st.none() | of_node), max_size=most))
    found = state(parts, nodes)
    assert not check(found)
    return found


@given(allowed_states(), st.integers(0, 6))
def test_every_state_on_the_way_and_on_the_way_back_is_allowed(start: State, ahead: int) -> None:
    target = release(max(one.release.minor for one in start.of("kube-apiserver")) + ahead)
    path = find_path(start, target)
    assert isinstance(path, Path)
    states = after(start, path)
    for each in states:
        assert check(each) == ()
    assert all(one.release.minor >= target.minor for one in states[-1].instances)
    for step in path.steps:
        if step.instance.component == "kube-apiserver":
            assert step.to.minor - step.instance.release.minor in (0, 1)
        assert step.to.minor >= step.instance.release.minor


@given(allowed_states(most=2), st.integers(0, 4))
def test_no_search_finds_a_shorter_way(start: State, ahead: int) -> None:
    target = max(one.release.minor for one in start.of("kube-apiserver")) + ahead
    assume(len(start.instances) <= 6)
    path = find_path(start, release(target))
    assert isinstance(path, Path)
    assert len(path.steps) == shortest(start, target)


def test_kubelets_move_only_as_often_as_they_must() -> None:
    start = state({"kube-apiserver": (28, 28, 28), "kube-scheduler": (28,)}, [(28, 28), (26, 26)])
    path = find_path(start, release(34))
    assert isinstance(path, Path)
    hops = {
        node: [
            (step.instance.release.minor, step.to.minor)
            for step in path.steps
            if step.instance.key == ("kubelet", node)
        ]
        for node in ("n0", "n1")
    }
    assert hops == {"n0": [(28, 31), (31, 34)], "n1": [(26, 29), (29, 32), (32, 34)]}


def test_a_kubelet_that_lags_by_three_goes_first() -> None:
    path = find_path(state({"kube-apiserver": (31,)}, [(28, None)]), release(32))
    assert isinstance(path, Path)
    assert [(step.instance.component, step.to.text) for step in path.steps] == [
        ("kubelet", "v1.31.3"),
        ("kube-apiserver", "v1.32.3"),
        ("kubelet", "v1.32.3"),
    ]


def test_the_order_of_one_minor_is_that_of_the_policy() -> None:
    parts = dict.fromkeys(("kubectl", "kube-scheduler", "kube-controller-manager", "kube-apiserver"), (30,))
    path = find_path(state(parts, [(30, 30)]), release(31))
    assert isinstance(path, Path)
    assert [step.instance.component for step in path.steps] == [
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
        "kubectl",
    ]


def test_a_patch_moves_everything_once_and_lowers_nothing() -> None:
    start = state({"kube-apiserver": (30, 30), "kube-scheduler": (30,)}, [(29, None)])
    earlier = find_path(start, parse_release("v1.30.2"))
    assert isinstance(earlier, Path)
    assert [(step.instance.component, step.to.text) for step in earlier.steps] == [("kubelet", "v1.30.2")]
    path = find_path(start, parse_release("v1.30.5"))
    assert isinstance(path, Path)
    assert [step.to.text for step in path.steps] == ["v1.30.5"] * 4


def test_trap_08_the_way_back_of_the_api_server_ends_where_a_kubelet_has_moved() -> None:
    start = state({"kube-apiserver": (29,)}, [(29, None)])
    path = find_path(start, release(30))
    assert isinstance(path, Path)
    done = after(start, path)[-1]
    assert names(done.moved({("kube-apiserver", "0"): release(29)})) == {("kubelet", "newer")}


def test_trap_08_the_oldest_api_server_bounds_nodes_while_the_others_are_ahead() -> None:
    assert names(state({"kube-apiserver": (30, 30, 29)}, [(30, 30)])) == {
        ("kubelet", "newer"),
        ("kube-proxy", "newer"),
    }


# Why there is no path


@pytest.mark.parametrize(("servers", "least"), [((31, 30), 31), ((31, 32, 31), 32)])
def test_an_api_server_is_not_brought_back(servers: tuple[int, ...], least: int) -> None:
    answer = find_path(state({"kube-apiserver": servers}), release(30))
    assert isinstance(answer, WhyNot)
    (reason,) = answer.reasons
    assert reason.rule.id == "kube-apiserver/downgrade"
    assert reason.remedy.text == f"choose a target of 1.{least} or newer"


def test_each_missing_minor_is_a_reason() -> None:
    available = [parse_release(text) for text in ("1.29.1", "1.31.0-rc.1", "1.32.0")]
    answer = find_path(state({"kube-apiserver": (28,)}), release(32), available)
    assert isinstance(answer, WhyNot)
    assert [reason.remedy.text for reason in answer.reasons] == [
        "make a release of 1.30 available",
        "make a release of 1.31 available",
    ]


minor = st.integers(23, 33)


@given(
    st.lists(minor, min_size=1, max_size=3),
    st.lists(minor, max_size=2),
    st.lists(minor, max_size=1),
    st.lists(st.tuples(minor, st.none() | minor), max_size=3),
)
def test_a_refusal_is_minimal_and_its_remedies_give_a_path(
    servers: list[int], controllers: list[int], kubectl: list[int], nodes: list[tuple[int, int | None]]
) -> None:
    parts = {
        "kube-apiserver": tuple(servers),
        "kube-controller-manager": tuple(controllers),
        "kubectl": tuple(kubectl),
    }
    start = state(parts, nodes)
    target = release(max(servers) + 1)
    answer = find_path(start, target)
    if isinstance(answer, Path):
        assert not check(start)
        return
    assert answer.reasons

    def mended(left_out: int | None) -> State:
        result = start
        for at, reason in enumerate(answer.reasons):
            if at != left_out:
                assert reason.remedy.moves
                result = result.moved({move.instance.key: release(move.minor) for move in reason.remedy.moves})
        return result

    assert isinstance(find_path(mended(None), target), Path)
    for at in range(len(answer.reasons)):
        assert isinstance(find_path(mended(at), target), WhyNot)
    for reason in answer.reasons:
        for move in reason.remedy.moves:
            if move.instance.component == "kube-apiserver":
                assert move.minor > move.instance.release.minor, "no remedy lowers an API server"


def test_one_reason_for_all_that_waits_for_an_api_server() -> None:
    answer = find_path(
        state({"kube-apiserver": (32, 30), "kube-scheduler": (32,)}, [(32, 32), (28, None)]), release(33)
    )
    assert isinstance(answer, WhyNot)
    assert [reason.remedy.text for reason in answer.reasons] == [
        "upgrade kube-apiserver 1 from 1.30 to 1.32",
        "upgrade kubelet n1 from 1.28 to 1.29",
    ]


def test_a_kubelet_far_behind_its_kube_proxy_is_brought_no_further_than_the_api_servers_ask_for() -> None:
    answer = find_path(state({"kube-apiserver": (31, 30)}, [(27, 31)]), release(32))
    assert isinstance(answer, WhyNot)
    assert [(reason.rule.id, reason.remedy.text) for reason in answer.reasons] == [
        ("kube-proxy/newer", "upgrade kube-apiserver 1 from 1.30 to 1.31"),
        ("kubelet/older", "upgrade kubelet n0 from 1.27 to 1.28"),
    ]


def test_five_thousand_nodes_are_planned_or_refused_at_once() -> None:
    parts = {"kube-apiserver": (28, 28, 28)}
    started = time.process_time()
    path = find_path(state(parts, [(25 + each % 4, 28) for each in range(5_000)]), release(35))
    refused = find_path(state(parts, [(20, 28)] * 5_000), release(35))
    assert time.process_time() - started < 5
    assert isinstance(path, Path)
    assert isinstance(refused, WhyNot)
    assert len(refused.reasons) == 5_000


# Routes


def test_a_route_takes_the_latest_patch_of_every_minor_between() -> None:
    available = [parse_release(text) for text in ("v1.28.2", "v1.28.15", "v1.28.9", "v1.29.10", "v1.29.9", "v1.30.4")]
    found = find_route(parse_release("v1.27.1"), parse_release("v1.30.2"), available)
    assert not isinstance(found, Missing)
    assert [each.text for each in found] == ["v1.28.15", "v1.29.10", "v1.30.2"]


@given(st.integers(10, 40), st.integers(0, 12), st.integers(0, 9), st.integers(0, 9), st.sets(st.integers(10, 55)))
def test_routes_against_counting(first: int, ahead: int, patch: int, last: int, minors: set[int]) -> None:
    current, target = parse_release(f"1.{first}.{patch}"), parse_release(f"1.{first + ahead}.{last}")
    available = [parse_release(f"1.{each}.{number}") for each in sorted(minors) for number in (2, 10, 9)]
    found = find_route(current, target, available)
    between = list(range(first + 1, first + ahead))
    absent = [each for each in between if each not in minors]
    if absent:
        assert isinstance(found, Missing)
        assert list(found.minors) == absent
        assert all(line(each) in found.why for each in absent)
        return
    assert not isinstance(found, Missing)
    moves = ahead > 0 or last > patch
    assert [each.text for each in found] == [f"1.{each}.10" for each in between] + [target.text] * moves


def test_no_route_leads_back() -> None:
    assert isinstance(find_route(parse_release("1.30.0"), parse_release("1.29.9")), Missing)


def test_a_pre_release_is_a_stop_only_where_its_minor_has_nothing_else() -> None:
    available = [
        parse_release(f"v1.{each}") for each in ("28.0-rc.2", "28.0-rc.10", "29.0", "29.1-rc.0", "28.0-beta.3")
    ]
    assert isinstance(find_route(parse_release("v1.27.1"), parse_release("v1.30.0"), available), Missing)
    found = find_route(parse_release("v1.27.1"), parse_release("v1.30.0"), available, candidates=True)
    assert not isinstance(found, Missing)
    assert [each.text for each in found] == ["v1.28.0-rc.10", "v1.29.0", "v1.30.0"]


@pytest.mark.parametrize(("target", "answer"), [("v1.28.1", "error"), ("v1.28.4-rc.0", "error"), ("1.28", "steps"),
                                                ("v1.28.4", "steps"), ("v1.28.5", "steps")])  # fmt: skip
def test_an_older_patch_is_no_way_and_a_whole_line_is_reached(target: str, answer: str) -> None:
    assert list(routed(parse_release("v1.28.4"), parse_release(target), None)) == [answer]


def test_who_asks_for_the_stops_of_versions_gets_a_pre_release_where_there_is_nothing_else() -> None:
    available = [parse_release("v1.28.0-rc.1"), parse_release("v1.29.2")]
    found = routed(parse_release("v1.27.1"), parse_release("v1.29.2"), available)
    assert found == {"steps": ["v1.28.0-rc.1", "v1.29.2"]}


# Upgrades of the control plane


def test_an_upgrade_is_walked_server_by_server_then_the_rest() -> None:
    parts = {"kube-apiserver": (30, 29), "kube-scheduler": (29,), "kubectl": (29,)}
    stages = walk(state(parts, [(27, 27)]), release(30))
    assert [str(stage.moved) for stage in stages] == [
        "None",
        "kube-apiserver 1",
        "kube-apiserver 0",
        "kube-scheduler 0",
    ]
    assert not any(stage.violations for stage in stages)


@pytest.mark.parametrize(
    ("parts", "kubelet", "target", "broken"),
    [
        ({"kube-apiserver": (29,)}, 27, 30, set()),
        ({"kube-apiserver": (29,)}, 26, 30, {"kubelet/older"}),
        ({"kube-apiserver": (29,)}, 29, 31, {"kube-apiserver/skips-minor"}),
        ({"kube-apiserver": (29, 29)}, 29, 31, {"kube-apiserver/skips-minor", "kube-apiserver/ha-skew"}),
        ({"kube-apiserver": (30,)}, 30, 29, {"kube-apiserver/downgrade", "kubelet/newer"}),
        ({"kube-apiserver": (30,)}, 29, 29, {"kube-apiserver/downgrade"}),
        ({"kube-apiserver": (30,), "kube-scheduler": (29,)}, 29, 31, {"kube-scheduler/older"}),
        ({"kube-apiserver": (30,), "kubectl": (29,)}, 29, 31, {"kubectl/skew"}),
        ({"kube-apiserver": (30,), "kubectl": (31,)}, 29, 31, set()),
    ],
)
def test_an_upgrade_breaks_what_any_state_on_its_way_breaks(
    parts: Versions, kubelet: int, target: int, broken: set[str]
) -> None:
    stages = walk(state(parts, [(kubelet, None)]), release(target))
    assert {each.rule.id for stage in stages for each in stage.violations} == broken


def test_an_upgrade_from_a_forbidden_state_says_so() -> None:
    """A scheduler that is newer than the present API server fails the policy's prerequisites, though not its end."""
    first, *_, last = walk(state({"kube-apiserver": (29,), "kube-scheduler": (30,)}), release(30))
    assert [each.rule.id for each in first.violations] == ["kube-scheduler/newer"]
    assert not last.violations
