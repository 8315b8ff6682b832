"""The machine of a case, as a tree of the files that its own tools keep, read by the readers of ``oakum scan``.

Debian's family has a dpkg database, sources and downloaded lists of apt, Ubuntu also the status of Pro; Red Hat's has
an rpm database (ndb) and repository files; Alpine has apk's database. What runs a kernel has a ``/proc``, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from tests.fleet.memory_tree import MemoryTree
from tests.fleet.rpm_roots import blob, ndb

from oakum.fleet import apt_lists, dpkg
from oakum.fleet.apt_lists import Offers
from oakum.fleet.assets import Asset
from oakum.fleet.languages.sources import Source
from oakum.fleet.rootfs import read_image, read_root
from oakum.fleet.sbom import read as read_sbom
from oakum.local.scan import OffersOf

Machine = dict[str, Any]
#: What os-release says beside ID and VERSION_ID, where a reader looks at it.
_CODENAMES = {
    "ubuntu-14.04": "trusty", "ubuntu-16.04": "xenial", "ubuntu-18.04": "bionic", "ubuntu-20.04": "focal",
    "ubuntu-22.04": "jammy", "ubuntu-24.04": "noble", "ubuntu-25.10": "questing", "debian-10": "buster",
    "debian-11": "bullseye", "debian-12": "bookworm", "debian-13": "trixie",
}  # fmt: skip
_DEB = ("ubuntu", "debian", "raspbian")
_APK = ("alpine", "wolfi", "chainguard")
#: Where the channels of apt are: product and channel -> address and suite.
_APT = {
    ("ubuntu", "main"): ("http://archive.ubuntu.com/ubuntu", "{}"),
    ("ubuntu", "security"): ("http://security.ubuntu.com/ubuntu", "{}-security"),
    ("ubuntu", "esm-infra"): ("https://esm.ubuntu.com/infra/ubuntu", "{}-infra-security"),
    ("ubuntu", "esm-apps"): ("https://esm.ubuntu.com/apps/ubuntu", "{}-apps-security"),
    ("debian", "main"): ("http://archive.example.org/debian", "{}"),
    ("debian", "security"): ("http://security.debian.org/debian-security", "{}-security"),
}
_RPM_TAGS = {"epoch": 1003, "vendor": 1011, "arch": 1022, "source_rpm": 1044, "label": 5096}


class ImageRoot:
    """The root of an image without any program or package of a language."""

    live = False

    def __init__(self, tree: MemoryTree) -> None:
        self.read, self.names, self.kind, self.readlink = tree.read, tree.names, tree.kind, tree.readlink

    def files(self, wanted: Callable[[str], object]) -> Sequence[str]:
        """No file: those of the databases of the system are read by their paths."""
        return ()

    def programs(self) -> Sequence[str]:
        """No program."""
        return ()

    def telling(self) -> Sequence[str]:
        """None of them."""
        return ()

    def source(self, path: str) -> Source:
        """Not asked for: there are no files and no programs."""
        raise FileNotFoundError(path)


def inventory(machine: Machine) -> tuple[Asset, OffersOf]:
    """What the readers find on it, and what its channels offer."""
    if "sbom" in machine:
        return read_sbom(_cyclonedx(machine["sbom"]), name="case"), lambda asset, names: None
    files = _files(machine)
    if machine.get("image"):
        root = ImageRoot(MemoryTree(files))
        asset = read_image(root, name="case", key="case", form="an OCI layout", platform="linux")
        return asset, lambda asset, names: None
    tree = MemoryTree(files, live="running" in machine)

    def offered(asset: Asset, names: frozenset[str]) -> Offers | None:
        return apt_lists.offers(tree, names) if dpkg.present(tree) and "channels" in machine else None

    return read_root(tree, name="case"), offered


def _files(machine: Machine) -> dict[str, bytes | None]:
    product, _, version = machine["os"].partition("-")
    name = {"ol": "Oracle Linux Server", "rhel": "Red Hat Enterprise Linux"}.get(product, product)
    text = f'NAME="{name}"\nID={product}\nPRETTY_NAME="{name} {version}"\n' + (
        f"VERSION_ID={version}\n" if version else ""
    )
    if codename := _CODENAMES.get(machine["os"]):
        text += f"VERSION_CODENAME={codename}\n"
    packages = [machine["package"], *machine.get("others", ())]
    files: dict[str, bytes | None] = {"/etc/os-release": text.encode()}
    if product in _DEB:
        files |= _dpkg(packages)
        files |= _apt(product, codename or "", machine)
    elif product in _APK:
        files["/lib/apk/db/installed"] = "".join(map(_apk, packages)).encode()
    else:
        files["/usr/lib/sysimage/rpm/Packages.db"] = ndb(dict(enumerate(map(_header, packages), start=1)))
        files |= {
            f"/etc/yum.repos.d/{name}.repo": f"[{name}]\nname={name}\nbaseurl=https://mirror.example/{name}\n".encode()
            for name in machine.get("channels", ())
        }
    for patch, enabled in machine.get("live_patches", {}).items():
        files[f"/sys/kernel/livepatch/{patch}/enabled"] = f"{enabled}\n".encode()
    if "running" in machine:
        files |= {
            "/proc/sys/kernel/osrelease": f"{machine['running']}\n".encode(),
            "/proc/sys/kernel/version": machine.get("build", "#1 SMP").encode(),
            "/proc/self/mountinfo": b"22 1 8:1 / / rw - ext4 /dev/vda1 rw\n",
            "/proc/1/mountinfo": b"22 1 8:1 / / rw - ext4 /dev/vda1 rw\n",
            "/proc/1/maps": b"",
            "/proc/1/comm": b"systemd\n",
        }
    return files


def _dpkg(packages: Sequence[Machine]) -> dict[str, bytes | None]:
    text = ""
    for package in packages:
        source = package.get("source", package["name"])
        if of := package.get("source_version"):
            source = f"{source} ({of})"
        text += (
            f"Package: {package['name']}\nStatus: {package.get('status', 'install ok installed')}\n"
            f"Architecture: {package.get('arch', 'amd64')}\nSource: {source}\nVersion: {package['version']}\n\n"
        )
    return {"/var/lib/dpkg/status": text.encode()}


def _apt(product: str, codename: str, machine: Machine) -> dict[str, bytes | None]:
    """Sources, and their lists with the version that each channel offers of the package ("" for none)."""
    offered: dict[str, str] = machine.get("channels", {})
    package = machine["package"]
    sources = ""
    files: dict[str, bytes | None] = {}
    for channel, version in offered.items():
        address, suite = _APT[product, channel]
        suite = suite.format(codename)
        sources += f"deb {address} {suite} main\n"
        place = f"{address.partition('://')[2]}/dists/{suite}/main".replace("/", "_")
        source = package.get("source", package["name"])
        stanza = f"Package: {package['name']}\nSource: {source}\nVersion: {version}\n\n" if version else ""
        files[f"/var/lib/apt/lists/{place}_binary-amd64_Packages"] = stanza.encode()
    if offered:
        files["/etc/apt/sources.list"] = sources.encode()
    if product == "ubuntu" and offered:
        services = [{"name": name, "status": "enabled"} for name in offered if name.startswith("esm-")]
        status = {"attached": machine.get("attached", bool(services)), "services": services}
        files["/var/lib/ubuntu-advantage/status.json"] = json.dumps(status).encode()
    return files


def _header(package: Machine) -> bytes:
    """The rpm header; ``version`` is ``[EPOCH:]VERSION-RELEASE``."""
    epoch, _, rest = package["version"].rpartition(":")
    version, release = rest.rsplit("-", 1)
    stated = {
        "epoch": int(epoch) if epoch else None,
        "vendor": package.get("vendor"),
        "arch": package.get("arch", "x86_64"),
        "source_rpm": f"{package.get('source', package['name'])}-{package.get('source_version', rest)}.src.rpm",
        "label": package.get("module"),
    }
    tags: dict[int, int | str | bytes] = {1000: package["name"], 1001: version, 1002: release}
    return blob(tags | {_RPM_TAGS[key]: value for key, value in stated.items() if value is not None})


def _apk(package: Machine) -> str:
    return (
        f"P:{package['name']}\nV:{package['version']}\nA:{package.get('arch', 'x86_64')}\n"
        f"o:{package.get('source', package['name'])}\n\n"
    )


def _cyclonedx(parts: Sequence[str | dict[str, str]]) -> bytes:
    """A document of these package URLs; one with a ``path`` was found in that file."""
    components = []
    for part in parts:
        purl, path = (part, "") if isinstance(part, str) else (part["purl"], part["path"])
        component: dict[str, Any] = {"type": "library", "name": purl.partition("@")[0].rpartition("/")[2], "purl": purl}
        if path:
            component["properties"] = [{"name": "syft:location:0:path", "value": path}]
        components.append(component)
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    return json.dumps(document).encode()
