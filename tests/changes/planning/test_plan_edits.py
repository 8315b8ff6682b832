"""Remedies carried out: each edit changes the one thing that it names, in the form that this thing has."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.changes.drain.makings import budget, controller, pod
from tests.changes.planning.worlds import ALWAYS, cluster, intent, policy, state, workers

from oakum.changes.intents.model import Intent
from oakum.changes.planning import apply_edits
from oakum.changes.plans.why_not import Edit
from oakum.changes.state import EtcdMember, State, Webhook
from oakum.errors import InputError
from oakum.fleet.cluster.objects import Object
from oakum.policy import entries
from oakum.policy.model import Policy
from oakum.policy.scopes import Scope

BUDGET = "PodDisruptionBudget/shop/pdb"


def world() -> State:
    """Two clusters with the same workload; each has two machines."""
    machines = [*workers(2), *workers(2, "d")]
    objects = [controller(replicas=3), pod("web", node="w-1"), budget(maxUnavailable=0)]
    return state(*machines, clusters=[cluster(name, machines, objects) for name in ("c", "d")])


def edited(*edits: Edit, intents: tuple[Intent, ...] = (), rules: Policy | None = None) -> Any:
    wants = intents or (intent(), intent(name="other"))
    return apply_edits(world(), wants, rules or policy(), edits)


def of_state(object: str, field: str, value: Any, cluster: str = "") -> Edit:
    return Edit(of="state", object=object, field=field, value=value, cluster=cluster)


def objects(found: State, number: int = 0) -> dict[str, Object]:
    items = found.clusters[number].around.snapshot.items
    return {"/".join(one.key): one for several in items.values() for one in several}


def test_nothing_is_changed_by_no_edit() -> None:
    before = world()
    found, intents, rules = apply_edits(before, (intent(),), policy(), [])
    assert (found.machines, found.clusters, intents, rules) == (before.machines, before.clusters, (intent(),), policy())


def test_an_edit_of_a_machine_is_of_that_machine_alone() -> None:
    found, _, _ = edited(of_state("c/w-2", "healthy", False), of_state("c/w-2", "cordoned", True))
    assert [(each.id, each.healthy, each.cordoned) for each in found.machines] == [
        ("c/w-1", True, False), ("c/w-2", False, True), ("d/w-1", True, False), ("d/w-2", True, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "facts"),
    [
        ("facts|tier", "1", {"tier": "1"}),
        ("facts|a.b/c", "1", {"a.b/c": "1"}),
        ("facts.tier", "1", {"tier": "1"}),
        ("facts|tier", None, {}),
    ],
)
def test_a_path_has_dots_between_parts_and_bars_before_keys(field: str, value: Any, facts: dict[str, str]) -> None:
    found, _, _ = edited(of_state("c/w-1", field, value))
    assert found.machines[0].facts == facts


def test_edits_of_a_cluster_are_of_its_own_fields() -> None:
    members = [{"name": "e", "machine": "c/w-1", "healthy": True}]
    hook = Webhook(name="hook", pods=("shop/web",))
    found, _, _ = edited(
        of_state("c", "facts|tier", 1, "c"),
        of_state("c", "facts|a.b", "x", "c"),
        of_state("c", "etcd", members, "c"),
        of_state("c", "webhooks", (msgspec.to_builtins(hook),), "c"),
        of_state("c", "version", "v1.40.0", "c"),
    )
    one, other = found.clusters
    assert one.facts == {"tier": "1", "a.b": "x"}
    assert one.etcd == (EtcdMember(name="e", machine="c/w-1", healthy=True),)
    assert one.webhooks == (hook,)
    assert (one.around.snapshot.version, other.around.snapshot.version) == ("v1.40.0", "v1.31.9")
    assert (other.facts, other.etcd, other.webhooks) == ({}, (), ())
    assert len(one.around.pods) == 1


def test_an_edit_of_an_object_is_of_that_object_in_that_cluster() -> None:
    found, _, _ = edited(of_state("ReplicaSet/shop/web", "spec.replicas", 5, "d"))
    assert [objects(found, n)["ReplicaSet/shop/web"].spec.replicas for n in (0, 1)] == [3, 5]  # type: ignore[attr-defined]
    assert objects(found, 1)[BUDGET] == objects(world(), 1)[BUDGET]


@pytest.mark.parametrize(
    ("field", "value", "generation"),
    [("spec.max_unavailable", 2, 2), ("metadata.annotations|a.b/c_d", "yes", 1), ("spec.max_unavailable", None, 2)],
)
def test_only_a_changed_wish_makes_a_new_generation(field: str, value: Any, generation: int) -> None:
    found, _, _ = edited(of_state(BUDGET, field, value, "c"))
    changed = objects(found)[BUDGET]
    assert changed.metadata.generation == generation
    if field.startswith("spec"):
        assert changed.spec.max_unavailable == value  # type: ignore[attr-defined] # a budget
    else:
        assert changed.metadata.annotations == {"a.b/c_d": "yes"}


def test_objects_come_and_go_as_a_whole() -> None:
    made = pod("new", node="w-2", namespace="bank")
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bank"}}
    found, _, _ = edited(
        of_state("Pod/shop/web", "", None, "c"),
        of_state("Pod/bank/new", "", made, "c"),
        of_state("Namespace/bank", "", space, "c"),
        of_state("Pod/shop/none", "", None, "c"),
    )
    kept = {BUDGET, "ReplicaSet/shop/web", "Node//w-1", "Node//w-2"}
    assert set(objects(found)) == kept | {"Pod/bank/new", "Namespace//bank"}
    assert set(objects(found, 1)) == kept | {"Pod/shop/web"}
    assert [each.metadata.name for each in found.clusters[0].around.on("w-2")] == ["new"]


def test_an_object_of_the_cluster_has_no_namespace() -> None:
    found, _, _ = edited(of_state("Node/w-1", "metadata.labels|disk", "ssd", "c"))
    assert objects(found)["Node//w-1"].metadata.labels == {"disk": "ssd"}


def test_edits_of_intents_are_of_the_one_that_they_name() -> None:
    edits = [Edit(of="intents", object="other", field=field, value=value)
             for field, value in (("whole", True), ("wants.to", "7"))]  # fmt: skip
    _, (one, other), _ = edited(*edits)
    assert one == intent()
    assert (other.whole, other.wants) == (True, {"to": "7"})


@pytest.mark.parametrize(
    ("before", "after"), [("", '(node != "a")'), ('pool == "x"', '(pool == "x") && (node != "a")')]
)
def test_one_more_condition_narrows_a_scope(before: str, after: str) -> None:
    edit = Edit(of="intents", object="kernel", field="scope.and", value='node != "a"')
    scope = Scope(facts={"cluster": ("c",)}, condition=before)
    _, (changed, _), _ = edited(edit, intents=(intent(scope=scope), intent(name="other")))
    assert changed.scope == Scope(facts={"cluster": ("c",)}, condition=after)


def test_entries_of_the_policy_are_changed_added_replaced_and_taken_away() -> None:
    two = entries.Window("two", Scope(), (), always=True)
    rules = policy(windows=(ALWAYS, two), freezes=(entries.Freeze("peak", Scope(), (), "busy"),))

    def changed(object: str, field: str, value: Any) -> Policy:
        _, _, found = edited(Edit(of="policy", object=object, field=field, value=value), rules=rules)
        assert isinstance(found, Policy)
        return found

    assert changed("windows/two", "always", False).windows == (ALWAYS, msgspec.structs.replace(two, always=False))
    assert changed("windows/two", "", None).windows == (ALWAYS,)
    assert changed("windows/none", "", None).windows == (ALWAYS, two)
    new, other = (msgspec.structs.replace(two, name=name, always=False) for name in ("new", "two"))
    assert changed("windows/new", "", msgspec.to_builtins(new)).windows == (new, ALWAYS, two)
    assert changed("windows/two", "", msgspec.to_builtins(other)).windows == (other, ALWAYS)
    assert changed("windows/two", "", None).freezes == rules.freezes
    budget = entries.Budget("b", Scope(), at_least=1)
    assert changed("budgets/b", "", msgspec.to_builtins(budget)).budgets == (budget,)


@pytest.mark.parametrize(
    ("edit", "where", "what"),
    [
        (of_state("c/none", "healthy", True), "edit of c/none healthy", "there is no such thing"),
        (of_state("x", "facts|a", "b", "x"), "edit of x facts|a", "there is no such thing"),
        (of_state("Pod/shop/web", "", None, "x"), "edit of Pod/shop/web", "there is no such thing"),
        (Edit(of="intents", object="none", field="whole", value=True), "edit of none whole", "there is no such thing"),
        (of_state("Pod/shop/none", "spec.node_name", "n", "c"), "edit of Pod/shop/none spec.node_name",
         "there is no such object"),
        (of_state("c", "facts", {}, "c"), "edit of c facts", "there is no such field"),
        (of_state("c", "name|x", "y", "c"), "edit of c name|x", "there is no such field"),
        (of_state("c/w-1", "name.first", "y"), "edit of c/w-1 name.first", "there is no such field"),
        (of_state("c/w-1", "name.first.x", "y"), "edit of c/w-1 name.first.x", "there is no such field"),
        (of_state("c", "etcd", 1, "c"), "edit of c etcd", "it has to be a list"),
        (Edit(of="policy", object="nothing/x", field="", value={}), "edit of nothing/x", "there is no such section"),
        (Edit(of="policy", object="windows/x", field="always", value=True), "edit of windows/x always",
         "there is no such entry"),
    ],
)  # fmt: skip
def test_an_edit_of_what_is_not_there_says_where_and_what(edit: Edit, where: str, what: str) -> None:
    with pytest.raises(InputError) as refused:
        edited(edit)
    assert (str(refused.value.place), refused.value.what) == (where, what)
