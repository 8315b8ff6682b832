"""Clusters whose pods run images of registries on this machine: dumps of them, and a server that stands for an API."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.adapters.kubernetes.faults import Answer, Asked, status

Json = dict[str, Any]
#: Resources of the API and their kinds, as far as these clusters have some.
KINDS = {
    "pods": "Pod", "nodes": "Node", "namespaces": "Namespace", "services": "Service",
    "serviceaccounts": "ServiceAccount",
}  # fmt: skip


def node(name: str, architecture: str = "amd64") -> Json:
    said = {"nodeInfo": {"architecture": architecture, "operatingSystem": "linux", "kubeletVersion": "v1.34.2"}}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "uid": f"uid-{name}"}, "status": said}


def namespace(name: str) -> Json:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "uid": f"uid-{name}"}}


def account(space: str, *secrets: str, name: str = "default") -> Json:
    named = [{"name": each} for each in secrets]
    metadata = {"name": name, "namespace": space}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "imagePullSecrets": named}


def pod(
    name: str,
    image: str,
    *,
    space: str = "shop",
    runs: str | None = None,
    on: str = "n1",
    secrets: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    phase: str = "Running",
) -> Json:
    """A pod of one container; ``runs`` is the imageID of its status, "" for none, by default the image itself."""
    said = {"name": "c", "image": image, "imageID": image if runs is None else runs, "ready": True}
    spec: Json = {"nodeName": on, "containers": [{"name": "c", "image": image}]}
    if secrets:
        spec["imagePullSecrets"] = [{"name": each} for each in secrets]
    metadata = {"name": name, "namespace": space, "uid": f"uid-{space}-{name}", "labels": dict(labels or {})}
    found = {"phase": phase, "podIP": "10.0.0.9", "containerStatuses": [said]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": found}


def exposed(name: str, space: str = "shop") -> Json:
    """A Service with a public load balancer, for pods with the label ``app``."""
    ports = [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 80, "nodePort": 30080}]
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": space},
        "spec": {"type": "LoadBalancer", "selector": {"app": name}, "ports": ports},
        "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.7"}]}},
    }  # fmt: skip


def dump(folder: Path, *objects: Json, name: str = "dump.json") -> str:
    path = folder / name
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))
    return str(path)


def pull_secret(content: Mapping[str, object], type_: str = "kubernetes.io/dockerconfigjson") -> Json:
    key = ".dockercfg" if type_.endswith("dockercfg") else ".dockerconfigjson"
    data = {key: base64.b64encode(json.dumps(content).encode()).decode()}
    return {"apiVersion": "v1", "kind": "Secret", "type": type_, "data": data}


class Api:
    """What an API server answers that has these objects. Secrets are by NAMESPACE/NAME; None is one that is denied."""

    def __init__(self, objects: Sequence[Json], secrets: Mapping[str, Json | None] | None = None) -> None:
        self._objects = objects
        self._secrets = dict(secrets or {})

    def __call__(self, asked: Asked) -> Answer:
        parts = asked.path.strip("/").split("/")
        if asked.path == "/version":
            return _answer({"gitVersion": "v1.34.2"})
        if asked.path in ("/api", "/apis"):
            resources = [{"resource": name, "verbs": ["get", "list"]} for name in KINDS] if parts == ["api"] else []
            versions = [{"version": "v1", "resources": resources}]
            items = [{"metadata": {"name": ""}, "versions": versions}] if resources else []
            return _answer({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items})
        if len(parts) == 3 and parts[2] in KINDS:
            items = [one for one in self._objects if one["kind"] == KINDS[parts[2]]]
            return _answer({"kind": f"{KINDS[parts[2]]}List", "apiVersion": "v1", "metadata": {}, "items": items})
        if len(parts) == 6 and parts[4] == "secrets":
            return self._secret(f"{parts[3]}/{parts[5]}")
        return Answer(404, status(404, "NotFound", "not found"))

    def _secret(self, name: str) -> Answer:
        if name not in self._secrets:
            return Answer(404, status(404, "NotFound", f'secrets "{name}" not found'))
        found = self._secrets[name]
        if found is None:
            return Answer(403, status(403, "Forbidden", f'secrets "{name}" is forbidden: User "reader" cannot get'))
        return _answer(found)


def _answer(content: Json) -> Answer:
    return Answer(body=json.dumps(content).encode())
