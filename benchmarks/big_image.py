"""An image of two gibibytes as registries and ``docker save`` give them, made of what is installed on this machine.

Its layers are real: the package database, then ``/usr`` in the order of its paths, cut into layers, up to the size that
is wanted. The same layers stand in an OCI layout, packed by gzip, and in a docker archive, plain.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

GIB = 1 << 30
_LAYER = GIB // 2
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class BigImage(NamedTuple):
    """Both forms of the image, the bytes of its plain layers, and the files in them."""

    layout: Path
    archive: Path
    size: int
    files: int


def big_image(work: Path, size: int = 2 * GIB) -> BigImage | str:
    """The image, written under ``work``; or why there is none."""
    if not Path("/var/lib/dpkg/status").is_file():
        return "this machine has no dpkg database"
    plain: list[Path] = []
    files = total = 0
    sources = _sources()
    while total < size:
        path = work / f"layer-{len(plain)}.tar"
        added = _layer(path, sources, min(_LAYER, size - total))
        if not added:
            return f"this machine has only {total >> 20} MiB to make an image of"
        plain.append(path)
        files += added
        total += path.stat().st_size
    image = BigImage(_layout(work / "layout", plain), _archive(work / "image.tar", plain), total, files)
    for path in plain:
        path.unlink()
    return image


def _sources() -> Iterator[tuple[str, int]]:
    """Paths with the bytes that each adds: what names the packages first, then all of /usr."""
    for first in ("/etc/os-release", "/usr/lib/os-release", "/etc/debian_version", "/var/lib/dpkg/status"):
        if (file := Path(first)).exists():
            yield first, file.lstat().st_size
    for folder in ("/var/lib/dpkg/info", "/usr"):
        for parent, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                path = f"{parent}/{name}"
                mode = os.lstat(path)
                if stat.S_ISREG(mode.st_mode) or stat.S_ISLNK(mode.st_mode):
                    yield path, mode.st_size


def _layer(path: Path, sources: Iterator[tuple[str, int]], size: int) -> int:
    """Write one layer of about ``size`` bytes; returns how many files are in it."""
    files = written = 0
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as layer:
        while written < size and (found := next(sources, None)) is not None:
            try:
                layer.add(found[0], recursive=False)
            except FileNotFoundError:
                continue
            files += 1
            written += found[1] + 1024
    return files


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _config(plain: list[Path]) -> bytes:
    machine = platform.machine()
    layers = [f"sha256:{_digest(path)}" for path in plain]
    rootfs = {"type": "layers", "diff_ids": layers}
    return json.dumps({"architecture": _MACHINES.get(machine, machine), "os": "linux", "rootfs": rootfs}).encode()


def _layout(folder: Path, plain: list[Path]) -> Path:
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def described(kind: str, data: bytes) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}

    layers = []
    for path in plain:
        packed = folder / "packed"
        with packed.open("wb") as target:
            subprocess.run(["gzip", "-5", "--no-name", "--stdout", str(path)], stdout=target, check=True)
        digest = _digest(packed)
        packed.rename(blobs / digest)
        layers.append({"mediaType": _GZIP, "digest": f"sha256:{digest}", "size": (blobs / digest).stat().st_size})
    config = described(_CONFIG, _config(plain))
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": config, "layers": layers}
    top = described(_MANIFEST, json.dumps(manifest).encode())
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [top]}))
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    return folder


def _archive(path: Path, plain: list[Path]) -> Path:
    config = _config(plain)
    names = [f"layer-{number}/layer.tar" for number in range(len(plain))]
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    saved = json.dumps([{"Config": name, "RepoTags": ["big:1"], "Layers": names}]).encode()
    with tarfile.open(path, "w") as archive:
        for member, data in ((name, config), ("manifest.json", saved)):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for member, layer in zip(names, plain, strict=True):
            archive.add(layer, member)
    return path
