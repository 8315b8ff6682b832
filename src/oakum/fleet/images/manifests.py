"""The documents of an image: index, manifest, configuration, and ``manifest.json`` of a docker archive.

Sources: OCI image specification 1.1 (descriptor.md, image-index.md, manifest.md, config.md, image-layout.md), and
Docker's image specification 1.2 ("Combined Image JSON + Filesystem Changeset Format").
"""

from __future__ import annotations

import hashlib
import re
from typing import TypeVar

import msgspec

from oakum.errors import InputError, LimitError, Place
from oakum.fleet.images.sources import UNPACKED_LIMIT, Source, chunks

#: Bytes of one document; registries take manifests of 4 MiB.
DOCUMENT_LIMIT = 4 << 20
#: Layers of one image; overlayfs stacks 500 at most.
LAYERS_LIMIT = 500
#: Images in one index.
IMAGES_LIMIT = 10_000
INDEXES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
MANIFESTS = frozenset(
    {"application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json"}
)
CONFIGS = frozenset({"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})
#: How a layer is packed is seen by its first bytes, as the runtimes do.
LAYERS = re.compile(
    r"application/vnd\.oci\.image\.layer\.(?:nondistributable\.)?v1\.tar(?:\+gzip|\+zstd)?"
    r"|application/vnd\.docker\.image\.rootfs\.(?:diff|foreign\.diff)\.tar(?:\.gzip|\.zstd)?"
)
_DIGEST = re.compile(r"(sha256):[0-9a-f]{64}|(sha384):[0-9a-f]{96}|(sha512):[0-9a-f]{128}")
_AGAIN = "fetch or build the image again"

_Document = TypeVar("_Document")


class ChangedError(InputError):
    """A content is not the one of the digest or the size that was stated."""


class Platform(msgspec.Struct, frozen=True):
    """A platform as the specification writes it, in Go's words (amd64, arm64)."""

    architecture: str = ""
    os: str = ""
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


class Descriptor(msgspec.Struct, frozen=True, rename="camel"):
    """What points to a blob: what it is, its digest and its size."""

    media_type: str
    digest: str
    size: int
    annotations: dict[str, str] | None = None
    platform: Platform | None = None
    artifact_type: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """What the annotations call it, the longest first."""
        said = self.annotations or {}
        keys = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
        return tuple(dict.fromkeys(said[key] for key in keys if said.get(key)))


class Index(msgspec.Struct, frozen=True, rename="camel"):
    """An image index, also that of a layout."""

    schema_version: int
    manifests: list[Descriptor] | None
    media_type: str = ""
    layers: msgspec.Raw = msgspec.Raw()
    config: msgspec.Raw = msgspec.Raw()


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """An image manifest."""

    schema_version: int
    config: Descriptor
    layers: list[Descriptor] | None
    media_type: str = ""
    artifact_type: str = ""
    manifests: msgspec.Raw = msgspec.Raw()


class RootFs(msgspec.Struct, frozen=True):
    """The digests of the layers' archives, unpacked."""

    type: str
    diff_ids: list[str] | None = None


class Config(msgspec.Struct, frozen=True):
    """What is needed of an image's configuration."""

    rootfs: RootFs
    architecture: str = ""
    os: str = ""
    variant: str = ""

    @property
    def platform(self) -> Platform:
        """The platform that the image is built for."""
        return Platform(self.architecture, self.os, self.variant)


class Saved(msgspec.Struct, frozen=True, rename="pascal"):
    """One image of a docker archive: the paths of its configuration and its layers, and what it is called."""

    config: str
    layers: list[str] | None = None
    repo_tags: list[str] | None = None

    @property
    def image_id(self) -> str:
        """The digest of the configuration that its path states; empty where it states none."""
        name = self.config.rpartition("/")[2].removesuffix(".json")
        return f"sha256:{name}" if _DIGEST.fullmatch(f"sha256:{name}") else ""


class Layout(msgspec.Struct, frozen=True, rename="camel"):
    """The file ``oci-layout``."""

    image_layout_version: str


def decode(kind: type[_Document], data: bytes, place: str) -> _Document:
    """Decode a document; InputError names the field that is wrong."""
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not understood: {error}", place=Place(place), remedy=_AGAIN) from error


def document(source: Source, place: str) -> bytes:
    """All bytes of a document; LimitError where there are too many."""
    data = source.read_at(0, DOCUMENT_LIMIT + 1)
    if len(data) > DOCUMENT_LIMIT:
        remedy = "check whether it is genuine"
        raise LimitError(f"larger than {DOCUMENT_LIMIT >> 20} MB", place=Place(place), remedy=remedy)
    return data


def blob_path(digest: str, place: str) -> str:
    """Where a layout has a blob; InputError where that is no digest of a known algorithm."""
    if not _DIGEST.fullmatch(digest):
        remedy = "sha256, sha384 and sha512 are known here; copy the image with one of them"
        raise InputError(f"{digest[:150]!a} is no digest that is known here", place=Place(place), remedy=remedy)
    return f"blobs/{digest.replace(':', '/')}"


def verify(source: Source, digest: str, size: int | None, place: str) -> None:
    """Raises ChangedError where the content is not the one of that digest and size, LimitError beyond all sizes."""
    blob_path(digest, place)
    limited(size or 0, UNPACKED_LIMIT, "bytes", place)
    found = hashlib.new(digest.partition(":")[0])
    seen = 0
    # One byte more tells a longer content, which need not be read to its end.
    for chunk in chunks(source, UNPACKED_LIMIT + 1 if size is None else max(size, 0) + 1):
        found.update(chunk)
        seen += len(chunk)
    limited(seen, UNPACKED_LIMIT, "bytes", place)
    if size is not None and seen != size:
        has = f"has {seen} bytes" if seen < size else "has more bytes"
        raise ChangedError(f"it {has} where its descriptor says {size}", place=Place(place), remedy=_AGAIN)
    same(digest, f"{digest.partition(':')[0]}:{found.hexdigest()}", place)


def same(stated: str, found: str, place: str) -> None:
    """Raises ChangedError where the digest of a content is not the one that was stated."""
    if stated != found:
        raise ChangedError(f"its digest is {found}, not {stated}: it was changed", place=Place(place), remedy=_AGAIN)


def checked_manifest(data: bytes, place: str) -> Manifest:
    """A manifest; InputError where it could be taken for something else as well, or has too many layers."""
    manifest = decode(Manifest, data, place)
    if manifest.schema_version != 2 or manifest.media_type in INDEXES or bytes(manifest.manifests):
        raise InputError("this is no image manifest of schema 2", place=Place(place), remedy=_AGAIN)
    limited(len(manifest.layers or ()), LAYERS_LIMIT, "layers", place)
    return manifest


def checked_index(data: bytes, place: str) -> Index:
    """An index; InputError where it could be taken for something else as well, or has too many images."""
    index = decode(Index, data, place)
    if index.schema_version != 2 or index.media_type in MANIFESTS or bytes(index.layers) or bytes(index.config):
        raise InputError("this is no image index of schema 2", place=Place(place), remedy=_AGAIN)
    limited(len(index.manifests or ()), IMAGES_LIMIT, "images", place)
    return index


def limited(count: int, limit: int, what: str, place: str) -> None:
    """Raises LimitError where there are too many of something."""
    if count > limit:
        remedy = "check whether it is genuine"
        raise LimitError(f"it has {count} {what}, more than {limit}", place=Place(place), remedy=remedy)
