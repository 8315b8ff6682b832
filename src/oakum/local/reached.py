"""From the measured exposure of a cluster to its assets: who is exposed, and what a closing would leave of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from types import MappingProxyType

from oakum.fleet.cluster.graph import Estate
from oakum.fleet.cluster.workloads import WorkloadKey
from oakum.local.business import Contexts, Facts
from oakum.reports.exposures import Closed, Reached
from oakum.risk.exposure.counterfactual import closings
from oakum.risk.exposure.measure import Measured
from oakum.risk.exposure.model import LEVELS, Exposure


class Places:
    """Which assets a measured workload or node speaks for: itself, and a component for the workloads that it owns."""

    def __init__(self, found: Estate) -> None:
        self._workloads = {workload: key for key, workload in found.workloads.items()}
        self._nodes = {asset.name: asset.key for asset in found.assets if asset.kind == "node"}
        self._owned: defaultdict[str, list[str]] = defaultdict(list)
        self._owner: defaultdict[str, list[str]] = defaultdict(list)
        for relation in found.relations:
            if relation.kind == "owns":
                self._owned[relation.subject].append(relation.object)
                self._owner[relation.object].append(relation.subject)

    def exposures(
        self,
        workloads: Mapping[WorkloadKey, Exposure],
        nodes: Mapping[str, Exposure],
        before: Mapping[str, Exposure] = MappingProxyType({}),
    ) -> dict[str, Exposure]:
        """By key of the asset. ``before`` are the exposures of those that did not change."""
        found = {self._workloads[key]: one for key, one in workloads.items() if key in self._workloads}
        found |= {self._nodes[name]: one for name, one in nodes.items() if name in self._nodes}
        for component in dict.fromkeys(owner for key in tuple(found) for owner in self._owner[key]):
            parts = [one for key in self._owned[component] if (one := found.get(key) or before.get(key))]
            found[component] = max(parts, key=lambda one: (LEVELS.index(one.level), not one.default))
        return found


def reached(measured: Measured, found: Estate, contexts_of: Callable[[Mapping[str, Facts]], Contexts]) -> Reached:
    """The exposures by asset with the contexts that they make, and each closing with those that it changes."""
    places = Places(found)
    exposures = places.exposures(measured.workloads, measured.nodes)
    contexts = contexts_of({key: one.facts() for key, one in exposures.items()})
    closed = []
    for each in closings(measured):
        after = places.exposures(each.workloads, each.nodes, exposures)
        changed = {key: one for key, one in after.items() if one.level != exposures[key].level}
        facts = {key: one.facts() for key, one in changed.items()}
        closed.append(Closed(each.what, {key: one.level for key, one in changed.items()}, contexts.changed_by(facts)))
    return Reached(exposures, tuple(closed), contexts.known)
