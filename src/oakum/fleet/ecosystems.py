"""One vocabulary that scopes both inventories and advisories: whose release is this?

An advisory holds for one release of one product. Inventories name that release in os-release's words, SBOMs
in each tool's own; OSV records in the schema's. All three are brought here to the same ``product:version``.
What is not understood stays unknown, so that it ends as "not assessable" and never as "no findings". Sources:
os-release(5), the table in ``distributions``, the OSV schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from oakum.fleet.distributions import (
    DEBIAN_CODENAMES,
    DISTRIBUTIONS,
    PARENTS,
    UBUNTU_CODENAMES,
    Distribution,
    Naming,
    distribution,
    folded,
    scoped_version,
)
from oakum.fleet.osv_scopes import OsvScope, language_types, scope_of_osv
from oakum.fleet.products import PRODUCT_TYPES
from oakum.fleet.releases import Release
from oakum.versions.schemes import NAMES

__all__ = [
    "LANGUAGE_TYPES",
    "OS_TYPES",
    "OsvScope",
    "naming",
    "release_from_name",
    "release_from_os_release",
    "scope_of_osv",
]

#: Every name under which ``oakum.versions`` knows an order.
ORDERED = frozenset(name for names in NAMES.values() for name in names)
_ROLLING_BRANCHES = frozenset({"debian:sid", "alpine:edge", "fedora:rawhide", "alpaquita:stream"})
_ID = re.compile(r"[a-z0-9._-]{1,64}")
#: No product's name and version are longer; what is, is no name.
_LONGEST = 200
#: A product's name, then a version: "debian-12.13", "amazon-2 (Karoo)", "SLES 15 SP5".
_NAME_VERSION = re.compile(r"(?P<name>.*?[a-z_!])[\s:_-]*(?P<version>v?\d.*)?", re.DOTALL)


def naming(product: str) -> Naming:
    """How a product's advisories name packages: by source, by binary, or either (then a package matches by
    its own name and version, or else by its source's)."""
    known = distribution(product)
    return known.naming if known else "either"


def release_from_os_release(fields: Mapping[str, str]) -> Release | None:
    """The release that an os-release file names; None where it has no usable ``ID``.

    A derivative keeps its own id; ``parent`` says whose advisories hold for it. A product that nobody here
    knows is named by its own ID and VERSION_ID. Debian without VERSION_ID is testing or unstable, whose files
    do not differ: both are ``debian:sid``, from where testing takes its packages.
    """
    product = fields.get("ID", "").strip().lower()
    if not _ID.fullmatch(product):
        return None
    given = fields.get("PRETTY_NAME", "").strip() or product
    version = fields.get("VERSION_ID", "").strip()
    codename = fields.get("VERSION_CODENAME", "").strip().lower()
    if product == "centos" and "stream" in (fields.get("NAME", "") + given).lower():
        product = "centos-stream"
    if (rhel := fields.get("RHEL_VERSION", "").strip()) and product == "rhcos":
        product, version = "rhel", rhel  # Its packages are RHEL's, and judged by RHEL's advisories.
    if product == "debian" and not version:
        version = "sid" if given.lower().endswith("/sid") or not codename else codename
    elif product == "alpine" and given.lower().split()[-1:] == ["edge"]:
        version = "edge"
    elif product == "openeuler":
        version = fields.get("VERSION", "").strip() or version
    elif not version:
        version = codename
    known = distribution(product)
    if known is None:
        return Release(product, version.lower(), version, rolling=False, given=given)
    release = _release(known, version, given)
    if known.id == "alpine" and version == "edge":
        release = _release(known, version, given, fields.get("VERSION_ID", ""))
    upstream = UBUNTU_CODENAMES.get(fields.get("UBUNTU_CODENAME", "").strip().lower())
    debian = DEBIAN_CODENAMES.get(fields.get("DEBIAN_CODENAME", "").strip().lower())
    if known.id in PARENTS and (upstream or debian):
        parent = f"ubuntu:{upstream}" if upstream else f"debian:{debian}"
        release = Release(release.product, release.version, release.full, release.rolling, given, parent)
    return release


@lru_cache(maxsize=4096)
def release_from_name(name: str, version: str = "") -> Release | None:
    """The release that an SBOM names, in any tool's spelling; None where the product is not known.

    ``name`` is a product ("debian", "amazon", "opensuse.leap"), a product with a version ("debian-12.13",
    "amazon-2 (Karoo)") or a code name ("bookworm"); ``version`` is used where the name has none. A known
    product with a version that is not understood comes back without one, so that ``known`` is False.
    """
    given = f"{name} {version}".strip()
    if len(given) > _LONGEST:
        return None
    text = " ".join(name.lower().split())
    codename = _codename(text)
    if codename is not None:
        return _release(codename[0], codename[1], given)
    known = distribution(text)
    if known is None:
        found = _NAME_VERSION.fullmatch(text)
        if found is None:
            return None
        known, version = distribution(found["name"].rstrip(" -:_")), found["version"] or version
        if known is None:
            return _with_word(text, given)
    return _release(_centos(known, version), version, given)


def _with_word(text: str, given: str) -> Release | None:
    """A product followed by a word for its release: "debian-sid", "alpine-edge", "ubuntu jammy"."""
    head, _, word = folded(text).rpartition("-")
    known = distribution(head) if head else None
    return _release(known, word, given) if known else None


def _codename(text: str) -> tuple[Distribution, str] | None:
    for product, codenames in (("debian", DEBIAN_CODENAMES), ("ubuntu", UBUNTU_CODENAMES)):
        known = distribution(product)
        if known is not None and text in codenames and text not in {"testing", "unstable"}:
            return known, codenames[text]
    return None


def _centos(known: Distribution, version: str) -> Distribution:
    """CentOS from release 9 on, or 8 without a minor number, can only be or may be Stream, which is not
    RHEL."""
    major, _, minor = version.partition(".")
    stream = distribution("centos-stream")
    if (
        known.id == "centos"
        and stream is not None
        and major.isdigit()
        and (int(major) > 8 or (major == "8" and not minor))
    ):
        return stream
    return known


def _release(known: Distribution, version: str, given: str, full: str = "") -> Release:
    scoped = scoped_version(known, version)
    rolling = known.cut == "none" or f"{known.id}:{scoped}" in _ROLLING_BRANCHES
    parent_product, releases = PARENTS.get(known.id, ("", {}))
    parent = releases.get(scoped.partition(".")[0], "")
    return Release(
        known.id,
        scoped,
        (full or version).strip(),
        rolling,
        given,
        f"{parent_product}:{parent}" if parent else "",
    )


#: Purl types of operating system packages whose versions have an order here; a release scopes their
#: advisories.
OS_TYPES = (frozenset(entry.type for entry in DISTRIBUTIONS) & ORDERED) - PRODUCT_TYPES
#: Purl types of the other packages about which advisories can speak.
LANGUAGE_TYPES = frozenset(language_types()) & ORDERED
