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
