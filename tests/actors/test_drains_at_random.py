"""Random dumps: what the machine form says each actor's drain would do, against a second, naive hand.

The evaluator is ``naive_drains.py``; it is first held against the tables, whose rows it must answer as well. Alphabets
are small, so that owners, budgets and rules meet their pods, and times lie around the limits. Left out because the
sources do not say, or because the API server would not let it exist: the very moment at which a system pod has had
its time with the autoscaler (and, in the evaluator, whether its later rules still hold such a pod), negative numbers in
a budget, unknown operators in a selector, an order of a rule that does not drain, nodes that are asked for and not in
the dump, and for Cluster API a node without its Machine or a Machine without its Cluster. How long a budget refuses is
compared where it wants no eviction at all, or where one controller with a scale makes all of its pods.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.cli.drain import _answer
from oakum.errors import OakumError
from tests.actors.naive_drain_facts import Expected, wanted
from tests.actors.naive_drains import PROFILES, naive
from tests.actors.test_tables import table

Object = dict[str, Any]

#: Chance chooses whole dumps by a seed: of hundreds of values that hypothesis itself drew for one, most would be alike.
SEEDS = st.integers(0, 2**63)
#: Dumps for each of its examples.
DUMPS = 20
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
DRAIN_LABELS = ("skip", "SKIP", "wait-completed", "WaitCompleted", "w-aitCompleted", "wait-com-pleted", "drain", "x")
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
#: Seconds since the deletion: Cluster API's one, kubectl's timeouts, long ago and not yet. The autoscaler's depends.
DELETED = (1, 30, 60, 600, -20)
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


class Dice(Random):
    """What chance chooses; a seed makes it the same again."""

    def one_of(self, values: Sequence[Any]) -> Any:
        return values[self.randrange(len(values))]

    def seldom(self, one_in: int) -> bool:
        return self.randrange(one_in) == 0

    def some(self, choices: Mapping[str, Sequence[Any]], one_in: int = 2) -> Object:
        """Some of these keys, each with one of its values."""
        return {key: self.one_of(values) for key, values in choices.items() if self.seldom(one_in)}

    def several(self, values: Sequence[Any], least: int, most: int) -> list[Any]:
        """So many different ones."""
        return self.sample(values, self.randint(least, most))


def selectors(dice: Dice) -> Object:
    found: Object = {}
    if dice.seldom(2):
        found["matchLabels"] = dice.some({key: LABELS[key] for key in ("app", "stage")})
    if dice.seldom(3):
        key = dice.one_of(tuple(LABELS))
        operator = dice.one_of(("In", "NotIn", "Exists", "DoesNotExist"))
        values = dice.several(LABELS[key], 1, 2)
        found["matchExpressions"] = [
            {"key": key, "operator": operator, **({"values": values} if operator.endswith("In") else {})}
        ]
    return found


def pod(dice: Dice, number: int) -> Object:
    meta: Object = {
        "name": f"obj-pod-{number}",
        "namespace": dice.one_of(("obj-a", "obj-a", "obj-b", "kube-system", "kube-system")),
        "uid": f"uid-pod-{number}",
        "creationTimestamp": at(dice.one_of(CREATED)),
        "labels": dice.some({key: LABELS[key] for key in ("app", "stage")}),
        "annotations": dice.some(ANNOTATIONS, 5) | dice.some(MIRROR, 15),
    }
    spec: Object = {
        "restartPolicy": dice.one_of(("Always", "OnFailure", "Never")),
        "containers": [{"name": "main", "image": "registry.example/web:1"}],
        **dice.some({"terminationGracePeriodSeconds": (0, 10, 30)}),
        **dice.some({"nodeName": ("obj-n1",) * 4 + ("obj-n2", "")}, 1),
    }
    meta["labels"] |= dice.some({"cluster.x-k8s.io/drain": DRAIN_LABELS}, 5)
    if owned := owners(dice):
        meta["ownerReferences"] = owned
    if dice.seldom(3):
        limit = dice.one_of((30 + spec.get("terminationGracePeriodSeconds", 30), *DELETED))
        meta["deletionTimestamp"] = at(-limit - dice.one_of((0, 1)))
    if dice.seldom(3):
        volumes = dice.several(VOLUMES, 1, 2)
        spec["volumes"] = [{"name": name, **volume} for name, volume in zip(("data", "scratch"), volumes, strict=False)]
    phase = dice.one_of(("Running",) * 8 + ("Pending", "Succeeded", "Failed", "Unknown"))
    ready = dice.one_of(("True", "True", "True", "False", "Unknown", ""))
    conditions = [{"type": "ContainersReady", "status": "True"}]
    if ready:
        conditions.append({"type": "Ready", "status": ready})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {key: value for key, value in meta.items() if value or key == "name"},
        "spec": spec,
        "status": {"phase": phase, "conditions": conditions},
    }


def owners(dice: Dice) -> list[Object]:
    several: list[Object] = []
    for controls in dice.one_of(((True,),) * 6 + ((), (False,), (False, True))):
        version, kind = dice.one_of(OWNERS)
        owner = {"apiVersion": version, "kind": kind, "name": dice.one_of(("obj-x", "obj-y")), "uid": "uid-1"}
        several.append({**owner, "controller": True, "blockOwnerDeletion": True} if controls else owner)
    return several


def controllers(dice: Dice, pods: list[Object]) -> list[Object]:
    """Most of those that own a pod, or one like it: elsewhere, of another API group, or of another time."""
    found: dict[tuple[str, ...], Object] = {}
    for each in pods:
        for owner in each["metadata"].get("ownerReferences", []):
            kind, version, namespace = owner["kind"], owner["apiVersion"], each["metadata"]["namespace"]
            how = dice.one_of((*("",) * 6, "missing", "namespace", "version", "uid"))
            if how == "namespace":
                namespace = dice.one_of(NAMESPACES)
            elif how == "version":
                version = dice.one_of(tuple(sorted({one for one, of in OWNERS if of == kind})))
            if how != "missing":
                meta = {"name": owner["name"], "namespace": namespace, "uid": "uid-2" if how == "uid" else "uid-1"}
                spec = {"replicas": dice.randint(1, 3)} if kind.startswith(("Rep", "State")) else {}
                made = {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}
                found[version, kind, namespace, owner["name"]] = made
    return list(found.values())


def budget(dice: Dice, namespace: str, name: str) -> Object:
    """A budget whose numbers fit each other as its controller would have written them, or are not yet its own."""
    expected = dice.one_of((3, 2, 1, 0))
    current = max(expected - dice.one_of((0, 0, 1, 2)), 0)
    field, value = dice.one_of(BUDGETS)
    desired = wanted({field: value}, expected)
    allowed = 0 if dice.seldom(3) else max(current - desired, 0)
    status = {
        "expectedPods": expected,
        "currentHealthy": current,
        "desiredHealthy": desired,
        "disruptionsAllowed": allowed,
        "observedGeneration": 3,
    }
    if dice.seldom(12):
        status = dict.fromkeys(("expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed"), 0)
    spec: Object = {field: value, **dice.some({"unhealthyPodEvictionPolicy": ("IfHealthyBudget", "AlwaysAllow")})}
    if not dice.seldom(8):
        spec["selector"] = selectors(dice)
    generation = 4 if dice.seldom(4) else 3
    meta = {"name": name, "namespace": namespace, "uid": f"uid-{namespace}-{name}", "generation": generation}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": spec, "status": status}


def namespaces(dice: Dice) -> list[Object]:
    return [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {
                "name": name,
                "labels": {
                    "kubernetes.io/metadata.name": name,
                    **dice.some({key: LABELS[key] for key in ("app", "stage")}),
                },
            },
            "status": {"phase": "Active"},
        }
        for name in NAMESPACES
        if not dice.seldom(8)
    ]


def nodes(dice: Dice) -> list[Object]:
    """Both nodes, each with its Machine in one of the management cluster's namespaces."""
    found: list[Object] = []
    for name in NODES:
        ready = dice.one_of(("True", "True", "Unknown", "False"))
        found.append(
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name, "uid": f"uid-{name}"},
                "spec": {},
                "status": {"conditions": [{"type": "Ready", "status": ready}]},
            }
        )
        meta = {"name": f"obj-machine-{name[-2:]}", "namespace": dice.one_of(HOMES)}
        machine = capi("Machine", meta | {"labels": dice.some({key: LABELS[key] for key in ("app", "stage")})})
        machine["spec"] = {"clusterName": "obj-east"}
        found.append({**machine, "status": {"phase": "Running", "nodeRef": {"name": name}}})
    for home in HOMES:
        labels = dice.some({key: LABELS[key] for key in ("app", "stage")})
        found.append(capi("Cluster", {"name": "obj-east", "namespace": home, "labels": labels}))
    return found


def capi(kind: str, meta: Object, version: str = "v1beta2") -> Object:
    return {"apiVersion": f"cluster.x-k8s.io/{version}", "kind": kind, "metadata": meta, "spec": {}}


def drain_rule(dice: Dice, home: str, name: str) -> Object:
    rule = capi("MachineDrainRule", {"name": name, "namespace": home}, dice.one_of(("v1beta1", "v1beta2")))
    behaviour = dice.one_of(("Drain", "Drain", "Skip", "WaitCompleted", "Postpone"))
    order = dice.some({"order": (-100, 0, 7, 10)}) if behaviour == "Drain" else {}
    rule["spec"] = {"drain": {"behavior": behaviour, **order}}
    for field, kinds in (("machines", ("selector", "clusterSelector")), ("pods", ("selector", "namespaceSelector"))):
        entries = dice.one_of((0, 0, 1, 1, 2))
        if entries or dice.seldom(4):
            rule["spec"][field] = [
                {kind: selectors(dice) for kind in kinds if dice.seldom(2)} or {"selector": selectors(dice)}
                for _ in range(entries)
            ]
    return rule


def request_of(dice: Dice, profile: str) -> Object:
    """A request of one profile; the dump holds what the others look at as well."""
    items = [pod(dice, number) for number in range(dice.randint(0, 6))]
    items += [*controllers(dice, items), *namespaces(dice), *nodes(dice)]
    names = [(namespace, name) for namespace in NAMESPACES for name in ("obj-one", "obj-two")]
    items += [budget(dice, *name) for name in dice.several(names, 0, 4)]
    names = [(home, name) for home in HOMES for name in ("obj-rule-10", "obj-rule-2", "obj-a", "obj-b")]
    items += [drain_rule(dice, *name) for name in dice.several(names, 0, 5)]
    options = {key: dice.one_of((*values, None)) for key, values in OPTIONS[profile].items()}
    return {
        "nodes": list(dice.one_of((NODES[:1], NODES[::-1], NODES, NODES[1:]))),
        "now": dice.one_of(("2026-01-31T06:00:00Z", "2026-01-31T06:00:00.900Z")),
        "profile": profile,
        "options": {key: value for key, value in options.items() if value is not None},
        "dump": {"apiVersion": "v1", "kind": "List", "items": items},
    }


def said(request: Object) -> dict[tuple[str, str], Object]:
    """What Oakum says, by namespace and name."""
    pods: Any = _answer(request)["pods"]
    return {(each["namespace"], each["name"]): each for each in pods}


def unlike(one: Object, expected: Expected) -> dict[str, tuple[object, object]]:
    """The fields that differ from what is known of them."""
    known = {key: value for key, value in vars(expected).items() if value is not None}
    return {key: (one.get(key), value) for key, value in known.items() if (one.get(key) or 0) != (value or 0)}


def differences(request: Object) -> dict[tuple[str, str], object]:
    """Every pod about which the two disagree: what is said, and what was expected instead; all pods and no others."""
    found, expected = said(request), naive(request)
    either = {key: (found.get(key), expected.get(key)) for key in found.keys() ^ expected.keys()}
    unequal = {key: unlike(found[key], expected[key]) for key in found.keys() & expected.keys()}
    return either | {key: fields for key, fields in unequal.items() if fields}


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


def differs(request: Object) -> bool:
    """Whether the two disagree; not where something was left out that one of them needs."""
    try:
        return bool(differences(request))
    except (ValueError, LookupError, AssertionError, OakumError):
        return False


def smallest(request: Object) -> Object:
    """What of the dump is needed for the two to disagree."""
    kept = list(request["dump"]["items"])
    for item in request["dump"]["items"]:
        fewer = [each for each in kept if each is not item]
        if differs({**request, "dump": {**request["dump"], "items": fewer}}):
            kept = fewer
    return {**request, "dump": {**request["dump"], "items": kept}}


@pytest.mark.parametrize("profile", sorted(PROFILES))
@given(seed=SEEDS)
def test_every_pod_is_judged_as_the_naive_evaluator_judges_it(profile: str, seed: int) -> None:
    dice = Dice(seed)
    for _ in range(DUMPS):
        request = request_of(dice, profile)
        if differences(request):
            least = smallest(request)
            pytest.fail(f"said and expected: {differences(least)}; {json.dumps(least)}")


@pytest.mark.parametrize("profile", sorted(PROFILES))
@given(seed=SEEDS)
def test_other_names_and_another_order_of_the_items_change_nothing_else(profile: str, seed: int) -> None:
    dice = Dice(seed)
    request = request_of(dice, profile)
    other = renamed(request)
    dice.shuffle(other["dump"]["items"])
    dice.shuffle(other["nodes"])
    before = [renamed(each) for each in said(request).values()]
    assert said(other) == {(each["namespace"], each["name"]): each for each in before}


def renamed(value: Object) -> Object:
    """Every name is another; their alphabetical order stays, for it decides which rule comes first."""
    new: Object = json.loads(json.dumps(value).replace(NAMED, "renamed-thing-"))
    return new
