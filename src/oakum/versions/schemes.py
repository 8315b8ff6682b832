"""Which module orders the versions of which ecosystem, under every name that the ecosystem goes by.

The names are those of the command line, of purl types (package-url/purl-spec) and of the OSV schema
(ossf.github.io/osv-schema, "Defined ecosystems"), in any case; what follows the first colon of an OSV name is a
release, which never changes how versions are ordered. Modules are imported when first asked for: most runs need one.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Literal

import msgspec

from oakum.versions.unparsable import Unparsable

Key = Callable[[str], bytes | Unparsable]
Apart = Callable[[str, str], str | None]
Alike = Callable[[str, str], bool]
Pairwise = Callable[[str, str], Literal["<", "=", ">", "?"] | None]

#: module in this package -> every name, in lower case.
NAMES: dict[str, tuple[str, ...]] = {
    "deb": ("deb", "debian", "ubuntu", "echo", "vyos"),
    "rpm": (
        "rpm", "redhat", "red hat", "almalinux", "rocky linux", "rocky", "suse", "opensuse", "openeuler", "mageia",
        "fedora", "oracle linux", "oracle", "amazon linux", "amazon", "azure linux", "azurelinux", "photon os",
        "photon", "centos", "alibaba cloud linux", "tencentos server", "minimos-rpm", "suse linux enterprise server",
    ),
    "apk": (
        "apk", "alpine", "wolfi", "chainguard", "minimos", "alpaquita", "bellsoft hardened containers", "cleanstart",
    ),
    "semver": (
        "semver", "npm", "cargo", "crates.io", "generic", "swift", "swifturl", "bower", "openvsx", "github actions",
        "githubactions", "julia", "vscode", "docker hardened images", "linux", "talos", "openshift",
    ),
    "go": ("go", "golang"),
    "pep440": ("pep440", "pypi", "pip", "python"),
    "maven": ("maven",),
    "rubygems": ("rubygems", "gem"),
    "nuget": ("nuget",),
    "composer": ("composer", "packagist"),
    "hex": ("hex", "hex.pm"),
    "pub": ("pub", "dart"),
    "bitnami": ("bitnami",),
    "kubernetes": ("kubernetes", "k8s", "gke", "eks", "aks"),
    "alpm": ("alpm", "arch", "arch linux", "archlinux"),
    "gentoo": ("gentoo", "ebuild"),
    "cran": ("cran", "bioconductor"),
    "hackage": ("hackage", "ghc"),
    "jvm": ("jvm", "java", "openjdk"),
    "bottlerocket": ("bottlerocket",),
    "flatcar": ("flatcar",),
    "cos": ("cos", "container-optimized os"),
    "rhcos": ("rhcos",),
}  # fmt: skip

_MODULE_OF = {name: module for module, names in NAMES.items() for name in names}


class Scheme(msgspec.Struct, frozen=True):
    """How one ecosystem orders its versions.

    ``key`` gives the sortable bytes. ``apart`` is None where the order is total; otherwise it says why two texts that
    both have keys still must not be compared (builds of Kubernetes by two vendors), or None where they may be.
    ``alike`` is None where equal versions have equal keys; otherwise it says whether the native tool calls two texts
    equal although their keys differ (pacman, where one side names no release). ``pairwise`` is None where keys carry
    the tool's order; otherwise it answers two texts as a tool does whose order runs in circles (Maven), or gives None
    where the keys may decide.
    """

    name: str
    key: Key
    apart: Apart | None = None
    alike: Alike | None = None
    pairwise: Pairwise | None = None


def scheme(ecosystem: str) -> Scheme | None:
    """The scheme of an ecosystem by any of its names, or None where none is known."""
    name = ecosystem.strip().lower()
    module = _MODULE_OF.get(name) or _MODULE_OF.get(name.partition(":")[0].strip())
    return _load(module) if module else None


@cache
def _load(module: str) -> Scheme:
    loaded = import_module(f"oakum.versions.{module}")
    optional = {name: getattr(loaded, name, None) for name in ("apart", "alike", "pairwise")}
    return Scheme(module, loaded.key, **optional)
