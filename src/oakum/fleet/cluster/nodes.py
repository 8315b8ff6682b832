"""A node as its kubelet reports it: what of it can be judged from the API, and what cannot.

The API names the versions of the kubelet and the container runtime, and of kube-proxy by the kubelet's own word (the
field is deprecated and emptied since Kubernetes 1.31, so a kube-proxy that runs as pods is taken from them). The
packages of the operating system stand on the node only. The runtime of a vendor's node is that vendor's build, and one
whose version bears a distribution's mark (Debian's ``1.6.20~ds1``) is the distribution's: both may hold fixes that
upstream's number does not tell.
"""

from __future__ import annotations

import re

import msgspec

from oakum.fleet.assets import Asset, Gap
from oakum.fleet.cluster.components import KUBE_PROXY, KUBELET, Components, package
from oakum.fleet.cluster.objects import Node
from oakum.fleet.packages import DISTRIBUTION, Package, package_set
from oakum.fleet.products import PRODUCTS, of_os_image

#: What ``containerRuntimeVersion`` starts with -> the module under which advisories stand.
_RUNTIMES = {
    "containerd": "github.com/containerd/containerd/v*",
    "cri-o": "github.com/cri-o/cri-o",
    "docker": "github.com/docker/docker",
}
#: No version is longer.
_LONGEST = 256
#: The mark of a distribution's package in a version: Debian's repacked source, Ubuntu, Red Hat and its kin, Amazon
#: Linux, Azure Linux, SUSE.
_PACKAGED = re.compile(r"~|ubuntu|\+dfsg|\.(?:el|fc|amzn|rhaos|cm|azl)\d|\.(?:lp|sle)\d", re.ASCII)
#: Labels that name the group of nodes made alike.
_POOLS = (
    "eks.amazonaws.com/nodegroup", "karpenter.sh/nodepool", "cloud.google.com/gke-nodepool",
    "kubernetes.azure.com/agentpool", "agentpool", "alpha.eksctl.io/nodegroup-name",
    "kops.k8s.io/instancegroup", "doks.digitalocean.com/node-pool",
    "rke.cattle.io/rke-machine-pool-name", "node.cluster.x-k8s.io/pool", "alibabacloud.com/nodepool-id",
    "ibm-cloud.kubernetes.io/worker-pool-name", "oakum.dev/pool",
)  # fmt: skip


class NodeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A node's own words: operating system (linux, windows), architecture, kernel, image, where it runs, its pool.

    ``provider`` is the scheme of its provider id (aws, gce, azure, ...), ``vendor`` whose build its kubelet is; each is
    empty where nobody said.
    """

    name: str
    os: str = ""
    arch: str = ""
    kernel: str = ""
    os_image: str = ""
    provider: str = ""
    pool: str = ""
    vendor: str = ""


def facts_of(node: Node, components: Components) -> NodeFacts:
    """What a node says about itself."""
    info, labels = node.status.node_info, node.metadata.labels
    return NodeFacts(
        name=node.metadata.name,
        os=info.operating_system or labels.get("kubernetes.io/os", ""),
        arch=info.architecture or labels.get("kubernetes.io/arch", ""),
        kernel=info.kernel_version,
        os_image=info.os_image,
        provider=node.spec.provider_id.partition("://")[0] if "://" in node.spec.provider_id else "",
        pool=next((labels[label] for label in _POOLS if labels.get(label)), ""),
        vendor=components.vendor_of_node(info.kubelet_version, labels),
    )


def node_asset(node: Node, key: str, facts: NodeFacts, *, source: str, proxy_in_pods: bool) -> Asset:
    """The node with what its kubelet reports; ``proxy_in_pods`` says that kube-proxy is seen as pods."""
    info = node.status.node_info
    packages: list[Package] = []
    gaps: list[Gap] = []
    kubelet = package("kubernetes", KUBELET, info.kubelet_version, facts.vendor)
    if kubelet is not None:
        packages.append(kubelet)
    else:
        gaps.append(_unknown("kubelet", info.kubelet_version, node))
    runtime, _, version = info.container_runtime_version.partition("://")
    running = runtime_package(runtime, version, facts.vendor)
    if running is not None:
        packages.append(running)
    else:
        gaps.append(_unknown("container runtime", info.container_runtime_version, node))
    proxy = package("kubernetes", KUBE_PROXY, info.kube_proxy_version, facts.vendor)
    if proxy is not None and not proxy_in_pods:
        packages.append(proxy)
    whole = of_os_image(info.os_image)
    packages.extend(whole)
    system = " ".join(text for text in (facts.os_image, facts.kernel and f"kernel {facts.kernel}") if text)
    if not any(package.type in PRODUCTS and PRODUCTS[package.type].whole for package in whole):
        gaps.append(
            Gap(
                "unread-node",
                f"the packages of {node.metadata.name} ({system or 'operating system not named'})",
                "the Kubernetes API does not list the packages of a node",
                "run oakum scan host on it, or scan an SBOM of its image",
            )
        )
    return Asset(
        kind="node", key=key, name=node.metadata.name, source=source, packages=package_set(None, packages),
        gaps=tuple(gaps),
    )  # fmt: skip


def runtime_package(runtime: str, version: str, vendor: str) -> Package | None:
    """What advisories are matched with for a container runtime ("containerd", "cri-o", "docker") of a node.

    None where the runtime or its version is not known. ``vendor`` is whose build the node is, "" where nobody said.
    """
    module = _RUNTIMES.get(runtime)
    maker = vendor or (DISTRIBUTION if _PACKAGED.search(version[:_LONGEST]) else "")
    return package("golang", module, version, maker) if module is not None else None


def _unknown(what: str, said: str, node: Node) -> Gap:
    why = f"its version {said!r} is not understood" if said else "the node does not say which version it is"
    remedy = "look at the node with kubectl get node -o yaml; run oakum scan host on it"
    return Gap("unknown-component", f"{what} of {node.metadata.name}", why, remedy)
