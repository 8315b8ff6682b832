"""When, how long, how gently and under whose eyes: equal to the policy or stricter is right, anything laxer is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from tests.changes.verify import edits
from tests.changes.verify.asking import found, told
from tests.changes.verify.corrupting import SCHEDULE, TAKES, W1, W2, W3, W4, emergency, policy
from tests.changes.verify.edits import replace
from tests.changes.verify.worlds import ALL, NOW, POLICY, Draft, World, kernels

from oakum.changes.intents.model import Intent
from oakum.changes.plans import Evictions, Plan, Stop, Takes, Times
from oakum.changes.verify import governed as module
from oakum.changes.verify.governed import governed
from oakum.policy.amounts import Amount, Span
from oakum.policy.entries import (
    Approval,
    Drain,
    Emergency,
    Escalation,
    Freeze,
    Gate,
    Guardrail,
    Metric,
    Soak,
    Window,
)
from oakum.policy.entries import Step as Rung
from oakum.policy.schedules import Moment
from oakum.policy.scopes import Scope

KERNELS = Scope(facts={"change": ("kernel",)})
LAST = Scope(facts={"node": ("w-4",)})
#: What a step of ``kernels`` may take at worst: its work, the soak of a machine and the way back.
NEEDS = 1800 + 60 + 900


def ask(world: World, plan: Plan) -> list[tuple[str, str, str]]:
    return told(found(governed, world, plan))


def whys(world: World, plan: Plan) -> list[str]:
    return [each.why for each in found(governed, world, plan)]


def of(wanted: dict[str, Any] | None = None, **group: Any) -> list[str]:
    """What is said where the policy has other entries than that of the world, and the group of workers others still."""
    world = World()
    plan = kernels(world).plan()
    if wanted:
        plan = policy(world, plan, **wanted)
    several = found(governed, world, edits.group(plan, "workers", **group))
    assert {(each.step, each.object) for each in several} <= {(W1, "workers")}
    return [f"{each.rule}: {each.why}" for each in several]


def both(world: World, *, first: bool = False) -> Plan:
    """Kernel and container runtime of workers in one visit, the runtime first or last."""
    intents = (
        Intent(name="k", kind="kernel", scope=Scope(facts={"node_role": ("worker",)})),
        Intent(name="cri", kind="container-runtime", scope=Scope(facts={"node_role": ("worker",)})),
    )
    draft = Draft(world, *intents).usual()

    def visit(number: int) -> Any:
        names = ("cri", "k") if first else ("k", "cri")
        changes = [change for name in names for change in draft.found[name].changes[f"edge/w-{number}"]]
        return draft.visit(f"edge/w-{number}", "k", "workers", changes)

    return draft.wave("canary", visit(1), soak=1800).wave("rest", *map(visit, (2, 3, 4))).plan()


# gates, approvals, drains


@pytest.mark.parametrize(
    ("wanted", "given", "said"),
    [
        (900, 900, ""), (900, 1, ""), (900, 901, "readiness within 901 s, not 900 s"),
        (900, 0, "readiness within 0 s, not 900 s"), (0, 0, ""), (0, 60, ""),
    ],
)  # fmt: skip
def test_a_gate_asks_for_readiness_as_soon_as_the_policy_or_sooner(wanted: int, given: int, said: str) -> None:
    gate = Gate("g", ALL, wanted)
    assert of({"gates": (gate,)}, gate=replace(gate, ready_within=given)) == ([f"gate: {said} (g)"] if said else [])


@pytest.mark.parametrize(("wanted", "given"), [*product((True, False), repeat=2)])
def test_a_gate_scans_where_the_policy_does(wanted: bool, given: bool) -> None:
    gate = Gate("g", ALL, 900, wanted)
    expected = ["gate: no scan of our own (g)"] if wanted and not given else []
    assert of({"gates": (gate,)}, gate=replace(gate, rescan=given)) == expected


def test_a_gate_measures_and_listens_to_no_less_than_the_policys() -> None:
    one, other = Metric("errors", "q", "value < 1.0"), Metric("latency", "q", "value < 2.0")
    gate = Gate("g", ALL, 900, True, (one, other), ("a", "b"))
    wanted = {"gates": (gate,)}
    assert of(wanted, gate=replace(gate, metrics=(other, one), quiet_alarms=("c", "b", "a"))) == []
    assert of(wanted, gate=replace(gate, metrics=(one,))) == ["gate: the metric latency is missing or another (g)"]
    laxer = replace(gate, metrics=(one, replace(other, success="value < 3.0")))
    assert of(wanted, gate=laxer) == ["gate: the metric latency is missing or another (g)"]
    renamed = (replace(one, name="g: errors"), other)
    assert of(wanted, gate=replace(gate, metrics=renamed)) == [], "a name says nothing of what is measured"
    assert of(wanted, gate=replace(gate, metrics=(other, one, replace(other, query="r")))) == [
        "gate: several metrics are called latency (g)"
    ], "what is measured is told apart by its name"
    assert of(wanted, gate=replace(gate, quiet_alarms=("b",))) == ["gate: the alarm a may fire (g)"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((2, ("a", "b"), 1, ("a",)), ""), ((3, ("a",), 2, ("a",)), ""), ((2, ("b",), 1, ("a",)), ""),
        ((1, ("a",), 1, ("a",)), "1 people, not 2"),
        ((2, (), 1, ("a",)), "people of the roles any, not of a, b"),
        ((2, ("a", "c"), 1, ("a",)), "people of the roles a, c, not of a, b"),
        ((2, ("a",), 0, ("a",)), "0 people for a forward-only step, not 1"),
        ((2, ("a",), 1, ()), "people for a forward-only step of the roles any, not of a"),
        ((2, ("a",), 1, ("b",)), "people for a forward-only step of the roles b, not of a"),
    ],
)  # fmt: skip
def test_no_fewer_people_agree_and_none_of_other_roles(given: tuple[Any, ...], said: str) -> None:
    wanted = Approval("g", ALL, 2, ("a", "b"), 1, ("a",))
    expected = [f"approval: {said} (g)"] if said else []
    assert of({"approvals": (wanted,)}, approval=Approval("g", ALL, *given)) == expected


def test_where_the_policy_names_no_roles_anybody_may_agree() -> None:
    wanted = Approval("g", ALL, 1, (), 1, ())
    for roles in ((), ("a",)):
        assert of({"approvals": (wanted,)}, approval=Approval("g", ALL, 1, roles, 1, roles)) == []


@pytest.mark.parametrize(
    ("field", "given", "said"),
    [
        ("timeout", 3600, ""), ("timeout", 60, ""), ("timeout", 3601, "it lasts up to 3601 s, not 3600 s"),
        ("max_grace", 3600, ""), ("max_grace", 60, ""), ("max_grace", 3601, "pods have up to 3601 s, not 3600 s"),
    ],
)  # fmt: skip
def test_a_drain_lasts_no_longer_than_the_policys(field: str, given: int, said: str) -> None:
    drain = POLICY.drain[0]
    assert of(drain=replace(drain, **{field: given})) == ([f"drain: {said} (gentle)"] if said else [])


@pytest.mark.parametrize(
    ("field", "said"), [("local_data", "local data is deleted"), ("unreplicated", "unreplicated pods are evicted")]
)
@pytest.mark.parametrize(("wanted", "given"), [*product(("block", "evict"), repeat=2)])
def test_a_drain_evicts_nothing_that_the_policy_blocks(field: str, said: str, wanted: Any, given: Any) -> None:
    drain = replace(Drain("d", ALL), **{field: wanted})
    expected = [f"drain: {said} (d)"] if (wanted, given) == ("block", "evict") else []
    assert of({"drain": (drain,)}, drain=replace(drain, **{field: given})) == expected


# ladders


WAIT, FORCE = Rung("wait", 60), Rung("force-evict", 0, ("platform",))


def test_the_ladder_of_a_group_is_the_policys() -> None:
    ladder = Escalation("l", ALL, (WAIT, Rung("stop-and-report")))
    assert of({"escalation": (ladder,)}, escalation=replace(ladder, name="another name")) == []
    other = replace(ladder, steps=(Rung("stop-and-report"),))
    world = World()
    plan = policy(world, kernels(world).plan(), escalation=(ladder,))
    several = found(governed, world, edits.group(plan, "workers", escalation=other))
    assert told(several) == [("escalation", step, "workers") for step in (W1, W2, W3, W4)]
    assert several[0].why == "the ladder of workers is none of the policy's for it"


def test_every_step_of_a_group_has_the_groups_ladder() -> None:
    world = World()
    plan = policy(world, kernels(world).plan(), escalation=(Escalation("n", LAST, (WAIT, FORCE)), *POLICY.escalation))
    assert ask(world, plan) == [("escalation", W4, "workers")]
    first = Scope(facts={"node": ("w-1",)})
    plan = policy(world, plan, escalation=(Escalation("n", first, (WAIT, FORCE)), *POLICY.escalation))
    assert ask(world, plan) == [("escalation", W1, "workers")]
    # One that comes after it is judged as well.
    middle = Scope(facts={"node": ("w-1", "w-3")})
    plan = policy(world, plan, escalation=(Escalation("n", middle, (WAIT, FORCE)), *POLICY.escalation))
    assert ask(world, plan) == [("escalation", W1, "workers"), ("escalation", W3, "workers")]


def test_a_ladder_forces_only_where_the_policy_does_for_each_of_the_changes() -> None:
    world = World()
    forcing = Escalation("f", ALL, (WAIT, FORCE))
    plan = policy(world, kernels(world).plan(), escalation=(forcing,))
    plan = edits.group(plan, "workers", escalation=forcing)
    assert ask(world, plan) == []
    # A visit whose changes have two ladders may follow either, but force only where both do.
    calm = Escalation("c", ALL, (WAIT, Rung("skip-and-report")))
    ladders = (replace(forcing, scope=KERNELS), calm)
    plan = policy(world, both(world), escalation=ladders)
    assert ask(world, edits.group(plan, "workers", escalation=calm)) == []
    several = found(governed, world, edits.group(plan, "workers", escalation=forcing))
    assert told(several) == [("escalation", W1, "workers")]
    assert several[0].why == "it forces, c does not"


# soaks


def test_what_a_policy_says_of_a_group_is_told_once() -> None:
    assert of(soak_node=60) == []
    assert of(soak_node=59) == ["soak: 59 s after each machine, watched says 60 s"]


def test_a_wave_soaks_as_long_as_the_longest_of_its_changes() -> None:
    soaks = (Soak("k", KERNELS, 0, 900), Soak("cri", ALL, 0, 700))
    for first in (True, False):
        world = World()
        plan = policy(world, both(world, first=first), soak=soaks)
        assert ask(world, edits.wave(plan, "rest", soak=900)) == []
        several = found(governed, world, edits.wave(plan, "rest", soak=899))
        assert told(several) == [("soak", "rest", "rest")]
        assert several[0].why == "899 s after the wave, k says 900 s"
    # Of two that say the same the first is named.
    world = World()
    plan = policy(world, both(world), soak=(Soak("k", KERNELS, 0, 700), Soak("cri", ALL, 0, 700)))
    assert whys(world, edits.wave(plan, "rest", soak=0)) == ["0 s after the wave, k says 700 s"]


def test_a_wave_need_not_soak_where_the_policy_asks_for_none() -> None:
    world = World()
    plan = policy(world, kernels(world).plan(), soak=(Soak("s", ALL),))
    assert ask(world, edits.wave(plan, "rest", soak=0)) == []


# guardrails


@pytest.mark.parametrize(
    ("failed", "lost", "said"),
    [
        (1, 1, ""), (2, 1, ""), (2, 3, ""), (0, 1, "it stops at 0 failed, g says 2 of 4"),
        (3, 1, "it stops at 3 failed, g says 2 of 4"), (1, 0, "it stops at 0 lost, g says 3"),
        (1, 4, "it stops at 4 lost, g says 3"),
    ],
)  # fmt: skip
def test_a_run_stops_no_later_than_the_policy_says(failed: int, lost: int, said: str) -> None:
    world = World()
    guardrail = Guardrail("g", ALL, Amount(50, percent=True), 3, ("a",))
    plan = policy(world, kernels(world).plan(), guardrails=(guardrail,))
    several = found(governed, world, replace(plan, stop=Stop(failed=failed, lost=lost, alarms=("a", "b"))))
    assert told(several) == ([("guardrail", "", "g")] if said else [])
    assert [each.why for each in several] == ([said] if said else [])


def test_a_run_stops_at_each_alarm_of_the_policy() -> None:
    world = World()
    plan = policy(world, kernels(world).plan(), guardrails=(Guardrail("g", ALL, Amount(1), 1, ("b", "a")),))
    assert whys(world, replace(plan, stop=Stop(failed=1, lost=1, alarms=("c",)))) == [
        "it does not stop at the alarm a", "it does not stop at the alarm b",
    ]  # fmt: skip


# calendars


def open_for(seconds: int, name: str = "w", after: timedelta = timedelta(0), scope: Scope = ALL) -> Window:
    """A window that opens once, when the plan is made or some time after."""
    start = Moment((NOW + after).replace(tzinfo=None), "UTC")
    return Window(name, scope, (replace(SCHEDULE, start=start, span=Span(seconds=seconds)),))


def calendar(*pairs: tuple[str, ...], **entries: Any) -> list[str]:
    """What is said of kernels under windows and freezes, where the group obeys those of the pairs."""
    world = World()
    plan = policy(world, kernels(world).plan(), **entries)
    calendars = tuple((tuple(windows.split()), tuple(freezes.split())) for windows, freezes in pairs)
    several = found(governed, world, edits.group(plan, "workers", calendars=calendars))
    assert {(each.rule, each.object) for each in several} <= {("calendar", "workers")}
    assert [each.step for each in several] in ([], [W1, W2, W3, W4])
    return sorted({each.why for each in several})


def test_a_step_obeys_the_very_windows_and_freezes_of_its_target() -> None:
    freezes = (Freeze("year", ALL, (), "r"), Freeze("sale", ALL, (), "r"))
    windows = (Window("a", ALL, always=True), Window("b", ALL, always=True))
    entries = {"windows": windows, "freezes": freezes}
    assert calendar(("b a", "sale year"), **entries) == []
    assert calendar(("a", "sale year"), **entries) == [
        "it obeys windows a without sale, year, the policy says windows a, b without sale, year"
    ]
    assert calendar(("a b", ""), **entries) == [
        "it obeys windows a, b without freezes, the policy says windows a, b without sale, year"
    ]
    assert calendar(**entries) == ["it obeys no calendar, the policy says windows a, b without sale, year"]
    assert calendar(("", ""), ("a b", "sale year"), **entries) == [
        "it obeys windows a, b without sale, year and windows none without freezes, "
        "the policy says windows a, b without sale, year"
    ]


def test_a_step_fits_into_a_window_with_its_soak_and_its_way_back() -> None:
    assert calendar(("w", ""), windows=(open_for(NEEDS),)) == []
    assert calendar(("w", ""), windows=(open_for(NEEDS - 1),)) == [
        f"it may take {NEEDS} s, and no opening is that long"
    ]


def test_each_step_has_a_time_of_its_own() -> None:
    world = World()
    plan = policy(world, kernels(world).plan(), windows=(open_for(NEEDS, "always"),))
    for step in (W1, W3):
        plan = edits.step(plan, step, takes=replace(TAKES, work=Times(p50=300, p95=1801)))
    assert ask(world, plan) == [("calendar", W1, "workers"), ("calendar", W3, "workers")]


def test_steps_under_other_calendars_than_the_groups_are_told_each() -> None:
    world = World()
    windows = (Window("only", Scope(facts={"node": ("w-1", "w-3")}), always=True), *POLICY.windows)
    plan = policy(world, kernels(world).plan(), windows=windows)
    assert ask(world, plan) == [("calendar", W1, "workers"), ("calendar", W3, "workers")]


def two_calendars(one: Window, other: Window) -> list[str]:
    """What is said of a visit whose kernel has one window and whose runtime has the other."""
    world = World()
    windows = (
        replace(one, name="k", scope=KERNELS),
        replace(other, name="c", scope=Scope(facts={"change": ("container-runtime",)})),
    )
    plan = policy(world, both(world), windows=windows)
    plan = edits.group(plan, "workers", calendars=((("k",), ()), (("c",), ())))
    return sorted({each.why for each in found(governed, world, plan)})


def test_a_step_under_two_calendars_needs_a_time_at_which_both_are_open() -> None:
    hour = timedelta(hours=1)
    never = [f"it may take {NEEDS} s, and its calendars are never open together for that long"]
    always = Window("w", ALL, always=True)
    assert two_calendars(open_for(NEEDS), always) == []
    assert two_calendars(open_for(NEEDS - 1), always) == never
    assert two_calendars(open_for(7200), open_for(NEEDS, after=hour)) == []
    assert two_calendars(open_for(7200), open_for(7200, after=2 * hour)) == never
    # It is enough that one of several times is long enough.
    short = open_for(600)
    several = replace(short, schedules=(*short.schedules, *open_for(NEEDS, after=2 * hour).schedules))
    assert two_calendars(several, always) == []


def test_two_calendars_are_looked_through_for_a_year() -> None:
    always = Window("w", ALL, always=True)
    assert two_calendars(open_for(7200, after=timedelta(days=300)), always) == []
    assert two_calendars(open_for(7200, after=timedelta(days=365, hours=22)), always) == []
    assert two_calendars(open_for(7200, after=timedelta(days=366, hours=1)), always) != []


def test_a_zone_that_nobody_knows_is_told_with_the_calendar() -> None:
    lost = Window("w", ALL, (replace(SCHEDULE, start=Moment(datetime(2026, 3, 2, 22, 0), "Mars/Olympus")),))
    (why,) = calendar(("w", ""), windows=(lost,))
    assert "Mars/Olympus" in why
    (why,) = two_calendars(lost, Window("w", ALL, always=True))
    assert "Mars/Olympus" in why


def instants(*pairs: tuple[int, int]) -> list[tuple[datetime, datetime]]:
    return [(NOW + timedelta(hours=start), NOW + timedelta(hours=end)) for start, end in pairs]


@pytest.mark.parametrize("number", range(64))
def test_what_two_lists_of_times_have_in_common_is_in_both(number: int) -> None:
    """Every list of times out of six hours against three others, hour by hour."""

    def joined(hours: set[int]) -> list[tuple[datetime, datetime]]:
        starts = sorted(hour for hour in hours if hour - 1 not in hours)
        ends = sorted(hour + 1 for hour in hours if hour + 1 not in hours)
        return instants(*zip(starts, ends, strict=True))

    one = {hour for hour in range(6) if number >> hour & 1}
    for other in ({0, 1, 3, 5}, {1, 2, 4}, set(range(6)), {2}, set[int]()):
        assert module._both(joined(one), joined(other)) == joined(one & other)
        assert module._both(joined(other), joined(one)) == joined(one & other)


def test_what_two_lists_of_times_have_in_common_is_told_in_utc() -> None:
    ((start, end),) = module._both(instants((0, 2)), instants((1, 3)))
    assert (start.tzinfo, end.tzinfo) == (UTC, UTC)


# overrides


def fire(entry: dict[str, Any] | None = None, calendars: Any = None, **override: Any) -> list[tuple[str, str, str]]:
    """What is found of an override of ``emergency``, whose entry in the policy has other fields."""
    world = World()
    plan = emergency(world, kernels(world).plan(), **override)
    if entry is not None:
        plan = policy(world, plan, emergency=tuple(replace(each, **entry) for each in world.policy.emergency))
    if calendars is not None:
        plan = edits.group(plan, "workers", calendars=calendars)
    return [(each.rule, each.object, each.why) for each in found(governed, world, plan)]


def test_an_override_within_what_the_policy_gives_is_no_violation() -> None:
    assert fire() == []
    assert fire(until=NOW + timedelta(seconds=3600)) == []
    assert fire(by=("a", "b", "c")) == []
    assert fire({"lifts": ("*",)}, lifts=("year end", "sale")) == []
    assert (
        fire({"outside_windows": True, "lasts": 9000}, (), outside_windows=True, until=NOW + timedelta(hours=1)) == []
    )
    # It need not lift all that it may.
    assert fire({"lifts": ("year end", "sale"), "outside_windows": True}) == []


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"reason": " "}, "it has no reason"),
        ({"emergency": "flood"}, "flood is no emergency that the policy has for it"),
        ({"lifts": ("year end", "sale")}, "it lifts sale, which fire does not"),
        ({"by": ("a", "a")}, "1 people have agreed, fire asks for 2"),
        ({"by": ("a", " ", "")}, "1 people have agreed, fire asks for 2"),
        ({"until": NOW}, f"it holds until {NOW}, fire lets it last 3600 s"),
        (
            {"until": NOW + timedelta(seconds=3601)},
            f"it holds until {NOW + timedelta(seconds=3601)}, fire lets it last 3600 s",
        ),
    ],
)
def test_what_an_override_takes_too_much_is_told_once(fields: dict[str, Any], why: str) -> None:
    assert fire(**fields) == [("override", fields.get("emergency", "fire"), why)]


def test_an_override_outside_of_windows_needs_an_entry_that_gives_that() -> None:
    several = fire(None, (), outside_windows=True, until=NOW + timedelta(hours=1))
    assert several == [("override", "fire", "it acts outside of windows, which fire does not let it")]


def test_without_an_entry_there_is_no_override() -> None:
    world = World()
    plan = policy(world, emergency(world, kernels(world).plan()), emergency=())
    several = found(governed, world, plan)
    assert [(each.rule, each.why) for each in several] == [
        ("override", "fire is no emergency that the policy has for it")
    ]
    assert told(several) == [("override", W1, "fire")]


def test_an_override_is_judged_for_each_of_its_targets() -> None:
    world = World()
    plan = emergency(world, kernels(world).plan())
    (entry,) = world.policy.emergency
    narrow = Emergency("flood", LAST, entry.roles, entry.lifts, False, 2, 3600)
    plan = policy(world, plan, emergency=(narrow, entry))
    assert ask(world, plan) == [("override", W4, "fire")]


def test_a_freeze_that_is_not_lifted_is_obeyed() -> None:
    freezes = (Freeze("year end", ALL, (), "r"), Freeze("sale", ALL, (), "r"))

    def under(calendars: Any, **override: Any) -> list[tuple[str, str, str]]:
        world = World()
        plan = emergency(world, kernels(world).plan(), **override)
        (entry,) = world.policy.emergency
        plan = policy(world, plan, freezes=freezes, emergency=(replace(entry, lifts=("*",)),))
        return [each for each in ask(world, edits.group(plan, "workers", calendars=calendars)) if each[1] == W1]

    sale, none = ((("always",), ("sale",)),), ((("always",), ()),)
    assert under(sale) == []
    assert under(none) == [("calendar", W1, "workers")]
    assert under(none, lifts=("*",)) == []
    assert under(sale, lifts=("*",)) == [("calendar", W1, "workers")]


def test_a_step_outside_of_windows_is_over_before_the_override_ends() -> None:
    entry = {"outside_windows": True}
    fits = NOW + timedelta(seconds=NEEDS)
    assert fire(entry, (), outside_windows=True, until=fits) == []
    late = fire(entry, (), outside_windows=True, until=fits - timedelta(seconds=1))
    assert {each[2] for each in late} == {
        f"it may take {NEEDS} s, and the override ends at {fits - timedelta(seconds=1)}"
    }
    # One that does not act outside of windows is held to them.
    assert {each[0] for each in fire(entry, ())} == {"calendar"}


# durations


def takes(work: tuple[int, int], there: tuple[int, int] = (200, 900), **step: Any) -> list[str]:
    world = World()
    plan = kernels(world).plan()
    times = Takes(work=Times(p50=work[0], p95=work[1]), back=Times(p50=there[0], p95=there[1]))
    plan = edits.step(plan, W4, takes=times, evictions=step.pop("evictions", None), **step)
    several = found(governed, world, plan)
    assert {each.rule for each in several} <= {"takes"}
    return [each.why for each in several]


def test_times_are_possible() -> None:
    assert takes((0, 1)) == []
    assert takes((300, 300)) == []
    assert takes((-1, 300)) == ["the work takes -1 s or, at worst, 300 s"]
    assert takes((301, 300)) == ["the work takes 301 s or, at worst, 300 s"]
    assert takes((0, 0)) == ["the work takes 0 s or, at worst, 0 s"]
    assert takes((1, 9), (2, 1)) == ["the way back takes 2 s or, at worst, 1 s"]
    assert takes((1, 9), (0, 0)) == ["the way back takes 0 s or, at worst, 0 s"]
    assert takes((1, 9), (0, 1)) == []


def test_where_there_is_no_way_back_it_takes_no_time() -> None:
    assert takes((1, 9), (0, 0), back=()) == []
    assert takes((0, 0), (0, 0), back=()) == ["the work takes 0 s or, at worst, 0 s"]


@pytest.mark.parametrize(("rounds", "grace", "least"), [(1, 30, 30), (2, 30, 60), (0, 30, 30), (3, 0, 1)])
def test_a_step_has_time_for_the_grace_of_every_round(rounds: int, grace: int, least: int) -> None:
    evictions = Evictions(pods=rounds, rounds=rounds, grace=grace)
    assert takes((1, least), evictions=evictions) == []
    if least > 1:
        assert takes((1, least - 1), evictions=evictions) == [
            f"{rounds} rounds of {grace} s of grace do not fit into {least - 1} s"
        ]
