"""How long things take in a simulated world: the lags of its controllers, and the machines of each class."""

from __future__ import annotations

import msgspec


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """The lags in seconds.

    ``not_ready`` and ``toleration`` are the defaults of kubernetes.io/docs/concepts/architecture/nodes (a node is not
    ready 40 seconds after its last sign of life) and of the taint manager (pods are deleted 300 seconds later); the
    others are what clusters of ordinary size show. ``grant`` is just over the two minutes for which a granted eviction
    counts. ``request`` is how long a request may be under way before its sender gives it up.
    """

    schedule: float = 0.5
    controller: float = 0.5
    budget: float = 1.0
    retry: float = 15.0
    start: float = 1.0
    attach: float = 5.0
    detach: float = 6.0
    grant: float = 121.0
    kubelet: float = 10.0
    not_ready: float = 40.0
    toleration: float = 300.0
    request: float = 10.0


class Speed(msgspec.Struct, frozen=True, kw_only=True):
    """A class of machines: how many times as long as usual work takes, and seconds until its kernel runs again."""

    work: float = 1.0
    boot: float = 75.0


#: The classes by the name in ``Machine.speed``; any other name is that of a virtual machine.
SPEEDS: dict[str, Speed] = {
    "vm": Speed(),
    "metal": Speed(boot=540.0),
    "edge": Speed(work=2.0, boot=210.0),
}
