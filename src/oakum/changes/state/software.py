"""What the API tells of the versions on a node: its kubelet's own report, and the static pods that it runs.

The kubelet, the container runtime and the running kernel stand in ``status.nodeInfo``; the parts of the control plane,
etcd and kube-proxy are pods, whose images tell their versions. A part that a Deployment or a StatefulSet runs belongs
to no machine: it is not changed by a visit. What channels offer no API tells, so ``offers`` stay unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from oakum.changes.skew.model import API_SERVER, CONTROLLER_MANAGER, KUBE_PROXY, KUBELET, SCHEDULER
from oakum.changes.state.model import Effect, Part, Software
from oakum.fleet.cluster.components import Components
from oakum.fleet.cluster.images import images_of
from oakum.fleet.cluster.objects import Node, Pod

ETCD, KERNEL = "etcd", "kernel"
#: How the versions of a part compare, and what brings a new one into effect.
ECOSYSTEM: dict[Part, str] = {
    "package": "deb", "kernel": "deb", "container-runtime": "semver", "kubelet": "kubernetes",
    "kube-proxy": "kubernetes", "control-plane": "kubernetes", "etcd": "kubernetes", "image": "semver",
    "remediation": "",
}  # fmt: skip
EFFECT: dict[Part, Effect] = {
    "package": "at-once", "kernel": "reboot", "container-runtime": "restart", "kubelet": "restart",
    "kube-proxy": "restart", "control-plane": "restart", "etcd": "restart", "image": "restart",
    "remediation": "at-once",
}  # fmt: skip
_PARTS: dict[str, Part] = {
    API_SERVER: "control-plane", CONTROLLER_MANAGER: "control-plane", SCHEDULER: "control-plane", ETCD: "etcd",
    KUBE_PROXY: "kube-proxy",
}  # fmt: skip
_ENDED = frozenset({"Succeeded", "Failed"})
#: Distributions whose kernels are versioned as their rpm or apk packages; all others as Debian's.
_RPM = re.compile(r"red hat|rhel|centos|fedora|rocky|alma|oracle|amazon|suse|azure linux|mariner|photon", re.IGNORECASE)
_APK = re.compile(r"alpine|wolfi", re.IGNORECASE)


def made(part: Part, installed: str, ecosystem: str = "") -> Software:
    """Software of a part, as that part usually compares and takes effect."""
    return Software(
        installed=installed, part=part, ecosystem=ecosystem or ECOSYSTEM[part], effect=EFFECT[part]
    )  # fmt: skip


def of_node(node: Node) -> dict[str, Software]:
    """What the kubelet reports, by name; what it does not say is left out."""
    info = node.status.node_info
    found: dict[str, Software] = {}
    if info.kubelet_version:
        found[KUBELET] = made("kubelet", info.kubelet_version)
    runtime, _, version = info.container_runtime_version.partition("://")
    if version:
        found[runtime] = made("container-runtime", version)
    if info.kernel_version:
        found[KERNEL] = made("kernel", info.kernel_version, ecosystem_of(info.os_image))
    return found


def ecosystem_of(os_image: str) -> str:
    """How the kernels of a distribution compare, by the name that the node gives it."""
    return "rpm" if _RPM.search(os_image) else "apk" if _APK.search(os_image) else "deb"


def of_pods(pods: Iterable[Pod], components: Components) -> Iterator[tuple[Pod, str, Software]]:
    """The parts of machines that pods run: the pod, the name, the software with an empty version where none is told."""
    for pod in pods:
        owner = pod.metadata.controller
        if not pod.spec.node_name or pod.status.phase in _ENDED:
            continue
        for name, version in _components(pod, components):
            own = owner is None or owner.kind == "Node" or (name == KUBE_PROXY and owner.kind == "DaemonSet")
            if own:
                yield pod, name, made(_PARTS[name], version)


def _components(pod: Pod, components: Components) -> Iterator[tuple[str, str]]:
    """Name and version of each part that a pod runs, each once."""
    seen: set[str] = set()
    meta = pod.metadata
    for number, image in enumerate(each for each in images_of(pod) if each.use in ("container", "sidecar")):
        found = components.by_image(image.reference, meta.namespace) if image.reference else None
        if found is None and number == 0:
            found = components.beside(meta.name, meta.namespace, meta.labels, image.reference)
        if found is not None and found.name in _PARTS and found.name not in seen:
            seen.add(found.name)
            yield found.name, found.version
