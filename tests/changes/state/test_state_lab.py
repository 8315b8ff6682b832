"""A real API server shows the demo's shop: its own lists and a List as ``kubectl`` writes it are the state of the file.

The server gives uids of its own, fills in defaults and writes null where a list is empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.changes.state.makings import NOW

from oakum.changes.state import State
from oakum.changes.state.document import read_state, state_document
from oakum.changes.state.missing import require
from oakum.local.states import read_states

if TYPE_CHECKING:
    from tests.lab.control_plane import ControlPlane

SHOP = Path(__file__).resolve().parents[3] / "demo/plan/shop.yaml"
_HOOKS = "/apis/admissionregistration.k8s.io/v1"
LISTS = (
    "/api/v1/nodes", "/api/v1/namespaces", "/api/v1/pods", "/api/v1/services", "/api/v1/replicationcontrollers",
    "/api/v1/persistentvolumes", "/api/v1/persistentvolumeclaims", "/apis/apps/v1/deployments",
    "/apis/apps/v1/replicasets", "/apis/apps/v1/statefulsets", "/apis/apps/v1/daemonsets", "/apis/batch/v1/jobs",
    "/apis/policy/v1/poddisruptionbudgets", f"{_HOOKS}/validatingwebhookconfigurations",
    f"{_HOOKS}/mutatingwebhookconfigurations",
)  # fmt: skip
HOOK = {
    "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
    "metadata": {"name": "policy"}, "webhooks": [{
        "name": "pods.policy.example", "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
        "clientConfig": {"service": {"namespace": "shop", "name": "web"}},
    }],
}  # fmt: skip
SERVICE = {
    "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 443}]},
}  # fmt: skip


@pytest.fixture(scope="module")
def plane(lab_programs: None) -> Iterator[ControlPlane]:
    from tests.lab.control_plane import ControlPlane
    from tests.lab.dumped import load_dump

    with ControlPlane(controllers=False, scheduler=False) as plane:
        load_dump(plane, SHOP)
        plane.apply([SERVICE])
        yield plane


def lists(plane: ControlPlane) -> list[dict[str, Any]]:
    return [plane.request("GET", path) for path in LISTS]


def facts(state: State) -> list[object]:
    """What a state says of its machines, without what a server gives anew."""
    return [msgspec.structs.replace(each, uid="", labels={}) for each in state.machines]


def test_the_lists_of_a_real_server_are_the_state_of_the_file(plane: ControlPlane, tmp_path: Path) -> None:
    (tmp_path / "shop.json").write_text("\n".join(json.dumps(each) for each in lists(plane)))
    state, file = read_states([str(tmp_path / "shop.json")], NOW), read_states([str(SHOP)], NOW)
    assert facts(state) == facts(file)
    assert state.clusters[0].etcd == file.clusters[0].etcd
    assert state.clusters[0].facts == file.clusters[0].facts
    # A server's own lists tell of every kind, so nothing is missing.
    require(state.gaps, ["shop"], ["shop"])
    assert not state.gaps
    assert read_state(state_document(state), "again.json").digest == state.digest


def test_one_list_as_kubectl_writes_it_lacks_only_kinds_without_objects(plane: ControlPlane, tmp_path: Path) -> None:
    items = [
        {"apiVersion": each["apiVersion"], "kind": each["kind"].removesuffix("List"), **item}
        for each in lists(plane)
        for item in each["items"]
    ]
    whole = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}, "items": items}
    (tmp_path / "shop.json").write_text(json.dumps(whole, indent=4))
    state = read_states([str(tmp_path / "shop.json")], NOW)
    assert facts(state) == facts(read_states([str(SHOP)], NOW))
    assert sorted(gap.what for gap in state.gaps) == ["mutating admission webhooks", "validating admission webhooks"]


def test_a_webhook_as_the_server_stores_it_with_its_defaults(plane: ControlPlane, tmp_path: Path) -> None:
    # The server that holds the webhook would ask it about every later pod.
    (made,) = plane.apply([HOOK])
    try:
        (tmp_path / "shop.json").write_text("\n".join(json.dumps(each) for each in lists(plane)))
    finally:
        plane.request("DELETE", f"{_HOOKS}/validatingwebhookconfigurations/policy")
    assert made["webhooks"][0]["failurePolicy"] == "Fail"
    (found,) = read_states([str(tmp_path / "shop.json")], NOW).clusters[0].webhooks
    assert found.name == "ValidatingWebhookConfiguration/policy/pods.policy.example"
    assert found.pods == tuple(f"shop/web-6f8d-{letter}" for letter in "abcdef")
    assert (found.fail_closed, found.exempt) == (True, ())
