"""Claims, volumes and attachments of a dump: what data is on a node, from where it can be reached, what is attached."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.drain.makings import Json, drain, owned, pod, surroundings

from oakum.changes.drain.storage import Storage, read_storage
from oakum.errors import InputError
from oakum.fleet.cluster.objects import Pod


def claim(name: str = "data", volume: str | None = "pv1", **more: Any) -> Json:
    meta = {"name": name, "namespace": "shop", **more}
    spec = {} if volume is None else {"volumeName": volume}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": spec}


def volume(name: str = "pv1", **spec: Any) -> Json:
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}


def attachment(name: str, source: Json, **more: Any) -> Json:
    spec = {"nodeName": "n1", "attacher": "csi", "source": source}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": {"name": name}, "spec": spec,
            **more}  # fmt: skip


def pod_with(*claims: str, **more: Any) -> Pod:
    """A pod that uses these claims, and a volume that is none."""
    volumes: list[Json] = [{"name": "s", "secret": {}}]
    volumes += [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
    (one,) = surroundings([pod(owner=owned(), volumes=volumes, **more)]).on("n1")
    return one


def zone(name: str) -> Json:
    terms = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": [name]}]}]
    return {"required": {"nodeSelectorTerms": terms}}


def test_the_volume_of_every_claim_has_to_be_there_to_be_known() -> None:
    found = read_storage([claim(), volume(), claim("more", "pv2"), claim("open", None)])
    assert found.knows(pod_with())
    assert found.knows(pod_with("data"))
    for claims in (["more"], ["data", "more"], ["open"], ["data", "gone"]):
        assert not found.knows(pod_with(*claims)), claims


def test_only_claims_that_are_bound_name_a_volume() -> None:
    found = read_storage([claim(), claim("open", None)])
    assert found.volumes_of(pod_with("gone", "open", "data")) == ("pv1",)


def test_a_volume_can_be_reached_from_where_it_says_and_from_everywhere_where_it_says_nothing() -> None:
    here = [claim(), claim("free", "pv2"), claim("gone", "pv3"), claim("far", "pv4"), volume(nodeAffinity=zone("a"))]
    found = read_storage([*here, volume("pv2"), volume("pv4", nodeAffinity=zone("b"))])
    assert found.reach(pod_with("free", "gone")) == ()
    reached = found.reach(pod_with("free", "data", "gone", "far"))
    assert [each.node_selector_terms[0].match_expressions[0].values for each in reached] == [("a",), ("b",)]


def test_a_claim_without_a_namespace_is_in_the_default_one() -> None:
    """As are the pods of a dump that leaves it out."""
    found = read_storage([claim(namespace=""), volume(local={"path": "/d"})])
    assert found.local_volume(pod_with("data", namespace="default")) == "pv1"
    assert found.local_volume(pod_with("data")) == ""


def test_of_several_claims_one_on_the_node_is_enough() -> None:
    given = [claim(), volume(csi={}), claim("disk", "pv2"), volume("pv2", local={"path": "/d"}), claim("open", None)]
    assert read_storage(given).local_volume(pod_with("gone", "open", "data", "disk")) == "pv2"


def test_attached_is_what_says_so_and_is_a_persistent_volume() -> None:
    given = [
        attachment("a", {"persistentVolumeName": "pv2"}, status={"attached": True}),
        attachment("b", {"persistentVolumeName": "pv1"}, status={"attached": True}),
        attachment("c", {"persistentVolumeName": "pv3"}),
        attachment("d", {"inlineVolumeSpec": {}}, status={"attached": True}),
    ]
    found = drain("oakum", *given)
    assert found.volumes == (("n1", "pv1"), ("n1", "pv2"))


def test_what_is_beside_them_is_passed_over() -> None:
    others: list[Json] = [
        {"kind": "Secret", "apiVersion": "v1"}, {"kind": ["PersistentVolume"], "apiVersion": "v1"}, {"kind": None},
        {"apiVersion": "v1"}, {**volume("old"), "apiVersion": "v0"},
    ]  # fmt: skip
    one = attachment("a", {"persistentVolumeName": "pv1"}, status={"attached": True})
    found = read_storage([*others, one, claim(), volume()])
    assert [kind for kind, _ in found.objects] == ["PersistentVolume", "PersistentVolumeClaim", "VolumeAttachment"]
    assert not list(Storage().objects)


def test_an_object_of_a_wrong_shape_is_named_by_its_kind() -> None:
    with pytest.raises(InputError, match="PersistentVolumeClaim: not of the expected shape"):
        read_storage([{**claim(), "spec": {"volumeName": 5}}])
