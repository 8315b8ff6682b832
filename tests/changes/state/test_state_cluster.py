"""A state from the objects of a cluster: each machine as its node, its pods and its annotations tell it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from tests.changes.state.makings import (
    NO_WEBHOOKS,
    NOW,
    Item,
    dump,
    machine_of,
    namespace,
    node,
    pod,
    source,
    state_of,
    static,
)

from oakum.changes.state import EtcdMember, Webhook
from oakum.changes.state.webhooks import read_webhooks
from oakum.local.states import read_states

DEMO = Path(__file__).resolve().parents[3] / "demo/cluster.yaml"


def with_node(**meta: Any) -> Item:
    return dump(namespace(), node(**meta))


def test_a_machine_is_its_node_with_what_the_kubelet_reports() -> None:
    found = machine_of(with_node(labels={"topology.kubernetes.io/zone": "a", "oakum.dev/pool": "general"}))
    assert (found.id, found.uid, found.role, found.pool, found.boot_id) == (
        "prod/w-1", "uid-w-1", "worker", "general", "boot-w-1",
    )  # fmt: skip
    assert found.labels["topology.kubernetes.io/zone"] == "a"
    versions = {name: (each.part, each.installed, each.effect) for name, each in found.software.items()}
    assert versions == {
        "kubelet": ("kubelet", "v1.30.2", "restart"),
        "containerd": ("container-runtime", "1.7.20", "restart"),
        "kernel": ("kernel", "6.1.0-18-amd64", "reboot"),
    }


def test_what_channels_offer_is_not_known_from_a_dump() -> None:
    assert all(each.offers is None for each in machine_of(with_node()).software.values())


@pytest.mark.parametrize(("ready", "healthy"), [("True", True), ("False", False), ("Unknown", False), ("", None)])
def test_a_node_is_healthy_when_it_is_ready_and_unknown_where_nothing_says_so(ready: str, healthy: bool | None) -> None:
    assert machine_of(with_node(ready=ready)).healthy is healthy


def test_a_cordon_is_seen_in_the_spec_and_in_the_taint() -> None:
    cordoned, tainted = node("w-1"), node("w-2")
    cordoned["spec"] = {"unschedulable": True}
    tainted["spec"] = {"taints": [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]}
    machines = state_of(dump(namespace(), cordoned, tainted, node("w-3"))).machines
    assert [each.cordoned for each in machines] == [True, True, False]


@pytest.mark.parametrize(
    ("claim", "owner"),
    [
        ('{"run":"r-7","step":"s","token":3,"cordoned":false}', "r-7"),
        ("r-7", "r-7"),
        ("", ""),
        ("{broken", "{broken"),
        ('{"run":""}', '{"run":""}'),
        ('{"run":7}', '{"run":7}'),
        ('["r-7"]', '["r-7"]'),
        ("7", "7"),
    ],
)
def test_the_owner_is_the_run_whose_claim_stands_on_the_node(claim: str, owner: str) -> None:
    """A claim that nobody understands is somebody's claim all the same."""
    assert machine_of(with_node(annotations={"oakum.dev/claim": claim})).owner == owner


@pytest.mark.parametrize(
    ("labels", "role"),
    [
        ({"node-role.kubernetes.io/control-plane": ""}, "control-plane"),
        ({"node-role.kubernetes.io/master": "true"}, "control-plane"),
        ({"node-role.kubernetes.io/worker": ""}, "worker"),
    ],
)
def test_roles_are_told_by_labels(labels: dict[str, str], role: str) -> None:
    assert machine_of(with_node(labels=labels)).role == role


def test_a_node_that_runs_the_api_server_is_of_the_control_plane_whatever_its_labels() -> None:
    assert machine_of(dump(namespace(), node(), static("kube-apiserver", "v1.30.2", "w-1"))).role == "control-plane"


@pytest.mark.parametrize(
    ("os_image", "ecosystem"),
    [
        ("Debian GNU/Linux 12 (bookworm)", "deb"),
        ("Ubuntu 24.04.1 LTS", "deb"),
        ("Red Hat Enterprise Linux 9.4 (Plow)", "rpm"),
        ("Amazon Linux 2023.6.20241010", "rpm"),
        ("Rocky Linux 9.4 (Blue Onyx)", "rpm"),
        ("Alpine Linux v3.20", "apk"),
        ("Talos (v1.8.1)", "deb"),
    ],
)
def test_kernels_compare_as_their_distribution_writes_them(os_image: str, ecosystem: str) -> None:
    given = node()
    given["status"]["nodeInfo"]["osImage"] = os_image
    assert machine_of(dump(namespace(), given)).software["kernel"].ecosystem == ecosystem


def test_the_control_plane_and_etcd_are_read_from_static_pods() -> None:
    parts = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    pods = [static(part, "v1.30.2", "cp-1") for part in parts]
    state = state_of(dump(namespace(), node("cp-1", control=True), *pods, static("etcd", "3.5.12-0", "cp-1")))
    (machine,), (cluster,) = state.machines, state.clusters
    assert {name: each.installed for name, each in machine.of("control-plane").items()} == dict.fromkeys(
        parts, "v1.30.2"
    )
    assert machine.software["etcd"].installed == "3.5.12-0"
    assert cluster.etcd == (EtcdMember(name="cp-1", machine="prod/cp-1", healthy=True),)
    assert not cluster.managed


@pytest.mark.parametrize(("status", "healthy"), [("True", True), ("False", False), ("", None)])
def test_a_member_of_etcd_is_as_healthy_as_its_pod_is_ready(status: str, healthy: bool | None) -> None:
    member = static("etcd", "3.5.12-0", "w-1")
    ready = [{"type": "Ready", "status": status}] if status else []
    member["status"]["conditions"] = [{"type": "PodScheduled", "status": "True"}, *ready]
    assert state_of(dump(namespace(), node(), member)).clusters[0].etcd[0].healthy is healthy


def test_an_etcd_that_no_pod_shows_is_a_gap_where_the_control_plane_is_ones_own() -> None:
    state = state_of(dump(namespace(), node("cp-1", control=True)))
    (gap,) = [each for each in state.gaps if "etcd" in each.what]
    assert (gap.kind, gap.asset) == ("unknown-component", "prod")
    assert "etcd" in gap.remedy
    assert not any("etcd" in each.what for each in state_of(dump(namespace(), node())).gaps)
    member = static("etcd", "3.5.12-0", "cp-1")
    assert not any("etcd" in each.what for each in state_of(dump(namespace(), node("cp-1"), member)).gaps)


def test_a_member_of_etcd_counts_once_however_many_containers_its_pod_has() -> None:
    member = static("etcd", "3.5.12-0", "cp-1")
    member["spec"]["containers"].append({"name": "metrics", "image": "registry.k8s.io/etcd:3.5.12-0"})
    assert len(state_of(dump(namespace(), node("cp-1"), member)).clusters[0].etcd) == 1


def test_a_control_plane_is_ones_own_where_one_node_is_of_it_or_a_pod_serves_the_api() -> None:
    labelled = state_of(dump(namespace(), node("cp-1", control=True), node()))
    elsewhere = state_of(dump(namespace(), node(), static("kube-apiserver", "v1.30.2", "cp-1")))
    assert not labelled.clusters[0].managed
    assert not elsewhere.clusters[0].managed
    # A pod tells nothing of a node that the dump does not have.
    assert [each.id for each in elsewhere.machines] == ["prod/w-1"]
    assert not elsewhere.machines[0].of("control-plane")


def test_members_of_etcd_are_on_nodes_that_the_dump_has() -> None:
    assert state_of(dump(namespace(), node(), static("etcd", "3.5.12-0", "gone"))).clusters[0].etcd == ()


def test_a_pod_that_runs_nowhere_yet_and_parts_that_are_no_api_server_make_no_control_plane() -> None:
    proxy = pod("kube-proxy-x", image="registry.k8s.io/kube-proxy:v1.30.2", owner="DaemonSet", namespace="kube-system")
    waiting = static("kube-apiserver", "v1.30.2", "")
    assert state_of(dump(namespace(), node(), proxy, waiting)).clusters[0].managed


def test_a_cluster_without_a_control_plane_of_its_own_is_managed() -> None:
    assert state_of(dump(namespace(), node())).clusters[0].managed


def test_control_planes_that_run_as_deployments_for_other_clusters_belong_to_no_machine() -> None:
    image = "registry.k8s.io/kube-apiserver:v1.29.1"
    guest = pod("kube-apiserver-x", image=image, owner="ReplicaSet", namespace="kube-system")
    assert not machine_of(dump(namespace(), node(), guest)).of("control-plane")


@pytest.mark.parametrize(
    ("part", "owner", "own"),
    [
        ("kube-apiserver", "Node", True),
        ("kube-apiserver", "", True),
        ("kube-apiserver", "DaemonSet", False),
        ("kube-apiserver", "StatefulSet", False),
        ("kube-proxy", "DaemonSet", True),
        ("kube-proxy", "Node", True),
        ("kube-proxy", "ReplicaSet", False),
        ("coredns", "Node", False),
    ],
)
def test_parts_of_a_machine_are_static_pods_bare_pods_and_the_daemon_set_of_kube_proxy(
    part: str, owner: str, own: bool
) -> None:
    one = pod(f"{part}-x", image=f"registry.k8s.io/{part}:v1.30.2", owner=owner, namespace="kube-system")
    assert (part in machine_of(dump(namespace(), node(), one)).software) is own


def test_an_image_that_tells_nothing_is_known_by_the_name_of_its_pod_for_the_first_container_only() -> None:
    unnamed = pod(
        "kube-proxy-x", image="registry.example/hyperkube:v1.30.2", owner="DaemonSet", namespace="kube-system"
    )
    assert machine_of(dump(namespace(), node(), unnamed)).software["kube-proxy"].installed == "v1.30.2"
    beside = copy.deepcopy(unnamed)
    beside["spec"]["containers"].insert(0, {"name": "first", "image": "registry.k8s.io/coredns/coredns:v1.11.1"})
    assert "kube-proxy" not in machine_of(dump(namespace(), node(), beside)).software
    # The image counts before the name; where there is no image the name tells the part and nothing the version.
    named = pod("kube-proxy-x", image="registry.k8s.io/etcd:3.5.12-0", namespace="kube-system")
    assert "kube-proxy" not in machine_of(dump(namespace(), node(), named)).software
    broken = pod("kube-proxy-x", image="", owner="DaemonSet", namespace="kube-system")
    assert "kube-proxy" not in machine_of(dump(namespace(), node(), broken)).software


def test_containers_that_only_prepare_a_pod_are_no_part_of_the_machine() -> None:
    preparing = pod("agent", namespace="kube-system")
    image = "registry.k8s.io/kube-proxy:v1.29.9"
    preparing["spec"]["initContainers"] = [{"name": "check", "image": image}]
    assert "kube-proxy" not in machine_of(dump(namespace(), node(), preparing)).software
    preparing["spec"]["initContainers"] = [{"name": "check", "image": image, "restartPolicy": "Always"}]
    assert machine_of(dump(namespace(), node(), preparing)).software["kube-proxy"].installed == "v1.29.9"


def test_what_the_kubelet_does_not_report_is_not_software() -> None:
    silent = node()
    del silent["status"]["nodeInfo"]
    assert machine_of(dump(namespace(), silent)).software == {}


def test_kube_proxy_is_read_from_its_pod_and_not_from_the_word_of_the_kubelet() -> None:
    proxy = pod("kube-proxy-x", image="registry.k8s.io/kube-proxy:v1.29.9", owner="DaemonSet", namespace="kube-system")
    assert machine_of(dump(namespace(), node(), proxy)).software["kube-proxy"].installed == "v1.29.9"
    assert "kube-proxy" not in machine_of(with_node()).software


def test_a_part_whose_tag_tells_no_version_is_a_gap_and_no_software() -> None:
    state = state_of(dump(namespace(), node(), static("kube-scheduler", "latest", "w-1")))
    assert "kube-scheduler" not in state.machines[0].software
    assert [each.what for each in state.gaps if "kube-scheduler" in each.what] == [
        "kube-scheduler in pod kube-system/kube-scheduler-w-1"
    ]


def test_pods_that_have_ended_tell_nothing() -> None:
    ended = static("kube-apiserver", "v1.29.1", "w-1")
    ended["status"]["phase"] = "Failed"
    assert not machine_of(dump(namespace(), node(), ended)).of("control-plane")
    # And the pods behind them are read all the same.
    ended["metadata"]["name"] = "a"
    running = static("kube-scheduler", "v1.30.2", "w-1")
    assert machine_of(dump(namespace(), node(), ended, running)).of("control-plane").keys() == {"kube-scheduler"}


def test_only_kube_system_speaks_for_the_cluster() -> None:
    other = namespace("a", annotations={"oakum.dev/environment": "prod", "oakum.dev/cluster": "other"})
    state = state_of(dump(other, namespace(), node()))
    assert (state.clusters[0].name, state.clusters[0].facts, state.machines[0].facts) == ("prod", {}, {})
    assert machine_of(dump(other, node())).facts == {}


@pytest.mark.parametrize(
    ("name", "cluster"), [("eu", "eu"), (" eu ", "eu"), ("a/b", "prod"), ("a\tb", "prod"), ("", "prod")]
)
def test_a_cluster_calls_itself_by_a_word_without_a_slash(name: str, cluster: str) -> None:
    assert state_of(dump(namespace(annotations={"oakum.dev/cluster": name}), node())).clusters[0].name == cluster


@pytest.mark.parametrize(
    ("meta", "environment"),
    [
        ({"annotations": {"oakum.dev/environment": "e" * 256}}, "e" * 256),
        ({"annotations": {"oakum.dev/environment": "e" * 257}}, None),
        ({"annotations": {"oakum.dev/environment": "a\nb"}}, None),
        ({"labels": {"oakum.dev/environment": "lab"}}, "lab"),
        ({"annotations": {"oakum.dev/environment": "a"}, "labels": {"oakum.dev/environment": "b"}}, "a"),
    ],
    ids=["long", "too long", "two lines", "a label", "both"],
)
def test_a_word_of_a_node_is_a_short_line_in_an_annotation_or_a_label(meta: Item, environment: str | None) -> None:
    assert machine_of(with_node(**meta)).facts.get("environment") == environment


@pytest.mark.parametrize(
    ("node_says", "cluster_says", "kept_away"),
    [
        ("", "", ()),
        ("kured", "", ("kured",)),
        (" kured, cluster-api ", "kured", ("cluster-api", "kured")),
        ("", "machine-config-operator,", ("machine-config-operator",)),
    ],
)
def test_people_say_on_a_node_or_for_all_of_them_whom_they_keep_away(
    node_says: str, cluster_says: str, kept_away: tuple[str, ...]
) -> None:
    spaces = namespace(annotations={"oakum.dev/kept-away": cluster_says})
    assert machine_of(dump(spaces, node(annotations={"oakum.dev/kept-away": node_says}))).kept_away == kept_away


@pytest.mark.parametrize("name", ["kurd", "karpenter", "oakum"])
def test_who_cannot_be_kept_away_elsewhere_is_told_of(name: str) -> None:
    found = state_of(dump(namespace(), node(annotations={"oakum.dev/kept-away": f"{name}, kured"})))
    assert found.machines[0].kept_away == ("kured",)
    (gap,) = [each for each in found.gaps if "kept-away" in each.why]
    assert (gap.what, f"names {name}," in gap.why) == ("Node w-1", True)


@pytest.mark.parametrize(("lock", "kept_away"), [('{"nodeID":"manual"}', ("kured",)), ('{"nodeID":"w-1"}', ())])
def test_kured_is_kept_away_while_people_hold_its_lock(lock: str, kept_away: tuple[str, ...]) -> None:
    made = {
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": "kured", "namespace": "kube-system", "annotations": {"weave.works/kured-node-lock": lock}},
        "spec": {"selector": {"matchLabels": {"name": "kured"}}},
    }  # fmt: skip
    assert machine_of(dump(namespace(), node(), made)).kept_away == kept_away


@pytest.mark.parametrize(("said", "snapshots"), [("yes", True), ("true", True), ("no", False), ("", False)])
def test_a_machine_can_be_copied_where_its_node_says_so(said: str, snapshots: bool) -> None:
    assert machine_of(with_node(annotations={"oakum.dev/snapshots": said})).snapshots is snapshots


def test_facts_come_from_the_node_then_from_kube_system_then_from_the_label_of_the_region() -> None:
    system = namespace(annotations={"oakum.dev/environment": "prod", "oakum.dev/tier": "2"})
    one = node("w-1", labels={"topology.kubernetes.io/region": "eu-1"})
    other = node(
        "w-2", annotations={"oakum.dev/environment": "staging", "oakum.dev/region": "lab", "oakum.dev/tier": "4"}
    )
    first, second = state_of(dump(system, one, other)).machines
    assert first.facts == {"environment": "prod", "region": "eu-1", "tier": "2"}
    assert second.facts == {"environment": "staging", "region": "lab", "tier": "4"}


def test_a_zone_under_its_former_label_is_a_failure_domain_too() -> None:
    old = machine_of(with_node(labels={"failure-domain.beta.kubernetes.io/zone": "a"}))
    both = {"failure-domain.beta.kubernetes.io/zone": "a", "topology.kubernetes.io/zone": "b"}
    assert old.target("kernel", "reversible").zone == "a"
    assert machine_of(with_node(labels=both)).target("kernel", "reversible").zone == "b"


def test_a_fact_that_nobody_states_is_not_known() -> None:
    target = machine_of(with_node()).target("kernel", "reversible")
    assert (target.environment, target.region, target.tier) == (None, None, None)
    assert (target.pool, target.zone) == ("", "")


def test_a_node_that_runs_a_part_of_oakum_is_ours() -> None:
    ours = pod("oakum-0", labels={"app.kubernetes.io/part-of": "oakum"})
    machines = state_of(dump(namespace(), node("w-1"), node("w-2"), ours, pod("web"), pod("api", "w-2"))).machines
    assert [each.ours for each in machines] == [True, False]


def test_the_name_of_a_cluster() -> None:
    """What a person says counts before what an inventory says by uid, then kube-system's word, then the file's name."""
    said = dump(namespace(annotations={"oakum.dev/cluster": "eu-prod"}), node())
    by_uid = "format: oakum-inventory/1\nclusters: {payments: {uid: ns-kube-system}}\n"
    assert state_of(source(dump(namespace(), node()), "dump")).clusters[0].name == "dump"
    assert state_of(source(said, "dump")).clusters[0].name == "eu-prod"
    assert state_of(source(said, "dump"), by_uid).machines[0].id == "payments/w-1"
    assert state_of(source(said, "mine", named=True)).clusters[0].name == "mine"


def test_the_time_is_that_of_the_oldest_source_or_now_where_none_tells_one() -> None:
    assert state_of(with_node()).at.hour == 5
    assert (
        state_of(with_node(), "format: oakum-inventory/1\nat: 2026-11-27T20:00:00+01:00\n" + NO_WEBHOOKS[26:]).at.day
        == 27
    )
    assert state_of(dump(namespace(), node(), read_at="")).at == NOW


# Webhooks

SERVICE: Item = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "policy", "namespace": "guard"},
    "spec": {"selector": {"app": "policy"}},
}  # fmt: skip


def hook(**changes: Any) -> Item:
    rules = [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}]
    one = {"name": "p.example", "rules": rules, "clientConfig": {"service": {"namespace": "guard", "name": "policy"}}}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "policy"}, "webhooks": [{**one, **changes}],
    }  # fmt: skip


def hooks(*items: Item) -> tuple[Webhook, ...]:
    backend = pod("policy-1", namespace="guard", labels={"app": "policy"})
    other = pod("policy-2", namespace="shop", labels={"app": "policy"})
    spaces = [namespace(), namespace("guard", labels={"policy": "off"}), namespace("shop")]
    return state_of(dump(*spaces, node(), backend, other, *items)).clusters[0].webhooks


def test_a_webhook_for_pods_is_known_with_the_pods_that_serve_it() -> None:
    (found,) = hooks(SERVICE, hook())
    assert found == Webhook(name="ValidatingWebhookConfiguration/policy/p.example", pods=("guard/policy-1",))


def test_a_webhook_fails_closed_unless_it_says_ignore() -> None:
    assert not hooks(SERVICE, hook(failurePolicy="Ignore"))[0].fail_closed
    assert hooks(SERVICE, hook(failurePolicy="Fail"))[0].fail_closed


def test_namespaces_that_a_webhook_does_not_select_are_exempt() -> None:
    selector = {"matchExpressions": [{"key": "policy", "operator": "DoesNotExist"}]}
    assert hooks(SERVICE, hook(namespaceSelector=selector))[0].exempt == ("guard",)
    by_name = {"matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["kube-system", "guard"]}
    ]}  # fmt: skip
    assert set(hooks(SERVICE, hook(namespaceSelector=by_name))[0].exempt) == {"kube-system", "guard"}


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        ({"operations": ["*"], "apiGroups": ["*"], "resources": ["*"]}, True),
        ({"operations": ["CREATE", "UPDATE"], "apiGroups": [""], "resources": ["*/*"]}, True),
        ({"operations": ["UPDATE"], "apiGroups": [""], "resources": ["pods"]}, False),
        ({"operations": ["CREATE"], "apiGroups": ["apps"], "resources": ["*"]}, False),
        ({"operations": ["CREATE"], "apiGroups": [""], "resources": ["pods/eviction"]}, False),
    ],
)
def test_only_webhooks_for_new_pods_count(rule: Item, asked: bool) -> None:
    assert bool(hooks(SERVICE, hook(rules=[rule]))) is asked


def test_one_rule_for_new_pods_is_enough_and_webhooks_for_others_do_not_hide_it() -> None:
    others = {"operations": ["CREATE"], "apiGroups": ["apps"], "resources": ["deployments"]}
    given = hook()
    (one,) = given["webhooks"]
    given["webhooks"] = [
        {**one, "name": "others.example", "rules": [others]},
        {**one, "name": "outside.example", "clientConfig": {"url": "https://guard.example/"}},
        {**one, "rules": [others, *one["rules"]]},
    ]
    assert [each.name for each in hooks(SERVICE, given)] == ["ValidatingWebhookConfiguration/policy/p.example"]


def test_a_service_without_a_selector_has_its_endpoints_elsewhere() -> None:
    assert hooks({**SERVICE, "spec": {}}, hook())[0].pods == ()


def test_pods_with_more_labels_than_the_service_asks_for_serve_it_too() -> None:
    more = pod("policy-3", namespace="guard", labels={"app": "policy", "tier": "x"})
    other = pod("cache", namespace="guard", labels={"app": "cache"})
    assert hooks(SERVICE, hook(), more, other)[0].pods == ("guard/policy-1", "guard/policy-3")


def test_only_configurations_of_the_api_group_of_kubernetes_are_read() -> None:
    group = "admissionregistration.k8s.io/v1"
    others: list[Item] = [
        {**hook(), "apiVersion": "example.org/v1"},
        {**hook(), "apiVersion": None},
        {**hook(), "kind": "ValidatingAdmissionPolicy"},
    ]
    beta = {**hook(), "apiVersion": f"{group}beta1", "kind": "MutatingWebhookConfiguration"}
    assert [each.kind for each in read_webhooks([*others, hook(), beta])] == [
        "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration",
    ]  # fmt: skip


def test_a_webhook_whose_service_is_gone_is_served_by_nobody_and_one_outside_is_no_matter_of_drains() -> None:
    assert hooks(hook())[0].pods == ()
    assert hooks(hook(clientConfig={"url": "https://guard.example/"})) == ()


def test_a_webhook_whose_service_was_not_listed_is_a_gap() -> None:
    state = state_of(dump(namespace(), node(), hook(), listed=LISTED_WITHOUT_SERVICES))
    assert not state.clusters[0].webhooks
    assert any("who serves the webhook" in each.what for each in state.gaps)
    # Of the next webhook the service is there, though nobody says that there are no others.
    given = hook()
    (one,) = given["webhooks"]
    unknown = {**one, "name": "q.example", "clientConfig": {"service": {"namespace": "guard", "name": "quota"}}}
    both = {**given, "webhooks": [unknown, one]}
    backend = pod("policy-1", namespace="guard", labels={"app": "policy"})
    state = state_of(dump(namespace(), node(), backend, SERVICE, both, listed=LISTED_WITHOUT_SERVICES))
    assert [each.pods for each in state.clusters[0].webhooks] == [("guard/policy-1",)]
    (gap,) = [each for each in state.gaps if "who serves" in each.what]
    assert gap.what == "who serves the webhook ValidatingWebhookConfiguration/policy/q.example"
    assert gap.why == "the dump of prod does not hold its service guard/quota"


LISTED_WITHOUT_SERVICES = "Node,Namespace,Pod,PodDisruptionBudget"


# A real shape


def test_the_cluster_of_the_demo() -> None:
    state = read_states([str(DEMO)], NOW)
    assert [each.id for each in state.machines] == [
        "cluster/control-1", "cluster/worker-1", "cluster/worker-2", "cluster/worker-3",
    ]  # fmt: skip
    assert [each.role for each in state.machines] == ["control-plane", "worker", "worker", "worker"]
    assert [each.pool for each in state.machines] == ["control", "workers", "workers", "workers"]
    assert sorted(state.machines[0].software) == [
        "containerd", "etcd", "kernel", "kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler",
        "kubelet",
    ]  # fmt: skip
    assert len(state.clusters[0].around.pods) == 26
