"""Known-bad edges: exposed, not exposed, unknown; shipped ones by hand from their sources."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.compat import FACTS, edges, read
from oakum.changes.compat.facts import OF_CLUSTER, OF_VERSIONS
from oakum.local.compat import shipped

NO_FACTS: dict[str, object] = {}
E35, E36 = "etcd-3.5-committed-data-lost", "etcd-3.6-zombie-members"
CGROUP, EBS = "kubernetes-1.35-cgroup-v1", "kubernetes-1.27-aws-ebs"

#: component, from, to, facts, the edge, what it means; by hand from the sources of the edges.
CASES: list[tuple[str, str, str, dict[str, object], str, str | None]] = [
    ("etcd", "3.4.18", "3.5.2", {}, E35, "exposed"),
    ("etcd", "3.4.18", "3.5.3", {}, E35, None),
    ("etcd", "3.5.1", "3.5.2", {}, E35, "exposed"),
    ("etcd", "3.4.18", "v3.5.2-0", {}, E35, "exposed"),
    ("etcd", "3.4.18", "3.5", {}, E35, "unknown"),
    ("etcd", "3.4.18", "not a version", {}, E35, "unknown"),
    ("etcd", "3.5.4", "3.5.5", {}, "etcd-3.5-crash-in-defragmentation", "exposed"),
    ("etcd", "3.5.4", "3.5.6", {}, "etcd-3.5-crash-in-defragmentation", None),
    ("etcd", "3.5.4", "3.5.5", {"etcd_auth": True}, "etcd-3.5.5-new-member-with-auth", "exposed"),
    ("etcd", "3.5.4", "3.5.5", {"etcd_auth": False}, "etcd-3.5.5-new-member-with-auth", "not exposed"),
    ("etcd", "3.5.4", "3.5.5", {}, "etcd-3.5.5-new-member-with-auth", "unknown"),
    ("etcd", "3.4.19", "3.4.21", {"etcd_auth": True}, "etcd-3.4.20-new-member-with-auth", "exposed"),
    ("etcd", "3.4.19", "3.4.22", {"etcd_auth": True}, "etcd-3.4.20-new-member-with-auth", None),
    ("etcd", "3.5.19", "3.6.0", {"etcd_members": 3}, "etcd-3.6-too-many-learners", "exposed"),
    ("etcd", "3.5.19", "3.6.0", {"etcd_members": 1}, "etcd-3.6-too-many-learners", "not exposed"),
    ("etcd", "3.5.19", "3.6.0", {}, "etcd-3.6-too-many-learners", "unknown"),
    ("etcd", "3.5.20", "3.6.0", {"etcd_members": 3}, "etcd-3.6-too-many-learners", None),
    ("etcd", "3.5.25", "3.6.4", {}, E36, "exposed"),
    ("etcd", "3.5.26", "3.6.4", {}, E36, None),
    # Neither a line with good and bad releases nor what is no version is known to be where the edge begins.
    ("etcd", "3.5", "3.6.4", {}, E36, "unknown"),
    ("etcd", "not a version", "3.6.4", {}, E36, "unknown"),
    ("etcd", "3.4.30", "3.6.4", {}, "etcd-skips-a-minor-version", "exposed"),
    ("etcd", "3.5.30", "3.6.4", {}, "etcd-skips-a-minor-version", "not exposed"),
    ("etcd", "3.4.30", "3.3.9", {}, "etcd-downgrade-before-3.6", "exposed"),
    ("etcd", "3.5.21", "3.5.20", {}, "etcd-downgrade-before-3.6", "not exposed"),
    ("etcd", "3.5", "3.4", {}, "etcd-downgrade-before-3.6", "exposed"),
    ("etcd", "3.4", "3.5", {}, "etcd-downgrade-before-3.6", "not exposed"),
    ("etcd", "3.6.1", "3.5.26", {}, "etcd-downgrade-before-3.6", None),
    ("etcd", "3.6.1", "3.5.26", {}, "etcd-downgrade-from-3.6", "exposed"),
    ("etcd", "3.6.1", "3.6.0", {}, "etcd-downgrade-from-3.6", "not exposed"),
    ("containerd", "1.7.24", "2.0.1", {"schema_1_images": True}, "containerd-2-schema-1-images", "exposed"),
    ("containerd", "1.7.24", "2.0.1", {"schema_1_images": False}, "containerd-2-schema-1-images", "not exposed"),
    ("containerd", "2.0.1", "2.1.0", {"schema_1_images": True}, "containerd-2-schema-1-images", None),
    ("containerd", "2.0.1", "2.2.0", {}, "containerd-skips-a-minor-version", "exposed"),
    ("containerd", "1.7.24", "2.2.0", {}, "containerd-skips-a-minor-version", "not exposed"),
    ("runc", "1.1.2", "1.1.3", {"cgroup_drivers": ["systemd"]}, "runc-1.1.3-exec-after-daemon-reload", "exposed"),
    ("runc", "1.1.2", "1.1.4", {"cgroup_drivers": ["systemd"]}, "runc-1.1.3-exec-after-daemon-reload", None),
    ("runc", "1.1.9", "1.2.2", {"cgroup_versions": ["v2"], "kernels": ["5.4.0-150-generic"]},
     "runc-1.2-device-rules-on-old-kernels", "exposed"),
    ("runc", "1.1.9", "1.2.2", {"cgroup_versions": ["v2"], "kernels": ["5.10.0", "6.1.0", "5.6.1"]},
     "runc-1.2-device-rules-on-old-kernels", "not exposed"),
    ("runc", "1.2.3", "1.4.1", {}, "runc-1.3-stuck-exec", "exposed"),
    ("runc", "1.2.3", "1.4.2", {}, "runc-1.3-stuck-exec", None),
    ("kubelet", "v1.23.17", "v1.24.1", {"runtimes": ["containerd", "docker"]}, "kubernetes-1.24-dockershim", "exposed"),
    ("kubelet", "v1.23.17", "v1.24.1", {"runtimes": ["cri-dockerd"]}, "kubernetes-1.24-dockershim", "not exposed"),
    ("kubelet", "v1.24.1", "v1.25.1", {"runtimes": ["docker"]}, "kubernetes-1.24-dockershim", None),
    ("kubelet", "v1.34.2", "v1.35.0", {"cgroup_versions": ["v2", "v1"]}, CGROUP, "exposed"),
    ("kubelet", "v1.34.2", "v1.35.0", {"cgroup_versions": ["v2"]}, CGROUP, "not exposed"),
    ("kubelet", "v1.34.2", "v1.35.0", {"cgroup_versions": None}, CGROUP, "unknown"),
    ("kubelet", "v1.34.2", "v1.35.0", {}, CGROUP, "unknown"),
    ("kubelet", "1.34", "1.35", {"cgroup_versions": ["v1"]}, CGROUP, "exposed"),
    ("kubelet", "v1.34.2", "v1.35.0-rc.1", {"cgroup_versions": ["v1"]}, CGROUP, "exposed"),
    ("kubelet", "v1.35.0", "v1.35.1", {"cgroup_versions": ["v1"]}, CGROUP, None),
    ("Kubelet", "v1.33.9-eks-ae9a62a", "v1.34.1-eks-99", {"kubelet_flags": ["v", "cloud-config"]},
     "kubernetes-1.34-kubelet-flags", "exposed"),
    ("kubelet", "1.36.1", "1.37.0", {"kubelet_flags": ["storage-driver-db"]}, "kubernetes-1.37-kubelet-flags",
     "exposed"),
    ("kubelet", "1.36.1", "1.37.0", {"kubelet_flags": ["housekeeping-interval", "container-runtime-endpoint"]},
     "kubernetes-1.37-kubelet-flags", "not exposed"),
    ("kube-apiserver", "1.26.9", "1.27.1", {"volume_plugins": ["kubernetes.io/aws-ebs"], "csi_drivers": []}, EBS,
     "exposed"),
    ("kubelet", "1.26.9", "1.27.1", {"volume_plugins": ["kubernetes.io/aws-ebs"],
     "csi_drivers": ["ebs.csi.aws.com"]}, EBS, "not exposed"),
    # The driver is there, so it does not matter which plugins are in use; no plugin is in use, so no driver is needed.
    ("kubelet", "1.26.9", "1.27.1", {"csi_drivers": ["ebs.csi.aws.com"]}, EBS, "not exposed"),
    ("kubelet", "1.26.9", "1.27.1", {"volume_plugins": []}, EBS, "not exposed"),
    ("kubelet", "1.26.9", "1.27.1", {"volume_plugins": ["kubernetes.io/aws-ebs"]}, EBS, "unknown"),
    ("kubelet", "1.30.9", "1.31.1", {"volume_plugins": ["kubernetes.io/rbd"]}, "kubernetes-1.31-cephfs-and-rbd",
     "exposed"),
    ("kube-apiserver", "1.24.9", "1.25.1", {"pod_security_policies": 2}, "kubernetes-1.25-pod-security-policies",
     "exposed"),
    ("kube-apiserver", "1.24.9", "1.25.1", {"pod_security_policies": 0}, "kubernetes-1.25-pod-security-policies",
     "not exposed"),
    ("kube-controller-manager", "1.33.5", "1.34.1", {}, "kubernetes-1.34-statefulsets-roll", "exposed"),
    ("kube-controller-manager", "1.33.5", "1.34.2", {}, "kubernetes-1.34-statefulsets-roll", None),
    ("kube-controller-manager", "1.34.0", "1.34.1", {}, "kubernetes-1.34-statefulsets-roll", None),
    ("kube-proxy", "1.33.5", "1.34.1", {"proxy_modes": ["ipvs"]}, "kubernetes-1.34-ipvs-rules", "exposed"),
]  # fmt: skip


def found(component: str, before: str, after: str, facts: dict[str, object], name: str) -> str | None:
    verdicts = {each.edge.name: each for each in edges(component, before, after, facts, shipped())}
    return verdicts[name].exposure if name in verdicts else None


@pytest.mark.parametrize(("component", "before", "after", "facts", "name", "exposure"), CASES)
def test_an_edge_that_ships(
    component: str, before: str, after: str, facts: dict[str, object], name: str, exposure: str | None
) -> None:
    assert found(component, before, after, facts, name) == exposure


def test_trap_14_a_way_back_of_etcd_over_a_minor_version_is_known_to_harm() -> None:
    for before, after in (("3.5.21", "3.4.37"), ("3.6.2", "3.5.26"), ("3.4.3", "3.3.17")):
        exposed = [each for each in edges("etcd", before, after, NO_FACTS, shipped()) if each.exposure == "exposed"]
        assert any("downgrade" in each.edge.name for each in exposed), (before, after)
        assert all(each.edge.remedy and each.edge.source.url for each in exposed)


def test_trap_further_cgroup_v1_removal_says_what_to_do() -> None:
    verdicts = edges("kubelet", "1.34.1", "1.35.1", {"cgroup_versions": ["v1"], "kubelet_flags": []}, shipped())
    (bad,) = [each for each in verdicts if each.exposure == "exposed"]
    assert "failCgroupV1" in bad.why
    assert "failCgroupV1" in bad.edge.remedy


def test_every_edge_that_ships_can_be_gone_along() -> None:
    """The ranges of each edge are such that some change goes from the one into the other."""
    for edge in shipped().edges:
        probes = [("1.2.3", "9.9.9"), ("9.9.9", "1.2.3")]
        for minor in range(40):
            probes += [(f"1.{minor}.9", f"1.{minor + 1}.{patch}") for patch in (0, 1, 2, 3, 8)]
            probes += [(f"3.{minor}.9", f"3.{minor + 1}.{patch}") for patch in (0, 1, 2, 5, 20)]
            probes += [(f"3.{minor}.9", f"3.{minor}.{patch}") for patch in (5, 21)] + [
                (f"3.{minor}.9", f"3.{minor - 1}.9")
            ]
            probes += [(f"1.{minor}.0", f"1.{minor}.{patch}") for patch in (1, 3, 8)]
        for component in edge.components:
            assert any(
                edge.name == each.edge.name
                for before, after in probes
                for each in edges(component, before, after, NO_FACTS, shipped())
            ), edge.name


def test_an_unknown_exposure_names_the_facts_that_would_tell() -> None:
    verdicts = edges("kubelet", "1.26.9", "1.27.1", {"volume_plugins": ["kubernetes.io/aws-ebs"]}, shipped())
    by_name = {each.edge.name: each for each in verdicts}
    assert by_name[EBS].missing == ("csi_drivers",)
    assert by_name[EBS].why == "not known: csi_drivers"
    assert by_name["kubernetes-1.27-kubelet-flags"].missing == ("kubelet_flags",)


def test_a_fact_of_the_wrong_type_is_unknown() -> None:
    (verdict,) = [
        each
        for each in edges("kubelet", "1.34.1", "1.35.1", {"cgroup_versions": 7}, shipped())
        if each.edge.name == CGROUP
    ]
    assert verdict.exposure == "unknown"
    assert verdict.missing == ()
    assert verdict.why.startswith("the condition has no answer: ")


def test_a_condition_of_a_site_may_ask_for_what_only_the_site_tells() -> None:
    data = b"""
version: 1
edges:
  - name: x
    components: [kubelet]
    from: "*"
    to: "1.33"
    when: site["gpu driver"] == "550"
    why: w
    remedy: r
    source: https://example.org/x
    read: 2026-11-24
"""
    site = read(data, "site.yaml")
    for facts, exposure in (
        ({"site": {"gpu driver": "550"}}, "exposed"),
        ({"site": {"gpu driver": "560"}}, "not exposed"),
        ({"site": {}}, "unknown"),
        ({}, "unknown"),
    ):
        assert [each.exposure for each in edges("kubelet", "1.32.1", "1.33.1", facts, site)] == [exposure]


def test_the_facts_of_the_versions_come_from_the_versions_alone() -> None:
    lie: dict[str, object] = {"downgrade": False, "from_minor": 5, "to_minor": 5}
    assert found("etcd", "3.5.1", "3.4.34", lie, "etcd-downgrade-before-3.6") == "exposed"
    # A version that cannot be read tells nothing, and nobody may say it in its place.
    assert found("etcd", "3.5.1", "what", lie, "etcd-downgrade-before-3.6") == "unknown"
    assert not OF_VERSIONS.keys() & OF_CLUSTER.keys()


@pytest.mark.parametrize(
    ("before", "after", "exposure"),
    [
        ("1.33.1", "1.32.9", "exposed"),
        ("1.33", "1.32", "exposed"),
        ("1.32.9", "1.33.1", "not exposed"),
        ("1.32", "1.33", "not exposed"),
        ("1.32.9", "1.32.9", "not exposed"),
        ("1.32.9-rc.1", "1.32.9", "not exposed"),
        # Two releases of one line that nobody names cannot be told apart.
        ("1.32", "1.32", "unknown"),
        ("1.32.9", "1.32", "unknown"),
    ],
)
def test_which_way_a_change_goes(before: str, after: str, exposure: str) -> None:
    data = b"""
version: 1
edges:
  - {name: x, components: [kubelet], from: "*", to: "*", when: downgrade, why: w, remedy: r,
     source: "https://example.org/x", read: 2026-11-24}
"""
    (verdict,) = edges("kubelet", before, after, NO_FACTS, read(data, "site.yaml"))
    assert verdict.exposure == exposure


versions = st.sampled_from(
    ["1.34.1", "1.35.0", "3.5.2", "3.6.0", "3.4.30", "2.0.1", "1.7", "", "x", "1.26.9", "1.27.0"]
)
texts = st.lists(st.sampled_from(["v1", "v2", "docker", "systemd", "kubernetes.io/aws-ebs", "cloud-config"]))
values = st.none() | st.booleans() | st.integers(-1, 5) | st.text(max_size=3) | texts
components = st.sampled_from(["etcd", "kubelet", "containerd", "runc", "kube-apiserver", "kube-proxy", "nothing"])


@given(components, versions, versions, st.dictionaries(st.sampled_from([*FACTS, "other"]), values))
def test_more_facts_never_turn_a_sure_answer_and_none_raises(
    component: str, before: str, after: str, facts: dict[str, object]
) -> None:
    without = {each.edge.name: each.exposure for each in edges(component, before, after, NO_FACTS, shipped())}
    with_facts = {each.edge.name: each.exposure for each in edges(component, before, after, facts, shipped())}
    assert without.keys() == with_facts.keys()
    assert all(with_facts[name] == exposure for name, exposure in without.items() if exposure != "unknown")
