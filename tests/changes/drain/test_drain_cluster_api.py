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
from oakum.errors import InputError, NotAssessableError
from oakum.local.drain import of_bytes, of_value

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
