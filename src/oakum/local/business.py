"""The business context of a cluster's assets: from the context file, from annotations, and from what is measured."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Callable, Mapping

from oakum.fleet.assets import Asset, Context, Fact
from oakum.fleet.cluster.context import Stated, Statements, merged, worst
from oakum.fleet.cluster.graph import Estate
from oakum.fleet.cluster.objects import Node, Object
from oakum.fleet.cluster.snapshot import Snapshot
from oakum.fleet.cluster.workloads import Owners, WorkloadKey
from oakum.fleet.context import VALUES

ContextOf = Callable[[Asset], Context]
Facts = Mapping[str, Fact]


def stated_of(snapshot: Snapshot, found: Estate) -> dict[str, Stated]:
    """What the objects of a cluster state about its assets, images aside, by key."""
    statements = Statements(snapshot)
    objects: dict[WorkloadKey, Object] = {
        owned.key: owned.object for owned in Owners(snapshot).workloads if owned.object is not None
    }
    nodes = {node.metadata.name: node for node in snapshot.of(Node, "Node")}
    stated: dict[str, Stated] = {}
    for asset in found.assets:
        if asset.kind != "image":
            workload = found.workloads.get(asset.key)
            one = objects.get(workload) if workload is not None else nodes.get(asset.name)
            stated[asset.key] = statements.of(one) if one is not None else statements.cluster()
    return stated


class Contexts:
    """The contexts of a cluster's assets, for what is measured and for what would be.

    The context file speaks first, then annotations, then what was measured, then the default; an image has the most
    urgent context of those that use it.
    """

    def __init__(
        self, found: Estate, stated: dict[str, Stated], context_of: ContextOf, measured: Mapping[str, Facts]
    ) -> None:
        """``measured`` are facts by key."""
        self._file = {asset.key: context_of(asset) for asset in found.assets}
        self._stated = stated
        self._users: defaultdict[str, list[str]] = defaultdict(list)
        self._images: defaultdict[str, list[str]] = defaultdict(list)
        for relation in found.relations:
            if relation.kind == "uses":
                self._users[relation.object].append(relation.subject)
                self._images[relation.subject].append(relation.object)
        held = {key: self._held(key, measured.get(key, {})) for key in stated}
        #: By key of every asset.
        self.known = held | {key: self._image(key, held) for key in self._file if key not in held}

    def changed_by(self, measured: Mapping[str, Facts]) -> dict[str, Context]:
        """The contexts that other measured facts change, by key; those of the images in use included."""
        held = {key: self._held(key, facts) for key, facts in measured.items()}
        changed = ChainMap(held, self.known)
        images = dict.fromkeys(image for key in measured for image in self._images[key])
        now = held | {image: self._image(image, changed) for image in images}
        return {key: context for key, context in now.items() if context != self.known[key]}

    def _held(self, key: str, measured: Facts) -> Context:
        return merged(self._file[key], self._stated[key], dict(measured))

    def _image(self, key: str, known: Mapping[str, Context]) -> Context:
        users = self._users[key]
        return _over(self._file[key], worst(known[user] for user in users) if users else None)


def _over(first: Context, second: Context | None) -> Context:
    """Each fact of the first context that somebody stated, else the second's."""
    if second is None:
        return first
    facts = {name: getattr(first, name) for name in VALUES}
    return Context(**{name: getattr(second, name) if fact.default else fact for name, fact in facts.items()})
