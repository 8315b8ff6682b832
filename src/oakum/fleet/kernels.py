"""Which kernels are installed, which one runs, and which package owns each.

Headers, libc-dev, documentation, debug symbols and meta packages come from a kernel's source and are no kernels. A
kernel that no package owns (cloud and VM kernels loaded from outside, own builds) has no advisories: that is a gap. A
package upgraded in place keeps its release name while the old build runs on; then the kernel itself says which build it
is, in /proc/version's Debian form ("Debian 6.1.55-1") or in Ubuntu's /proc/version_signature.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from oakum.errors import OakumError
from oakum.fleet import dpkg_files, rpmdb
from oakum.fleet.assets import Gap, Kernel
from oakum.fleet.packages import Package
from oakum.fleet.products import PRODUCTS
from oakum.ports import Tree

_IMAGE = re.compile(r"linux-image-(?:unsigned-)?(?P<release>\d\S*?)(?:-unsigned)?")
_PROXMOX = re.compile(r"(?:pve|proxmox)-kernel-(?P<release>\d+\.\d+\.\d+-\S+?)(?:-signed)?")
_NO_KERNEL = re.compile(r".*-(?:dbg|dbgsym|signed-template|headers|doc)")
_ALPINE = re.compile(r"linux-(?P<flavour>lts|virt|edge|stable|rpi\d*|asahi|openpax|gru)")
_APK_VERSION = re.compile(r"(?P<upstream>\d+(?:\.\d+)*)-r(?P<build>\d+)")
_DEBIAN_BUILD = re.compile(r"\bDebian (?P<version>\d[0-9A-Za-z.+~:-]*)")
_UBUNTU_BUILD = re.compile(r"Ubuntu (?P<version>\d+\.\d+\.\d+-\d+\.\d+\S*?)-[a-z][a-z0-9-]* ")
_IN_BOOT = re.compile(r"vmlinu[xz]-(?P<release>\d\S*)")
_LIVE_PATCHES = "/sys/kernel/livepatch"
_BOTTLEROCKET = re.compile(r"kernel-(?P<line>\d+\.\d+)")
_LIMIT = 1 << 16


def kernels(tree: Tree, packages: Sequence[Package]) -> tuple[tuple[Kernel, ...], tuple[Gap, ...]]:
    """All kernels, sorted, the running one marked (live trees only), and the gap where no package owns that one."""
    found = {kernel.release: kernel for kernel in sorted(_packaged(tree, packages), key=lambda one: one.package)}
    running = running_release(tree)
    loose = sorted((_on_disk(tree) | ({running} if running else set())) - found.keys())
    owned = _owners(tree, loose, packages)
    found |= {release: owned.get(release, Kernel(release)) for release in loose}
    gaps: tuple[Gap, ...] = ()
    if running:
        current = found.pop(running)
        build = _running_build(tree)
        if current.package and build and build != current.version:
            found[f"{running} on disk"] = current
            current = Kernel(running, current.package, build)
        found[running] = Kernel(running, current.package, current.version, running=True)
        if not current.package:
            gaps = (_unowned(running),)
    return tuple(sorted(found.values(), key=lambda one: (one.release, one.running, one.version))), gaps


def running_release(tree: Tree) -> str:
    """The running kernel as ``uname -r`` prints it; empty for a tree that is not live."""
    return text(tree, "/proc/sys/kernel/osrelease") if tree.live else ""


def live_patches(tree: Tree) -> tuple[str, ...]:
    """The patches in the running kernel, by the names of their modules (kernel.org, sysfs-kernel-livepatch)."""
    if not tree.live:
        return ()
    try:
        names = tree.names(_LIVE_PATCHES)
    except (OakumError, FileNotFoundError, PermissionError):
        return ()
    return tuple(name for name in names if text(tree, f"{_LIVE_PATCHES}/{name}/enabled") == "1")


def text(tree: Tree, path: str) -> str:
    """The stripped content of a small file of the kernel; empty where it is missing or closed to us."""
    try:
        return tree.read(path, _LIMIT).decode("utf-8", "replace").strip()
    except (OakumError, FileNotFoundError, PermissionError):
        return ""


def deb_release(name: str) -> str:
    """The release that a deb's kernel boots as; empty for a package that is no kernel image."""
    found = _IMAGE.fullmatch(name) or _PROXMOX.fullmatch(name)
    return found["release"] if found and not _NO_KERNEL.fullmatch(name) else ""


def _packaged(tree: Tree, packages: Sequence[Package]) -> Iterable[Kernel]:
    """The kernels whose release follows from the name and version of their package."""
    for package in packages:
        release = ""
        if package.type == "deb":
            release = deb_release(package.name)
        elif package.type == "apk":
            release = _apk_release(package)
        if release:
            yield Kernel(release, package.name, package.version)
    yield from rpmdb.kernels(packages, tree)


def _apk_release(package: Package) -> str:
    name, version = _ALPINE.fullmatch(package.name), _APK_VERSION.fullmatch(package.version)
    return f"{version['upstream']}-{version['build']}-{name['flavour']}" if name and version else ""


def _on_disk(tree: Tree) -> set[str]:
    """Releases with an image in /boot or with a folder of modules that holds an image or compiled modules.

    A folder with neither is what a removed kernel left behind.
    """
    found = {match["release"] for name in tree.names("/boot") if (match := _IN_BOOT.fullmatch(name))}
    for folder in ("/usr/lib/modules", "/lib/modules"):
        for name in tree.names(folder):
            if any(tree.kind(f"{folder}/{name}/{part}") is not None for part in ("vmlinuz", "kernel")):
                found.add(name)
    return found


def _owners(tree: Tree, releases: Sequence[str], packages: Sequence[Package]) -> dict[str, Kernel]:
    """Kernels of debs under other names, by their files; those of systems that are shipped as one image."""
    debs = {package.name: package for package in packages if package.type == "deb"}
    paths = {
        path: release
        for release in releases
        for path in (f"/boot/vmlinuz-{release}", f"/boot/vmlinux-{release}", f"/lib/modules/{release}/kernel")
    }
    owned = dpkg_files.owners(tree, paths, lambda name: name in debs and ("linux" in name or "kernel" in name))
    found = {paths[path]: Kernel(paths[path], name, debs[name].version) for path, name in owned.items()}
    return {release: kernel for release in releases if (kernel := _of_image(release, packages))} | found


def _of_image(release: str, packages: Sequence[Package]) -> Kernel | None:
    """The kernel of a system whose image holds exactly one of a line, or whose version says which one it is."""
    for package in packages:
        if package.type == "bottlerocket" and (line := _BOTTLEROCKET.fullmatch(package.name)):
            if release.startswith(f"{line['line']}."):
                return Kernel(release, package.name, package.version)
        elif package.type in PRODUCTS and PRODUCTS[package.type].whole and package.name == package.type:
            return Kernel(release, package.name, package.version)
    return None


def _running_build(tree: Tree) -> str:
    """The package version of the running kernel as the kernel itself states it; empty where it does not."""
    found = _DEBIAN_BUILD.search(text(tree, "/proc/sys/kernel/version"))
    found = found or _UBUNTU_BUILD.match(text(tree, "/proc/version_signature"))
    return found["version"] if found else ""


def _unowned(release: str) -> Gap:
    return Gap(
        "unowned-kernel",
        f"the running kernel {release}",
        "no installed package owns it, so no advisory speaks of it",
        "ask whoever provides this kernel (the cloud, the hypervisor, your own build) which fixes it holds, "
        "or boot a kernel of the distribution",
    )
