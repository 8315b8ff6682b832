"""The way back of each step: what of it still stands, what can be put back, and what is told of the rest."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from tests.changes.drain.makings import Json, controller
from tests.changes.planning.worlds import change, cluster, draft, intent, machine, soft, state

from oakum.changes.planning.drafts import Draft, Drafted
from oakum.changes.planning.order import Phase, phases
from oakum.changes.planning.steps import step_of
from oakum.changes.planning.undoing import Undo, drafts_back
from oakum.changes.plans.model import Change, Step, Subject, Takes, Times
from oakum.changes.state import Machine, Software, State

LIB = change("lib", "packages")
TAKES = Takes(work=Times(p50=1, p95=1), back=Times(p50=1, p95=1))


def lib(installed: str = "2", running: str = "", kept: tuple[str, ...] = ("1",), **more: Any) -> Software:
    """The package that was changed from 1 to 2, as it is now."""
    return soft(installed, installed, running=running, kept=kept, **more)


def now(software: dict[str, Software] | None = None, **more: Any) -> Machine:
    return machine("w", software={"lib": lib()} if software is None else software, **more)


def done(*changes: Change, **more: Any) -> Step:
    """The step that was carried out on the machine w."""
    made = step_of(draft(machine("w"), *(changes or (LIB,)), takes=TAKES, group="g"))
    return msgspec.structs.replace(made, **more)


def thing(*changes: Change, cluster: str = "c") -> Step:
    subject = Subject(kind="object", cluster=cluster, name="Deployment/shop/web", uid="u")
    made = draft(machine("w"), *(changes or (change("image/a", "add-on", before="i:1", after="i:2", back="i:1"),)))
    made.machine, made.subject, made.takes = None, subject, TAKES
    return step_of(made)


def workload(**images: str) -> Json:
    made = controller("Deployment", "web", 2)
    containers = [{"name": name, "image": image} for name, image in images.items()]
    return made | {"spec": {"template": {"spec": {"containers": containers}}}}


def back(given: State, *steps: Step, order: dict[str, Phase] | None = None) -> Drafted:
    return drafts_back(given, Undo("sha256:1", steps), order or {})


def moves(found: Drafted) -> list[tuple[str, str, str]]:
    """Component, before and after of the changes of the only draft; empty where there is none."""
    if not found.drafts:
        return []
    (one,) = found.drafts
    return [(each.component, each.before, each.after) for each in one.changes]


def told(found: Drafted) -> list[tuple[str, str]]:
    return [(subject, reason.rule) for subject, reason in found.blocked]


# What still stands


@pytest.mark.parametrize(
    ("installed", "running", "goes"),
    [("2", "", True), ("2", "1", True), ("1", "2", True), ("1", "", False), ("1", "1", False)],
)
def test_what_is_installed_or_in_effect_goes_back_and_what_is_neither_does_not(
    installed: str, running: str, goes: bool
) -> None:
    found = back(state(now({"lib": lib(installed, running)}), clusters=[]), done())
    assert moves(found) == ([("lib", "2", "1")] if goes else [])
    assert found.blocked == ()


def test_software_that_is_not_there_any_more_needs_no_way_back() -> None:
    found = back(state(now({"other": lib()}), clusters=[]), done())
    assert (found.drafts, found.blocked) == ((), ())


def test_only_what_stands_of_a_step_goes_back_the_last_change_first() -> None:
    steps = done(change("a", "packages"), change("b", "packages"), change("d", "packages"))
    software = {"a": lib(), "b": lib("1"), "d": lib()}
    assert moves(back(state(now(software), clusters=[]), steps)) == [("d", "2", "1"), ("a", "2", "1")]
    assert moves(back(state(now({"a": lib("1"), "b": lib(), "d": lib("1")}), clusters=[]), steps)) == [("b", "2", "1")]


def test_a_draft_of_the_way_back_is_of_the_same_subject_and_can_be_undone() -> None:
    one = now()
    given = state(one, clusters=[cluster("c", [one])])
    (made,) = back(given, done(change("lib", "packages", reversibility="needs-snapshot"))).drafts
    assert (made.machine, made.object, made.undoes, made.cluster) == (one, None, True, given.clusters[0])
    assert made.reversibility == "reversible"
    assert made.subject == Subject(kind="machine", cluster="c", name="w", uid="uid-c-w")


# What has no way back


def test_a_forward_only_change_that_stands_keeps_its_step() -> None:
    final = change("final", "packages", reversibility="forward-only")
    both = {"lib": lib(), "final": lib()}
    found = back(state(now(both), clusters=[]), done(LIB, final))
    assert (told(found), found.drafts) == ([("c/w", "forward-only")], ())
    assert found.blocked[0][1].why == "final 2 has no way back"
    step = msgspec.structs.replace(done(LIB, final), back=done(LIB).back)
    assert moves(back(state(now(both | {"final": lib("1")}), clusters=[]), step)) == [("lib", "2", "1")]


@pytest.mark.parametrize(
    ("kept", "offers", "goes"),
    [(("1",), None, True), ((), ("1", "2"), True), (("0",), ("2",), False), ((), None, False), ((), (), False)],
)
def test_an_old_version_has_to_be_kept_or_offered(kept: tuple[str, ...], offers: Any, goes: bool) -> None:
    found = back(state(now({"lib": Software(installed="2", kept=kept, offers=offers)}), clusters=[]), done())
    assert moves(found) == ([("lib", "2", "1")] if goes else [])
    assert told(found) == ([] if goes else [("c/w", "not-kept")])


@pytest.mark.parametrize(
    ("snapshot", "lost"), [(False, "nobody keeps it"), (True, "the copy that was made before was thrown away")]
)
def test_what_cannot_be_put_back_says_why(snapshot: bool, lost: str) -> None:
    ((_, reason),) = back(state(now({"lib": lib(kept=())}), clusters=[]), done(snapshot=snapshot)).blocked
    assert reason.why == f"lib 1 cannot be put back: {lost}"
    assert reason.remedy.says == "bring lib 1 into a channel of the machine, or make the machine anew"


@pytest.mark.parametrize("kind", ["kernel", "script", "node-replacement"])
def test_kinds_that_keep_their_old_version_themselves_ask_for_none(kind: str) -> None:
    found = back(state(now({"lib": lib(kept=())}), clusters=[]), done(change("lib", kind)))
    assert moves(found) == [("lib", "2", "1")]


@pytest.mark.parametrize(
    ("installed", "running", "kept_out"), [("3", "", True), ("3", "2", False), ("2", "3", False), ("3", "3", True)]
)
def test_what_somebody_has_changed_since_is_theirs(installed: str, running: str, kept_out: bool) -> None:
    found = back(state(now({"lib": lib(installed, running)}), clusters=[]), done())
    assert told(found) == ([("c/w", "changed-since")] if kept_out else [])
    if kept_out:
        assert found.blocked[0][1].why == "lib is at 3, neither 2 that the plan brought nor 1 from before"


def test_another_machine_of_the_name_and_one_that_is_gone_are_told() -> None:
    other = back(state(now(uid="new"), clusters=[]), done())
    assert told(other) == [("c/w", "another-machine")]
    assert other.blocked[0][1].why == "another machine has its name now (new, not uid-c-w)"
    assert told(back(state(machine("v"), clusters=[]), done())) == [("c/w", "gone")]
    assert back(state(now({"lib": lib("1")}, uid="new"), clusters=[]), done()).blocked == ()


# Machines that were replaced


@pytest.mark.parametrize(("image", "goes"), [("2", True), ("1", False), ("3", None)])
def test_the_image_of_a_replaced_machine_goes_back(image: str, goes: bool | None) -> None:
    step = done(change("image", "node-replacement"))
    assert step.kind == "replace"
    found = back(state(now({}, image=image), clusters=[]), step)
    assert moves(found) == ([("image", "2", "1")] if goes else [])
    assert told(found) == ([("c/w", "changed-since")] if goes is None else [])


def test_an_image_that_is_software_is_looked_up_there_and_a_visit_has_no_image() -> None:
    step = done(change("image", "node-replacement"))
    software = {"image": lib("1", part="image")}
    assert back(state(now(software, image="2"), clusters=[]), step).drafts == ()
    assert back(state(now({}, image="2"), clusters=[]), done(change("image", "packages"))).drafts == ()


# Objects


def world(*objects: Json) -> State:
    return state(now(), clusters=[cluster("c", [now()], objects)])


def test_the_image_of_an_object_goes_back() -> None:
    given = world(controller("ReplicaSet", "web", 1), workload(b="i:9", a="i:2"))
    found = back(given, thing())
    assert moves(found) == [("image/a", "i:2", "i:1")]
    (made,) = found.drafts
    assert (made.machine, made.object) == (None, given.clusters[0].around.snapshot.items["Deployment"][0])


@pytest.mark.parametrize(
    ("objects", "rule"),
    [
        ([workload(a="i:1")], []),
        ([workload(b="i:2")], []),
        ([workload(a="i:3")], ["changed-since"]),
        ([], ["gone"]),
        ([controller("ReplicaSet", "web", 1)], ["gone"]),
        ([workload(a="i:2") | {"metadata": {"name": "other", "namespace": "shop"}}], ["gone"]),
        ([workload(a="i:2") | {"metadata": {"name": "web", "namespace": "bank"}}], ["gone"]),
    ],
)
def test_an_object_that_is_gone_or_was_changed_is_told(objects: list[Json], rule: list[str]) -> None:
    found = back(world(*objects), thing())
    assert ([name for _, name in told(found)], found.drafts) == (rule, ())


def test_an_object_of_a_cluster_that_nobody_has_read_is_gone() -> None:
    assert told(back(world(workload(a="i:2")), thing(cluster="d"))) == [("d/Deployment/shop/web", "gone")]


# Their order


def test_what_was_changed_last_goes_back_first() -> None:
    wants = (intent("kubelet", to="2"), intent(), intent("packages", names=("lib",), after=("kernel",)))
    order = phases(wants)
    steps = [
        done(change(name, kind)) for name, kind in (("kubelet", "kubelet"), ("linux", "kernel"), ("lib", "packages"))
    ]
    software = {name: lib() for name in ("kubelet", "linux", "lib")}
    found = back(state(now(software), clusters=[]), *steps, order=order)
    assert [(each.changes[0].component, tuple(each.phase)) for each in found.drafts] == [
        ("lib", (-1, -50, -1)), ("linux", (0, -50, 0)), ("kubelet", (0, -40, 0)),
    ]  # fmt: skip


def test_a_step_of_an_intent_that_nobody_knows_any_more_has_the_rank_of_its_kind() -> None:
    (made,) = back(state(now(), clusters=[]), done()).drafts
    assert tuple(made.phase) == (0, -50, 0)


def test_the_steps_of_a_phase_are_ordered_by_cluster_and_as_people_count() -> None:
    def on(name: str, cluster: str) -> tuple[Machine, Step]:
        one = machine(name, cluster, software={"lib": lib()})
        return one, step_of(draft(one, LIB, takes=TAKES, group="g"))

    both = [on("w-10", "b"), on("w-9", "b"), on("w-11", "a")]
    found = back(state(*(one for one, _ in both), clusters=[]), *(step for _, step in both))
    assert [each.id for each in found.drafts] == ["a/w-11", "b/w-9", "b/w-10"]
    assert found.obstacles == {}
    assert all(isinstance(each, Draft) for each in found.drafts)
