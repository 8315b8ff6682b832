"""A live cluster on a real API server: every kind, pages, faults in between, least privilege, and the dump of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import yaml
from tests.adapters.kubernetes.faults import Answer, Asked, Between, Cut, Fault, status
from tests.adapters.kubernetes.objects_of_all_kinds import SECRET, objects

from oakum.adapters.kubernetes import lists
from oakum.adapters.kubernetes.client import Client
from oakum.adapters.kubernetes.kubeconfig import Access, choose
from oakum.adapters.kubernetes.reading import MANIFEST, dump_cluster, read_cluster
from oakum.errors import NotAssessableError, OakumError
from oakum.fleet.cluster.dump import read_dump
from oakum.fleet.cluster.snapshot import KINDS, Snapshot

if TYPE_CHECKING:
    from tests.lab.control_plane import ControlPlane

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 24, 1, 2, 3, tzinfo=UTC)
PODS = "/api/v1/pods"


@pytest.fixture(scope="module")
def plane(lab_programs: None) -> Iterator[ControlPlane]:
    """A control plane whose objects nobody else changes, so that two readings of it are equal."""
    from tests.lab.control_plane import ControlPlane
    from tests.lab.crds import install_crds

    with ControlPlane(controllers=False, scheduler=False) as plane:
        install_crds(plane)
        plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("a", "a-b"))
        for namespace in ("a-b", "a"):
            plane.apply(objects(namespace))
        yield plane


def access_of(kubeconfig: Path) -> Access:
    return choose(None, {"KUBECONFIG": str(kubeconfig)}, Path("/nonexistent"))


def client_of(kubeconfig: Path, **options: Any) -> Client:
    return Client(access_of(kubeconfig), **options)


def snapshot_of(kubeconfig: Path, **options: Any) -> Snapshot:
    with client_of(kubeconfig, **options) as client:
        return read_cluster(client, now=NOW)


def alike(one: Snapshot) -> Snapshot:
    """Without what differs by design."""
    return msgspec.structs.replace(one, source="")


@pytest.fixture
def between(plane: ControlPlane, tmp_path: Path) -> Iterator[Callable[[Fault], Between]]:
    opened: list[Between] = []

    def open_(fault: Fault) -> Between:
        opened.append(Between(tmp_path, fault, plane.admin))
        return opened[-1].__enter__()

    yield open_
    for one in opened:
        one.__exit__()


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE", 3)


# Everything


def test_every_kind_is_read_in_every_namespace(plane: ControlPlane) -> None:
    snapshot = snapshot_of(plane.admin)
    assert snapshot.source == "live cluster lab"
    assert snapshot.read_at == "2026-11-24T01:02:03Z"
    assert snapshot.version == plane.request("GET", "/version")["gitVersion"]
    assert snapshot.uid == plane.request("GET", "/api/v1/namespaces/kube-system")["metadata"]["uid"]
    assert snapshot.listed == {kind for _, _, kind in KINDS}
    assert snapshot.gaps == ()
    assert set(snapshot.items) == snapshot.listed
    for kind, found in snapshot.items.items():
        assert all(one.kind == kind and one.api_version for one in found)
        assert [one.key for one in found] == sorted(one.key for one in found)
        assert {type(one) for one in found} == {type_ for entry, type_ in KINDS.items() if entry[2] == kind}
    assert [one.key[1:] for one in snapshot.items["Pod"]] == [
        ("a", "web"),
        ("a", "web-2"),
        ("a-b", "web"),
        ("a-b", "web-2"),
    ]


def test_live_and_dump_say_the_same(plane: ControlPlane) -> None:
    with client_of(plane.admin) as client:
        snapshot, dump = dump_cluster(client, now=NOW)
    assert alike(read_dump(dump, name="d")) == alike(snapshot)
    assert alike(snapshot_of(plane.admin)) == alike(snapshot)


def test_a_dump_holds_no_secret_and_is_what_kubectl_would_write(plane: ControlPlane) -> None:
    with client_of(plane.admin) as client:
        dump = dump_cluster(client, now=NOW)[1]
    assert SECRET.encode() not in dump
    assert b"managedFields" not in dump
    whole = json.loads(dump)
    assert (whole["kind"], whole["apiVersion"]) == ("List", "v1")
    assert not {item["kind"] for item in whole["items"]} & {"Secret", "ConfigMap"}
    (pod,) = [
        one
        for one in whole["items"]
        if one["kind"] == "Pod" and one["metadata"]["name"] == "web" and one["metadata"]["namespace"] == "a"
    ]
    assert [one["name"] for one in pod["spec"]["containers"][0]["env"]] == ["PASSWORD", "OTHER"]
    assert pod["metadata"]["annotations"] == {"team": "a"}


def test_secrets_and_config_maps_are_never_asked_for(between: Callable[[Fault], Between]) -> None:
    proxy = between(lambda _: None)
    snapshot_of(proxy.kubeconfig)
    assert not [one for one in proxy.asked if "secrets" in one.path or "configmaps" in one.path]
    assert len(proxy.asked) == 3 + len(KINDS)


def test_a_server_without_aggregated_discovery_is_read_alike(
    plane: ControlPlane, between: Callable[[Fault], Between]
) -> None:
    plain: dict[str, bytes] = {path: json.dumps(plane.request("GET", path)).encode() for path in ("/api", "/apis")}
    proxy = between(lambda asked: Answer(body=plain[asked.path]) if asked.path in plain else None)
    assert alike(snapshot_of(proxy.kubeconfig)) == alike(snapshot_of(plane.admin))


# Pages


@pytest.mark.usefixtures("small_pages")
def test_pages_neither_lose_nor_repeat(plane: ControlPlane, between: Callable[[Fault], Between]) -> None:
    proxy = between(lambda _: None)
    snapshot = snapshot_of(proxy.kubeconfig)
    assert [one.query["limit"] for one in proxy.paths(PODS)] == ["3", "3"]
    assert len(proxy.paths("/apis/rbac.authorization.k8s.io/v1/clusterroles")) > 20
    lists.PAGE = 500
    assert alike(snapshot) == alike(snapshot_of(plane.admin))


FAULTS: dict[str, Callable[[], Fault]] = {
    "429 with Retry-After on the second page": lambda: (
        lambda asked: (
            Answer(429, status(429, "TooManyRequests", "too many"), {"Retry-After": "1"})
            if asked.path == PODS and asked.number == 2
            else None
        )
    ),
    "503 for a moment": lambda: (
        lambda asked: Answer(503, b"service unavailable") if asked.path == PODS and asked.number in (1, 2) else None
    ),
    "410 on a continue token": lambda: (
        lambda asked: (
            Answer(410, status(410, "Expired", "The provided continue parameter is too old"))
            if asked.path == PODS and asked.number == 2
            else None
        )
    ),
    "410 on every continue token": lambda: (
        lambda asked: (
            Answer(410, status(410, "Expired", "The provided continue parameter is too old"))
            if asked.path == PODS and "continue" in asked.query
            else None
        )
    ),
    "a connection cut in mid-body": lambda: (
        lambda asked: Cut(1000) if asked.path == PODS and asked.number == 2 else None
    ),
    "an answer that is cut and claims to be whole": lambda: (
        lambda asked: (
            Answer(body=b'{"kind":"PodList","apiVersion":"v1","items":[{"meta')
            if asked.path == PODS and asked.number == 2
            else None
        )
    ),
    "no answer at all": lambda: lambda asked: Answer(length=10) if asked.path == PODS and asked.number == 2 else None,
}


@pytest.mark.usefixtures("small_pages")
@pytest.mark.parametrize("fault", FAULTS)
def test_what_passes_leaves_no_trace(fault: str, plane: ControlPlane, between: Callable[[Fault], Between]) -> None:
    proxy = between(FAULTS[fault]())
    waited: list[float] = []
    snapshot = snapshot_of(proxy.kubeconfig, sleep=waited.append)
    assert len(proxy.paths(PODS)) > 2, "the fault was met"
    assert snapshot.gaps == ()
    assert alike(snapshot) == alike(snapshot_of(plane.admin))
    if fault.startswith("429"):
        assert waited == [1.0]


@pytest.mark.usefixtures("small_pages")
def test_a_server_that_restarts_in_mid_list(plane: ControlPlane, between: Callable[[Fault], Between]) -> None:
    def restart(asked: Asked) -> None:
        if asked.path == PODS and asked.number == 2:
            plane.restart_apiserver()

    proxy = between(restart)
    assert alike(snapshot_of(proxy.kubeconfig)) == alike(snapshot_of(plane.admin))


@pytest.mark.usefixtures("small_pages")
def test_a_server_that_is_away_in_mid_list_and_comes_back(plane: ControlPlane) -> None:
    """Without anything in between: connections are refused for as long as the server starts."""
    before = snapshot_of(plane.admin)
    thread = threading.Thread(target=plane.start_apiserver)

    class Stopping(Client):
        asked = 0

        def _once(self, path: str, parameters: Mapping[str, str | int], accept: str) -> bytes:
            self.asked += path == PODS
            if path == PODS and self.asked == 2:
                plane.stop_apiserver()
                thread.start()
            return super()._once(path, parameters, accept)

    with Stopping(access_of(plane.admin)) as client:
        try:
            after = read_cluster(client, now=NOW)
        finally:
            thread.join()
        assert client.asked > 2
    assert alike(after) == alike(before)


@pytest.mark.usefixtures("small_pages")
def test_a_token_that_etcd_has_really_forgotten(lab_programs: None) -> None:
    """etcd is compacted between two pages: the list begins anew and holds what was made in between."""
    from tests.lab.control_plane import ControlPlane

    def spaces(*names: str) -> list[dict[str, Any]]:
        return [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in names]

    class Forgetting(Client):
        asked: list[str]

        def _once(self, path: str, parameters: Mapping[str, str | int], accept: str) -> bytes:
            if path == "/api/v1/namespaces":
                self.asked.append(str(parameters.get("continue", "")))
                if len(self.asked) == 2:
                    own.apply(spaces("z-late"))
                    own.compact()
            return super()._once(path, parameters, accept)

    with ControlPlane(controllers=False, scheduler=False, apiserver_flags=["--watch-cache=false"]) as own:
        own.apply(spaces("a", "b", "c", "d"))
        with Forgetting(access_of(own.admin)) as client:
            client.asked = []
            snapshot = read_cluster(client, now=NOW)
        whole = {one["metadata"]["name"] for one in own.request("GET", "/api/v1/namespaces")["items"]}
    assert client.asked[1], "the second page was asked for by a token"
    assert client.asked.count("") == 2, "the list began anew once"
    assert "z-late" in whole
    assert {one.metadata.name for one in snapshot.items["Namespace"]} == whole
    assert not [gap for gap in snapshot.gaps if gap.what == "Namespace objects"]


def test_a_server_that_never_answered_is_not_waited_for(tmp_path: Path) -> None:
    with Between(tmp_path) as closed:
        pass
    waited: list[float] = []
    with pytest.raises(NotAssessableError, match=r"cannot be reached: .*refused.*HTTPS_PROXY"):
        snapshot_of(closed.kubeconfig, sleep=waited.append)
    assert sum(waited) < 2


# What may not be read


def role(*rules: dict[str, Any], name: str) -> list[dict[str, Any]]:
    group = "rbac.authorization.k8s.io"
    return [
        {"apiVersion": f"{group}/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": list(rules)},
        {
            "apiVersion": f"{group}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
            "subjects": [{"apiGroup": group, "kind": "User", "name": name}],
        },
    ]


def test_a_forbidden_kind_is_named_with_what_to_grant_and_the_others_go_on(plane: ControlPlane) -> None:
    some = {"apiGroups": [""], "resources": ["pods", "nodes", "namespaces"], "verbs": ["list"]}
    plane.apply(role(some, name="some"))
    kubeconfig = plane.kubeconfig_for("some")
    plane.wait_until(lambda: bool(snapshot_of(kubeconfig).items), "the role is seen", seconds=20)
    with client_of(kubeconfig) as client:
        snapshot, dump = dump_cluster(client, now=NOW)
    assert snapshot.listed == {"Pod", "Node", "Namespace"}
    assert len(snapshot.items["Pod"]) == 4
    assert {gap.what for gap in snapshot.gaps} == {f"{kind} objects" for _, _, kind in KINDS} - {
        "Pod objects",
        "Node objects",
        "Namespace objects",
    }
    (gap,) = [gap for gap in snapshot.gaps if gap.what == "Ingress objects"]
    assert gap.kind == "unread-objects"
    assert 'User "some" cannot list resource "ingresses"' in gap.why
    assert 'list on ingresses (API group "networking.k8s.io")' in gap.remedy
    assert alike(read_dump(dump, name="d")) == alike(snapshot)


def test_who_may_read_nothing_is_told_so(plane: ControlPlane) -> None:
    with pytest.raises(NotAssessableError, match=r"nothing can be read: .*nobody-at-all.*oakum-reader.yaml"):
        snapshot_of(plane.kubeconfig_for("nobody-at-all"))


def test_unknown_credentials_say_what_to_do(plane: ControlPlane, tmp_path: Path) -> None:
    config = json.loads(plane.admin.read_text())
    config["users"][0]["user"] = {"token": SECRET}
    path = tmp_path / "config"
    path.write_text(json.dumps(config))
    with pytest.raises(NotAssessableError, match=r"Unauthorized.*sign in anew") as caught:
        snapshot_of(path)
    assert SECRET not in str(caught.value)


def manifest() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((ROOT / MANIFEST).read_text()))


def test_the_role_in_deploy_names_exactly_the_kinds_that_are_read() -> None:
    (role,) = [one for one in manifest() if one["kind"] == "ClusterRole"]
    resources = [rule for rule in role["rules"] if "resources" in rule]
    assert all(rule["verbs"] == ["get", "list"] for rule in resources)
    granted = [(group, name) for rule in resources for group in rule["apiGroups"] for name in rule["resources"]]
    assert sorted(granted) == sorted((group, resource) for group, resource, _ in KINDS)
    (other,) = [rule for rule in role["rules"] if rule not in resources]
    assert other["verbs"] == ["get"]


def test_the_role_in_deploy_is_enough_and_no_more(plane: ControlPlane) -> None:
    from tests.lab.client import ApiError
    from tests.lab.client import Client as LabClient

    plane.apply(manifest())
    kubeconfig = plane.kubeconfig_for_service_account("oakum", "oakum-reader")

    def allowed() -> bool:
        try:
            return not snapshot_of(kubeconfig).gaps
        except OakumError:
            return False

    plane.wait_until(allowed, "the role is seen", seconds=20)
    assert alike(snapshot_of(kubeconfig)) == alike(snapshot_of(plane.admin))
    with LabClient(kubeconfig) as reader:
        for path in ("/api/v1/secrets", "/api/v1/configmaps", "/api/v1/namespaces/a/secrets/s", "/api/v1/events"):
            with pytest.raises(ApiError) as caught:
                reader.request("GET", path)
            assert caught.value.status == 403
        with pytest.raises(ApiError) as caught:
            reader.request("DELETE", "/api/v1/namespaces/a/pods/web")
        assert caught.value.status == 403


def test_a_kind_that_vanishes_in_between_has_no_objects(
    plane: ControlPlane, between: Callable[[Fault], Between]
) -> None:
    path = "/apis/kubevirt.io/v1/virtualmachines"
    discovered = plane.client  # the definition goes away after discovery
    whole: dict[str, Any] = {}

    def vanish(asked: Asked) -> Answer | None:
        if asked.path == "/apis":
            if asked.number == 1:
                return None
            return Answer(body=json.dumps(whole).encode())
        return Answer(404, b"404 page not found\n") if asked.path == path else None

    whole.update(discovered.request("GET", "/apis"))
    whole["groups"] = [group for group in whole["groups"] if group["name"] != "kubevirt.io"]
    snapshot = snapshot_of(between(vanish).kubeconfig)
    assert "VirtualMachine" in snapshot.listed
    assert "VirtualMachine" not in snapshot.items
    assert snapshot.gaps == ()


def test_a_kind_that_is_served_and_not_found_is_a_gap(between: Callable[[Fault], Between]) -> None:
    proxy = between(lambda asked: Answer(404, b"not here") if asked.path == PODS else None)
    snapshot = snapshot_of(proxy.kubeconfig)
    assert "Pod" not in snapshot.listed
    assert [gap.what for gap in snapshot.gaps] == ["Pod objects"]
