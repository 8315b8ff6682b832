"""What labels and annotations state: the nearest object wins, a bad value is a gap, what is shared has the worst."""

from __future__ import annotations

import pytest

from oakum.fleet.assets import Context, Fact
from oakum.fleet.cluster.context import OWNERS, Stated, Statements, merged, worst
from oakum.fleet.cluster.objects import Meta, Namespace, Object, Workload
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.fleet.context import DEFAULTS, ContextRules

NOBODY = ContextRules().of("x", "workload")


def thing(
    kind: str, name: str, namespace: str = "", labels: dict[str, str] | None = None, **annotations: str
) -> Object:
    said = {f"oakum.dev/{key.replace('_', '-')}": value for key, value in annotations.items()}
    meta = Meta(name=name, namespace=namespace, labels=labels or {}, annotations=said)
    return Namespace(kind=kind, metadata=meta) if kind == "Namespace" else Workload(kind=kind, metadata=meta)


def stated(one: Object, *namespaces: Object) -> Stated:
    return Statements(Snapshot(source="t", items={"Namespace": tuple(namespaces)})).of(one)


def test_the_nearest_object_wins_fact_by_fact() -> None:
    cluster = thing("Namespace", "kube-system", tier="4", owner="platform", human_impact="high")
    shop = thing("Namespace", "shop", tier="3", owner="shop-team")
    found = stated(thing("Deployment", "web", "shop", tier="1"), shop, cluster)
    assert {name: fact.value for name, fact in found.facts.items()} == {
        "tier": "1",
        "owner": "shop-team",
        "human_impact": "high",
    }
    assert found.facts["tier"].source == "annotation oakum.dev/tier on Deployment shop/web"
    assert found.facts["owner"].source == "annotation oakum.dev/owner on Namespace shop"
    assert found.facts["human_impact"].source == "annotation oakum.dev/human-impact on Namespace kube-system"
    assert found.gaps == ()


def test_an_annotation_speaks_before_a_label() -> None:
    found = stated(thing("Deployment", "web", "shop", {"oakum.dev/tier": "4"}, tier="1"))
    assert found.facts["tier"].value == "1"
    assert stated(thing("Deployment", "web", "shop", {"oakum.dev/tier": "4"})).facts["tier"].source.startswith("label ")


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [
        ("tier", "1", "1"),
        ("tier", " 2 ", "2"),
        ("confidentiality", "HIGH", "high"),
        ("human_impact", "very-high", "very high"),
        ("human_impact", "Very_High", "very high"),
        ("public_exposure", "true", "yes"),
        ("public_exposure", "No", "no"),
        ("data_sensitivity", "restricted", "restricted"),
        ("system_exposure", "Small", "small"),
        ("owner", "  Team A ", "Team A"),
    ],
)
def test_values_are_read_as_people_write_them(fact: str, text: str, value: str) -> None:
    assert stated(thing("Deployment", "web", "shop", None, **{fact: text})).facts[fact].value == value


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ("tier", "0"),
        ("tier", "gold"),
        ("tier", ""),
        ("system_exposure", "internet"),
        ("public_exposure", "maybe"),
        ("owner", " "),
        ("owner", "x" * 257),
        ("human_impact", "very"),
        ("confidentiality", "true"),
    ],
)
def test_a_value_that_is_not_allowed_is_a_gap_and_not_used(fact: str, text: str) -> None:
    found = stated(thing("Deployment", "web", "shop", None, **{fact: text}))
    assert fact not in found.facts
    (gap,) = found.gaps
    assert gap.kind == "incomplete-inventory"
    assert fact.replace("_", "-") in gap.what
    assert gap.remedy.startswith("allowed: ")


def test_an_unusable_value_does_not_hide_the_one_behind_it() -> None:
    found = stated(thing("Deployment", "web", "shop", tier="gold"), thing("Namespace", "shop", tier="1"))
    assert found.facts["tier"].value == "1"
    assert len(found.gaps) == 1


@pytest.mark.parametrize("key", OWNERS)
def test_common_names_of_owners_are_read(key: str) -> None:
    assert stated(thing("Deployment", "web", "shop", {key: "team-a"})).facts["owner"].value == "team-a"
    assert stated(thing("Deployment", "web", "shop", {key: "team-a"}, owner="team-b")).facts["owner"].value == "team-b"


def test_a_tool_is_no_owner_and_other_prefixes_say_nothing() -> None:
    labels = {"app.kubernetes.io/managed-by": "Helm", "example.com/tier": "1", "tier": "1", "oakum.dev/planet": "x"}
    assert stated(thing("Deployment", "web", "shop", labels)) == Stated()


def test_the_file_comes_first_then_what_is_stated_then_what_was_measured_then_the_default() -> None:
    measured = {"public_exposure": Fact("no", "measured"), "system_exposure": Fact("small", "measured")}
    said = Stated({"tier": Fact("1", "annotation"), "system_exposure": Fact("open", "annotation")})
    file = Context(**{**{name: getattr(NOBODY, name) for name in DEFAULTS}, "tier": Fact("3", "file")})
    found = merged(file, said, measured)
    assert (found.tier.value, found.system_exposure.value, found.public_exposure.value) == ("3", "open", "no")
    assert found.human_impact == NOBODY.human_impact
    assert merged(NOBODY, Stated(), {}) == NOBODY


def test_a_stated_no_bounds_a_measured_open_and_not_the_other_way_round() -> None:
    measured = {"public_exposure": Fact("yes", "measured"), "system_exposure": Fact("open", "measured")}
    assert (
        merged(NOBODY, Stated({"public_exposure": Fact("no", "said")}), measured).system_exposure.value == "controlled"
    )
    both = Stated({"public_exposure": Fact("no", "said"), "system_exposure": Fact("open", "said")})
    assert merged(NOBODY, both, measured).system_exposure.value == "open"
    assert merged(NOBODY, Stated(), measured).system_exposure.value == "open"


URGENT = {
    "tier": "1",
    "confidentiality": "high",
    "integrity": "high",
    "availability": "high",
    "data_sensitivity": "restricted",
    "public_exposure": "yes",
    "system_exposure": "open",
    "human_impact": "very high",
}
CALM = {
    "tier": "4",
    "confidentiality": "low",
    "integrity": "low",
    "availability": "low",
    "data_sensitivity": "none",
    "public_exposure": "no",
    "system_exposure": "small",
    "human_impact": "low",
}


def context(source: str, owner: str, values: dict[str, str]) -> Context:
    return Context(owner=Fact(owner, source), **{name: Fact(value, source) for name, value in values.items()})


@pytest.mark.parametrize("name", URGENT)
def test_what_is_shared_has_the_most_urgent_answer_of_each_fact(name: str) -> None:
    one, other = context("a", "x", CALM), context("b", "x", {**CALM, name: URGENT[name]})
    for order in ((one, other), (other, one)):
        found = worst(order)
        assert getattr(found, name) == Fact(URGENT[name], "b")
        assert all(getattr(found, rest).value == CALM[rest] for rest in CALM if rest != name)


def test_all_owners_are_named_and_a_default_owner_is_not() -> None:
    found = worst([context("a", "zoe", CALM), context("b", "adam", CALM), NOBODY])
    assert (found.owner.value, found.owner.default) == ("adam, zoe", False)
    assert worst([NOBODY, NOBODY]).owner == Fact("unknown", NOBODY.owner.source, default=True)
    with pytest.raises(ValueError, match="empty"):
        worst([])
