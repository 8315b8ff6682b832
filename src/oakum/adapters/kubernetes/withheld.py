"""What is taken out of an object before it is kept or written down.

Secrets and ConfigMaps are never asked for. Other objects may hold secrets all the same, where people put them: as
values of environment variables, as headers of probes and hooks, in the whole former object that ``kubectl apply``
keeps as an annotation, and in the disks of KubeVirt's machines (cloud-init). No decision needs these, so they go;
``managedFields`` goes because it is half of an object and tells nothing. Command lines stay, because decisions read
them: a dump is not public.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_MARK = _APPLIED.encode()
#: Where the kinds with pods keep the pod's spec; all others have none.
_POD_SPECS: dict[str, tuple[str, ...]] = {
    "Pod": ("spec",),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
} | dict.fromkeys(
    ("ReplicationController", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"),
    ("spec", "template", "spec"),
)
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_HANDLERS = ("livenessProbe", "readinessProbe", "startupProbe", "postStart", "preStop")


def shows(kind: str, raw: bytes) -> bool:
    """Whether our slim objects would show something of what is withheld."""
    return _MARK in raw or kind == "VirtualMachine"


def without_secrets(api_version: str, kind: str, raw: bytes) -> bytes:
    """An object's JSON without what is withheld, with its version and kind, as in ``kubectl get -o json``.

    An object of another shape keeps what stands in other places than it should. Raises msgspec.MsgspecError,
    UnicodeDecodeError or RecursionError for what is no JSON object.
    """
    value = msgspec.json.decode(raw, type=dict[str, Any])
    value = {"apiVersion": api_version, "kind": kind} | value
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
        if isinstance(annotations := metadata.get("annotations"), dict):
            annotations.pop(_APPLIED, None)
    if kind == "VirtualMachine":
        template = _at(value, ("spec", "template"))
        if isinstance(template, dict):
            template.pop("spec", None)
    for container in _containers(_at(value, _POD_SPECS[kind]) if kind in _POD_SPECS else None):
        _forget_values(container.get("env"))
        for handler in _HANDLERS:
            within = container.get("lifecycle") if handler in ("postStart", "preStop") else container
            _forget_values(_at(within, (handler, "httpGet", "httpHeaders")))
    return msgspec.json.encode(value)


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _containers(pod_spec: Any) -> Iterator[dict[str, Any]]:
    for key in _CONTAINERS:
        listed = _at(pod_spec, (key,))
        for container in listed if isinstance(listed, list) else ():
            if isinstance(container, dict):
                yield container


def _forget_values(pairs: Any) -> None:
    """Of names with values, the names stay."""
    for pair in pairs if isinstance(pairs, list) else ():
        if isinstance(pair, dict):
            pair.pop("value", None)
