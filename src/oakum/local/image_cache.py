"""What was read of images, kept by their digests, so that the next scan does not pull them again.

A digest never stands for another image, so what was read of it stays true for as long as it is read in the same way:
files lie in a folder that is named after the readers, and readers that have changed begin anew. Kept are lists of
packages, no layers. A file begins with the digest of the rest of it; one that is damaged, or is about another image or
platform than its name says, is passed over and removed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
import zlib
from contextlib import suppress
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from oakum import __version__
from oakum.fleet.assets import Asset
from oakum.fleet.images.manifests import Platform
from oakum.fleet.packages import package_set

#: Bytes of all files together, and of what one of them unpacks to.
MOST_BYTES, LARGEST = 512 << 20, 256 << 20
_VERSION = re.compile(r"[0-9a-f]{16}")
_HEAD = hashlib.sha256().digest_size


class Reading(msgspec.Struct, frozen=True):
    """What was read of an image of one platform; the key of ``asset`` is the digest of its manifest."""

    asset: Asset
    built_for: Platform


class _Kept(msgspec.Struct, frozen=True):
    """The reading of ``digest`` (of a manifest, or of an index for a platform)."""

    digest: str
    platform: str
    reading: Reading


class ImageCache:
    """A folder of readings; a file that cannot be written is no error, since only time is lost by it."""

    def __init__(self, folder: Path, readers: str = "", most: int = MOST_BYTES) -> None:
        """``readers`` is the version of the readers, by default of those of this program."""
        self._top = folder
        self._folder = folder / (readers or readers_version())
        self._most = most

    def get(self, digest: str, platform: Platform | None) -> Reading | None:
        """What was read of an image; None where that is not known."""
        file = self._file(digest, platform)
        try:
            data = file.read_bytes()
        except OSError:
            return None
        found = _decoded(data, digest, str(platform or ""))
        with suppress(OSError):
            if found is None:
                file.unlink()
            else:
                os.utime(file)  # the least recently used go first
        return found

    def put(self, digest: str, platform: Platform | None, reading: Reading) -> None:
        """Keep a reading, all of it or nothing."""
        body = zlib.compress(msgspec.msgpack.encode(_Kept(digest, str(platform or ""), reading)), 1)
        file = self._file(digest, platform)
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # mkstemp makes a file that only its owner may read.
            handle, name = tempfile.mkstemp(prefix=".", dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as opened:
                    opened.write(hashlib.sha256(body).digest() + body)
                Path(name).replace(file)
            except BaseException:  # whatever ends the write, nothing half-written stays
                Path(name).unlink(missing_ok=True)
                raise

    def tidy(self) -> None:
        """Remove what other readers have left, and the least recently used files beyond the limit."""
        with suppress(OSError):
            for each in self._top.iterdir():
                ours = _VERSION.fullmatch(each.name) and each.is_dir() and not each.is_symlink()
                if ours and each != self._folder:
                    shutil.rmtree(each, ignore_errors=True)
        with suppress(OSError):
            found = sorted(((one.stat(), one) for one in self._folder.iterdir()), key=lambda one: -one[0].st_mtime_ns)
            total = 0
            for stat, file in found:
                total += stat.st_size
                if total > self._most:
                    file.unlink(missing_ok=True)

    def _file(self, digest: str, platform: Platform | None) -> Path:
        # The platform is told by a registry's words or a node's, and stands in no name of a file.
        name = hashlib.sha256(f"{digest} {platform or ''}".encode()).hexdigest()
        return self._folder / f"{name}.image"


def _decoded(data: bytes, digest: str, platform: str) -> Reading | None:
    head, body = data[:_HEAD], data[_HEAD:]
    if hashlib.sha256(body).digest() != head:
        return None
    try:
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(body, LARGEST)
        kept = msgspec.msgpack.decode(text, type=_Kept)
    except (zlib.error, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    packages = kept.reading.asset.packages
    sound = package_set(packages.release, packages.packages).digest == packages.digest
    return kept.reading if sound and (kept.digest, kept.platform) == (digest, platform) else None


@cache
def readers_version() -> str:
    """The version of all that makes a reading of an image: this program's, and the contents of its readers."""
    found = hashlib.sha256(__version__.encode())
    _into(found, resources.files("oakum.fleet"))
    return found.hexdigest()[:16]


def _into(digest: hashlib._Hash, folder: Traversable) -> None:
    for each in sorted(folder.iterdir(), key=lambda one: one.name):
        if each.is_dir():
            _into(digest, each)
        elif each.name.endswith((".py", ".yaml", ".json")):
            digest.update(each.name.encode() + each.read_bytes())
