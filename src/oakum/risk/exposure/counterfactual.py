"""What closing one way in would leave of the exposure: "without this load balancer the shop is controlled".

A closing is the removal of one object, or of one setting of a workload: a Service, an Ingress or its rules for one
Service, a Gateway, a route, a host port, the host network. It lessens a level only where it closes every way that makes
that level: closing one of two open doors changes nothing and is not told. What was not read is a way that nothing
closes, so that it takes every promise away. A promise is never better than what a new measurement without the object
would find; where only such a measurement could tell, the worse is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from oakum.fleet.cluster.workloads import WorkloadKey
from oakum.risk.exposure.measure import CUT_OFF, Measured
from oakum.risk.exposure.model import LEVELS, Exposure, judged

K = TypeVar("K")


class Closing(msgspec.Struct, frozen=True):
    """``what`` could be closed alone ("Service shop/web", "hostPort 80 of DaemonSet edge/proxy"), and the exposures
    that would be left of those workloads and nodes whose level it lowers."""

    what: str
    workloads: dict[WorkloadKey, Exposure] = msgspec.field(default_factory=dict)
    nodes: dict[str, Exposure] = msgspec.field(default_factory=dict)


def closings(measured: Measured) -> tuple[Closing, ...]:
    """Every closing that lowers the level of something, in the order of their names."""
    found: dict[str, Closing] = {}
    for key, what, left in _lowered(measured.workloads):
        found.setdefault(what, Closing(what)).workloads[key] = left
    for name, what, left in _lowered(measured.nodes):
        found.setdefault(what, Closing(what)).nodes[name] = left
    return tuple(found[what] for what in sorted(found))


def _lowered(exposures: Mapping[K, Exposure]) -> Iterator[tuple[K, str, Exposure]]:
    for key, exposure in exposures.items():
        deciding = [path for path in exposure.paths if path.level == exposure.level]
        if exposure.level == "small" or not deciding:
            continue
        # What lowers the level closes each of the deciding ways.
        for what in deciding[0].closable:
            if all(what in path.closable for path in deciding):
                left = _without(exposure, what)
                if LEVELS.index(left.level) < LEVELS.index(exposure.level):
                    yield key, what, left


def _without(exposure: Exposure, what: str) -> Exposure:
    kept = [path for path in exposure.paths if what not in path.closable]
    # Where their address is explained after all, a way as wide as theirs is among those that were kept.
    instead = [path for path in exposure.stand_ins if what not in path.closable]
    return judged((*kept, *instead), nothing=CUT_OFF, source=exposure.source, time=exposure.time, notes=exposure.notes)
