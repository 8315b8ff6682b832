"""The skew policy by a second, naive hand: truth tables, larger random states, upgrades and paths agree with it.

The evaluator below was written from https://kubernetes.io/releases/version-skew-policy/ and from the request and answer
of ``skew check`` in the contract of the command line, without a look at our own rules. It knows minors only, lists
every rule at every object, and goes through an upgrade state by state: each kube-apiserver, the oldest first (the
policy names no order, and where all rules hold none matters), then each other part of the control plane.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations_with_replacement, islice, product
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.cli.skew import _answer

API = "kube-apiserver"
MANAGERS = ("kube-controller-manager", "kube-scheduler", "cloud-controller-manager")
CLIENT = "kubectl"
#: Of the long tables each run asks a part that no period of five minors shares; the fuzz profile asks them all.
ALL = os.environ.get("OAKUM_PROFILE") == "fuzz"


class State(NamedTuple):
    """Minors: of the instances of each component, and of kubelet and kube-proxy (None: not there) node by node."""

    components: dict[str, list[int]]
    nodes: list[tuple[int, int | None]]


Found = tuple[str, str, str]  # component, rule, object


def naive_state(state: State) -> set[Found]:
    servers = state.components[API]
    found: set[Found] = set()
    if max(servers) - min(servers) > 1:
        found.add((API, "ha-skew", ""))
    for manager in MANAGERS:
        for at, minor in enumerate(state.components.get(manager, [])):
            for server in servers:
                if minor > server:
                    found.add((manager, "newer", f"[{at}]"))
                if minor < server - 1:
                    found.add((manager, "older", f"[{at}]"))
    for at, minor in enumerate(state.components.get(CLIENT, [])):
        for server in servers:
            if minor not in (server - 1, server, server + 1):
                found.add((CLIENT, "skew", f"[{at}]"))
    for at, (kubelet, proxy) in enumerate(state.nodes):
        for server in servers:
            found |= naive_on_node("kubelet", kubelet, server, f"n{at}")
            if proxy is not None:
                found |= naive_on_node("kube-proxy", proxy, server, f"n{at}")
        if proxy is not None and abs(proxy - kubelet) > reach(proxy):
            found.add(("kube-proxy", "kubelet-skew", f"n{at}"))
    return found


def naive_on_node(component: str, minor: int, server: int, name: str) -> set[Found]:
    if minor > server:
        return {(component, "newer", name)}
    if server - minor > reach(minor):
        return {(component, "older", name)}
    return set()


def reach(minor: int) -> int:
    return 2 if minor < 25 else 3


def naive_upgrade(state: State, target: int) -> set[Found]:
    found = naive_state(state)
    components = {name: list(minors) for name, minors in state.components.items()}
    for at, minor in sorted(enumerate(state.components[API]), key=lambda each: each[1]):
        if target > minor + 1:
            found.add((API, "skips-minor", f"[{at}]"))
        if target < minor:
            found.add((API, "downgrade", f"[{at}]"))
        components[API][at] = target
        found |= naive_state(State(components, state.nodes))
    for manager in MANAGERS:
        for at in range(len(components.get(manager, []))):
            components[manager][at] = target
            found |= naive_state(State(components, state.nodes))
    return found


def pairs(found: set[Found]) -> set[tuple[str, str]]:
    return {(component, rule) for component, rule, _ in found}


def request(state: State, form: str = "v1.{}.3") -> dict[str, Any]:
    components = {name: [form.format(minor) for minor in minors] for name, minors in state.components.items()}
    nodes: list[dict[str, str]] = []
    for at, (kubelet, proxy) in enumerate(state.nodes):
        nodes.append({"name": f"n{at}", "kubelet": form.format(kubelet)})
        if proxy is not None:
            nodes[-1]["kube-proxy"] = form.format(proxy)
    return {"components": components, "nodes": nodes}


def ask(**fields: Any) -> dict[str, Any]:
    return dict(_answer(dict(fields), "check"))


def answered(answer: dict[str, Any]) -> set[tuple[str, str]]:
    named = [(each["component"], each["rule"]) for each in answer["violations"]]
    assert len(set(named)) == len(named), "a component and rule twice"
    assert answer["allowed"] is (not named)
    return set(named)


def objects(answer: dict[str, Any]) -> set[Found]:
    """Every violation with its object; of kube-apiservers too far apart it is open which one is to be named."""
    details = [(each["component"], each["rule"], each["object"]) for each in answer.get("details", [])]
    return {(name, rule, "" if rule == "ha-skew" else object_) for name, rule, object_ in details}


# Truth tables over five minors: one period has the limit at 1.25 inside, the other has not.

PERIODS = [pytest.param(range(23, 28), id="1.23-1.27"), pytest.param(range(28, 33), id="1.28-1.32")]
OTHERS = (*MANAGERS, CLIENT)


def server_sets(minors: Sequence[int]) -> list[list[int]]:
    """A single kube-apiserver, and every pair of them."""
    return [*([minor] for minor in minors), *map(list, combinations_with_replacement(minors, 2))]


def states(minors: Sequence[int]) -> Iterator[State]:
    """Every kube-apiserver or pair of them with one other component, or with the two of one node."""
    for servers in server_sets(minors):
        yield State({API: servers}, [])
        for other, minor in product(OTHERS, minors):
            yield State({API: servers, other: [minor]}, [])
        for kubelet, proxy in product(minors, (*minors, None)):
            yield State({API: servers}, [(kubelet, proxy)])


def whole_states(minors: Sequence[int], step: int) -> Iterator[State]:
    """Every kube-apiserver or pair with every combination of all six others; of these each ``step``-th."""
    rows = product(server_sets(minors), product(minors, repeat=6))
    for servers, (*others, kubelet, proxy) in rows if ALL else islice(rows, 0, None, step):
        components = {name: [minor] for name, minor in zip(OTHERS, others, strict=True)}
        yield State({API: servers, **components}, [(kubelet, proxy)])


def agree_on_states(rows: Iterable[State]) -> int:
    """How many of the states are allowed."""
    allowed = 0
    for state in rows:
        expected = pairs(naive_state(state))
        assert answered(ask(kind="state", **request(state))) == expected, state
        allowed += not expected
    return allowed


def agree_on_upgrades(rows: Iterable[tuple[State, int]]) -> int:
    """How many of the upgrades are allowed."""
    allowed = 0
    for state, target in rows:
        expected = pairs(naive_upgrade(state, target))
        answer = ask(kind="upgrade", target=f"v1.{target}.3", **request(state))
        assert answered(answer) == expected, (state, target)
        allowed += not expected
    return allowed


@pytest.mark.parametrize("minors", PERIODS)
def test_every_pair_of_minors_is_answered_by_the_policy(minors: Sequence[int]) -> None:
    assert agree_on_states(states(minors)) > 100


@pytest.mark.parametrize("minors", PERIODS)
def test_every_combination_of_all_components_is_answered_by_the_policy(minors: Sequence[int]) -> None:
    assert agree_on_states(whole_states(minors, 127)) > 10


@pytest.mark.parametrize("minors", PERIODS)
def test_every_minor_of_every_object_has_its_own_violations(minors: Sequence[int]) -> None:
    each = list(minors)
    nodes: list[tuple[int, int | None]] = list(product(each, (*each, None)))
    for servers in server_sets(minors):
        state = State({API: servers, **dict.fromkeys(OTHERS, each)}, nodes)
        assert objects(ask(kind="state", **request(state))) == naive_state(state), servers


@pytest.mark.parametrize("minors", PERIODS)
def test_every_upgrade_of_two_minors_is_answered_by_the_policy(minors: Sequence[int]) -> None:
    every = ((state, target) for state in states(minors) for target in minors)
    assert agree_on_upgrades(every if ALL else islice(every, 0, None, 3)) > 30


@pytest.mark.parametrize("minors", PERIODS)
def test_every_upgrade_of_all_components_is_answered_by_the_policy(minors: Sequence[int]) -> None:
    agree_on_upgrades(product(whole_states(minors, 797), (minors[2], minors[3])))


@pytest.mark.parametrize("target", range(25, 29))
def test_every_upgrade_by_one_minor_is_answered_by_the_policy(target: int) -> None:
    before = target - 1
    rows = product(([before], [before, target]), product((before - 1, before), repeat=4), product((3, 2, 0), repeat=2))
    states_ = (
        State({API: servers, **{name: [minor] for name, minor in zip(OTHERS, others, strict=True)}},
              [(target - kubelet, target - proxy)])
        for servers, others, (kubelet, proxy) in rows
    )  # fmt: skip
    assert agree_on_upgrades((state, target) for state in states_) > 0


# Larger states

NEAR = st.sampled_from([0, 0, 0, -1, -1, 1, -2, -3, -4, 2])
FORMS = st.sampled_from(["v1.{}.3", "1.{}.0", "v1.{}.0-rc.1", "v1.{}.12+k3s1", "1.{}", "v1.{}.1-gke.1200"])


@st.composite
def larger(draw: st.DrawFn, clean: bool = False) -> State:
    base = draw(st.integers(21, 33))
    near = st.just(0) if clean and draw(st.booleans()) else NEAR
    minor = near.map(lambda away: base + away)
    components = {API: draw(st.lists(minor, min_size=1, max_size=5))}
    for name in draw(st.sets(st.sampled_from(OTHERS))):
        components[name] = draw(st.lists(minor, max_size=3))
    nodes = draw(st.lists(st.tuples(minor, st.none() | minor), max_size=8))
    return State(components, nodes)


@given(larger(), FORMS)
def test_a_larger_state_has_the_violations_of_the_policy_at_every_object(state: State, form: str) -> None:
    answer = ask(kind="state", **request(state, form))
    assert objects(answer) == naive_state(state)
    assert answered(answer) == pairs(naive_state(state))


@given(larger(clean=True), NEAR, FORMS, st.randoms(use_true_random=False))
def test_a_larger_upgrade_has_the_violations_of_the_policy_in_any_order(
    state: State, away: int, form: str, random: Any
) -> None:
    target = min(state.components[API]) - away
    expected = naive_upgrade(state, target)
    answer = ask(kind="upgrade", target=form.format(target), **request(state, form))
    assert objects(answer) == expected
    assert answered(answer) == pairs(expected)
    assert ("way_back" in answer) is (not expected)
    names = list(state.components)
    random.shuffle(names)
    components = {name: random.sample(state.components[name], len(state.components[name])) for name in names}
    shuffled = State(components, random.sample(state.nodes, len(state.nodes)))
    assert answered(ask(kind="upgrade", target=form.format(target), **request(shuffled, form))) == pairs(expected)


# Paths: the latest patch of each minor between, then the target.

Patch = tuple[int, int]  # minor and patch


def naive_path(
    current: Patch, target: Patch, available: list[Patch], candidates: list[Patch]
) -> list[tuple[Patch, bool]] | None:
    """The stops, and whether each is a candidate because its minor has nothing else; None where there is no way."""
    if target < current:
        return None
    if target == current:
        return []
    steps = []
    for minor in range(current[0] + 1, target[0]):
        patches = [patch for line, patch in available if line == minor]
        others = [patch for line, patch in candidates if line == minor]
        if not patches and not others:
            return None
        steps.append(((minor, max(patches or others)), not patches))
    return [*steps, (target, False)]


PATCHES = st.tuples(st.integers(27, 31), st.sampled_from([0, 1, 2, 9, 10, 11]))


@given(PATCHES, PATCHES, st.lists(PATCHES, max_size=14), st.lists(PATCHES, max_size=3), st.sampled_from(["v1", "1"]))
def test_a_path_is_the_latest_patch_of_each_minor_between(
    current: Patch, target: Patch, available: list[Patch], candidates: list[Patch], one: str
) -> None:
    if target[0] == current[0] and target < current:
        # The policy says nothing of the way back to an older patch.
        return

    def text(version: Patch) -> str:
        return f"{one}.{version[0]}.{version[1]}"

    releases = [*map(text, available), *(f"{text(each)}-rc.1" for each in candidates)]
    answer = ask(kind="path", current=text(current), target=text(target), available=releases)
    expected = naive_path(current, target, available, candidates)
    if expected is None:
        assert set(answer) == {"error"}
        return
    assert answer == {"steps": [f"{text(each)}-rc.1" if candidate else text(each) for each, candidate in expected]}


@pytest.mark.parametrize(("low", "high"), [(low, high) for low in range(26, 31) for high in range(26, 31)])
def test_every_minor_between_is_needed(low: int, high: int) -> None:
    between = list(range(low + 1, high))
    releases = [f"v1.{minor}.{patch}" for minor in between for patch in (2, 10, 9)]
    fields = {"current": f"v1.{low}.1", "target": f"v1.{high}.1"}
    whole = ask(kind="path", available=releases, **fields)
    if high < low:
        assert "older" in whole["error"]
    else:
        assert whole["steps"] == [f"v1.{minor}.10" for minor in between] + [f"v1.{high}.1"] * (high > low)
    for missing in between:
        without = [each for each in releases if not each.startswith(f"v1.{missing}.")]
        assert f"1.{missing}" in ask(kind="path", available=without, **fields)["error"]
