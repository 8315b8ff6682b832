"""From what a person names to an asset: this machine, a root file system, or an SBOM.

Who reads one kind of target does not wait for the readers of the others: each is imported when it is first needed.
"""

from __future__ import annotations

import platform
from pathlib import Path

import msgspec

from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.fleet.assets import Asset
from oakum.ports import Tree

#: The largest SBOM that is read; the largest real ones (a mono-repository's) have tens of megabytes.
SBOM_LIMIT = 1 << 29


class Target(msgspec.Struct, frozen=True):
    """An asset, and the tree it was read from where it has one (a machine, a root file system)."""

    asset: Asset
    tree: Tree | None = None


def read_target(target: str) -> Target:
    """Read one target. Raises OakumError naming the target, with the remedy."""
    if not target:
        raise UsageError("a target's name is empty", remedy="name host, a root folder or an SBOM file")
    if target == "host":
        return _root(Path("/"), platform.node() or "localhost")
    if target.startswith("image:"):
        raise UsageError(
            f"{target}: registries are not read yet",
            remedy="write an SBOM of the image (syft, trivy) or unpack it, and scan that",
        )
    path = Path(target)
    try:
        if path.is_dir():
            if (path / "oci-layout").is_file():
                raise UsageError(
                    f"{target}: OCI layouts are not read yet", remedy="write an SBOM of the image, scan that"
                )
            return _root(path, target)
        if not path.exists():
            raise UsageError("no such file or folder", remedy="name host, a root folder or an SBOM file")
        if not path.is_file():
            raise UsageError(
                f"{target}: neither a file nor a folder", remedy="name host, a root folder or an SBOM file"
            )
        if path.stat().st_size > SBOM_LIMIT:
            raise InputError(f"larger than {SBOM_LIMIT >> 20} MB", remedy="split the SBOM")
        return _sbom(path, target)
    except OakumError as error:
        raise error.within(target) from None
    except OSError as error:
        raise InputError(
            error.strerror or str(error), place=Place(target), remedy="check the path and its permissions"
        ) from None


def _root(path: Path, name: str) -> Target:
    from oakum.adapters.files.tree import DirectoryTree
    from oakum.fleet.rootfs import read_root

    tree = DirectoryTree(path)
    return Target(read_root(tree, name=name), tree)


def _sbom(path: Path, name: str) -> Target:
    from oakum.fleet.sbom import read

    return Target(read(path.read_bytes(), name=name))


def distinct(targets: list[Target]) -> list[Target]:
    """The targets with distinct keys: two inputs that carry one identity (copies of a file) stay two assets."""
    seen: dict[str, int] = {}
    result = []
    for target in targets:
        key = target.asset.key
        count = seen[key] = seen.get(key, 0) + 1
        other = msgspec.structs.replace(target.asset, key=f"{key}#{count}")
        result.append(target if count == 1 else Target(other, target.tree))
    return result
