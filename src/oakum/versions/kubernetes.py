"""Versions of Kubernetes components, with the builds that vendors make of them.

Upstream versions are semver (kubernetes.io/releases/version-skew-policy; pre-releases are alpha, beta and rc). A
vendor's build of 1.29.3 carries a mark that semver misreads: it takes ``-eks-ae9a62a`` for a pre-release, below
1.29.3, and drops ``+k3s2``. Here a build never sorts below its base:

- different bases: by the base;
- the base itself before every build of it, because a build may hold further fixes and never lacks those of its base;
- two builds of one base by one vendor that numbers its builds (GKE, k3s, RKE2, VMware, EKS Distro...): by these
  numbers;
- any other two builds of one base: not comparable (``apart``). Two vendors do not share their fixes, a hash says
  nothing about order, and neither does what follows equal numbers (``+vmware.1`` and ``+vmware.1-fips.1``).

A ``+`` cannot stand in the tag of an image, so vendors write ``-k3s2`` there: both marks are one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from oakum.versions import semver
from oakum.versions.encoding import text as text_part
from oakum.versions.unparsable import Unparsable

_SHAPE = re.compile(
    r"v?([0-9]+\.[0-9]+(?:\.[0-9]+)?)(?:-(?:(alpha|beta|rc)((?:\.?[0-9]+(?:\.[0-9]+)*)?)|(0)))?(?:[-+]([0-9A-Za-z.+_~-]+))?\Z"
)
_MINOR_ONLY = re.compile(r"v?[0-9]+\.[0-9]+\+\Z")

#: How vendors write builds that they number; the numbers of the first group are in order.
_NUMBERED = {
    "GKE": re.compile(r"gke\.([0-9]+(?:\.[0-9]+)*)"),
    "k3s": re.compile(r"k3s([0-9]+)"),
    "RKE2": re.compile(r"rke2r([0-9]+)"),
    "k0s": re.compile(r"k0s\.([0-9]+)"),
    "VMware": re.compile(r"vmware\.([0-9]+)"),
    "EKS Distro": re.compile(r"eks-[0-9]+-[0-9]+-([0-9]+)"),
    "Alibaba Cloud": re.compile(r"aliyun\.([0-9]+)"),
    "Tencent Cloud": re.compile(r"tke\.([0-9]+)"),
    "AKS": re.compile(r"(?:aks-)?hotfix\.([0-9]+)"),
    "EKS": re.compile(r"eksbuild\.([0-9]+)"),
    "RKE": re.compile(r"rancher([0-9]+)"),
}
_NAMES = {"eks": "EKS", "aks": "AKS", "akslts": "AKS", "IKS": "IBM Cloud"}
#: AKS numbers the patches of its long-term support from 100 on; upstream never came near
#: (github.com/Azure/azure-container-networking/pull/4119).
_AKS_LTS = re.compile(r"v?[0-9]+\.[0-9]+\.[1-9][0-9]{2}\Z")
_NAME = re.compile(r"[A-Za-z]+(?![0-9A-Za-z])")

_PRERELEASE, _RELEASE = b"\x02", b"\x03"
_BASE, _BUILD = b"\x00", b"\x01"
_UNNUMBERED = b"\x00"


class _Build(NamedTuple):
    """One build: the upstream version it is made of, and what its vendor adds.

    ``vendor`` is None for upstream itself and "" where the mark names nobody; ``numbers`` is the key of the vendor's
    own count, or None where there is none.
    """

    base: bytes
    vendor: str | None = None
    numbers: bytes | None = None
    rest: str = ""


def key(text: str) -> bytes | Unparsable:
    """The sort key of one version of a Kubernetes component."""
    build = _read(text)
    if isinstance(build, Unparsable):
        return build
    if build.vendor is None:
        return build.base + _BASE
    return b"".join((build.base, _BUILD, text_part(build.vendor), build.numbers or _UNNUMBERED, text_part(build.rest)))


def vendor(text: str) -> str | None:
    """Who made a build: None for upstream itself and for what is no version, "" where the mark names nobody."""
    if _AKS_LTS.match(text.strip()):
        return "AKS"
    build = _read(text)
    return None if isinstance(build, Unparsable) else build.vendor


def base(text: str) -> str:
    """The upstream version that a build is made of, without the mark of its vendor; any other text as it is."""
    found = _SHAPE.match(text.strip())
    mark = found[5] if found else None
    return text.strip()[: -len(mark) - 1] if mark else text.strip()


def apart(left: str, right: str) -> str | None:
    """Why two versions must not be compared although both have keys, or None where they may be."""
    one, two = _read(left), _read(right)
    if isinstance(one, Unparsable) or isinstance(two, Unparsable):
        return None
    if one.base != two.base or one.vendor is None or two.vendor is None or one == two:
        return None
    if one.vendor != two.vendor:
        return f"{left} and {right} are builds of one version by different vendors, whose fixes differ"
    if one.numbers != two.numbers and one.numbers is not None and two.numbers is not None:
        return None
    return f"{left} and {right} are builds of one version, and nothing in them tells which is newer"


def _read(text: str) -> _Build | Unparsable:
    version = text.strip()
    found = _SHAPE.match(version)
    if not found:
        if _MINOR_ONLY.match(version):
            return Unparsable(text, "names a minor version without its patch release")
        return Unparsable(text, "not of the form vMAJOR.MINOR.PATCH[-PRERELEASE][-BUILD or +BUILD]")
    numbers, stage, count, least, mark = found.groups()
    base = semver.numbers_key(numbers)
    prerelease = least or (stage and f"{stage}.{count.lstrip('.')}".rstrip("."))
    base += _PRERELEASE + semver.identifiers_key(prerelease) if prerelease else _RELEASE
    return _build(base, mark) if mark else _Build(base)


def _build(base: bytes, mark: str) -> _Build:
    for vendor, numbered in _NUMBERED.items():
        if (found := numbered.match(mark)) and not mark[found.end() : found.end() + 1].isalnum():
            return _Build(base, vendor, semver.numbers_key(found[1]), mark[found.end() :])
    if named := _NAME.match(mark):
        return _Build(base, _NAMES.get(named[0], named[0]), None, mark[named.end() :])
    return _Build(base, "", None, mark)
