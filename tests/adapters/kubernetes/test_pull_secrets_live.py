"""Pull secrets on a real API server: what the role in deploy lets be read, and what a refusal tells."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from oakum.adapters.kubernetes.client import Client
from oakum.adapters.kubernetes.kubeconfig import choose
from oakum.adapters.kubernetes.pull_secrets import MANIFEST, PullSecrets
from oakum.adapters.kubernetes.reading import MANIFEST as READER
from oakum.adapters.registry.credentials import Entry
from oakum.errors import OakumError

if TYPE_CHECKING:
    from tests.lab.control_plane import ControlPlane

ROOT = Path(__file__).resolve().parents[3]
WORD = "correct horse"
CONFIG = {"auths": {"quay.io": {"username": "reader", "password": WORD}}}


@pytest.fixture(scope="module")
def plane(lab_programs: None) -> Iterator[ControlPlane]:
    from tests.lab.control_plane import ControlPlane

    with ControlPlane(controllers=False, scheduler=False) as plane:
        plane.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in ("shop", "other"))
        for namespace in ("shop", "other"):
            plane.apply(secret(namespace, name) for name in ("registry", "another"))
        plane.apply([{**secret("shop", "opaque"), "type": "Opaque"}])
        yield plane


def secret(namespace: str, name: str) -> dict[str, Any]:
    data = {".dockerconfigjson": base64.b64encode(json.dumps(CONFIG).encode()).decode()}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/dockerconfigjson",
            "data": data}  # fmt: skip


def manifest(name: str, namespace: str = "") -> list[dict[str, Any]]:
    found = list(yaml.safe_load_all((ROOT / name).read_text()))
    return [{**one, "metadata": {**one["metadata"], "namespace": namespace}} for one in found] if namespace else found


def test_the_role_in_deploy_reads_the_named_secrets_of_its_namespace_and_no_others(plane: ControlPlane) -> None:
    plane.apply(manifest(READER))
    kubeconfig = plane.kubeconfig_for_service_account("oakum", "oakum-reader")
    access = choose(None, {"KUBECONFIG": str(kubeconfig)}, Path("/nonexistent"))

    def read(namespace: str, name: str) -> dict[str, Entry] | OakumError:
        with Client(access) as client:
            try:
                return PullSecrets(client)((namespace, name))
            except OakumError as error:
                return error

    expected = {"quay.io": Entry(username="reader", password=WORD)}
    refused = read("shop", "registry")
    assert isinstance(refused, OakumError), "the reader's role alone gives no secret"
    assert refused.what == "the pull secret shop/registry may not be read"
    assert MANIFEST in refused.remedy
    plane.apply(manifest(MANIFEST, "shop"))
    plane.wait_until(lambda: read("shop", "registry") == expected, "the role is seen", seconds=20)
    for namespace, name in (("shop", "another"), ("other", "registry"), ("shop", "opaque")):
        found = read(namespace, name)
        assert isinstance(found, OakumError)
        assert "may not be read" in found.what


def test_what_is_not_there_or_no_pull_secret_is_told_without_its_contents(plane: ControlPlane) -> None:
    access = choose(None, {"KUBECONFIG": str(plane.admin)}, Path("/nonexistent"))
    with Client(access) as client:
        secrets = PullSecrets(client)
        calls = client.calls
        for name, words in (("none", "there is no pull secret shop/none"), ("opaque", "is of the type 'Opaque'")):
            for _ in range(2):
                with pytest.raises(OakumError) as caught:
                    secrets(("shop", name))
                assert words in str(caught.value)
                assert WORD not in str(caught.value)
        assert client.calls == calls + 2, "each is asked for once"
