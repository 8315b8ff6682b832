"""A state is written and read back: the same machines, objects, gaps and digest; a wrong document is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.changes.state.makings import NOW, Item, dump, namespace, node, pod, source, state_of, static

from oakum.changes.state import Cluster, EtcdMember, Machine, Software, State, Webhook
from oakum.changes.state.document import StateDocument, digest_of, read_state, state_document
from oakum.errors import InputError, LimitError, OakumError
from oakum.fleet.assets import Gap
from oakum.local.states import read_states

DEMO = Path(__file__).resolve().parents[3] / "demo/cluster.yaml"
CLAIM = {
    "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
    "spec": {"volumeName": "v"},
}  # fmt: skip
VOLUME = {
    "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {"local": {"path": "/mnt"}}
}  # fmt: skip
ATTACHED = {
    "apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": {"name": "a"},
    "spec": {"nodeName": "w-1", "source": {"persistentVolumeName": "v"}}, "status": {"attached": True},
}  # fmt: skip
CAPI: tuple[Item, ...] = (
    {
        "apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Machine", "metadata": {"name": "m", "namespace": "capi"},
        "spec": {"clusterName": "c", "nodeDrainTimeout": "10m"}, "status": {"nodeRef": {"name": "w-1"}},
    },
    {
        "apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "Cluster",
        "metadata": {"name": "c", "namespace": "capi", "labels": {"tier": "gold"}},
    },
    {
        "apiVersion": "cluster.x-k8s.io/v1beta1", "kind": "MachineDrainRule",
        "metadata": {"name": "r", "namespace": "capi"},
        "spec": {"drain": {"behavior": "Drain", "order": 5}, "machines": [{"selector": {"matchLabels": {"a": "b"}}}]},
    },
)  # fmt: skip
HOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "policy"}, "webhooks": [{
        "name": "p.example", "rules": [{"operations": ["CREATE"], "apiGroups": [""], "resources": ["pods"]}],
        "clientConfig": {"service": {"namespace": "shop", "name": "policy"}},
    }],
}  # fmt: skip


def claiming() -> Item:
    found = pod("db-0", owner="StatefulSet")
    found["spec"]["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    return found


def rich() -> State:
    """A state with something of everything."""
    broken = pod("broken")
    broken["spec"]["nodeName"] = 7
    items = [namespace(), node("cp-1", control=True), node(), static("etcd", "3.5.12-0", "cp-1"), claiming(), broken]
    text = "format: oakum-inventory/1\nhosts: {h: {uid: u, software: {a: {installed: '1', offers: []}}}}\n"
    return state_of(source(dump(*items, CLAIM, VOLUME, ATTACHED, HOOK, *CAPI)), text)


def test_a_state_reads_back_as_it_was_written() -> None:
    state = rich()
    again = read_state(state_document(state), "state.json")
    assert (again.at, again.digest, again.machines, again.gaps) == (state.at, state.digest, state.machines, state.gaps)
    assert state_document(again) == state_document(state)
    (one,), (other,) = state.clusters, again.clusters
    assert (one.name, one.uid, one.facts, one.etcd, one.managed) == (
        other.name, other.uid, other.facts, other.etcd, other.managed,
    )  # fmt: skip
    assert one.webhooks == other.webhooks != ()
    assert one.around.snapshot.items == other.around.snapshot.items
    assert one.around.snapshot.listed == other.around.snapshot.listed >= {"ValidatingWebhookConfiguration"}
    assert one.around.snapshot.read_at == other.around.snapshot.read_at


def test_what_drains_ask_for_reads_back_too() -> None:
    around = read_state(state_document(rich()), "state.json").clusters[0].around
    db = next(each for each in around.pods if each.metadata.name == "db-0")
    assert around.storage.local_volume(db) == "v"
    assert around.storage.attached_to("w-1") == ("v",)
    machine = around.machines.of("w-1")
    assert machine is not None
    assert machine.spec.node_drain_timeout == "10m"
    assert around.machines.labels_of_cluster(machine) == {"tier": "gold"}
    assert around.machines.rules[0].spec.drain.order == 5


def test_the_demo_reads_back_with_one_digest() -> None:
    state = read_states([str(DEMO)], NOW)
    document = state_document(state)
    assert read_state(document, "state.json").digest == state.digest
    assert state_document(read_state(document, "elsewhere.json")) == document


def test_the_document_is_canonical_json() -> None:
    document = state_document(rich())
    value = json.loads(document)
    assert list(value) == sorted(value)
    assert value["format"] == "oakum-state/1"
    assert [each["name"] for each in value["machines"]] == ["h", "cp-1", "w-1"]
    assert value["clusters"][0]["objects"]["kind"] == "List"


def test_a_dump_that_vouches_for_no_kind_vouches_for_none_when_it_is_read_back() -> None:
    state = state_of(dump(namespace(), node(), pod("a"), listed=""))
    again = read_state(state_document(state), "state.json")
    assert again.clusters[0].around.snapshot.listed == state.clusters[0].around.snapshot.listed == frozenset()
    assert again.digest == state.digest


def test_what_a_dump_does_not_say_of_itself_is_not_written_either() -> None:
    written = json.loads(state_document(state_of(dump(namespace(), node(), read_at=""))))
    assert written["clusters"][0]["objects"]["metadata"]["annotations"].keys() == {
        "oakum.dev/listed", "oakum.dev/unread",
    }  # fmt: skip


def test_the_digest_is_the_hash_of_the_document_at_the_beginning_of_unix_time() -> None:
    """Whoever has the document can work it out, today and in another version."""
    state = rich()
    document = json.loads(state_document(state))
    document["at"] = "1970-01-01T00:00:00Z"
    del document["clusters"][0]["objects"]["metadata"]["annotations"]["oakum.dev/read-at"]
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert state.digest == f"sha256:{hashlib.sha256(canonical).hexdigest()}"


@pytest.mark.parametrize("field", StateDocument.__struct_fields__)
def test_the_digest_is_of_every_field_but_the_time(field: str) -> None:
    state = rich()
    changes: dict[str, dict[str, Any]] = {
        "format": {},
        "at": {"at": NOW.replace(year=2027)},
        "machines": {"machines": state.machines[1:]},
        "clusters": {"clusters": ()},
        "gaps": {"gaps": (*state.gaps, Gap("unread-node", "x", "y", "z"))},
    }
    changed = msgspec.structs.replace(state, **changes[field])
    assert (digest_of(changed) == digest_of(state)) is (field in ("at", "format"))


def test_every_field_of_the_types_is_in_the_document() -> None:
    """A field that somebody adds to a cluster, a machine or the state, and forgets here, would change no digest."""
    value = json.loads(state_document(rich()))
    assert value.keys() | {"digest"} == set(State.__struct_fields__) | {"format"}
    assert value["clusters"][0].keys() - {"objects", "listed"} | {"around"} == set(Cluster.__struct_fields__)
    for type_, written in (
        (Machine, value["machines"][0]),
        (Software, value["machines"][0]["software"]["a"]),
        (EtcdMember, value["clusters"][0]["etcd"][0]),
        (Webhook, value["clusters"][0]["webhooks"][0]),
    ):
        assert written.keys() == set(type_.__struct_fields__)


def _drop(*path: str | int) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        del value[path[-1]]

    return change


def _put(new: object, *path: str | int) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        for key in path[:-1]:
            value = value[key]
        value[path[-1]] = new

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_put("oakum-state/2", "format"), "format"),
        (_drop("at"), "at"),
        (_put("2026-11-28T05:00:00", "at"), "timezone"),
        (_put([], "clusters", 0, "objects"), "is not a node of its cluster's objects"),
        (_put(7, "clusters", 0, "objects"), "nothing of it can be read"),
        (_put("x", "clusters", 0, "uid"), "its uid is 'x'"),
        (_put("healthy", "machines", 1, "healthy"), "healthy"),
        (_put("disk", "machines", 0, "software", "a", "part"), "part"),
        (_put(1, "machines", 0, "helthy"), "helthy"),
        (_put(1, "more"), "more"),
        (_put("elsewhere", "machines", 1, "cluster"), "is of a cluster that is not in it"),
        (_put("other", "machines", 1, "uid"), "is not a node of its cluster's objects"),
        (_put("w-1", "machines", 1, "name"), "the machine prod/w-1 stands twice"),
    ],
)
def test_a_document_that_is_wrong_is_refused(change: Callable[[Any], None], says: str) -> None:
    value = json.loads(state_document(rich()))
    change(value)
    with pytest.raises(InputError, match=says) as raised:
        read_state(json.dumps(value).encode(), "state.json")
    assert "state.json" in str(raised.value)
    assert raised.value.remedy


def test_what_a_document_leaves_out_has_the_value_that_its_schema_names() -> None:
    cluster = {
        "name": "c", "uid": "", "objects": {"apiVersion": "v1", "kind": "List", "items": [node()]},
        "etcd": [{"name": "m"}], "webhooks": [{"name": "w"}],
    }  # fmt: skip
    document = {"format": "oakum-state/1", "at": "2026-11-28T05:00:00Z", "clusters": [cluster]}
    document["machines"] = [{"name": "h", "uid": "u"}]
    state = read_state(json.dumps(document).encode(), "state.json")
    (machine,), (read,) = state.machines, state.clusters
    assert (machine.healthy, machine.cordoned, machine.snapshots, machine.ours) == (None, False, False, False)
    assert (read.managed, read.etcd[0].learner, read.webhooks[0].fail_closed) == (False, False, True)
    assert Cluster(name="c", uid="", around=read.around).managed is read.managed


def test_a_document_may_be_as_large_as_a_dump_and_no_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    document = state_document(rich())
    monkeypatch.setattr("oakum.changes.state.document.LARGEST", len(document))
    assert read_state(document, "state.json").digest == rich().digest
    with pytest.raises(LimitError, match=f"state.json: larger than {len(document):,} bytes"):
        read_state(document + b" ", "state.json")


def test_two_clusters_of_one_name_are_refused() -> None:
    value = json.loads(state_document(rich()))
    value["clusters"].append(value["clusters"][0])
    with pytest.raises(InputError, match="the cluster prod stands twice"):
        read_state(json.dumps(value).encode(), "state.json")


DOCUMENT = state_document(rich())


@given(at=st.integers(0, len(DOCUMENT)), byte=st.integers(0, 255), cut=st.booleans())
def test_whatever_happens_to_a_document_it_is_a_state_or_an_error_of_ours(at: int, byte: int, cut: bool) -> None:
    broken = DOCUMENT[:at] if cut else DOCUMENT[:at] + bytes([byte]) + DOCUMENT[at + 1 :]
    try:
        state = read_state(broken, "state.json")
    except OakumError as error:
        assert str(error)
    else:
        assert read_state(state_document(state), "again.json").digest == state.digest
