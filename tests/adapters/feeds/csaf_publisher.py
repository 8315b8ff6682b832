"""Red Hat's and SUSE's folders of CSAF documents on a publisher of the tests, laid out as theirs are."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
from email.utils import formatdate
from typing import Any

import pytest
from tests.adapters.feeds.publisher import NOW, Publisher
from tests.advisories.csaf_documents import document
from tests.advisories.suse_documents import SLES, suse

RED_HAT = "/security.access.redhat.com/data/csaf/v2/vex"
SUSE = "/ftp.suse.com/pub/projects/security/csaf-vex"


def red_hat(number: int, fix: str = "1-1", **rest: Any) -> dict[str, Any]:
    return document(("9", f"pkg:rpm/redhat/p{number}@{fix}?arch=x86_64", "fixed"), cve=f"CVE-2024-{number}", **rest)


def of_suse(number: int, fix: str = "1-1") -> dict[str, Any]:
    return suse((SLES, f"p{number}-{fix}", "recommended"), cve=f"CVE-2024-{number}")


def tarred(files: dict[str, bytes], **members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in members.values():
            archive.addfile(info)
    return buffer.getvalue()


def packed(data: bytes, name: str) -> bytes:
    """As the name of an archive says."""
    if name.endswith(".zst"):
        if shutil.which("zstd") is None:
            pytest.skip("the tool zstd is not here")
        return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout
    if name.endswith(".bz2"):
        import bz2

        return bz2.compress(data)
    if name.endswith(".xz"):
        import lzma

        return lzma.compress(data)
    return gzip.compress(data, mtime=0)


class Folder:
    """A publisher's documents by path; ``publish`` brings lists and documents up to date, ``pack`` the archive."""

    def __init__(self, publisher: Publisher, root: str, *, deletions: bool, sums: bool) -> None:
        self.publisher, self.root, self.sums = publisher, root, sums
        self.deletions = deletions
        self.times: dict[str, str] = {}
        self.deleted: dict[str, str] = {}
        self.data: dict[str, bytes] = {}

    def put(self, path: str, whole: dict[str, Any] | bytes, time: str) -> None:
        self.data[path] = whole if isinstance(whole, bytes) else json.dumps(whole).encode()
        self.times[path] = time

    def remove(self, path: str, time: str) -> None:
        del self.data[path], self.times[path]
        self.publisher.documents.pop(f"{self.root}/{path}", None)
        self.deleted[path] = time

    def publish(self) -> None:
        def rows(times: dict[str, str]) -> bytes:
            return "".join(f'"{path}","{time}"\n' for path, time in times.items()).encode()

        self.publisher.put(f"{self.root}/changes.csv", rows(self.times), kind="text/csv")
        if self.deletions:
            self.publisher.put(f"{self.root}/deletions.csv", rows(self.deleted), kind="text/csv")
        for path, data in self.data.items():
            self.publisher.put(f"{self.root}/{path}", data, kind="application/json")
            if self.sums:
                self.sum(f"{self.root}/{path}")

    def sum(self, path: str) -> None:
        digest = hashlib.sha256(self.publisher.documents[path].data).hexdigest()
        self.publisher.put(f"{path}.sha256", f"{digest}  {path.rpartition('/')[2]}\n".encode())

    def pack(self, name: str, *, folder: str = "", data: bytes | None = None, modified: float = NOW) -> None:
        """The archive under a name relative to the folder, and what names it."""
        whole = tarred({f"{folder}{path}": each for path, each in self.data.items()}) if data is None else data
        if name.startswith("../"):
            path = f"{self.root.rpartition('/')[0]}/{name[3:]}"
        else:
            path = f"{self.root}/{name}"
            self.publisher.put(f"{self.root}/archive_latest.txt", name.encode(), kind="text/plain")
        self.publisher.put(path, packed(whole, name), modified=formatdate(modified, usegmt=True))
        if self.sums:
            self.sum(path)


def red_hat_folder(publisher: Publisher, count: int = 20, *, time: str = "2026-02-20T00:00:00+00:00") -> Folder:
    """Red Hat's VEX files, and their archive of 2026-02-25."""
    folder = Folder(publisher, RED_HAT, deletions=True, sums=True)
    for number in range(1000, 1000 + count):
        folder.put(f"2024/cve-2024-{number}.json", red_hat(number), time)
    folder.pack("csaf_vex_2026-02-25.tar.zst")
    folder.publish()
    return folder


def suse_folder(publisher: Publisher, count: int = 20, *, time: str = "2026-02-20T00:00:00Z") -> Folder:
    """SUSE's VEX files, and their archive, which says by Last-Modified of when it is."""
    folder = Folder(publisher, SUSE, deletions=False, sums=False)
    for number in range(1000, 1000 + count):
        folder.put(f"cve-2024-{number}.json", of_suse(number), time)
    folder.pack("../csaf-vex.tar.bz2", folder="csaf-vex/")
    folder.publish()
    return folder
