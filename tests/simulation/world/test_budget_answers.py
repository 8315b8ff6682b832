"""The control plane's disruption budgets in a world are those of ``oakum.changes.budgets``, in whatever happens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.simulation.world.made import Made

from oakum.changes.budgets import ask, recomputed
from oakum.simulation.disruption import answer, recount
from oakum.simulation.slim import budget_object, pod_object

NUMBERS = st.sampled_from(["0", "1", "2", "3", "0%", "34%", "50%", "100%"])
KINDS = st.sampled_from(["Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"])
WORKLOADS = st.lists(
    st.builds(
        lambda kind, replicas, crashes: f"kind: {kind}, replicas: {replicas}, crashes: {str(crashes).lower()}",
        KINDS,
        st.integers(1, 4),
        st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=4,
)
BUDGETS = st.lists(
    st.builds(
        lambda of, side, value, unhealthy: f"for: w{of}, {side}: {value!r}{unhealthy}",
        st.integers(0, 3),
        st.sampled_from(["min_available", "max_unavailable"]),
        NUMBERS,
        st.sampled_from(["", "", ", unhealthy: AlwaysAllow", ", unhealthy: IfHealthyBudget"]),
    ),
    max_size=4,
)
DOINGS = st.lists(
    st.tuples(st.sampled_from(["evict", "delete", "crash", "wait", "scale"]), st.integers(0, 30)), max_size=12
)


@given(WORKLOADS, BUDGETS, DOINGS)
def test_evictions_and_counts_are_those_of_the_rules(
    workloads: list[str], budgets: list[str], doings: list[tuple[str, int]]
) -> None:
    named = ", ".join(f"{{name: w{number}, {each}}}" for number, each in enumerate(workloads))
    meant = [each for each in budgets if int(each[6]) < len(workloads)]
    made = Made(f"[{named}]", "[" + ", ".join(f"{{name: b{i}, {each.replace(chr(39), '')}}}" for i, each in
                                             enumerate(meant)) + "]")  # fmt: skip
    made.lease()
    for do, number in doings:
        pods = sorted(made.cluster.pods.values(), key=lambda each: each.uid)
        if do == "evict" and pods:
            made.evict(pods[number % len(pods)])
        elif do == "delete" and pods:
            pod = pods[number % len(pods)]
            made.world.pods["c"].delete(pod, "delete", "human")
        elif do == "crash":
            made.world.event("crash", f"c/w-{number % 3 + 1}", lasts=100)
        elif do == "scale":
            made.world.event("scale", "c/Deployment/default/w0", str(number % 4))
        else:
            made.wait(number)
        _compare(made)
    made.wait(200)
    _compare(made)
    for budget in made.cluster.budgets.values():
        recount(budget, made.world.timeline.now, made.cluster.pods)
        budget.slim = None
    whole = made.world.shown["c"].whole("")
    for budget in made.cluster.budgets.values():
        slim = budget_object(budget, made.world.timeline.start)
        status = recomputed(slim, whole.members(slim), whole.scales, made.world.timeline.wall())
        assert slim.status == status


def _compare(made: Made) -> None:
    whole, live = made.world.shown["c"].whole(""), made.world.shown["c"].around("")
    for pod in made.cluster.pods.values():
        slim = pod_object(pod, made.world.timeline.start)
        guarding = whole.budgets.guarding(slim)
        code, _, spends = answer(pod)
        expected = ask(slim, guarding)
        assert (code, spends) == (expected.code, expected.spent), (pod.name, expected)
        assert live.budgets.guarding(slim) == guarding
        assert live.scales.of(slim) == whole.scales.of(slim)
    for budget in made.cluster.budgets.values():
        slim_budget = budget_object(budget, made.world.timeline.start)
        assert sorted(each.metadata.name for each in live.members(slim_budget)) == sorted(
            each.metadata.name for each in whole.members(slim_budget)
        )


BUDGET = "[{name: web, for: web, max_unavailable: 1}]"


def test_two_evictions_at_once_spend_one_disruption_before_the_controller_has_looked() -> None:
    made = Made("[{name: web, replicas: 3}]", BUDGET)
    made.lease()
    first, second, _ = made.pods("web")
    assert made.evict(first).result == "done"
    assert made.evict(second).code == "not-now"


def test_a_budget_that_was_changed_refuses_until_its_controller_has_looked() -> None:
    made = Made("[{name: web, replicas: 3}]", BUDGET)
    made.lease()
    made.world.event("budget", "c", "default/web=max 2")
    refused = made.evict(made.pods("web")[0])
    assert (refused.code, "changed" in refused.why) == ("not-now", True)
    made.wait(2)
    assert made.evict(made.pods("web")[0]).result == "done"


def test_a_granted_eviction_counts_for_two_minutes_though_the_pod_stay() -> None:
    made = Made("[{name: web, replicas: 3}]", BUDGET)
    budget, pods = made.budget("web"), made.cluster.pods
    budget.grants[made.pods("web")[0].name] = 0.0
    recount(budget, 120.0, pods)
    assert (budget.healthy, budget.allowed) == (2, 0)
    recount(budget, 121.0, pods)
    assert (budget.healthy, budget.allowed, budget.grants) == (3, 1, {})
