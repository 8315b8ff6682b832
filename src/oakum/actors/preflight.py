"""Cluster API: may a MachineSet create a Machine now? Its preflight checks, as its MachineSet controller runs them.

Sources: core/reconcilers/machineset/machineset_preflight.go of github.com/kubernetes-sigs/cluster-api (main, 2026) and
cluster-api.sigs.k8s.io/tasks/experimental-features/machineset-preflight-checks. The checks run before a Machine is
created or remediated, in this order; each is run although another failed. They need a control plane object with a
version. Neither replicas nor pauses nor deletion are looked at: a MachineSet that makes no Machine anyhow is checked
all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from oakum.actors import capi_versions
from oakum.actors.capi_checks import ALL, CHECKS, KUBEADM, KUBERNETES, SAME, SKIP, STABLE, STEP, failing
from oakum.actors.capi_dump import read
from oakum.actors.capi_objects import BOOTSTRAP, CORE, MachineSet, Objects
from oakum.actors.model import Kind, Request, Rule
from oakum.errors import InputError, LimitError, NotAssessableError, Place

_POLICY = "cluster-api"
#: Of a text that comes from outside so much is shown.
_SHOWN = 60

_PAGE = "https://cluster-api.sigs.k8s.io/tasks/experimental-features/machineset-preflight-checks"
_CODE = "https://github.com/kubernetes-sigs/cluster-api/blob/main/core/reconcilers/machineset/machineset_preflight.go"
_CONTRACT = "https://github.com/kubernetes-sigs/cluster-api/blob/main/internal/contract/controlplane.go"
_FROM_TEMPLATE = "https://github.com/kubernetes-sigs/cluster-api/pull/13938"
_FLAG = "https://github.com/kubernetes-sigs/cluster-api/pull/11941"


class Options(Request, frozen=True, kw_only=True):
    """``machineset_preflight_checks`` is the controller's flag of this name: the checks that it runs (default: All)."""

    machineset_preflight_checks: tuple[str, ...] = (ALL,)


class PreflightRequest(Request, frozen=True, kw_only=True):
    """May the MachineSets of ``dump`` create Machines?

    ``policy`` is cluster-api. ``dump`` is a List of objects, a list of them, or either as text: MachineSets, their
    Clusters, the control plane objects, and the templates of the bootstrap configuration where these have annotations.
    """

    policy: str
    dump: dict[str, Any] | list[Any] | str
    options: Options = Options()


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One MachineSet: the ``checks`` that fail, and for each of them ``why``."""

    namespace: str
    name: str
    checks: tuple[str, ...]
    why: tuple[str, ...]


class PreflightReply(msgspec.Struct, frozen=True, kw_only=True):
    """``allowed`` where no check of any MachineSet fails; ``checks`` are those that fail somewhere, in their order."""

    allowed: bool
    checks: tuple[str, ...]
    machine_sets: tuple[Checked, ...]


def answer(request: PreflightRequest) -> PreflightReply:
    """Which checks fail. Raises InputError naming an object, NotAssessableError naming what is missing or unknown."""
    if request.policy != _POLICY:
        raise NotAssessableError(
            f"not assessable: the policy {request.policy[:_SHOWN]!r} is unknown",
            place=Place(field="policy"), remedy=f"policies: {_POLICY}",
        )  # fmt: skip
    enabled = _enabled(request.options)
    try:
        objects = read(request.dump)
        checked = tuple(_checked(each, objects, enabled) for each in objects.machine_sets)
    except RecursionError:
        raise LimitError("nested too deeply", place=Place(field="dump"), remedy="no object nests that deep") from None
    if not checked:
        raise NotAssessableError(
            "not assessable: there is no MachineSet in the dump", place=Place(field="dump"),
            remedy=f"add them: kubectl get machinesets.{CORE} --all-namespaces -o json",
        )  # fmt: skip
    failed = {name for each in checked for name in each.checks}
    return PreflightReply(
        allowed=not failed, checks=tuple(name for name in CHECKS if name in failed), machine_sets=checked
    )


def _enabled(options: Options) -> frozenset[str]:
    """The checks that the controller runs at all."""
    given = [each for each in options.machineset_preflight_checks if each]
    unknown = next((each for each in given if each not in (ALL, *CHECKS)), None)
    if unknown is not None:
        place = Place(field="options.machineset_preflight_checks")
        raise InputError(f"no check {unknown[:_SHOWN]!r}", place=place, remedy=f"checks: {', '.join((ALL, *CHECKS))}")
    return frozenset(CHECKS if ALL in given else given)


def _checked(machine_set: MachineSet, objects: Objects, enabled: frozenset[str]) -> Checked:
    failed = failing(machine_set, objects, enabled)
    meta = machine_set.metadata
    return Checked(namespace=meta.namespace, name=meta.name, checks=tuple(failed), why=tuple(failed.values()))


def _example() -> Mapping[str, object]:
    meta = {"namespace": "team-a", "name": "blue"}
    plane = {"apiGroup": "controlplane.cluster.x-k8s.io", "kind": "KubeadmControlPlane", "name": "blue"}
    template = {"apiGroup": BOOTSTRAP, "kind": "KubeadmConfigTemplate", "name": "blue-workers"}
    version = {"version": "v1.33.4", "bootstrap": {"configRef": template}}
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {"apiVersion": f"{CORE}/v1beta2", "kind": "Cluster", "metadata": meta, "spec": {"controlPlaneRef": plane}},
            {
                "apiVersion": "controlplane.cluster.x-k8s.io/v1beta2", "kind": "KubeadmControlPlane", "metadata": meta,
                "spec": {"version": "v1.34.1"}, "status": {"version": "v1.33.4"},
            },
            {
                "apiVersion": f"{CORE}/v1beta2", "kind": "MachineSet", "metadata": {**meta, "name": "blue-workers"},
                "spec": {"clusterName": "blue", "template": {"spec": version}},
            },
        ],
    }  # fmt: skip


KINDS: tuple[Kind, ...] = (
    Kind(
        command="skew check",
        name="preflight",
        actor="Cluster API",
        says="Whether the MachineSets of a dump may create Machines, by Cluster API's preflight checks.",
        request=PreflightRequest,
        reply=PreflightReply,
        answer=answer,
        rules=(
            Rule(
                id="enabled",
                says="The controller's flag machineset-preflight-checks names the checks that run at all; else All.",
                source=_FLAG,
            ),
            Rule(
                id="skipped",
                says=f"The annotation {SKIP} of the MachineSet names checks to leave out, with commas between, or All; "
                "names that are unknown say nothing.",
                source=f"{_PAGE}#configuring-machineset-preflightchecks",
            ),
            Rule(
                id="skipped-by-template",
                says="Where the MachineSet has no such annotation, that of its bootstrap template counts.",
                source=_FROM_TEMPLATE,
            ),
            Rule(
                id="no-control-plane",
                says="A cluster without controlPlaneRef, or whose control plane has no spec.version, is not checked.",
                source=_CODE,
            ),
            Rule(
                id="pending",
                says=f"{STABLE}: with a managed topology, the control plane has the topology's version, or that of the "
                f"present step of a chained upgrade (annotation {STEP}).",
                source=_CODE,
            ),
            Rule(
                id="provisioning",
                says=f"{STABLE}: a control plane without status.version is being made.",
                source=_CONTRACT,
            ),
            Rule(
                id="upgrading",
                says=f"{STABLE}: a control plane is upgrading where spec.version is newer than status.version, or "
                "differs from it in a text of its build tags.",
                source=_CONTRACT,
            ),
            Rule(
                id="kubernetes-skew",
                says=f"{KUBERNETES}: the MachineSet's minor is not newer than the control plane's, and not more than "
                "three older; a MachineSet without version is not checked.",
                source=_CODE,
            ),
            Rule(
                id="kubeadm-skew",
                says=f"{KUBEADM}: a MachineSet with a KubeadmConfigTemplate has the control plane's minor.",
                source=_CODE,
            ),
            Rule(
                id="same-version",
                says=f"{SAME}: with a managed topology, the MachineSet's version is written as the control plane's.",
                source=_CODE,
            ),
            Rule(
                id="versions",
                says="A version may have a v in front, zeros before its numbers and no patch; else it is an error.",
                source=capi_versions.PARSED,
            ),
            Rule(
                id="build-tags",
                says="Build tags are compared part by part: numbers have an order and come before texts, texts are the "
                "same or different, and more parts are newer.",
                source=capi_versions.COMPARED,
            ),
        ),
        example={"policy": _POLICY, "dump": _example()},
    ),
)
