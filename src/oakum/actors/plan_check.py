"""Cluster API: through which versions a cluster goes to a target, or what is wrong with the plan that somebody gives.

The rules are those of ``capi_upgrades``, the sources as well. A step of the workers stays in the plan of both
MachineDeployments and MachinePools until all of them have taken it: they have one plan in common, by the version that
is furthest behind. Where all parts are at the target there are no steps, and no plan is looked at.
"""

from __future__ import annotations

import msgspec

from oakum.actors import capi_versions
from oakum.actors.capi_upgrades import Plan, Refused, Stop, for_workers, lowest, next_minor, through
from oakum.actors.capi_versions import Version
from oakum.actors.model import Kind, Request, Rule
from oakum.errors import InputError, Place

_CODE = "https://github.com/kubernetes-sigs/cluster-api/blob/main/exp/topology/desiredstate/upgrade_plan.go"
_HOOK = "https://github.com/kubernetes-sigs/cluster-api/blob/main/api/runtime/hooks/v1alpha1/upgrade_plan_types.go"
_PROPOSAL = (
    "https://github.com/kubernetes-sigs/cluster-api/blob/main/docs/proposals/"
    "20250513-chained-and-efficient-upgrades-for-clusters-with-managed-topologies.md"
)


class PlanRequest(Request, frozen=True, kw_only=True):
    """The steps to ``target``, from the versions that the parts have now.

    Without ``control_plane`` there is no control plane yet, and nothing to do. ``machine_deployment`` and
    ``machine_pool`` are the version of the only one or those of all ("" in a list: one without version); left out or
    "" there are none. ``control_plane_plan`` and ``workers_plan`` are what an extension answers (the hook
    GenerateUpgradePlan); left out they are computed, as an empty ``workers_plan`` is. ``kubernetes_versions`` is the
    ClusterClass's list, from which the plan of the control plane is made where none is given.
    """

    target: str
    control_plane: str | None = None
    machine_deployment: str | tuple[str, ...] | None = None
    machine_pool: str | tuple[str, ...] | None = None
    control_plane_plan: tuple[str, ...] | None = None
    workers_plan: tuple[str, ...] | None = None
    kubernetes_versions: tuple[str, ...] | None = None


class PlanReply(msgspec.Struct, frozen=True, kw_only=True):
    """The versions that each part still has to go through, in order; or ``error``, why there is no valid plan."""

    control_plane: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    machine_deployment: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    machine_pool: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    error: str | msgspec.UnsetType = msgspec.UNSET


def answer(request: PlanRequest) -> PlanReply:
    """The steps. Raises InputError naming the field where a version of what runs or of the target is none."""
    target = Stop(request.target, capi_versions.read(request.target, "target"))
    deployments = _given(request.machine_deployment)
    pools = _given(request.machine_pool)
    running = [*_read(deployments, "machine_deployment"), *_read(pools, "machine_pool")]
    known = _known(request)
    if not request.control_plane:
        return _steps((), (), (), ())
    control_plane = Stop(request.control_plane, capi_versions.read(request.control_plane, "control_plane"))
    workers = lowest(running, control_plane.version)
    at_target = all(each.text == target.version.text for each in (control_plane.version, workers) if each is not None)
    if at_target:
        return _steps((), (), (), ())
    try:
        plan = _plan(request, control_plane, target, known)
        steps = for_workers(workers, control_plane, target, plan, request.workers_plan or ())
    except Refused as why:
        return PlanReply(error=str(why))
    return _steps(plan, steps, deployments, pools)


def _plan(request: PlanRequest, control_plane: Stop, target: Stop, known: list[Stop]) -> Plan:
    if request.control_plane_plan is not None:
        return request.control_plane_plan
    return through(known, control_plane, target) if known else next_minor(control_plane, target)


def _steps(plan: Plan, workers: Plan, deployments: Plan, pools: Plan) -> PlanReply:
    """Workers that are not there have no steps."""
    return PlanReply(
        control_plane=plan, machine_deployment=workers if deployments else (), machine_pool=workers if pools else ()
    )


def _known(request: PlanRequest) -> list[Stop]:
    given = request.kubernetes_versions or ()
    if given and request.control_plane_plan is not None:
        place = Place(field="kubernetes_versions")
        raise InputError("beside control_plane_plan", place=place, remedy="give the plan or what to make it from")
    return [Stop(text, capi_versions.read(text, f"kubernetes_versions[{number}]")) for number, text in enumerate(given)]


def _given(versions: str | Plan | None) -> Plan:
    if versions is None or isinstance(versions, str):
        return (versions,) if versions else ()
    return versions


def _read(versions: Plan, field: str) -> list[Version]:
    """The versions; a MachineDeployment or MachinePool may have none."""
    return [capi_versions.read(text, f"{field}[{number}]") for number, text in enumerate(versions) if text]


KINDS: tuple[Kind, ...] = (
    Kind(
        command="skew check",
        name="plan-check",
        actor="Cluster API",
        says="Through which versions control plane and workers go to a target, or why a given plan is not valid.",
        request=PlanRequest,
        reply=PlanReply,
        answer=answer,
        rules=(
            Rule(
                id="nothing-to-do",
                says="Without control plane, or where all parts are at the target, there are no steps and no error.",
                source=_CODE,
            ),
            Rule(
                id="one-minor",
                says="Without a plan and a list of versions, the control plane goes straight to a target that is not "
                "more than one minor away.",
                source=_CODE,
            ),
            Rule(
                id="from-versions",
                says="From a list of versions the control plane takes the last one of each minor after its own, up to "
                "the target; within its own minor it goes to the target.",
                source=_CODE,
            ),
            Rule(
                id="no-plan-at-target",
                says="A control plane at the target must have no plan.",
                source=_CODE,
            ),
            Rule(
                id="control-plane-order",
                says="Every step of the control plane is newer than the one before, or differs from it in its build "
                "tags in a way that has no order.",
                source=_CODE,
            ),
            Rule(
                id="control-plane-minors",
                says="A step of the control plane leads to the same minor or to the next one.",
                source=_CODE,
            ),
            Rule(
                id="control-plane-end",
                says="The plan of the control plane ends with the target; an empty one does not.",
                source=_CODE,
            ),
            Rule(
                id="workers-behind",
                says="Workers have one plan, by the version that is furthest behind; of two that have no order it is "
                "the one that is not the control plane's.",
                source=_CODE,
            ),
            Rule(
                id="no-workers-plan",
                says="Without workers, or with all of them at the target, the workers' plan must be empty.",
                source=_CODE,
            ),
            Rule(
                id="workers-subset",
                says="While the control plane has steps, those of the workers are among them or its present version, "
                "written alike.",
                source=_HOOK,
            ),
            Rule(
                id="fewest-steps",
                says="Without a workers' plan the workers stop at every third minor, at the version that the control "
                "plane has or goes through last, and at the target.",
                source=_PROPOSAL,
            ),
            Rule(
                id="workers-order",
                says="Every step of the workers is newer than the one before; where build tags have no order, the plan "
                "of the control plane is the order.",
                source=_HOOK,
            ),
            Rule(
                id="workers-skew",
                says="A step of the workers leads over three minors at most.",
                source=_CODE,
            ),
            Rule(id="workers-end", says="The workers' plan ends with the target.", source=_CODE),
            Rule(
                id="versions",
                says="A version may have a v in front, zeros before its numbers and no patch; pre-releases come before "
                "their release.",
                source=capi_versions.PARSED,
            ),
            Rule(
                id="build-tags",
                says="Build tags are compared part by part: numbers have an order and come before texts, texts are the "
                "same or different, and more parts are newer.",
                source=capi_versions.COMPARED,
            ),
        ),
        example={
            "control_plane": "v1.30.4",
            "machine_deployment": ["v1.30.4", "v1.29.9"],
            "target": "v1.34.1",
            "control_plane_plan": ["v1.31.9", "v1.32.8", "v1.33.5", "v1.34.1"],
        },
    ),
)
