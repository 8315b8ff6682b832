"""Machines of the lab whose root is a subvolume of btrfs: copies of them can be made, and put back by a restart.

Each has a disk of its own in a file, mounted by a loop device. At every boot the root is mounted anew, as a boot loader
does it: the default subvolume, or one by its name.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.go import LabUnavailable
from tests.lab.hosts import Host
from tests.lab.hosts_base import run

_MEGABYTES = 2048
SUBVOLUME = "@"


class BtrfsHost(Host):
    """A machine with the root ``@``, which is the default subvolume."""

    mounted_by = ""

    @property
    def disk(self) -> Path:
        """The whole file system, mounted: what is in it beside the root."""
        return self.folder / "top"

    def lay(self) -> dict[str, str]:
        """Makes the file system, and a copy of the base in it."""
        _check()
        image = self.folder / "disk.img"
        for place in (self.disk, self.root):
            place.mkdir(parents=True)
        run("truncate", "-s", f"{_MEGABYTES}M", image)
        run("mkfs.btrfs", "-q", image)
        run("mount", "-o", "loop,noatime,subvolid=5", image, self.disk)
        device = run("findmnt", "-n", "-o", "SOURCE", self.disk).strip()
        run("btrfs", "-q", "subvolume", "create", self.disk / SUBVOLUME)
        run("cp", "-aT", self.lab.base / "root", self.disk / SUBVOLUME)
        run("btrfs", "subvolume", "set-default", self.disk / SUBVOLUME)
        run("mount", "-t", "btrfs", "-o", f"noatime,subvol={SUBVOLUME}", device, self.root)
        self._bring_btrfs()
        return {"device": device, "mount": self.mounted_by}

    def _bring_btrfs(self) -> None:
        """The btrfs command of this machine and its libraries: the base has none."""
        command = shutil.which("btrfs")
        assert command is not None
        shutil.copy(command, self.root / "usr/bin/btrfs")
        for word in run("ldd", command).split():
            if word.startswith("/") and not (self.root / word.lstrip("/")).exists():
                shutil.copy(word, self.root / word.lstrip("/"))


class NamedBtrfsHost(BtrfsHost):
    """The same, mounted by its name, as most installers set it up."""

    mounted_by = f"subvol=/{SUBVOLUME}"


@contextmanager
def full(host: BtrfsHost, left: int) -> Iterator[None]:
    """The disk has about so many megabytes left."""
    free = int(run("df", "-Pm", host.root).splitlines()[1].split()[3])
    filler = host.disk / "filler"
    run("fallocate", "-l", f"{max(free - left, 1)}M", filler)
    try:
        yield
    finally:
        filler.unlink()
        run("btrfs", "filesystem", "sync", host.disk)


def _check() -> None:
    """Raises LabUnavailable where the tools are missing, or this kernel has no btrfs."""
    if shutil.which("mkfs.btrfs") is None:
        raise LabUnavailable("machines on btrfs need: apt-get install btrfs-progs")
    subprocess.run(["modprobe", "-q", "btrfs"], check=False)
    if "btrfs" not in Path("/proc/filesystems").read_text():
        raise LabUnavailable("this kernel has no btrfs")
