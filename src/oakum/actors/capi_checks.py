"""Which of Cluster API's preflight checks fail for a MachineSet, and why.

Sources: core/reconcilers/machineset/machineset_preflight.go of github.com/kubernetes-sigs/cluster-api (main, 2026), and
``IsProvisioning`` and ``IsUpgrading`` in internal/contract/controlplane.go there. The checks run in this order, each
although another failed, and a version is read only where a check needs it.

Three minors of skew hold for every version: the two that older releases of Cluster API left to control planes before
1.28 are gone from its code. Only minors are compared, as there. Its code subtracts in unsigned numbers, so that a
control plane of 1.2 and before fails the skew always; that is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from oakum.actors import capi_versions
from oakum.actors.capi_objects import BOOTSTRAP, CORE, Cluster, MachineSet, Objects, Other
from oakum.actors.capi_versions import Version
from oakum.errors import InputError, NotAssessableError, Place

ALL = "All"
STABLE = "ControlPlaneIsStable"
KUBERNETES = "KubernetesVersionSkew"
KUBEADM = "KubeadmVersionSkew"
SAME = "ControlPlaneVersionSkew"
#: The checks in the order in which they run.
CHECKS = (STABLE, KUBERNETES, KUBEADM, SAME)

SKIP = f"machineset.{CORE}/skip-preflight-checks"
STEP = f"topology.internal.{CORE}/upgrade-step"
#: How many minors a kubelet may be older than its API server (kubernetes.io/releases/version-skew-policy/#kubelet).
_SKEW = 3
#: Of a text that comes from outside so much is shown.
_SHOWN = 60


class _Question(NamedTuple):
    """A MachineSet, its cluster, and the control plane of ``version``, which is written as ``text``."""

    machine_set: MachineSet
    cluster: Cluster
    plane: Other
    text: str
    version: Version


def failing(machine_set: MachineSet, objects: Objects, enabled: frozenset[str]) -> dict[str, str]:
    """The checks of ``enabled`` that fail, each with its reason.

    Raises InputError naming the object whose version is none, NotAssessableError naming an object that is missing.
    """
    return dict(_failing(machine_set, objects, enabled - _skipped(machine_set, objects)))


def _skipped(machine_set: MachineSet, objects: Objects) -> frozenset[str]:
    """The checks that an annotation leaves out: the MachineSet's, or else that of its bootstrap template."""
    value = machine_set.metadata.annotations.get(SKIP, "")
    if not value and machine_set.config_ref.defined:
        template = objects.find(machine_set.config_ref, machine_set.metadata.namespace)
        value = "" if template is None else template.annotation(SKIP)
    names = {each.strip() for each in value.split(",")}
    return frozenset(CHECKS if ALL in names else names)


def _failing(machine_set: MachineSet, objects: Objects, run: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The checks that fail, each with its reason."""
    if not run:
        return
    asked = _question(machine_set, objects)
    if asked is None:
        return
    if STABLE in run and (why := _unstable(asked)):
        yield STABLE, why
    if not machine_set.version:
        return
    version = capi_versions.read(machine_set.version, f"{machine_set.name}: spec.template.spec.version")
    for name, check in ((KUBERNETES, _skewed), (KUBEADM, _unjoinable), (SAME, _behind)):
        if name in run and (why := check(asked, version)):
            yield name, why


def _question(machine_set: MachineSet, objects: Objects) -> _Question | None:
    """None where there is nothing to check against: no control plane object, or one without version."""
    cluster = objects.cluster_of(machine_set)
    reference = cluster.spec.control_plane_ref
    if not reference.defined:
        return None
    plane = objects.find(reference, cluster.metadata.namespace)
    if plane is None:
        what = f"{reference.kind[:_SHOWN]} {reference.name[:_SHOWN]}"
        raise NotAssessableError(
            f"not assessable: the control plane {what} is not in the dump", place=Place(field=machine_set.name),
            remedy="add the object that the Cluster's spec.controlPlaneRef names",
        )  # fmt: skip
    text = plane.version("spec")
    if text is None:
        return None
    return _Question(machine_set, cluster, plane, text, capi_versions.read(text, f"{plane}: spec.version"))


def _unstable(asked: _Question) -> str:
    topology, plane = asked.cluster.topology, asked.plane
    step = asked.cluster.metadata.annotations.get(STEP, "")
    if topology is not None and asked.text not in (topology, step or topology):
        return f"{plane} is at {asked.text[:_SHOWN]}, and is yet to go to {(step or topology)[:_SHOWN]}"
    status = plane.version("status")
    if not status:
        return f"{plane} is being made: it has no status.version"
    reached = capi_versions.read(status, f"{plane}: status.version")
    if capi_versions.compare(asked.version, reached) >= 1:
        return f"{plane} is on its way from {status[:_SHOWN]} to {asked.text[:_SHOWN]}"
    return ""


def _skewed(asked: _Question, version: Version) -> str:
    behind = asked.version.minor - version.minor
    if 0 <= behind <= _SKEW:
        return ""
    side = "newer" if behind < 0 else f"more than {_SKEW} minor versions older"
    return f"the version {version.text} is {side} than that of {asked.plane}, {asked.version.text}"


def _unjoinable(asked: _Question, version: Version) -> str:
    reference = asked.machine_set.config_ref
    if not reference.defined:
        return ""
    if reference.group is None:
        place = Place(field=f"{asked.machine_set.name}: spec.template.spec.bootstrap.configRef.apiVersion")
        raise InputError("no API version", place=place, remedy=f"write it as {BOOTSTRAP}/v1beta2")
    kubeadm = (reference.kind, reference.group) == ("KubeadmConfigTemplate", BOOTSTRAP)
    if not kubeadm or asked.version.minor == version.minor:
        return ""
    at = asked.text[:_SHOWN]
    return f"kubeadm {version.text} joins a control plane of its own minor version only, and {asked.plane} is at {at}"


def _behind(asked: _Question, version: Version) -> str:
    """The texts are compared: v1.34.1 and 1.34.1 are not the same here."""
    given = asked.machine_set.version
    if asked.cluster.topology is None or given == asked.text:
        return ""
    return f"the version {given[:_SHOWN]} is not yet that of {asked.plane}, {asked.text[:_SHOWN]}"
