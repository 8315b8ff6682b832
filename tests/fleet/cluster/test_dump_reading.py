"""Dumps as kubectl and Oakum write them: what is read, what is known to be complete, and what is not."""

from __future__ import annotations

import gzip
import json

import pytest
import yaml
from tests.data import ROOT
from tests.fleet.memory_tree import MemoryTree

from oakum.errors import InputError, LimitError
from oakum.fleet.assets import GAPS
from oakum.fleet.cluster.dump import NEEDED, list_annotations, read_dump, read_folder, read_value
from oakum.fleet.cluster.networking import Ingress, Service
from oakum.fleet.cluster.objects import DisruptionBudget, Node, Object, Pod, Workload
from oakum.fleet.cluster.snapshot import KINDS, Snapshot

Value = dict[str, object]


def thing(kind: str, name: str, api: str = "v1", namespace: str = "", **more: object) -> Value:
    meta: Value = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": meta, **more}


def listing(*items: object, **more: object) -> Value:
    return {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": list(items), **more}


def text(value: object) -> bytes:
    return json.dumps(value, indent=4).encode()


def names(snapshot: Snapshot) -> set[str]:
    return {
        f"{kind} {one.metadata.namespace}/{one.metadata.name}" for kind, all_ in snapshot.items.items() for one in all_
    }


def unread(snapshot: Snapshot) -> set[str]:
    return {gap.what for gap in snapshot.gaps if gap.kind == "unread-objects"}


PODS = [thing("Pod", "a", namespace="x"), thing("Pod", "b", namespace="x"), thing("Node", "n1")]
EXPECTED = {"Pod x/a", "Pod x/b", "Node /n1"}
FORMS: dict[str, bytes] = {
    "a List of kubectl": text(listing(*PODS)),
    "on one line": json.dumps(listing(*PODS)).encode(),
    "a bare list": text(PODS),
    "JSON lines": b"\n".join(json.dumps(each).encode() for each in PODS),
    "outputs after one another": b"".join(text(each) + b"\n" for each in PODS),
    "without a line end between": b"".join(json.dumps(each).encode() for each in PODS),
    "lists of one kind": text(
        {"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": n, "namespace": "x"}} for n in "ab"]}
    )
    + text({"apiVersion": "v1", "kind": "NodeList", "items": [{"metadata": {"name": "n1"}}]}),
    "lists in a list": text(listing(listing(*PODS[:2]), listing(PODS[2]))),
    "YAML": yaml.safe_dump(listing(*PODS)).encode(),
    "YAML documents": yaml.safe_dump_all(PODS).encode(),
    "YAML with marks and comments": b"# made by hand\n---\n"
    + b"---\n# next\n".join(yaml.safe_dump(x).encode() for x in PODS)
    + b"---\n...\n",
    "YAML flow": b"--- " + json.dumps(listing(*PODS)).encode(),
    "a byte order mark": b"\xef\xbb\xbf" + text(listing(*PODS)),
    "a byte order mark and YAML": b"\xef\xbb\xbf" + yaml.safe_dump_all(PODS).encode(),
    "UTF-16": text(listing(*PODS)).decode().encode("utf-16"),
    "UTF-16 YAML": yaml.safe_dump_all(PODS).encode("utf-16"),
    "Windows line ends": text(listing(*PODS)).replace(b"\n", b"\r\n"),
    "space around": b"\n\n  " + text(listing(*PODS)) + b"\n\n",
    "gzip": gzip.compress(text(listing(*PODS))),
    "gzip in members": gzip.compress(b"".join(text(x) for x in PODS[:2])) + gzip.compress(text(PODS[2])),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_objects(form: str) -> None:
    snapshot = read_dump(FORMS[form], name="cluster.json")
    assert names(snapshot) == EXPECTED
    assert snapshot.source == "dump cluster.json"
    for kind, all_ in snapshot.items.items():
        for one in all_:
            assert (one.kind, one.api_version) == (kind, "v1")


def test_a_parsed_value_is_read_as_its_text() -> None:
    whole = listing(*PODS)
    assert read_value(whole, name="d") == read_dump(text(whole), name="d")


def test_objects_stand_in_the_order_of_their_names_whatever_the_order_of_the_dump() -> None:
    assert read_dump(text(listing(*PODS)), name="d") == read_dump(text(listing(*reversed(PODS))), name="d")


def test_every_kind_that_is_read_is_read_from_json_and_from_yaml() -> None:
    items = [thing(kind, "one", f"{group}/v1" if group else "v1") for group, _, kind in KINDS]
    for data in (text(listing(*items)), yaml.safe_dump(listing(*items)).encode()):
        snapshot = read_dump(data, name="d")
        assert set(snapshot.items) == {kind for _, _, kind in KINDS}
        assert snapshot.gaps == ()


# What a dump lacks


def test_a_kind_that_the_dump_lacks_is_a_gap_and_never_none() -> None:
    snapshot = read_dump(text(listing(*PODS)), name="d")
    assert snapshot.listed == {"Pod", "Node"}
    assert unread(snapshot) == {f"{kind} objects" for kind in NEEDED if kind not in ("Pod", "Node")}
    assert "NetworkPolicy objects" in unread(snapshot)
    for gap in snapshot.gaps:
        assert gap.kind in GAPS
        assert "kubectl get" in gap.remedy


def test_the_remedy_is_the_command_that_reads_the_kind() -> None:
    remedies = {gap.what: gap.remedy for gap in read_dump(text(PODS[0]), name="d").gaps}
    assert "kubectl get networkpolicies.networking.k8s.io --all-namespaces -o json" in remedies["NetworkPolicy objects"]
    assert "kubectl get nodes -o json" in remedies["Node objects"]


def test_an_empty_list_of_one_kind_says_that_there_is_none() -> None:
    policies = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList", "items": []}
    for given in (policies, policies | {"items": None}):
        snapshot = read_dump(text(given), name="d")
        assert "NetworkPolicy" in snapshot.listed
        assert "NetworkPolicy objects" not in unread(snapshot)


def test_an_empty_list_of_any_kind_says_nothing_about_any() -> None:
    snapshot = read_dump(text(listing()), name="d")
    assert snapshot.listed == frozenset()
    assert {f"{kind} objects" for kind in NEEDED} == unread(snapshot)


def test_what_the_dump_says_of_itself_holds_before_what_stands_in_it() -> None:
    said = {
        "annotations": {
            "oakum.dev/listed": "Pod,NetworkPolicy, Node,Planet",
            "oakum.dev/server-version": "v1.30.1",
            "oakum.dev/read-at": "2026-08-31T08:00:00Z",
        }
    }
    service = thing("Service", "s", namespace="x")
    snapshot = read_dump(text(listing(*PODS, service, metadata=said)), name="d")
    assert snapshot.listed == {"Pod", "NetworkPolicy", "Node"}
    assert (snapshot.version, snapshot.read_at) == ("v1.30.1", "2026-08-31T08:00:00Z")
    assert "Service objects" in unread(snapshot)
    assert "NetworkPolicy objects" not in unread(snapshot)


def test_a_saved_dump_gives_the_snapshot_again() -> None:
    first = read_dump((ROOT / "demo/cluster.yaml").read_bytes(), name="demo")
    partial = read_dump(text(listing(*PODS)), name="demo")
    for snapshot in (first, partial):
        items = [yaml.safe_load(yaml.safe_dump(each)) for each in map(as_value, snapshot.all(*snapshot.items))]
        again = read_dump(text(listing(*items, metadata={"annotations": list_annotations(snapshot)})), name="demo")
        assert again == snapshot


def as_value(one: Object) -> object:
    import msgspec

    return msgspec.to_builtins(one)


def test_the_demo_dump_is_whole() -> None:
    snapshot = read_dump((ROOT / "demo/cluster.yaml").read_bytes(), name="demo/cluster.yaml")
    assert snapshot.uid == "040d869a-243c-4dbb-8386-a067e844978a"
    assert snapshot.version == "v1.29.3"
    assert snapshot.gaps == ()
    assert snapshot.listed == {kind for _, _, kind in KINDS}
    assert snapshot.items["Pod"]


@pytest.mark.parametrize(
    "annotations",
    [
        {"oakum.dev/unread": "{"},
        {"oakum.dev/unread": "[1]"},
        {"oakum.dev/unread": '[{"kind": 1}]'},
        {"oakum.dev/listed": 5},
        ["oakum.dev/listed"],
        "Pod",
    ],
)
def test_annotations_of_a_list_that_cannot_be_understood_are_a_gap(annotations: object) -> None:
    snapshot = read_dump(text(listing(*PODS, metadata={"annotations": annotations})), name="d")
    assert names(snapshot) == EXPECTED
    assert any("annotations cannot be understood" in gap.why for gap in snapshot.gaps)


# What is passed over, and what is not


def test_kinds_that_are_not_read_are_passed_over_and_never_kept() -> None:
    secret = thing("Secret", "s", data={"password": "aHVudGVyMg=="})
    others = [secret, thing("Service", "k", "serving.knative.dev/v1"), thing("Gateway", "i", "networking.istio.io/v1")]
    snapshot = read_dump(text(listing(*PODS, *others)), name="d")
    assert names(snapshot) == EXPECTED
    assert snapshot.listed == {"Pod", "Node"}
    assert "aHVudGVyMg" not in repr(snapshot)


def test_an_object_whose_group_is_not_told_is_a_gap_and_not_passed_over() -> None:
    bare = {"kind": "Deployment", "metadata": {"name": "web"}}
    snapshot = read_dump(text(listing(*PODS, bare)), name="d")
    assert names(snapshot) == EXPECTED
    assert any("no apiVersion" in gap.why for gap in snapshot.gaps)
    with pytest.raises(InputError, match="apiVersion"):
        read_dump(text({"kind": "NetworkPolicyList", "items": []}), name="d")


FORMER = [
    ("Deployment", "extensions/v1beta1"),
    ("Deployment", "apps/v1beta2"),
    ("DaemonSet", "extensions/v1beta1"),
    ("ReplicaSet", "extensions/v1beta1"),
    ("StatefulSet", "apps/v1beta1"),
    ("CronJob", "batch/v1beta1"),
    ("Ingress", "extensions/v1beta1"),
    ("Ingress", "networking.k8s.io/v1beta1"),
    ("NetworkPolicy", "extensions/v1beta1"),
    ("EndpointSlice", "discovery.k8s.io/v1beta1"),
    ("PodDisruptionBudget", "policy/v1beta1"),
    ("Role", "rbac.authorization.k8s.io/v1beta1"),
    ("ClusterRoleBinding", "rbac.authorization.k8s.io/v1alpha1"),
    ("Gateway", "gateway.networking.k8s.io/v1beta1"),
    ("TCPRoute", "gateway.networking.k8s.io/v1alpha2"),
    ("AdminNetworkPolicy", "policy.networking.k8s.io/v1alpha1"),
]


@pytest.mark.parametrize(("kind", "version"), FORMER)
def test_former_versions_are_read(kind: str, version: str) -> None:
    snapshot = read_dump(text(thing(kind, "x", version)), name="d")
    assert [one.metadata.name for one in snapshot.items[kind]] == ["x"]


def test_the_backends_of_a_former_ingress_mean_the_same() -> None:
    old = {
        "backend": {"serviceName": "all", "servicePort": 80},
        "rules": [
            {
                "host": "a.example.com",
                "http": {"paths": [{"path": "/", "backend": {"serviceName": "web", "servicePort": "http"}}]},
            }
        ],
    }
    new = {
        "defaultBackend": {"service": {"name": "all", "port": {"number": 80}}},
        "rules": [
            {
                "host": "a.example.com",
                "http": {"paths": [{"path": "/", "backend": {"service": {"name": "web", "port": {"name": "http"}}}}]},
            }
        ],
    }
    read = [
        read_dump(text(thing("Ingress", "i", f"networking.k8s.io/{version}", spec=spec)), name="d").of(
            Ingress, "Ingress"
        )
        for version, spec in (("v1beta1", old), ("v1", new))
    ]
    assert read[0][0].spec == read[1][0].spec
    assert read[0][0].spec.rules


@pytest.mark.parametrize(
    ("version", "spec", "selects"),
    [
        ("policy/v1beta1", {"selector": {}}, False),
        ("policy/v1beta1", {}, False),
        ("policy/v1beta1", {"selector": {"matchLabels": {"a": "b"}}}, True),
        ("policy/v1", {"selector": {}}, True),
        ("policy/v1", {}, False),
    ],
)
def test_an_empty_selector_of_a_budget_depends_on_its_version(version: str, spec: Value, selects: bool) -> None:
    snapshot = read_dump(text(thing("PodDisruptionBudget", "b", version, spec=spec)), name="d")
    (one,) = snapshot.of(DisruptionBudget, "PodDisruptionBudget")
    assert (one.spec.selector is not None) == selects


def test_nulls_of_go_are_absent_fields() -> None:
    pod = thing(
        "Pod",
        "p",
        namespace="x",
        status=None,
        spec={
            "containers": [{"name": "c", "image": "i", "ports": None, "env": None}],
            "initContainers": None,
            "nodeSelector": {"a": None},
        },
    )
    pod["metadata"] = {
        "name": "p",
        "namespace": "x",
        "labels": None,
        "creationTimestamp": None,
        "annotations": {"k": None},
    }
    for data in (text(pod), yaml.safe_dump(pod).encode()):
        (one,) = read_dump(data, name="d").of(Pod, "Pod")
        assert one.metadata.labels == {}
        assert one.metadata.annotations == {"k": ""}
        assert one.spec.containers[0].ports == ()
        assert one.spec.node_selector == {"a": ""}


def test_an_object_without_a_namespace_is_in_default_unless_it_stands_outside() -> None:
    snapshot = read_dump(text(listing(thing("Pod", "p"), thing("Node", "n", namespace="odd"))), name="d")
    assert names(snapshot) == {"Pod default/p", "Node /n"}


# YAML as kubectl resolves it


def test_yaml_scalars_are_what_kubectl_makes_of_them() -> None:
    data = b"""
apiVersion: v1
kind: Service
metadata:
  name: s
  labels: {a: "yes", b: '1', c: "null", d: "2026-01-01", e: 2026-01-01, f: 1.2.3, g: 0x1G, h: v1, i: !!str 5}
spec: {ports: [{port: 0x50, targetPort: "8080", nodePort: 0o17}, {port: 017, targetPort: http, nodePort: 0b11}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec: {paused: yes, replicas: +3, template: {spec: {hostNetwork: on, hostPID: Off}}}
"""
    snapshot = read_dump(data, name="d")
    (service,) = snapshot.of(Service, "Service")
    assert service.metadata.labels == {
        "a": "yes",
        "b": "1",
        "c": "null",
        "d": "2026-01-01",
        "e": "2026-01-01",
        "f": "1.2.3",
        "g": "0x1G",
        "h": "v1",
        "i": "5",
    }
    ports = [(port.port, port.target_port, port.node_port) for port in service.spec.ports]
    assert ports == [(80, "8080", 15), (15, "http", 3)]
    (deployment,) = snapshot.of(Workload, "Deployment")
    assert deployment.spec.paused
    assert deployment.spec.replicas == 3
    assert deployment.spec.template.spec.host_network
    assert not deployment.spec.template.spec.host_pid


def test_yaml_anchors_and_merge_keys_are_followed() -> None:
    data = b"""
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod, metadata: {name: a, labels: &l {app: x, tier: front}}}
- {apiVersion: v1, kind: Pod, metadata: {name: b, labels: *l}}
- {apiVersion: v1, kind: Pod, metadata: {name: c, labels: {<<: *l, tier: back}}}
- {apiVersion: v1, kind: Pod, metadata: {name: d, labels: {<<: [{tier: one}, *l]}}}
"""
    pods = read_dump(data, name="d").of(Pod, "Pod")
    assert [dict(pod.metadata.labels) for pod in pods] == [
        {"app": "x", "tier": "front"},
        {"app": "x", "tier": "front"},
        {"app": "x", "tier": "back"},
        {"app": "x", "tier": "one"},
    ]


# Objects that stand twice


def versioned(version: str, uid: str, label: str) -> Value:
    meta = {"name": "p", "namespace": "x", "uid": uid, "resourceVersion": version, "labels": {"l": label}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta}


def test_an_object_that_stands_twice_alike_counts_once_and_is_no_gap() -> None:
    snapshot = read_dump(text(listing(PODS[0], PODS[0], PODS[0])), name="d")
    assert names(snapshot) == {"Pod x/a"}
    assert not any("more than once" in gap.why for gap in snapshot.gaps)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (versioned("9", "u", "old"), versioned("10", "u", "new"), "new"),
        (versioned("10", "u", "new"), versioned("9", "u", "old"), "new"),
        (versioned("10", "u", "first"), versioned("9", "v", "second"), "second"),
        (versioned("x", "u", "first"), versioned("9", "u", "second"), "second"),
        (versioned("", "", "first"), versioned("", "", "second"), "second"),
        (versioned("9" * 5000, "u", "first"), versioned("9", "u", "second"), "second"),
    ],
)
def test_of_two_states_of_one_object_the_newer_is_kept_and_said(first: Value, second: Value, kept: str) -> None:
    snapshot = read_dump(text(listing(first, second)), name="d")
    (pod,) = snapshot.of(Pod, "Pod")
    assert pod.metadata.labels == {"l": kept}
    assert any(gap.what == "Pod x/p" and "more than once" in gap.why for gap in snapshot.gaps)


# Folders


def test_a_folder_is_read_with_its_folders_and_hidden_files_are_not() -> None:
    tree = MemoryTree(
        {
            "/pods.json": text(listing(*PODS[:2])),
            "/deep/er/nodes.yaml": yaml.safe_dump(PODS[2]).encode(),
            "/z.yml.gz": gzip.compress(text(thing("Namespace", "x"))),
            "/.git/x.json": text(thing("Pod", "hidden")),
            "/notes.txt": b"no object",
            "/values.yaml": b"replicas: 3\nimage: nginx\n",
            "/list.yaml": b"- 1\n- 2\n",
        }
    )
    snapshot = read_folder(tree, name="folder")
    assert names(snapshot) >= EXPECTED
    assert names(snapshot) - EXPECTED == {"Namespace /x"}
    assert not any(gap.what.startswith("the file") for gap in snapshot.gaps)


def test_a_file_of_a_folder_that_cannot_be_read_is_a_gap_and_the_others_go_on() -> None:
    tree = MemoryTree(
        {
            "/a.json": text(listing(*PODS)),
            "/cut.json": text(listing(*PODS))[:-9],
            "/locked.yaml": None,
            "/empty.json": b"",
        }
    )
    snapshot = read_folder(tree, name="folder")
    assert names(snapshot) == EXPECTED
    gaps = {gap.what: gap for gap in snapshot.gaps if gap.what.startswith("the file")}
    assert set(gaps) == {"the file cut.json", "the file locked.yaml", "the file empty.json"}
    assert "ends in the middle" in gaps["the file cut.json"].why
    assert all(gap.remedy for gap in gaps.values())


@pytest.mark.parametrize(
    "files", [{}, {"/readme.txt": b"x"}, {"/a.json": b""}, {"/a.yaml": b"x: 1"}, {"/a.json": None}, {"/a.json": b"{"}]
)
def test_a_folder_without_anything_readable_is_an_error(files: dict[str, bytes | None]) -> None:
    with pytest.raises(InputError) as caught:
        read_folder(MemoryTree(files), name="folder")
    assert str(caught.value).startswith("folder")
    assert caught.value.remedy


def test_a_folder_has_one_limit_for_all_its_files() -> None:
    tree = MemoryTree({f"/{n}.json": text(thing("Pod", f"p{n}")) for n in range(10)})
    snapshot = read_folder(tree, name="folder", limit=300)
    assert 0 < len(snapshot.items["Pod"]) < 10
    assert sum(gap.what.startswith("the file") for gap in snapshot.gaps) == 10 - len(snapshot.items["Pod"])


def test_a_dump_beyond_the_limit_is_refused_packed_and_unpacked() -> None:
    data = text(listing(*PODS))
    for given in (data, gzip.compress(data)):
        with pytest.raises(LimitError, match="larger than"):
            read_dump(given, name="d", limit=100)
    with pytest.raises(LimitError, match="unpacked"):
        read_dump(gzip.compress(b"\n" * 100_000_000), name="bomb", limit=1_000_000)


def test_a_node_is_read_with_what_its_kubelet_reports() -> None:
    info = {
        "kubeletVersion": "v1.29.3",
        "containerRuntimeVersion": "containerd://1.7.13",
        "systemUUID": "s",
        "osImage": "Debian",
    }
    node = thing("Node", "n", spec={"providerID": "aws:///x/i-1"}, status={"nodeInfo": info})
    (one,) = read_dump(text(node), name="d").of(Node, "Node")
    assert one.spec.provider_id == "aws:///x/i-1"
    assert (one.status.node_info.kubelet_version, one.status.node_info.system_uuid) == ("v1.29.3", "s")
