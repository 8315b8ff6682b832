"""What ties a pod to the disk of its node: volumes whose data goes, or is out of reach, when the pod does.

An emptyDir is deleted with its pod (kubernetes.io/docs/concepts/storage/volumes#emptydir); a hostPath stays on the node
and the next pod of the workload finds another; a claim whose persistent volume is ``local`` (or a hostPath) can be used
on that node alone. VolumeAttachments say what is still attached to a node after its pods are gone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from oakum.changes.drain.items import tidy
from oakum.errors import InputError, Place
from oakum.fleet.cluster.objects import Meta, NodeSelector, Pod, Slim

KINDS = {"PersistentVolume": "v1", "PersistentVolumeClaim": "v1", "VolumeAttachment": "storage.k8s.io/v1"}


class ClaimSpec(Slim, frozen=True):
    """Which volume a claim is bound to."""

    volume_name: str = ""


class Claim(Slim, frozen=True):
    """A PersistentVolumeClaim."""

    metadata: Meta = Meta()
    spec: ClaimSpec = ClaimSpec()


class VolumeAffinity(Slim, frozen=True):
    """The nodes from which a volume can be reached."""

    required: NodeSelector | None = None


class VolumeSpec(Slim, frozen=True):
    """Where a volume's data is, as far as it is on a node, and from which nodes it can be reached."""

    local: dict[str, object] | None = None
    host_path: dict[str, object] | None = None
    node_affinity: VolumeAffinity = VolumeAffinity()


class PersistentVolume(Slim, frozen=True):
    """A PersistentVolume."""

    metadata: Meta = Meta()
    spec: VolumeSpec = VolumeSpec()


class AttachmentSource(Slim, frozen=True):
    """What is attached."""

    persistent_volume_name: str = ""


class AttachmentSpec(Slim, frozen=True):
    """What is attached, and to which node."""

    node_name: str = ""
    source: AttachmentSource = AttachmentSource()


class AttachmentStatus(Slim, frozen=True):
    """Whether it is attached."""

    attached: bool = False


class Attachment(Slim, frozen=True):
    """A VolumeAttachment."""

    metadata: Meta = Meta()
    spec: AttachmentSpec = AttachmentSpec()
    status: AttachmentStatus = AttachmentStatus()


class Storage:
    """The claims, volumes and attachments of a dump."""

    def __init__(
        self,
        claims: Iterable[Claim] = (),
        volumes: Iterable[PersistentVolume] = (),
        attached: Iterable[Attachment] = (),
    ) -> None:
        self._claims = {(one.metadata.namespace or "default", one.metadata.name): one for one in claims}
        self._volumes = {one.metadata.name: one for one in volumes}
        self._attached = tuple(one for one in attached if one.status.attached)
        self._by_node: defaultdict[str, list[str]] = defaultdict(list)
        for one in self._attached:
            if one.spec.source.persistent_volume_name:
                self._by_node[one.spec.node_name].append(one.spec.source.persistent_volume_name)

    @property
    def objects(self) -> Iterator[tuple[str, Slim]]:
        """Each with its kind, by kind and name: what ``read_storage`` makes the same of again."""
        yield from (("PersistentVolume", self._volumes[name]) for name in sorted(self._volumes))
        yield from (("PersistentVolumeClaim", self._claims[key]) for key in sorted(self._claims))
        attached = sorted(self._attached, key=lambda one: (one.spec.node_name, one.metadata.name))
        yield from (("VolumeAttachment", one) for one in attached)

    def local_volume(self, pod: Pod) -> str:
        """The name of a persistent volume of the pod that only this node has; "" where there is none."""
        for claim in claims_of(pod):
            found = self._claims.get((pod.metadata.namespace, claim))
            volume = None if found is None else self._volumes.get(found.spec.volume_name)
            if volume is not None and (volume.spec.local is not None or volume.spec.host_path is not None):
                return volume.metadata.name
        return ""

    def knows(self, pod: Pod) -> bool:
        """Whether the volume of every claim of a pod is here."""
        found = (self._claims.get((pod.metadata.namespace, claim)) for claim in claims_of(pod))
        return all(one is not None and one.spec.volume_name in self._volumes for one in found)

    def volumes_of(self, pod: Pod) -> tuple[str, ...]:
        """The names of the persistent volumes that a pod's claims are bound to, as far as they are known."""
        found = (self._claims.get((pod.metadata.namespace, claim)) for claim in claims_of(pod))
        return tuple(one.spec.volume_name for one in found if one is not None and one.spec.volume_name)

    def reach(self, pod: Pod) -> tuple[NodeSelector, ...]:
        """From which nodes the volumes of a pod can be reached; all of them have to hold."""
        known = (self._volumes.get(name) for name in self.volumes_of(pod))
        required = (one.spec.node_affinity.required for one in known if one is not None)
        return tuple(one for one in required if one is not None)

    def attached_to(self, node: str) -> tuple[str, ...]:
        """The persistent volumes that are attached to a node."""
        return tuple(sorted(self._by_node.get(node, ())))


NO_STORAGE = Storage()


def claims_of(pod: Pod) -> tuple[str, ...]:
    """The names of the claims that a pod uses."""
    used = (volume.persistent_volume_claim for volume in pod.spec.volumes)
    return tuple(claim.claim_name for claim in used if claim is not None)


def read_storage(items: Iterable[Mapping[str, object]]) -> Storage:
    """The claims, volumes and attachments among parsed objects. Raises InputError naming a bad one."""
    claims: list[Claim] = []
    volumes: list[PersistentVolume] = []
    attached: list[Attachment] = []
    for item in items:
        kind = item.get("kind")
        if not isinstance(kind, str) or KINDS.get(kind) != item.get("apiVersion"):
            continue
        try:
            found = tidy(item)
            if kind == "PersistentVolumeClaim":
                claims.append(msgspec.convert(found, Claim))
            elif kind == "PersistentVolume":
                volumes.append(msgspec.convert(found, PersistentVolume))
            else:
                attached.append(msgspec.convert(found, Attachment))
        except (msgspec.ValidationError, RecursionError) as error:
            place = Place(field=kind)
            raise InputError(f"not of the expected shape: {error}", place=place, remedy="mend the object") from None
    return Storage(claims, volumes, attached)
