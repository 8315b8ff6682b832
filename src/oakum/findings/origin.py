"""Whose build a package is: a third party's rebuild is not what the distribution's advisories speak about.

An rpm says who built it; where a deb comes from, the lists of the archives that its machine is configured for tell.
Where that is stated and is none of the names that the distribution builds under, its versions cannot be compared with
the distribution's fixes, in either direction. Where nothing is stated (most SBOM tools leave it out), the package
counts as the distribution's own. Source of the names: the ``Vendor`` tag of the distributions' own packages; AlmaLinux
8 also ships packages built by CloudLinux.
"""

from __future__ import annotations

from functools import lru_cache

from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

_SUSE = ("suse", "opensuse")
#: How the names begin, in lower case, under which a product's own packages are built.
VENDORS: dict[str, tuple[str, ...]] = {
    "almalinux": ("almalinux", "cloudlinux"),
    "rocky": ("rocky",),
    "rhel": ("red hat",),
    "centos": ("centos",),
    "centos-stream": ("centos", "red hat"),
    "ol": ("oracle",),
    "amzn": ("amazon",),
    "fedora": ("fedora",),
    "opensuse-leap": _SUSE,
    "opensuse-leap-micro": _SUSE,
    "opensuse-tumbleweed": _SUSE,
    "sl-micro": _SUSE,
    "sle-micro": _SUSE,
    "sle_hpc": _SUSE,
    "sled": _SUSE,
    "sles": _SUSE,
    "sles_sap": _SUSE,
    "photon": ("vmware", "broadcom"),
    "azurelinux": ("microsoft",),
    "mariner": ("microsoft",),
}


def foreign(package: Package, release: Release | None) -> str:
    """Who else than the distribution has built an OS package; empty where it has, or nobody says."""
    if package.type == "deb":
        return package.channel
    if not package.vendor or package.type != "rpm" or release is None:
        return ""
    return package.vendor if _foreign(package.vendor, release.product) else ""


@lru_cache(maxsize=1024)
def _foreign(vendor: str, product: str) -> bool:
    own = VENDORS.get(product)
    return own is not None and not vendor.casefold().startswith(own)
