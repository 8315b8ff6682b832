"""Random dumps: what the machine form says each actor's drain would do, against a second, naive hand.

The evaluator is ``naive_drains.py``; it is first held against the tables, whose rows it must answer as well. Alphabets
are small, so that owners, budgets and rules meet their pods, and times lie around the limits. Left out because the
sources do not say, or because the API server would not let it exist: the very moment at which a system pod has had
its time with the autoscaler, negative numbers in a budget, unknown operators in a selector, an order of a rule that
does not drain, nodes that are asked for and not in the dump, and for Cluster API a node without its Machine or a
Machine without its Cluster.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.cli.drain import _answer
from tests.actors.naive_drain_facts import Expected, wanted
from tests.actors.naive_drains import PROFILES, naive
from tests.actors.test_tables import table

Object = dict[str, Any]
Draw = st.DrawFn

#: Every name that may be given anew begins so, and nothing else does.
NAMED = "obj-"
NOW = datetime.fromisoformat("2026-01-31T06:00:00+00:00")
NODES = ("obj-n1", "obj-n2")
NAMESPACES = ("obj-a", "obj-b", "kube-system")
#: Where Machines live.
HOMES = ("obj-fleet", "obj-other")
#: API version and kind of those that own pods; the last ones only look like those that the actors know.
OWNERS = (
    *(("apps/v1", "ReplicaSet"),) * 4,
    *(("apps/v1", "StatefulSet"),) * 2,
    *(("apps/v1", "DaemonSet"),) * 2,
    ("batch/v1", "Job"),
    ("v1", "ReplicationController"),
    ("apps.kruise.io/v1alpha1", "CloneSet"),
    ("apps.kruise.io/v1alpha1", "StatefulSet"),
    ("apps.kruise.io/v1alpha1", "DaemonSet"),
    ("batch.volcano.sh/v1alpha1", "Job"),
    ("example.io/v1", "ReplicaSet"),
    ("example.io/v1", "ReplicationController"),
)
LABELS = {"app": ("web", "shop"), "stage": ("prod", "test"), "kubernetes.io/metadata.name": NAMESPACES}
DRAIN_LABELS = ("skip", "SKIP", "wait-completed", "WaitCompleted", "w-aitCompleted", "wait-com-pleted", "drain", "later")
ANNOTATIONS = {
    "cluster-autoscaler.kubernetes.io/safe-to-evict": ("true", "false", "on-completion", "True", "no"),
    "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes": ("scratch", "scratch,data", "scratch, data", ""),
    "cluster-autoscaler.kubernetes.io/daemonset-pod": ("true", "yes"),
    "kubernetes.io/config.source": ("file", "api"),
}
MIRROR = {"kubernetes.io/config.mirror": ("8d1f", "")}
VOLUMES: tuple[Object, ...] = (
    {"emptyDir": {}},
    {"emptyDir": {"medium": "Memory"}},
    {"emptyDir": {"medium": "", "sizeLimit": "1Gi"}},
    {"hostPath": {"path": "/var/log"}},
    {"persistentVolumeClaim": {"claimName": "obj-claim"}},
    {"configMap": {"name": "obj-config"}},
)
BUDGETS: tuple[tuple[str, int | str], ...] = (
    *(("minAvailable", value) for value in (0, 1, 2, 3, "50%", "100%")),
    *(("maxUnavailable", value) for value in (0, 1, 2, "0%", "50%")),
)
#: Seconds from now: kubectl's timeouts, Cluster API's one second, the autoscaler's half minute beyond each grace period.
DELETED = (20, 0, -1, -2, -29, -30, -31, -39, -40, -41, -59, -60, -61, -62, -600)
CREATED = (-10, -299, -301, -3599, -3602, -5399, -5402, -90_000)
OPTIONS: dict[str, dict[str, tuple[object, ...]]] = {
    "kubectl": {
        "force": (True, False),
        "ignore_daemonsets": (True, False),
        "delete_emptydir_data": (True, False),
        "skip_wait_for_delete_timeout": (0, 1, 30, 60),
    },
    "cluster-autoscaler": {
        "skip_nodes_with_system_pods": (True, False),
        "skip_nodes_with_local_storage": (True, False),
        "skip_nodes_with_custom_controller_pods": (True, False),
        "bsp_disruption_timeout": ("1h", "5m", "1h30m"),
    },
    "cluster-api": {},
}


def at(seconds: int) -> str:
    return (NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def some(draw: Draw, choices: dict[str, tuple[Any, ...]], one_in: int = 2) -> Object:
    """Some of these keys, each with one of its values."""
    drawn = {key: draw(one_of((None,) * len(values) * (one_in - 1) + values)) for key, values in choices.items()}
    return {key: value for key, value in drawn.items() if value is not None}


@cache
def one_of(values: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    """One of these; the first is the simplest."""
    return st.sampled_from(values)


def seldom(draw: Draw, one_in: int) -> bool:
    return bool(draw(one_of((False,) * (one_in - 1) + (True,))))


def selectors(draw: Draw) -> Object:
    found: Object = {}
    if seldom(draw, 2):
        found["matchLabels"] = some(draw, {key: LABELS[key] for key in ("app", "stage")})
    if seldom(draw, 3):
        key = draw(one_of(tuple(LABELS)))
        operator = draw(one_of(("In", "NotIn", "Exists", "DoesNotExist")))
        values = draw(st.lists(st.sampled_from(LABELS[key]), min_size=1, max_size=2, unique=True))
        found["matchExpressions"] = [
            {"key": key, "operator": operator, **({"values": values} if operator.endswith("In") else {})}
        ]
    return found


def pod(draw: Draw, number: int) -> Object:
    meta: Object = {
        "name": f"obj-pod-{number}",
        "namespace": draw(one_of(("obj-a", "obj-a", "obj-b", "kube-system", "kube-system"))),
        "uid": f"uid-pod-{number}",
        "creationTimestamp": at(draw(one_of(CREATED))),
        "labels": some(draw, {key: LABELS[key] for key in ("app", "stage")}),
        "annotations": some(draw, ANNOTATIONS, 5) | some(draw, MIRROR, 15),
    }
    spec: Object = {
        "restartPolicy": draw(one_of(("Always", "OnFailure", "Never"))),
        "containers": [{"name": "main", "image": "registry.example/web:1"}],
        **some(draw, {"terminationGracePeriodSeconds": (0, 10, 30)}),
        **some(draw, {"nodeName": ("obj-n1", "obj-n1", "obj-n1", "obj-n2", "")}, 1),
    }
    meta["labels"] |= some(draw, {"cluster.x-k8s.io/drain": DRAIN_LABELS}, 5)
    if owned := owners(draw):
        meta["ownerReferences"] = owned
    if seldom(draw, 4):
        meta["deletionTimestamp"] = at(draw(one_of(DELETED)))
    if seldom(draw, 3):
        volumes = draw(st.lists(st.sampled_from(VOLUMES), min_size=1, max_size=2))
        spec["volumes"] = [{"name": name, **volume} for name, volume in zip(("data", "scratch"), volumes, strict=False)]
    phase = draw(one_of(("Running",) * 5 + ("Pending", "Succeeded", "Failed", "Unknown")))
    ready = draw(one_of(("True", "True", "True", "False", "Unknown", "")))
    conditions = [{"type": "ContainersReady", "status": "True"}, *([{"type": "Ready", "status": ready}] if ready else [])]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {key: value for key, value in meta.items() if value or key == "name"},
        "spec": spec,
        "status": {"phase": phase, "conditions": conditions},
    }


def owners(draw: Draw) -> list[Object]:
    several: list[Object] = []
    for controls in draw(one_of(((True,),) * 6 + ((), (False,), (False, True)))):
        version, kind = draw(one_of(OWNERS))
        owner = {"apiVersion": version, "kind": kind, "name": draw(one_of(("obj-x", "obj-y"))), "uid": "uid-1"}
        several.append({**owner, "controller": True, "blockOwnerDeletion": True} if controls else owner)
    return several


def controllers(draw: Draw, pods: list[Object]) -> list[Object]:
    """Most of those that own a pod, or one like it: elsewhere, of another API group, or of another time."""
    found: dict[tuple[str, ...], Object] = {}
    for each in pods:
        for owner in each["metadata"].get("ownerReferences", []):
            kind, version, namespace = owner["kind"], owner["apiVersion"], each["metadata"]["namespace"]
            how = draw(one_of((*("",) * 6, "missing", "namespace", "version", "uid")))
            if how == "namespace":
                namespace = draw(one_of(NAMESPACES))
            elif how == "version":
                version = draw(one_of(tuple(sorted({one for one, of in OWNERS if of == kind}))))
            if how != "missing":
                meta = {"name": owner["name"], "namespace": namespace, "uid": "uid-2" if how == "uid" else "uid-1"}
                spec = {"replicas": draw(st.integers(1, 3))} if kind.startswith(("Rep", "State")) else {}
                made = {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}
                found[version, kind, namespace, owner["name"]] = made
    return list(found.values())


def budget(draw: Draw, namespace: str, name: str) -> Object:
    """A budget whose numbers fit each other as its controller would have written them, or are not yet its own."""
    expected = draw(st.integers(0, 3))
    current = draw(st.integers(0, expected))
    field, value = draw(one_of(BUDGETS))
    desired = wanted({field: value}, expected)
    allowed = max(current - desired, 0) if draw(st.booleans()) else 0
    status = {
        "expectedPods": expected,
        "currentHealthy": current,
        "desiredHealthy": desired,
        "disruptionsAllowed": allowed,
        "observedGeneration": 3,
    }
    if seldom(draw, 12):
        status = dict.fromkeys(("expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed"), 0)
    spec: Object = {field: value, **some(draw, {"unhealthyPodEvictionPolicy": ("IfHealthyBudget", "AlwaysAllow")})}
    if not seldom(draw, 8):
        spec["selector"] = selectors(draw)
    generation = 4 if seldom(draw, 6) else 3
    meta = {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}", "generation": generation}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec, "status": status}


def namespaces(draw: Draw) -> list[Object]:
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": name,
                "labels": {
                    "kubernetes.io/metadata.name": name,
                    **some(draw, {key: LABELS[key] for key in ("app", "stage")}),
                },
            },
            "status": {"phase": "Active"},
        }
        for name in NAMESPACES
        if not seldom(draw, 8)
    ]


def nodes(draw: Draw) -> list[Object]:
    """Both nodes, each with its Machine in one of the management cluster's namespaces."""
    found: list[Object] = []
    for name in NODES:
        ready = draw(one_of(("True", "True", "Unknown", "False")))
        found.append(
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name, "uid": f"uid-{name}"},
                "spec": {},
                "status": {"conditions": [{"type": "Ready", "status": ready}]},
            }
        )
        meta = {"name": f"obj-machine-{name[-2:]}", "namespace": draw(one_of(HOMES))}
        machine = capi("Machine", meta | {"labels": some(draw, {key: LABELS[key] for key in ("app", "stage")})})
        machine["spec"] = {"clusterName": "obj-east"}
        found.append({**machine, "status": {"phase": "Running", "nodeRef": {"name": name}}})
    for home in HOMES:
        labels = some(draw, {key: LABELS[key] for key in ("app", "stage")})
        found.append(capi("Cluster", {"name": "obj-east", "namespace": home, "labels": labels}))
    return found


def capi(kind: str, meta: Object, version: str = "v1beta2") -> Object:
    return {"apiVersion": f"cluster.x-k8s.io/{version}", "kind": kind, "metadata": meta, "spec": {}}


def drain_rule(draw: Draw, home: str, name: str) -> Object:
    rule = capi("MachineDrainRule", {"name": name, "namespace": home}, draw(one_of(("v1beta1", "v1beta2"))))
    behaviour = draw(one_of(("Drain", "Drain", "Skip", "WaitCompleted", "Postpone")))
    order = some(draw, {"order": (-100, 0, 7, 10)}) if behaviour == "Drain" else {}
    rule["spec"] = {"drain": {"behavior": behaviour, **order}}
    for field, kinds in (("machines", ("selector", "clusterSelector")), ("pods", ("selector", "namespaceSelector"))):
        entries = draw(one_of((0, 0, 1, 1, 2)))
        if entries or seldom(draw, 4):
            rule["spec"][field] = [
                {kind: selectors(draw) for kind in kinds if draw(st.booleans())} or {"selector": selectors(draw)}
                for _ in range(entries)
            ]
    return rule


@st.composite
def requests(draw: Draw, profile: str) -> Object:
    """A request of one profile; the dump holds what the others look at as well."""
    items = [pod(draw, number) for number in range(draw(one_of((0, *range(2, 7)))))]
    places = st.tuples(st.sampled_from(("obj-a", "kube-system", "obj-b")), st.sampled_from(("obj-one", "obj-two")))
    items += [*controllers(draw, items), *namespaces(draw), *nodes(draw)]
    items += [budget(draw, *place) for place in draw(st.lists(places, min_size=1, max_size=4, unique=True))]
    homes = st.tuples(st.sampled_from(HOMES), st.sampled_from(("obj-rule-10", "obj-rule-2", "obj-a", "obj-b")))
    most = 4 if profile == "cluster-api" else 1
    items += [drain_rule(draw, *place) for place in draw(st.lists(homes, max_size=most, unique=True))]
    options = {key: draw(one_of((*values, None))) for key, values in OPTIONS[profile].items()}
    return {
        "nodes": list(draw(one_of((NODES[:1], NODES[:1], NODES[1:], NODES[::-1])))),
        "now": draw(one_of(("2026-01-31T06:00:00Z", "2026-01-31T06:00:00.900Z"))),
        "profile": profile,
        "options": {key: value for key, value in options.items() if value is not None},
        "dump": {"apiVersion": "v1", "kind": "List", "items": items},
    }


def said(request: Object) -> dict[tuple[str, str], Object]:
    """What Oakum says, by namespace and name."""
    pods: Any = _answer(request)["pods"]
    found = {(each["namespace"], each["name"]): each for each in pods}
    assert len(found) == len(pods), "a pod is named twice"
    return found


def unlike(one: Object, expected: Expected) -> dict[str, tuple[object, object]]:
    """The fields that differ from what is known of them."""
    known = {key: value for key, value in vars(expected).items() if value is not None}
    return {key: (one.get(key), value) for key, value in known.items() if (one.get(key) or 0) != (value or 0)}


def differences(request: Object) -> dict[tuple[str, str], object]:
    """Every pod about which the two disagree: what is said, and what was expected instead."""
    found, expected = said(request), naive(request)
    assert found.keys() == expected.keys(), "all pods of the asked nodes and no others"
    unequal = {key: unlike(found[key], expected[key]) for key in found}
    return {key: fields for key, fields in unequal.items() if fields}


@pytest.mark.parametrize("name", ["drain-kubectl", "drain-eviction", "drain-cluster-autoscaler", "drain-cluster-api"])
def test_the_naive_evaluator_answers_the_rows_of_the_tables(name: str) -> None:
    for row in table(name)["rows"]:
        # YAML gives times of its own kind for some rows; the machine form reads text.
        request = json.loads(json.dumps(row["request"], default=str))
        expected = naive(request)
        rows = {(each.get("namespace", "default"), each["name"]): each for each in row["answer"]["pods"]}
        assert rows.keys() == expected.keys(), row["name"]
        for key, one in rows.items():
            for field, value in vars(expected[key]).items():
                assert field not in one or value is None or (one[field] or 0) == (value or 0), (row["name"], key, field)


@pytest.mark.parametrize("profile", sorted(PROFILES))
@given(data=st.data())
def test_every_pod_is_judged_as_the_naive_evaluator_judges_it(profile: str, data: st.DataObject) -> None:
    request = data.draw(requests(profile))
    assert not differences(request)


@pytest.mark.parametrize("profile", sorted(PROFILES))
@given(data=st.data(), random=st.randoms(use_true_random=False))
def test_other_names_and_another_order_of_the_items_change_nothing_else(
    profile: str, data: st.DataObject, random: Random
) -> None:
    request = data.draw(requests(profile))
    other = renamed(request)
    random.shuffle(other["dump"]["items"])
    random.shuffle(other["nodes"])
    before = [renamed(each) for each in said(request).values()]
    after = said(other)
    assert len(before) == len(after)
    for each in before:
        assert after[each["namespace"], each["name"]] == each


def renamed(value: Object) -> Object:
    """Every name is another; their alphabetical order stays, for it decides which rule comes first."""
    new: Object = json.loads(json.dumps(value).replace(NAMED, "renamed-thing-"))
    return new
