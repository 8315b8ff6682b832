"""Cluster API, row by row from its public documentation.

BOOK: cluster-api.sigs.k8s.io/tasks/automated-machine-management/machine_deletions ("Machine deletion process", "Node
drain"). PROPOSAL: docs/proposals/20240930-machine-drain-rules.md of kubernetes-sigs/cluster-api. EVICTION:
kubernetes.io/docs/concepts/scheduling-eviction/api-eviction.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.changes.drain.makings import (
    WEB,
    Json,
    ago,
    budget,
    check,
    controller,
    drain,
    namespace,
    node,
    owned,
    pod,
    surroundings,
    verdicts,
)

from oakum.changes.drain import explain
from oakum.changes.drain.machines import flaw, read_machines
from oakum.errors import InputError, NotAssessableError
from oakum.local.drain import of_bytes, of_value

WEB_RS = controller()
LABEL, RS, DS = "cluster.x-k8s.io/drain", owned(), owned("DaemonSet", "agent")
AGENT, SHOP = controller("DaemonSet", "agent"), namespace("shop", tier="front")
SCRATCH: list[Json] = [{"name": "scratch", "emptyDir": {}}]
APP: Json = {"selector": {"matchLabels": {"app": "web"}}}


def rule(name: str = "r", behavior: str = "Skip", order: int | None = None, **spec: Any) -> Json:
    """A MachineDrainRule beside the machine."""
    meta = {"name": name, "namespace": spec.pop("namespace", "fleet")}
    version = spec.pop("version", "cluster.x-k8s.io/v1beta1")
    config: Json = {"behavior": behavior} if order is None else {"behavior": behavior, "order": order}
    return {"apiVersion": version, "kind": "MachineDrainRule", "metadata": meta, "spec": {"drain": config, **spec}}


def machine(name: str = "m1", on: str = "n1", **more: Any) -> Json:
    """The machine of a node, of the cluster ``c1``."""
    meta = {"name": name, "namespace": "fleet", "labels": {"pool": "a"}, "annotations": more.pop("annotations", {})}
    spec = {"clusterName": "c1", **more.pop("spec", {})}
    status = {"nodeRef": {"name": on}, **more.pop("status", {})}
    version = "cluster.x-k8s.io/v1beta2"
    return {"apiVersion": version, "kind": "Machine", "metadata": meta, "spec": spec, "status": status}


CLUSTER: Json = {
    "apiVersion": "cluster.x-k8s.io/v1beta2",
    "kind": "Cluster",
    "metadata": {"name": "c1", "namespace": "fleet", "labels": {"stage": "prod"}},
}
M = [machine(), CLUSTER]


def labelled(value: str, **more: Any) -> Json:
    """A pod with the drain label."""
    return pod(owner=RS, labels={LABEL: value, "app": "web"}, **more)


def for_machines(**labels: str) -> Json:
    """A selector of machines by label."""
    return {"machines": [{"selector": {"matchLabels": labels}}]}


#: A node that can be reached, of whose network nobody has said anything.
BUSY = node()
BUSY["status"]["conditions"].append({"type": "NetworkUnavailable", "status": "Unknown"})
DRAIN_START = {"deletion": {"nodeDrainStartTime": ago(600)}}

Row = tuple[str, str, list[Json], dict[str, Any], str]
ROWS: list[Row] = [
    ("a pod of a ReplicaSet", "BOOK", [pod(owner=RS), SHOP], {}, "evict"),
    ("a bare pod", "BOOK: pods without a controller are evicted", [pod(), SHOP], {}, "evict"),
    ("an emptyDir", "BOOK: pods with local storage are evicted", [pod(owner=RS, volumes=SCRATCH), SHOP], {}, "evict"),
    ("a DaemonSet's pod", "BOOK", [pod(owner=DS), AGENT, SHOP], {}, "ignore daemonset"),
    ("a finished pod of a DaemonSet", "BOOK", [pod(owner=DS, phase="Succeeded"), AGENT, SHOP], {}, "evict"),
    ("its DaemonSet is gone", "BOOK: orphaned", [pod(owner=DS), SHOP], {}, "evict"),
    ("a static pod", "BOOK", [pod(annotations={"kubernetes.io/config.mirror": "x"}), SHOP], {}, "ignore mirror"),
    ("label skip", "BOOK", [labelled("skip"), SHOP], {}, "ignore drain-label"),
    ("label Skip", "BOOK", [labelled("Skip"), SHOP], {}, "ignore drain-label"),
    ("label wait-completed", "BOOK", [labelled("wait-completed"), SHOP], {}, "wait drain-label"),
    ("label WaitCompleted", "BOOK", [labelled("WaitCompleted"), SHOP], {}, "wait drain-label"),
    ("label wait--completed", "BOOK: other values say nothing", [labelled("wait--completed"), SHOP], {}, "evict"),
    ("label of another value", "BOOK", [labelled("never"), SHOP], {}, "evict"),
    ("the label of a DaemonSet's pod", "BOOK: phase 1 first",
     [pod(owner=DS, labels={LABEL: "wait-completed"}), AGENT, SHOP], {}, "ignore daemonset"),
    ("label before rules", "BOOK", [labelled("skip"), SHOP, *M, rule(behavior="WaitCompleted")], {},
     "ignore drain-label"),
    ("an unknown label, then rules", "BOOK", [labelled("never"), SHOP, *M, rule()], {}, "ignore drain-rule"),
    ("rule Skip for all", "PROPOSAL: empty machines and pods match all", [pod(owner=RS), SHOP, *M, rule()], {},
     "ignore drain-rule"),
    ("rule WaitCompleted", "BOOK", [pod(owner=RS), SHOP, *M, rule(behavior="WaitCompleted")], {}, "wait drain-rule"),
    ("rule Drain", "PROPOSAL", [pod(owner=RS), SHOP, *M, rule(behavior="Drain", order=5)], {}, "evict"),
    ("rule of an unknown behavior", "PROPOSAL", [pod(owner=RS), SHOP, *M, rule(behavior="Move")], {},
     "error unknown-behavior"),
    ("unknown, but for other pods", "PROPOSAL", [pod(owner=RS), SHOP, *M, rule(behavior="Move", pods=[APP])], {},
     "evict"),
    ("rule for pods by label", "PROPOSAL", [pod(owner=RS, **WEB), SHOP, *M, rule(pods=[APP])], {}, "ignore drain-rule"),
    ("rule for pods of another label", "PROPOSAL", [pod(owner=RS), SHOP, *M, rule(pods=[APP])], {}, "evict"),
    ("rule for a namespace", "PROPOSAL",
     [pod(owner=RS), SHOP, *M, rule(pods=[{"namespaceSelector": {"matchLabels": {"tier": "front"}}}])], {},
     "ignore drain-rule"),
    ("pods and namespace together", "PROPOSAL: both must match",
     [pod(owner=RS, **WEB), SHOP, *M, rule(pods=[{**APP, "namespaceSelector": {"matchLabels": {"tier": "x"}}}])], {},
     "evict"),
    ("one of several pod selectors", "PROPOSAL: entries are ORed",
     [pod(owner=RS, **WEB), SHOP, *M, rule(pods=[{"selector": {"matchLabels": {"app": "x"}}}, APP])], {},
     "ignore drain-rule"),
    ("an empty selector", "PROPOSAL: an empty selector matches all", [pod(owner=RS), SHOP, *M,
     rule(pods=[{"selector": {}}])], {}, "ignore drain-rule"),
    ("rule for the machine", "PROPOSAL", [pod(owner=RS), SHOP, *M, rule(**for_machines(pool="a"))], {},
     "ignore drain-rule"),
    ("rule for one of several kinds of machines", "PROPOSAL: entries are ORed", [pod(owner=RS), SHOP, *M,
     rule(machines=[{"selector": {"matchLabels": {"pool": "b"}}}, {"selector": {"matchLabels": {"pool": "a"}}}])], {},
     "ignore drain-rule"),
    ("rule for other machines", "PROPOSAL", [pod(owner=RS), SHOP, *M, rule(**for_machines(pool="b"))], {}, "evict"),
    ("rule for the cluster", "PROPOSAL", [pod(owner=RS), SHOP, *M,
     rule(machines=[{"clusterSelector": {"matchLabels": {"stage": "prod"}}}])], {}, "ignore drain-rule"),
    ("machine and cluster together", "PROPOSAL", [pod(owner=RS), SHOP, *M,
     rule(machines=[{"selector": {"matchLabels": {"pool": "a"}}, "clusterSelector": {"matchLabels": {"stage": "x"}}}])],
     {}, "evict"),
    ("rule in another namespace", "PROPOSAL: namespaced beside the Machine",
     [pod(owner=RS), SHOP, *M, rule(namespace="other")], {}, "evict"),
    ("the first by name counts", "PROPOSAL: alphabetical",
     [pod(owner=RS), SHOP, *M, rule("b"), rule("a", behavior="WaitCompleted")], {}, "wait drain-rule"),
    ("the first that applies", "PROPOSAL", [pod(owner=RS), SHOP, *M, rule("b"), rule("a", "Move", pods=[APP])], {},
     "ignore drain-rule"),
    ("its namespace is gone", "PROPOSAL", [pod(owner=RS), namespace("other")], {}, "error namespace-missing"),
    ("gone, but skipped by label", "BOOK", [labelled("skip")], {}, "ignore drain-label"),
    ("an invalid selector", "PROPOSAL", [pod(owner=RS), SHOP, *M,
     rule(pods=[{"selector": {"matchExpressions": [{"key": "a", "operator": "Like", "values": ["b"]}]}}])], {},
     "error drain-rule"),
    ("In without values", "PROPOSAL", [pod(owner=RS), SHOP, *M,
     rule(machines=[{"selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}])], {}, "error drain-rule"),
    ("being deleted", "BOOK", [pod(owner=RS, deleted=5), SHOP], {}, "wait terminating"),
    ("being deleted, no kubelet", "BOOK", [pod(deleted=2), SHOP, node(ready="Unknown")], {}, "ignore terminating"),
    ("only just", "BOOK", [pod(deleted=1), SHOP, node(ready="Unknown")], {}, "wait terminating"),
    ("being deleted, node not ready", "BOOK", [pod(deleted=60), SHOP, node(ready="False")], {}, "wait terminating"),
    ("being deleted, something else unknown", "BOOK: cannot be reached", [pod(deleted=60), SHOP, BUSY], {},
     "wait terminating"),
    ("a timeout that is given", "BOOK", [pod(deleted=11), SHOP], {"skip_wait_for_delete_timeout": 10},
     "ignore terminating"),
    ("excluded from draining", "BOOK: exclude-node-draining",
     [pod(owner=RS), SHOP, machine(annotations={"machine.cluster.x-k8s.io/exclude-node-draining": ""})], {},
     "ignore drain-label"),
    ("drain timeout over", "BOOK: nodeDrainTimeout expired", [pod(owner=RS), SHOP,
     machine(spec={"deletion": {"nodeDrainTimeoutSeconds": 600}}, status=DRAIN_START)], {}, "ignore drain-label"),
    ("drain timeout of v1beta1 over", "BOOK", [pod(owner=RS), SHOP,
     machine(spec={"nodeDrainTimeout": "9m59s"}, status=DRAIN_START)], {}, "ignore drain-label"),
    ("drain timeout not over", "BOOK", [pod(owner=RS), SHOP,
     machine(spec={"deletion": {"nodeDrainTimeoutSeconds": 601}}, status=DRAIN_START)], {}, "evict"),
    ("the drain has not begun", "BOOK", [pod(owner=RS), SHOP,
     machine(spec={"deletion": {"nodeDrainTimeoutSeconds": 600}})], {}, "evict"),
    ("no drain timeout", "BOOK: unset or 0 means no timeout", [pod(owner=RS), SHOP,
     machine(spec={"deletion": {"nodeDrainTimeoutSeconds": 0}}, status=DRAIN_START)], {}, "evict"),
    ("a budget that allows none", "EVICTION", [pod(owner=RS, **WEB), SHOP, controller(), budget(healthy=2)], {},
     "blocked pdb now"),
    ("two budgets", "EVICTION", [pod(owner=RS, **WEB), SHOP, budget("a", 1), budget("b", 1)], {},
     "blocked multiple-pdb for-ever"),
    ("skipped under a budget", "BOOK", [labelled("skip"), SHOP, budget()], {}, "ignore drain-label"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "source", "objects", "options", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_a_row_of_the_book(name: str, source: str, objects: list[Json], options: dict[str, Any], expected: str) -> None:
    check("cluster-api", objects, options, expected)


def test_pods_have_the_order_of_their_rule() -> None:
    objects = [pod("first", RS), pod("later", RS, **WEB), pod("ended", RS, labels={LABEL: "wait-completed"}), SHOP, *M]
    objects += [
        rule("a", "Drain", order=-5, pods=[APP]),
        pod("static", annotations={"kubernetes.io/config.mirror": ""}),
    ]
    found = {one.pod.metadata.name: one.outcome.order for one in drain("cluster-api", *objects).pods}
    assert found == {"first": 0, "later": -5, "ended": 0, "static": None}


def test_a_rule_is_the_object() -> None:
    (one,) = drain("cluster-api", pod(owner=RS), SHOP, *M, rule()).pods
    assert one.outcome.object == "MachineDrainRule/fleet/r"


def test_a_rule_without_an_order_drains_in_the_order_0_and_nobody_waits_in_turn_for_what_has_to_end() -> None:
    for behavior in ("Drain", "WaitCompleted"):
        (one,) = drain("cluster-api", pod(owner=RS), SHOP, *M, rule(behavior=behavior)).pods
        assert one.outcome.order == 0


def test_a_rule_that_tells_no_namespace_is_named_without_one() -> None:
    (one,) = drain("cluster-api", pod(owner=RS), SHOP, rule(namespace="")).pods
    assert one.outcome.object == "MachineDrainRule/r"


def test_of_a_node_that_is_not_in_the_dump_nobody_knows_that_it_cannot_be_reached() -> None:
    (one,) = drain("cluster-api", pod(node="n7", deleted=60), SHOP, nodes=["n7"]).pods
    assert (one.outcome.verdict, one.outcome.reason) == ("wait", "terminating")


def _spec(part: str, value: list[Json]) -> Json:
    return {part: value}


@pytest.mark.parametrize("where", ["machines selector", "machines clusterSelector", "pods selector",
                                   "pods namespaceSelector"])  # fmt: skip
@pytest.mark.parametrize(
    ("operator", "values", "says"),
    [("In", ["b"], ""), ("In", [], "In needs values"), ("NotIn", ["b"], ""), ("NotIn", [], "NotIn needs values"),
     ("Exists", [], ""), ("Exists", ["b"], "Exists takes no values"), ("DoesNotExist", [], ""),
     ("DoesNotExist", ["b"], "DoesNotExist takes no values"), ("Like", ["b"], "'Like' is no operator of a selector")],
)  # fmt: skip
def test_a_selector_is_valid_where_its_operator_has_the_values_that_it_takes(
    where: str, operator: str, values: list[str], says: str
) -> None:
    part, selector = where.split()
    expression = {"key": "a", "operator": operator, "values": values}
    given = rule(**_spec(part, [{}, {selector: {"matchExpressions": [expression]}}]))
    (found,) = read_machines([given]).rules
    assert flaw(found) == says


def test_a_machine_that_has_no_node_yet_is_no_nodes_machine() -> None:
    found = read_machines([{**machine(), "status": {}}, machine("m2", "n2")])
    assert found.of("") is None
    assert [one for _, one in found.objects] == [found.of("n2")]


def test_what_is_beside_the_objects_of_cluster_api_is_passed_over() -> None:
    others: list[Json] = [
        {"kind": "MachineDeployment", "apiVersion": "cluster.x-k8s.io/v1beta1"}, {"kind": "Machine"},
        {"kind": 5, "apiVersion": "cluster.x-k8s.io/v1beta1"}, {"apiVersion": "cluster.x-k8s.io/v1beta1"},
        {"kind": ["Machine"], "apiVersion": "cluster.x-k8s.io/v1beta1"}, {**rule(), "apiVersion": "example.org/v1"},
    ]  # fmt: skip
    assert [kind for kind, _ in read_machines([*others, CLUSTER, rule(), machine()]).objects] == [
        "Cluster", "Machine", "MachineDrainRule"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("metadata", "where"),
    [({"namespace": "fleet", "name": "r"}, "MachineDrainRule fleet/r"), ({"name": "r"}, "MachineDrainRule r"),
     ({"namespace": "", "name": "r"}, "MachineDrainRule r"), ({"namespace": 5, "name": "r"}, "MachineDrainRule r"),
     ({"name": "r" * 101}, f"MachineDrainRule {'r' * 100}"), ("r", "MachineDrainRule")],
)  # fmt: skip
def test_a_rule_that_cannot_be_read_is_named_as_far_as_it_tells_its_name(metadata: object, where: str) -> None:
    with pytest.raises(InputError) as raised:
        read_machines([{**rule(pods="all"), "metadata": metadata}])
    assert raised.value.place is not None
    assert str(raised.value.place.field).strip() == where


def test_machines_are_a_gap_only_where_a_rule_selects_them_and_only_for_cluster_api() -> None:
    chosen, every = rule("a", **for_machines(pool="a")), rule("b", "Drain")
    objects = [pod(owner=RS), WEB_RS, SHOP]
    assert not drain("cluster-api", *objects).gaps
    assert not drain("cluster-api", *objects, every).gaps
    assert not drain("cluster-api", *objects, *M, chosen, every).gaps
    (gap,) = drain("cluster-api", *objects, chosen, every).gaps
    assert gap.what == "Machine objects of node n1"
    for profile in ("oakum", "kubectl", "cluster-autoscaler"):
        assert not drain(profile, *objects, chosen).gaps


def test_without_a_machine_every_rule_of_all_namespaces_applies_and_selected_machines_are_a_gap() -> None:
    assert verdicts("cluster-api", pod(owner=RS), SHOP, rule(namespace="x"))["p"][0] == "ignore"
    found = drain("cluster-api", pod(owner=RS), SHOP, rule(**for_machines(pool="a")))
    assert [gap.what for gap in found.gaps] == ["Machine objects of node n1"]


@pytest.mark.parametrize("version", ["v1beta3", "v2", "v1"])
def test_a_rule_of_an_unknown_version_is_named(version: str) -> None:
    objects = [pod(owner=RS), SHOP, rule(version=f"cluster.x-k8s.io/{version}")]
    with pytest.raises(NotAssessableError, match=f"MachineDrainRule cluster.x-k8s.io/{version} is unknown"):
        surroundings(objects)


@pytest.mark.parametrize(
    "given", [rule(until="2027"), rule(pods=[{"fieldSelector": {}}]), {**rule(), "spec": {"drain": {"after": "1h"}}}]
)
def test_an_unknown_field_of_a_rule_is_named(given: Json) -> None:
    with pytest.raises(NotAssessableError, match="unknown field"):
        surroundings([pod(owner=RS), SHOP, given])


@pytest.mark.parametrize("as_text", [False, True])
def test_rules_of_a_list_of_one_kind_have_its_version(as_text: bool) -> None:
    inner = {key: value for key, value in rule().items() if key not in ("kind", "apiVersion")}
    rules = {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "MachineDrainRuleList", "items": [inner]}
    dump = {"apiVersion": "v1", "kind": "List", "items": [pod(owner=RS), SHOP, rules]}
    around = of_bytes(json.dumps(dump).encode(), "d") if as_text else of_value(dump, "d")
    (one,) = explain(around, ["n1"], profile="cluster-api").pods
    assert one.outcome.object == "MachineDrainRule/fleet/r"


def test_a_rule_of_another_group_is_none() -> None:
    assert verdicts("cluster-api", pod(owner=RS), SHOP, rule(version="example.org/v1"))["p"] == ("evict",)


def test_a_rule_of_a_wrong_shape_is_an_error() -> None:
    with pytest.raises(InputError, match="MachineDrainRule fleet/r: not of the expected shape"):
        surroundings([rule(pods="all")])


def test_the_time_of_a_drain_is_asked_for() -> None:
    around = surroundings([pod(owner=RS), SHOP, machine(spec={"nodeDrainTimeout": "1m"}, status=DRAIN_START)])
    with pytest.raises(InputError, match="now"):
        explain(around, ["n1"], profile="cluster-api")
