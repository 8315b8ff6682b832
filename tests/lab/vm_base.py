"""The disk of the lab's virtual machines: a Debian with a kernel and a boot loader of its own, built once, then cached.

It is installed from the main suite alone, so that a newer kernel of the security channel is pending. The disk is put
together without loop devices: a file system made of a tree, a partition table, and GRUB where its own installer would
put it. Then it is booted once, for its own ``update-grub`` to write the menu.

Needed: root on Linux, the Debian packages of ``TOOLS``, and the apt sources of this machine. The processor is emulated:
no ``/dev/kvm`` is used. ``python -m tests.lab.vm_base`` builds it and says where it is.
"""

from __future__ import annotations

import os
import secrets
import shutil
import struct
import subprocess
import sys
from pathlib import Path

from tests.lab.cache import cached
from tests.lab.go import LabUnavailable
from tests.lab.hosts_base import SUITE, debian, run

INCLUDE = (
    "systemd", "systemd-sysv", "dbus", "udev", "openssh-server", "iproute2", "ca-certificates", "sudo", "procps",
    "kmod", "zstd", "initramfs-tools", "linux-image-cloud-amd64", "grub-pc", "e2fsprogs",
)  # fmt: skip
#: Commands, and the Debian packages that bring them.
TOOLS = {
    "debootstrap": "debootstrap", "qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", "socat": "socat",
    "sfdisk": "fdisk", "grub-mkimage": "grub-common", "mke2fs": "e2fsprogs", "gpg": "gpg",
    "ssh-keygen": "openssh-client", "apt-ftparchive": "apt-utils",
}  # fmt: skip
_RECIPE = "1"
_MEGABYTES = 2048
_SECTOR = 512
#: Where the machine is on the network that qemu gives it, and where it finds its repository.
ADDRESS, REPOSITORY = "10.0.2.15", "10.0.2.100"
UUID = "5b1c64c0-6a0e-4c57-93a5-0b9d4a1c2e77"
#: Quiet, on the serial console, and without what only real hardware needs.
_KERNEL = "console=ttyS0,115200 mitigations=off nokaslr tsc=reliable no_timer_check random.trust_cpu=on fsck.mode=skip"
_FILES = {
    "etc/fstab": f"UUID={UUID} / ext4 noatime,errors=remount-ro 0 0\n",
    "etc/hostname": "vm\n",
    "etc/hosts": "127.0.0.1 localhost vm\n",
    "etc/ssh/sshd_config.d/lab.conf": "UseDNS no\nPermitRootLogin prohibit-password\n",
    "etc/systemd/network/lab.network": (
        f"[Match]\nName=e*\n[Network]\nAddress={ADDRESS}/24\nGateway=10.0.2.2\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
    ),
    "etc/default/grub": (
        "GRUB_DEFAULT=saved\nGRUB_TIMEOUT=0\nGRUB_RECORDFAIL_TIMEOUT=0\nGRUB_DISTRIBUTOR=Debian\n"
        f'GRUB_CMDLINE_LINUX_DEFAULT=quiet\nGRUB_CMDLINE_LINUX="{_KERNEL}"\nGRUB_TERMINAL=serial\n'
        'GRUB_SERIAL_COMMAND="serial --speed=115200"\nGRUB_DISABLE_OS_PROBER=true\n'
    ),
    "etc/kernel-img.conf": "do_symlinks = no\n",
    # Few modules: an initramfs for any machine takes minutes to pack where the processor is emulated.
    "etc/initramfs-tools/conf.d/lab.conf": "MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\n",
    "etc/initramfs-tools/modules": "virtio_pci\nvirtio_blk\next4\n",
}
_OFF = ("systemd-networkd-wait-online.service", "systemd-timesyncd.service", "getty@tty1.service",
        "e2scrub_reap.service", "dpkg-db-backup.timer")  # fmt: skip


def base() -> Path:
    """The folder with ``disk.img``, ``old`` and ``new`` (packages), ``gpg`` and ``lab.gpg``, ``id`` (a key to get in).

    Raises LabUnavailable where it can be neither found nor built.
    """
    check()
    return cached("vm/", [_RECIPE, SUITE, *INCLUDE, *_FILES.values()], _build)


def check() -> None:
    """Raises LabUnavailable where machines can't be made or run here, with what is missing."""
    if sys.platform != "linux":
        raise LabUnavailable("virtual machines of the lab run on Linux only")
    if os.geteuid() != 0:
        raise LabUnavailable("the disk of virtual machines needs root (chroot, owners of files)")
    missing = sorted({package for command, package in TOOLS.items() if shutil.which(command) is None})
    modules = Path("/usr/lib/grub/i386-pc/boot.img")
    missing += [] if modules.exists() else ["grub-pc-bin"]
    if missing:
        raise LabUnavailable(f"virtual machines of the lab need: apt-get install {' '.join(missing)}")


def _build(part: Path) -> None:
    from tests.lab.vm import settle

    debian(part, INCLUDE)
    _configure(part)
    _disk(part)
    shutil.rmtree(part / "root")
    settle(part)


def _configure(part: Path) -> None:
    root = part / "root"
    for name, text in _FILES.items():
        (root / name).write_text(text)
    units = root / "etc/systemd/system"
    for unit in _OFF:
        (units / unit).unlink(missing_ok=True)
        (units / unit).symlink_to("/dev/null")
    (units / "multi-user.target.wants/systemd-networkd.service").symlink_to(
        "/lib/systemd/system/systemd-networkd.service"
    )
    (root / "etc/machine-id").write_text(f"{secrets.token_hex(16)}\n")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", part / "id")
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "vm", "-f", root / "etc/ssh/ssh_host_ed25519_key")
    shutil.copy(root / "etc/ssh/ssh_host_ed25519_key.pub", part / "host.pub")
    keys = root / "root/.ssh"
    keys.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(part / "id.pub", keys / "authorized_keys")
    shutil.copy(part / "lab.gpg", root / "usr/share/keyrings/lab.gpg")
    for link in (*root.glob("vmlinuz*"), *root.glob("initrd.img*")):
        link.unlink()
    run("chroot", root, "update-initramfs", "-u", "-k", "all")


def _disk(part: Path) -> None:
    """Partition table, file system and boot loader in one file."""
    root, disk, system = part / "root", part / "disk.img", part / "system.img"
    grub = root / "boot/grub"
    modules = root / "usr/lib/grub/i386-pc"
    (grub / "i386-pc").mkdir(parents=True, exist_ok=True)
    for module in (*modules.glob("*.mod"), *modules.glob("*.lst")):
        shutil.copy(module, grub / "i386-pc")
    (kernel,) = (path.name.removeprefix("vmlinuz-") for path in (root / "boot").glob("vmlinuz-*"))
    linux = f"linux /boot/vmlinuz-{kernel} root=UUID={UUID} ro {_KERNEL} quiet"
    (grub / "grub.cfg").write_text(
        f"set timeout=0\nserial --speed=115200\nterminal_output serial\ninsmod ext2\n"
        f"search --no-floppy --fs-uuid --set=root {UUID}\n"
        f'menuentry "first boot" {{\n  {linux}\n  initrd /boot/initrd.img-{kernel}\n}}\n'
    )
    run("truncate", "-s", f"{_MEGABYTES - 1}M", system)
    features = "^metadata_csum_seed,^orphan_file"
    run("mke2fs", "-q", "-t", "ext4", "-U", UUID, "-O", features, "-E", "lazy_itable_init=1", "-d", root, system)
    run("truncate", "-s", f"{_MEGABYTES}M", disk)
    subprocess.run(
        ["sfdisk", "-q", disk], input="label: dos\nstart=2048,type=83,bootable\n", text=True, check=True
    )  # fmt: skip
    run("dd", f"if={system}", f"of={disk}", "bs=1M", "seek=1", "conv=notrunc,sparse", "status=none")
    system.unlink()
    config, core = part / "core.cfg", part / "core.img"
    config.write_text(f"search.fs_uuid {UUID} root\nset prefix=($root)/boot/grub\n")
    run("grub-mkimage", "-O", "i386-pc", "-d", modules, "-p", "/boot/grub", "-c", config, "-o", core,
        "biosdisk", "part_msdos", "ext2", "search_fs_uuid", "serial", "normal", "linux")  # fmt: skip
    _boot_sectors(disk, (modules / "boot.img").read_bytes(), core.read_bytes())
    config.unlink()
    core.unlink()


def _boot_sectors(disk: Path, boot: bytes, core: bytes) -> None:
    """GRUB's first sector and, in the gap before the partition, all of the rest, as its installer lays them.

    The offsets are those of GRUB's own ``i386/pc/boot.h``: 0x5c where the rest begins, 0x64 the drive (0xff: the one
    that it was started from), 0x66 the check of the drive, and at the end of the second sector a list of where the
    others are.
    """
    first = bytearray(boot)
    first[0x5C:0x64] = struct.pack("<Q", 1)
    first[0x64] = 0xFF
    first[0x66:0x68] = b"\x90\x90"
    sectors = -(-len(core) // _SECTOR)
    rest = bytearray(core.ljust(sectors * _SECTOR, b"\0"))
    struct.pack_into("<QH", rest, _SECTOR - 12, 2, sectors - 1)
    if sectors + 1 > 2048:
        raise LabUnavailable("GRUB does not fit before the partition")
    with disk.open("r+b") as file:
        table = file.read(_SECTOR)[0x1B8:]
        file.seek(0)
        file.write(bytes(first[:0x1B8]) + table + bytes(rest))


if __name__ == "__main__":
    try:
        print(base())
    except LabUnavailable as error:
        sys.exit(str(error))
