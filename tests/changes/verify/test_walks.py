"""Each machine and object through its steps: from where, to where, what shows it, and back again; and who is left."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.verify import edits
from tests.changes.verify.asking import OF_DNS, deployment, found, objects, objects_first
from tests.changes.verify.corrupting import W1, W2, W3, W4, policy
from tests.changes.verify.edits import replace
from tests.changes.verify.test_legal_plans import two_minors, undone
from tests.changes.verify.worlds import (
    Draft,
    World,
    back_of,
    kernels,
    upgrade,
)

from oakum.changes.intents.model import Intent
from oakum.changes.plans import Change, LeftOut, Plan
from oakum.changes.state import Software
from oakum.changes.verify.targets import accounted, untouched
from oakum.changes.verify.walk import walked
from oakum.policy.entries import Protected
from oakum.policy.scopes import Scope

WORKERS = Scope(facts={"node_role": ("worker",)})
CP = "edge/cp-1/cp"
DNS_STEP = f"{OF_DNS}/dns"


def ask(world: World, plan: Plan) -> list[tuple[str, str, str]]:
    """The rule, the step and the reason."""
    return [(each.rule, each.step, each.why) for each in found(walked, world, plan)]


def rules(world: World, plan: Plan) -> list[tuple[str, str]]:
    return [each[:2] for each in ask(world, plan)]


def stepped(plan: Plan, id_: str, *changes: Change, **fields: Any) -> Plan:
    """A step with other changes, and whatever follows from them where it is right."""
    given = {
        "changes": changes, "back": tuple(map(back_of, changes)), "after": {one.component: one.after for one in changes}
    }  # fmt: skip
    return edits.step(plan, id_, **{**given, **fields})


# the changes of an intent


def test_a_first_step_makes_what_its_intent_comes_to() -> None:
    world = World()
    plan = kernels(world).plan()
    assert ask(world, plan) == []
    (change,) = plan.step(W2).changes
    made = "linux 6.1.90 to 6.1.100 (reversible, {}reboot, proof {})"
    ((rule, step, why),) = ask(world, edits.step(plan, W2, changes=(replace(change, drain=False),)))
    assert (rule, step) == ("changes", W2)
    proof = "boot running ready rescan"
    assert why == f"for k it makes {made.format('', proof)}; wanted is {made.format('drained, ', proof)}"


def test_the_order_in_which_a_step_makes_its_changes_does_not_matter() -> None:
    world = World()
    plan = upgrade(world).plan()
    assert ask(world, edits.step(plan, CP, changes=tuple(reversed(plan.step(CP).changes)))) == []


def test_what_a_step_makes_is_told_shortly() -> None:
    world = World()
    for number in (1, 2, 3):
        more = Software(installed="1.30.4", part="control-plane", effect="restart", ecosystem="kubernetes",
                        offers=("1.31.4",))  # fmt: skip
        world.change(f"edge/cp-{number}", software={"konnectivity": more})
    plan = upgrade(world).plan()
    first = plan.step(CP).changes[0]
    why = next(why for rule, step, why in ask(world, stepped(plan, CP, first)) if rule == "changes")
    assert why.endswith(" and 1 more")
    assert why.count(" 1.30.4 to 1.31.4 ") == 4


def test_each_of_several_intents_of_a_visit_is_asked_for_its_own_changes() -> None:
    world = World()
    intents = (Intent(name="k", kind="kernel", scope=WORKERS), Intent(name="cri", kind="container-runtime"))
    draft = Draft(world, *intents).usual()
    of = {name: draft.found[name].changes["edge/w-1"] for name in ("k", "cri")}
    plan = draft.wave("a", draft.visit("edge/w-1", "k", "workers", [*of["k"], *of["cri"]])).plan()
    assert ask(world, plan) == []
    wrong = [replace(each, closes=("CVE-2026-1",)) for each in of["cri"]]
    assert rules(world, draft_of(world, intents, [*of["k"], *wrong])) == [("changes", W1)]


def draft_of(world: World, intents: tuple[Intent, ...], changes: list[Change]) -> Plan:
    draft = Draft(world, *intents).usual()
    return draft.wave("a", draft.visit("edge/w-1", "k", "workers", changes)).plan()


def test_an_intent_that_is_wrong_hides_no_other_of_the_visit() -> None:
    world = World()
    plan = kernels(world).plan()
    (change,) = plan.step(W2).changes
    wrong = Intent(name="aa", kind="packages", wants={"speed": "high"})
    other = replace(change, intent="aa", kind="packages", component="openssl", before="3.0.15-1", after="3.0.16-1",
                    back="3.0.15-1", reboot=False)  # fmt: skip
    plan = replace(plan, intents=(*plan.intents, wrong))
    plan = stepped(plan, W2, other, replace(change, closes=("CVE-2026-1",)))
    assert rules(world, plan) == [("changes", W2)]


def test_a_later_step_makes_what_its_intent_comes_to_on_the_machine_as_it_is_then() -> None:
    world = World()
    plan = two_minors(world)
    assert ask(world, plan) == []
    second = "edge/w-1/kl-1.32.1"
    (change,) = plan.step(second).changes
    assert rules(world, edits.change(plan, second, drain=False)) == [("changes", second)]
    # Once it is there, there is nothing to change.
    again = replace(plan.step("edge/w-1/kl-1.31.4"), id="again")
    plan = edits.on_wave(plan, "cp-1.32.1-canary", lambda one: replace(one, steps=(*one.steps, again)))
    assert ("changes", "again", "nothing is to be changed there for kl-1.31.4: it is in effect by then") in ask(
        world, plan
    )
    assert change.before == "1.31.4"


def test_a_later_step_that_is_not_possible_any_more_is_told_why() -> None:
    world = World()
    plan = two_minors(world)
    # The kubelets go to the second version first, and then there is no way to the first.
    plan = edits.swapped(plan, "kl-1.31.4-workers", "kl-1.32.1-workers")
    whys = [why for rule, step, why in ask(world, plan) if rule == "changes" and step == "edge/w-1/kl-1.31.4"]
    assert whys == ["nothing is to be changed there for kl-1.31.4: kubelet is at 1.32.1, which is newer than 1.31.4"]


def test_every_intent_of_a_later_step_is_asked() -> None:
    """Neither one whose changes are done nor one that is right hides another one."""
    world = World()
    intents = (
        Intent(name="k", kind="kernel", scope=WORKERS),
        Intent(name="p", kind="packages", scope=WORKERS, wants={"names": ("openssl",)}),
        Intent(name="cri", kind="container-runtime", scope=WORKERS),
    )
    draft = Draft(world, *intents).usual()
    of = {name: draft.found[name].changes["edge/w-1"] for name in ("k", "p", "cri")}
    draft.wave("a", draft.visit("edge/w-1", "k", "workers"))
    wrong = [replace(each, closes=("CVE-2026-1",)) for each in of["cri"]]
    plan = draft.wave("b", draft.visit("edge/w-1", "cri", "workers", [*of["k"], *of["p"], *wrong])).plan()
    changes = [why for rule, step, why in ask(world, plan) if rule == "changes"]
    assert [why.partition(" it makes")[0] for why in changes] == [
        "nothing is to be changed there for k: it is in effect by then", "for cri",
    ]  # fmt: skip


def test_an_intent_for_other_subjects_is_asked_nothing_of_a_later_step_and_hides_no_other() -> None:
    world = World()
    plan = objects_first(world)
    step, dns = plan.step(W1), plan.step(DNS_STEP)
    again = replace(step, id="again", changes=(*dns.changes, *step.changes))
    more = replace(dns, id="more", changes=(*step.changes, *dns.changes))
    wave = replace(plan.waves[-1], id="last", needs=("rest",), steps=(again, more))
    changes = [each for each in ask(world, replace(plan, waves=(*plan.waves, wave))) if each[0] == "changes"]
    assert changes == [("changes", "again", "nothing is to be changed there for k: it is in effect by then")]


def test_an_object_is_changed_as_its_intent_says_the_first_time() -> None:
    world = World()
    plan = objects(world).plan()
    assert ask(world, plan) == []
    assert rules(world, edits.change(plan, DNS_STEP, drain=True)) == [("changes", DNS_STEP)]
    # What it comes to a second time only the chain tells.
    again = replace(plan.waves[0], id="again", needs=("dns",), steps=(replace(plan.step(DNS_STEP), id="again"),))
    plan = replace(plan, waves=(*plan.waves, again))
    assert rules(world, plan) == [("chain", "again")]


def test_a_plan_that_undoes_is_asked_for_no_intent() -> None:
    world = World()
    assert ask(world, undone(world)) == []


# chains


def test_one_subject_has_one_step_at_a_time() -> None:
    world = World()
    intents = (Intent(name="k", kind="kernel", scope=WORKERS), Intent(name="cri", kind="container-runtime"))
    draft = Draft(world, *intents).usual()
    draft.wave("a", draft.visit("edge/w-1", "k", "workers"), draft.visit("edge/w-2", "k", "workers"))
    plan = draft.wave("b", draft.visit("edge/w-1", "cri", "workers")).plan()
    assert ask(world, plan) == []
    assert ask(world, replace(plan, waves=plan.waves[::-1])) == []
    assert ask(world, edits.wave(plan, "b", needs=())) == [
        ("chain", "edge/w-1/cri", f"it may run together with the step {W1} on the same subject")
    ]


def test_a_change_starts_from_the_version_in_effect_and_goes_elsewhere() -> None:
    world = World()
    plan = kernels(world).plan()
    (change,) = plan.step(W2).changes
    away = stepped(plan, W2, replace(change, before="6.1.80", back="6.1.80"))
    assert ("chain", W2, "linux is at 6.1.90 by then, not at 6.1.80") in ask(world, away)
    world.machines["edge/w-2"].software.pop("linux")
    assert ("chain", W2, "it has no linux") in ask(world, plan)
    assert not [each for each in ask(world, plan) if each[0] == "chain" and "by then" in each[2]]


def test_a_second_step_starts_from_where_the_first_one_led() -> None:
    world = World()
    plan = two_minors(world)
    second = "edge/w-1/kl-1.32.1"
    stale = edits.change(plan, second, before="1.30.4")
    assert ("chain", second, "kubelet is at 1.31.4 by then, not at 1.30.4") in ask(world, stale)


def test_a_script_starts_from_what_is_not_there() -> None:
    world = World()
    intent = Intent(name="fix", kind="script", scope=WORKERS, wants={"run": "/fix", "check": "/check", "undo": "/undo"})
    draft = Draft(world, intent).usual()
    plan = draft.wave("a", draft.visit("edge/w-1", "fix", "workers")).plan()
    assert ask(world, plan) == []
    world.change("edge/w-1", software={"script/fix": Software(installed="other")})
    assert [each for each in ask(world, plan) if each[0] == "chain"] == [
        ("chain", "edge/w-1/fix", "script/fix is at other by then, not at absent")
    ]


def test_a_component_goes_to_one_version() -> None:
    world = World()
    plan = kernels(world).plan()
    (change,) = plan.step(W2).changes
    plan = stepped(plan, W2, change, replace(change, after="6.1.99"), after={"linux": "6.1.99"})
    assert ("chain", W2, "linux goes to 6.1.100 and to 6.1.99") in ask(world, plan)
    stays = stepped(plan, W3, replace(change, after="6.1.90"))
    assert ("chain", W3, "linux is at 6.1.90 already") in ask(world, stays)
    twice = stepped(kernels(world).plan(), W2, change, change)
    assert not [each for each in ask(world, twice) if each[0] == "chain"]


def test_what_is_undone_may_have_been_installed_without_having_come_into_effect() -> None:
    world = World()
    plan = undone(world)
    linux = world.machines["edge/w-1"].software["linux"]
    world.change("edge/w-1", software={"linux": replace(linux, running="6.1.90")})
    stays = [each for each in ask(world, plan) if each[0] == "chain"]
    assert stays == []
    # A plan that goes forward starts from what is in effect.
    forward = [each for each in ask(world, replace(plan, undoes="")) if each[0] == "chain"]
    assert forward == [("chain", "undo-edge/w-1/k", "linux is at 6.1.90 by then, not at 6.1.100")]
    # A third version is none of the two.
    world.change("edge/w-1", software={"linux": replace(linux, installed="6.1.95", running="6.1.90")})
    assert ("chain", "undo-edge/w-1/k") in rules(world, plan)
    world.machines["edge/w-1"].software.pop("linux")
    assert ("chain", "undo-edge/w-1/k", "it has no linux") in ask(world, plan)


def test_an_object_is_undone_from_the_image_that_it_has() -> None:
    world = World()
    plan = objects(world).plan()
    step = plan.step(DNS_STEP)
    plan = stepped(replace(plan, undoes="sha256:other"), DNS_STEP, *map(back_of, step.changes))
    assert [each for each in ask(world, plan) if each[0] == "chain"] == [
        ("chain", DNS_STEP, "image/c is at dns:1.11.1 by then, not at dns:1.11.3")
    ]
    world.objects[-1] = deployment(image="dns:1.11.3")
    assert ask(world, plan) == []


# replacements


def replacing(world: World, *ids: str, wants: dict[str, Any] | None = None) -> Plan:
    intent = Intent(name="r", kind="node-replacement", scope=WORKERS, wants=wants or {"image": "v2", "kept": True})
    draft = Draft(world, intent).usual()
    return draft.wave("a", *(draft.visit(id_, "r", "workers", kind="replace") for id_ in ids)).plan()


def test_the_image_of_a_machine_is_what_it_was_made_from_or_software() -> None:
    world = World()
    world.change("edge/w-1", image="v1")
    assert ask(world, replacing(world, "edge/w-1")) == []
    # A machine of which no image is known has none to start from.
    plan = replacing(world, "edge/w-1")
    world.change("edge/w-1", image="")
    assert ("chain", "edge/w-1/r", "it has no image") in ask(world, plan)
    # Software of that name is the image, whatever it was made from.
    image = Software(installed="v1.0.0", part="image", offers=("v1.1.0",), kept=("v1.0.0",), ecosystem="kubernetes")
    world.change("edge/w-1", image="old", software={"image": image})
    plan = replacing(world, "edge/w-1", wants={"image": "v1.1.0"})
    assert ask(world, plan) == []


def again(plan: Plan, id_: str, intent: str, before: str, after: str) -> Plan:
    """One more wave with a step that changes the image once more, for another intent."""
    step = plan.step(id_)
    (change,) = step.changes
    more = replace(change, intent=intent, before=before, after=after, back=before)
    wave = replace(plan.waves[-1], id="again", needs=(plan.waves[-1].id,), steps=(replace(step, id="again"),))
    return stepped(replace(plan, waves=(*plan.waves, wave)), "again", more)


def test_a_machine_that_was_replaced_is_of_the_new_image() -> None:
    world = World()
    world.change("edge/w-1", image="v1")
    plan = replacing(world, "edge/w-1")
    later = Intent(name="r3", kind="node-replacement", scope=WORKERS, wants={"image": "v3", "kept": True})
    plan = again(replace(plan, intents=(*plan.intents, later)), "edge/w-1/r", "r3", "v2", "v3")
    assert ask(world, plan) == []
    # And has the rest of its software as before: what else a visit changes counts too.
    (change,) = plan.step("edge/w-1/r").changes
    draft = Draft(world, Intent(name="k", kind="kernel", scope=WORKERS)).usual()
    (linux,) = draft.found["k"].changes["edge/w-1"]
    both = stepped(replace(plan, intents=(*plan.intents, *draft.intents)), "edge/w-1/r", change, linux)
    step = replace(both.step("again"), changes=(*both.step("again").changes, linux))
    twice = edits.wave(both, "again", steps=(step,))
    assert ("changes", "again", "nothing is to be changed there for k: it is in effect by then") in ask(world, twice)


def test_an_image_that_is_software_moves_as_software() -> None:
    world = World()
    image = Software(
        installed="v1.0.0", part="image", offers=("v1.1.0", "v1.2.0"), kept=("v1.0.0",), ecosystem="kubernetes"
    )
    world.change("edge/w-1", software={"image": image}, image="old")
    plan = replacing(world, "edge/w-1", wants={"image": "v1.1.0"})
    later = Intent(name="r3", kind="node-replacement", scope=WORKERS, wants={"image": "v1.2.0"})
    plan = again(replace(plan, intents=(*plan.intents, later)), "edge/w-1/r", "r3", "v1.1.0", "v1.2.0")
    assert ask(world, plan) == []


# after, proof, reboot, way back


def test_a_step_says_the_version_of_each_thing_that_it_changes_and_of_no_other_a_wrong_one() -> None:
    world = World()
    plan = kernels(world).plan()
    assert ask(world, edits.step(plan, W2, after={"linux": "6.1.100", "openssl": "3.0.15-1"})) == []
    assert ask(world, edits.step(plan, W2, after={})) == [
        ("after", W2, "it does not say in which version linux is then")
    ]
    assert ask(world, edits.step(plan, W2, after={"linux": "6.1.90"})) == [
        ("after", W2, "it says linux 6.1.90, and linux is 6.1.100")
    ]
    assert ask(world, edits.step(plan, W2, after={"linux": "6.1.100", "x": "1"})) == [
        ("after", W2, "it says x 1, and x is not there")
    ]


def test_every_change_names_what_shows_it_on_both_ways() -> None:
    world = World()
    plan = kernels(world).plan()
    assert ask(world, edits.back(plan, W2, proof=())) == [("proof", W2, "nothing shows that linux 6.1.90 is in effect")]


def test_a_step_reboots_where_one_of_its_changes_does() -> None:
    world = World()
    plan = kernels(world).plan()
    assert ask(world, edits.step(plan, W2, reboot=False)) == [
        ("reboot", W2, "it does not reboot, its changes say otherwise")
    ]
    intents = (Intent(name="k", kind="kernel", scope=WORKERS), Intent(name="cri", kind="container-runtime"))
    draft = Draft(world, *intents).usual()
    both = [*draft.found["k"].changes["edge/w-1"], *draft.found["cri"].changes["edge/w-1"]]
    assert ask(world, draft_of(world, intents, both)) == []
    calm = draft.wave("a", draft.visit("edge/w-1", "cri", "workers", reboot=True)).plan()
    assert ask(world, calm) == [("reboot", "edge/w-1/cri", "it reboots, its changes say otherwise")]


def test_a_step_is_as_final_as_its_most_final_change() -> None:
    world = World()
    plan = kernels(world).plan()
    (change,) = plan.step(W2).changes
    classes = ("reversible", "needs-snapshot", "forward-only")
    for worst in classes:
        for other in classes[: classes.index(worst) + 1]:
            several = (replace(change, reversibility=other), replace(change, reversibility=worst))
            for changes in (several, several[::-1]):
                made = stepped(plan, W2, *changes, reversibility=worst, snapshot=worst == "needs-snapshot")
                assert "reversibility" not in dict(rules(world, made))
                milder = edits.step(made, W2, reversibility="reversible" if worst != "reversible" else "forward-only")
                assert "reversibility" in dict(rules(world, milder))


def test_who_needs_a_copy_makes_one_where_one_can_be_made() -> None:
    world = World()
    plan = upgrade(world).plan()
    assert ask(world, edits.step(plan, CP, snapshot=False)) == [
        ("reversibility", CP, "it needs a copy, and makes none")
    ]
    # One that needs none may make one.
    assert ask(world, edits.step(kernels(world).plan(), W2, snapshot=True)) == []
    world.change("edge/cp-1", snapshots=False)
    assert ("reversibility", CP, "no copy of this machine can be made") in ask(world, plan)
    # Whose steps make no copy need not be able to.
    world.change("edge/w-2", snapshots=False)
    assert ask(world, kernels(world).plan()) == []
    # Of an object no copy is made, whatever it says.
    world = World()
    assert ask(world, edits.step(objects(world).plan(), DNS_STEP, snapshot=True)) == []


def test_what_goes_forward_only_has_no_way_back_and_needs_none() -> None:
    world = World()
    intent = Intent(name="fix", kind="script", scope=WORKERS, wants={"run": "/fix", "check": "/check"})
    draft = Draft(world, intent).usual()
    plan = draft.wave("a", draft.visit("edge/w-1", "fix", "workers")).plan()
    assert ask(world, plan) == []
    (change,) = plan.step("edge/w-1/fix").changes
    assert ask(world, edits.step(plan, "edge/w-1/fix", back=(back_of(change),))) == [
        ("way-back", "edge/w-1/fix", "it is forward-only, and has a way back")
    ]


def test_a_way_back_leads_to_where_the_step_came_from_by_the_same_kind_of_change() -> None:
    world = World()
    plan = kernels(world).plan()
    none = [("way-back", W2, "no way leads linux from 6.1.100 to 6.1.90")]
    elsewhere = [("way-back", W2, "it brings linux to 6.1.80, where it was not before")]
    unlike = [("way-back", W2, "the way back of linux is of another kind, or its reboot or its parameters are")]
    assert ask(world, edits.step(plan, W2, back=())) == none
    assert ask(world, edits.back(plan, W2, after="6.1.80")) == none + elsewhere
    assert ask(world, edits.back(plan, W2, before="6.1.99")) == [
        *none, ("way-back", W2, "it brings linux to 6.1.90, where it was not before"),
    ]  # fmt: skip
    for fields in ({"reboot": False}, {"kind": "packages"}, {"parameters": {"packages/6.1.90": "x=1"}}):
        assert ask(world, edits.back(plan, W2, **fields)) == unlike
    (change,) = plan.step(W2).back
    more = edits.step(plan, W2, back=(change, replace(change, component="x", after="6.1.80")))
    assert ask(world, more) == [("way-back", W2, "it brings x to 6.1.80, where it was not before")]


def test_a_change_says_to_where_its_way_back_leads() -> None:
    world = World()
    plan = kernels(world).plan()
    several = rules(world, edits.change(plan, W2, back="6.1.80"))
    assert several == [("changes", W2), ("way-back", W2)]


# targets


def left(plan: Plan, *subjects: str, **fields: Any) -> Plan:
    given = {"rule": "room", "why": "no room", "remedy": "make room", **fields}
    return replace(plan, left_out=tuple(LeftOut(subject=each, **given) for each in subjects))


def account(world: World, plan: Plan) -> list[tuple[str, str, str]]:
    assert {each.rule for each in found(accounted, world, plan)} <= {"targets"}
    return [(each.step, each.object, each.why) for each in found(accounted, world, plan)]


def test_each_target_is_in_a_step_or_left_out() -> None:
    world = World()
    plan = kernels(world).plan()
    assert account(world, plan) == []
    missing = "the intent k wants it, and it is in no step and not left out"
    assert account(world, edits.without(edits.without(plan, W3), W2)) == [
        ("", "edge/w-2", missing), ("", "edge/w-3", missing),
    ]  # fmt: skip
    assert account(world, left(edits.without(plan, W3), "edge/w-3")) == []
    # One that is left out hides no other.
    assert account(world, left(edits.without(edits.without(plan, W2), W3), "edge/w-2")) == [("", "edge/w-3", missing)]


def test_a_target_with_an_obstacle_is_left_out() -> None:
    world = World()
    linux = world.machines["edge/w-3"].software["linux"]
    world.change("edge/w-3", software={"linux": replace(linux, offers=None)})
    draft = kernels(world)
    plan = draft.plan()
    assert [each[1] for each in account(world, plan)] == ["edge/w-3"]
    assert account(world, left(plan, "edge/w-3")) == []


def test_an_intent_for_all_targets_or_none_leaves_nobody_out() -> None:
    world = World()
    plan = kernels(world).plan()
    whole = replace(plan, intents=(replace(plan.intents[0], whole=True),))
    assert account(world, whole) == []
    out = left(edits.without(edits.without(whole, W3), W4), "edge/w-4", "edge/w-3")
    assert account(world, out) == [("", "edge/w-3", "the intent k asks for all targets or none, and it is left out")]
    # Whom another intent leaves out is no matter of it.
    assert account(world, left(whole, "edge/w-3")) == []


def test_nothing_is_changed_for_an_intent_that_does_not_want_it() -> None:
    world = World()
    plan = kernels(world).plan()
    zone = replace(plan.intents[0], scope=Scope(facts={"zone": ("a",)}))
    narrow = account(world, replace(plan, intents=(zone,)))
    assert [each for each in narrow if "does not want" in each[2]] == [
        (W3, "edge/w-3", "the intent k does not want it"), (W4, "edge/w-4", "the intent k does not want it"),
    ]  # fmt: skip
    # Of an intent that is wrong nobody knows what it wants.
    wrong = replace(plan, intents=(replace(plan.intents[0], wants={"speed": "high"}),))
    assert account(world, wrong) == []


def test_who_is_left_out_is_wanted_and_has_rule_reason_and_remedy() -> None:
    world = World()
    plan = kernels(world).plan()
    assert account(world, left(plan, "db-1")) == [("", "db-1", "it is left out, and no intent wants it")]
    out = edits.without(plan, W3)
    for field in ("rule", "why", "remedy"):
        assert account(world, left(out, "edge/w-3", **{field: ""})) == [
            ("", "edge/w-3", "it is left out without rule, reason or remedy")
        ]
    # A plan that undoes leaves out whom it does not bring back.
    back = undone(World())
    assert account(world, left(back, "edge/w-3")) == []


def untouchable(world: World, plan: Plan) -> list[tuple[str, str, str]]:
    return [(each.rule, each.step, each.why) for each in found(untouched, world, plan)]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"healthy": False}, "it is not in service"), ({"healthy": None}, "its health is not known"),
        ({"cordoned": True}, "somebody else has cordoned it"), ({"cordoned": True, "owner": "run-1"}, ""),
        ({"owner": "run-1"}, ""),
    ],
)  # fmt: skip
def test_no_step_on_a_machine_that_is_out_of_service_or_held_by_somebody_else(fields: Any, why: str) -> None:
    world = World()
    plan = objects_first(world)
    assert untouchable(world, plan) == []
    world.change("edge/w-2", **fields)
    assert untouchable(world, plan) == ([("untouchable", W2, why)] if why else [])
    # A plan that undoes is for machines that are out of service, and not for those of somebody else.
    undoing = [why] if why.startswith("somebody") else []
    assert [each[2] for each in untouchable(world, replace(plan, undoes="sha256:other"))] == undoing


def test_what_the_policy_protects_is_told_with_the_reason_for_machines_and_objects() -> None:
    world = World()
    plan = objects_first(world)
    protected = (
        Protected("hsm", Scope(facts={"node": ("w-3",)}), "certified"),
        Protected("names", Scope(facts={"namespace": ("shop",)}), "everybody needs it"),
    )
    plan = policy(world, plan, protected=protected)
    assert untouchable(world, plan) == [
        ("protected", DNS_STEP, "the policy protects it: names: everybody needs it"),
        ("protected", W3, "the policy protects it: hsm: certified"),
    ]
