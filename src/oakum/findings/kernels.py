"""Which packages are the kernel, and which merely come from its source.

A machine has one running kernel whatever else is installed; headers, libc-dev and documentation are built from the same
source and are no kernels; a container has none of its own. Vulnerabilities of the kernel therefore belong to the
machine once, through the package that owns what is running.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import msgspec

from oakum.fleet.assets import Host
from oakum.fleet.packages import Package

Role = Literal["running", "standby", "part", "none"]

_DEB_IMAGE = re.compile(r"linux-image-(unsigned-)?\d[^/]*(?<!-dbg)(?<!-dbgsym)\Z")
_RPM_IMAGE = re.compile(r"kernel(-rt|-64k|-uek|-zfcpdump|-default|-azure|-lt|-ml|6\.\d+)?(-debug)?(-core)?\Z")
_APK_IMAGE = re.compile(r"linux-(lts|virt|edge|rpi\d*|stable|asahi|openpax|gru)\Z")
_RPM_PART = re.compile(
    r"kernel(-[a-z0-9]+)*-(headers|cross-headers|devel|devel-matched|doc|macros|source|syms|srpm-macros"
    r"|modules|modules-core|modules-extra|modules-internal|abi-stablelists)\Z"
)
_DEB_SOURCE = re.compile(r"linux(-(signed|restricted|hwe|meta)[^/]*|-[a-z0-9][a-z0-9.+-]*)?\Z")
#: Debian's name the series and the architecture (linux-signed-5.10-amd64), Ubuntu's the flavour (linux-signed-aws-6.8).
_SIGNED = re.compile(r"linux-(restricted-)?signed(?P<flavour>(-[a-z0-9.+-]+?)??)(-(amd64|arm64|i386))?\Z")
#: Source packages called linux-* that are no kernels.
_NOT_KERNELS = frozenset({"linux-base", "linux-firmware", "linux-atm", "linux-ftpd", "linux-minidisc", "linux-wlan-ng"})
_DEB_TOOLS = ("linux-perf", "linux-cpupower", "linux-tools", "bpftool", "usbip", "libcpupower", "linux-cloud-tools")
#: How every kernel, and every part of one, starts: by this most packages are told apart at once.
_STARTS = ("linux", "kernel")


def is_image(package: Package) -> bool:
    """Whether the package holds a bootable kernel."""
    pattern = {"deb": _DEB_IMAGE, "rpm": _RPM_IMAGE, "apk": _APK_IMAGE}.get(package.type)
    return bool(pattern and pattern.match(package.name))


def is_part(package: Package) -> bool:
    """Whether the package is built from a kernel's source without being a kernel or running code of it."""
    if package.type == "rpm":
        return bool(_RPM_PART.match(package.name))
    if package.type == "deb":
        source = package.source or package.name
        return (
            bool(_DEB_SOURCE.match(source))
            and source not in _NOT_KERNELS
            and not is_image(package)
            and not package.name.startswith(_DEB_TOOLS)
        )
    return package.type == "apk" and package.name == "linux-headers"


def advisory_name(package: Package) -> tuple[str, str]:
    """The source name and version under which advisories speak of a package.

    Debian and Ubuntu ship kernels from "signed" sources whose version has another form; their advisories name the
    unsigned source, whose version is the one of the binary package.
    """
    source, version = package.source or package.name, package.source_version or package.version
    if package.type == "deb" and source.startswith("linux-") and (signed := _SIGNED.match(source)):
        return f"linux{signed['flavour']}", package.version
    return source, version


def kernel_named(package: Package) -> bool:
    """Whether a package is named as kernels and their parts are; no other is one."""
    return package.name.startswith(_STARTS) or package.source.startswith("linux")


def role(package: Package, host: Host | None) -> Role:
    """What a package means for the kernel of this host (None: an image or an SBOM, which runs no kernel)."""
    if not kernel_named(package):
        return "none"
    if is_part(package):
        return "part"
    if not is_image(package):
        return "none"
    if host is None:
        return "standby"
    for kernel in host.kernels:
        # An rpm machine keeps several versions of one package: the name alone does not say which one runs.
        if kernel.running and kernel.package == package.name and kernel.version in ("", package.version):
            return "running"
    return "standby"


def replaced(packages: Iterable[Package], host: Host | None) -> Iterable[Package]:
    """The running kernel where its package has been upgraded in place: what runs is no longer on disk."""
    for kernel in host.kernels if host is not None else ():
        if not (kernel.running and kernel.package and kernel.version):
            continue
        same = [package for package in packages if package.name == kernel.package]
        if same and all(package.version != kernel.version for package in same):
            yield msgspec.structs.replace(same[0], version=kernel.version, source_version=kernel.version, purl="")


def elsewhere(package: Package, host: Host | None, *, image: bool) -> bool:
    """Whether the package is a kernel, or a part of one, that this asset (an ``image``, or a ``host``) does not run."""
    its = role(package, host)
    if its == "none" or its == "running":
        return False
    if its == "part" or image:
        return True
    return host is not None and any(kernel.running and kernel.package for kernel in host.kernels)
