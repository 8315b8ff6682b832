"""Which part of the cluster a container is: its component, version and vendor, by rules (``components.yaml``).

The image's name decides, by its last parts, so that mirrors work; where it says nothing (an image known by digest only,
as OpenShift ships them), the pod's name or a label does. A name that was found in a registry which nobody vouches for
is only a name, and says so. The version is the tag's number: vendors' marks on a Kubernetes version belong to it
(``v1.29.3-eks-ae9a62a``), in a Go module's version they do not (``v1.10.1-eksbuild.1`` is v1.10.1 built by EKS). A tag
without three numbers (``latest``, ``v3``) tells no version.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate

import msgspec

from oakum.fleet.cluster.component_rules import Role, Rule, Rules, read_rules
from oakum.fleet.cluster.images import Reference
from oakum.fleet.packages import Package

_ARCHITECTURE = re.compile(r"-(?:linux-)?(?:amd64|arm64|arm|ppc64le|s390x|riscv64)\Z")
_NUMBER = re.compile(r"(?:\A|[-_v.])v?(\d{1,9}\.\d{1,9}\.\d{1,9})(?:[-.]?((?:alpha|beta|rc)[.-]?\d[\d.]*))?(?![\d])")
_BUILD_DATE = re.compile(r"-build\d{8}\Z")
_LONGEST_TAG = 128

#: The parts of Kubernetes itself, whose vendors mark their builds in the version.
KUBELET, KUBE_PROXY, API_SERVER = "k8s.io/kubelet", "k8s.io/kube-proxy", "k8s.io/apiserver"
CORE = frozenset({KUBELET, KUBE_PROXY, API_SERVER, "k8s.io/controller-manager", "k8s.io/kube-scheduler"})


class Component(msgspec.Struct, frozen=True, kw_only=True):
    """A component with its version ("" where nothing tells it) and vendor ("" for upstream or unknown).

    ``packages`` are what advisories are matched with. ``by_name`` says that only the name of an image in a registry
    which is not known speaks for it; ``rule`` names what recognised it.
    """

    name: str
    role: Role
    version: str
    vendor: str
    rule: str
    by_name: bool = False
    packages: tuple[Package, ...] = ()
    assessable: bool = True


class Components:
    """The rules, ready to be asked."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._exact: dict[str, list[tuple[int, Rule]]] = {}
        self._globs: list[tuple[int, Rule, str, re.Pattern[str]]] = []
        for number, rule in enumerate(rules.components):
            for glob in rule.images:
                if "*" in glob or "?" in glob:
                    self._globs.append((number, rule, glob, _compiled((glob,))))
                else:
                    self._exact.setdefault(glob, []).append((number, rule))
        self._namespaces = {id(rule): _compiled(rule.namespaces) for rule in rules.components if rule.namespaces}
        self._beside = [
            (rule, _compiled(rule.pods), tuple((key, _compiled((value,))) for key, value in rule.labels))
            for rule in rules.components
            if rule.pods or rule.labels
        ]
        self._vendors = [
            (rule.name, _compiled(rule.images), _compiled(rule.tags), _compiled(rule.versions))
            for rule in rules.vendors
        ]
        self._node_labels = [(rule.name, _compiled(rule.labels)) for rule in rules.vendors]
        # The line end keeps a registry's name out of repositories: a mirror may hold a folder that is called like it.
        self._known = _compiled(tuple(glob.replace("/", "\n", 1) for glob in rules.registries))

    def extend(self, site: Rules) -> Components:
        """These rules behind a site's own, which win."""
        own = self.rules
        return Components(
            Rules(
                site.components + own.components,
                site.vendors + own.vendors,
                site.registries + own.registries,
                site.open_registries + own.open_registries,
            )
        )

    def by_image(self, reference: Reference, namespace: str) -> Component | None:
        """The component that an image's name means in a namespace; None where no rule knows it."""
        path, _, last = reference.name.rpartition("/")
        last = _ARCHITECTURE.sub("", last)
        parts = [*path.split("/"), last]
        best: tuple[int, Rule, str] | None = None
        for count in range(1, min(len(parts), 6) + 1):
            tail = "/".join(parts[-count:])
            for number, rule in self._exact.get(tail, ()):
                if self._here(rule, namespace) and (best is None or (number, -count) < (best[0], -best[2].count("/"))):
                    best = number, rule, tail
        for number, rule, glob, pattern in self._globs:
            if (best is None or number < best[0]) and self._here(rule, namespace):
                tail = "/".join(parts[-glob.count("/") - 1 :])
                if pattern.match(tail):
                    best = number, rule, glob
        if best is None:
            return None
        _, rule, matched = best
        vendor = self.vendor_of_image(reference)
        known = self._known.match(f"{reference.registry}\n{reference.repository}") is not None
        known = known or (reference.registry in self.rules.open_registries and "/" in matched)
        return component(rule, _version(reference.tag), vendor, f"image {matched}", by_name=not known)

    def beside(
        self, pod: str, namespace: str, labels: Mapping[str, str], reference: Reference | None
    ) -> Component | None:
        """The component that a pod's name or labels mean, in the version of its image's tag."""
        version = _version(reference.tag) if reference is not None else ""
        vendor = self.vendor_of_image(reference) if reference is not None else ""
        for rule, pods, wanted in self._beside:
            if self._here(rule, namespace):
                if pods.match(pod):
                    return component(rule, version, vendor, f"pod {pod}")
                for key, value in wanted:
                    if key in labels and value.match(labels[key]):
                        return component(rule, version, vendor, f"label {key}={labels[key]}")
        return None

    def vendor_of_image(self, reference: Reference) -> str:
        """Whose build an image is, by its name or its tag; "" where neither says."""
        for name, images, tags, _ in self._vendors:
            if images.match(reference.name) or tags.match(reference.tag):
                return name
        return ""

    def vendor_of_node(self, kubelet_version: str, labels: Mapping[str, str]) -> str:
        """Whose build a node's kubelet is, by its version or the node's labels; "" where neither says."""
        for name, _, _, versions in self._vendors:
            if versions.match(kubelet_version):
                return name
        for name, pattern in self._node_labels:
            if any(pattern.match(key) for key in labels):
                return name
        return ""

    def _here(self, rule: Rule, namespace: str) -> bool:
        pattern = self._namespaces.get(id(rule))
        return pattern is None or pattern.match(namespace) is not None


def parse_components(data: bytes, name: str) -> Components:
    """The rules of a file (of ``components.yaml``'s form). Raises InputError with the line."""
    return Components(read_rules(data, name))


def component(rule: Rule, version: str, vendor: str, why: str, *, by_name: bool = False) -> Component:
    """A component of a rule in one version."""
    packages = tuple(
        found for type_, name in rule.packages if (found := package(type_, name, version, vendor)) is not None
    )
    return Component(
        name=rule.name, role=rule.role, version=version, vendor=vendor, rule=why, by_name=by_name, packages=packages,
        assessable=bool(rule.packages),
    )  # fmt: skip


def package(type_: str, name: str, version: str, vendor: str) -> Package | None:
    """What advisories are matched with; None where the version is not told.

    A part of Kubernetes itself has what was reported (a tag has ``_`` for ``+``). Anything else has the number alone;
    a Go module from 2 on also has its major version in its path (go.dev/ref/mod, "Major version suffixes").
    """
    found = _NUMBER.search(version)
    if found is None:
        return None
    if name in CORE:
        return Package(type=type_, name=name, version=version.replace("_", "+"), vendor=vendor)
    number = f"v{found[1]}" + (f"-{found[2]}" if found[2] else "")
    major = found[1].partition(".")[0]
    if name.endswith("/v*"):
        name = name.removesuffix("/v*") + ("" if major in {"0", "1"} else f"/v{major}")
    return Package(type=type_, name=name, version=number, vendor=vendor)


def _version(tag: str) -> str:
    """The version that a tag tells, with what is behind the number but the architecture and the day of a build."""
    tag = _BUILD_DATE.sub("", _ARCHITECTURE.sub("", tag[:_LONGEST_TAG]))
    found = _NUMBER.search(tag)
    if found is None:
        return ""
    start = found.start(1)
    text = tag[start:]
    return f"v{text}" if tag[start - 1 : start] == "v" else text


def _compiled(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(glob) for glob in globs) or r"(?!)")
