"""Asks single checks of the verifier, and says in short what they found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from tests.changes.drain.makings import Json
from tests.changes.verify.worlds import Draft, World, kernels

from oakum.changes.intents.model import Intent
from oakum.changes.plans import Plan
from oakum.changes.verify import Violation
from oakum.changes.verify.given import Given
from oakum.policy.openings import Calendar

Check = Callable[[Given], Iterator[Violation]]


def laid(world: World, plan: Plan) -> Given:
    """A plan whose form is right, laid beside its world."""
    return Given(plan, world.state, world.policy, Calendar(world.policy, {}), world.knowledge)


def found(check: Check, world: World, plan: Plan) -> list[Violation]:
    """What one check finds."""
    return list(check(laid(world, plan)))


def told(several: Iterable[Violation]) -> list[tuple[str, str, str]]:
    """The rule, the step (or the wave, where there is no step) and the object of each violation."""
    return [(each.rule, each.step or each.wave, each.object) for each in several]


def deployment(name: str = "dns", image: str = "dns:1.11.1", *more: Json, **labels: str) -> Json:
    """A Deployment of one container ``c``, and of ``more``."""
    meta = {"name": name, "namespace": "shop", "uid": f"Deployment/{name}", "labels": labels}
    containers = [{"name": "c", "image": image}, *more]
    spec = {"replicas": 1, "template": {"spec": {"containers": containers}}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


DNS = Intent(name="dns", kind="add-on", wants={"object": "Deployment/shop/dns", "image": "dns:1.11.3"})
OF_DNS = "edge/Deployment/shop/dns"


def objects(world: World, *others: Intent) -> Draft:
    """The add-on dns gets another image, in a wave and under limits of its own."""
    if not any(each.get("kind") == "Deployment" for each in world.objects):
        world.objects.append(deployment())
    draft = Draft(world, DNS, *others).usual()
    draft.group("objects", ())
    return draft.wave("dns", draft.visit(OF_DNS, "dns", "objects"))


def objects_first(world: World) -> Plan:
    """The add-on, then the kernels."""
    draft = objects(world, *kernels(world).intents)
    draft.wave("canary", draft.visit("edge/w-1", "k", "workers"), soak=1800)
    return draft.wave("rest", *(draft.visit(f"edge/w-{number}", "k", "workers") for number in (2, 3, 4))).plan()
