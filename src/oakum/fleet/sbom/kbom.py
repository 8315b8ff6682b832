"""The bill of materials of a Kubernetes cluster (KBOM): CycloneDX as ``trivy k8s --format cyclonedx`` writes it.

Its subject is the cluster; nodes, their operating systems, the parts of the control plane, container runtimes and the
images of add-ons are components. They become what the survey of a cluster makes of them, so that one judge assesses
both: a part of Kubernetes by its version, a runtime and an etcd by its Go module, an image by the rules that recognise
parts of clusters. Packages of nodes and contents of images are not in it, which is said. Source: Trivy's documentation
of KBOM; its properties ``aquasecurity:trivy:*``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from oakum.fleet.assets import Asset, Gap
from oakum.fleet.cluster.components import API_SERVER, CORE, KUBELET, Components, package
from oakum.fleet.cluster.images import parse as parse_reference
from oakum.fleet.cluster.nodes import runtime_package
from oakum.fleet.packages import Package, package_set
from oakum.fleet.releases import Release
from oakum.fleet.sbom.cyclonedx import Component, full_name, release_of
from oakum.fleet.sbom.inventory import Inventory, Said
from oakum.fleet.sbom.purls import parse

_PREFIX = "aquasecurity:trivy:"
_WHOLE = "k8s.io/kubernetes"
#: Where the images of a control plane and of its add-ons run; a KBOM does not say it of each.
_NAMESPACE = "kube-system"


def describe(
    components: Iterable[Component], rules: Callable[[], Components] | None, *, key: str, name: str, source: str
) -> Asset:
    """The cluster that these components are of, its subject first.

    ``rules`` gives the rules that recognise images; without them no image is. ``name`` is used where the cluster has
    none.
    """
    reading = _Reading(rules() if rules is not None else None)
    listed = list(components)
    versions = [one.version or "" for one in listed if one.name == KUBELET and one.version]
    vendors = {reading.vendor_of_node(version) for version in versions}
    reading.vendor = vendors.pop() if len(vendors) == 1 else ""
    for one in listed:
        reading.take(one)
    called = _properties(listed[0]).get("resource:Name") or full_name(listed[0])
    return reading.asset(key=key, name=called or name, source=source)


class _Reading:
    """What was found so far."""

    def __init__(self, rules: Components | None) -> None:
        self.vendor = ""
        self._rules = rules
        self._inventory = Inventory()
        self._packages: list[Package] = []
        self._nodes: list[str] = []
        self._platforms: set[str] = set()
        self._systems: dict[str, Release | None] = {}
        self._unread: list[str] = []
        self._gaps: list[Gap] = []

    def vendor_of_node(self, version: str) -> str:
        return self._rules.vendor_of_node(version, {}) if self._rules is not None else ""

    def take(self, one: Component) -> None:
        """One component, by what its properties say that it is."""
        said = _properties(one)
        purl = parse(one.purl) if one.purl else None
        if one.type == "operating-system":
            self._systems[f"{one.name} {one.version or ''}".strip()] = release_of(one)
        elif "NodeRole" in said or "KernelVersion" in said:
            self._nodes.append(said.get("HostName") or one.name)
            self._platforms.add(said.get("OperatingSystem", ""))
        elif one.type == "container":
            self._image(one, said.get("PkgID") or full_name(one))
        elif purl is not None and purl.type == "k8s":
            self._part(
                one, one.purl or "", f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name, purl.version
            )
        elif said.get("resource:Type") == "node" and one.version:
            self._runtime(one)
        elif one.purl is not None:
            self._inventory.add(one.purl, full_name(one), one.version or "", Said())
        elif one.version:
            self._module(one)
        # What has neither a version nor a package URL is a heading: of a node's parts, or of a pod's images.

    def asset(self, *, key: str, name: str, source: str) -> Asset:
        """The cluster. Its release is that of its nodes where they have one in common."""
        found, gaps = self._inventory.finish()
        releases = {
            release.scope: release for release in self._systems.values() if release is not None and release.known
        }
        shared = len(releases) == 1 and len(self._systems) == 1
        listed = [*found.packages, *self._packages]
        if any(each.name == API_SERVER for each in listed):
            # The cluster as a whole says what its parts say, once more; it stands for a control plane that is not seen.
            listed = [each for each in listed if each.name != _WHOLE]
        packages = package_set(next(iter(releases.values())) if shared else None, listed)
        if packages.packages:
            gaps = tuple(gap for gap in gaps if gap.kind != "incomplete-inventory")
        platform = next(iter(self._platforms)) if len(self._platforms) == 1 else ""
        return Asset(
            kind="sbom", key=key, name=name, source=source, packages=packages, platform=platform,
            gaps=(*gaps, *self._gaps, *self._not_read()),
        )  # fmt: skip

    def _part(self, one: Component, purl: str, name: str, version: str) -> None:
        """A part of Kubernetes itself."""
        said = version or one.version or ""
        found = package("kubernetes", name, said, self.vendor) if name in CORE else None
        if found is not None:
            self._packages.append(msgspec.structs.replace(found, purl=purl))
        else:
            self._inventory.add(purl, full_name(one), said, Said())

    def _image(self, one: Component, given: str) -> None:
        """A container's image: a part of the cluster where its name is known; its contents are not in the document."""
        self._unread.append(given)
        reference = parse_reference(given)
        found = (
            self._rules.by_image(reference, _NAMESPACE) if self._rules is not None and reference is not None else None
        )
        if found is not None:
            self._packages.extend(each for each in found.packages if each.name not in CORE or not self._has(each))
        elif self._rules is not None:
            why = "no rule knows what part of the cluster it is"
            self._gaps.append(
                Gap("unknown-component", f"image {given}", why, "make an SBOM of the image, and scan it too")
            )

    def _has(self, image: Package) -> bool:
        return any(each.name == image.name for each in self._packages)

    def _runtime(self, one: Component) -> None:
        """The container runtime of a node."""
        runtime = full_name(one).rpartition("/")[2]
        found = runtime_package(runtime, one.version or "", self.vendor)
        if found is not None:
            self._packages.append(found if one.purl is None else msgspec.structs.replace(found, purl=one.purl))
        else:
            self._unknown(one)

    def _module(self, one: Component) -> None:
        """A part that is named by its Go module (etcd), without a package URL."""
        name = full_name(one)
        found = package("golang", name, one.version or "", "") if "." in name.partition("/")[0] else None
        if found is not None:
            self._packages.append(found)
        else:
            self._unknown(one)

    def _unknown(self, one: Component) -> None:
        why = "its name or version is none that advisories could be compared with"
        remedy = "look at it by hand, or scan the cluster itself: oakum scan cluster"
        self._gaps.append(Gap("unknown-component", f"{full_name(one)} {one.version or ''}".strip(), why, remedy))

    def _not_read(self) -> Iterable[Gap]:
        if self._nodes or self._systems:
            names = _shown(self._nodes) if self._nodes else "its nodes"
            system = ", ".join(sorted(self._systems)) or "operating system not named"
            yield Gap(
                "unread-node",
                f"the packages of {names} ({system})",
                "a bill of materials of a cluster does not list the packages of nodes",
                "run oakum scan host on each, or scan an SBOM of its image",
            )
        if self._unread:
            count = f"{len(self._unread)} image{'s' if len(self._unread) != 1 else ''}"
            yield Gap(
                "unread-image",
                f"the contents of {count} ({_shown(self._unread)})",
                "a bill of materials of a cluster names images and not what is in them",
                "make an SBOM of each of these images and scan them too",
            )


def _properties(one: Component) -> dict[str, str]:
    return {
        each.name.removeprefix(_PREFIX): each.value
        for each in one.properties or ()
        if each.value and each.name.startswith(_PREFIX)
    }


def _shown(names: list[str]) -> str:
    distinct = sorted(set(names))
    return ", ".join(distinct[:5]) + (", ..." if len(distinct) > 5 else "")
