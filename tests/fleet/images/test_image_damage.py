"""Archives that are cut off, changed or hostile: an image, a reason, or an error of ours, and nothing else."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.fleet.images.builder import MANIFEST, PACKINGS, Files, Node, file, folder, hard, layer, layout, link, saved

from oakum.errors import InputError, OakumError
from oakum.fleet.images.archives import ArchiveStore
from oakum.fleet.images.choice import Choice
from oakum.fleet.images.reading import Image, Store, read
from oakum.fleet.images.sources import Memory
from oakum.fleet.images.stacking import Means
from oakum.fleet.images.tree import ImageTree
from oakum.fleet.languages.programs import silent
from oakum.fleet.rootfs import read_image

GOOD = layer(
    folder("etc"), file("etc/os-release", "ID=debian\nVERSION_ID=12\n"), file("long/" * 40 + "name", "x" * 700),
    file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"),
    link("l", "etc/../../etc"), hard("h", "etc/os-release"), Node("dev", kind=tarfile.CHRTYPE), file("l/.wh.x"),
)  # fmt: skip
OTHER = layer(file("etc/.wh..wh..opq"), folder("long"), file("etc/n", "1"), file("h", "2"))


def looked_at(store: Store) -> Image | None:
    """Read an image with all that is in it; None where it is refused by an error of ours."""
    try:
        image = read(store, Choice(), Means({}, silent), "there").image()
    except OakumError as error:
        assert error.what
        return None
    assert (image.tree is None) == bool(image.gaps)
    if image.tree is not None:
        for path in every(image.tree, "", 0):
            with suppress(FileNotFoundError, InputError):
                image.tree.read(path, 1 << 20)
        read_image(image.tree, name="x", key=image.digest, form=image.form, platform="linux")
    return image


def every(tree: ImageTree, path: str, depth: int) -> Iterator[str]:
    for name in tree.names(path or "/") if depth < 60 else ():
        yield f"{path}/{name}"
        if tree.kind(f"{path}/{name}") == "directory":
            yield from every(tree, f"{path}/{name}", depth + 1)


@st.composite
def changed(draw: st.DrawFn, data: bytes) -> bytes:
    """Bytes changed, repeated, left out or cut off; headers often with a checksum that is right again."""
    archive = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(archive) - 1))
        what = draw(st.sampled_from(["byte", "byte", "byte", "run", "block"]))
        if what == "byte":
            archive[at] = draw(st.integers(0, 255))
        elif what == "run":
            archive[at : at + draw(st.integers(0, 30))] = draw(st.binary(max_size=30))
        else:
            other = draw(st.integers(0, len(archive) // 512)) * 512
            archive[at // 512 * 512 : at // 512 * 512] = archive[other : other + 512]
        header = at // 512 * 512
        if draw(st.booleans()) and header + 512 <= len(archive):
            archive[header + 148 : header + 156] = b" " * 8
            archive[header + 148 : header + 156] = b"%06o\0 " % sum(archive[header : header + 512])
    return bytes(archive[: draw(st.integers(0, len(archive)))] if draw(st.booleans()) else archive) or b"\0"


@given(changed(GOOD), st.sampled_from(["", "+gzip"]))
def test_a_damaged_layer_under_right_digests_is_read_or_a_reason(data: bytes, packing: str) -> None:
    assert looked_at(layout(data, OTHER, packing=packing)) is not None
    looked_at(saved({"web:1": [data, OTHER]}))


@given(changed(PACKINGS["+gzip"](GOOD)))
def test_a_damaged_gzip_stream_is_a_reason_or_a_lie(data: bytes) -> None:
    files = saved({"web:1": [GOOD]})
    files[next(path for path in files if path.endswith("layer.tar"))] = data
    looked_at(files)


@given(st.data())
def test_a_damaged_archive_of_an_image_is_read_or_refused(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([layout(GOOD).tar(), saved({"web:1": [GOOD]}).tar()]))
    with suppress(OakumError):
        looked_at(ArchiveStore(Memory(data.draw(changed(whole)))))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from([MANIFEST, "sha256:" + "0" * 64, "", "../x", "\0", 1 << 70]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["digest", "layers", "size"]), inner),
    max_leaves=4,
)  # fmt: skip


@given(st.data())
def test_documents_of_any_content_are_read_or_refused(data: st.DataObject) -> None:
    files = data.draw(st.sampled_from([layout(GOOD), saved({"web:1": [GOOD]})]))
    files = Files(files)
    name = "index.json" if "index.json" in files else "manifest.json"
    content = json.loads(files[name])
    if name == "index.json" and data.draw(st.booleans()):
        image = Files(files)
        manifest = json.loads(files["blobs/" + content["manifests"][0]["digest"].replace(":", "/")])
        altered(data, manifest)
        files = image.index(image.document(manifest, MANIFEST))
    else:
        altered(data, content)
        files[name] = json.dumps(content).encode()
    looked_at(files)


def altered(data: st.DataObject, content: Any) -> None:
    """Put something else at some place of a document."""
    while True:
        keys = list(content) if isinstance(content, dict) else list(range(len(content)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(content[key], dict | list) and content[key] and data.draw(st.booleans()):
            content = content[key]
            continue
        content[key] = data.draw(VALUES)
        return
