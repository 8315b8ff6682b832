"""Kinds of the control plane: its components on each control-plane machine, and etcd.

Within a minor version a component goes back by its older image or package. To another minor version there is no way
back but the copy of etcd made before: objects may have been written in newer versions (kubernetes.io, "Upgrading
kubeadm clusters", and the etcd project's "Downgrade etcd", which needs every member at one minor; kubernetes#65580).
"""

from __future__ import annotations

from oakum.changes.intents.kinds import Field, Found, Kind, aim, change_of, class_of
from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change, LeftOut, Reversibility, Times
from oakum.changes.state.model import Machine, Part, Software
from oakum.versions.kubernetes import base

_KUBEADM = "https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-upgrade/"
_ETCD = "https://etcd.io/docs/latest/upgrades/"


def _of_part(intent: Intent, machine: Machine, part: Part) -> Found:
    several = machine.of(part)
    if machine.role != "control-plane" or not several:
        return None
    changes: list[Change] = []
    for name, software in sorted(several.items()):
        version = aim(machine, name, software, str(intent.wants["to"]))
        if isinstance(version, LeftOut):
            return version
        if version is not None:
            class_ = _class(machine, software, version)
            proof = ("running", "ready", "rescan")
            changes.append(change_of(intent, machine, name, version, class_, drain=False, reboot=False, proof=proof))
    return tuple(changes)


def _class(machine: Machine, software: Software, version: str) -> Reversibility:
    if _line(software.current) == _line(version):
        # The older image or package of the same line can be pulled again as it was.
        return class_of(machine, software, kept=True)
    return "needs-snapshot" if machine.snapshots else "forward-only"


def _line(version: str) -> tuple[str, ...]:
    """Major and minor of a version."""
    return tuple(base(version).split(".")[:2])


def _components(intent: Intent, machine: Machine) -> Found:
    return _of_part(intent, machine, "control-plane")


def _etcd(intent: Intent, machine: Machine) -> Found:
    return _of_part(intent, machine, "etcd")


_TO = Field(says="the version to go to, as 1.31.4", needed=True)
CONTROL_PLANE = Kind(
    name="control-plane", says="API server, controller manager and scheduler of each control-plane machine", rank=20,
    fields={"to": _TO}, prior=Times(p50=180, p95=600), source=_KUBEADM, of_machine=_components,
)  # fmt: skip
ETCD = Kind(
    name="etcd", says="the members of etcd on control-plane machines", rank=10,
    fields={"to": _TO}, prior=Times(p50=60, p95=300), source=_ETCD, of_machine=_etcd,
)  # fmt: skip
