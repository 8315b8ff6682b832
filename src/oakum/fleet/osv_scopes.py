"""Which scope an OSV ecosystem name stands for.

An OSV name is an ecosystem and, for distributions, a release behind a colon; every distribution has its own
way of writing it (Ubuntu puts ``Pro`` before and ``LTS`` behind, Red Hat and others write a CPE, SUSE a
marketing name). Source: OSV schema, "Defined ecosystems"; Red Hat's "How to accurately match OVAL security
data to installed RPMs" for the CPEs. A rebuild by another vendor (``Root:``, ``Seal:``, ``TuxCare:`` ...) is
a scope of its own: its packages carry other versions, so its advisories never speak about the base
distribution's.
"""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from oakum.fleet.distributions import UBUNTU_CODENAMES, Distribution, distribution, scoped_version


class OsvScope(msgspec.Struct, frozen=True):
    """Where an advisory belongs: ``scope`` as ``Release.scope`` (or the purl type of a language), ``channel``
    the pocket ("" for the plain one), ``type`` the purl type, by which ``oakum.versions.scheme`` finds the
    order."""

    scope: str
    channel: str
    type: str


#: OSV name in lower case -> (scope, type) of an ecosystem that has no releases.
_LANGUAGES: dict[str, tuple[str, str]] = {
    "go": ("golang", "golang"), "golang": ("golang", "golang"),
    "npm": ("npm", "npm"),
    "pypi": ("pypi", "pypi"),
    "maven": ("maven", "maven"),
    "rubygems": ("gem", "gem"), "gem": ("gem", "gem"),
    "nuget": ("nuget", "nuget"),
    "packagist": ("composer", "composer"), "composer": ("composer", "composer"),
    "crates.io": ("cargo", "cargo"), "cargo": ("cargo", "cargo"),
    "hex": ("hex", "hex"),
    "pub": ("pub", "pub"),
    "cran": ("cran", "cran"),
    "bioconductor": ("bioconductor", "bioconductor"),
    "hackage": ("hackage", "hackage"),
    "ghc": ("ghc", "ghc"),
    "bitnami": ("bitnami", "bitnami"),
    "kubernetes": ("kubernetes", "kubernetes"),
    "swifturl": ("swift", "swift"), "swift": ("swift", "swift"),
    "github actions": ("githubactions", "githubactions"),
    "conancenter": ("conan", "conan"),
    "julia": ("julia", "julia"),
    "opam": ("opam", "opam"),
    "vscode": ("vscode", "vscode"),
    "android": ("android", "android"),
    "linux": ("linux-kernel", "linux-kernel"),
    "oss-fuzz": ("oss-fuzz", "oss-fuzz"),
}  # fmt: skip


def language_types() -> set[str]:
    """The purl types of every ecosystem that has no releases."""
    return {type_ for _, type_ in _LANGUAGES.values()}


#: OSV name in lower case -> product, where the name alone does not lead there by the distribution table.
_PRODUCTS: dict[str, str] = {"red hat": "rhel", "bellsoft": "alpaquita", "suse": "sles"}

#: Vendors who rebuild others' packages under their own versions: the prefix is the scope.
_REBUILDERS = frozenset({"root", "seal", "tuxcare", "docker hardened images", "cleanstart", "echo", "minimos"})

#: Repositories that every subscriber of a release has: their advisories stand in the plain pocket.
_PLAIN_REPOSITORY = re.compile(
    r"(?:^|[_-])(?:baseos|base|os|core|appstream|crb|codeready|highavailability|resilientstorage|realtime|nfv"
    r"|sap|supplementary|latest|server|client|workstation|computenode|main|uekr\d+|updates)(?:$|[_-])"
)
#: No ecosystem's name is longer; what is, is no name.
_LONGEST = 200


@lru_cache(maxsize=4096)
def scope_of_osv(name: str) -> OsvScope | None:
    """The scope of an OSV ecosystem name, in any case and in dirty spellings; None where unknown."""
    if len(name) > _LONGEST:
        return None
    text = " ".join(name.split()).lower()
    head, _, rest = text.partition(":")
    head, rest = head.strip(), rest.strip()
    if head in _LANGUAGES:
        scope, type_ = _LANGUAGES[head]
        return OsvScope(scope, "", type_)
    if head in _REBUILDERS and rest:
        return _rebuilt(head, rest)
    product = distribution(_PRODUCTS.get(head, head))
    if product is None:
        return None
    if product.id == "ubuntu":
        return _ubuntu(product, rest)
    if product.id == "rhel":
        return _red_hat(product, rest)
    if product.id in {"sles", "opensuse"}:
        return _suse(product, rest)
    if "::" in rest or "_" in rest:
        return _cpe(product, rest)
    return _plain(product, rest)


def _plain(product: Distribution, rest: str) -> OsvScope:
    version = scoped_version(product, rest)
    renamed = product.id == "azurelinux" and version in {"1", "2"}  # CBL-Mariner until release 3
    return OsvScope(_join("mariner" if renamed else product.id, version), "", product.type)


def _rebuilt(vendor: str, rest: str) -> OsvScope:
    inner = scope_of_osv(rest) or OsvScope(rest, "", "")
    return OsvScope(f"{vendor.replace(' ', '-')}:{inner.scope}", inner.channel, inner.type)


def _ubuntu(product: Distribution, rest: str) -> OsvScope:
    words = re.split(r"[:_\s]+", rest)
    version = next((v for w in words if (v := UBUNTU_CODENAMES.get(w) or scoped_version(product, w))), "")
    pocket = [w for w in words if w.startswith(("fips", "realtime", "esm", "nvidia", "fde", "bluefield"))]
    channel = "-".join(pocket) or ("pro" if "pro" in words else "")
    return OsvScope(_join(product.id, version), channel, product.type)


def _red_hat(product: Distribution, rest: str) -> OsvScope:
    """``enterprise_linux:9::baseos``; ``rhel_e4s:9.2::appstream``; ``openshift:4.12::el8``; a bare number."""
    if not rest or rest[0].isdigit():
        return _plain(product, rest)
    stream, version, *_, edition = [*rest.split(":"), "", "", ""][:4]
    if stream == "enterprise_linux":
        return OsvScope(_join(product.id, version.partition(".")[0]), "", product.type)
    if (other := distribution(stream)) is not None:
        return _plain(other, version)
    host = re.search(r"(?:^|[_-])el(\d+)(?:$|[_-])", edition)
    extended = re.fullmatch(r"(?:rhel|enterprise_linux)_(.+)", stream)
    if host is None and extended is None:
        return OsvScope(_join(f"redhat-{stream}", version), "", product.type)  # a layered product, no RHEL named
    release = host[1] if host else version.partition(".")[0]
    return OsvScope(_join(product.id, release), _join(extended[1] if extended else stream, version), product.type)


_SERVICE_PACK = re.compile(r"(?P<name>.*?)[ :-]*(?P<major>\d+)(?:[ -]?sp(?P<sp>\d+)|\.(?P<minor>\d+))?(?P<tail>.*)")


def _suse(product: Distribution, rest: str) -> OsvScope:
    """``Leap 15.5``; ``Linux Enterprise Server 15 SP5-LTSS``; a CPE ``sles:15:sp4::module-containers``."""
    text = re.sub(r"^suse ", "", rest).replace(":", " ").strip()
    found = _SERVICE_PACK.fullmatch(text)
    if product.id == "opensuse":
        name = f"opensuse-{(found['name'] if found else text).strip().replace(' ', '-')}".rstrip("-")
    else:
        name = (found["name"] if found else text).strip()
        name = f"suse-{name}".replace(" ", "-") if name.startswith("linux ") else name
    version = _join(found["major"], found["sp"] or found["minor"] or "", ".") if found else ""
    tail = re.sub(r"[ _:-]+", "-", found["tail"]).strip("-") if found else ""
    known = distribution(name) if name else product
    if known is not None:
        return OsvScope(_join(known.id, version), tail, known.type)
    module = re.fullmatch(r"suse-linux-enterprise-module-for-(.+)", name)
    if module:
        return OsvScope(_join("sles", version), f"module-{module[1]}", product.type)
    return OsvScope(_join(name, _join(version, tail, "-")), "", product.type)


def _cpe(product: Distribution, rest: str) -> OsvScope:
    """``ol8_baseos_latest::ol8_baseos_latest``; ``amazon_linux_2023::al2023_appstream``."""
    release, _, repository = rest.partition("::")
    number = re.search(r"(?:^|[a-z_])(\d+(?:\.\d+)*)", release)
    version = scoped_version(product, number[1]) if number else ""
    plain = not repository or _PLAIN_REPOSITORY.search(repository) is not None
    return OsvScope(_join(product.id, version), "" if plain else repository, product.type)


def _join(left: str, right: str, by: str = ":") -> str:
    return f"{left}{by}{right}" if right else left
