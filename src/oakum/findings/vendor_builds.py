"""Whose build of a component this is, and what its version tells about fixes.

Every build holds the fixes of the version it is made of. Beyond that there are two kinds: packagings of the upstream
code, which hold those and no others, so that their base decides; and builds whose makers add fixes of their own, so
that below the fixed version only their own advisories can tell. Sources stand beside each vendor.
"""

from __future__ import annotations

import msgspec

from oakum.findings.model import Hit
from oakum.fleet.assets import Gap
from oakum.fleet.packages import DISTRIBUTION, Package
from oakum.versions import kubernetes


class Vendor(msgspec.Struct, frozen=True):
    """A maker of builds: whether its base decides everything (``by_base``), where it announces fixes, the source of
    this rule, how the modules begin that it develops itself (of those it is upstream), and the scope under which
    bulletins about its builds stand that somebody wrote down."""

    name: str
    by_base: bool
    bulletins: str
    source: str
    own: tuple[str, ...] = ()
    scope: str = ""


_RANCHER = "github.com/rancher/rancher/issues/38994: affected and fixed by the same numbers as upstream"
#: Nothing says that these builds are upstream's without a change, so it is not taken for granted.
_UNSTATED = "builds are numbered beside upstream's, and nothing says that they are unchanged"
_MAKERS = (
    Vendor("k3s", True, "github.com/k3s-io/k3s/releases", f"its release notes name one Kubernetes; {_RANCHER}"),
    Vendor("RKE2", True, "github.com/rancher/rke2/releases", _RANCHER),
    Vendor("RKE", True, "github.com/rancher/rke/releases", _RANCHER),
    Vendor("k0s", True, "github.com/k0sproject/k0s/releases", "docs.k0sproject.io: unmodified upstream"),
    Vendor(
        "EKS",
        False,
        "aws.amazon.com/security/security-bulletins",
        "github.com/aws/eks-distro/issues/1433: fixes are brought to versions that upstream no longer keeps",
        ("github.com/aws/", "github.com/kubernetes-sigs/aws-", "sigs.k8s.io/aws-"),
        "eks",
    ),
    Vendor("EKS Distro", False, "distro.eks.amazonaws.com", "github.com/aws/eks-distro/issues/1433: as for EKS"),
    Vendor(
        "GKE",
        False,
        "cloud.google.com/kubernetes-engine/security-bulletins",
        "cloud.google.com/kubernetes-engine/versioning: a higher -gke.N has security updates on top of upstream's",
        scope="gke",
    ),
    Vendor(
        "AKS",
        False,
        "github.com/Azure/AKS/issues (label security)",
        "github.com/Azure/AKS/issues/3869: fixed by a node image, under the same version",
        ("github.com/Azure/", "sigs.k8s.io/azure", "sigs.k8s.io/blob-csi-driver"),
        "aks",
    ),
    Vendor(
        "OpenShift",
        False,
        "access.redhat.com/security",
        "github.com/openshift/kubernetes/pull/414: fixes are picked into the version that a release has",
        ("github.com/openshift/",),
    ),
    Vendor("VMware", False, "the release notes of Tanzu Kubernetes releases", _UNSTATED, ("sigs.k8s.io/vsphere-",)),
    Vendor("IBM Cloud", False, "cloud.ibm.com/docs/containers (change log)", _UNSTATED),
    Vendor("Alibaba Cloud", False, "alibabacloud.com/help/en/ack (CVE notices)", _UNSTATED),
    Vendor("Tencent Cloud", False, "cloud.tencent.com/document/product/457", _UNSTATED),
    Vendor(
        DISTRIBUTION,
        False,
        "the distribution's advisories (oakum scan host on the node asks them)",
        "a distribution brings fixes to the version that its release has",
    ),
)
VENDORS = {vendor.name: vendor for vendor in _MAKERS}


def maker(package: Package) -> str | None:
    """Who made a build: a name, "" where nobody is named whom we know, None for upstream itself.

    The mark in the version decides. Where it has none, or one that names nobody (OpenShift marks its builds with a
    hash), the inventory may know the provider: the kubelets of AKS report upstream's plain versions, and are patched
    under them.
    """
    named = kubernetes.vendor(package.version)
    known = VENDORS.get(named) if named else None
    if known is None and (known := VENDORS.get(package.vendor)) is None:
        return None if named is None else ""
    return None if package.name.startswith(known.own) else known.name


def by_base(made_by: str | None) -> bool:
    """Whether the version that a build is made of tells everything about its fixes."""
    return made_by is None or (made_by in VENDORS and VENDORS[made_by].by_base)


def rebuilt(hits: list[Hit]) -> tuple[list[Hit], list[Gap]]:
    """The hits that stand, and gaps in place of those on add-ons whose builds may hold fixes that only a vendor tells.

    A vendor builds many an add-on (CoreDNS, metrics-server) and the container runtime of its nodes anew, with fixes and
    with newer modules, under their numbers.
    """
    kept: list[Hit] = []
    untellable: dict[Package, set[str]] = {}
    for hit in hits:
        vendor = VENDORS.get(hit.package.vendor) if hit.package.type == "golang" else None
        if vendor is None or vendor.by_base or hit.package.name.startswith(vendor.own):
            kept.append(hit)
        else:
            untellable.setdefault(hit.package, set()).add(hit.record.advisory.id)
    return kept, [untold(package, package.vendor, ", ".join(sorted(ids))) for package, ids in untellable.items()]


def untold(package: Package, made_by: str, what: str) -> Gap:
    """The gap of a build about which only its maker ("" for nobody known) could tell; ``what`` names the
    vulnerabilities, with a reason each."""
    if made_by == "":
        why = "nothing says who made this build, so nobody tells which fixes it holds"
        remedy = "ask whoever made this build, or run one of a known vendor"
    else:
        why = f"a build by {made_by}, whose own fixes only {made_by} tells"
        remedy = f"look the vulnerabilities up at {VENDORS[made_by].bulletins}, or move to a build of a fixed version"
        if VENDORS[made_by].scope:
            remedy += (
                ", or write the bulletins down (docs: reference/bulletins) and import them: oakum feeds import FILE"
            )
    named = f"{package.name} {package.version}"
    return Gap("vendor-build", named, f"{why} ({what})" if what else why, remedy)
