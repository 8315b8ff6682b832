"""API removals against live objects: read, applied and last written versions, by hand from the sources and planted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.changes.compat import Api, Hit, preflight, read
from oakum.changes.compat.preflight import LAST_APPLIED
from oakum.changes.skew import Release, parse_release
from oakum.local.compat import shipped

#: API version, kind, last release that serves it, replacement: from the deprecated API migration guide of Kubernetes.
GUIDE = [
    ("extensions/v1beta1", "NetworkPolicy", "1.15", "networking.k8s.io/v1"),
    ("extensions/v1beta1", "DaemonSet", "1.15", "apps/v1"),
    ("apps/v1beta2", "DaemonSet", "1.15", "apps/v1"),
    ("extensions/v1beta1", "Deployment", "1.15", "apps/v1"),
    ("apps/v1beta1", "Deployment", "1.15", "apps/v1"),
    ("apps/v1beta2", "Deployment", "1.15", "apps/v1"),
    ("apps/v1beta1", "StatefulSet", "1.15", "apps/v1"),
    ("apps/v1beta2", "ReplicaSet", "1.15", "apps/v1"),
    ("extensions/v1beta1", "ReplicaSet", "1.15", "apps/v1"),
    ("extensions/v1beta1", "PodSecurityPolicy", "1.15", "policy/v1beta1"),
    ("admissionregistration.k8s.io/v1beta1", "MutatingWebhookConfiguration", "1.21", "admissionregistration.k8s.io/v1"),
    ("admissionregistration.k8s.io/v1beta1", "ValidatingWebhookConfiguration", "1.21",
     "admissionregistration.k8s.io/v1"),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition", "1.21", "apiextensions.k8s.io/v1"),
    ("apiregistration.k8s.io/v1beta1", "APIService", "1.21", "apiregistration.k8s.io/v1"),
    ("authentication.k8s.io/v1beta1", "TokenReview", "1.21", "authentication.k8s.io/v1"),
    ("authorization.k8s.io/v1beta1", "SubjectAccessReview", "1.21", "authorization.k8s.io/v1"),
    ("certificates.k8s.io/v1beta1", "CertificateSigningRequest", "1.21", "certificates.k8s.io/v1"),
    ("coordination.k8s.io/v1beta1", "Lease", "1.21", "coordination.k8s.io/v1"),
    ("extensions/v1beta1", "Ingress", "1.21", "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "Ingress", "1.21", "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IngressClass", "1.21", "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "ClusterRole", "1.21", "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding", "1.21", "rbac.authorization.k8s.io/v1"),
    ("scheduling.k8s.io/v1beta1", "PriorityClass", "1.21", "scheduling.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSIDriver", "1.21", "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "CSINode", "1.21", "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "StorageClass", "1.21", "storage.k8s.io/v1"),
    ("storage.k8s.io/v1beta1", "VolumeAttachment", "1.21", "storage.k8s.io/v1"),
    ("batch/v1beta1", "CronJob", "1.24", "batch/v1"),
    ("discovery.k8s.io/v1beta1", "EndpointSlice", "1.24", "discovery.k8s.io/v1"),
    ("events.k8s.io/v1beta1", "Event", "1.24", "events.k8s.io/v1"),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler", "1.24", "autoscaling/v2"),
    ("policy/v1beta1", "PodDisruptionBudget", "1.24", "policy/v1"),
    ("policy/v1beta1", "PodSecurityPolicy", "1.24", ""),
    ("node.k8s.io/v1beta1", "RuntimeClass", "1.24", "node.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema", "1.25", "flowcontrol.apiserver.k8s.io/v1beta3"),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler", "1.25", "autoscaling/v2"),
    ("storage.k8s.io/v1beta1", "CSIStorageCapacity", "1.26", "storage.k8s.io/v1"),
    ("flowcontrol.apiserver.k8s.io/v1beta2", "PriorityLevelConfiguration", "1.28",
     "flowcontrol.apiserver.k8s.io/v1beta3"),
    ("flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "1.31", "flowcontrol.apiserver.k8s.io/v1"),
]  # fmt: skip


def at(version: str) -> Release:
    return parse_release(version)


def made(api_version: str, kind: str, name: str = "web", **metadata: object) -> dict[str, object]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": "shop", **metadata}}


def applied(api_version: str, kind: str) -> dict[str, str]:
    return {LAST_APPLIED: json.dumps({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web"}}) + "\n"}


def after(version: str) -> str:
    return f"1.{int(version.partition('.')[2]) + 1}"


@pytest.mark.parametrize(("api_version", "kind", "last", "replacement"), GUIDE, ids=lambda each: str(each))
def test_a_removal_of_the_migration_guide(api_version: str, kind: str, last: str, replacement: str) -> None:
    before = preflight([made(api_version, kind)], at(last), shipped())
    assert [hit.fate for hit in before] in ([], ["deprecated"])
    (hit,) = preflight([made(api_version, kind)], at(after(last)), shipped())
    assert (hit.fate, hit.found_in, hit.namespace, hit.name) == ("removed", "object", "shop", "web")
    assert hit.api is not None
    assert (f"1.{hit.api.last_served}", hit.api.replacement) == (last, replacement)
    assert last in hit.why
    assert (replacement or "no replacement") in hit.why


def test_a_pre_release_and_a_build_of_the_removing_release_have_removed_it() -> None:
    for version in ("v1.25.0-rc.1", "v1.25.16-eks-ae9a62a", "1.25"):
        assert [hit.fate for hit in preflight([made("batch/v1beta1", "CronJob")], at(version), shipped())] == [
            "removed"
        ]


def test_an_object_that_reads_well_but_was_applied_in_a_removed_version_is_found() -> None:
    found = made("policy/v1", "PodDisruptionBudget", annotations=applied("policy/v1beta1", "PodDisruptionBudget"))
    (hit,) = preflight([found], at("v1.25.3"), shipped())
    assert (hit.fate, hit.found_in, hit.api_version) == ("removed", "last-applied", "policy/v1beta1")
    assert hit.api is not None
    assert hit.api.replacement == "policy/v1"
    assert hit.api.replacement_since == 21
    assert hit.api.source.url.startswith("https://")


def test_a_client_that_last_wrote_in_a_removed_version_is_named() -> None:
    managed = [
        {"manager": "helm", "operation": "Update", "apiVersion": "autoscaling/v2beta2"},
        {"manager": "helm", "operation": "Update", "apiVersion": "autoscaling/v2beta2", "subresource": "status"},
        {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "autoscaling/v2"},
    ]
    found = made("autoscaling/v2", "HorizontalPodAutoscaler", managedFields=managed)
    (hit,) = preflight([found], at("1.26"), shipped())
    assert (hit.found_in, hit.by, hit.api_version) == ("managed-fields", "helm", "autoscaling/v2beta2")


def test_a_version_that_is_still_served_but_deprecated_is_told_as_that() -> None:
    (hit,) = preflight([made("resource.k8s.io/v1beta1", "ResourceClaim")], at("1.36"), shipped())
    assert hit.fate == "deprecated"
    assert "1.38" in hit.why
    assert [
        each.fate for each in preflight([made("resource.k8s.io/v1beta1", "ResourceClaim")], at("1.35"), shipped())
    ] == ["deprecated"]
    assert preflight([made("resource.k8s.io/v1beta1", "ResourceClaim")], at("1.34"), shipped()) == ()


def test_a_version_that_is_deprecated_without_an_end_is_told_as_that() -> None:
    data = b"""
version: 1
apis_until: 1.37
apis:
  - {api: example.org/v1beta1, kinds: [Gate], deprecated: 1.30, replacement: example.org/v1,
     source: "https://example.org/x", read: 2026-11-24}
"""
    site = read(data, "site.yaml")
    (hit,) = preflight([made("example.org/v1beta1", "Gate")], at("1.30"), site)
    assert (hit.fate, hit.why) == (
        "deprecated",
        "example.org/v1beta1 Gate is deprecated since 1.30: use example.org/v1",
    )
    assert hit.api is not None
    assert hit.api.last_served is None
    assert preflight([made("example.org/v1beta1", "Gate")], at("1.29"), site) == ()


def test_what_an_object_does_not_tell_is_left_empty() -> None:
    """What belongs to the cluster has no namespace, what is still to be named no name, and a writer may be nameless."""
    managed: list[object] = [None, "helm", {"apiVersion": "policy/v1beta1"}]
    found = {"apiVersion": "policy/v1beta1", "kind": "PodSecurityPolicy", "metadata": {"managedFields": managed}}
    read_, written = preflight([found], at("1.25"), shipped())
    assert (read_.found_in, read_.namespace, read_.name) == ("object", "", "")
    assert (written.found_in, written.by) == ("managed-fields", "")


def test_a_target_beyond_what_the_files_know_is_unknown_whatever_else_is_found() -> None:
    until = shipped().apis_until
    assert until is not None
    hits = preflight([made("batch/v1beta1", "CronJob")], at(f"1.{until + 1}"), shipped())
    assert [hit.fate for hit in hits] == ["removed", "unknown"]
    assert hits[-1].found_in == "target"
    assert preflight([], at(f"1.{until}"), shipped()) == ()


@pytest.mark.parametrize(
    "annotation",
    [
        "",
        "{",
        "[]",
        "null",
        '{"kind": "Ingress"}',
        '{"apiVersion": 1, "kind": "x"}',
        5,
        "[" * 10_000,
        '{"apiVersion": "v1", "kind": "x", "spec": ' + "[" * 100_000,
        "[]" * 10**6,
        "\ud800",
    ],
)
def test_what_was_applied_and_cannot_be_read_is_unknown_not_fine(annotation: object) -> None:
    found = made("networking.k8s.io/v1", "Ingress", annotations={LAST_APPLIED: annotation})
    assert [(hit.fate, hit.found_in) for hit in preflight([found], at("1.30"), shipped())] == [
        ("unknown", "last-applied")
    ]


@pytest.mark.parametrize("found", [None, 1, "x", [], {}, {"kind": "Pod"}, {"apiVersion": "v1", "kind": None}])
def test_what_is_no_object_is_unknown_not_fine(found: object) -> None:
    assert [hit.fate for hit in preflight([found], at("1.30"), shipped())] == ["unknown"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
keys = st.sampled_from(["apiVersion", "kind", "metadata", "annotations", "managedFields", "manager", LAST_APPLIED])
shaped = st.recursive(values, lambda inner: st.dictionaries(keys, inner | st.lists(inner, max_size=3), max_size=5))


@given(st.lists(shaped, max_size=3))
def test_no_object_makes_it_raise(objects: list[object]) -> None:
    assert all(isinstance(hit, Hit) for hit in preflight(objects, at("1.30"), shipped()))


PLANTS = [each for each in shipped().apis if each.removed is not None and each.removed <= 37]
FINE = [("v1", "Pod"), ("apps/v1", "Deployment"), ("batch/v1", "CronJob"), ("example.org/v1beta1", "CronJob")]


@given(
    st.sampled_from(PLANTS),
    st.sampled_from(["object", "last-applied", "managed-fields"]),
    st.lists(st.sampled_from(FINE), max_size=60),
    st.integers(0, 60),
)
def test_a_planted_use_is_found_among_many(plant: Api, where: str, fine: list[tuple[str, str]], at_index: int) -> None:
    version, kind = plant.api_version, plant.kind
    shown = {
        "object": lambda: made(version, kind, "plant"),
        "last-applied": lambda: made("example.org/v1", kind, "plant", annotations=applied(version, kind)),
        "managed-fields": lambda: made("example.org/v1", kind, "plant", managedFields=[{"apiVersion": version}]),
    }[where]()
    objects: list[object] = [made(*each, name=str(number)) for number, each in enumerate(fine)]
    objects.insert(min(at_index, len(objects)), shown)
    hits = preflight(objects, at(f"1.{plant.removed}"), shipped())
    assert [(hit.fate, hit.found_in, hit.name, hit.api) for hit in hits] == [("removed", where, "plant", plant)]
