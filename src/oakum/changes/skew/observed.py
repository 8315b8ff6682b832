"""The state of a cluster as its objects tell it: kubelets by their nodes, everything else by the images of its pods.

A control plane that runs as (static) pods shows its versions by image tags. One that no pod shows, because a provider
runs it, is known by what the API server says of itself. kube-proxy is read from its pods: the field of the node is
deprecated, and only ever held the kubelet's own word (KEP-4004). A cloud controller manager is measured where its
releases follow those of Kubernetes; others count in their own way, which the policy cannot be applied to.
"""

from __future__ import annotations

from collections.abc import Iterator

from oakum.changes.skew.model import (
    API_SERVER,
    CLOUD_CONTROLLER_MANAGER,
    CONTROLLER_MANAGER,
    KUBE_PROXY,
    KUBELET,
    SCHEDULER,
    Instance,
    State,
)
from oakum.changes.skew.release import Release, parse_release
from oakum.errors import OakumError
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.components import Components
from oakum.fleet.cluster.images import images_of
from oakum.fleet.cluster.objects import Node, Pod
from oakum.fleet.cluster.snapshot import KINDS, Snapshot

_OF_PODS = frozenset({API_SERVER, KUBE_PROXY, CONTROLLER_MANAGER, SCHEDULER})
_NEEDED = frozenset({"Node", "Pod"})
_OTHERS = frozenset(kind for _, _, kind in KINDS) - _NEEDED
_ENDED = frozenset({"Succeeded", "Failed"})
#: The images of cloud controller managers whose releases have the minor version of Kubernetes.
_FOLLOWING = frozenset(
    {CLOUD_CONTROLLER_MANAGER, "openstack-cloud-controller-manager", "azure-cloud-controller-manager"}
)


def state_of(snapshot: Snapshot, components: Components) -> tuple[State, tuple[Gap, ...]]:
    """What runs in a cluster, and what of it could not be told."""
    reading = _Reading(components)
    reading.gaps += [gap for gap in snapshot.gaps if gap.what.partition(" ")[0] not in _OTHERS]
    for node in snapshot.of(Node, "Node"):
        name = node.metadata.name
        reading.add(KUBELET, name, node.status.node_info.kubelet_version, name)
    for pod in snapshot.of(Pod, "Pod"):
        if pod.status.phase not in _ENDED:
            reading.pod(pod)
    if not any(one.component == API_SERVER for one in reading.instances) and snapshot.version:
        reading.add(API_SERVER, "that answered", snapshot.version, "")
    return State(tuple(reading.instances)), tuple(reading.gaps)


class _Reading:
    """Gathers instances, and gaps for what has no version."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self.instances: list[Instance] = []
        self.gaps: list[Gap] = []

    def pod(self, pod: Pod) -> None:
        """Take up the parts of the control plane, or the kube-proxy, that a pod runs."""
        seen: set[str] = set()
        where = f"{pod.metadata.namespace}/{pod.metadata.name}"
        for component, version in self._parts(pod):
            if component not in seen:
                seen.add(component)
                self.add(component, where, version, pod.spec.node_name)

    def add(self, component: str, name: str, version: str, node: str) -> None:
        """Take up an instance; one whose version is not understood is a gap."""
        release = self._release(component, name, version)
        if release is not None:
            self.instances.append(Instance(component, name, release, node))

    def _parts(self, pod: Pod) -> Iterator[tuple[str, str]]:
        """Component and version of each container that is one."""
        namespace = pod.metadata.namespace
        images = [image for image in images_of(pod) if image.use in ("container", "sidecar")]
        for number, image in enumerate(images):
            reference = image.reference
            last = reference.repository.rpartition("/")[2] if reference else ""
            if reference and last.endswith(CLOUD_CONTROLLER_MANAGER):
                if last in _FOLLOWING:
                    yield CLOUD_CONTROLLER_MANAGER, reference.tag
                else:
                    self._foreign(last, pod)
                continue
            found = self._components.by_image(reference, namespace) if reference else None
            if found is None and number == 0:
                found = self._components.beside(pod.metadata.name, namespace, pod.metadata.labels, reference)
            if found is not None and found.name in _OF_PODS:
                yield found.name, found.version

    def _foreign(self, image: str, pod: Pod) -> None:
        """A cloud controller manager that counts its releases in its own way."""
        what = f"{image} in {pod.metadata.namespace}/{pod.metadata.name}"
        why = "its releases are not known to have the minor version of Kubernetes"
        self.gaps.append(Gap("unknown-component", what, why, "look into its notes for the Kubernetes it supports"))

    def _release(self, component: str, name: str, version: str) -> Release | None:
        remedy = "deploy it by a tag with the full version, or give the versions by hand: --from FILE"
        if not version:
            why = "its kubelet has not reported a version" if component == KUBELET else "its image's tag tells none"
        else:
            try:
                return parse_release(version)
            except OakumError as error:
                why = error.what
        self.gaps.append(Gap("unknown-component", f"{component} {name}", why, remedy))
        return None
