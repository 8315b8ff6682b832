"""What is lost with a node: parts from the documentation of the node authorizer, RBAC and the Pod Security Standards"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.risk.flows.worlds import snapshot
from tests.risk.test_rbac import Json, bound, role

from oakum.risk.blast import CONTROL_PLANE, ONE_NAMESPACE, POWER_WEIGHTS, UNKNOWN, Blast, blast
from oakum.risk.power import POWERS


def node(name: str, **labels: str) -> Json:
    return {"kind": "Node", "metadata": {"name": name, "labels": labels}}


def pod(name: str = "web", on: str = "n1", space: str = "shop", labels: Json | None = None, **spec: Any) -> Json:
    meta = {"namespace": space, "name": name, "uid": f"{space}/{name}", "labels": labels or {}}
    return {"kind": "Pod", "metadata": meta, "spec": {"nodeName": on, "containers": [{"name": "main"}], **spec}}


def of(*objects: Json, name: str = "n1") -> Blast:
    return next(one for one in blast(snapshot(*objects)) if one.node == name)


def parts(*objects: Json) -> list[str]:
    return [str(part) for part in of(*objects).parts]


def container(**more: Any) -> Json:
    return {"containers": [{"name": "main", **more}]}


@pytest.mark.parametrize(
    ("spec", "secret"),
    [
        ({"volumes": [{"name": "v", "secret": {"secretName": "s"}}]}, "s"),
        ({"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": "s"}}]}}]}, "s"),
        ({"imagePullSecrets": [{"name": "s"}]}, "s"),
        (container(env=[{"name": "E", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]), "s"),
        (container(envFrom=[{"secretRef": {"name": "s"}}]), "s"),
        ({"initContainers": [{"name": "i", "envFrom": [{"secretRef": {"name": "s"}}]}]}, "s"),
        ({"volumes": [{"name": "v", "configMap": {"name": "s"}}]}, ""),
        (container(env=[{"name": "E", "value": "s"}]), ""),
    ],
)
def test_secrets_count_by_every_reference_of_a_pod(spec: Json, secret: str) -> None:
    told = [text for text in parts(node("n1"), pod(**spec)) if "Secret" in text]
    assert told == ([f"1 Secret: shop/{secret}"] if secret else [])


def test_a_secret_that_two_pods_use_is_one() -> None:
    uses: Json = {"imagePullSecrets": [{"name": "pull"}]}
    assert "1 Secret: shop/pull" in parts(node("n1"), pod("a", **uses), pod("b", **uses))


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (container(securityContext={"privileged": True}), "privileged"),
        ({"initContainers": [{"name": "i", "securityContext": {"privileged": True}}]}, "privileged"),
        (container(securityContext={"windowsOptions": {"hostProcess": True}}), "hostProcess"),
        ({"securityContext": {"windowsOptions": {"hostProcess": True}}}, "hostProcess"),
        ({"hostPID": True}, "hostPID"),
        ({"hostIPC": True}, "hostIPC"),
        ({"hostNetwork": True}, "hostNetwork"),
        ({"volumes": [{"name": "v", "hostPath": {"path": "/var/run"}}]}, "hostPath /var/run"),
        (container(securityContext={"capabilities": {"add": ["SYS_ADMIN"]}}), "SYS_ADMIN"),
        (container(securityContext={"capabilities": {"add": ["CAP_NET_RAW"]}}), "NET_RAW"),
        (container(securityContext={"capabilities": {"add": ["NET_BIND_SERVICE", "CHOWN"]}}), ""),
        (container(securityContext={"capabilities": {"drop": ["ALL"]}}), ""),
        ({"volumes": [{"name": "v", "emptyDir": {}}]}, ""),
    ],
)
def test_pods_that_the_baseline_refuses_are_ways_to_the_node(spec: Json, why: str) -> None:
    told = [text for text in parts(node("n1"), pod(**spec)) if "privileged pod" in text]
    assert told == ([f"1 privileged pod: shop/web ({why})"] if why else [])


@pytest.mark.parametrize(
    ("objects", "why"),
    [
        ([node("n1", **{"node-role.kubernetes.io/control-plane": ""})], "label node-role.kubernetes.io/control-plane"),
        ([node("n1", **{"node-role.kubernetes.io/master": ""})], "label node-role.kubernetes.io/master"),
        ([node("n1", **{"node-role.kubernetes.io/etcd": "true"})], "label node-role.kubernetes.io/etcd"),
        ([node("n1"), pod("etcd-n1", space="kube-system", labels={"component": "etcd"})], "runs etcd"),
        ([node("n1"), pod("k", space="kube-system", labels={"component": "kube-apiserver"})], "runs kube-apiserver"),
        ([node("n1"), pod("k", space="shop", labels={"component": "etcd"})], ""),
        ([node("n1", **{"node-role.kubernetes.io/worker": ""})], ""),
    ],
)
def test_a_node_of_the_control_plane_holds_the_keys(objects: list[Json], why: str) -> None:
    found = of(*objects)
    told = [part for part in found.parts if "keys of the cluster" in part.what]
    assert [f"({why})" in part.what for part in told] == ([True] if why else [])
    assert all(part.weight == CONTROL_PLANE for part in told)


def test_tenants_are_namespaces_or_what_their_label_says_and_no_system_ones() -> None:
    spaces = [
        {"kind": "Namespace", "metadata": {"name": "a", "labels": {"capsule.clastix.io/tenant": "oil"}}},
        {"kind": "Namespace", "metadata": {"name": "b", "labels": {"capsule.clastix.io/tenant": "oil"}}},
        {"kind": "Namespace", "metadata": {"name": "c", "labels": {"field.cattle.io/projectId": "p-1"}}},
    ]
    pods = [pod("x", space=space) for space in ("a", "b", "c", "d", "kube-system")]
    assert "3 tenants: namespace d, oil, p-1" in parts(node("n1"), *spaces, *pods)


def test_tokens_for_others_count_by_account_and_audience() -> None:
    source = {"serviceAccountToken": {"audience": "vault"}}
    own = {"serviceAccountToken": {"path": "token"}}
    spec: Json = {"serviceAccountName": "robot", "volumes": [{"name": "v", "projected": {"sources": [source, own]}}]}
    assert "1 token for others: shop/robot for vault" in parts(node("n1"), pod(**spec))


@pytest.mark.parametrize("space", ["", "shop"])
def test_a_node_has_the_powers_of_the_accounts_of_its_pods_mounted_or_not(space: str) -> None:
    reads = {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}
    account = {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}
    given_to = [role("r", reads), bound("b", "ClusterRole/r", account, namespace=space)]
    spec: Json = {"serviceAccountName": "robot", "automountServiceAccountToken": False}
    found = of(node("n1"), node("n2"), *given_to, pod(**spec), pod("other", on="n2"))
    (told,) = [part for part in found.parts if part.what.startswith("service account")]
    assert told.what.startswith("service account shop/robot may read Secrets")
    assert told.weight == POWER_WEIGHTS["secrets-read"] * (ONE_NAMESPACE if space else 1)
    beside = of(node("n1"), node("n2"), *given_to, pod(**spec), pod("other", on="n2"), name="n2")
    assert not [part for part in beside.parts if part.what.startswith("service account")]


@pytest.mark.parametrize("kind", ["Pod", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"])
def test_what_was_not_read_weighs_as_the_worst(kind: str) -> None:
    world = snapshot(node("n1"), pod())
    if kind == "Pod":
        world = msgspec.structs.replace(world, items={"Node": world.items["Node"]})
    (found,) = blast(msgspec.structs.replace(world, listed=world.listed - {kind}))
    (unknown,) = [part for part in found.parts if part.what.startswith("not known")]
    assert unknown.weight == UNKNOWN
    assert kind == "Pod" or kind in unknown.what


def test_every_power_has_a_weight_and_worse_ones_weigh_no_less() -> None:
    weights = [POWER_WEIGHTS[kind] for kind in POWERS]
    assert weights == sorted(weights, reverse=True)


_specs = st.sampled_from(
    [
        {},
        {"hostPID": True},
        {"imagePullSecrets": [{"name": "s"}]},
        {"serviceAccountName": "robot"},
        {"volumes": [{"name": "v", "secret": {"secretName": "t"}}]},
        container(securityContext={"privileged": True}),
    ]
)
_pods = st.builds(
    lambda number, on, space, spec: pod(f"p{number}", on=on, space=space, **spec),
    st.integers(0, 9),
    st.sampled_from(["n1", "n2", ""]),
    st.sampled_from(["shop", "db", "kube-system"]),
    _specs,
)
_BINDINGS = [
    role("r", {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}),
    role("s", {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}),
    bound("b", "ClusterRole/s", {"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}),
    bound("c", "ClusterRole/r", {"kind": "ServiceAccount", "name": "robot", "namespace": "db"}, namespace="db"),
]


@given(st.lists(_pods, max_size=6, unique_by=lambda one: one["metadata"]["uid"]), st.permutations(_BINDINGS))
def test_one_more_object_never_lowers_a_value_and_order_means_nothing(pods: list[Json], bindings: list[Json]) -> None:
    nodes = [node("n1"), node("n2")]
    whole = blast(snapshot(*nodes, *pods, *bindings))
    assert whole == blast(snapshot(*reversed(nodes), *reversed(pods), *reversed(bindings)))
    assert [one.value for one in whole] == sorted((one.value for one in whole), reverse=True)
    known = {one.node: one.value for one in whole}
    for less in (pods[:-1], pods):
        for one in blast(snapshot(*nodes, *less, *bindings[:-1])):
            assert one.value <= known[one.node]
    for one in whole:
        assert one.value == sum(part.weight for part in one.parts)
