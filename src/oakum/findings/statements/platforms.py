"""Whether a CPE names the operating system that an asset has.

Vendors state by platform and package: "kernel in cpe:/o:redhat:enterprise_linux:9". Only products whose releases are
known here are compared; the name of another product (an add-on, a longer support) is never taken for the system itself.
Source: CPE 2.2 (cpe:/) and 2.3 (cpe:2.3:, NISTIR 7695).
"""

from __future__ import annotations

import re

from oakum.fleet.releases import Release

#: Vendor and product of a CPE -> the product of a release.
_PRODUCTS = {
    ("almalinux", "almalinux"): "almalinux",
    ("alpinelinux", "alpine_linux"): "alpine",
    ("canonical", "ubuntu_linux"): "ubuntu",
    ("debian", "debian_linux"): "debian",
    ("opensuse", "leap"): "opensuse-leap",
    ("oracle", "linux"): "ol",
    ("redhat", "enterprise_linux"): "rhel",
    ("suse", "linux_enterprise_server"): "sles",
    ("suse", "sles"): "sles",
}
_UNESCAPED_COLON = re.compile(r"(?<!\\):")
_SERVICE_PACK = re.compile(r"sp([0-9]+)")


def is_platform(cpe: str, release: Release | None) -> bool:
    """Whether a CPE names the system of this release; one without a version names every release of its product."""
    if release is None or not release.known:
        return False
    parts = _parts(cpe)
    if parts is None or _PRODUCTS.get((parts[0], parts[1])) != release.product:
        return False
    _, _, version, update = parts
    if not version:
        return True
    if found := _SERVICE_PACK.fullmatch(update):
        version = f"{version}.{found[1]}"
    return version == release.version or f"{release.full}.".startswith(f"{version}.")


def _parts(cpe: str) -> tuple[str, str, str, str] | None:
    """Vendor, product, version and update; the latter two empty where they are any. None where it is no CPE."""
    lower = cpe.lower()
    if lower.startswith("cpe:2.3:"):
        fields = [part.replace("\\", "") for part in _UNESCAPED_COLON.split(lower)[3:]]
    elif lower.startswith("cpe:/"):
        fields = lower.split(":")[2:]
    else:
        return None
    fields = ["" if part in ("*", "-") else part for part in (*fields, "", "", "", "")]
    return fields[0], fields[1], fields[2], fields[3]
