"""Cluster API's chained upgrades: the steps of a cluster with managed topology, computed or judged.

Source: exp/topology/desiredstate/upgrade_plan.go of github.com/kubernetes-sigs/cluster-api (main, 2026; chained
upgrades came with v1.12), and docs/proposals/20250513-chained-and-efficient-upgrades-for-clusters-with-managed-
topologies.md there. The plan of the control plane comes from an extension or from a list of versions, else there is one
step of at most one minor. The plan of the workers may come with it, else it has as few steps as the skew allows.
Versions are compared with their build tags; where tags have no order, the plan of the control plane is the order. As
there, the texts of two plans have to be the same, and only minors are counted.

In one place the code there does not do what it says: where it misses the version of a minor that workers must stop at,
its error is lost, and the workers get no steps at all. Here that is the error it was meant to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from oakum.actors.capi_versions import Version, compare, parse, precedence
from oakum.naming import listed

Plan = tuple[str, ...]

#: Workers may be so many minors older than the control plane.
_SKEW = 3
_MOST_TOLD = 5
#: Of a text that comes from outside so much is shown.
_SHOWN = 60


class Refused(Exception):  # noqa: N818 - an answer, and no error of ours
    """There is no plan, or the given one is not valid: why."""


class Stop(NamedTuple):
    """A version, and how it is written."""

    text: str
    version: Version


def lowest(workers: Iterable[Version], control_plane: Version) -> Version | None:
    """The version of the workers that are behind all others; None without workers.

    Between two that have no order, the one that is not the control plane's is behind.
    """
    found: Version | None = None
    for each in workers:
        order = -1 if found is None else compare(each, found)
        if order == -1 or (order == 2 and each.text != control_plane.text):
            found = each
    return found


def next_minor(control_plane: Stop, target: Stop) -> Plan:
    """The plan without any list of versions: straight to the target, at most one minor away."""
    if control_plane.version.text == target.version.text:
        return ()
    if target.version.minor > control_plane.version.minor + 1:
        raise Refused(
            f"{target.text[:_SHOWN]} is more than one minor version after {control_plane.text[:_SHOWN]}, "
            "and neither a plan nor a list of versions is given"
        )
    return (target.text,)


def through(known: Sequence[Stop], control_plane: Stop, target: Stop) -> Plan:
    """The plan by a list of versions in its order: of each minor up to the target the last one."""
    if control_plane.version.text == target.version.text:
        return ()
    ahead: list[Stop] = []
    for stop in known:
        if precedence(stop.version, control_plane.version) <= 0:
            continue
        if compare(stop.version, target.version) == 1:
            break
        ahead.append(stop)
        if stop.version.text == target.version.text:
            break
    minor = control_plane.version.minor
    # Of its own minor the control plane goes to another patch only where the target is one.
    plan = [ahead[0].text] if ahead and minor == target.version.minor else []
    for stop in ahead:
        if stop.version.minor > minor:
            plan.append(stop.text)
        elif stop.version.minor == minor and plan:
            plan[-1] = stop.text
        minor = stop.version.minor
    return tuple(plan)


def judged(control_plane: Stop, target: Stop, plan: Plan) -> dict[int, str]:
    """The version of each minor that the control plane has or goes through. Raises Refused for an invalid plan."""
    minors = {control_plane.version.minor: control_plane.text}
    if compare(control_plane.version, target.version) == 0:
        if plan:
            raise Refused("the control plane is at the target already, and its plan must be empty")
        return minors
    at = control_plane.version
    for number, text in enumerate(plan):
        where = f"step {number} of the control plane"
        version = _read(text, where)
        if compare(version, at) <= 0:
            raise Refused(f"{where}: {text[:_SHOWN]} is not newer than {at.text}")
        if version.minor not in (at.minor, at.minor + 1):
            raise Refused(f"{where}: {text[:_SHOWN]} skips minor versions after {at.text}")
        minors[version.minor] = text
        at = version
    if compare(at, target.version) != 0:
        raise Refused(f"the plan of the control plane ends with {at.text}, not with the target {target.text[:_SHOWN]}")
    return minors


def for_workers(workers: Version | None, control_plane: Stop, target: Stop, plan: Plan, given: Plan) -> Plan:
    """The plan of the workers: ``given``, or else the one with the fewest steps. Raises Refused where none is valid.

    ``plan`` is that of the control plane.
    """
    minors = judged(control_plane, target, plan)
    if workers is None or compare(workers, target.version) == 0:
        if given:
            raise Refused("there are no workers, or all are at the target already, and their plan must be empty")
        return ()
    foreign = [text for text in dict.fromkeys(given) if text not in (control_plane.text, *plan)]
    if plan and foreign:
        names = listed(foreign, _MOST_TOLD, lambda text: text[:_SHOWN])
        raise Refused(f"the workers' plan has versions that the control plane does not go through: {names}")
    steps = given or _fewest(workers, target, minors)
    order = {control_plane.text: -1, **{text: number for number, text in enumerate(plan)}}
    at = workers
    for number, text in enumerate(steps):
        at = _step(at, text, f"step {number} of the workers", order)
    if compare(at, target.version) != 0:
        raise Refused(f"the workers' plan ends with {at.text}, not with the target {target.text[:_SHOWN]}")
    return steps


def _fewest(workers: Version, target: Stop, minors: dict[int, str]) -> Plan:
    """A stop after every third minor, and the target."""
    steps: list[str] = []
    for minor in range(workers.minor + _SKEW, target.version.minor, _SKEW):
        if minor not in minors:
            raise Refused(
                f"workers at {workers.text} need a stop at minor {minor} on the way to {target.text[:_SHOWN]}, "
                "and the control plane has no version of it"
            )
        steps.append(minors[minor])
    return tuple(steps) if steps and steps[-1] == target.text else (*steps, target.text)


def _step(at: Version, text: str, where: str, order: dict[str, int]) -> Version:
    """Where a step leads."""
    version = _read(text, where)
    found = compare(version, at)
    if found <= 0:
        raise Refused(f"{where}: {text[:_SHOWN]} is not newer than {at.text}")
    if found == 2:
        # The versions of workers are known by what they mean, and looked up as if written with a v.
        before, after = order.get(f"v{at.text}"), order.get(text)
        if before is None or after is None:
            unknown = f"whether {text[:_SHOWN]} comes after {at.text} is not told by the control plane's plan"
            raise Refused(f"{where}: {unknown}")
        if after < before:
            raise Refused(f"{where}: {text[:_SHOWN]} comes before {at.text} in the control plane's plan")
    if not 0 <= version.minor - at.minor <= _SKEW:
        raise Refused(f"{where}: from {at.text} to {text[:_SHOWN]} is more than {_SKEW} minor versions")
    return version


def _read(text: str, where: str) -> Version:
    version = parse(text)
    if version is None:
        raise Refused(f"{where}: {text[:_SHOWN]!r} is no version")
    return version
