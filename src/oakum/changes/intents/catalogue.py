"""All kinds of change by name, and what an intent comes to for a state."""

from __future__ import annotations

from oakum.changes.intents import control_plane, machines, objects, packages, replacement, scripts
from oakum.changes.intents.kinds import Kind, Wanted, checked, wanted_of
from oakum.changes.intents.model import Intent
from oakum.changes.state.model import State
from oakum.errors import InputError, Place

__all__ = ["KINDS", "Kind", "Wanted", "kind_of", "wanted"]

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        control_plane.ETCD,
        control_plane.CONTROL_PLANE,
        objects.ADD_ON,
        machines.KUBELET,
        machines.RUNTIME,
        machines.KERNEL,
        packages.KIND,
        scripts.KIND,
        objects.IMAGE_BUMP,
        replacement.KIND,
    )
}


def kind_of(intent: Intent) -> Kind:
    """The kind of an intent whose wants are in order. Raises InputError naming the intent."""
    kind = KINDS.get(intent.kind)
    if kind is None:
        raise InputError(
            f"{intent.kind[:40]!r} is no kind of change", place=Place(field=f"intent {intent.name[:60]}"),
            remedy=f"the kinds are {', '.join(KINDS)}",
        )  # fmt: skip
    checked(kind, intent)
    return kind


def wanted(intent: Intent, state: State) -> Wanted:
    """The changes of every target that the intent's scope selects. Raises InputError for an intent that is wrong."""
    return wanted_of(kind_of(intent), intent, state)
