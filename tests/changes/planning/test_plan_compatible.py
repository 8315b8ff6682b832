"""What the files of compatibility say of a visit: bad edges, versions beside each other, APIs that go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.changes.drain.makings import Json, budget, controller, namespace
from tests.changes.planning.worlds import change, cluster, draft, kubelet, machine, servers, soft, state

from oakum.changes.compat.reading import read
from oakum.changes.planning.compatible import Compatible
from oakum.changes.planning.drafts import Draft
from oakum.changes.planning.reasons import because
from oakum.changes.plans.model import Change, Subject
from oakum.changes.plans.why_not import Reason
from oakum.changes.state import EtcdMember, Machine, State
from oakum.errors import NotAssessableError

FILE = b"""
version: 1
apis_until: "1.40"
apis:
  - {api: policy/v1, kinds: [PodDisruptionBudget], removed: "1.33", replacement: policy/v2,
     source: "https://example.org/api", read: 2026-11-01}
  - {api: v1, kinds: [Namespace], removed: "1.33", replacement: v2,
     source: "https://example.org/api", read: 2026-11-01}
  - {api: apps/v1, kinds: [ReplicaSet], removed: "1.33",
     source: "https://example.org/api", read: 2026-11-01}
  - {api: batch/v1, kinds: [Job], removed: "1.34", deprecated: "1.32", replacement: batch/v2,
     source: "https://example.org/api", read: 2026-11-01}
compatible:
  - {component: containerd, versions: [">=1.7.0 <1.7.20"], kubernetes: ">=1.32.0", answer: incompatible,
     why: it is too old, source: "https://example.org/pair", read: 2026-11-01}
  - {component: containerd, versions: [">=1.7.20 <1.8.0"], kubernetes: "*", answer: compatible,
     why: it is new, source: "https://example.org/pair", read: 2026-11-01}
  - {component: etcd, versions: ["<3.5.16"], kubernetes: ">=1.32.0", answer: incompatible,
     why: it is too old, source: "https://example.org/pair", read: 2026-11-01}
  - {component: CoreDNS, versions: [">=1.12.0"], kubernetes: "<1.32.0", answer: incompatible,
     why: it is too new, source: "https://example.org/pair", read: 2026-11-01}
  - {component: CoreDNS, versions: ["<1.10.0"], kubernetes: ">=1.32.0", answer: incompatible,
     why: it is too old, source: "https://example.org/pair", read: 2026-11-01}
edges:
  - {name: bad-kernel, components: [linux], from: "*", to: ">=6.1.98", why: it does not boot, remedy: wait for the next,
     source: "https://example.org/edge", read: 2026-11-01}
  - {name: bad-runtime, components: [containerd], from: "<1.7.0", to: "1.7.25", why: it loses pods, remedy: drain first,
     source: "https://example.org/edge", read: 2026-11-01}
  - {name: bad-dns, components: [CoreDNS], from: "1.10.0", to: "1.11.0", why: it forgets, remedy: skip it,
     source: "https://example.org/edge", read: 2026-11-01}
  - {name: asks, components: [lib], from: "*", to: "2.0.0", when: "CONDITION", why: it loops, remedy: wait,
     source: "https://example.org/edge", read: 2026-11-01}
"""


def file(condition: str = "selinux == true") -> Any:
    return read(FILE.replace(b"CONDITION", condition.encode()), "site.yaml")


def world(*machines: Machine, objects: Sequence[Json] = (), **more: Any) -> State:
    return state(*machines, clusters=[cluster("c", machines, objects, **more)])


def checked(given: State, *drafts: Draft, condition: str = "selinux == true") -> list[list[Reason]]:
    """The reasons of drafts that are looked at in one phase, in the cluster c or outside of one."""
    compatible = Compatible(given, file(condition))
    compatible.check(given.clusters_by_name.get(drafts[0].subject.cluster), drafts)
    return [each.reasons for each in drafts]


def rules(given: State, *drafts: Draft, **more: Any) -> list[list[str]]:
    return [[each.rule for each in reasons] for reasons in checked(given, *drafts, **more)]


def edits(reason: Reason) -> list[tuple[str, str, object]]:
    return [(each.object, each.field, each.value) for each in reason.remedy.edits]


def to(component: str, before: str, after: str, kind: str = "packages") -> Change:
    return change(component, kind, before=before, after=after)


def rollout(before: str, after: str, component: str = "image/dns") -> Draft:
    made = draft(machine("w"), to(component, before, after, "add-on"))
    made.machine, made.subject = None, Subject(kind="object", cluster="c", name="Deployment/s/dns", uid="u")
    return made


def workload(image: str, kind: str = "Deployment") -> Json:
    made = controller("ReplicaSet" if kind == "ReplicaSet" else kind, "dns", 2)
    made["spec"]["template"] = {
        "spec": {"containers": [{"name": "dns", "image": image}, {"name": "x", "image": "x:1"}]}
    }
    return made


# Edges


def test_a_bad_edge_names_its_harm_its_source_and_another_version() -> None:
    software = {"linux": soft("6.1.90", "6.1.80", "6.1.90", "6.1.95", "6.1.99", "6.1.100", part="kernel")}
    one = machine("w", software=software)
    ((reason,),) = checked(world(one), draft(one, to("linux", "6.1.90", "6.1.100", "kernel")))
    assert (reason.rule, reason.object) == ("known-bad/bad-kernel", "c: linux 6.1.100")
    assert reason.why == "linux 6.1.90 to 6.1.100: it does not boot"
    assert (reason.source, reason.remedy.says) == ("https://example.org/edge", "wait for the next")
    assert edits(reason) == [("kernel", "wants.to", "6.1.95")]


@pytest.mark.parametrize("offers", [("6.1.90", "6.1.100"), ("6.1.100",), ()])
def test_where_no_other_version_is_offered_the_remedy_has_words_alone(offers: tuple[str, ...]) -> None:
    one = machine("w", "", software={"linux": soft("6.1.90", *offers, part="kernel")})
    ((reason,),) = checked(state(one), draft(one, to("linux", "6.1.90", "6.1.100", "kernel")))
    assert (reason.object, edits(reason)) == ("hosts: linux 6.1.100", [])


def test_edges_that_the_change_does_not_go_along_say_nothing() -> None:
    one = machine("w")
    assert rules(world(one), draft(one, to("linux", "6.1.90", "6.1.97")), draft(one, to("curl", "1", "2"))) == [[], []]


def test_a_component_is_found_under_the_names_of_its_packages() -> None:
    software = {"containerd.io": soft("1.6.9", "1.7.24", "1.7.25", part="container-runtime")}
    one = machine("w", software=software)
    ((reason,),) = checked(world(one, version="v1.31.4"), draft(one, to("containerd.io", "1.6.9", "1.7.25")))
    assert reason.rule == "known-bad/bad-runtime"
    assert edits(reason) == [("packages", "wants.to", "1.7.24")]


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        ("registry.k8s.io/coredns:1.10.0", "registry.k8s.io/coredns:1.11.0", ["known-bad/bad-dns"]),
        ("mirror.example.org/k8s/coredns:1.10.0", "registry.k8s.io/coredns:1.11.0", ["known-bad/bad-dns"]),
        ("registry.k8s.io/coredns:1.10.1", "registry.k8s.io/coredns:1.11.0", []),
        ("registry.k8s.io/mycoredns:1.10.0", "registry.k8s.io/mycoredns:1.11.0", []),
        ("coredns/coredns:1.10.0", "coredns/coredns:1.11.0", ["known-bad/bad-dns"]),
        ("sha256:" + 64 * "0", "coredns/coredns:1.11.0", []),
    ],
)
def test_an_image_is_the_component_that_its_repository_ends_with(before: str, after: str, rule: list[str]) -> None:
    assert rules(world(machine("w"), version="v1.32.1"), rollout(before, after)) == [rule]


LIB = to("lib", "1.0.0", "2.0.0")


@pytest.mark.parametrize(
    ("condition", "facts", "rule"),
    [
        ("selinux == true", {}, ["known-bad/asks"]),
        ("selinux == true", {"selinux": "TRUE"}, ["known-bad/asks"]),
        ("selinux == true", {"selinux": "yes"}, ["known-bad/asks"]),
        ("selinux == true", {"selinux": "no"}, []),
        ("selinux == true", {"selinux": "False"}, []),
        ("selinux == true", {"selinux": ""}, []),
        ("selinux == true", {"selinux": "perhaps"}, ["known-bad/asks"]),
        ("pod_security_policies > 0", {"pod_security_policies": "3"}, ["known-bad/asks"]),
        ("pod_security_policies > 0", {"pod_security_policies": "0"}, []),
        ("pod_security_policies > 0", {"pod_security_policies": ""}, []),
        ("pod_security_policies > 0", {"pod_security_policies": "many"}, ["known-bad/asks"]),
        ("pod_security_policies == 1", {"pod_security_policies": ""}, []),
        ("'ipvs' in proxy_modes", {"proxy_modes": "iptables, ipvs"}, ["known-bad/asks"]),
        ("'' in proxy_modes", {"proxy_modes": "iptables, "}, []),
        ("'ipvs' in proxy_modes", {"proxy_modes": ""}, []),
        ("control_plane == 'kubeadm'", {"control_plane": "kubeadm"}, ["known-bad/asks"]),
        ("control_plane == 'kubeadm'", {"control_plane": "other"}, []),
        ("'6.1.90' in kernels", {}, ["known-bad/asks"]),
        ("'6.1.91' in kernels", {}, []),
        ("'cri-o' in runtimes", {}, ["known-bad/asks"]),
        ("'crio' in runtimes", {}, []),
        ("etcd_members == 2", {}, ["known-bad/asks"]),
        ("etcd_members == 1", {}, []),
        ("site['room'] == 'cellar'", {"room": "cellar"}, ["known-bad/asks"]),
        ("site['room'] == 'cellar'", {"room": "attic"}, []),
    ],
)
def test_a_condition_is_asked_of_what_is_stated_and_of_what_the_cluster_shows(
    condition: str, facts: dict[str, str], rule: list[str]
) -> None:
    software = {"lib": soft("1.0.0", "2.0.0"), "linux": soft("6.1.90", part="kernel"),
                "crio": soft("1.31.0", part="container-runtime")}  # fmt: skip
    one = machine("w", software=software)
    etcd = (EtcdMember(name="a"), EtcdMember(name="b", learner=True))
    assert rules(world(one, facts=facts, etcd=etcd), draft(one, LIB), condition=condition) == [rule]


@pytest.mark.parametrize("condition", ["'6.1.90' in kernels", "'containerd' in runtimes", "etcd_members == 2"])
def test_what_a_cluster_does_not_show_is_not_known(condition: str) -> None:
    one = machine("w", software={"lib": soft("1.0.0", "2.0.0")})
    ((reason,),) = checked(world(one), draft(one, LIB), condition=condition)
    fact = condition.split(" in ")[-1].split(" ==")[0]
    assert reason.object == "c"
    assert reason.remedy.says == f"state {fact} in an inventory (clusters, c, facts)"
    assert edits(reason) == [("c", f"facts|{fact}", "")]


def test_hosts_have_no_cluster_of_which_a_fact_could_be_stated() -> None:
    one = machine("w", "", software={"lib": soft("1.0.0", "1.5.0", "2.0.0")})
    ((reason,),) = checked(state(one), draft(one, LIB))
    assert (reason.object, edits(reason)) == ("hosts: lib 2.0.0", [("packages", "wants.to", "1.5.0")])


def test_a_version_that_is_not_precise_enough_may_be_bad_and_no_fact_tells() -> None:
    one = machine("w", software={"linux": soft("6.1.90", "6.1.95", "6.1", part="kernel")})
    ((reason,),) = checked(world(one), draft(one, to("linux", "6.1.90", "6.1", "kernel")))
    assert (reason.object, edits(reason)) == ("c: linux 6.1", [("kernel", "wants.to", "6.1.95")])


# Pairs


def runtime(version: str, name: str = "containerd", offers: tuple[str, ...] = ()) -> Any:
    return {name: soft(version, *offers, part="container-runtime", ecosystem="semver")}


KUBELET = to("kubelet", "1.31.4", "1.32.1", "kubelet")


@pytest.mark.parametrize(
    ("current", "changes", "kube", "rule"),
    [
        ("1.7.10", [KUBELET], "1.31.4", ["incompatible"]),
        ("1.7.20", [KUBELET], "1.31.4", []),
        ("1.7.20", [to("containerd", "1.7.20", "1.7.10")], "1.32.1", ["incompatible"]),
        ("1.7.20", [to("containerd", "1.7.20", "1.7.10")], "1.31.4", []),
        ("1.7.10", [KUBELET, to("containerd", "1.7.10", "1.7.24")], "1.31.4", []),
        ("1.7.10", [to("curl", "1", "2")], "1.32.1", []),
        ("1.7.10", [to("containerd", "1.7.10", "1.7.11")], "", []),
    ],
)
def test_a_runtime_has_to_run_beside_its_kubelet_after_the_visit(
    current: str, changes: list[Change], kube: str, rule: list[str]
) -> None:
    one = machine("w", software=(kubelet(kube) if kube else {}) | runtime(current))
    assert rules(world(one), draft(one, *changes)) == [rule]


def test_an_incompatible_pair_names_both_and_the_version_that_would_do() -> None:
    software = kubelet("1.31.4", "1.31.4", "1.31.8", "1.32.0", "1.32.1") | runtime("1.7.10")
    one = machine("w", software=software)
    ((reason,),) = checked(world(one), draft(one, KUBELET))
    assert reason.object == "c: containerd 1.7.10"
    assert reason.why == "containerd 1.7.10 does not run beside Kubernetes 1.32.1: it is too old"
    assert reason.source == "https://example.org/pair"
    assert reason.remedy.says == "bring containerd to a version that runs beside Kubernetes 1.32.1 first"
    assert edits(reason) == [("kubelet", "wants.to", "1.31.8")]


@pytest.mark.parametrize("name", ["containerd", "containerd.io"])
def test_another_version_of_what_changes_is_the_remedy(name: str) -> None:
    software = kubelet("1.32.1") | runtime("1.7.22", name, ("1.7.22", "1.7.24", "1.7.10", "1.7.15"))
    one = machine("w", software=software)
    ((reason,),) = checked(
        world(one), draft(one, to("curl", "1", "2"), to(name, "1.7.22", "1.7.15", "container-runtime"))
    )
    assert reason.object == "c: containerd 1.7.15"
    assert edits(reason) == [("container-runtime", "wants.to", "1.7.24")]


def test_without_another_version_the_remedy_has_words_alone() -> None:
    software = kubelet("1.32.1") | runtime("1.7.22", offers=("1.7.22", "1.7.10", "1.7.15"))
    one = machine("w", software=software)
    ((reason,),) = checked(world(one), draft(one, to("containerd", "1.7.22", "1.7.15")))
    assert edits(reason) == []


@pytest.mark.parametrize(
    ("changes", "other", "etcd", "rule"),
    [
        ([to("kube-apiserver", "1.31.4", "1.32.1")], "1.31.4", "3.5.15", ["incompatible"]),
        ([to("kube-apiserver", "1.31.4", "1.32.1")], "1.31.4", "3.5.16", []),
        ([to("etcd", "3.5.16", "3.5.15", "etcd")], "1.31.4", "3.5.16", []),
        ([to("etcd", "3.5.16", "3.5.15", "etcd")], "1.32.1", "3.5.16", ["incompatible"]),
        ([to("etcd", "3.5.15", "3.5.16", "etcd")], "1.32.1", "3.5.15", []),
        ([to("curl", "1", "2")], "1.32.1", "3.5.15", []),
    ],
)
def test_etcd_has_to_run_beside_every_api_server(changes: list[Change], other: str, etcd: str, rule: list[str]) -> None:
    one = machine("cp-1", role="control-plane", software=servers("1.31.4", etcd=etcd))
    two = machine("cp-2", role="control-plane", software=servers(other, etcd=etcd))
    assert rules(world(one, two), draft(one, *changes)) == [rule]


@pytest.mark.parametrize(
    ("image", "after", "rule"),
    [
        ("coredns/coredns:1.9.0", "1.32.1", ["incompatible"]),
        ("coredns/coredns:1.10.0", "1.32.1", []),
        ("coredns/coredns:1.12.0", "1.31.9", ["incompatible"]),
        ("coredns/coredns@sha256:" + 64 * "0", "1.32.1", []),
        ("other:1.9.0", "1.32.1", []),
    ],
)
def test_add_ons_have_to_run_beside_the_api_server_that_is_wanted(image: str, after: str, rule: list[str]) -> None:
    one = machine("cp-1", role="control-plane", software=servers("1.31.4", etcd=""))
    for kind in ("Deployment", "DaemonSet"):
        given = world(one, objects=[workload(image, kind)])
        assert rules(given, draft(one, to("kube-apiserver", "1.31.4", after))) == [rule]
        assert rules(given, draft(one, to("kube-scheduler", "1.31.4", after))) == [[]]


@pytest.mark.parametrize(
    ("version", "masters", "rule"),
    [("v1.31.4", "", ["incompatible"]), ("v1.32.1", "", []), ("v1.32.1", "1.31.4", ["incompatible"]), ("", "", [])],
)
def test_an_add_on_has_to_run_beside_the_api_servers_that_are_there(
    version: str, masters: str, rule: list[str]
) -> None:
    machines = [machine("cp", role="control-plane", software=servers(masters))] if masters else [machine("w")]
    moved = rollout("coredns/coredns:1.11.5", "coredns/coredns:1.12.0")
    assert rules(world(*machines, version=version), moved) == [rule]
    assert rules(world(*machines, version=version), rollout("other:1", "other:1.12.0")) == [[]]


@pytest.mark.parametrize("blocked", [False, True])
def test_what_an_earlier_visit_has_moved_is_there_for_the_next_unless_it_was_kept_out(blocked: bool) -> None:
    one = machine("cp", role="control-plane", software=servers("1.31.4", etcd=""))
    two = machine("w", software=kubelet("1.31.4") | runtime("1.7.24"))
    given = world(one, two)
    first = [draft(one, to("kube-apiserver", "1.31.4", "1.32.1")), draft(two, KUBELET)]
    then = [
        rollout("coredns/coredns:1.11.5", "coredns/coredns:1.12.0"),
        draft(two, to("containerd", "1.7.24", "1.7.10")),
    ]
    if blocked:
        for each in first:
            each.block(because("held", each.id, "taken", "", "", []))
    compatible = Compatible(given, file())
    for several in (first, then):
        compatible.check(given.clusters[0], several)
    told = [[reason.rule for reason in each.reasons] for each in then]
    assert told == ([["incompatible"], []] if blocked else [[], ["incompatible"]])


# APIs


def applied(text: str) -> Json:
    made = controller("Deployment", "web", 2)
    made["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": text}
    return made


PLANE = machine("cp", role="control-plane", software=servers("1.31.4", etcd=""))


def lost(*objects: Json, after: str = "1.33.0", before: str = "1.31.4") -> list[Reason]:
    given = world(PLANE, objects=objects)
    one, two = (
        draft(PLANE, to("kube-scheduler", before, after), to("kube-apiserver", before, after)) for _ in range(2)
    )
    found, again = checked(given, one, two)
    assert found == again
    return found


def test_an_object_that_speaks_an_api_that_goes_is_told_with_what_replaces_it() -> None:
    (reason,) = lost(budget(maxUnavailable=1))
    assert (reason.rule, reason.object) == ("api-removed", "c/PodDisruptionBudget/shop/pdb")
    assert reason.why == "policy/v1 PodDisruptionBudget is last served by 1.32: use policy/v2"
    assert (reason.source, reason.remedy.says) == ("https://example.org/api", "write it in policy/v2")
    assert edits(reason) == [("PodDisruptionBudget/shop/pdb", "api_version", "policy/v2")]


def test_an_object_of_the_cluster_is_told_without_a_namespace() -> None:
    (reason,) = lost(namespace("bank"))
    assert (reason.object, edits(reason)) == ("c/Namespace/bank", [("Namespace/bank", "api_version", "v2")])


def test_an_object_whose_api_has_no_successor_is_to_be_deleted() -> None:
    (reason,) = lost(controller("ReplicaSet", "web", 2))
    assert reason.remedy.says == "delete it"


def test_what_was_applied_in_an_api_that_goes_is_told_too() -> None:
    (reason,) = lost(applied('{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget"}'))
    assert reason.object == "c/Deployment/shop/web"
    field = "metadata.annotations|kubectl.kubernetes.io/last-applied-configuration"
    assert edits(reason) == [("Deployment/shop/web", field, None)]


@pytest.mark.parametrize(
    ("after", "before"), [("1.32.9", "1.31.4"), ("1.33.9", "1.33.1"), ("next", "1.31.4"), ("1.33.0", "odd")]
)
def test_no_object_is_lost_where_no_minor_takes_its_api_away(after: str, before: str) -> None:
    assert lost(budget(maxUnavailable=1), after=after, before=before) == []


def test_an_api_that_is_only_deprecated_and_one_that_is_not_spoken_stop_nothing() -> None:
    assert lost(controller("Job", "once", None), controller("Deployment", "web", 2)) == []


def test_only_an_api_server_takes_an_api_away() -> None:
    given = world(PLANE, objects=[budget(maxUnavailable=1)])
    assert rules(given, draft(PLANE, to("kube-scheduler", "1.31.4", "1.33.0"))) == [[]]


def test_each_release_takes_away_its_own() -> None:
    given = world(PLANE, objects=[budget(maxUnavailable=1), controller("Job", "once", None)])
    one, two = (draft(PLANE, to("kube-apiserver", "1.31.4", after)) for after in ("1.33.0", "1.34.0"))
    assert [len(each) for each in rules(given, one, two)] == [1, 2]


def test_a_release_that_nobody_knows_is_not_assessable() -> None:
    with pytest.raises(NotAssessableError, match=r"removals are known until 1\.40, the target is 1\.41"):
        lost(after="1.41.0")
