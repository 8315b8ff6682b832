"""What is known about each operating system that packages or advisories may name: a table and nothing else.

For every product: the type of its packages, how much of a version its vendor scopes advisories by, whether it
has releases at all, how its advisories name packages, and the other spellings under which tools write it.
Sources: the vendors' os-release files, the OSV schema ("Defined ecosystems"), the names that Syft
(os-release's own) and Trivy (``alma``, ``amazon``, ``oracle``, ``redhat``, ``opensuse.leap``,
``cbl-mariner``) write into SBOMs, and the distributions' own release lists for code names.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

#: How much of a version scopes advisories: "12" of 12.13, "3.18" of 3.18.12, all of it, or nothing (rolling).
Cut = Literal["major", "minor", "full", "none"]
Naming = Literal["source", "binary", "either"]


class Distribution(msgspec.Struct, frozen=True):
    """One product: ``id`` in os-release's words, its package type, and the other names it goes by
    (folded)."""

    id: str
    type: str
    cut: Cut = "major"
    naming: Naming = "either"
    names: tuple[str, ...] = ()


DISTRIBUTIONS: tuple[Distribution, ...] = (
    Distribution("debian", "deb", "major", "source", ("debian-gnu-linux", "distroless")),
    Distribution("ubuntu", "deb", "minor", "source"),
    Distribution("raspbian", "deb", "major", "source", ("raspberry-pi-os",)),
    Distribution("devuan", "deb", "major", "source"),
    Distribution("linuxmint", "deb", "minor", "source", ("linux-mint",)),
    Distribution("pop", "deb", "minor", "source", ("pop-os", "pop!-os")),
    Distribution("elementary", "deb", "minor", "source", ("elementary-os",)),
    Distribution("zorin", "deb", "major", "source", ("zorin-os",)),
    Distribution("neon", "deb", "minor", "source", ("kde-neon",)),
    Distribution("kali", "deb", "none", "source", ("kali-linux",)),
    Distribution("gardenlinux", "deb", "full", "source", ("garden-linux",)),
    Distribution("echo", "deb", "none", "source"),
    Distribution("vyos", "deb", "minor", "source"),
    Distribution("alpine", "apk", "minor", "source", ("alpine-linux",)),
    Distribution("postmarketos", "apk", "full", "source"),
    Distribution("wolfi", "apk", "none", "either", ("wolfi-os",)),
    Distribution("chainguard", "apk", "none"),
    Distribution("minimos", "apk", "none"),
    Distribution("cleanstart", "apk", "none"),
    Distribution("alpaquita", "apk", "major", "source", ("bellsoft", "bellsoft-alpaquita-linux")),
    Distribution("bellsoft-hardened-containers", "apk", "major", "source"),
    Distribution("almalinux", "rpm", "major", "binary", ("alma", "alma-linux")),
    Distribution("rocky", "rpm", "major", "either", ("rockylinux", "rocky-linux")),
    Distribution("rhel", "rpm", "major", "binary", ("redhat", "red-hat", "red-hat-enterprise-linux")),
    Distribution("centos", "rpm", "major", "binary", ("centos-linux",)),
    Distribution("centos-stream", "rpm", "major", "binary"),
    Distribution("hummingbird", "rpm", "none", "binary", ("hummingbird-os",)),
    Distribution("ol", "rpm", "major", "binary", ("oracle", "oraclelinux", "oracle-linux")),
    Distribution(
        "amzn",
        "rpm",
        "major",
        "binary",
        ("amazon", "amazonlinux", "amazon-linux", "amazon-linux-ami", "amazon-ami-release"),
    ),
    Distribution("fedora", "rpm", "major", "source", ("fedora-linux",)),
    Distribution("opensuse-leap", "rpm", "minor", "either", ("leap", "opensuse-leap-linux")),
    Distribution("opensuse-leap-micro", "rpm", "minor"),
    Distribution("opensuse-tumbleweed", "rpm", "none", "either", ("tumbleweed",)),
    Distribution("opensuse-microos", "rpm", "none"),
    Distribution("opensuse", "rpm", "minor"),
    Distribution("sles", "rpm", "minor", "either", ("suse-linux-enterprise-server", "suse")),
    Distribution(
        "sles_sap",
        "rpm",
        "minor",
        "either",
        ("suse-linux-enterprise-server-for-sap-applications", "sles-sap"),
    ),
    Distribution("sled", "rpm", "minor", "either", ("suse-linux-enterprise-desktop",)),
    Distribution("sle_hpc", "rpm", "minor", "either", ("suse-linux-enterprise-high-performance-computing",)),
    Distribution("sle-micro", "rpm", "minor", "either", ("suse-linux-enterprise-micro", "slem", "suse-microos")),
    Distribution("sl-micro", "rpm", "minor", "either", ("suse-linux-micro",)),
    Distribution("photon", "rpm", "major", "either", ("photon-os", "vmware-photon-os")),
    Distribution("azurelinux", "rpm", "major", "either", ("azure", "azure-linux", "microsoft-azure-linux")),
    Distribution("mariner", "rpm", "major", "either", ("cbl-mariner", "common-base-linux-mariner")),
    Distribution("openeuler", "rpm", "full"),
    Distribution("mageia", "rpm", "major"),
    Distribution("alinux", "rpm", "major", "either", ("alibaba-cloud-linux",)),
    Distribution("tencentos", "rpm", "major", "either", ("tencentos-server",)),
    Distribution("scientific", "rpm", "major", "binary"),
    Distribution("arch", "alpm", "none", "either", ("archlinux", "arch-linux")),
    Distribution("manjaro", "alpm", "none"),
    Distribution("gentoo", "ebuild", "none"),
    Distribution("void", "xbps", "none"),
    Distribution("nixos", "nix", "minor"),
    # Shipped as one image: their advisories name the version of the whole system, see ``oakum.fleet.products``.
    Distribution("bottlerocket", "bottlerocket", "none", "either", ("bottlerocket-os",)),
    Distribution("flatcar", "flatcar", "none", "either", ("flatcar-container-linux",)),
    Distribution("talos", "talos", "none", "either", ("talos-linux",)),
    Distribution("cos", "cos", "none", "either", ("container-optimized-os",)),
    Distribution("rhcos", "rhcos", "none", "either", ("red-hat-enterprise-linux-coreos",)),
)

#: Code name -> release, from the distributions' own release lists (distro-info-data).
DEBIAN_CODENAMES: dict[str, str] = {
    "squeeze": "6", "wheezy": "7", "jessie": "8", "stretch": "9", "buster": "10", "bullseye": "11",
    "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15",
    "sid": "sid", "unstable": "sid", "testing": "sid",
}  # fmt: skip
UBUNTU_CODENAMES: dict[str, str] = {
    "lucid": "10.04", "precise": "12.04", "quantal": "12.10", "raring": "13.04", "saucy": "13.10",
    "trusty": "14.04", "utopic": "14.10", "vivid": "15.04", "wily": "15.10", "xenial": "16.04",
    "yakkety": "16.10", "zesty": "17.04", "artful": "17.10", "bionic": "18.04", "cosmic": "18.10",
    "disco": "19.04", "eoan": "19.10", "focal": "20.04", "groovy": "20.10", "hirsute": "21.04",
    "impish": "21.10", "jammy": "22.04", "kinetic": "22.10", "lunar": "23.04", "mantic": "23.10",
    "noble": "24.04", "oracular": "24.10", "plucky": "25.04", "questing": "25.10", "resolute": "26.04",
}  # fmt: skip

#: Derivatives whose packages are the parent's own or rebuilt from them under comparable versions, so that the
#: parent's advisories hold: product -> (parent, own major version -> the parent's release). Not here, on
#: purpose: CentOS Stream (ahead of RHEL, its versions are not RHEL's), Kali, Garden Linux, Manjaro (own
#: snapshots and patches), and third parties' rebuilds that carry fixes under their own version numbers.
PARENTS: dict[str, tuple[str, dict[str, str]]] = {
    "raspbian": ("debian", {str(n): str(n) for n in range(7, 15)}),
    "devuan": ("debian", {"1": "8", "2": "9", "3": "10", "4": "11", "5": "12", "6": "13"}),
    "linuxmint": ("ubuntu", {"18": "16.04", "19": "18.04", "20": "20.04", "21": "22.04", "22": "24.04"}),
    "pop": ("ubuntu", {"18": "18.04", "20": "20.04", "22": "22.04", "24": "24.04"}),
    "elementary": ("ubuntu", {"5": "18.04", "6": "20.04", "7": "22.04", "8": "24.04"}),
    "zorin": ("ubuntu", {"15": "18.04", "16": "20.04", "17": "22.04", "18": "24.04"}),
    "neon": ("ubuntu", {"18": "18.04", "20": "20.04", "22": "22.04", "24": "24.04"}),
    "centos": ("rhel", {"5": "5", "6": "6", "7": "7", "8": "8"}),
    "scientific": ("rhel", {"6": "6", "7": "7"}),
}

_BY_NAME = {name: entry for entry in DISTRIBUTIONS for name in (entry.id, *entry.names)}
_SERVICE_PACK = re.compile(r"(\d+)[ -]?sp(\d+)")
_NUMBER = re.compile(r"v?(\d+(?:\.\d+)*)(?![a-z])")


def folded(name: str) -> str:
    """A product name as the table spells it: lower case, words joined by ``-``."""
    return "-".join(name.lower().replace(".", " ").replace("/", " ").split())


def distribution(name: str) -> Distribution | None:
    """The product that goes by this name in any spelling, or None."""
    return _BY_NAME.get(name) or _BY_NAME.get(folded(name))


def scoped_version(product: Distribution, text: str) -> str:
    """A version cut to what the vendor scopes advisories by; empty where none is named or the product has
    none.

    Code names are understood, and the words that stand for a rolling branch (Alpine ``edge``, Debian
    ``sid``).
    """
    text = text.strip().lower()
    if product.cut == "none" or not text:
        return ""
    if product.id == "debian" and (named := DEBIAN_CODENAMES.get(text.rpartition("/")[2])):
        return named
    if product.id == "ubuntu" and (named := UBUNTU_CODENAMES.get(text)):
        return named
    if product.id == "alpine" and (text == "edge" or "_alpha" in text):
        return "edge"
    if (text in {"rawhide", "eln"} and product.id == "fedora") or (text == "stream" and product.type == "apk"):
        return text
    found = _SERVICE_PACK.match(text) or _NUMBER.match(text)
    if found is None:
        return ""
    number = f"{found[1]}.{found[2]}" if found.re is _SERVICE_PACK else found[1]
    if product.cut == "full":
        return "-".join(re.findall(r"[a-z0-9.+]+", text.removeprefix("v")))
    parts = number.split(".")
    if product.id == "amzn" and len(parts[0]) == 4 and parts[0] < "2020":
        return "1"  # Amazon Linux 1 was versioned by year (2018.03); its advisories are ALAS without a number
    return ".".join(parts[: 1 if product.cut == "major" else 2])
