"""The admission webhooks that are asked about new pods, as a dump shows them, with the pods that serve each.

Fields and defaults: admissionregistration.k8s.io/v1 in the Kubernetes API reference. ``failurePolicy`` is Fail where
none is given. A webhook counts as asked about every pod of the namespaces that its ``namespaceSelector`` selects:
``objectSelector`` and ``matchConditions`` could leave some pods out, and nobody plans on that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from oakum.changes.drain.items import tidy
from oakum.changes.state.model import Webhook
from oakum.errors import InputError, Place
from oakum.fleet.assets import Gap
from oakum.fleet.cluster.networking import Service
from oakum.fleet.cluster.objects import Meta, Namespace, Pod, Selector, Slim
from oakum.fleet.cluster.selecting import selects
from oakum.fleet.cluster.snapshot import Snapshot

KINDS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
_GROUP = "admissionregistration.k8s.io/"
_PODS = frozenset({"pods", "*", "*/*"})


class Rule(Slim, frozen=True):
    """Which requests a webhook is asked about."""

    operations: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


class ServiceName(Slim, frozen=True):
    """The service behind a webhook."""

    namespace: str = ""
    name: str = ""


class Client(Slim, frozen=True):
    """Where a webhook is: a service of the cluster, or a URL outside of it."""

    service: ServiceName | None = None
    url: str = ""


class Hook(Slim, frozen=True):
    """One webhook of a configuration."""

    name: str = ""
    failure_policy: str = "Fail"
    rules: tuple[Rule, ...] = ()
    client_config: Client = Client()
    namespace_selector: Selector = Selector()


class Configuration(Slim, frozen=True):
    """A ValidatingWebhookConfiguration or MutatingWebhookConfiguration."""

    kind: str = ""
    metadata: Meta = Meta()
    webhooks: tuple[Hook, ...] = ()


def read_webhooks(items: Iterable[Mapping[str, object]]) -> tuple[Configuration, ...]:
    """The configurations among parsed objects. Raises InputError naming a bad one."""
    found: list[Configuration] = []
    for item in items:
        kind, version = item.get("kind"), item.get("apiVersion")
        if kind not in KINDS or not isinstance(version, str) or not version.startswith(_GROUP):
            continue
        try:
            found.append(msgspec.convert(tidy(item), Configuration))
        except (msgspec.ValidationError, RecursionError) as error:
            place = Place(field=str(kind))
            raise InputError(f"not of the expected shape: {error}", place=place, remedy="mend the object") from None
    return tuple(found)


def webhooks_of(found: Iterable[Configuration], snapshot: Snapshot, cluster: str) -> tuple[list[Webhook], list[Gap]]:
    """The webhooks for new pods of a cluster, and those of which nobody can tell who serves them."""
    spaces = snapshot.of(Namespace, "Namespace")
    services = {(each.metadata.namespace, each.metadata.name): each for each in snapshot.of(Service, "Service")}
    webhooks: list[Webhook] = []
    gaps: list[Gap] = []
    for configuration in sorted(found, key=lambda each: (each.kind, each.metadata.name)):
        for hook in configuration.webhooks:
            where = hook.client_config.service
            if where is None or not any(map(_about_pods, hook.rules)):
                continue
            name = f"{configuration.kind}/{configuration.metadata.name}/{hook.name}"
            service = services.get((where.namespace, where.name))
            if service is None and "Service" not in snapshot.listed:
                why = f"the dump of {cluster} does not hold its service {where.namespace}/{where.name}"
                remedy = "add the output of: kubectl get services --all-namespaces -o json"
                gaps.append(Gap("unread-objects", f"who serves the webhook {name}", why, remedy, asset=cluster))
                continue
            pods = _serving(service, snapshot.of(Pod, "Pod")) if service is not None else ()
            exempt = (each.metadata.name for each in spaces if not selects(hook.namespace_selector, _labels(each)))
            webhooks.append(
                Webhook(name=name, pods=tuple(pods), fail_closed=hook.failure_policy != "Ignore", exempt=tuple(exempt))
            )
    return webhooks, gaps


def _about_pods(rule: Rule) -> bool:
    create = not {"CREATE", "*"}.isdisjoint(rule.operations)
    return create and not {"", "*"}.isdisjoint(rule.api_groups) and not _PODS.isdisjoint(rule.resources)


def _serving(service: Service, pods: Iterable[Pod]) -> Iterator[str]:
    wanted = service.spec.selector
    for pod in pods:
        meta = pod.metadata
        if wanted and meta.namespace == service.metadata.namespace and wanted.items() <= meta.labels.items():
            yield f"{meta.namespace}/{meta.name}"


def _labels(space: Namespace) -> dict[str, str]:
    """The labels of a namespace; its name is one of them on every API server since 1.21."""
    return {"kubernetes.io/metadata.name": space.metadata.name, **space.metadata.labels}
