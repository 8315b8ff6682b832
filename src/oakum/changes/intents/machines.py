"""Kinds that change one part of a machine: kernel, container runtime, kubelet.

A kernel is in effect after the reboot into it, and the one before stays as an entry of the boot loader, which is the
way back. A kubelet goes to another minor version only on a drained node (kubernetes.io/releases/version-skew-policy);
a restarted container runtime leaves its containers running, but its upgrade is documented for drained nodes.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from oakum.changes.intents.kinds import Field, Found, Kind, aim, change_of, class_of
from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change, LeftOut, Times
from oakum.changes.skew import parse_release
from oakum.changes.state.model import Machine, Part, Software
from oakum.errors import OakumError

_SKEW = "https://kubernetes.io/releases/version-skew-policy/"
_DRAIN = "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"


def _moved(
    intent: Intent,
    machine: Machine,
    *parts: Part,
    drain: Callable[[Software, str], bool],
    reboot: bool,
    kept: bool,
    proof: tuple[str, ...],
) -> Found:
    """The changes of all software of some parts to the version that is wanted."""
    several = machine.of(*parts)
    if not several:
        return None
    to = intent.wants.get("to", "newest")
    changes: list[Change] = []
    for name, software in sorted(several.items()):
        version = aim(machine, name, software, str(to))
        if isinstance(version, LeftOut):
            return version
        if version is not None:
            class_ = class_of(machine, software, kept=kept)
            drained = drain(software, version)
            changes.append(change_of(intent, machine, name, version, class_, drain=drained, reboot=reboot, proof=proof))
    return tuple(changes)


def _kernel(intent: Intent, machine: Machine) -> Found:
    proof = ("boot", "running", "ready", "rescan")
    found = _moved(intent, machine, "kernel", drain=lambda *_: True, reboot=True, kept=True, proof=proof)
    if not isinstance(found, tuple):
        return found
    return tuple(
        msgspec.structs.replace(each, parameters=_packages(machine.software[each.component], each)) for each in found
    )


def packages_of(change: Change) -> tuple[str, ...]:
    """The packages that bring the change's version (``Software.packages``); none where a reboot is enough."""
    return tuple(change.parameters.get(f"packages/{change.after}", "").split())


def _packages(software: Software, change: Change) -> dict[str, str]:
    """Both ways, for the way back is the same change with its versions in exchanged roles."""
    ways = {version: software.packages.get(version, ()) for version in (change.after, change.back)}
    return {f"packages/{version}": " ".join(several) for version, several in ways.items() if several}


def _runtime(intent: Intent, machine: Machine) -> Found:
    proof = ("running", "ready", "rescan")
    return _moved(intent, machine, "container-runtime", drain=lambda *_: True, reboot=False, kept=False, proof=proof)


def _kubelet(intent: Intent, machine: Machine) -> Found:
    proof = ("running", "ready", "rescan")
    return _moved(intent, machine, "kubelet", drain=_another_minor, reboot=False, kept=False, proof=proof)


def _another_minor(software: Software, version: str) -> bool:
    """Whether it goes to another minor version; where that cannot be read it is taken for one."""
    try:
        return parse_release(software.current).minor != parse_release(version).minor
    except OakumError:
        return True


_TO = Field(says="the version to go to; newest, which is the default, for the newest that is offered")
_EXACT = Field(says="the version to go to, as 1.31.4", needed=True)

KERNEL = Kind(
    name="kernel", says="the kernel of machines, with the reboot that brings it into effect", rank=50,
    fields={"to": _TO}, prior=Times(p50=60, p95=300), source=_DRAIN, of_machine=_kernel,
)  # fmt: skip
RUNTIME = Kind(
    name="container-runtime", says="the container runtime of nodes", rank=50,
    fields={"to": _TO}, prior=Times(p50=30, p95=180), source=_DRAIN, of_machine=_runtime,
)  # fmt: skip
KUBELET = Kind(
    name="kubelet", says="the kubelet of nodes, drained where its minor version changes", rank=40,
    fields={"to": _EXACT}, prior=Times(p50=60, p95=300), source=_SKEW, of_machine=_kubelet,
)  # fmt: skip
