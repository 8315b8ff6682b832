"""Which containers of a cluster are parts of it, gathered by component, namespace, version and vendor."""

from __future__ import annotations

from collections import Counter

import msgspec

from oakum.fleet.assets import Gap
from oakum.fleet.cluster.component_rules import Role
from oakum.fleet.cluster.components import API_SERVER, Component, Components, package
from oakum.fleet.cluster.images import Image, Reference, images_of, images_of_template
from oakum.fleet.cluster.objects import Map
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.fleet.cluster.workloads import Owned, Owners, WorkloadKey

#: Namespaces in which nothing but parts of the cluster is expected.
_SYSTEM = ("kube-", "openshift-", "gke-", "gmp-", "aks-", "amazon-", "cattle-", "calico-", "tigera-")
_SERVER = "kube-apiserver"
_ROLE: Role = "control-plane"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One component in one namespace, version and vendor, with where it runs; counts are pods."""

    component: Component
    namespace: str
    nodes: dict[str, int] = msgspec.field(default_factory=dict)
    images: dict[str, int] = msgspec.field(default_factory=dict)
    workloads: frozenset[WorkloadKey] = frozenset()

    def gaps(self) -> list[Gap]:
        """What cannot be said about it."""
        one = self.component
        where = f"{one.name} in {self.namespace}" if self.namespace else one.name
        found: list[Gap] = []
        if not one.version:
            why = "the tag of its image tells no version"
            remedy = "deploy it by a tag with the full version, or give an SBOM: --sbom DIGEST=FILE"
            found.append(Gap("unknown-component", where, why, remedy))
        elif not one.assessable:
            why = "no source of advisories is known that names its versions"
            remedy = "give an SBOM of its image: --sbom DIGEST=FILE; follow the project's own advisories"
            found.append(Gap("no-feed", f"{where} {one.version}", why, remedy))
        elif not one.packages:
            why = f"its version {one.version!r} is not understood"
            remedy = "deploy it by a tag with the full version, or give an SBOM: --sbom DIGEST=FILE"
            found.append(Gap("unknown-component", where, why, remedy))
        if one.by_name:
            why = "only the name of its image says what it is; nobody vouches for the registry"
            remedy = "add the registry to the site's component rules if it mirrors the project's images"
            found.append(Gap("unknown-component", f"the source of {where}", why, remedy))
        return found


class Parts:
    """The components of a snapshot, in a fixed order, the images of each workload, and images that no rule knows."""

    def __init__(self, snapshot: Snapshot, owners: Owners, components: Components) -> None:
        self._snapshot = snapshot
        self._components = components
        self._cache: dict[tuple[Reference, str], Component | None] = {}
        self._gathered: dict[tuple[str, str, str, str], _Gathered] = {}
        self._unknown: set[tuple[str, str]] = set()
        #: Image by key, and for each workload how many pods use which.
        self.images: dict[str, Image] = {}
        self.used: dict[WorkloadKey, dict[str, int]] = {}
        for owned in owners.workloads:
            self.used[owned.key] = self._workload(owned)
        if not any(name == _SERVER for name, *_ in self._gathered) and snapshot.version:
            self._server()
        self.found = tuple(self._gathered[key].part() for key in sorted(self._gathered))

    @property
    def gaps(self) -> list[Gap]:
        """The images in namespaces of the system that no rule knows."""
        remedy = "name it in the site's component rules, or give an SBOM of it: --sbom DIGEST=FILE"
        return [
            Gap(
                "unknown-component",
                f"image {image} in {namespace}",
                "no rule knows what part of the cluster it is",
                remedy,
            )
            for namespace, image in sorted(self._unknown)
        ]

    def has(self, name: str) -> bool:
        """Whether a component was found."""
        return any(part.component.name == name for part in self.found)

    def _workload(self, owned: Owned) -> dict[str, int]:
        used: Counter[str] = Counter()
        for pod in owned.running:
            images = images_of(pod)
            used.update({image.key for image in images})
            self._parts(images, owned, pod.metadata.name, pod.metadata.labels, pod.spec.node_name)
        template = owned.template
        if not owned.running and template is not None:
            images = images_of_template(template)
            for image in images:
                used.setdefault(image.key, 0)
            labels = owned.object.metadata.labels if owned.object is not None else {}
            self._parts(images, owned, owned.key.name, labels, None)
        return used

    def _parts(self, images: tuple[Image, ...], owned: Owned, pod: str, labels: Map, node: str | None) -> None:
        """Counts one pod, or (``node`` None) one template."""
        namespace = owned.key.namespace
        first = next((image for image in images if image.use == "container"), None)
        seen: dict[tuple[str, str, str, str], set[str]] = {}
        for image in images:
            self.images.setdefault(image.key, image)
            if image.use == "ephemeral":
                continue
            found = self._running(image, namespace)
            if found is None and image is first:
                found = self._components.beside(pod, namespace, labels, image.reference)
            if found is None:
                if image.use == "container" and _system(namespace):
                    self._unknown.add((namespace, image.reference.name if image.reference else image.given))
                continue
            found = self._completed(found)
            key = (found.name, namespace, found.version, found.vendor)
            self._gathered.setdefault(key, _Gathered(found, namespace))
            seen.setdefault(key, set()).add(image.key)
        for key, keys in seen.items():
            gathered = self._gathered[key]
            gathered.workloads.add(owned.key)
            for each in keys:
                gathered.images[each] += 0 if node is None else 1
            if node:
                gathered.nodes[node] += 1

    def _running(self, image: Image, namespace: str) -> Component | None:
        """The component of an image in the version that runs: what is asked for may not have been started yet."""
        runs = self._recognised(image.runs, namespace)
        return runs if runs is not None and runs.version else self._recognised(image.reference, namespace)

    def _recognised(self, reference: Reference | None, namespace: str) -> Component | None:
        if reference is None:
            return None
        key = reference, namespace
        if key not in self._cache:
            self._cache[key] = self._components.by_image(reference, namespace)
        return self._cache[key]

    def _completed(self, found: Component) -> Component:
        """An API server whose image tells no version has the one that it says itself."""
        if found.name != _SERVER or found.version or not self._snapshot.version:
            return found
        return self._of_server(found.rule, found.vendor)

    def _server(self) -> None:
        """An API server that no pod shows: its own word tells its version, and mostly its vendor."""
        found = self._of_server("the API server's own version", "")
        self._gathered[found.name, "", found.version, found.vendor] = _Gathered(found, "")

    def _of_server(self, rule: str, vendor: str) -> Component:
        version = self._snapshot.version
        vendor = vendor or self._components.vendor_of_node(version, {}) or self._nodes_vendor()
        found = package("kubernetes", API_SERVER, version, vendor)
        packages = (found,) if found is not None else ()
        return Component(name=_SERVER, role=_ROLE, version=version, vendor=vendor, rule=rule, packages=packages)

    def _nodes_vendor(self) -> str:
        """The one vendor of all nodes: where they agree, the control plane is that vendor's too."""
        found = {self._components.vendor_of_node("", node.metadata.labels) for node in self._snapshot.all("Node")}
        return found.pop() if len(found) == 1 else ""


class _Gathered:
    """A part while it is counted."""

    def __init__(self, component: Component, namespace: str) -> None:
        self.component = component
        self.namespace = namespace
        self.nodes: Counter[str] = Counter()
        self.images: Counter[str] = Counter()
        self.workloads: set[WorkloadKey] = set()

    def part(self) -> Part:
        return Part(
            component=self.component, namespace=self.namespace, nodes=dict(sorted(self.nodes.items())),
            images=dict(sorted(self.images.items())), workloads=frozenset(self.workloads),
        )  # fmt: skip


def _system(namespace: str) -> bool:
    return namespace.startswith(_SYSTEM) or namespace.endswith("-system")
