"""Kind ``node-replacement``: a node is replaced by a new one from a clean image, which is up before the old one goes.

The new machine is made first (surge), then the old one is drained and deleted. The way back is a machine from the old
image, where one can still be made from it. A control-plane machine carries a member of etcd, which would have to leave
and join; that is no part of this kind.
"""

from __future__ import annotations

from oakum.changes.intents.kinds import UNKNOWN_IMAGE, Field, Found, Kind, aim, change_of, left_out
from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change, LeftOut, Reversibility, Times
from oakum.changes.state.model import Machine

_SOURCE = "https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/"
_PROOF = ("ready", "running", "rescan")
#: The component's name where a machine tells its image and no software for it.
IMAGE = "image"


def _of_machine(intent: Intent, machine: Machine) -> Found:
    several = machine.of("image")
    if not machine.cluster:
        return None
    if not several and not machine.image:
        why = "which image it was made from is not known"
        return left_out(machine.id, UNKNOWN_IMAGE, why, f"give the image of {machine.id} in an inventory", _SOURCE)
    wanted = str(intent.wants["image"])
    found: Change | None = None
    if several:
        name, software = min(several.items())
        version = aim(machine, name, software, wanted)
        if isinstance(version, LeftOut):
            return version
        kept = software.current in (*software.kept, *(software.offers or ()))
        class_: Reversibility = "reversible" if kept else "forward-only"
        found = (
            change_of(intent, machine, name, version, class_, drain=True, reboot=False, proof=_PROOF)
            if version
            else None
        )
    elif machine.image != wanted:
        found = _renamed(intent, machine, wanted)
    if found is None:
        return ()
    if machine.role == "control-plane":
        why = "it carries a part of the control plane, which a new machine would have to join first"
        return left_out(machine.id, "control-plane-machine", why, "upgrade it in place", _SOURCE)
    return (found,)


def _renamed(intent: Intent, machine: Machine, wanted: str) -> Change:
    """The change from the image that a machine was made from; nothing but the intent tells whether that is kept."""
    kept = bool(intent.wants.get("kept"))
    return Change(
        intent=intent.name, kind=intent.kind, component=IMAGE, before=machine.image, after=wanted,
        reversibility="reversible" if kept else "forward-only", back=machine.image if kept else "", drain=True,
        proof=("ready", "rescan"),
    )  # fmt: skip


KIND = Kind(
    name="node-replacement",
    says="nodes are replaced by new ones from a clean image: made, then the old one drained and deleted",
    rank=70,
    fields={
        "image": Field(says="the image to make new machines from; newest for the newest that is offered", needed=True),
        "kept": Field(says="yes: machines can still be made from the old image", form=bool),
    },
    prior=Times(p50=600, p95=1800),
    source=_SOURCE,
    of_machine=_of_machine,
)
