"""What one action is about in a cluster: nodes of a pool, each measured and judged by itself, and patched together."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from tests.traps.answers import asset, findings, index_of, record, upto

from oakum.fleet.assets import Asset, Kind
from oakum.fleet.packages import Package, package_set
from oakum.risk.actions import DISRUPTION, Action, actions
from oakum.risk.bundles import ActionKind, Estimate, Ranked

KUBELET, RUNTIME = "k8s.io/kubelet", "github.com/containerd/containerd"
INDEX = index_of(
    record("CVE-2024-1", upto("kubernetes", KUBELET, "1.29.4")),
    record("CVE-2024-2", upto("kubernetes", KUBELET, "1.29.7")),
    record("CVE-2024-3", upto("golang", RUNTIME, "1.7.20")),
)
NAMES = ("n1", "n2", "n3")
#: order -> what the decision table calls it, and the days
OUTCOMES: dict[int, tuple[str, int | None]] = {0: ("3 days", 3), 1: ("14 days", 14), 2: ("60 days", 60)}


def node(name: str, kind: Kind = "node", kubelet: str = "v1.29.3", runtime: str = "v1.7.13") -> Asset:
    packages = [
        Package(type="kubernetes", name=KUBELET, version=kubelet),
        Package(type="golang", name=RUNTIME, version=runtime),
    ]
    return asset(name, package_set(None, packages), kind)


def alone(one: Asset, orders: dict[str, int], risk: float = 10.0) -> Iterable[Ranked]:
    """The findings of one asset, judged for it alone, as where each has a context of its own."""
    for finding in findings(INDEX, None, *one.packages.packages, assets=(one.key,)):
        outcome, days = OUTCOMES[orders.get(one.key, 1)]
        yield Ranked(finding, outcome, orders.get(one.key, 1), days, risk)


def acts(
    assets: Iterable[Asset],
    pools: dict[str, tuple[str, str]] | None = None,
    orders: dict[str, int] | None = None,
    estimates: dict[str, Estimate] | None = None,
) -> list[Action]:
    """``pools``: cluster and pool by node."""
    known = {key: Estimate(pool=pool, cluster=cluster) for key, (cluster, pool) in (pools or {}).items()}
    given = list(assets)
    ranked = [each for one in given for each in alone(one, orders or {})]
    return actions(ranked, {one.key: one for one in given}, estimates={**known, **(estimates or {})})


def about(found: Iterable[Action]) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.title, one.assets) for one in found]


BLUE = dict.fromkeys(NAMES, ("c", "blue"))


def test_a_pool_whose_nodes_were_judged_one_by_one_is_patched_by_one_action() -> None:
    (action,) = acts(map(node, NAMES), BLUE)
    assert (action.title, action.assets) == ("Patch 3 nodes of pool blue: 2 packages", NAMES)
    assert action.risk == 3 * (10 + 10 + 10)
    assert action.disruption == 3 * DISRUPTION["pool"]
    assert "closes 3 findings on 3 assets" in action.why
    assert "3 nodes are drained, one after another" in action.why


def test_the_order_in_which_nodes_are_read_makes_no_difference() -> None:
    assert acts(map(node, NAMES), BLUE) == acts(map(node, reversed(NAMES)), BLUE)


@pytest.mark.parametrize(
    ("pools", "expected"),
    [
        ({"n1": ("c", "blue"), "n2": ("c", "green"), "n3": ("c", "green")}, [("n1",), ("n2", "n3")]),
        # two clusters may call a pool alike
        ({"n1": ("c", "blue"), "n2": ("d", "blue"), "n3": ("d", "blue")}, [("n1",), ("n2", "n3")]),
        # nodes of no pool are patched together, cluster by cluster
        ({"n1": ("c", ""), "n2": ("d", ""), "n3": ("d", "")}, [("n1",), ("n2", "n3")]),
    ],
)
def test_pools_are_patched_one_by_one(pools: dict[str, tuple[str, str]], expected: list[tuple[str, ...]]) -> None:
    assert sorted(one.assets for one in acts(map(node, NAMES), pools)) == expected


def test_nodes_of_a_pool_that_have_to_be_done_earlier_come_first() -> None:
    found = acts(map(node, NAMES), BLUE, {"n2": 0, "n1": 2, "n3": 2})
    assert about(found) == [
        ("Patch n2: 2 packages", ("n2",)),
        ("Patch 2 nodes of pool blue: 2 packages", ("n1", "n3")),
    ]
    assert [one.outcome for one in found] == ["3 days", "60 days"]


def test_nodes_of_a_pool_that_lack_different_fixes_are_different_actions() -> None:
    found = acts([node("n1"), node("n2", kubelet="v1.29.5"), node("n3", kubelet="v1.29.9")], BLUE)
    assert sorted(about(found)) == [
        (f"Patch 3 nodes of pool blue: {RUNTIME} to 1.7.20", NAMES),
        (f"Patch n1: {KUBELET} to 1.29.7", ("n1",)),
        (f"Patch n2: {KUBELET} to 1.29.7", ("n2",)),
    ]


def test_hosts_that_were_judged_apart_stay_apart() -> None:
    found = acts([node(name, kind="host") for name in NAMES])
    assert {one.assets for one in found} == {("n1",), ("n2",), ("n3",)}


def test_what_many_nodes_disturb_is_told_in_short() -> None:
    names = [f"n{number:03}" for number in range(200)]
    words = {name: Estimate(1.0, (f"one replica, down meanwhile: a/{name}",), "blue", "c") for name in names}
    (action,) = acts(map(node, names), estimates=words)
    assert len(action.why) < 12
    assert "and 195 more like these" in action.why
    assert action.disruption == 200 * (DISRUPTION["pool"] + 1.0)


def test_whoever_waits_for_a_fix_disturbs_nothing() -> None:
    index = index_of(record("CVE-2024-9", upto("kubernetes", KUBELET)))
    ranked = []
    for name in NAMES:
        kubelet = Package(type="kubernetes", name=KUBELET, version="v1.29.3")
        (finding,) = findings(index, None, kubelet, assets=(name,))
        ranked.append(Ranked(finding, "60 days", 2, 60, 5.0))
    disturbing = {name: Estimate(7.0, ("one replica, down meanwhile: shop/db",), "blue", "c") for name in NAMES}
    (action,) = actions(ranked, {name: node(name) for name in NAMES}, estimates=disturbing)
    assert (action.kind, action.assets, action.risk) == ("wait", NAMES, 15.0)
    assert action.title.startswith(f"No fix is published for {KUBELET} on 3 nodes of pool blue: ")
    assert action.disruption == 3 * DISRUPTION["wait"]
    assert not [word for word in action.why if "drained" in word or "down" in word]


@pytest.mark.parametrize(
    ("kind", "system", "title", "cost"),
    [
        ("cluster", ("openshift", "4.14.20"), "Move openshift to 4.14.22 in c", "component"),
        ("rootfs", ("talos", "v1.7.0"), "Install talos v1.7.1 on c and reboot", "kernel"),
        ("node", ("talos", "v1.7.0"), "Patch c: talos to v1.7.1", "pool"),
    ],
)
def test_a_system_that_is_shipped_as_a_whole_is_moved_as_a_whole(
    kind: Kind, system: tuple[str, str], title: str, cost: ActionKind
) -> None:
    name, version = system
    told = index_of(
        record("CVE-2024-1", upto("openshift", "openshift", "4.14.22"), upto("talos", "talos", "v1.7.1")),
    )
    package = Package(type=name, name=name, version=version)
    held = asset("c", package_set(None, [package]), kind)
    ranked = [Ranked(one, "3 days", 0, 3, 10.0) for one in findings(told, None, package, assets=("c",))]
    (action,) = actions(ranked, {"c": held})
    assert (action.title, action.disruption) == (title, DISRUPTION[cost])
