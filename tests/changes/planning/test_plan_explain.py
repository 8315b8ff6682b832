"""What is told of a plan, or why there is none: complete, in plain words, with numbers that can be counted again."""

from __future__ import annotations

import re

import pytest
from tests.changes.drain.makings import budget, controller, owned, pod
from tests.changes.planning.worlds import (
    good,
    intent,
    kernel,
    machine,
    masters,
    planned,
    policy,
    refused,
    servers,
    soft,
    state,
    workers,
)

from oakum.changes.planning import apply_edits, explain
from oakum.changes.plans.model import Plan
from oakum.changes.plans.why_not import Edit, WhyNot
from oakum.errors import InputError
from oakum.policy import entries
from oakum.policy.amounts import Amount, spoken
from oakum.policy.scopes import Scope


def told(found: Plan | WhyNot) -> str:
    return "\n".join(explain(found))


def joined(found: Plan | WhyNot) -> str:
    """The words without their line breaks."""
    return " ".join(told(found).split())


def test_a_plan_tells_what_moves_where_it_is_safe_and_when_it_stops() -> None:
    pods = [pod(f"web-{n}", owned(), node=f"w-{n + 1}", labels={"app": "web"}) for n in range(3)]
    objects = [controller(replicas=3), *pods, budget(allowed=1, healthy=3, desired=2, maxUnavailable=1)]
    machines = [*masters(3, software=kernel() | servers()), *workers(4, zones=("a", "b"))]
    machines += [machine("odd", cordoned=True)]
    rules = policy(max_unavailable=2, max_domains=2, soak=(entries.Soak("s", Scope(), 300, 600),))
    found = good(state(*machines, objects=objects), rules=rules)
    text = joined(found)
    assert found.hash in text
    steps = found.steps.values()
    pods_moved = sum(step.evictions.pods for step in steps if step.evictions is not None)
    assert f"{len(found.steps)} nodes are drained: {pods_moved} pods move to other nodes" in text
    assert f"{sum(step.reboot for step in steps)} machines restart." in text
    assert "No pod is deleted by force." in text
    for group in found.groups:
        longest = max((step for step in steps if step.group == group.id), key=lambda step: step.takes.work.p95)
        needs = longest.takes.work.p95 + group.soak_node + longest.takes.back.p95
        assert f"- {group.id}: windows always. A step starts only if {spoken(needs)} are left" in text
    for wave in found.waves:
        assert f"- {wave.id} " in text
    assert "foreign-cordon" in text
    assert "kubectl uncordon odd" in text


def test_a_step_without_a_way_back_is_told_loudly() -> None:
    world = state(*workers(1, software={"lib": soft("1", "2")}))
    rules = policy(approvals=(entries.Approval("two", Scope(), 1, ("ops",), 2, ("lead",)),))
    text = joined(good(world, intent("packages", names=("lib",)), rules=rules))
    assert "c/w-1 has NO way back (lib): it waits for 2 approvals of lead of its own." in text


def test_a_plan_without_a_step_says_so() -> None:
    assert "Nothing is to be done" in told(good(state(*workers(1, software=kernel("6.1.100", "6.1.100")))))


def test_each_reason_tells_object_rule_source_remedy_and_how_many_it_keeps_out() -> None:
    found = refused(state(*workers(5)), rules=policy(max_unavailable=Amount(10, percent=True)))
    (reason,) = found.reasons
    text = joined(found)
    for part in (reason.object, reason.rule, reason.source, reason.remedy.says, "It keeps out 5 targets"):
        assert part in text
    for number in re.findall(r"\d+", reason.why):
        assert number in {str(value).rstrip("%") for value in reason.figures.values()}


def test_lines_are_no_wider_than_a_terminal() -> None:
    found = planned(state(*workers(200), machine("odd", healthy=False)), rules=policy(max_unavailable=2))
    assert all(len(line) <= 110 or "https://" in line for line in explain(found))


@pytest.mark.parametrize(
    "edit",
    [
        Edit(of="state", object="c/none", field="healthy", value=True),
        Edit(of="state", object="c/w-1", field="healthy", value="perhaps"),
        Edit(of="state", object="Pod/shop/none", field="spec.node_name", value="n", cluster="c"),
        Edit(of="state", object="c", field="nothing", value=1, cluster="c"),
        Edit(of="state", object="c", field="etcd", value=1, cluster="c"),
        Edit(of="intents", object="none", field="whole", value=True),
        Edit(of="policy", object="windows/none", field="always", value=True),
        Edit(of="policy", object="nothing/none", field="", value={}),
        Edit(of="policy", object="budgets/new", field="", value={"name": "new"}),
    ],
)
def test_an_edit_of_what_is_not_there_is_refused(edit: Edit) -> None:
    world, rules = state(*workers(1)), policy()
    with pytest.raises(InputError, match="edit of"):
        apply_edits(world, (intent(),), rules, [edit])


def test_edits_change_what_they_name_and_nothing_else() -> None:
    world, rules = state(*workers(2), objects=[controller(), budget(maxUnavailable=0)]), policy()
    edits = [
        Edit(of="state", object="c/w-1", field="software|linux|offers", value=["7"]),
        Edit(of="state", object="PodDisruptionBudget/shop/pdb", field="spec.max_unavailable", value=1, cluster="c"),
        Edit(of="intents", object="kernel", field="scope.and", value='node != "w-2"'),
        Edit(of="policy", object="windows/always", field="always", value=False),
    ]
    changed, intents, other = apply_edits(world, (intent(),), rules, edits)
    assert [each.software["linux"].offers for each in changed.machines] == [("7",), ("6.1.100",)]
    (pdb,) = changed.clusters[0].around.snapshot.all("PodDisruptionBudget")
    assert (pdb.spec.max_unavailable, pdb.metadata.generation) == (1, 2)  # type: ignore[attr-defined] # a budget
    assert intents[0].scope.condition == '(node != "w-2")'
    assert (other.windows[0].always, rules.windows[0].always) == (False, True)
