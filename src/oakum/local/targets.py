"""From what a person names to an asset: this machine, a root file system, an image on disk or in a registry, an SBOM,
another scanner's report.

Who reads one kind of target does not wait for the readers of the others: each is imported when it is first needed.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from oakum.errors import InputError, OakumError, Place, UsageError
from oakum.fleet.assets import Asset
from oakum.fleet.packages import package_set
from oakum.ports import Tree

if TYPE_CHECKING:
    from oakum.fleet.cluster.components import Components
    from oakum.fleet.images.choice import Choice
    from oakum.fleet.images.manifests import Platform
    from oakum.fleet.images.reading import Image
    from oakum.fleet.images.stacking import Means

#: The largest SBOM that is read; the largest real ones (a mono-repository's) have tens of megabytes.
SBOM_LIMIT = 1 << 29
_TARGETS = "name host, a root folder, an image on disk, an SBOM, a report, or image:REF for one in a registry"
#: Before the reference of an image in a registry.
REGISTRY = "image:"


class Target(msgspec.Struct, frozen=True):
    """An asset, and the tree it was read from where it has one (a machine, a root file system).

    ``report`` is the file where it is another scanner's report, which has findings of its own.
    """

    asset: Asset
    tree: Tree | None = None
    report: Path | None = None


def read_target(target: str, wanted: Platform | None = None, insecure: Iterable[str] = ()) -> Target:
    """Read one target. OakumError names it.

    ``wanted`` is the platform of an image that has several; ``insecure`` are registries that may be asked over plain
    http.
    """
    if not target:
        raise UsageError("a target's name is empty", remedy=_TARGETS)
    if target == "host":
        return _root(Path("/"), platform.node() or "localhost")
    try:
        if target.startswith(REGISTRY):
            return _pulled(target, wanted, insecure)
        path, selector = _split(target)
        if path.is_dir() and not selector and not (path / "oci-layout").is_file():
            return _root(path, target)
        if not path.exists():
            raise UsageError("no such file or folder", remedy=_TARGETS)
        if not path.is_dir() and not path.is_file():
            raise UsageError(f"{target}: neither a file nor a folder", remedy=_TARGETS)
        found = _image(path, target, selector, wanted)
        if found is not None:
            return found
        if selector:
            what = "it has no images, so none can be chosen by a tag or digest"
            raise UsageError(what, place=Place(str(path)), remedy=_TARGETS)
        if path.stat().st_size > SBOM_LIMIT:
            raise InputError(f"larger than {SBOM_LIMIT >> 20} MB", remedy="split the SBOM")
        return _sbom(path, target)
    except OakumError as error:
        raise error.within(target) from None
    except (OSError, ValueError) as error:
        what = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise InputError(what, place=Place(target), remedy="check the path and its permissions") from None


def _split(target: str) -> tuple[Path, str]:
    """The path of a target, and the tag or digest of an image behind it.

    A path may itself have colons, and a tag may be a whole reference: the longest path that is there counts.
    """
    for end in (len(target), *(at for at in range(len(target) - 1, 0, -1) if target[at] in ":@")):
        if (path := Path(target[:end])).exists():
            return path, target[end + 1 :]
    return Path(target), ""


def _image(path: Path, name: str, selector: str, wanted: Platform | None) -> Target | None:
    """An image of a layout or an archive; None where it is neither."""
    from oakum.adapters.files.images import image_store

    store = image_store(path)
    if store is None:
        return None
    # What follows is loaded for images alone: a scan of an SBOM, which most are, starts without it.
    from oakum.fleet.images.reading import read

    return read(store, _choice(selector, wanted), means(), str(path)).assessed(partial(assessed, name=name))


def _pulled(target: str, wanted: Platform | None, insecure: Iterable[str]) -> Target:
    """An image of a registry."""
    from oakum.adapters.registry.addresses import insecure_hosts
    from oakum.adapters.registry.images import Repository
    from oakum.fleet.cluster.images import parse
    from oakum.fleet.images.reading import read_described

    reference = parse(target.removeprefix(REGISTRY))
    if reference is None:
        remedy = "name one as image:nginx:1.27, image:quay.io/team/web@sha256:... or image:localhost:5000/web"
        raise UsageError("this is no reference of an image", remedy=remedy)
    with Repository(reference, insecure=insecure_hosts(insecure)) as repository:
        found = read_described(
            repository.described(), repository, _choice("", wanted), means(), target, form="registry image"
        )
    return found.assessed(lambda image: assessed(msgspec.structs.replace(image, reference=str(reference)), target))


def _choice(selector: str, wanted: Platform | None) -> Choice:
    from oakum.fleet.images.choice import Choice, machine_platform

    return Choice(selector, wanted, machine_platform(platform.system(), platform.machine()))


def means() -> Means:
    """What the layers of images are read with on this machine."""
    from oakum.adapters.files.zstd import unpackers
    from oakum.fleet.images.stacking import Means
    from oakum.fleet.languages.programs import silent

    return Means(unpackers(), silent)


def assessed(image: Image, name: str) -> Target:
    """An image that was read as an asset; ``name`` is for one that tells no reference."""
    from oakum.fleet.images.purls import purl_of
    from oakum.fleet.rootfs import read_image

    form = f"{image.form}, {image.platform}"
    called = image.reference or name
    if image.tree is None:
        return Target(
            Asset(
                kind="image", key=image.digest, name=called, source=form, packages=package_set(None, ()),
                gaps=image.gaps, platform=image.platform.os,
            )
        )  # fmt: skip
    asset = read_image(image.tree, name=called, key=image.digest, form=form, platform=image.platform.os)
    # A docker archive has no manifest, and its image id is not the digest by which others know it.
    purl = purl_of(image.reference, "" if image.form == "docker archive" else image.digest, image.platform)
    return Target(msgspec.structs.replace(asset, subject=(purl,) if purl else ()), image.tree)


def _root(path: Path, name: str) -> Target:
    from oakum.adapters.files.tree import DirectoryTree
    from oakum.fleet.rootfs import read_root

    tree = DirectoryTree(path)
    return Target(read_root(tree, name=name), tree)


def _sbom(path: Path, name: str) -> Target:
    from oakum.fleet.sbom import is_report, read

    asset = read(path.read_bytes(), name=name, rules=_component_rules)
    return Target(asset, report=path if is_report(asset) else None)


def _component_rules() -> Components:
    # Only the bill of materials of a cluster asks for them.
    from oakum.local.components import component_rules

    return component_rules()


def distinct(targets: list[Target]) -> list[Target]:
    """The targets with distinct keys: two inputs that carry one identity (copies of a file) stay two assets."""
    seen: dict[str, int] = {}
    result = []
    for target in targets:
        key = target.asset.key
        count = seen[key] = seen.get(key, 0) + 1
        other = msgspec.structs.replace(target.asset, key=f"{key}#{count}")
        result.append(target if count == 1 else msgspec.structs.replace(target, asset=other))
    return result
