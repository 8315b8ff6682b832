"""What one turn knows: back-offs, looks that are too old, judgements of pods, pauses between looks, and windows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.changes.running.looks import ALL, ALWAYS, DONE, NOW, RUN, Play, budget, plan, pod, schedules_of, step

from oakum.changes.drain.storage import read_storage
from oakum.changes.plans import Group, Override, Subject
from oakum.changes.running.acts import Act, Outcome
from oakum.changes.running.journal import Attempt, Journal
from oakum.changes.running.judging import Left, left
from oakum.changes.running.observed import Claim, Seen, Work
from oakum.changes.running.turn import Visit
from oakum.changes.running.windows import Windows
from oakum.changes.state.model import Webhook
from oakum.fleet.cluster import objects as k
from oakum.policy.entries import Drain, Window
from oakum.policy.model import Policy
from oakum.policy.openings import Calendar

ID, STEP = "shop/w-1", "kernel@shop/w-1"
UNKNOWN = Outcome(result="unknown")
NOT_NOW = Outcome(result="refused", code="not-now", why="busy")
CHANGED = Outcome(result="refused", code="changed")


def visit(play: Play) -> Visit:
    """The first step as the run sees it now."""
    return play.turn_of().visit(play.plan.steps[STEP])


def applying(at: float = 0.0) -> Play:
    """A step that has been applying for so many seconds."""
    play = Play(plan(step()))
    play.puts(STEP, "applying")
    play.later(at)
    return play


# Acts that are tried again


@pytest.mark.parametrize(
    ("outcomes", "pause", "number"),
    [
        # Nobody knows: under the same key, after 2 s and twice as long each time.
        ([UNKNOWN], 2, 1),
        ([UNKNOWN] * 2, 4, 1),
        ([UNKNOWN] * 3, 8, 1),
        ([UNKNOWN] * 5, 32, 1),
        ([UNKNOWN] * 6, 60, 1),
        ([UNKNOWN] * 99, 60, 1),
        # Done, and its effect is not seen.
        ([DONE], 10, 2),
        # The object had changed: after 1 s and twice as long each time.
        ([CHANGED], 1, 2),
        ([CHANGED] * 2, 2, 3),
        ([CHANGED] * 5, 16, 6),
        ([CHANGED] * 6, 30, 7),
        ([CHANGED] * 99, 30, 100),
        # Not now: after 5 s and twice as long each time, and not before it says.
        ([NOT_NOW], 5, 2),
        ([NOT_NOW] * 2, 10, 3),
        ([NOT_NOW] * 4, 40, 5),
        ([NOT_NOW] * 5, 60, 6),
        ([NOT_NOW] * 99, 60, 100),
        ([NOT_NOW, DONE, NOT_NOW], 5, 4),
        ([msgspec.structs.replace(NOT_NOW, retry_after=4)], 5, 2),
        ([msgspec.structs.replace(NOT_NOW, retry_after=50)], 50, 2),
        ([msgspec.structs.replace(NOT_NOW, retry_after=3600)], 3600, 2),
        # Whoever meant it is gone, and what it did was looked at since.
        ([None], 0, 1),
    ],
)
def test_an_act_is_tried_again_after_a_pause_that_grows(
    outcomes: list[Outcome | None], pause: float, number: int
) -> None:
    play = applying()
    for each in outcomes:
        last = play.journal.of(STEP).attempts.get("apply")
        again = 1 if last is None else last.number if last.open else last.number + 1
        play.meant("apply", again, each)
    for after in (0.0, pause - 0.5, float(pause)) if pause else (0.0,):
        play.sight.at = NOW + timedelta(seconds=after)
        play.actions = [visit(play).ask("apply", "")]
        if after < pause:
            why = outcomes[-1].why if outcomes[-1] is not None and outcomes[-1].why else "no answer yet"
            assert play.said() == [f"{pause - after:g} s: apply: {why}"]
        else:
            assert play.said() == [f"apply/{number}"]


@pytest.mark.parametrize(
    ("do", "pod", "outcome", "waits"),
    [
        ("apply", "", NOT_NOW, False),
        ("apply", "", DONE, False),
        # Nobody knows what became of it, whatever state it was meant in.
        ("apply", "", UNKNOWN, True),
        # A pod that could not leave is the same in every state of its drain.
        ("evict", "shop/web-1", NOT_NOW, True),
    ],
)
def test_refusals_of_another_state_say_nothing_of_this_one_but_for_pods(
    do: Any, pod: str, outcome: Outcome, waits: bool
) -> None:
    play = applying()
    play.meant(do, 1, outcome, **({"pod": pod} if pod else {}))
    play.puts(STEP, "applying")
    play.actions = [visit(play).ask(do, "", pod=pod)]
    assert (" s: " in play.said()[0]) is waits


@pytest.mark.parametrize(("back", "waits"), [(3589, True), (3590, True), (3591, False)])
def test_a_pause_that_lasts_for_more_than_an_hour_is_that_of_a_clock_which_was_set_back(
    back: float, waits: bool
) -> None:
    play = applying()
    play.meant("apply")
    play.sight.at = NOW - timedelta(seconds=back)
    play.actions = [visit(play).ask("apply", "")]
    assert (play.said() != ["apply/2"]) is waits


def test_a_pause_begins_with_the_answer() -> None:
    play = applying()
    act = play.meant("apply", 1, None)
    play.later(100)
    play.answered(act.key, NOT_NOW)
    play.later(3)
    play.actions = [visit(play).ask("apply", "")]
    assert play.said() == ["2 s: apply: busy"]


def test_an_act_without_an_answer_is_not_tried_before_it_was_meant() -> None:
    play = applying()
    play.meant("apply", 1, None)
    play.sight.at = NOW - timedelta(seconds=60)
    play.actions = [visit(play).ask("apply", "")]
    assert play.said() == ["60 s: apply: no answer yet"]


def test_an_act_says_what_it_is_about() -> None:
    play = applying()
    other = Subject(kind="machine", cluster="shop", name="w-9", uid="uid-w-9")
    found = visit(play).ask("apply", "words")
    act: Any = getattr(found, "act", None)
    assert (act.subject.id, act.uid, act.resource_version, act.expects) == (ID, "uid-w-1", "", "words")
    act = getattr(visit(play).ask("create-node", "", subject=other, uid="mine", version=True), "act", None)
    assert (act.subject, act.uid, act.resource_version) == (other, "mine", "7")
    assert (act.run, act.plan, act.token) == (RUN, play.plan.hash, 1)
    play.hide(ID, None)
    act = getattr(visit(play).ask("release", "", version=True), "act", None)
    assert act.resource_version == ""


# Looks, and how old they are


@pytest.mark.parametrize(
    ("outcome", "scanned", "now", "unseen"),
    [
        (None, 0, 200, False),
        (UNKNOWN, 0, 200, False),
        (NOT_NOW, 0, 200, False),
        # The answer was at 100 s; a scan of this look, or of long after the answer, is newer than what was begun.
        (DONE, None, 200, True),
        (DONE, 99, 200, True),
        (DONE, 101, 200, True),
        (DONE, 200, 200, False),
        (DONE, 399, 900, True),
        (DONE, 400, 900, False),
        (DONE, 100, 100, True),
        (DONE, 99, 99, True),
    ],
)
def test_what_was_begun_is_seen_by_a_look_that_is_newer(
    outcome: Outcome | None, scanned: float | None, now: float, unseen: bool
) -> None:
    play = applying()
    act = play.meant("apply", 1, None)
    last = play.journal.of(STEP).attempts["apply"]
    if outcome is not None:
        play.sight.at = NOW + timedelta(seconds=100)
        play.answered(act.key, outcome)
    play.sight.at = NOW + timedelta(seconds=now)
    play.show(ID, scanned=None if scanned is None else NOW + timedelta(seconds=scanned))
    assert visit(play).unseen(last) is unseen
    assert not visit(play).unseen(None)


def test_what_was_begun_on_a_machine_that_is_not_seen_is_not_seen() -> None:
    play = applying()
    play.meant("apply")
    play.hide(ID, None)
    play.later(9000)
    assert visit(play).unseen(play.journal.of(STEP).attempts["apply"])


def test_an_answer_without_a_time_is_as_old_as_its_act() -> None:
    play = applying(100)
    made = Act(key="x", do="apply", run=RUN, plan="", token=1, subject=step().subject)
    last = Attempt(act=made, at=NOW, place=1, outcome=DONE)
    assert not visit(play).unseen(last)
    play.show(ID, scanned=NOW + timedelta(seconds=99))
    assert visit(play).unseen(last)


@pytest.mark.parametrize(("seconds", "fresh"), [(None, False), (59, False), (60, True), (61, True)])
def test_a_look_is_fresh_from_the_moment_in_which_a_state_was_entered(seconds: float | None, fresh: bool) -> None:
    play = Play(plan(step()))
    play.later(60)
    play.puts(STEP, "applying")
    at = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert visit(play).fresh(at) is fresh
    # Of a step that has no state yet any look is.
    assert visit(Play(plan(step()))).fresh(at) is (at is not None)


@pytest.mark.parametrize(
    ("entered", "resumed", "now", "elapsed", "watched"),
    [
        (0, 0, 60, 60, 60), (0, 40, 60, 60, 20), (50, 40, 60, 10, 10), (60, 0, 50, 0, 0), (0, 60, 50, 50, 0),
        (None, 0, 60, 0, 0), (0, None, 60, 60, 0),
    ],
)  # fmt: skip
def test_time_that_nobody_watched_and_clocks_that_were_set_back_count_for_nothing(
    entered: float | None, resumed: float | None, now: float, elapsed: float, watched: float
) -> None:
    play = Play(plan(step()))
    if resumed is None:
        play.journal = Journal()
    else:
        play.resumed(resumed)
    if entered is not None:
        play.later(entered)
        play.puts(STEP, "applying")
    play.sight.at = NOW + timedelta(seconds=now)
    assert (visit(play).elapsed, visit(play).watched) == (elapsed, watched)


@pytest.mark.parametrize(
    ("run", "name", "ours"),
    [(RUN, STEP, True), ("run-2", STEP, False), (RUN, "kernel@shop/w-2", False), ("", "", False)],
)
def test_a_record_is_ours_when_it_is_of_this_run_and_step(run: str, name: str, ours: bool) -> None:
    play = applying()
    play.show(ID, claim=Claim(run=run, step=name, token=1, cordoned=False) if run else None)
    assert visit(play).ours is ours
    play.hide(ID, None)
    assert not visit(play).ours


@pytest.mark.parametrize(
    ("seen", "why", "said"),
    [
        ({"up": False, "why": "no route"}, "it is late", "it is late (no route)"),
        ({"up": False, "why": "no route"}, "there is no route", "there is no route"),
        ({"up": False, "why": ""}, "it is late", "it is late"),
        ({"up": True, "why": "it was away"}, "it is late", "it is late"),
        ({"up": None, "why": "who knows"}, "it is late", "it is late"),
    ],
)
def test_a_reason_is_told_with_what_keeps_the_machine_out_of_service(seen: dict[str, Any], why: str, said: str) -> None:
    play = applying()
    play.show(ID, **seen)
    assert visit(play).told(why) == said
    play.hide(ID, None)
    assert visit(play).told(why) == why


@pytest.mark.parametrize(
    ("elapsed", "until", "pause"),
    [
        (0, None, 1), (24, None, 1), (48, None, 2), (240, None, 10), (360, None, 15), (9000, None, 15),
        (240, 1000, 10), (240, 245, 5), (240, 240.5, 1), (240, 100, 1),
    ],
)  # fmt: skip
def test_what_is_under_way_is_looked_at_the_more_seldom_the_longer_it_takes(
    elapsed: float, until: float | None, pause: float
) -> None:
    found = visit(applying(elapsed)).watch("it goes on", until=until)
    assert ((found.until - NOW).total_seconds() - elapsed, found.held, found.about) == (pause, False, STEP)


def test_two_machines_that_are_drained_in_one_turn_do_not_lose_the_last_two_backends_of_a_webhook() -> None:
    play = Play(plan(step("w-1"), step("w-2"), max_unavailable=2))
    for name in ("w-1", "w-2"):
        play.meant("claim", step=f"kernel@shop/{name}")
        play.puts(f"kernel@shop/{name}", "draining", begun=NOW.isoformat())
        play.claimed(f"shop/{name}", f"kernel@shop/{name}")
    play.sight.pods = [pod("web-1"), pod("web-2", "w-2")]
    play.sight.hooks = (Webhook(name="policy", pods=("shop/web-1", "shop/web-2"), fail_closed=True),)
    play.turn()
    assert [each.pod for each in play.acts() if each.do == "evict"] == ["shop/web-1"]


# Judgements of what is left on a machine


def drained(*pods: k.Pod, **limits: Any) -> Play:
    """A machine with pods on it; the cluster stays as it is."""
    play = Play(plan(step(), **limits))
    play.sight.pods = list(pods)
    return play


def names(pods: tuple[k.Pod, ...]) -> list[str]:
    return [each.metadata.name for each in pods]


def judged(play: Play) -> Left:
    return left(visit(play), None)


def test_a_judgement_holds_for_half_a_minute_while_nothing_changes() -> None:
    play = drained(pod("web-1"))
    play.sight.kept = play.sight.around("shop")
    first = judged(play)
    assert names(first.evict) == ["web-1"]
    for seconds, same in ((0.0, True), (29.9, True), (30.0, False), (-1.0, False)):
        play = drained(pod("web-1"))
        play.sight.kept = play.sight.around("shop")
        first = judged(play)
        play.sight.at += timedelta(seconds=seconds)
        assert (judged(play) is first) is same, seconds


@pytest.mark.parametrize("what", ["the cluster", "volumes", "webhooks", "the claim"])
def test_a_judgement_does_not_outlive_what_it_was_made_of(what: str) -> None:
    play = drained(pod("web-1"))
    play.sight.kept = play.sight.around("shop")
    first = judged(play)
    if what == "the cluster":
        play.sight.kept = None
        play.sight.pods = []
    elif what == "volumes":
        play.show(ID, attached=("pv-1",))
    elif what == "webhooks":
        play.sight.hooks = (Webhook(name="policy", pods=("shop/web-1",), fail_closed=True),)
    second = left(visit(play), NOW if what == "the claim" else None)
    assert second is not first
    if what == "volumes":
        assert second.volumes == ("pv-1",)
        play.hide(ID, None)
        assert judged(play).volumes == ()


def test_volumes_of_pods_that_stay_are_not_waited_for() -> None:
    daemon = k.OwnerReference(kind="DaemonSet", name="logs", uid="ds", controller=True, api_version="apps/v1")
    claim = k.Volume(name="data", persistent_volume_claim=k.ClaimReference(claim_name="data"))
    play = drained(pod("logs-1", owners=(daemon,), volumes=(claim,)))
    play.sight.daemons = ("logs",)
    play.sight.storage = read_storage(
        [
            {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
                "spec": {"volumeName": "pv-1"},
            }
        ]
    )  # fmt: skip
    play.show(ID, attached=("pv-1", "pv-2"))
    found = judged(play)
    assert (found.evict, found.stuck, found.volumes) == ((), (), ("pv-2",))


def test_pods_that_a_policy_lets_go_without_a_controller_are_still_kept_by_anything_else() -> None:
    scratch = k.Volume(name="scratch", empty_dir={})
    pods = (pod("naked", owners=()), pod("local", volumes=(scratch,)))
    found = judged(drained(*pods, drain=Drain("drain", ALL, unreplicated="evict")))
    assert (names(found.evict), [each.pod.metadata.name for each in found.stuck]) == (["naked"], ["local"])
    found = judged(drained(*pods))
    assert sorted(each.pod.metadata.name for each in found.stuck) == ["local", "naked"]


def test_pods_of_a_later_round_leave_when_their_budget_allows_it() -> None:
    play = drained(pod("web-1"), pod("web-2"))
    play.sight.budgets = [budget(1)]
    found = judged(play)
    assert (names(found.evict), names(found.leaving), found.stuck) == (["web-1"], ["web-2"], ())


@pytest.mark.parametrize(
    ("grace", "after", "stuck"),
    [(30, 90, False), (30, 91, True), (None, 90, False), (None, 91, True), (300, 360, False), (300, 361, True)],
)  # fmt: skip
def test_a_pod_that_is_still_there_a_minute_after_its_grace_is_stuck(
    grace: int | None, after: float, stuck: bool
) -> None:
    play = drained(pod("web-1", deleted="2026-03-02T22:00:00Z", grace=grace))
    play.later(after)
    found = judged(play)
    assert (names(found.leaving), bool(found.stuck)) == ([] if stuck else ["web-1"], stuck)
    assert not stuck or found.why.startswith("shop/web-1: it was deleted and does not go")


def test_a_pod_that_runs_to_its_own_end_is_waited_for_and_never_stuck() -> None:
    play = drained(pod("job-1", annotations={"cluster-autoscaler.kubernetes.io/safe-to-evict": "on-completion"}))
    play.later(90_000)
    found = judged(play)
    assert (names(found.leaving), found.stuck) == (["job-1"], ())


def test_only_a_pod_that_its_budget_alone_keeps_may_be_forced() -> None:
    play = drained(pod("web-1"), pod("naked", owners=()))
    play.sight.budgets, play.sight.replicas = [budget(0)], 1
    assert {each.pod.metadata.name: each.budget for each in judged(play).stuck} == {"web-1": True, "naked": False}
    play.sight.hooks = (Webhook(name="policy", pods=("shop/web-1",), fail_closed=True),)
    assert not any(each.budget for each in judged(play).stuck)
    play.sight.budgets = []
    assert [(each.pod.metadata.name, each.budget) for each in judged(play).stuck] == [
        ("naked", False),
        ("web-1", False),
    ]


@pytest.mark.parametrize("read_at", ["", "the other day", "2026-03-02T22:00:00"])
def test_a_list_of_pods_whose_age_cannot_be_told_proves_nothing(read_at: str) -> None:
    play = drained()
    around = play.sight.around("shop")
    around.snapshot = msgspec.structs.replace(around.snapshot, read_at=read_at)
    play.sight.kept = around
    assert left(visit(play), NOW).unknown == "the pods were listed before the machine was taken"
    assert judged(play).unknown == ""


# Windows


def fits(calendar: Calendar, seconds: float, **limits: Any) -> tuple[bool, float | None, str]:
    """Whether it fits, in how many minutes to ask again, and why not."""
    made = plan(step(), **limits)
    found = Windows(made, calendar, NOW).fit(made.groups[0], seconds)
    return found.fits, None if found.again is None else (found.again - NOW).total_seconds() / 60, found.why


def two_windows(*spans: tuple[int, int]) -> Calendar:
    """A window that is always open, and one that is open only from and to so many minutes after now."""
    windows = (Window("always", ALL, always=True), Window("seldom", ALL, schedules_of(*spans)))
    return Calendar(Policy(windows=windows), {})


BOTH = ((("always",), ()), (("seldom",), ()))
NEVER_OPEN = "never open for as long as it takes"


def test_every_calendar_has_to_be_open_and_the_last_to_open_is_told() -> None:
    assert fits(two_windows((0, 60)), 600, calendars=BOTH) == (True, None, "")
    opens = "seldom: open for as long as it takes from 2026-03-02 22:30 UTC"
    assert fits(two_windows((30, 60)), 600, calendars=BOTH) == (False, 30.0, opens)
    assert fits(two_windows((30, 60)), 600, calendars=BOTH[::-1]) == (False, 30.0, opens)
    # An opening that goes over into another one is one.
    adjacent = (*BOTH[1:], (("never",), ()))
    assert fits(two_windows((0, 5), (5, 60)), 600, calendars=adjacent) == (False, 60.0, f"never: {NEVER_OPEN}")


def test_a_group_without_a_window_is_told_so() -> None:
    assert fits(ALWAYS, 60, calendars=(((), ()),)) == (False, 60.0, f"no window: {NEVER_OPEN}")


@pytest.mark.parametrize(("seconds", "fit"), [(600, True), (601, False)])
def test_an_override_that_ends_too_early_is_asked_about_in_an_hour(seconds: float, fit: bool) -> None:
    override = Override(
        emergency="cve", reason="r", by=("a",), until=NOW + timedelta(minutes=10), lifts=(), outside_windows=True
    )
    made = msgspec.structs.replace(plan(step(), calendars=()), override=override)
    group: Group = made.groups[0]
    found = Windows(made, ALWAYS, NOW).fit(group, seconds)
    assert found.fits is fit
    if not fit:
        assert found.why == "the override cve ends before it would be over"
        assert found.again == NOW + timedelta(hours=1)


def test_what_is_seen_of_a_machine_says_nothing_good_by_itself() -> None:
    seen = Seen(at=NOW, uid="u")
    assert not Work(key="k", state="failed", since=NOW).for_good
    assert (seen.up, seen.cordoned, seen.silenced, seen.claim, seen.scanned) == (None, False, False, None, None)
