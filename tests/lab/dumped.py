"""Put the objects of a dump into a control plane of the lab, so that what is said of the one can be seen on the other.

Give it a ``ControlPlane`` without controllers and scheduler, which would change what the dump says. The server makes
its own uids, so owners are written before what they own, and references to them get the new ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from tests.lab.control_plane import ControlPlane

#: Kinds that others need, in order; all others come between these and those at the end.
_FIRST = (
    "Namespace",
    "Node",
    "ServiceAccount",
    "Deployment",
    "DaemonSet",
    "StatefulSet",
    "ReplicaSet",
    "CronJob",
    "Job",
)


def load_dump(plane: ControlPlane, dump: Path) -> None:
    """Make every object of a dump in the form of a List. Raises ApiError where the server refuses one."""
    items: list[dict[str, Any]] = yaml.load(dump.read_text(), yaml.CSafeLoader)["items"]
    uids: dict[str, str] = {}
    for item in sorted(items, key=lambda one: _FIRST.index(one["kind"]) if one["kind"] in _FIRST else len(_FIRST)):
        (made,) = plane.apply([_ours(item, uids)])
        uids[item["metadata"].get("uid", "")] = made["metadata"]["uid"]


def load_manifests(plane: ControlPlane, file: Path) -> None:
    """Make every object of a file with several documents."""
    documents: Iterable[dict[str, Any]] = yaml.load_all(file.read_text(), yaml.CSafeLoader)
    plane.apply([each for each in documents if each])


def _ours(item: dict[str, Any], uids: dict[str, str]) -> dict[str, Any]:
    """The object without what the server gives, and with the uids that it gave to the owners."""
    wanted = deepcopy(item)
    metadata = wanted["metadata"]
    for given in ("uid", "creationTimestamp", "resourceVersion", "generation"):
        metadata.pop(given, None)
    for owner in metadata.get("ownerReferences", ()):
        owner["uid"] = uids.get(owner["uid"], owner["uid"])
    return wanted
