"""From what a person names to an asset: this machine, a root file system, or an SBOM."""

from __future__ import annotations

import platform
from pathlib import Path

import msgspec

from oakum.adapters.files.tree import DirectoryTree
from oakum.errors import InputError, OakumError, UsageError
from oakum.fleet.assets import Asset
from oakum.fleet.rootfs import read_root
from oakum.fleet.sbom import read

#: The largest SBOM that is read; the largest real ones (a mono-repository's) have tens of megabytes.
SBOM_LIMIT = 1 << 29


def asset_of(target: str) -> Asset:
    """Read one target. Raises OakumError naming the target, with the remedy."""
    if target == "host":
        return read_root(DirectoryTree(Path("/")), name=platform.node() or "localhost")
    if target == "cluster" or target.startswith(("image:", "cluster:")):
        raise UsageError(
            f"{target}: registries and live clusters are not read yet",
            remedy="write an SBOM of the image (syft, trivy) or unpack it, and scan that",
        )
    path = Path(target)
    try:
        if path.is_dir():
            if (path / "oci-layout").is_file():
                raise UsageError(
                    f"{target}: OCI layouts are not read yet", remedy="write an SBOM of the image and scan that"
                )
            return read_root(DirectoryTree(path), name=target)
        if not path.exists():
            raise UsageError(f"{target}: no such file or folder", remedy="name host, a root folder or an SBOM file")
        if not path.is_file():
            raise UsageError(
                f"{target}: neither a file nor a folder", remedy="name host, a root folder or an SBOM file"
            )
        if path.stat().st_size > SBOM_LIMIT:
            raise InputError(f"{target}: larger than {SBOM_LIMIT >> 20} MB", remedy="split the SBOM")
        return read(path.read_bytes(), name=target)
    except OakumError as error:
        raise error.within(target) from None
    except OSError as error:
        raise InputError(f"{target}: {error.strerror or error}", remedy="check the path and its permissions") from None


def distinct(assets: list[Asset]) -> list[Asset]:
    """The assets with distinct keys: two inputs that carry one identity (copies of a file) stay two assets."""
    seen: dict[str, int] = {}
    result = []
    for asset in assets:
        count = seen[asset.key] = seen.get(asset.key, 0) + 1
        result.append(asset if count == 1 else msgspec.structs.replace(asset, key=f"{asset.key}#{count}"))
    return result
