"""What keeps steps from starting, in the words that people read, and when it is looked at again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.changes.running.looks import ALL, NEW, NOW, OLD, Play, budget, change, open_for, plan, pod, step

from oakum.changes.plans import Plan, Stop, Subject, Wave
from oakum.changes.running.actions import Rest
from oakum.changes.running.admission import MOST
from oakum.changes.running.backends import Backends
from oakum.changes.running.compiled import Compiled, disturbs_control_plane, drains, need
from oakum.changes.running.observed import Claim
from oakum.changes.state.model import Webhook
from oakum.policy.entries import Drain, Escalation, Gate
from oakum.policy.entries import Step as Rung

ID, STEP, SECOND = "shop/w-1", "kernel@shop/w-1", "kernel@shop/w-2"
MANY = Stop(failed=99, lost=99)
QUIET = Gate("gate", ALL, quiet_alarms=("Errors", "Slow"))
FORCE = Escalation("force", ALL, (Rung("wait", 600), Rung("force-evict", roles=("owners",))))
OTHERS = Claim(run="run-2", step=STEP, token=1, cordoned=False)
FOREIGN = "somebody else has cordoned it"


def two(*steps: str, **limits: Any) -> Play:
    """Two machines in one wave, unless others are named."""
    return Play(plan(*(step(name) for name in steps or ("w-1", "w-2")), stop=MANY, **limits))


def in_hand(play: Play, seconds: float = 0.0) -> None:
    """The first machine was admitted and claimed."""
    play.puts(STEP, "draining", begun=play.sight.at.isoformat())
    play.later(seconds)
    play.claimed()


# The whole run, and whole waves


def unapproved(play: Play) -> None:
    play.sight.wishes = frozenset()


def paused(play: Play) -> None:
    play.sight.wishes |= {"pause"}
    play.turn()


def alarm(play: Play) -> None:
    play.sight.alarms = frozenset({"Slow", "Errors", "Other"})


def alarm_beside_work(play: Play) -> None:
    in_hand(play)
    alarm(play)


def silence(play: Play) -> None:
    play.sight.alarms = None


def another_down(play: Play) -> None:
    play.show("shop/w-9", uid="w-9", up=False)


@pytest.mark.parametrize(
    ("arrange", "about", "said"),
    [
        (unapproved, "", "30 s, held: waits for an approval of the plan {hash}"),
        (paused, "", "30 s, held: paused by somebody"),
        (alarm, "w1", "15 s, held: the alarm Errors fires"),
        (alarm_beside_work, "w1", "15 s, held: the alarm Errors fires"),
        (silence, "w1", "15 s, held: nobody could say which alarms fire"),
        (another_down, "w1", "15 s, held: shop/w-9 is out of service, at most 1 at a time"),
        (in_hand, "w1", "15 s: shop/w-1 is in hand, at most 1 at a time"),
    ],
)
def test_what_holds_a_run_or_a_wave_is_told_and_looked_at_again(
    arrange: Callable[[Play], None], about: str, said: str
) -> None:
    play = two(gate=QUIET, members=(ID, "shop/w-2", "shop/w-9"))
    arrange(play)
    play.turn()
    assert play.said(about) == [said.format(hash=play.plan.hash)]
    assert play.state(SECOND) == "waiting"


def test_alarms_that_nobody_asked_for_hold_nothing() -> None:
    play = two()
    play.sight.alarms = None
    play.turn()
    assert play.state() == "admitted"


def test_a_run_whose_waves_are_over_waits_for_nobodys_approval() -> None:
    play = two("w-1")
    play.puts(STEP, "done")
    play.turn()
    play.sight.wishes = frozenset()
    play.turn()
    assert play.said("") == ["noted done: "]


def of_two_groups(first: Gate, **limits: Any) -> Plan:
    """The first machine of a wave in a group with a gate of its own, the second in another."""
    made = plan(step("w-1"), step("w-2", group="h"), **limits)
    (one,) = made.groups
    groups = (
        msgspec.structs.replace(one, gate=first, members=(ID,)),
        msgspec.structs.replace(one, id="h", members=("shop/w-2",)),
    )
    return msgspec.structs.replace(made, groups=groups)


def test_an_alarm_of_one_group_keeps_no_other_group_back() -> None:
    play = Play(of_two_groups(QUIET))
    play.sight.alarms = frozenset({"Errors"})
    play.turn()
    assert (play.state(), play.state(SECOND)) == ("waiting", "admitted")


def test_failure_domains_that_are_touched_are_named() -> None:
    domain_of = {ID: "a", "shop/w-8": "y", "shop/w-9": "x"}
    play = two("w-1", members=tuple(domain_of), domain_of=domain_of, max_unavailable=9, max_domains=2)
    for name in ("w-8", "w-9"):
        play.show(f"shop/{name}", uid=name, up=False)
    play.turn()
    assert play.said("w1") == ["15 s, held: at most 2 failure domains, and x, y is touched"]


def test_a_full_domain_is_waited_for_without_a_word_to_people_while_we_are_at_work_there() -> None:
    play = Play(plan(step("w-1"), step("w-2", domain="b"), max_unavailable=9))
    in_hand(play)
    play.turn()
    assert play.said("w1") == ["15 s: at most 1 failure domains, and a is touched"]


def test_a_machine_that_is_out_of_service_itself_waits_its_time_also_beside_another_domain_that_is_hurt() -> None:
    play = two("w-1", members=(ID, "shop/w-9"), domain_of={ID: "a", "shop/w-9": "x"}, max_unavailable=9)
    another_down(play)
    play.show(ID, cordoned=True)
    play.turn()
    play.later(601)
    play.turn()
    assert (play.state(), play.why()) == ("skipped", FOREIGN)


def test_a_serial_group_says_who_takes_up_its_only_place() -> None:
    play = two("w-1", serial=True, max_unavailable=3)
    play.show(ID, cordoned=True)
    play.turn()
    assert play.said("w1") == ["15 s, held: shop/w-1 is out of service, at most 1 at a time"]
    play = two(serial=True, max_unavailable=3)
    in_hand(play)
    play.turn()
    assert play.said("w1") == ["15 s: shop/w-1 is in hand, at most 1 at a time"]


def test_many_that_take_up_the_places_are_counted_after_the_third() -> None:
    names = [f"w-{number}" for number in range(1, 6)]
    play = Play(plan(step("x"), members=tuple(f"shop/{name}" for name in names), domain_of={}, max_unavailable=5))
    for name in names:
        play.show(f"shop/{name}", uid=name, up=False)
    play.turn()
    told = "shop/w-1, shop/w-2, shop/w-3 and 2 more are out of service"
    assert play.said("w1") == [f"15 s, held: {told}, at most 5 at a time"]


# Single steps


def test_of_two_steps_on_one_machine_the_second_waits_for_the_first() -> None:
    second = step("w-1", id="packages@shop/w-1", changes=(change(kind="packages", component="openssl", reboot=False),))
    waves = (Wave(id="w1", name="a", needs=(), steps=(step(),)), Wave(id="w2", name="b", needs=(), steps=(second,)))
    play = Play(plan(waves=waves, max_unavailable=9))
    in_hand(play)
    play.turn()
    assert play.said(second.id) == ["15 s: another step is at work there"]
    # Where no place is left that is told once for its wave, and not for every step.
    play = Play(plan(waves=waves))
    in_hand(play)
    play.turn()
    assert play.said(second.id) == []


def test_a_forward_only_step_is_held_for_its_own_approval() -> None:
    play = Play(plan(step(changes=(change(reversibility="forward-only", back=""),))))
    play.turn()
    assert play.said() == ["30 s, held: waits for an approval of its own, since it cannot be undone"]


@pytest.mark.parametrize(("now", "seconds"), [(0, 60), (40, 20), (50, 15)])
def test_a_window_that_opens_is_waited_for_to_the_second_but_not_asked_about_every_moment(
    now: float, seconds: float
) -> None:
    play = Play(plan(step()), open_for((1, 90)))
    play.later(now)
    (rest,) = (each for each in play.turn() if isinstance(each, Rest))
    assert (rest.until - play.sight.at, rest.held, rest.sharp) == (timedelta(seconds=seconds), True, True)


@pytest.mark.parametrize("how", ["alarm", "limit"])
def test_a_machine_whose_obstacle_is_gone_still_waits_for_alarms_and_limits(how: str) -> None:
    play = two(gate=QUIET, max_unavailable=2)
    play.show(ID, cordoned=True)
    play.turn()
    assert play.why() == FOREIGN
    play.show(ID, cordoned=False)
    play.show("shop/w-9", uid="w-9")
    if how == "alarm":
        alarm(play)
    else:
        play = two(gate=QUIET)
        play.puts(STEP, "waiting", FOREIGN)
        in_hand_of(play, SECOND)
    play.turn()
    why = "the alarm Errors fires" if how == "alarm" else "shop/w-2 is in hand, at most 1 at a time"
    assert play.said() == [f"15 s: {why}"]


def in_hand_of(play: Play, name: str) -> None:
    play.puts(name, "draining", begun=play.sight.at.isoformat())
    play.claimed("shop/w-2", name)


def test_what_was_seen_at_its_admission_is_remembered_and_what_an_earlier_visit_left_is_forgotten() -> None:
    play = two("w-1")
    play.puts(STEP, "waiting", copy="its key", way="back", failed="x")
    play.turn()
    facts = play.journal.of(STEP).facts
    assert (facts["boot"], facts["cordoned"]) == ("boot-1", "false")
    assert (facts["copy"], facts["way"], facts["failed"]) == ("", "", "")


# Obstacles


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (100, f"500 s, held: {FOREIGN}"),
        (599.5, f"1 s, held: {FOREIGN}"),
        (600, f"skipped: {FOREIGN}"),
    ],
)
def test_an_obstacle_that_may_pass_is_held_until_its_rung_ends(after: float, said: str) -> None:
    play = two("w-1")
    play.show(ID, cordoned=True)
    play.turn()
    assert play.said() == [f"waiting: {FOREIGN}"]
    play.later(after)
    play.turn()
    assert play.said()[-1] == said


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ({"up": None}, "15 s, held: whether it is in service is not known"),
        ({"scanned": None}, "15 s, held: what runs there was not looked at since the run began"),
        ({"running": {"linux": NEW}}, "skipped: what was planned is in effect already (already=true)"),
        ({"running": {"linux": "6.1.95"}}, f"skipped: linux is at 6.1.95, and was planned from {OLD}"),
        ({"running": {}}, "waiting: the version of linux is not known"),
        ({"claim": OTHERS}, "waiting: run-2 holds it"),
        ({"claim": OTHERS, "cordoned": True}, "waiting: run-2 holds it"),
        ({"uid": "x"}, "skipped: another of that name was planned for: uid-w-1, not x"),
        ({"up": False, "why": "no route"}, "waiting: it is out of service before anything was done to it (no route)"),
    ],
)
def test_obstacles_in_words(seen: dict[str, Any], said: str) -> None:
    play = two("w-1", members=())
    play.show(ID, **seen)
    play.turn()
    assert play.said() == [said]


def test_what_is_not_there_yet_may_be_put_there() -> None:
    play = Play(plan(step(changes=(change(kind="packages", component="curl", before="absent", reboot=False),))))
    play.show(ID, running={})
    play.turn()
    assert play.state() == "admitted"


@pytest.mark.parametrize(
    ("after", "held", "ends"), [(599, False, False), (600, True, False), (3599, True, False), (3600, False, True)]
)  # fmt: skip
def test_a_drain_that_may_be_forced_waits_for_that_approval_as_long_as_a_drain_may_take(
    after: float, held: bool, ends: bool
) -> None:
    play = two("w-1", escalation=FORCE)
    play.sight.pods, play.sight.budgets, play.sight.replicas = [pod("web-1")], [budget(0)], 1
    play.turn()
    why = play.why()
    assert "its drain would be blocked: shop/web-1" in why
    play.later(after)
    play.turn()
    if ends:
        assert play.said() == [f"skipped: {why}"]
    elif held:
        assert play.said() == [f"30 s, held: waits for an approval to delete pods past their budgets: {why}"]
    else:
        assert play.said() == [f"1 s, held: {why}"]


def test_a_machine_that_is_left_out_for_its_drain_stops_no_run_unless_the_ladder_says_so() -> None:
    play = two("w-1")
    play.sight.pods = [pod("naked", owners=())]
    play.turn()
    play.later(601)
    play.turn()
    assert [line.partition(":")[0] for line in play.said()] == ["noted notify", "skipped"]


def test_drains_beyond_those_that_one_turn_judges_come_next_without_a_word_to_people() -> None:
    steps = [step(f"w-{number}") for number in range(30)]
    play = Play(plan(*steps, max_unavailable=99))
    play.turn()
    assert [play.state(each.id) for each in steps] == ["admitted"] * 24 + ["waiting"] * 6
    assert play.said(steps[-1].id) == ["0 s: "]


def obstructed(play: Play) -> set[str]:
    """The steps of which this turn says what keeps them back."""
    return {each.about for each in play.turn() if isinstance(each, Rest) and each.why == FOREIGN}


def test_of_many_that_something_keeps_back_others_are_looked_at_in_every_minute_and_all_in_turn() -> None:
    steps = [step(f"w-{number}") for number in range(70)]
    play = Play(plan(*steps, escalation=Escalation("l", ALL, (Rung("wait", 90_000),))))
    for each in steps:
        play.show(each.subject.id, cordoned=True)
        play.puts(each.id, "waiting", FOREIGN)
    looks = []
    for _ in range(3):
        first = obstructed(play)
        play.later(59)
        assert obstructed(play) == first
        assert len(first) == MOST
        looks.append(first)
        play.later(1)
    assert set().union(*looks) == {each.id for each in steps}


# What was admitted, and is claimed later


def undoing(made: Plan) -> Plan:
    """A plan that brings another one's changes back."""
    return msgspec.structs.replace(made, undoes="sha256:another")


def down(play: Play) -> None:
    play.show("shop/w-2", up=False)


@pytest.mark.parametrize(
    ("arrange", "after", "undoes", "limits", "why"),
    [
        (alarm, 5.0, False, {}, ""),
        (alarm, 5.1, False, {}, "the alarm Errors fires"),
        (down, 5.0, False, {}, ""),
        (down, 5.1, False, {}, "shop/w-2 is out of service, at most 1 at a time"),
        (down, 5.1, False, {"max_unavailable": 2}, ""),
        (down, 5.1, False, {"max_unavailable": 2, "serial": True}, "shop/w-2 is out of service, at most 1 at a time"),
        (down, 5.1, True, {}, "shop/w-2 is out of service, at most 1 at a time"),
    ],
)
def test_an_admission_that_is_a_while_old_is_asked_for_again(
    arrange: Callable[[Play], None], after: float, undoes: bool, limits: dict[str, Any], why: str
) -> None:
    made = plan(step("w-1"), step("w-2"), stop=MANY, gate=QUIET, **limits)
    play = Play(undoing(made) if undoes else made)
    play.puts(STEP, "admitted")
    play.later(after)
    arrange(play)
    play.turn()
    if why:
        assert play.said() == [f"restoring: it would not be admitted any more: {why} (ending=waiting)"]
    else:
        assert play.did() == ["silence", "claim"]


# Who counts


def test_a_rollback_counts_who_is_down_where_it_visits_a_machine_that_serves() -> None:
    play = Play(undoing(plan(step("w-1"), step("w-2"))))
    down(play)
    play.turn()
    assert (play.state(), play.state(SECOND)) == ("waiting", "admitted")
    play = Play(undoing(plan(step("w-1"), members=(ID, "shop/w-9"))))
    another_down(play)
    play.turn()
    assert play.said("w1") == ["15 s, held: shop/w-9 is out of service, at most 1 at a time"]


def test_a_rollback_mends_a_machine_although_one_of_another_domain_is_down() -> None:
    play = Play(undoing(plan(step("w-1"), step("w-2", domain="b"), max_unavailable=9)))
    for name in ("w-1", "w-2"):
        play.show(f"shop/{name}", up=False)
    play.turn()
    assert (play.state(), play.state(SECOND)) == ("admitted", "waiting")


@pytest.mark.parametrize(
    ("found", "seen", "starts"),
    [
        (True, None, False),
        (None, None, False),
        # It was deleted, and what has its name now is counted for itself.
        (False, None, True),
        (True, {"uid": "uid-w-1", "up": False}, False),
        (True, {"uid": "uid-w-1", "up": None}, False),
        (True, {"uid": "uid-w-1", "up": True}, True),
        (True, {"uid": "another", "up": False}, True),
    ],
)
def test_a_lost_machine_keeps_its_place_until_it_serves_or_was_deleted(
    found: bool | None, seen: dict[str, Any] | None, starts: bool
) -> None:
    play = two()
    play.puts(STEP, "lost", lost="true", left_in="rebooting")
    play.puts(STEP, "failed", "it did not come back")
    # The list of those that are out of service may lack one that does not answer.
    play.sight.impaired = lambda cluster: {}  # type: ignore[method-assign]
    if seen is None:
        play.hide(ID, found)
    else:
        play.show(ID, **seen)
    play.turn()
    assert (play.state(SECOND) == "admitted") is starts


def test_records_of_a_step_that_the_plan_does_not_have_are_passed_over() -> None:
    play = two()
    play.puts("kernel@shop/x", "applying")
    play.turn()
    assert play.state() == "admitted"


@pytest.mark.parametrize(
    ("most", "serial", "states"), [(0, False, "aw"), (1, False, "aw"), (2, False, "aa"), (2, True, "aw")]
)
def test_at_least_one_object_of_a_group_without_machines_may_change(most: int, serial: bool, states: str) -> None:
    steps = []
    for name in ("dns", "proxy"):
        moved = change(kind="add-on", component=f"image/{name}", drain=False, reboot=False)
        subject = Subject(kind="object", cluster="shop", name=f"Deployment/kube-system/{name}", uid=name)
        steps.append(step(name, changes=(moved,), id=name, kind="set-object", subject=subject, domain=""))
    play = Play(plan(*steps, members=(), max_unavailable=most, serial=serial))
    play.turn()
    assert "".join(play.state(each.id)[0] for each in steps) == states
    if states == "aw":
        assert play.said("w1") == ["15 s: 1 of at most 1 is being changed"]


# Webhooks


@pytest.mark.parametrize(
    ("pods", "evicted", "closed", "last"),
    [
        (("shop/web-1",), {}, True, "policy"),
        (("shop/web-1",), {}, False, ""),
        (("shop/web-1", "shop/web-2"), {}, True, ""),
        (("shop/web-2",), {}, True, ""),
        ((), {}, True, ""),
        # Another one was asked to leave: it may still be shown for two minutes.
        (("shop/web-1", "shop/web-2"), {"shop/web-2": 0}, True, "policy"),
        (("shop/web-1", "shop/web-2"), {"shop/web-2": 119}, True, "policy"),
        (("shop/web-1", "shop/web-2"), {"shop/web-2": 120}, True, ""),
    ],
)
def test_the_last_backend_of_a_webhook(pods: tuple[str, ...], evicted: dict[str, int], closed: bool, last: str) -> None:
    play = two()
    play.sight.hooks = (Webhook(name="policy", pods=pods, fail_closed=closed),)
    standing = play.turn_of().standing
    standing.evicted = {name: NOW - timedelta(seconds=ago) for name, ago in evicted.items()}
    found = Backends(play.sight, standing, NOW, "shop")
    assert found.last(pod("web-1")) == last


# A plan's indexes


def test_the_control_plane_of_a_cluster_are_the_machines_of_its_serial_groups() -> None:
    made = plan(step("w-1"))
    (one,) = made.groups
    groups = (
        one,
        msgspec.structs.replace(one, id="cp", members=("shop/cp-1", "shop/cp-2"), serial=True),
        msgspec.structs.replace(one, id="hosts", members=("db",), serial=True),
    )
    compiled = Compiled(msgspec.structs.replace(made, groups=groups), Play(made).compiled.calendar)
    assert compiled.masters == {"shop": ("shop/cp-1", "shop/cp-2")}
    assert compiled.clusters_of == {"g": ("shop",), "cp": ("shop",), "hosts": ("",)}
    assert compiled.groups_of[ID] == ("g",)


def test_the_clusters_of_a_wave_are_those_of_its_machines() -> None:
    subject = Subject(kind="object", cluster="blog", name="Deployment/x/y", uid="u")
    other = step("y", id="image", kind="set-object", subject=subject)
    made = plan(step("w-1"), step("db", ""), other)
    assert Play(made).compiled.clusters_in == {"w1": ("", "shop")}


QUIETLY = {"drain": False, "reboot": False}


@pytest.mark.parametrize(
    ("given", "is_drained", "is_disturbed"),
    [
        ({"changes": (change(**QUIETLY, kind="packages"),)}, False, False),
        ({"changes": (change(**QUIETLY, kind="script"),)}, False, False),
        ({"changes": (change(**QUIETLY, kind="kernel"),)}, False, True),
        ({"changes": (change(**QUIETLY, kind="packages"), change(**QUIETLY, kind="kubelet"))}, False, True),
        ({"changes": (change(**QUIETLY, kind="packages"),), "reboot": True}, False, True),
        ({"changes": (change(**QUIETLY, kind="packages"),), "kind": "replace"}, True, True),
        ({"changes": (change(drain=True, reboot=False, kind="packages"),)}, True, False),
        ({"changes": (change(drain=True, reboot=False, kind="packages"),), "evictions": None}, True, False),
        (
            {"changes": (change(drain=True, reboot=False, kind="script"), change(**QUIETLY, kind="script")),
             "evictions": None}, True, False,
        ),
        ({"cluster": "", "changes": (change(drain=True, reboot=False, kind="packages"),)}, False, False),
    ],
)  # fmt: skip
def test_what_a_step_takes_out_of_service(given: dict[str, Any], is_drained: bool, is_disturbed: bool) -> None:
    made = step(**given)
    assert (drains(made), disturbs_control_plane(made)) == (is_drained, is_disturbed)


def test_a_step_whose_evictions_were_foreseen_is_drained_whatever_its_changes_say() -> None:
    foreseen = step(changes=(change(drain=True, kind="packages"),)).evictions
    assert drains(step(changes=(change(**QUIETLY, kind="packages"),), evictions=foreseen))


def test_a_step_needs_its_work_its_soak_and_its_way_back() -> None:
    made = plan(step("w-1"), soak_node=60, drain=Drain("drain", ALL))
    assert need(made.steps[STEP], made.groups[0]) == 900 + 60 + 600
