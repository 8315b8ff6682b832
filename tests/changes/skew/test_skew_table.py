"""The check against a second reading of the policy: every combination of five minors and the components.

``forbidden`` was written from kubernetes.io/releases/version-skew-policy alone. It looks at pairs, one API server at a
time, where the program looks at ranges.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.skew import RULES, Instance, State, check, parse_release
from oakum.errors import NotAssessableError

CONTROLLERS = ("kube-controller-manager", "kube-scheduler", "cloud-controller-manager")
Broken = set[tuple[str, str]]


def state(
    components: Mapping[str, Sequence[int]], nodes: Iterable[tuple[int, int | None]] = (), *, form: str = "v1.{}.3"
) -> State:
    """A state of minors; each node is its kubelet and its kube-proxy."""

    def one(component: str, name: str, minor: int, node: str = "") -> Instance:
        return Instance(component, name, parse_release(form.format(minor)), node)

    found = [one(name, str(at), minor) for name, each in components.items() for at, minor in enumerate(each)]
    for at, (kubelet, proxy) in enumerate(nodes):
        found.append(one("kubelet", f"n{at}", kubelet, f"n{at}"))
        if proxy is not None:
            found.append(one("kube-proxy", f"n{at}", proxy, f"n{at}"))
    return State(tuple(found))


def forbidden(components: Mapping[str, Sequence[int]], nodes: Iterable[tuple[int, int | None]]) -> Broken:
    """The same, naively."""
    broken: Broken = set()
    servers = components["kube-apiserver"]
    for one, other in itertools.combinations(servers, 2):
        if abs(one - other) > 1:
            broken.add(("kube-apiserver", "ha-skew"))
    for server in servers:
        for name in CONTROLLERS:
            for minor in components.get(name, ()):
                if minor > server:
                    broken.add((name, "newer"))
                if server - minor > 1:
                    broken.add((name, "older"))
        for minor in components.get("kubectl", ()):
            if minor - server > 1 or server - minor > 1:
                broken.add(("kubectl", "skew"))
        for kubelet, proxy in nodes:
            for name, part in (("kubelet", kubelet), ("kube-proxy", proxy)):
                if part is not None and part > server:
                    broken.add((name, "newer"))
                if part is not None and server - part > (2 if part < 25 else 3):
                    broken.add((name, "older"))
    for kubelet, proxy in nodes:
        if proxy is not None and abs(proxy - kubelet) > (2 if proxy < 25 else 3):
            broken.add(("kube-proxy", "kubelet-skew"))
    return broken


def names(of: State) -> Broken:
    return {(each.component, each.rule.name) for each in check(of)}


@pytest.mark.parametrize("first", [23, 25, 28])
def test_all_combinations_of_five_minors(first: int) -> None:
    """Around the release that widened the range, and after it: two API servers by a node, and by each other part."""
    minors = range(first, first + 5)
    nodes = list(itertools.product(minors, (*minors, None)))
    for servers in itertools.product(minors, repeat=2):
        for node in nodes:
            parts = {"kube-apiserver": servers}
            assert names(state(parts, [node])) == forbidden(parts, [node])
        for name, minor in itertools.product((*CONTROLLERS, "kubectl"), minors):
            parts = {"kube-apiserver": servers, name: (minor,)}
            assert names(state(parts)) == forbidden(parts, [])


minor = st.integers(22, 34)
many = st.lists(minor, max_size=3).map(tuple)
clusters = st.tuples(
    st.fixed_dictionaries(
        {"kube-apiserver": st.lists(minor, min_size=1, max_size=3).map(tuple)},
        optional=dict.fromkeys((*CONTROLLERS, "kubectl"), many),
    ),
    st.lists(st.tuples(minor, st.none() | minor), max_size=4),
)


@given(clusters, st.sampled_from(["1.{}", "v1.{}.0", "v1.{}.7-eks-ae9a62a", "1.{}.3+k3s1", "v1.{}.0-rc.1"]))
def test_random_clusters_in_any_spelling(
    cluster: tuple[dict[str, tuple[int, ...]], list[tuple[int, int | None]]], form: str
) -> None:
    assert names(state(*cluster, form=form)) == forbidden(*cluster)


@given(clusters, st.data())
def test_the_order_of_instances_changes_nothing(
    cluster: tuple[dict[str, tuple[int, ...]], list[tuple[int, int | None]]], data: st.DataObject
) -> None:
    one = state(*cluster)
    shuffled = data.draw(st.permutations(one.instances))
    assert names(State(tuple(shuffled))) == names(one)


@pytest.mark.parametrize(
    ("parts", "nodes", "broken"),
    [
        # Each row is an example of the policy's page, with 1.32 as the current version.
        ({"kube-apiserver": (32, 31)}, (), ()),
        ({"kube-apiserver": (32, 30)}, (), ["kube-apiserver/ha-skew"]),
        ({"kube-apiserver": (32,)}, ((32, None), (31, None), (30, None), (29, None)), ()),
        ({"kube-apiserver": (32,)}, ((28, None),), ["kubelet/older"]),
        ({"kube-apiserver": (32, 31)}, ((31, None), (30, None), (29, None)), ()),
        ({"kube-apiserver": (32, 31)}, ((32, None),), ["kubelet/newer"]),
        ({"kube-apiserver": (27,)}, ((25, None),), ()),
        ({"kube-apiserver": (27,)}, ((24, None),), ["kubelet/older"]),
        ({"kube-apiserver": (28,)}, ((25, None),), ()),
        ({"kube-apiserver": (32,)}, ((32, 29), (29, 32)), ()),
        ({"kube-apiserver": (32, 31)}, ((31, 32),), ["kube-proxy/newer"]),
        ({"kube-apiserver": (32,), "kube-scheduler": (31,), "kube-controller-manager": (32,)}, (), ()),
        ({"kube-apiserver": (32, 31), "cloud-controller-manager": (32,)}, (), ["cloud-controller-manager/newer"]),
        ({"kube-apiserver": (32, 31), "cloud-controller-manager": (31,)}, (), ()),
        ({"kube-apiserver": (32,), "kubectl": (33, 32, 31)}, (), ()),
        ({"kube-apiserver": (32, 31), "kubectl": (33,)}, (), ["kubectl/skew"]),
        ({"kube-apiserver": (32, 31), "kubectl": (30,)}, (), ["kubectl/skew"]),
    ],
)
def test_the_examples_of_the_policy(
    parts: dict[str, tuple[int, ...]], nodes: tuple[tuple[int, int | None], ...], broken: Sequence[str]
) -> None:
    assert sorted({each.rule.id for each in check(state(parts, nodes))}) == sorted(broken)


def test_a_component_may_be_too_new_for_one_server_and_too_old_for_another() -> None:
    found = names(state({"kube-apiserver": (32, 29), "kube-scheduler": (30,)}))
    assert {("kube-scheduler", "newer"), ("kube-scheduler", "older")} <= found


def test_a_kubectl_that_is_wrong_for_two_servers_breaks_its_one_rule_once() -> None:
    found = check(state({"kube-apiserver": (33, 29), "kubectl": (31,)}))
    assert [each.rule.id for each in found] == ["kube-apiserver/ha-skew", "kubectl/skew"]


def test_a_kube_proxy_is_held_against_the_kubelet_of_its_own_node_only() -> None:
    """Of the first two nobody says on which node they run, so nothing tells whether they stand beside each other."""
    found = check(state({"kube-apiserver": (32,), "kubelet": (32,), "kube-proxy": (28,)}, [(32, 28)]))
    apart = [each.instance for each in found if each.rule.id == "kube-proxy/kubelet-skew"]
    assert [one.node if one else None for one in apart] == ["n0"]


def test_a_server_that_lags_has_to_come_within_one_minor_and_no_further() -> None:
    (apart,) = check(state({"kube-apiserver": (32, 30)}))
    assert apart.remedy.text == "upgrade kube-apiserver 1 from 1.30 to 1.31"


def test_without_an_api_server_nothing_can_be_said() -> None:
    with pytest.raises(NotAssessableError, match="no kube-apiserver"):
        check(state({}, [(30, 30)]))


def test_every_rule_names_its_source_and_its_release() -> None:
    for id_, rule in RULES.items():
        assert rule.id == id_
        assert rule.source.startswith("https://kubernetes.io/releases/version-skew-policy/#")
        assert rule.says
        assert parse_release(rule.since).minor >= 13


def test_the_reference_lists_every_rule() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/reference/skew.md").read_text()
    for rule in RULES.values():
        assert f"| {rule.component} | [`{rule.name}`]({rule.source}) | {rule.says} | {rule.since} |" in page


def test_a_violation_names_the_object_and_the_least_that_mends_it() -> None:
    old, new = check(state({"kube-apiserver": (32, 31)}, [(28, None), (32, None)]))
    assert str(old.instance) == "kubelet n0"
    assert old.remedy.text == "upgrade kubelet n0 from 1.28 to 1.29"
    assert new.remedy.text == "upgrade kube-apiserver 1 from 1.31 to 1.32"
    (alone,) = check(state({"kube-apiserver": (31, 31)}, [(32, None)]))
    assert alone.remedy.text == "bring back kubelet n0 from 1.32 to 1.31"
