"""Whether an advisory speaks of this build of a package at all: module streams, vendors' flavours and series.

Two module streams share package names and must never be compared with each other (AlmaLinux: 723 of 5,680 advisories
are modular), and a vendor's hot-patched or certified rebuild (Ksplice, FIPS) has fixes of its own that mean nothing for
the plain build.
"""

from __future__ import annotations

import re

from oakum.advisories.index import Detail
from oakum.advisories.model import ALTERNATIVE
from oakum.findings.series import other_series
from oakum.fleet.flavours import flavour
from oakum.fleet.packages import Package
from oakum.versions import Scheme, Unparsable

_MODULAR = re.compile(r"\.module[_+]")


def is_modular(version: str) -> bool:
    """Whether an rpm release says that it was built for a module (``.module_el8``, ``.module+el8``)."""
    return _MODULAR.search(version) is not None


def other_build(package: Package, fix: str, detail: Detail) -> str:
    """Why a row is about another build of the package; empty where it is about this one."""
    if detail.arches and package.arch and package.arch not in ("noarch", "all", "any", *detail.arches):
        return f"the advisory is for {', '.join(detail.arches)}, this package is {package.arch}"
    if package.type == "rpm":
        modular = bool(package.module) or is_modular(package.version)
        if (is_modular(fix) or bool(detail.module)) and not modular:
            return "the advisory is for a module stream, this build belongs to none"
        if detail.module and package.module and not _same_stream(detail.module, package.module):
            return f"the advisory is for module {detail.module}, this build belongs to {package.module}"
    # Of a build that is never mended there is no fix to tell it by: Ubuntu's channel of certified builds does.
    if (special := flavour(fix) or rebuilt(detail.channel)) and special != flavour(package.version):
        return f"the advisory is for the {special} build"
    return other_series(package, fix, detail.channel) if package.type == "rpm" else ""


def rebuilt(channel: str) -> str:
    """The flavour of the builds that a channel holds (Ubuntu's fips, fips-updates, fips-preview); empty for others."""
    return "fips" if channel.startswith("fips") else ""


def of_stream(package: Package, fix: str, module: str) -> bool:
    """Whether a fix is proven to be of the build's own module stream, or both are of none."""
    if not package.module and not is_modular(package.version):
        return not module and not is_modular(fix)
    return bool(module and package.module) and _same_stream(module, package.module)


def unproven(package: Package, fix: str, detail: Detail) -> tuple[str, ...]:
    """A word where the verdict hangs on a module stream that the inventory, or the advisory, does not name."""
    if package.type != "rpm":
        return ()
    if detail.module and not package.module:
        return (f"hangs on the module stream: the advisory is for {detail.module}, this build's stream is not named",)
    if package.module and not detail.module and is_modular(fix):
        return (
            f"hangs on the module stream: this build is of {package.module}, its advisory does not name the stream",
        )
    return ()


def epoch_unstated(package: Package, version: str, fix: str, order: Scheme) -> tuple[str, ...]:
    """A word where the verdict hangs on an epoch that nobody stated."""
    epoch, colon, _ = fix.partition(":")
    if (
        package.epoch is not None
        or not colon
        or epoch == "0"
        or ":" in version
        or not epoch.isdigit()
        or package.type not in ("rpm", "deb")
    ):
        return ()
    assumed, fixed = order.key(f"{epoch}:{version}"), order.key(fix)
    if isinstance(assumed, Unparsable) or isinstance(fixed, Unparsable) or assumed < fixed:
        return ()
    return (f"hangs on the epoch: none is stated, which counts as 0; with epoch {epoch} the fix would be installed",)


def _same_stream(advised: str, own: str) -> bool:
    stream = own.split(":")[:2]
    return any(one.split(":")[:2] == stream for one in advised.split(ALTERNATIVE))
