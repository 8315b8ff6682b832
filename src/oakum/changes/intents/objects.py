"""Kinds that change an object of a cluster: an add-on (CNI, CSI, CoreDNS, ...), or the image of a workload.

The object's own controller rolls the change out; the run sets the image, watches the rollout and can set the old one
again. What a chart or an operator owns is left to it, for it would put the old image back.
"""

from __future__ import annotations

from collections.abc import Iterable

from oakum.actors.owners import owner_of
from oakum.changes.intents.kinds import Field, Found, Kind, left_out
from oakum.changes.intents.model import Intent
from oakum.changes.plans.model import Change, Subject, Times
from oakum.changes.state.model import Cluster
from oakum.fleet.cluster.objects import Object, Workload
from oakum.policy.scopes import Target

_KINDS = ("Deployment", "DaemonSet", "StatefulSet")
_ROLLOUT = "https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#updating-a-deployment"


def _of_cluster(intent: Intent, cluster: Cluster) -> Iterable[tuple[Subject, Found]]:
    for one in cluster.around.snapshot.all(*_KINDS):
        if isinstance(one, Workload) and _named(one) == intent.wants["object"] and _meant(intent, cluster, one):
            subject = Subject(kind="object", cluster=cluster.name, name=_named(one), uid=one.metadata.uid)
            yield subject, _found(intent, subject, one)


def _found(intent: Intent, subject: Subject, one: Workload) -> Found:
    wanted, name = str(intent.wants["image"]), str(intent.wants.get("container", ""))
    containers = [each for each in one.spec.template.spec.containers if not name or each.name == name]
    if len(containers) != 1:
        why = f"it has {len(containers)} containers" + (f" of the name {name}" if name else "")
        said = ", ".join(each.name for each in one.spec.template.spec.containers[:9])
        return left_out(subject.id, "container-unknown", why, f"name the container: one of {said}")
    (container,) = containers
    if container.image == wanted:
        return ()
    owner = owner_of(one)
    if owner is not None and not intent.wants.get("managed"):
        why = f"{owner.name} owns it and {owner.does}"
        return left_out(subject.id, "managed", why, f"{owner.instead}, or say managed: yes", owner.source)
    if one.spec.paused:
        return left_out(subject.id, "paused", "its rollouts are paused", "let its owner resume it")
    return (
        Change(
            intent=intent.name, kind=intent.kind, component=f"image/{container.name}", before=container.image,
            after=wanted, reversibility="reversible", back=container.image, proof=("rollout",),
            parameters={"container": container.name},
        ),
    )  # fmt: skip


def _meant(intent: Intent, cluster: Cluster, one: Object) -> bool:
    """Whether the scope is for the object; one of which that is not known is not meant."""
    target = Target(
        cluster=cluster.name, environment=cluster.facts.get("environment"), region=cluster.facts.get("region"),
        tier=cluster.facts.get("tier"), node_role="", pool="", zone="", node="", namespace=one.metadata.namespace,
        workload=f"{one.kind}/{one.metadata.name}", change=intent.kind, reversibility="reversible",
        labels=dict(one.metadata.labels),
    )  # fmt: skip
    return intent.scope.matches(target) is True


def _named(one: Object) -> str:
    return "/".join(one.key)


_FIELDS = {
    "object": Field(says="Kind/namespace/name of the Deployment, DaemonSet or StatefulSet", needed=True),
    "image": Field(says="the image to run, with its tag or digest", needed=True),
    "container": Field(says="the container, where there are several"),
    "managed": Field(says="yes: although a chart or an operator owns the object", form=bool),
}
ADD_ON = Kind(
    name="add-on", says="an add-on of clusters: its DaemonSet, Deployment or StatefulSet gets another image", rank=30,
    fields=_FIELDS, prior=Times(p50=300, p95=1800), source=_ROLLOUT, of_cluster=_of_cluster,
)  # fmt: skip
IMAGE_BUMP = Kind(
    name="image-bump", says="a workload gets another image", rank=60,
    fields=_FIELDS, prior=Times(p50=180, p95=1800), source=_ROLLOUT, of_cluster=_of_cluster,
)  # fmt: skip
