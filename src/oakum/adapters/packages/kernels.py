"""The kernel of a host as a plan needs it: what runs, what is installed, and what apt would install for a newer one.

A kernel's version is its release, as ``uname -r`` prints it: that is what a boot can prove. A newer one comes in a
package of another name, which a package without a release in its name depends on (``linux-image-amd64``); apt's own
simulation says which packages those are, and in which versions. Offered is a kernel of the flavour that runs.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from oakum.adapters.packages.entries import in_order, newer
from oakum.changes.state.inventory import SoftwareEntry
from oakum.changes.state.software import KERNEL
from oakum.fleet.assets import Host, Kernel
from oakum.fleet.kernels import deb_release

_INSTALLS = re.compile(r"Inst (?P<name>[a-z0-9][a-z0-9+.-]*)(?: \[(?P<old>[^\]]+)\])? \((?P<new>[^ ()]+)[ )]")
_FLAVOUR = re.compile(r"-([a-z][a-z0-9-]*)\Z")


def with_kernel(software: Mapping[str, SoftwareEntry], text: str, host: Host) -> dict[str, SoftwareEntry]:
    """The software of a host with its kernel.

    ``text`` holds, for each package that brings kernels, a line ``for NAME`` and then the lines of apt's simulation.
    Those packages are changed with the kernel, never by themselves. The package of a kernel takes effect by a reboot,
    also where its release stays the same.
    """
    simulations = dict(_simulations(text))
    found = {name: each for name, each in software.items() if name not in simulations}
    for name in found:
        if deb_release(name):
            found[name] = msgspec.structs.replace(found[name], effect="reboot")
    kernels = [each for each in host.kernels if each.package in software]
    security = {name for name in simulations if name in software and software[name].security}
    kernel = _kernel_of(simulations, host.running_kernel, kernels, security=security)
    return found if kernel is None else found | {KERNEL: kernel}


def _kernel_of(
    simulations: Mapping[str, Sequence[str]], running: str, kernels: Iterable[Kernel], *, security: Collection[str] = ()
) -> SoftwareEntry | None:
    """The kernel; None where no package owns the running one. ``security`` are packages with a security update."""
    owned = [each.release for each in kernels if flavour(each.release) == flavour(running)]
    if running not in owned:
        return None
    installed = in_order(owned, "deb")[-1]
    offered: dict[str, tuple[str, list[re.Match[str]]]] = {}
    for name, lines in simulations.items():
        made = [each for line in lines if (each := _INSTALLS.match(line))]
        if len(made) != len(lines):  # it would remove something, too
            continue
        for release in (deb_release(each["name"]) for each in made if not each["old"]):
            if flavour(release) == flavour(running) and newer(release, installed, "deb"):
                offered[release] = name, made
    offers = in_order(offered, "deb")[-1:]
    packages: dict[str, tuple[str, ...]] = {}
    for release in offers:
        _, made = offered[release]
        packages[release] = tuple(f"{each['name']}={each['new']}" for each in made)
        packages[running] = tuple(f"{each['name']}={each['old'] or ''}" for each in made)
    return SoftwareEntry(
        installed=installed, running=running, part="kernel", ecosystem="deb", effect="reboot", offers=tuple(offers),
        security=tuple(each for each in offers if offered[each][0] in security), packages=packages or None,
    )  # fmt: skip


def flavour(release: str) -> str:
    """What a kernel is built for: ``cloud-amd64`` of 6.1.0-50-cloud-amd64."""
    found = _FLAVOUR.search(release)
    return found[1] if found else ""


def _simulations(text: str) -> Iterable[tuple[str, list[str]]]:
    for part in re.split(r"^for ", text, flags=re.MULTILINE)[1:]:
        name, *lines = part.splitlines()
        yield name.strip(), lines
