"""Which proxy serves an Ingress: pods of a controller in the cluster, a load balancer of the cloud, or one unseen.

The class decides: the annotation ``kubernetes.io/ingress.class`` before ``spec.ingressClassName``, and that before the
default class (kubernetes.io/docs/concepts/services-networking/ingress, "Ingress class", "Default IngressClass"). The
class's ``spec.controller`` names the controller, whose pods are known by their options, their image or their labels. An
Ingress for which nobody is seen may still be served by a controller under a name of its own: it counts as served to
everybody, unless the address that it was given says otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from oakum.fleet.cluster.networking import Ingress, IngressClass
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.risk.exposure.ground import Ground, Target
from oakum.risk.exposure.providers import CONTROLLERS, ROUTER, Controller

_CLASS = "kubernetes.io/ingress.class"
_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
#: How the options end that name a class (without regard to case, "-" and "."), and that name a controller.
_CLASS_OPTIONS = ("ingressclass", "ingressclassname")
_CONTROLLER_OPTIONS = ("controllerclass",)


class Server(msgspec.Struct, frozen=True):
    """Who serves: a row of the table (None: unknown), and the places of its pods. ``sure``: nobody else does."""

    controller: Controller | None
    places: tuple[int, ...] = ()
    sure: bool = True


class Controllers:
    """The ingress controllers of a cluster."""

    def __init__(self, snapshot: Snapshot, ground: Ground, *, complete: bool = True) -> None:
        """``complete``: whether every IngressClass was read."""
        self._ground = ground
        self._complete = complete
        self._classes = {one.metadata.name: one for one in snapshot.of(IngressClass, "IngressClass")}
        self._pods = {row.name: _pods(row, ground) for row in (*CONTROLLERS, ROUTER)}
        self._options = {place: _options(ground.targets[place]) for places in self._pods.values() for place in places}
        self._naming: defaultdict[str, list[int]] = defaultdict(list)
        for place, target in enumerate(ground.targets):
            for name, value in _options(target):
                if name.endswith(_CONTROLLER_OPTIONS):
                    self._naming[value].append(place)
        self._known: dict[tuple[str, bool], tuple[Server, ...]] = {}

    def of(self, ingress: Ingress) -> tuple[Server, ...]:
        """Who serves an Ingress; never empty."""
        annotation = ingress.metadata.annotations.get(_CLASS, "")
        name = annotation or ingress.spec.ingress_class_name or ""
        key = (name, bool(annotation))
        if key not in self._known:
            found = tuple(self._of_class(*key)) if name else tuple(self._of_no_class())
            if name not in self._classes and not self._complete and found != (Server(None),):
                # The class, or the default one, may name another controller.
                found = (*(msgspec.structs.replace(each, sure=False) for each in found), Server(None, sure=False))
            self._known[key] = found
        return self._known[key]

    def seen(self) -> Iterable[tuple[Controller, tuple[int, ...]]]:
        """The controllers of the table with the places of their pods."""
        return ((row, self._pods[row.name]) for row in CONTROLLERS)

    def router(self) -> Server:
        """Who serves OpenShift's Routes."""
        return Server(ROUTER, self._pods[ROUTER.name])

    def of_gateway(self, controller: str) -> Server:
        """Who serves the gateways of a GatewayClass with this ``spec.controllerName``."""
        for row in CONTROLLERS:
            if controller in row.gateways:
                return Server(row, self._pods[row.name])
        return Server(None)

    def _of_no_class(self) -> Iterable[Server]:
        defaults = [
            name for name, one in self._classes.items() if one.metadata.annotations.get(_DEFAULT, "").lower() == "true"
        ]
        if defaults:
            return [server for name in defaults for server in self._of_class(name, by_name=False)]
        # Any controller may have been told to take those without a class.
        found = [Server(row, self._pods[row.name], False) for row in CONTROLLERS if self._pods[row.name]]
        on_google = any(name.startswith("gce") for name in self._ground.nodes.providers)
        if on_google:
            found.append(Server(next(row for row in CONTROLLERS if "gce" in row.classes), (), False))
        return found or [Server(None)]

    def _of_class(self, name: str, by_name: bool) -> list[Server]:
        one = self._classes.get(name)
        controller = one.spec.controller if one is not None else ""
        named = self._naming.get(controller, []) if controller else []
        if named:
            row = next((row for row in CONTROLLERS if set(named) & set(self._pods[row.name])), None)
            return [Server(row, tuple(named))]
        row = _row(controller, name)
        if row is None:
            by_option = [place for place in self._options if name in self._told(place, _CLASS_OPTIONS)]
            row = next((each for each in CONTROLLERS if set(by_option) & set(self._pods[each.name])), None)
            return [Server(row, tuple(by_option))]
        places = self._pods[row.name]
        if controller:
            places = self._unless_other(places, _CONTROLLER_OPTIONS, controller)
        if by_name or row.by_class or not controller:
            places = self._preferring(places, name)
        return [Server(row, places)]

    def _unless_other(self, places: tuple[int, ...], options: tuple[str, ...], value: str) -> tuple[int, ...]:
        """Without the pods that were told another value; all of them where that leaves none."""
        kept = tuple(place for place in places if not self._told(place, options) - {value})
        return kept or places

    def _preferring(self, places: tuple[int, ...], name: str) -> tuple[int, ...]:
        """The pods that were told this class, else those that were told none, else all."""
        told = tuple(place for place in places if name in self._told(place, _CLASS_OPTIONS))
        return told or tuple(place for place in places if not self._told(place, _CLASS_OPTIONS)) or places

    def _told(self, place: int, options: tuple[str, ...]) -> set[str]:
        return {value for name, value in self._options[place] if name.endswith(options)}


def _row(controller: str, name: str) -> Controller | None:
    for row in CONTROLLERS:
        if controller in row.controllers if controller else name in row.classes:
            return row
    return None


def _pods(row: Controller, ground: Ground) -> tuple[int, ...]:
    if not row.images:
        return ()
    by_image = tuple(place for place, target in enumerate(ground.targets) if _has_image(row, target))
    return by_image or tuple(place for place, target in enumerate(ground.targets) if _has_label(row, target))


def _has_image(row: Controller, target: Target) -> bool:
    if row.alone and len(target.containers) > 1:
        return False
    return any(_is(container.image, name) for container in target.containers for name in row.images)


def _is(image: str, name: str) -> bool:
    repository = image.partition("@")[0]
    head, _, last = repository.rpartition("/")
    repository = f"{head}/{last.partition(':')[0]}" if head else last.partition(":")[0]
    return repository == name or repository.endswith(f"/{name}")


def _has_label(row: Controller, target: Target) -> bool:
    labels = target.peer.labels
    return any(labels.get(key) == value if value else key in labels for key, value in row.labels)


def _options(target: Target) -> tuple[tuple[str, str], ...]:
    """The options of a pod's containers with their values: ``--ingress-class=x`` and ``--ingress-class x``."""
    found = []
    for container in target.containers:
        words = [*container.command, *container.args]
        for number, word in enumerate(words):
            if not word.startswith("-"):
                continue
            name, given, value = word.partition("=")
            if not given and number + 1 < len(words):
                value = words[number + 1]
            found.append((name.lower().replace("-", "").replace(".", ""), value))
    return tuple(found)
