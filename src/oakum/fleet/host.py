"""What only a machine has, beside its packages: kernels, boot, pending reboot, stale processes, channels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from oakum.errors import OakumError
from oakum.fleet import apk, apk_channels, apt_channels, dnf_channels, dpkg, processes, rpmdb
from oakum.fleet.assets import Channel, Gap, Host
from oakum.fleet.kernels import kernels, live_patches, running_release, text
from oakum.fleet.packages import Package
from oakum.ports import Tree

_REBOOT = ("/run/reboot-required", "/var/run/reboot-required")
#: What leaves that file after an upgrade; without any of them its absence says nothing.
_REBOOT_HOOKS = ("/usr/share/update-notifier/notify-reboot-required", "/etc/kernel/postinst.d/unattended-upgrades")
_WITHOUT_ARCHITECTURE = frozenset({"", "all", "noarch", "(none)"})


def read(tree: Tree, packages: Sequence[Package]) -> tuple[Host, list[Gap]]:
    """The facts of the machine in ``tree`` with its installed ``packages``, and what could not be found out."""
    found, kernel_gaps = kernels(tree, packages)
    seen = processes.read(tree)
    channels, known, gaps = _channels(tree)
    required, reasons = _reboot(tree)
    host = Host(
        live=tree.live,
        architecture=_architecture(packages),
        running_kernel=running_release(tree),
        kernels=found,
        live_patches=live_patches(tree),
        boot_id=text(tree, "/proc/sys/kernel/random/boot_id") if tree.live else "",
        reboot_required=required,
        reboot_reasons=reasons,
        stale=seen.stale,
        stale_known=seen.known,
        channels=tuple(channels),
        channels_known=known,
    )
    return host, [*kernel_gaps, *seen.gaps, *gaps]


def _architecture(packages: Sequence[Package]) -> str:
    """The machine's own: the one that most packages are built for."""
    counted = Counter(package.arch for package in packages if package.arch not in _WITHOUT_ARCHITECTURE)
    return min(counted, key=lambda arch: (-counted[arch], arch), default="")


def _reboot(tree: Tree) -> tuple[bool | None, tuple[str, ...]]:
    """Whether a reboot is asked for, None where nobody would ask; the packages that asked."""
    if not tree.live:
        return None, ()
    for path in _REBOOT:
        if tree.kind(path) is not None:
            return True, tuple(dict.fromkeys(text(tree, f"{path}.pkgs").split()))
    return (False if any(tree.kind(hook) is not None for hook in _REBOOT_HOOKS) else None), ()


def _channels(tree: Tree) -> tuple[list[Channel], bool, list[Gap]]:
    """The channels of every package system that is there, and whether those are all."""
    systems: tuple[tuple[Callable[[Tree], bool], Callable[[Tree], tuple[list[Channel], list[Gap]]], str], ...] = (
        (dpkg.present, apt_channels.read, "apt"),
        (apk.present, apk_channels.read, "apk"),
        (rpmdb.present, dnf_channels.channels, "dnf"),
    )
    channels: list[Channel] = []
    gaps: list[Gap] = []
    for present, channels_of, name in systems:
        if not present(tree):
            continue
        try:
            some, missing = channels_of(tree)
        except PermissionError as error:
            why, remedy = f"{error.filename} may not be read", "run oakum as root"
            gaps.append(Gap("incomplete-inventory", f"the channels of {name}", why, remedy))
        except OakumError as error:
            gaps.append(Gap("incomplete-inventory", f"the channels of {name}", str(error), error.remedy))
        else:
            channels += some
            gaps += missing
    return channels, bool(channels) and not gaps, gaps
