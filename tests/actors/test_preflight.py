"""Cluster API's preflight checks: a table from its published cases, and an evaluator that looks at parts, not at dumps.

The table's cases are those of core/reconcilers/machineset/machineset_preflight_test.go and
internal/contract/controlplane_test.go (github.com/kubernetes-sigs/cluster-api), in both API versions; the evaluator
follows cluster-api.sigs.k8s.io/tasks/experimental-features/machineset-preflight-checks.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oakum.actors import preflight
from oakum.actors.requests import read
from oakum.errors import InputError, NotAssessableError, OakumError

(KIND,) = preflight.KINDS

STABLE, SKEW = "ControlPlaneIsStable", "KubernetesVersionSkew"
KUBEADM, SAME = "KubeadmVersionSkew", "ControlPlaneVersionSkew"
SKIP = "machineset.cluster.x-k8s.io/skip-preflight-checks"
STEP = "topology.internal.cluster.x-k8s.io/upgrade-step"
KUBEADM_TEMPLATE = ("bootstrap.cluster.x-k8s.io", "KubeadmConfigTemplate", "workers")
MALFORMED = ("bootstrap.cluster.x-k8s.io/vx", "KubeadmConfigTemplate", "workers")
Item = dict[str, Any]


def ask(dump: object, **fields: object) -> dict[str, Any]:
    request = read({"policy": "cluster-api", "dump": dump, **fields}, KIND.request)
    reply: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(KIND.answer(request)))
    assert reply["allowed"] is not bool(reply["checks"])
    assert set(reply["checks"]) == {each for one in reply["machine_sets"] for each in one["checks"]}
    return reply


def reference(api: str, group: str, kind: str, name: str) -> Item:
    where = {"apiGroup": group} if api == "v1beta2" else {"apiVersion": f"{group}/{api}"}
    return {"kind": kind, "name": name, **where}


def item(kind: str, name: str, *, api: str = "v1beta2", group: str = "cluster.x-k8s.io", **parts: Any) -> Item:
    annotations = parts.pop("annotations", None)
    meta = {"namespace": "ns1", "name": name, **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": f"{group}/{api}", "kind": kind, "metadata": meta, **parts}


class World(NamedTuple):
    """One cluster with one MachineSet; None and "" leave a part out."""

    spec: str | None = "v1.26.2"
    status: str | None = "v1.26.2"
    version: str = ""
    topology: str | None = None
    step: str = ""
    skip: str = ""
    template_skip: str = ""
    bootstrap: tuple[str, str, str] | None = None
    plane: str = "GenericControlPlane"
    referred: bool = True
    api: str = "v1beta2"

    @property
    def items(self) -> list[Item]:
        group = "controlplane.cluster.x-k8s.io"
        spec: Item = {"controlPlaneRef": reference(self.api, group, self.plane, "cp1")} if self.referred else {}
        if self.topology is not None:
            spec["topology"] = {"class": "c"} if self.api == "v1beta1" else {"classRef": {"name": "c"}}
            spec["topology"] |= {"version": self.topology} if self.topology else {}
        machine: Item = {"version": self.version} if self.version else {}
        if self.bootstrap is not None:
            machine["bootstrap"] = {"configRef": reference(self.api, *self.bootstrap)}
        template = item(
            "KubeadmConfigTemplate", "workers", api=self.api, group=KUBEADM_TEMPLATE[0],
            annotations={SKIP: self.template_skip} if self.template_skip else None,
        )  # fmt: skip
        return [
            item("Cluster", "c1", api=self.api, spec=spec, annotations={STEP: self.step} if self.step else None),
            item(
                self.plane, "cp1", api=self.api, group=group,
                spec={"version": self.spec} if self.spec is not None else {},
                **({"status": {"version": self.status}} if self.status is not None else {}),
            ),
            item(
                "MachineSet", "ms1", api=self.api, spec={"clusterName": "c1", "template": {"spec": machine}},
                annotations={SKIP: self.skip} if self.skip else None,
            ),
            template,
        ]  # fmt: skip

    def checks(self, **fields: object) -> list[str]:
        checks: list[str] = ask({"apiVersion": "v1", "kind": "List", "items": self.items}, **fields)["checks"]
        return checks


at128 = World(spec="v1.28.0", status="v1.28.0")
upgrading = World(status="v1.25.2")
TABLE: list[tuple[World, list[str]]] = [
    (World(referred=False, status=None), []),
    (World(spec=None, status=None), []),
    (World(spec=None, version="v1.99.0"), []),
    (World(spec="v1.25.6", status=None), [STABLE]),
    (World(spec="v1.25.6", status=""), [STABLE]),
    (upgrading, [STABLE]),
    (upgrading._replace(skip="All"), []),
    (upgrading._replace(skip=" foo , All"), []),
    (upgrading._replace(bootstrap=KUBEADM_TEMPLATE, version="v1.26.2", template_skip="All"), []),
    (upgrading._replace(bootstrap=KUBEADM_TEMPLATE, version="v1.26.2", skip=KUBEADM, template_skip="All"), [STABLE]),
    (upgrading._replace(template_skip="All"), [STABLE]),
    (upgrading._replace(skip=STABLE, bootstrap=KUBEADM_TEMPLATE, version="v1.26.2"), []),
    (upgrading._replace(skip="all"), [STABLE]),
    (World(spec="v1.25.2", status="v1.26.2"), []),
    (World(spec="v1.26.2+a", status="v1.26.2+b"), [STABLE]),
    (World(spec="v1.26.2+1", status="v1.26.2+2"), []),
    (World(spec="v1.26.2+2", status="v1.26.2+1"), [STABLE]),
    (World(spec="v1.26.2", status="1.26.2"), []),
    (World(spec="v1.26.2", status="v1.26.2-rc.1"), [STABLE]),
    (World(topology="v1.27.2"), [STABLE]),
    (World(topology="v1.27.2", status=None), [STABLE]),
    (World(topology="v1.27.2", step="v1.27.0"), [STABLE]),
    (at128._replace(topology="v1.27.2", step="v1.28.0"), []),
    (at128._replace(topology="v1.27.2", step="v1.28.0", status="v1.27.0"), [STABLE]),
    (World(topology="v1.26.2"), []),
    (World(topology="1.26.2"), [STABLE]),
    (World(), []),
    (World(version="v1.27.0"), [SKEW]),
    (World(version="v1.27.0", skip=SKEW), []),
    (at128._replace(version="v1.24.0"), [SKEW]),
    (at128._replace(version="v1.25.0"), []),
    (at128._replace(version="v1.28.9"), []),
    (World(version="v1.23.9"), []),
    (World(version="v1.25.5", bootstrap=KUBEADM_TEMPLATE), [KUBEADM]),
    (World(version="v1.25.5", bootstrap=KUBEADM_TEMPLATE, skip=f"foobar,{KUBEADM}"), []),
    (World(version="v1.26.9", bootstrap=KUBEADM_TEMPLATE), []),
    (World(version="v1.27.0", bootstrap=KUBEADM_TEMPLATE), [SKEW, KUBEADM]),
    (World(version="v1.25.0"), []),
    (World(version="v1.25.0", bootstrap=("example.org", "KubeadmConfigTemplate", "workers")), []),
    (World(version="v1.25.0", bootstrap=(KUBEADM_TEMPLATE[0], "RKE2ConfigTemplate", "workers")), []),
    (World(bootstrap=KUBEADM_TEMPLATE), []),
    (World(version="v1.26.0", topology="", skip=f"foobar,{SAME},{STABLE}"), []),
    (World(version="v1.26.0", skip=STABLE), []),
    (World(version="v1.26.0", topology="", skip=STABLE), [SAME]),
    (World(version="v1.26.2", topology="", skip=STABLE), []),
    (World(version="1.26.2", topology="v1.26.2"), [SAME]),
    (World(version="v1.22.0", topology="v1.27.0", bootstrap=KUBEADM_TEMPLATE), [STABLE, SKEW, KUBEADM, SAME]),
    (World(plane="KubeadmControlPlane", status="v1.25.9"), [STABLE]),
]  # fmt: skip


@pytest.mark.parametrize("api", ["v1beta1", "v1beta2"])
@pytest.mark.parametrize(("world", "checks"), TABLE)
def test_the_checks_that_fail(world: World, checks: list[str], api: str) -> None:
    assert world._replace(api=api).checks() == checks


@pytest.mark.parametrize(
    ("world", "field"),
    [
        (World(spec="v1.25.6.0"), "GenericControlPlane ns1/cp1: spec.version"),
        (World(spec=""), "GenericControlPlane ns1/cp1: spec.version"),
        (World(status="x"), "GenericControlPlane ns1/cp1: status.version"),
        (World(version="v1.27.0.0"), "MachineSet ns1/ms1: spec.template.spec.version"),
        (
            World(version="v1.26.2", api="v1beta1", bootstrap=MALFORMED),
            "MachineSet ns1/ms1: spec.template.spec.bootstrap.configRef.apiVersion",
        ),
    ],
)  # fmt: skip
def test_what_is_no_version_is_named(world: World, field: str) -> None:
    with pytest.raises(InputError) as caught:
        world.checks()
    assert str(caught.value.place) == field


def test_a_version_that_no_check_needs_is_not_read() -> None:
    assert World(status="x", skip=STABLE).checks() == []
    assert World(status="x", topology="v1.30.0").checks() == [STABLE]
    assert World(version="x", skip="All", spec="y").checks() == []
    assert World(version="v1.26.2", api="v1beta1", bootstrap=MALFORMED, skip=KUBEADM).checks() == []


def test_the_flag_of_the_controller_names_the_checks_that_run() -> None:
    world = World(version="v1.22.0", topology="v1.27.0", bootstrap=KUBEADM_TEMPLATE)
    options = [([], []), (["All"], [STABLE, SKEW, KUBEADM, SAME]), ([SAME, STABLE], [STABLE, SAME]), ([""], [])]
    for given_, checks in options:
        assert world.checks(options={"machineset_preflight_checks": given_}) == checks
    with pytest.raises(InputError, match="no check 'Foo'"):
        world.checks(options={"machineset_preflight_checks": ["Foo"]})


def test_all_machine_sets_count_each_with_its_own_cluster() -> None:
    good, bad = World(version="v1.26.2").items, upgrading._replace(version="v1.27.0").items
    for each in bad:
        each["metadata"]["namespace"] = "ns2"
    reply = ask([*good, *bad])
    assert reply["checks"] == [STABLE, SKEW]
    found = [(each["namespace"], each["checks"]) for each in reply["machine_sets"]]
    assert found == [("ns1", []), ("ns2", [STABLE, SKEW])]
    assert all(len(each["why"]) == len(each["checks"]) for each in reply["machine_sets"])
    assert ask([*bad, *good])["checks"] == reply["checks"]


def test_the_forms_of_a_dump() -> None:
    items = upgrading.items
    whole = {"apiVersion": "v1", "kind": "List", "items": items}
    typed = {
        "apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "MachineSetList",
        "items": [{key: each for key, each in items[2].items() if key not in ("kind", "apiVersion")}],
    }  # fmt: skip
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "annotations": None}, "spec": None}
    other = {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "c1", "namespace": "ns1"}}
    empty = {"apiVersion": "v1", "kind": "List", "items": None}
    lines = "\n".join(json.dumps(each) for each in items)
    mixed = [whole, pod, other, empty]
    for dump in (whole, items, json.dumps(whole), lines, [*items[:2], typed], mixed, [*items, *items]):
        assert ask(dump)["checks"] == [STABLE]


def test_what_a_dump_leaves_out_is_the_only_one_there_is() -> None:
    items = upgrading.items
    del items[2]["metadata"]["namespace"], items[2]["spec"]["clusterName"]
    assert ask(items)["checks"] == [STABLE]
    items[2]["metadata"]["labels"] = {"cluster.x-k8s.io/cluster-name": "c1"}
    second = item("Cluster", "c2", spec={})
    assert ask([*items, second])["checks"] == [STABLE]
    del items[2]["metadata"]["labels"]
    with pytest.raises(InputError, match="several objects"):
        ask([*items, second])
    # Tests in Go write an empty MachineSet and an empty Cluster.
    bare = [{"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": kind} for kind in ("Cluster", "MachineSet")]
    assert ask(bare)["allowed"]


def test_an_empty_topology_is_one_in_v1beta1_only() -> None:
    for api, checks in (("v1beta1", [STABLE]), ("v1beta2", [])):
        items = World(api=api).items
        items[0]["spec"]["topology"] = {}
        assert ask(items)["checks"] == checks


def changed(number: int, **parts: object) -> list[Item]:
    items = World(plane="KubeadmControlPlane", bootstrap=KUBEADM_TEMPLATE).items
    items[number] |= parts
    return items


@pytest.mark.parametrize(
    ("dump", "word"),
    [
        (changed(0, apiVersion="cluster.x-k8s.io/v1alpha4"), "Cluster cluster.x-k8s.io/v1alpha4 is unknown"),
        (changed(2, apiVersion="cluster.x-k8s.io/v2"), "MachineSet cluster.x-k8s.io/v2 is unknown"),
        (changed(2, apiVersion=None), "MachineSet without apiVersion is unknown"),
        (changed(1, apiVersion="controlplane.cluster.x-k8s.io/v2"), "KubeadmControlPlane controlplane.cluster"),
        (changed(3, apiVersion="bootstrap.cluster.x-k8s.io/v1"), "KubeadmConfigTemplate bootstrap.cluster.x-k8s.io/v1"),
        (changed(0, kind="Pod"), "Cluster c1 is not in the dump"),
        (changed(1, kind="Pod"), "KubeadmControlPlane cp1 is not in the dump"),
        (changed(2, kind="Pod"), "no MachineSet"),
        ([], "no MachineSet"),
    ],
)
def test_what_is_unknown_or_missing_is_named(dump: object, word: str) -> None:
    with pytest.raises(NotAssessableError, match=word) as caught:
        ask(dump)
    assert "not assessable" in str(caught.value)


def test_another_policy_is_not_assessable() -> None:
    with pytest.raises(NotAssessableError, match="the policy 'kubeadm' is unknown"):
        ask([], policy="kubeadm")


@pytest.mark.parametrize("dump", ["", "{", "[1]", [1], [[[[[]]]]], [{}], [{"kind": 1}], {"kind": "List", "items": ""}])
def test_what_is_no_dump_is_an_error(dump: object) -> None:
    with pytest.raises(InputError):
        ask(dump)


def test_parts_of_another_type_are_named() -> None:
    broken: list[list[Item]] = [World(topology="v1.26.2").items for _ in range(4)]
    broken[0][0]["spec"]["topology"]["version"] = 1
    broken[1][1]["status"] = {"version": 1.26}
    broken[2][2]["spec"]["template"] = "x"
    broken[3][1]["spec"] = "v1.26.2"
    plane = "GenericControlPlane ns1/cp1"
    named = ("Cluster ns1/c1", f"{plane}: status.version", "MachineSet ns1/ms1", f"{plane}: spec")
    for items, field in zip(broken, named, strict=True):
        with pytest.raises(InputError) as caught:
            ask(items)
        assert field in str(caught.value.place)


# The naive evaluator


class Minor(NamedTuple):
    minor: int
    patch: int

    @property
    def text(self) -> str:
        return f"v1.{self.minor}.{self.patch}"


minors = st.builds(Minor, st.integers(25, 33), st.integers(0, 1))
near = st.builds(Minor, st.integers(29, 30), st.just(0))
names = st.lists(st.sampled_from([STABLE, SKEW, KUBEADM, SAME, "All", "foo"]), max_size=2)


class Case(NamedTuple):
    spec: Minor | None
    status: Minor | None
    machine: Minor | None
    topology: Minor | None
    step: Minor | None
    skip: list[str]
    template_skip: list[str]
    kubeadm: bool
    referred: bool
    api: str


cases = st.builds(
    Case,
    spec=near | near | st.none(), status=near | near | st.none(), machine=minors | near | st.none(),
    topology=near | st.none(), step=near | st.none(), skip=names, template_skip=names, kubeadm=st.booleans(),
    referred=st.sampled_from([True, True, True, False]), api=st.sampled_from(["v1beta1", "v1beta2"]),
)  # fmt: skip


def naive(case: Case) -> set[str]:
    skipped = set(case.skip) or (set(case.template_skip) if case.kubeadm else set())
    if "All" in skipped or not case.referred or case.spec is None:
        return set()
    failing: set[str] = set()
    pending = case.topology is not None and case.spec not in (case.topology, case.step)
    if pending or case.status is None or case.spec > case.status:
        failing.add(STABLE)
    if case.machine is not None:
        if case.machine.minor not in range(case.spec.minor - 3, case.spec.minor + 1):
            failing.add(SKEW)
        if case.kubeadm and case.machine.minor != case.spec.minor:
            failing.add(KUBEADM)
        if case.topology is not None and case.machine != case.spec:
            failing.add(SAME)
    return failing - skipped


def text(version: Minor | None) -> str:
    return "" if version is None else version.text


@settings(max_examples=400, deadline=None)
@given(cases, st.randoms(use_true_random=False))
def test_no_difference_to_the_naive_evaluator(case: Case, order: Any) -> None:
    world = World(
        spec=text(case.spec) or None, status=text(case.status) or None, version=text(case.machine),
        topology=text(case.topology) or None, step=text(case.step), skip=",".join(case.skip),
        template_skip=" , ".join(case.template_skip), bootstrap=KUBEADM_TEMPLATE if case.kubeadm else None,
        referred=case.referred, api=case.api,
    )  # fmt: skip
    items = world.items
    order.shuffle(items)
    reply = ask(items)
    assert reply["checks"] == [each for each in (STABLE, SKEW, KUBEADM, SAME) if each in naive(case)]


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8) | minors.map(text),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
parts = st.sampled_from(
    ["kind", "apiVersion", "metadata", "namespace", "name", "annotations", "spec", "status", "version", "topology",
     "controlPlaneRef", "template", "bootstrap", "configRef", "clusterName", "apiGroup", "items", SKIP]
)  # fmt: skip


def spoilt(value: Any, part: str, by: object) -> Any:
    """The value with every part of a name replaced."""
    if isinstance(value, dict):
        return {key: by if key == part else spoilt(each, part, by) for key, each in value.items()}
    return [spoilt(each, part, by) for each in value] if isinstance(value, list) else value


@settings(max_examples=300, deadline=None)
@given(parts, json_values, st.integers(0, 3))
def test_a_spoilt_dump_has_an_answer_or_an_error_of_ours(part: str, by: object, number: int) -> None:
    items = World(version="v1.25.0", topology="v1.26.2", bootstrap=KUBEADM_TEMPLATE, template_skip="foo").items
    items[number] = spoilt(items[number], part, by)
    try:
        ask(items)
    except OakumError as error:
        assert str(error), "an error says what was wrong"


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["policy", "dump", "options", "other"]), json_values, max_size=3))
def test_any_request_has_an_answer_or_an_error_of_ours(fields: dict[str, object]) -> None:
    try:
        ask(**{"dump": World().items, **fields})
    except OakumError as error:
        assert str(error), "an error says what was wrong"


def test_deep_values_are_an_error_of_ours() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = {"a": deep}
    items = World().items
    items[0]["spec"]["topology"] = deep
    with pytest.raises(InputError):
        ask(items)


def test_the_example_is_answered() -> None:
    fields = {key: value for key, value in KIND.example.items() if key not in ("kind", "policy")}
    assert ask(**fields)["checks"] == [STABLE, KUBEADM]
