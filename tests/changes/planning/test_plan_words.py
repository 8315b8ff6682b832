"""The words of a plan and of its reasons, line by line: every number, name and plural that people read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from oakum.changes.planning import explain
from oakum.changes.plans.model import (
    Change,
    Evictions,
    Group,
    LeftOut,
    Override,
    Plan,
    Step,
    Stop,
    Subject,
    Takes,
    Times,
    Wave,
)
from oakum.changes.plans.why_not import Reason, Remedy, WhyNot
from oakum.policy.entries import Approval, Drain, Escalation, Gate, Metric
from oakum.policy.scopes import Scope

AT = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
DIGEST = "sha256:0123456789abcdef0123"
QUIET = Gate("quiet", Scope(), ready_within=0, rescan=False)


def change(component: str = "linux", kind: str = "kernel", **more: Any) -> Change:
    """From 1 to 2, and back."""
    given: dict[str, Any] = {"intent": kind, "before": "1", "after": "2", "back": "1", "reversibility": "reversible"}
    return Change(kind=kind, component=component, **{**given, **more})


def step(name: str, *changes: Change, **more: Any) -> Step:
    """The visit of a machine of cluster c in the group g, of ten minutes and five for the way back."""
    changes = changes or (change(),)
    given: dict[str, Any] = {
        "id": f"step@{name}", "kind": "visit", "group": "g", "reversibility": changes[0].reversibility, "back": (),
        "subject": Subject(kind="machine", cluster="c", name=name, uid=name), "after": {},
        "takes": Takes(work=Times(p50=300, p95=600), back=Times(p50=100, p95=300)),
    }  # fmt: skip
    return Step(changes=changes, **{**given, **more})


def thing(name: str) -> Step:
    """The change of an object."""
    subject = Subject(kind="object", cluster="c", name=name, uid=name)
    return step(name, change("image/dns", "add-on"), subject=subject, kind="set-object", id=f"step@{name}")


def group(id: str = "g", **more: Any) -> Group:
    """At most two of three machines in one failure domain."""
    given: dict[str, Any] = {
        "members": ("a", "b", "d"), "max_unavailable": 2, "max_domains": 1, "domain_of": {"a": "z", "b": "z", "d": "z"},
        "serial": False, "calendars": (((("night",), ())),), "soak_node": 60, "gate": QUIET,
        "drain": Drain("d", Scope()), "escalation": Escalation("e", Scope()), "approval": Approval("a", Scope()),
    }  # fmt: skip
    return Group(id=id, **{**given, **more})


def plan(*steps: Step, **more: Any) -> Plan:
    """All steps in one wave."""
    given: dict[str, Any] = {
        "at": AT, "state": DIGEST, "policy": "site", "intents": (), "groups": (group(),),
        "stop": Stop(failed=1, lost=1),
        "waves": (Wave(id="w1", name="c: kernel, workers", needs=(), steps=steps),) if steps else (),
    }  # fmt: skip
    return Plan(**{**given, **more})


def section(found: Plan, title: str) -> list[str]:
    """The lines under a title, unbroken."""
    lines = list(explain(found, 1_000))
    start = lines.index(title) + 1
    return lines[start : lines.index("", start) if "" in lines[start:] else None]


DOES = "What it does"
NOTICE = "What people may notice, and why it is safe"
ORDER = "In which order"
WHEN = "When"
BACK = "The way back, and who has to agree"
STOPS = "When it stops"


def test_a_plan_is_told_from_what_happens_to_when_it_stops() -> None:
    found = plan(step("a", reboot=True, evictions=Evictions(pods=1)))
    assert list(explain(found)) == [
        f"Plan {found.hash}",
        "made 2026-03-02 22:00 UTC from state sha256:0123456789ab under policy site",
        "",
        "What it does",
        "- kernel: linux 1 -> 2 on 1 machine (c/a)",
        "",
        "What people may notice, and why it is safe",
        "- 1 machine restarts.",
        "- 1 node is drained: 1 pod moves to other nodes, each by an eviction that its disruption budgets allow, and",
        "  only when there is room for it. No pod is deleted by force.",
        "- g: at most 2 of 3 machines out of service at once; those that others have taken out count.",
        "",
        "In which order",
        "- w1 c: kernel, workers: a",
        "",
        "When",
        "- g: windows night. A step starts only if 16 min are left: work 10 min (usually 5 min), soak 1 min, way back "
        "5",
        "  min.",
        "",
        "The way back, and who has to agree",
        "- 1 step can be undone: the old version is put back the same way.",
        "- Before anything starts 1 person agrees to this hash; whoever asked for it does not count.",
        "",
        "When it stops",
        "- At 1 failed step, or when 1 machine does not come back.",
        "- Whatever cannot be measured holds the run; it never counts as good.",
    ]


def test_a_plan_without_a_step_tells_what_stays() -> None:
    left = [LeftOut(subject=f"c/{name}", rule="held", why="it is taken", remedy="wait", source=source)
            for name, source in (("a", "site"), ("b", "site"), ("d", ""))]  # fmt: skip
    found = plan(left_out=(*left, msgspec.structs.replace(left[0], rule="paused", why="it is paused")))
    assert list(explain(found))[2:] == [
        "",
        "Nothing is to be done: what can be changed is in effect already.",
        "",
        "What stays as it is (3 targets)",
        "- c/a, c/b: it is taken. [held]",
        "  To bring them in: wait.",
        "  Source: site",
        "- c/d: it is taken. [held]",
        "  To bring it in: wait.",
        "- c/a: it is paused. [paused]",
        "  To bring it in: wait.",
        "  Source: site",
    ]


def test_a_way_back_names_the_plan_that_it_brings_back() -> None:
    assert list(explain(plan(undoes="sha256:77")))[2] == "It brings back steps of the plan sha256:77."


@pytest.mark.parametrize(
    ("lifts", "outside", "said"),
    [
        ((), False, "nothing"),
        (("peak",), False, "the freeze peak"),
        (("peak", "sale"), True, "the freezes peak, sale and all windows"),
        ((), True, "all windows"),
    ],
)
def test_an_override_tells_what_it_sets_aside_why_and_until_when(
    lifts: tuple[str, ...], outside: bool, said: str
) -> None:
    override = Override(
        emergency="cve", reason="it is exploited. ", by=("ann", "bob"), until=AT, lifts=lifts, outside_windows=outside
    )
    assert list(explain(plan(override=override), 1_000))[2] == (
        f"EMERGENCY OVERRIDE cve, agreed by ann, bob: it is exploited. It sets aside {said} until 2026-03-02 22:00 UTC."
    )


def test_the_same_change_of_several_subjects_is_told_once_with_what_it_closes() -> None:
    lib = change("lib", "packages", closes=("CVE-2", "CVE-1"))
    names = [f"w-{n}" for n in range(1, 9)]
    found = plan(*(step(name, change(closes=("CVE-9",)), lib) for name in reversed(names)), thing("Deployment/s/dns"))
    assert section(found, DOES) == [
        "- kernel: linux 1 -> 2 on 8 machines (c/w-1, c/w-2, c/w-3, c/w-4, c/w-5, c/w-6 and 2 more); closes CVE-9",
        "- packages: lib 1 -> 2 on 8 machines (c/w-1, c/w-2, c/w-3, c/w-4, c/w-5, c/w-6 and 2 more); closes CVE-1, "
        "CVE-2",
        "- add-on: image/dns 1 -> 2 on 1 object (c/Deployment/s/dns)",
    ]


def test_what_people_may_notice_is_counted() -> None:
    kubelet, odd = "the kubelet restarts, its pods run on", "1 pod moves to other nodes"
    steps = [
        step("a", reboot=True, evictions=Evictions(pods=2, stay=1, waits=("shop/web",)), disturbs=(odd, kubelet)),
        step("b", reboot=True, evictions=Evictions(pods=3, stay=0, waits=("shop/db",)), disturbs=(kubelet,)),
        step("d", kind="replace"),
        step("e"),
    ]
    assert section(plan(*steps), NOTICE)[:-1] == [
        "- 2 machines restart.",
        "- 1 machine is replaced by a new one; the new one is up before the old one goes.",
        "- 2 nodes are drained: 5 pods move to other nodes, each by an eviction that its disruption budgets allow, and "
        "only when there is room for it. No pod is deleted by force.",
        "- 1 pod stays on these nodes (DaemonSets, static pods).",
        "- 2 pods have to be waited for, as things stand: shop/web, shop/db.",
        "- The kubelet restarts, its pods run on (2 steps).",
    ]
    assert section(plan(step("a")), NOTICE) == [
        "- g: at most 2 of 3 machines out of service at once; those that others have taken out count."
    ]
    empty = plan(step("a", evictions=Evictions(stay=2)), step("b", kind="replace"), step("d", kind="replace"))
    assert section(empty, NOTICE)[:-1] == [
        "- 2 machines are replaced by new ones; the new one is up before the old one goes.",
        "- 1 node is drained; no pod has to move.",
        "- 2 pods stay on these nodes (DaemonSets, static pods).",
    ]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"domain_of": {"a": "x", "b": "y"}},
         "at most 2 of 3 machines out of service at once, in 1 of 2 failure domains;"),
        ({"domain_of": {"a": "x", "b": "x"}}, "at most 2 of 3 machines out of service at once;"),
        ({"serial": True}, "one machine at a time, and only while the others of 3 are in service."),
    ],
)  # fmt: skip
def test_the_limits_of_a_group_are_told(limits: dict[str, Any], said: str) -> None:
    (line,) = section(plan(step("a"), groups=(group(**limits),)), NOTICE)
    assert line.startswith(f"- g: {said}")


def test_the_limits_of_objects_and_of_a_group_without_a_step_are_told() -> None:
    groups = (group(serial=True), group("none", serial=True))
    found = plan(thing("Deployment/s/dns"), groups=groups[:1])
    assert "- g: one object at a time" in section(found, NOTICE)[0]
    mixed = plan(step("a"), thing("Deployment/s/dns"), groups=groups[:1])
    assert "- g: one machine at a time" in section(mixed, NOTICE)[0]


def test_each_wave_tells_what_it_comes_after_and_how_long_it_is_watched() -> None:
    waves = (
        Wave(id="w1", name="canary", needs=(), steps=(step("a"),), soak=120),
        Wave(id="w2", name="beside", needs=(), steps=(step("b"),)),
        Wave(id="w3", name="rest", needs=("w1", "w2"), steps=(step("d"), step("e")), soak=120),
    )
    assert section(plan(waves=waves), ORDER) == [
        "- w1 canary: a, then 2 min of watching",
        "- w2 beside: b",
        "- w3 after w1, w2: rest: d, e",
    ]


def test_each_group_tells_when_it_may_run_and_how_long_its_longest_step_needs() -> None:
    short = Takes(work=Times(p50=60, p95=120), back=Times(p50=1, p95=3_600))
    long = Takes(work=Times(p50=240, p95=900), back=Times(p50=1, p95=60))
    calendars = ((("day", "night"), ("peak", "sale")), ((), ()))
    groups = (group(calendars=calendars), group("free", calendars=(), soak_node=0))
    steps = [step("a", takes=short), step("b", takes=long), step("d", takes=long, group="free")]
    assert section(plan(*steps, groups=groups), WHEN) == [
        "- g: windows day, night outside of peak, sale and windows (none). A step starts only if 1 h 3 min are left: "
        "work 2 min (usually 1 min), soak 1 min, way back 1 h.",
        "- free: at any time. A step starts only if 16 min are left: work 15 min (usually 4 min), soak 0 s, way back 1 "
        "min.",
    ]


def test_each_class_of_steps_tells_its_way_back_and_who_agrees() -> None:
    copied, final = (change(reversibility=each) for each in ("needs-snapshot", "forward-only"))
    approval = Approval("two", Scope(), 2, ("ops", "dba"), 2, ("lead",))
    groups = (group(), group("h", approval=approval))
    lib = change("lib", reversibility="forward-only")
    steps = [step("a"), step("b"), step("d", copied), step("e", final), step("f", final, lib, group="h")]
    assert section(plan(*steps, groups=groups), BACK) == [
        "- 2 steps can be undone: the old version is put back the same way.",
        "- 1 step can be undone by a copy that is made before (c/d).",
        "- c/e has NO way back (linux): it waits for 1 approval of its own.",
        "- c/f has NO way back (linux, lib): it waits for 2 approvals of lead of its own.",
        "- Before anything starts 1 person agrees to this hash; whoever asked for it does not count.",
        "- Before anything starts 2 people agree (ops, dba) to this hash; whoever asked for it does not count.",
    ]
    assert section(plan(step("f", final)), BACK)[:-1] == [
        "- c/f has NO way back (linux): it waits for 1 approval of its own."
    ]


def test_every_stop_and_every_gate_is_told() -> None:
    metrics = (Metric("errors", "rate(errors)", "value < 1"),)
    full = Gate("g", Scope(), ready_within=300, rescan=True, metrics=metrics, quiet_alarms=("disk", "net"))
    groups = (group(gate=full), group("quiet"), group("ready", gate=Gate("r", Scope(), rescan=False)))
    steps = [step("a"), step("b", group="quiet"), step("d", group="ready")]
    stop = Stop(failed=2, lost=3, alarms=("fire", "flood"))
    assert section(plan(*steps, groups=groups, stop=stop), STOPS) == [
        "- At 2 failed steps, or when 3 machines do not come back.",
        "- When one of these alarms fires: fire, flood.",
        "- g: after each step and wave it goes on only if ready within 5 min; our own scan sees the new version; "
        "errors: value < 1; disk, net quiet.",
        "- ready: after each step and wave it goes on only if ready within 15 min.",
        "- Whatever cannot be measured holds the run; it never counts as good.",
    ]


def reason(**more: Any) -> Reason:
    given: dict[str, Any] = {
        "rule": "window", "object": "c: night", "why": "it is too short", "source": "policy: windows night",
        "remedy": Remedy(says="open a longer one", edits=()),
    }  # fmt: skip
    return Reason(**{**given, **more})


def test_one_reason_is_told_with_its_remedy_and_its_rule() -> None:
    found = WhyNot(at=AT, state=DIGEST, policy="site", reasons=(reason(subjects=("c/a", "c/b")),))
    assert list(explain(found)) == [
        "There is no plan: 1 thing stands in the way.",
        "asked 2026-03-02 22:00 UTC of state sha256:0123456789ab under policy site",
        "",
        "1. c: night",
        "   it is too short.",
        "   It keeps out 2 targets: c/a, c/b.",
        "   Do: open a longer one.",
        "   Rule window, source policy: windows night",
    ]


def test_several_reasons_are_numbered_and_a_target_is_not_told_to_keep_out_itself() -> None:
    itself = reason(object="c/a", subjects=("c/a",), source="")
    found = WhyNot(at=AT, state=DIGEST, policy=DIGEST, reasons=(itself, reason(subjects=())))
    assert list(explain(found)) == [
        "There is no plan: 2 things stand in the way.",
        "asked 2026-03-02 22:00 UTC of state sha256:0123456789ab under policy sha256:0123456789ab",
        "Each of them alone is enough to stop it; when all are mended there is a plan.",
        "",
        "1. c/a",
        "   it is too short.",
        "   Do: open a longer one.",
        "   Rule window",
        "",
        "2. c: night",
        "   it is too short.",
        "   Do: open a longer one.",
        "   Rule window, source policy: windows night",
    ]


def test_long_lines_go_on_under_their_first_word_and_long_words_are_left_whole() -> None:
    word = "https://example.org/" + "a-b-" * 30
    why = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    left = LeftOut(subject="c/a", rule="held", why=f"{why} eighteen", remedy=word)
    lines = list(explain(plan(left_out=(left,)), 60))
    assert lines[-5:] == [
        "- c/a: one two three four five six seven eight nine ten",
        "  eleven twelve thirteen fourteen fifteen sixteen seventeen",
        "  eighteen. [held]",
        "  To bring it in:",
        f"  {word}.",
    ]
    found = WhyNot(at=AT, state="s", policy="p", reasons=(reason(why=why),))
    assert list(explain(found, 60))[4:6] == [
        "   one two three four five six seven eight nine ten eleven",
        "   twelve thirteen fourteen fifteen sixteen seventeen.",
    ]


def test_a_line_has_at_most_110_characters() -> None:
    def longest(letters: int) -> int:
        found = WhyNot(at=AT, state="s", policy="p", reasons=(reason(why=f"{'a' * 50} {'b' * letters}"),))
        return max(len(line) for line in explain(found))

    assert (longest(55), longest(56)) == (110, 60)
