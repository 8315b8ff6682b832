"""One image of a layout or an archive: chosen, verified, its layers put over each other.

What a document says and its digest must agree, else the image was changed and is refused. A layer that is whole and
still cannot be read (packed in an unknown way, encrypted, missing, no sound archive) leaves nothing to be said of the
image, since it may replace anything: all such layers are told, and there is no tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from hashlib import sha256
from typing import Protocol, TypeVar

import msgspec

from oakum.errors import InputError, Place, UsageError
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.images import parse
from oakum.fleet.images import manifests
from oakum.fleet.images.choice import Choice, by_platform, by_selector, fits, likeness, unclear
from oakum.fleet.images.manifests import Config, Descriptor, Platform, Saved
from oakum.fleet.images.sources import Source
from oakum.fleet.images.stacking import MISSING, Layer, Means, Stack, stacked
from oakum.fleet.images.tree import ImageTree

_Assessed = TypeVar("_Assessed")

#: How deep indexes may stand in indexes.
_DEEPEST = 4


class Store(Protocol):
    """A folder or an archive with the parts of images."""

    def open(self, path: str) -> Source | None:
        """What stands at a relative path; None where nothing does."""


class Blobs(Protocol):
    """Whatever has the parts of images by their digests: a layout, a registry. What it gives is not believed."""

    def blob(self, descriptor: Descriptor, place: str) -> Source | None:
        """What is described; None where it is missing.

        Raises InputError where the digest is none, UnreachedError where nothing can be had now.
        """


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image as it was read.

    ``digest`` is the one of its manifest, by which registries know it; of its configuration (the image id) in a docker
    archive, which has no manifest. ``reference`` is what it is called, where that is told. ``tree`` is None where a
    layer could not be read: then ``gaps`` say why.
    """

    digest: str
    platform: Platform
    form: str
    reference: str = ""
    tree: ImageTree | None = None
    gaps: tuple[Gap, ...] = ()


class Unverified:
    """An image that was read, while the digests of its layers are still taken; to be assessed once."""

    def __init__(self, image: Image, stack: Stack) -> None:
        self._image = image
        self._stack = stack

    def assessed(self, assess: Callable[[Image], _Assessed]) -> _Assessed:
        """What ``assess`` makes of the image.

        It is called while digests are taken, which takes longer. What it returns or raises counts only when all are
        right; where a layer could not be read to its end, it is called once more, with the image that has no tree.
        Raises ChangedError where a digest is not the one that was stated, UnreachedError where nothing can be had now.
        """
        with closing(self._stack) as stack:
            if (tree := stack.tree()) is not None:
                try:
                    found = assess(msgspec.structs.replace(self._image, tree=tree))
                except Exception:  # whatever it was: of a layer that was changed, nothing else is told than that
                    if not stack.verify():
                        raise
                else:
                    if not stack.verify():
                        return found
            return assess(msgspec.structs.replace(self._image, gaps=stack.verify()))

    def image(self) -> Image:
        """The image itself; raises as ``assessed``."""
        return self.assessed(lambda image: image)


def read(store: Store, choice: Choice, means: Means, place: str) -> Unverified:
    """The chosen image. Raises OakumError where there is none, or where its documents or a digest are wrong."""
    if store.open("index.json") is not None:
        return _Layouts(store, choice, means, place).read()
    if (saved := store.open("manifest.json")) is not None:
        return _saved(store, manifests.document(saved, f"{place}: manifest.json"), choice, means, place)
    raise InputError(
        "neither an OCI layout (index.json) nor a docker archive (manifest.json)",
        place=Place(place),
        remedy="write the image with skopeo copy, docker save or podman save",
    )


def read_described(top: Descriptor, blobs: Blobs, choice: Choice, means: Means, place: str, *, form: str) -> Unverified:
    """The image that a descriptor of a manifest or an index leads to. Raises OakumError as ``read`` does.

    ``form`` says what kind of thing the blobs are from.
    """
    return _Described(blobs, choice, means, place, form).image(top)


class _Described:
    """Follows descriptors to an image (descriptor.md, image-index.md, manifest.md)."""

    def __init__(self, blobs: Blobs, choice: Choice, means: Means, place: str, form: str = "OCI layout") -> None:
        self._blobs = blobs
        self._choice = choice
        self._means = means
        self._place = place
        self._form = form

    def image(self, top: Descriptor) -> Unverified:
        found = top
        for _ in range(_DEEPEST):
            if found.media_type not in manifests.INDEXES:
                return self.manifest(found, top)
            found = by_platform(self.index(found), self._choice, f"{self._place}: index {found.digest}")
        raise InputError(f"indexes stand deeper than {_DEEPEST} in each other", place=Place(self._place))

    def index(self, described: Descriptor) -> Sequence[Descriptor]:
        """The entries of an index, verified."""
        place = f"{self._place}: index {described.digest}"
        return manifests.checked_index(self._document(described), place).manifests or []

    def manifest(self, found: Descriptor, top: Descriptor) -> Unverified:
        """The image of a manifest, to which ``top`` has led."""
        place = f"{self._place}: manifest {found.digest}"
        if found.media_type not in manifests.MANIFESTS:
            what = f"{found.media_type[:150]!a} is no image manifest that is known here"
            raise InputError(what, place=Place(place), remedy="copy the image with skopeo copy --format oci")
        manifest = manifests.checked_manifest(self._document(found), place)
        if manifest.config.media_type not in manifests.CONFIGS:
            what = f"this is no container image but {manifest.config.media_type[:150]!a}"
            raise InputError(what, place=Place(place), remedy="name an image: PATH:TAG or PATH@DIGEST")
        config = manifests.decode(
            Config, self._document(manifest.config), f"{self._place}: configuration {manifest.config.digest}"
        )
        _fitting(config, self._choice, place)
        layers = manifest.layers or []
        diff_ids = _diff_ids(config, len(layers), place)
        given = [self._layer(each, diff_id, place) for each, diff_id in zip(layers, diff_ids, strict=True)]
        image = Image(
            digest=found.digest,
            platform=config.platform,
            form=self._form,
            reference=_reference((*top.names, *found.names)),
        )
        return _stacked(image, given, self._means, self._place)

    def _layer(self, described: Descriptor, diff_id: str, place: str) -> Layer:
        manifests.blob_path(described.digest, place)
        where = f"layer {described.digest}"
        return Layer(partial(self._blobs.blob, described, f"{self._place}: {where}"), where, diff_id, described)

    def _document(self, descriptor: Descriptor) -> bytes:
        """A document, verified."""
        place = f"{self._place}: blob {descriptor.digest[:150]}"
        manifests.limited(descriptor.size, manifests.DOCUMENT_LIMIT, "bytes", place)
        source = self._blobs.blob(descriptor, place)
        if source is None:
            raise InputError("this blob is missing", place=Place(place), remedy=MISSING)
        manifests.verify(source, descriptor.digest, descriptor.size, place)
        return manifests.document(source, place)


class _LayoutBlobs:
    """The blobs of a layout, by their paths."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def blob(self, descriptor: Descriptor, place: str) -> Source | None:
        """See ``Blobs``."""
        return self._store.open(manifests.blob_path(descriptor.digest, place))


class _Layouts:
    """Reads an OCI image layout (image-layout.md)."""

    def __init__(self, store: Store, choice: Choice, means: Means, place: str) -> None:
        self._store = store
        self._choice = choice
        self._place = place
        self._described = _Described(_LayoutBlobs(store), choice, means, place)

    def read(self) -> Unverified:
        index = manifests.checked_index(self._file("index.json"), f"{self._place}: index.json")
        layout = manifests.decode(manifests.Layout, self._file("oci-layout"), f"{self._place}: oci-layout")
        if layout.image_layout_version != "1.0.0":
            raise InputError(
                f"a layout of version {layout.image_layout_version[:50]!a} is not known",
                place=Place(f"{self._place}: oci-layout"),
                remedy="copy it with skopeo to a layout of version 1.0.0",
            )
        listed = index.manifests or []
        try:
            meant = by_selector(listed, self._choice, self._place)
        except UsageError:
            nested = self._nested(listed, self._choice.selector)
            if nested is None:
                raise
            return self._described.manifest(nested[1], nested[0])
        return self._described.image(meant[0] if len(meant) == 1 else by_platform(meant, self._choice, self._place))

    def _nested(self, listed: Sequence[Descriptor], digest: str) -> tuple[Descriptor, Descriptor] | None:
        """An index that is listed, and the manifest of that digest in it."""
        if not digest.startswith("sha"):
            return None
        for top in listed:
            if top.media_type in manifests.INDEXES:
                for each in self._described.index(top):
                    if each.digest == digest:
                        return top, each
        return None

    def _file(self, path: str) -> bytes:
        source = self._store.open(path)
        if source is None:
            raise InputError(
                "this file is missing in the layout", place=Place(f"{self._place}: {path}"), remedy=MISSING
            )
        return manifests.document(source, f"{self._place}: {path}")


def _saved(store: Store, data: bytes, choice: Choice, means: Means, place: str) -> Unverified:
    """The chosen image of a docker archive."""
    listed = manifests.decode(list[Saved], data, f"{place}: manifest.json")
    manifests.limited(len(listed), manifests.IMAGES_LIMIT, "images", f"{place}: manifest.json")
    if choice.selector.startswith("sha"):
        meant = [each for each in listed if each.image_id == choice.selector]
    elif choice.selector:
        best = max((likeness(each.repo_tags or (), choice.selector) for each in listed), default=0)
        meant = [each for each in listed if best and likeness(each.repo_tags or (), choice.selector) == best]
    else:
        meant = listed
    if len({each.config for each in meant}) != 1:
        names = [name for each in listed for name in (each.repo_tags or (f"@{each.image_id}",))]
        what = "it holds more than one image" if meant else f"no image here is called {choice.selector!r}"
        raise unclear(what, names, place)
    chosen = meant[0]
    source = store.open(chosen.config)
    if source is None:
        raise InputError("the configuration is missing", place=Place(f"{place}: {chosen.config}"), remedy=MISSING)
    where = f"{place}: {chosen.config}"
    text = manifests.document(source, where)
    digest = f"sha256:{sha256(text).hexdigest()}"
    if chosen.image_id:
        manifests.same(chosen.image_id, digest, where)
    config = manifests.decode(Config, text, where)
    _fitting(config, choice, place)
    paths = chosen.layers or []
    manifests.limited(len(paths), manifests.LAYERS_LIMIT, "layers", f"{place}: manifest.json")
    given = [
        Layer(partial(store.open, path), f"layer {path}", diff_id)
        for path, diff_id in zip(paths, _diff_ids(config, len(paths), where), strict=True)
    ]
    image = Image(
        digest=digest,
        platform=config.platform,
        form="docker archive",
        reference=_reference(tuple(chosen.repo_tags or ())),
    )
    return _stacked(image, given, means, place)


def _diff_ids(config: Config, count: int, place: str) -> list[str]:
    found = config.rootfs.diff_ids or []
    if len(found) != count:
        what = f"the configuration names {len(found)} layers, and {count} are listed"
        raise InputError(what, place=Place(place), remedy="build the image again")
    for each in found:
        manifests.blob_path(each, place)
    return found


def _fitting(config: Config, choice: Choice, place: str) -> None:
    """Raises UsageError where another platform was asked for than the one that the image is built for."""
    if choice.platform is not None and not fits(config.platform, choice.platform):
        what = f"the image is for {config.platform or 'no platform'}, not for {choice.platform}"
        raise UsageError(what, place=Place(place), remedy="leave out --platform, or name another image")


def _reference(names: Sequence[str]) -> str:
    """The first name that tells a repository, not only a tag."""
    return next((name for name in names if (":" in name or "/" in name) and parse(name) is not None), "")


def _stacked(image: Image, layers: Sequence[Layer], means: Means, place: str) -> Unverified:
    return Unverified(image, stacked(layers, means, place))
