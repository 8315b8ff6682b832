"""Random dumps: the program and a second reading of the documentation (``naive``) agree; garbage harms nothing."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.changes.drain import naive
from tests.changes.drain.makings import NOW, Json, budget, controller, namespace, node, owned, pod, surroundings

from oakum.changes.drain import PROFILES, explain
from oakum.changes.drain.answers import explained
from oakum.errors import OakumError
from oakum.local.drain import of_bytes, of_value

SAFE = "cluster-autoscaler.kubernetes.io/safe-to-evict"
LABELS = st.dictionaries(st.sampled_from(["app", "tier"]), st.sampled_from(["web", "db"]))
SELECTORS = st.one_of(
    st.none(),
    LABELS.map(lambda each: {"matchLabels": each}),
    st.builds(
        lambda key, operator: {"matchExpressions": [{"key": key, "operator": operator, **_values(operator)}]},
        st.sampled_from(["app", "tier"]),
        st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]),
    ),
)
SPACES = st.sampled_from(["shop", "shop", "shop", "kube-system", "gone"])
KINDS = ["ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController", "Job", "Rollout"]
OPTIONS: dict[str, st.SearchStrategy[Json]] = {
    "kubectl": st.fixed_dictionaries(
        {},
        optional={
            **{name: st.booleans() for name in
               ("force", "ignore_daemonsets", "delete_emptydir_data", "disable_eviction")},
            "skip_wait_for_delete_timeout": st.integers(0, 90),
        },
    ),
    "cluster-autoscaler": st.fixed_dictionaries(
        {},
        optional={
            **{f"skip_nodes_with_{what}": st.booleans() for what in
               ("system_pods", "local_storage", "custom_controller_pods")},
            "min_replica_count": st.integers(0, 3),
        },
    ),
    "cluster-api": st.fixed_dictionaries({}, optional={"skip_wait_for_delete_timeout": st.integers(0, 90)}),
}  # fmt: skip


def _values(operator: str) -> Json:
    return {"values": ["web"]} if operator in ("In", "NotIn") else {}


@st.composite
def owners(draw: st.DrawFn) -> Json | None:
    kind = draw(st.sampled_from([None, *KINDS]))
    if kind is None:
        return None
    version = draw(st.sampled_from([None, None, None, "other.io/v1", "apps/v1beta1"]))
    reference = owned(kind, draw(st.sampled_from(["one", "two"])), version)
    return {**reference, "controller": draw(st.sampled_from([True, True, True, False]))}


@st.composite
def pods(draw: st.DrawFn, name: str) -> Json:
    annotations = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "kubernetes.io/config.mirror": st.just("x"),
                SAFE: st.sampled_from(["true", "false", "on-completion", "maybe"]),
                f"{SAFE}-local-volumes": st.sampled_from(["v0", "v0,v1", "v1, v0", ""]),
                "cluster-autoscaler.kubernetes.io/daemonset-pod": st.sampled_from(["true", "false"]),
            },
        )
        if draw(st.integers(0, 2)) == 0
        else st.just({})
    )
    labels = draw(LABELS)
    if draw(st.integers(0, 4)) == 0:
        values = ["skip", "SKIP", "wait-completed", "WaitCompleted", "", "later"]
        labels["cluster.x-k8s.io/drain"] = draw(st.sampled_from(values))
    memory: Json = {"emptyDir": {"medium": "Memory"}}
    source = st.sampled_from([{"emptyDir": {}}, memory, {"hostPath": {"path": "/"}}, {"secret": {}}])
    volumes = [{"name": f"v{at}", **each} for at, each in enumerate(draw(st.lists(source, max_size=2)))]
    more: Json = {}
    if draw(st.integers(0, 4)) == 0:
        more["deleted"] = draw(st.integers(-40, 200))
    if draw(st.booleans()):
        more["terminationGracePeriodSeconds"] = draw(st.integers(0, 90))
    return pod(
        name,
        draw(owners()),
        namespace=draw(SPACES),
        labels=labels,
        annotations=annotations,
        volumes=volumes,
        phase=draw(st.sampled_from(["Running", "Running", "Running", "Pending", "Succeeded", "Failed", "Unknown"])),
        ready=draw(st.sampled_from([True, False, None])),
        node=draw(st.sampled_from(["n1", "n1", "n1", "n2"])),
        restartPolicy=draw(st.sampled_from(["Always", "Never", "OnFailure"])),
        **more,
    )


@st.composite
def budgets(draw: st.DrawFn, name: str) -> Json:
    wanted: Json = draw(st.sampled_from([{"maxUnavailable": 1}, {"minAvailable": "50%"}, {"minAvailable": 2}]))
    return budget(
        name,
        draw(st.integers(0, 2)),
        draw(st.integers(0, 3)),
        draw(st.integers(0, 3)),
        namespace=draw(SPACES),
        generation=draw(st.sampled_from([1, 1, 1, 2])),
        selector=draw(SELECTORS),
        policy=draw(st.sampled_from([None, "AlwaysAllow", "IfHealthyBudget"])),
        **wanted,
    )


@st.composite
def drain_rules(draw: st.DrawFn, name: str) -> Json:
    config: Json = {"behavior": draw(st.sampled_from(["Drain", "Drain", "Skip", "WaitCompleted", "Move"]))}
    if draw(st.booleans()):
        config["order"] = draw(st.integers(-2, 2))
    selector = st.fixed_dictionaries(
        {}, optional={"selector": SELECTORS.filter(bool), "namespaceSelector": SELECTORS.filter(bool)}
    )
    spec = {"drain": config, "pods": draw(st.lists(selector, max_size=2))}
    meta = {"name": name, "namespace": "fleet"}
    return {"apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "MachineDrainRule", "metadata": meta, "spec": spec}


@st.composite
def dumps(draw: st.DrawFn) -> list[Json]:
    objects = [draw(pods(f"p{at}")) for at in range(draw(st.integers(1, 6)))]
    objects += [draw(budgets(f"b{at}")) for at in range(draw(st.integers(0, 4)))]
    objects += [draw(drain_rules(f"r{at}")) for at in range(draw(st.integers(0, 3)))]
    for kind in KINDS[:-1]:
        for name in ("one", "two"):
            if draw(st.booleans()):
                objects.append(controller(kind, name, draw(st.sampled_from([None, 0, 1, 3])), namespace="shop"))
    objects += [namespace("shop", app="web"), namespace("kube-system", tier="db")]
    return draw(st.permutations(objects))


@pytest.mark.parametrize("profile", naive.JUDGES)
@given(data=st.data())
def test_a_second_reading_says_the_same(profile: str, data: st.DataObject) -> None:
    objects, options = data.draw(dumps()), data.draw(OPTIONS[profile])
    found = explain(surroundings(objects), ["n1"], profile=profile, options=options, now=NOW)
    cluster = naive.Cluster(objects, NOW)
    here = [each for each in cluster.of("Pod") if each["spec"]["nodeName"] == "n1"]
    wanted = {each["metadata"]["name"]: naive.JUDGES[profile](cluster, each, options) for each in here}
    got = {
        one.pod.metadata.name: (one.outcome.verdict, one.outcome.reason or None, one.outcome.order)
        for one in found.pods
    }  # fmt: skip
    assert got == wanted


@pytest.mark.parametrize("profile", PROFILES)
@given(data=st.data())
def test_what_holds_for_every_answer(profile: str, data: st.DataObject) -> None:
    objects = data.draw(dumps())
    found = explain(surroundings([node("n2"), *objects]), ["n1", "n2"], profile=profile, now=NOW)
    answer = explained(found)
    names = [(one.pod.metadata.namespace, one.pod.metadata.name) for one in found.pods]
    assert names == sorted(
        (each["metadata"]["namespace"], each["metadata"]["name"]) for each in objects if each["kind"] == "Pod"
    )
    for one in found.pods:
        outcome = one.outcome
        assert (outcome.verdict == "blocked") == bool(outcome.duration)
        if outcome.verdict in ("blocked", "error"):
            assert outcome.reason
            assert outcome.object
            assert outcome.why
            assert outcome.remedy
            assert one.source
        # Only of pods of a DaemonSet it is told why they may go: the autoscaler has a rule for them.
        assert (outcome.verdict == "evict") <= (outcome.reason in ("", "daemonset"))
    json.dumps(answer)
    again = surroundings([*data.draw(st.permutations(objects)), node("n2")])
    assert explained(explain(again, ["n2", "n1"], profile=profile, now=NOW)) == answer


@given(data=st.data())
def test_our_own_drain_is_the_strictest(data: st.DataObject) -> None:
    """What the API server refuses for ever, what has no controller, and what an owner forbids, we never evict first."""
    objects = data.draw(dumps())
    ours = explain(surroundings(objects), ["n1"], now=NOW)
    cluster = naive.Cluster(objects, NOW)
    here = {each["metadata"]["name"]: each for each in cluster.of("Pod")}
    for one in ours.pods:
        given_pod = here[one.pod.metadata.name]
        if one.outcome.verdict != "evict" or naive.ended(given_pod):
            continue
        assert naive.boss(given_pod) is not None
        assert naive.notes(given_pod).get(SAFE) != "false"
        assert cluster.evict(given_pod) != "multiple-pdb"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
def test_garbage_in_an_object_is_an_error_or_a_gap_and_nothing_else(data: st.DataObject) -> None:
    objects = json.loads(json.dumps(data.draw(dumps())))
    for _ in range(data.draw(st.integers(1, 3))):
        target: Any = data.draw(st.sampled_from(objects))
        while isinstance(target, dict) and target and data.draw(st.booleans()):
            inner = target[data.draw(st.sampled_from(sorted(target)))]
            if not isinstance(inner, dict):
                break
            target = inner
        if isinstance(target, dict) and target:
            target[data.draw(st.sampled_from(sorted(target)))] = data.draw(JSON)
    for profile in PROFILES:
        try:
            found = explain(of_value(objects, "made up"), ["n1"], profile=profile, now=NOW)
            json.dumps(explained(found))
        except OakumError:
            pass


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_garbage_for_a_dump_is_an_error(data: bytes) -> None:
    with pytest.raises(OakumError):
        explain(of_bytes(data + b"cluster.x-k8s.io", "made up"), ["n1"])


@given(data=st.data())
def test_a_text_and_a_value_mean_the_same(data: st.DataObject) -> None:
    objects = data.draw(dumps())
    value = {"apiVersion": "v1", "kind": "List", "items": objects}
    one = explained(explain(of_value(value, "d"), ["n1"], profile="cluster-api", now=NOW))
    text = explained(explain(of_bytes(msgspec.json.encode(value), "d"), ["n1"], profile="cluster-api", now=NOW))
    assert one == text
