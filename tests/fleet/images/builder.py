"""Images made in memory: layers by the standard library's tarfile, layouts and docker archives around them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from oakum.fleet.images.sources import Memory, Source

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
Json = dict[str, Any]


class Node(NamedTuple):
    """An entry of a layer; ``kind`` in tarfile's types."""

    path: str
    content: bytes = b""
    kind: bytes = tarfile.REGTYPE
    target: str = ""


def file(path: str, content: bytes | str = b"") -> Node:
    return Node(path, content.encode() if isinstance(content, str) else content)


def folder(path: str) -> Node:
    return Node(path, kind=tarfile.DIRTYPE)


def link(path: str, target: str) -> Node:
    return Node(path, kind=tarfile.SYMTYPE, target=target)


def hard(path: str, target: str) -> Node:
    return Node(path, kind=tarfile.LNKTYPE, target=target)


def layer(*nodes: Node, form: int = tarfile.PAX_FORMAT) -> bytes:
    """A layer's archive."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=form) as archive:
        for node in nodes:
            member = tarfile.TarInfo(node.path)
            member.type = node.kind
            member.linkname = node.target
            member.size = len(node.content)
            member.mode = 0o755
            archive.addfile(member, io.BytesIO(node.content))
    return made.getvalue()


def digest(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def zstd(data: bytes) -> bytes:
    if shutil.which("zstd") is None:
        pytest.skip("not installed: zstd")
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


def packed(data: bytes) -> bytes:
    return gzip.compress(data, 1, mtime=0)


PACKINGS: Mapping[str, Callable[[bytes], bytes]] = {"": lambda data: data, "+gzip": packed, "+zstd": zstd}


class Files(dict[str, bytes]):
    """The files of a layout or an archive by path; a ``Store``."""

    def open(self, path: str) -> Source | None:
        return Memory(self[path]) if path in self else None

    def write(self, root: Path) -> Path:
        for path, data in self.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(data)
        return root

    def tar(self) -> bytes:
        return layer(*(file(path, data) for path, data in self.items()))

    def blob(self, data: bytes, media_type: str, **more: object) -> Json:
        """Keep a blob; its descriptor."""
        self[f"blobs/{digest(data).replace(':', '/')}"] = data
        return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}

    def document(self, content: Json, media_type: str, **more: object) -> Json:
        return self.blob(json.dumps(content).encode(), media_type, **more)

    def index(self, *descriptors: Json) -> Files:
        """Make it a layout with these entries."""
        self["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
        content = {"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors}
        self["index.json"] = json.dumps(content).encode()
        return self

    def image(
        self, layers: Sequence[bytes], *, built_for: str = "linux/amd64", packing: str = "+gzip", **more: object
    ) -> Json:
        """Keep an image of these layers; the descriptor of its manifest."""
        config = self.document(configuration(layers, built_for), CONFIG)
        given = [self.blob(PACKINGS[packing](data), LAYER + packing) for data in layers]
        content = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": given}
        return self.document(content, MANIFEST, **more)


def configuration(layers: Sequence[bytes], platform: str = "linux/amd64") -> Json:
    return {**platform_of(platform), "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in layers]}}


def platform_of(platform: str) -> Json:
    return dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))


def named(name: str) -> Json:
    return {"annotations": {"org.opencontainers.image.ref.name": name}}


def for_platform(platform: str) -> Json:
    return {"platform": platform_of(platform)}


def layout(*layers: bytes, packing: str = "+gzip") -> Files:
    """A layout with one image."""
    files = Files()
    return files.index(files.image(layers, packing=packing))


def saved(images: Mapping[str, Sequence[bytes]]) -> Files:
    """A docker archive with images by tag, as docker has written them before version 25."""
    files, listed = Files(), []
    for tag, layers in images.items():
        config = json.dumps(configuration(layers)).encode()
        name = f"{digest(config).removeprefix('sha256:')}.json"
        files[name] = config
        paths = []
        for data in layers:
            paths.append(f"{digest(data + b'x').removeprefix('sha256:')}/layer.tar")
            files[paths[-1]] = data
        listed.append({"Config": name, "RepoTags": [tag], "Layers": paths})
    files["manifest.json"] = json.dumps(listed).encode()
    return files
