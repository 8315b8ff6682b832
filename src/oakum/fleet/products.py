"""Systems that are shipped as a whole: which one, in which version, as one package of its own type.

Their vendors announce vulnerabilities by the version of the whole system, so that this version is what advisories are
compared with. It stands in os-release on the machine, and in words in the ``osImage`` that a node reports, where the
vendor puts it there (Container-Optimized OS does not). Sources: os-release(5) and the vendors' own files: Bottlerocket
and Talos name the version in VERSION_ID, Flatcar too, Container-Optimized OS a milestone in VERSION_ID and the build in
BUILD_ID, Red Hat CoreOS the build in OSTREE_VERSION (bugzilla.redhat.com shows ``ID="rhcos"``; from OpenShift 4.19 on
``ID="rhel"`` with ``VARIANT_ID=coreos``) and the RHEL that it is made of in RHEL_VERSION. OpenShift is such a system of
a whole cluster, and its version that of its ClusterVersion (docs.openshift.com, "Understanding OpenShift updates").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from oakum.fleet.packages import Package


class Product(msgspec.Struct, frozen=True):
    """A system of a machine, or OpenShift's of a cluster.

    ``id`` is that of os-release and the type of its package; then its name, where its node's ``osImage`` has the
    version, and the advisories that speak of it.

    ``whole`` says that the vendor's own feed names by version whatever is fixed in any part of the system, so that the
    version alone tells what there is to tell. ``feed`` is what to import, in the words of a remedy.
    """

    id: str
    name: str
    image: re.Pattern[str]
    feed: str
    whole: bool = False


_BULLETINS = "write its vendor's bulletins down (docs: reference/bulletins) and import them: oakum feeds import FILE"
#: In ``osImage``, which is os-release's PRETTY_NAME.
_NO_VERSION = re.compile(r"(?!)")
OPENSHIFT = "openshift"
PRODUCTS = {
    product.id: product
    for product in (
        Product(
            "bottlerocket", "Bottlerocket", re.compile(r"Bottlerocket OS v?(\d+\.\d+\.\d+) ", re.ASCII),
            "import Bottlerocket's notices, https://advisories.bottlerocket.aws/updateinfo.xml.gz: "
            "oakum feeds sync bottlerocket",
        ),
        Product(
            "flatcar", "Flatcar Container Linux",
            re.compile(r"Flatcar Container Linux(?: by Kinvolk)? (\d+\.\d+\.\d+)(?:$| )", re.ASCII),
            "import Flatcar's releases, https://www.flatcar.org/releases-json/releases.json: oakum feeds sync flatcar",
            whole=True,
        ),
        Product("talos", "Talos Linux", re.compile(r"Talos \((v\d+\.\d+\.\d+[0-9a-z.-]*)\)", re.ASCII), _BULLETINS),
        Product("cos", "Container-Optimized OS", _NO_VERSION, _BULLETINS),
        Product(
            "rhcos", "Red Hat Enterprise Linux CoreOS",
            re.compile(r"Red Hat Enterprise Linux CoreOS (\d+\.\d+\.\d{8,14}[-.]\d+)(?:$| )", re.ASCII), _BULLETINS,
        ),
        Product(OPENSHIFT, "OpenShift", _NO_VERSION, _BULLETINS),
    )
}  # fmt: skip
#: The types of their packages.
PRODUCT_TYPES = frozenset(PRODUCTS)
#: Talos is one Go module, under whose name the advisories about its own code stand.
_MODULES = {"talos": "github.com/siderolabs/talos"}
_LONGEST = 256


def of_os_release(fields: Mapping[str, str]) -> tuple[Package, ...]:
    """The packages that an os-release file says the system as a whole is; none where it is not shipped as an image, or
    its version is not told."""
    id_ = fields.get("ID", "").strip().lower()
    if id_ == "rhel" and fields.get("VARIANT_ID", "").strip().lower() == "coreos":
        id_ = "rhcos"
    if id_ not in PRODUCTS:
        return ()
    version = fields.get("VERSION_ID", "").strip()
    if id_ == "cos":
        build = fields.get("BUILD_ID", "").strip()
        version = f"cos-{version}-{build.replace('.', '-')}" if version and build else ""
    elif id_ == "rhcos":
        version = fields.get("OSTREE_VERSION", "").strip() or fields.get("VERSION", "").strip()
    return _packages(id_, version)


def of_os_image(text: str) -> tuple[Package, ...]:
    """The packages that a node's ``osImage`` says its system is; none where it tells no version."""
    for product in PRODUCTS.values():
        if found := product.image.match(text[:_LONGEST]):
            return _packages(product.id, found[1])
    return ()


def of_cluster_version(version: str) -> tuple[Package, ...]:
    """The package that OpenShift in this version is; none where it is not told."""
    return _packages(OPENSHIFT, version)


def _packages(id_: str, version: str) -> tuple[Package, ...]:
    if not version or len(version) > _LONGEST:
        return ()
    at = f"@{quote(version, safe=':', errors='replace')}"
    system = Package(type=id_, name=id_, version=version, purl=f"pkg:generic/{id_}{at}")
    if (module := _MODULES.get(id_)) is None:
        return (system,)
    return system, Package(type="golang", name=module, version=version, purl=f"pkg:golang/{module}{at}")
