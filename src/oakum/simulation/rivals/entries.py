"""The three rivals, and how a policy's settings are said to each: the same limits as ours, as far as it knows them."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from zoneinfo import ZoneInfo

import msgspec

from oakum.changes.intents.catalogue import KINDS
from oakum.policy.openings import Opening
from oakum.policy.scopes import Target
from oakum.simulation.invariants.base import targets
from oakum.simulation.rivals import behaviours, kured, script, upgrade_controller
from oakum.simulation.rivals.model import NOT_THE_PROGRAM, Rival, Scene
from oakum.simulation.rivals.windows import DayWindow, of_policy
from oakum.simulation.things import Machine

_ON_MACHINES = frozenset(name for name, kind in KINDS.items() if kind.of_machine is not None) - {"node-replacement"}


def _target(scene: Scene, machine: Machine) -> Target:
    changes = scene.changes[machine.id]
    return targets(machine, [(changes[0].kind, changes[0].reversibility)])[0]


def _at_once(scene: Scene, machines: list[Machine]) -> int:
    """How many of a cluster's machines the policy lets out of service at once: a tool is told one number for all."""
    cluster = machines[0].cluster
    alike = Counter((_plane(each), each.pool) for each in scene.world.machines.values() if each.cluster is cluster)
    found: list[int] = []
    for each in machines:
        budget = scene.policy.budget_for(_target(scene, each))
        pools = {each.pool} if budget.per == "pool" else {pool for _, pool in alike}
        found.append(budget.nodes(sum(alike[_plane(each), pool] for pool in pools)))
    return max(1, min(found))


def _plane(machine: Machine) -> bool:
    return machine.role == "control-plane"


def _by_cluster(scene: Scene) -> dict[str, list[Machine]]:
    found: dict[str, list[Machine]] = {}
    for machine in scene.machines():
        found.setdefault(machine.cluster.name if machine.cluster is not None else "", []).append(machine)
    return found


def _windows(scene: Scene, target: Target) -> tuple[DayWindow, ...]:
    zones = {name: ZoneInfo(name) for name in sorted(scene.policy.zone_names)}
    return () if scene.outside else of_policy(scene.policy, target, zones)


def _start_kured(scene: Scene) -> None:
    for name, machines in _by_cluster(scene).items():
        if not name:
            continue
        workers = [each for each in machines if not _plane(each)] or machines
        target = _target(scene, workers[0])
        windows = _windows(scene, target)
        alarms = sorted({*scene.policy.gate_for(target).quiet_alarms, *scene.policy.guardrail_for(target).alarms})
        options = kured.Options(
            period=300.0 if windows else 3600.0, windows=windows, alerts=bool(alarms),
            alert_filter=f"^({'|'.join(map(re.escape, alarms))})$" if alarms else "", alert_match_only=bool(alarms),
            concurrency=_at_once(scene, workers), drain_timeout=float(scene.policy.drain_for(target).timeout),
        )  # fmt: skip
        daemons = kured.Kured(scene, scene.hands, name, options)
        names = sorted(scene.world.clusters[name].machines)
        first = kured.offsets(scene.seed, name, names, options.period)
        scene.begin(f"kured of {name}", partial(daemons.daemon_set, first))


def _start_controller(scene: Scene) -> None:
    for name, machines in _by_cluster(scene).items():
        if name:
            plans = tuple(_plans(scene, machines))
            controller = upgrade_controller.Controller(scene, scene.hands, plans)
            for plan in plans:
                scene.begin(f"controller of {name} {plan.name}", partial(controller.control, plan))


def _plans(scene: Scene, machines: list[Machine]) -> list[upgrade_controller.Plan]:
    """A Plan for the servers and one for the agents of each kind of change, each waiting for the one before."""
    found: list[upgrade_controller.Plan] = []
    kinds = sorted({each.kind for one in machines for each in scene.changes[one.id]}, key=lambda kind: KINDS[kind].rank)
    for kind in kinds:
        for plane in (True, False):
            several = {
                one.id: changes
                for one in machines
                if _plane(one) is plane
                and (changes := tuple(each for each in scene.changes[one.id] if each.kind == kind))
            }
            if not several:
                continue
            chosen = [one for one in machines if one.id in several]
            target = _target(scene, chosen[0])
            drains = any(each.drain for changes in several.values() for each in changes)
            flags = msgspec.structs.replace(
                upgrade_controller.DRAIN, force=True, timeout=float(scene.policy.drain_for(target).timeout)
            )
            plan = upgrade_controller.Plan(
                name=f"{kind}-{'server' if plane else 'agent'}", changes=several,
                version=",".join(sorted({each.after for changes in several.values() for each in changes})),
                concurrency=1 if plane else _at_once(scene, chosen), cordon=True, drain=flags if drains else None,
                windows=_windows(scene, target), after=found[-1].name if found else "",
                tolerations=frozenset(taint for each in chosen for taint in each.taints),
            )  # fmt: skip
            found.append(plan)
    return found


def _start_script(scene: Scene) -> None:
    """Somebody starts the loop when the window opens; nothing ends it when the window closes."""
    for machines in _by_cluster(scene).values():
        target = _target(scene, machines[0])
        time, starts = scene.world.timeline, 0.0
        if not scene.outside:
            opening = scene.calendar.next_opening(target, time.wall(), lifted=scene.lifted)
            if not isinstance(opening, Opening):
                continue
            starts = max(0.0, time.seconds(opening.start) - time.now)
        timeout = float(scene.policy.drain_for(target).timeout)
        options = script.Options(flags=msgspec.structs.replace(script.Options().flags, timeout=timeout))
        loop = script.Script(scene, scene.hands, options)
        queue = list(machines)
        for number in range(_at_once(scene, machines)):
            scene.begin(f"loop {number}", partial(loop.lane, queue, starts))


KURED = Rival(
    name="kured-like", title="like kured", kinds=frozenset({"kernel", "packages"}), start=_start_kured,
    behaviours=behaviours.KURED,
    says=f"reboots nodes that ask for it, under a lock; after kured ({NOT_THE_PROGRAM})",
    sources=("https://kured.dev/docs/configuration/", "https://kured.dev/docs/operation/"),
    assumes=(
        "the machines install their updates by themselves within ten minutes, and try again a day later",
        "the check period is an hour, or five minutes where there is a window",
        "whoever asks for a pause or a stop takes its lock by hand",
    ),
)  # fmt: skip
UPGRADE_CONTROLLER = Rival(
    name="system-upgrade-controller-like", title="like the system-upgrade-controller", kinds=_ON_MACHINES,
    says=f"runs an upgrade Job on each selected node; after Rancher's controller ({NOT_THE_PROGRAM})",
    start=_start_controller, behaviours=behaviours.UPGRADE_CONTROLLER,
    sources=(
        "https://github.com/rancher/system-upgrade-controller/blob/master/doc/plan.md",
        "https://docs.k3s.io/upgrades/automated",
    ),
    assumes=(
        "the upgrade container installs what is missing, and restarts the machine where that is needed",
        "its Plans tolerate the taints of the nodes that they select",
    ),
)  # fmt: skip
SCRIPT = Rival(
    name="drain-reboot-script", title="cordon, drain, reboot", kinds=_ON_MACHINES, start=_start_script,
    behaviours=behaviours.SCRIPT,
    says="a loop over the machines with kubectl drain and uncordon, as people write it",
    sources=(
        "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/",
        "https://kubernetes.io/docs/reference/kubectl/generated/kubectl_drain/",
    ),
    assumes=(
        "somebody starts it when the window opens, and looks at no result",
        "it waits ten minutes for a machine to be ready, and goes on",
    ),
)  # fmt: skip
