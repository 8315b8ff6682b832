"""Which installed rpms are kernels, and as which ``uname -r`` each of them boots.

Many kernels are installed and one runs; headers, development files, documentation, tools and separate modules
are no kernels. Only names of the list below count: an unlisted kernel is then reported as one that no package
owns, which is the safe side. The release string follows from name, version and architecture by the vendor's
rule, and where two rules are possible the folder of modules decides.

Rules: ``version-release.arch`` (Red Hat's family, Fedora, Oracle, Amazon), with ``+flavour`` where the flavour is built
from the main source (RHEL 9's kernel.spec: debug, rt, 64k, zfcpdump); without the architecture in Azure Linux
and Photon; SUSE's kernel-binary.spec drops the rebuild count from the release and adds ``-flavour``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from oakum.fleet.assets import Kernel
from oakum.fleet.packages import Package
from oakum.ports import Tree

_MODULE_FOLDERS = ("/usr/lib/modules", "/lib/modules")

#: Flavours that only SUSE builds; those that SUSE and others build; those of others that the release string of the
#: kernel does not name, and the rest.
_SUSE = frozenset({"default", "default-base", "azure", "preempt", "longterm", "64kb", "vanilla", "kvmsmall"})
_SHARED = frozenset({"rt", "debug", "pae", "zfcpdump", "lpae"})
_PLAIN = frozenset({"", "uek", "lt", "ml", "plus", "automotive"})
_OTHERS = frozenset(
    {"64k", "64k-debug", "rt-debug", "rt-64k", "rt-64k-debug", "uek-debug", "uek64k", "PAE", "esx", "aws", "secure"}
)
#: ``kernel-FLAVOUR`` or ``kernel-FLAVOUR-core``, Amazon's ``kernel6.12``, Photon's ``linux-FLAVOUR``.
_NAME = re.compile(r"(kernel|kernel\d+\.\d+|linux)(?:-(?P<flavour>[A-Za-z0-9]+(?:-base|-64k)?(?:-debug)?))??(?:-core)?")


def kernels(packages: Iterable[Package], tree: Tree) -> list[Kernel]:
    """The installed kernels, one for each package that is or stands for one (``kernel`` and ``kernel-core`` both)."""
    modules = {name for folder in _MODULE_FOLDERS for name in tree.names(folder)}
    found = []
    for package in packages:
        candidates = _releases(package)
        if candidates:
            release = next((name for name in candidates if name in modules), candidates[0])
            found.append(Kernel(release, package.name, package.version))
    return found


def _releases(package: Package) -> tuple[str, ...]:
    """What ``uname -r`` may say under this kernel, the likeliest first; empty for a package that is no kernel."""
    name = _NAME.fullmatch(package.name)
    if name is None or package.type != "rpm":
        return ()
    flavour = name["flavour"] or ""
    version, _, release = package.version.rpartition("-")
    if flavour in _SUSE or (flavour in _SHARED and package.vendor.casefold().startswith(("suse", "opensuse"))):
        return (f"{version}-{release.rpartition('.')[0] or release}-{flavour.removesuffix('-base')}",)
    if flavour not in _SHARED | _PLAIN | _OTHERS:
        return ()
    bare = f"{version}-{release}"
    full = f"{bare}.{package.arch}"
    if name[1] == "linux":
        return (f"{bare}-{flavour}" if flavour else bare,)
    if flavour in _PLAIN:
        return (bare, full) if ".azl" in release or ".cm" in release else (full, bare)
    first, _, rest = flavour.partition("-")
    if first == "uek" or f".{first}" in release:  # the source is the flavour's own: rt7 in 553.rt7.342.el8_10
        flavour = rest
    elif first == "uek64k":
        flavour = "64k"
    return (f"{full}+{flavour}", f"{full}.{flavour}", full) if flavour else (full,)
