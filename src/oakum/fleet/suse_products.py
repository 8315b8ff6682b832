"""Which releases a product of SUSE's advisories stands for: the system itself, what is added to it, longer support.

SUSE publishes one update to many products: the server, each module and extension whose repository it goes to, the
products that stand on the server, and the lines of longer support. Here a product becomes a release of a system and,
where its packages are for the entitled alone, a channel. Modules without a subscription of their own are the release's
plain channel. Sources: names and CPEs of the products in SUSE's CSAF documents; SUSE's "Modules and Extensions Quick
Start" for what needs a subscription; os-release of the systems for their releases.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

#: Channels of longer support: they go on with the very line of builds of the release that they are for.
CONTINUED = frozenset(
    {
        "bcl", "espos", "ltss", "ltss-core", "ltss-ericsson", "ltss-extended-security", "ltss-extreme-core", "ltss-sap",
        "ltss-teradata", "teradata",
    }
)  # fmt: skip
#: The product's name without vendor, version and support -> the system (an id of ``fleet.distributions``), a channel.
_SYSTEMS: dict[str, tuple[str, str]] = {
    "linux enterprise server": ("sles", ""),
    "linux enterprise server business critical linux": ("sles", "bcl"),
    "linux enterprise server espos": ("sles", "espos"),
    "linux enterprise server for sap applications": ("sles_sap", ""),
    "linux enterprise server for the raspberry pi": ("sles", ""),
    "linux enterprise server ltss": ("sles", "ltss"),
    "linux enterprise server ltss core": ("sles", "ltss-core"),
    "linux enterprise server ltss extended security": ("sles", "ltss-extended-security"),
    "linux enterprise server teradata": ("sles", "teradata"),
    "sles-ltss-teradata": ("sles", "ltss-teradata"),
    "linux enterprise desktop": ("sled", ""),
    "linux enterprise high performance computing": ("sle_hpc", ""),
    "linux enterprise micro": ("sle-micro", ""),
    "linux enterprise micro for rancher": ("sle-micro", ""),
    "linux micro": ("sl-micro", ""),
    "opensuse leap": ("opensuse-leap", ""),
    "opensuse leap micro": ("opensuse-leap-micro", ""),
    "opensuse tumbleweed": ("opensuse-tumbleweed", ""),
    # Extensions of the server; what a subscription of its own is for has a channel.
    "linux enterprise software development kit": ("sles", ""),
    "linux enterprise high availability extension": ("sles", "ha"),
    "linux enterprise high availability geo extension": ("sles", "ha"),
    "linux enterprise workstation extension": ("sles", "we"),
    "linux enterprise live patching": ("sles", "live-patching"),
    "linux enterprise real time": ("sles", "rt"),
    "linux enterprise real time extension": ("sles", "rt"),
    "real time module": ("sles", "rt"),
    "package hub": ("sles", "packagehub"),
}
#: The same by the product part of a CPE, where a product has no name.
_CPES: dict[str, tuple[str, str]] = {
    "sles": ("sles", ""),
    "sles_sap": ("sles_sap", ""),
    "sles-ltss": ("sles", "ltss"),
    "suse_sles": ("sles", ""),
    "suse_sles_ltss": ("sles", "ltss"),
    "sles-ltss-core": ("sles", "ltss-core"),
    "sles-ltss-extended-security": ("sles", "ltss-extended-security"),
    "suse_sles_ltss-extreme-core": ("sles", "ltss-extreme-core"),
    "sles-espos": ("sles", "espos"),
    "sles_espos": ("sles", "espos"),
    "sles-bcl": ("sles", "bcl"),
    "sles_bcl": ("sles", "bcl"),
    "sles_teradata": ("sles", "teradata"),
    "sles_ltss_teradata": ("sles", "ltss-teradata"),
    "sled": ("sled", ""),
    "sle-hpc": ("sle_hpc", ""),
    "sle_hpc": ("sle_hpc", ""),
    "sle_hpc-ltss": ("sle_hpc", "ltss"),
    "sle_hpc-espos": ("sle_hpc", "espos"),
    "sle-micro": ("sle-micro", ""),
    "suse-microos": ("sle-micro", ""),
    "sl-micro": ("sl-micro", ""),
    "leap": ("opensuse-leap", ""),
    "leap-micro": ("opensuse-leap-micro", ""),
    "tumbleweed": ("opensuse-tumbleweed", ""),
    "sle-sdk": ("sles", ""),
    "sle-ha": ("sles", "ha"),
    "sle-we": ("sles", "we"),
    "sle-module-live-patching": ("sles", "live-patching"),
    "sle-live-patching": ("sles", "live-patching"),
    "sle-module-rt": ("sles", "rt"),
    "sle_rt": ("sles", "rt"),
    "packagehub": ("sles", "packagehub"),
}
#: Products that are no system whose packages are inventoried here under their names.
_BESIDE = re.compile(
    r"(?:Container|Image) |.*\bModule for SUSE Linux Enterprise 1[01]\b|.*-(?:CLIENT-TOOLS|EXTRA|PUBCLOUD|SECURITY)$"
    r"|HPE? Helion OpenStack|Magnum Orchestration|RES\b|Novell|openSUSE (?:Backports|Factory|\d|Evergreen)"
    r"|SUSE Package Hub for|(?:SUSE )?(?:CaaS Platform|Cloud|Cloud Application Platform|Container as a Service Platform"
    r"|Edge|Enterprise Storage|Liberty Linux|Lifecycle Management Server|Manager|Multi[- ]Linux Manager|NeuVector"
    r"|OpenStack Cloud|Rancher|Storage|Studio|Subscription Management Tool|WebYaST|Linux Enterprise (?:Build System"
    r"|Debuginfo|for SAP|Installer|Mono|Point of Sale|Point of Service|Server for VMWare|Software Bootstrap Kit|Storage"
    r"|Subscription Management Tool|Unsupported))\b"
)
_NAMED = re.compile(
    r"(?:SUSE )?(?P<line>\S.*) (?P<major>\d+)(?:[ .]?SP(?P<sp>\d+)|\.(?P<minor>\d+))?(?:[- ](?P<support>\S.*))?"
)
_MODULE = "linux enterprise module for "
_CPE = re.compile(
    r"cpe:/o:(?:suse|opensuse):(?P<line>[\w.~%-]+)(?::(?P<major>\d+)(?:\.(?P<minor>\d+))?)?(?::sp(?P<sp>\d+))?"
)
#: The service packs of SLES 12: its modules are the same for all of them, and name none.
_SLES_12 = ("12", "12.1", "12.2", "12.3", "12.4", "12.5")
_LONGEST = 300


class SuseRelease(NamedTuple):
    """A release of a system: ``scope`` as ``Release.scope``, ``channel`` "" for who has the release.

    ``whole``: the product is the system itself or longer support for all of it, and not something that is added to it.
    """

    scope: str
    channel: str
    whole: bool


def is_suse(scope: str) -> bool:
    """Whether a scope is a release of SUSE's or openSUSE's."""
    return scope.startswith(("sle", "sl-micro:", "opensuse"))


@lru_cache(maxsize=8192)
def releases(name: str, cpe: str) -> tuple[SuseRelease, ...] | None:
    """The releases that a product stands for; none where it is no system; None where nobody here knows it."""
    if len(name) > _LONGEST or len(cpe) > _LONGEST:
        return None
    if _BESIDE.match(name):
        return ()
    if name and not name.startswith("cpe:"):
        return _by_name(name)
    return _by_cpe(cpe or name)


def _by_name(name: str) -> tuple[SuseRelease, ...] | None:
    text = " ".join(name.split())
    found = _NAMED.fullmatch(text)
    if found is None:
        known = _SYSTEMS.get(text.removeprefix("SUSE ").lower())
        return (SuseRelease(known[0], "", whole=True),) if known == ("opensuse-tumbleweed", "") else None
    line, version = found["line"].lower(), _version(found)
    support = re.sub(r"[ _-]+", "-", (found["support"] or "").lower()).removeprefix("for-")
    if support and support not in CONTINUED:
        return None
    if line.startswith(_MODULE):
        return None if support else _module(line.removeprefix(_MODULE), version)
    known = _SYSTEMS.get(line)
    if known is None or known[0] == "opensuse-tumbleweed":
        return None
    channel = "-".join(filter(None, (support, known[1])))
    if support and channel not in CONTINUED:
        return None
    return (_release(known[0], version, channel),)


def _by_cpe(cpe: str) -> tuple[SuseRelease, ...] | None:
    # What stands behind the service pack names an image that was built of the release.
    found = _CPE.fullmatch(cpe.rstrip(":"))
    if found is None:
        return None
    line = found["line"].lower()
    if line.startswith("sle-module-") and line not in _CPES:
        return _module(line.removeprefix("sle-module-"), _version(found)) if found["major"] else None
    known = _CPES.get(line)
    if known is None:
        return None
    if known[0] == "opensuse-tumbleweed":
        return (SuseRelease(known[0], "", whole=True),)
    return (_release(known[0], _version(found), known[1]),) if found["major"] else None


def _release(system: str, version: str, channel: str) -> SuseRelease:
    return SuseRelease(f"{system}:{version}", channel, whole=not channel or channel in CONTINUED)


def _module(name: str, version: str) -> tuple[SuseRelease, ...]:
    channel = {"live patching": "live-patching", "live-patching": "live-patching", "rt": "rt"}.get(name, "")
    versions = _SLES_12 if version == "12" else (version,)
    return tuple(SuseRelease(f"sles:{each}", channel, whole=False) for each in versions)


def _version(found: re.Match[str]) -> str:
    minor = found["sp"] or found["minor"]
    return f"{found['major']}.{minor}" if minor else found["major"]
