"""Ways in, closings and nodes of an answer: each told once, the most urgent first, nothing lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.reports.answers import action, answer, asset, closing, exposure, finding

from oakum.fleet.assets import Relation
from oakum.reports.answer import Answer, BlastEntry, ExposureEntry
from oakum.reports.html import html
from oakum.reports.plain import plain
from oakum.reports.ways import LEVELS, Reachable

WAY = ("internet", "load balancer edge", "service edge", "process nginx")
OTHER = ("internet", "load balancer shop", "service shop", "process web")
SHUT = closing("Service edge", first=2)


def shop() -> Answer:
    """A component that is a workload on a node behind one load balancer, and a shop behind another."""
    return answer(
        exposure("c:node-1", WAY, closings=[SHUT]),
        exposure("c:edge[Deployment]", WAY, ("private network", "node port"), closings=[SHUT]),
        exposure("c:ingress", WAY, closings=[SHUT]),
        exposure("c:shop[Deployment]", OTHER, closings=[closing("Service shop", second=5)]),
        exposure("c:db[StatefulSet]", ("cluster", "pod port"), level="controlled"),
        exposure("c:job[Job]", level="small"),
        assets=[
            asset("c:all", "cluster"),
            asset("c:node-1", "node"),
            asset("c:ingress", "component"),
            *(asset(f"c:{name}", "workload") for name in ("edge[Deployment]", "shop[Deployment]", "db[StatefulSet]")),
        ],
        findings=[
            finding("CVE-1", "c:ingress", order=1),
            finding("CVE-2", "image", order=0),
            finding("CVE-3", "c:node-1", order=1, score=70),
        ],
        relations=[Relation("c:shop[Deployment]", "uses", "image")],
    )


def test_a_way_that_many_things_share_is_told_once_components_before_workloads_before_nodes() -> None:
    ways = Reachable(shop()).ways()
    assert [way.words for way in ways] == [" -> ".join(OTHER), " -> ".join(WAY)]
    assert [one.name for one in ways[1].reached] == ["ingress", "edge[Deployment]", "node-1"]


def test_the_way_with_the_most_urgent_finding_behind_it_comes_first_findings_of_its_images_included() -> None:
    first, second = Reachable(shop()).ways()
    assert [one.id for one in first.findings] == ["CVE-2"]
    assert [one.id for one in second.findings] == ["CVE-3", "CVE-1"]


def test_a_closing_is_told_once_and_the_one_that_moves_the_most_urgent_deadline_comes_first() -> None:
    first, second = Reachable(shop()).doors()
    assert (first.what, first.leaves) == ("Service edge", {"controlled": ("ingress", "edge[Deployment]", "node-1")})
    assert (second.what, second.leaves) == ("Service shop", {"controlled": ("shop[Deployment]",)})


def test_a_closing_may_leave_different_levels() -> None:
    one = answer(
        exposure("a", WAY, closings=[closing("Service edge", "small")]),
        exposure("b", WAY, closings=[closing("Service edge", "controlled")]),
    )
    (door,) = Reachable(one).doors()
    assert door.leaves == {"controlled": ("b",), "small": ("a",)}


def test_clusters_with_the_same_names_are_told_apart() -> None:
    one = answer(
        exposure("c:web", WAY, closings=[SHUT]),
        exposure("d:web", WAY, closings=[closing("Service edge", second=1)]),
        assets=[asset("c:north", "cluster"), asset("d:south", "cluster")],
        relations=[Relation("c:north", "holds", "c:web"), Relation("d:south", "holds", "d:web")],
        findings=[finding("CVE-1", "c:web", order=0), finding("CVE-2", "d:web", order=1)],
    )
    found = Reachable(one)
    assert [(way.names, way.cluster) for way in found.ways()] == [(("web",), "north"), (("web",), "south")]
    assert [(door.what, door.leaves) for door in found.doors()] == [
        ("Service edge in north", {"controlled": ("web",)}),
        ("Service edge in south", {"controlled": ("web",)}),
    ]
    assert "- web in north: internet ->" in plain(one)
    assert "in north" in html(one).decode()


def test_clusters_that_are_called_alike_are_not_mixed() -> None:
    one = answer(
        exposure("c:web", WAY, closings=[SHUT]),
        exposure("d:web", WAY, closings=[SHUT]),
        assets=[asset("c:prod", "cluster"), asset("d:prod", "cluster")],
        relations=[Relation("c:prod", "holds", "c:web"), Relation("d:prod", "holds", "d:web")],
    )
    assert len(Reachable(one).ways()) == len(Reachable(one).doors()) == 2


def test_what_is_assumed_is_not_told_as_measured() -> None:
    one = answer(exposure("a", WAY), exposure("b", WAY, default=True, why="Service was not read"))
    assert [(way.assumed, way.reached[0].name) for way in Reachable(one).ways()] == [(False, "a"), (True, "b")]
    text = plain(one)
    assert "- b: assumed: Service was not read" in text
    assert f"- a: {' -> '.join(WAY)}" in " ".join(text.replace("\n ", "").split(" "))


def test_open_nodes_come_first_then_by_what_is_lost_with_them() -> None:
    one = answer(
        exposure("n1", WAY),
        exposure("n2", WAY),
        exposure("n3", level="controlled"),
        assets=[asset(name, "node") for name in ("n1", "n2", "n3", "n4")],
        actions=[action(1, "n2"), action(2, "n1", "n2"), action(3, "n3")],
        blast=[BlastEntry("n3", "n3", 223, ("keys",)), BlastEntry("n2", "n2", 50, ("a", "b")),
               BlastEntry("n4", "n4", 20, ()), BlastEntry("n1", "n1", 16, ("c",))],
    )  # fmt: skip
    nodes = Reachable(one).nodes()
    # The exposure of n4 was not measured: without evidence it is open.
    assert [(node.name, node.level, node.actions) for node in nodes] == [
        ("n2", "open", (1, 2)), ("n4", "", ()), ("n1", "open", (2,)), ("n3", "controlled", (3,))
    ]  # fmt: skip
    text = plain(one)
    assert "- n2 (open, actions 1, 2): a; and 1 more" in text
    assert "- n4 (not measured): nothing" in text
    assert "- n1 (open, action 2): c" in text
    assert "... and 1 more node;" in text
    assert "- n3 (controlled, action 3): keys" in plain(one, everything=True)


def test_the_text_says_each_closing_once_with_what_it_changes() -> None:
    text = " ".join(plain(shop()).split())
    assert "REACHABLE: 1 component, 2 workloads, 1 node open; 1 controlled, 1 small" in text
    assert text.count("Service edge:") == 1
    assert (
        "Service edge: 2 findings from 3 days to 60 days; leaves ingress, edge[Deployment], node-1 controlled" in text
    )
    assert "behind it 2 findings, CVE-3 in package of CVE-3 first" in text
    assert text.index("Service edge: 2") < text.index("Service shop: 5")


def test_a_closing_that_moves_no_deadline_is_told_only_with_everything() -> None:
    one = answer(exposure("a", WAY, closings=[closing("Service edge")]))
    assert "CLOSING" not in plain(one)
    assert "- Service edge: no deadline moves; leaves a controlled" in plain(one, everything=True)


def test_where_nothing_is_open_the_text_says_so_and_names_no_way() -> None:
    one = answer(exposure("a", ("cluster", "pod port"), level="controlled"))
    assert "REACHABLE: nothing open; 1 controlled, 0 small" in plain(one)
    assert "pod port" not in plain(one)


def test_without_a_cluster_there_is_no_such_section() -> None:
    text = plain(answer())
    assert not any(word in text for word in ("REACHABLE", "CLOSING", "NODES"))


_NAMES = st.sampled_from(["a", "b", "c", "d"])
_EXPOSURES = st.lists(
    st.builds(
        exposure,
        _NAMES,
        st.sampled_from([WAY, OTHER]),
        level=st.sampled_from(LEVELS),
        default=st.booleans(),
        closings=st.lists(
            st.builds(closing, st.sampled_from(["s", "t"]), st.sampled_from(LEVELS[1:]), first=st.integers(1, 3)),
            unique_by=lambda one: one.what,
        ),
    ),
    unique_by=lambda one: one.asset,
)


@given(_EXPOSURES)
def test_every_open_exposure_stands_in_one_way_and_every_closing_in_one_door(exposures: list[ExposureEntry]) -> None:
    found = Reachable(answer(*exposures))
    told = [one.asset for way in found.ways() for one in way.reached]
    assert sorted(told) == sorted(one.asset for one in exposures if one.level == "open")
    promises = [
        (door.what, level, name) for door in found.doors() for level, names in door.leaves.items() for name in names
    ]
    assert sorted(promises) == sorted((shut.what, shut.leaves, one.name) for one in exposures for shut in one.closings)
    assert plain(answer(*exposures), everything=True)
