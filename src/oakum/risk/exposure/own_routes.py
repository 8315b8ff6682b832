"""Controllers that also forward by objects of their own kinds, which are not read.

Beside the kinds of Kubernetes, Traefik has IngressRoute, Istio VirtualService, Contour HTTPProxy. Where the pods of
such a controller are reached from outside, it may lead on to workloads by ways that nobody sees here. That is a gap,
and an assumption of every answer that rests on there being none. The level stays what the objects that were read make
of it: that a controller knows a kind does not say that there is any such object.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from oakum.fleet.assets import Gap
from oakum.risk.exposure.model import Path
from oakum.risk.exposure.providers import Controller

_OUTSIDE = ("internet", "unknown", "private network")


def reached_from_outside(
    found: Iterable[tuple[Controller, tuple[int, ...]]], paths: Sequence[Iterable[Path]]
) -> tuple[Controller, ...]:
    """Those with kinds of their own of whose pods (places in ``paths``) one is reached from outside of the cluster."""
    return tuple(
        row
        for row, places in found
        if row.own_kinds and any(path.source in _OUTSIDE for place in places for path in paths[place])
    )


def assumption(row: Controller) -> str:
    """What an answer about a workload behind a Service rests on."""
    return f"{row.name} forwards nothing to it by {_words(row)}, which are not read"


def gap(row: Controller) -> Gap:
    """What cannot be said about whatever stands behind Services."""
    return Gap(
        "unread-objects",
        f"{_words(row)} of {row.name}",
        "its pods are reached from outside, and these objects of its own, by which it may forward to any workload "
        "behind a Service, are not read",
        "state public_exposure of what it serves so: by the annotation oakum.dev/public-exposure, or in a context file",
    )


def _words(row: Controller) -> str:
    *others, last = row.own_kinds
    return f"{', '.join(others)} and {last}" if others else last
