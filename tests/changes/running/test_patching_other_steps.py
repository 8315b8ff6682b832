"""Objects and replacements: what is proven before, during and after, and what is left when it is given up."""

from __future__ import annotations

from typing import Any

import pytest
from tests.changes.running.looks import NEW, OLD, RUN, Play, change, plan, step

from oakum.changes.plans import Stop, Subject
from oakum.changes.running.acts import Outcome
from oakum.changes.running.replacing import successor

IMAGE, OLD_IMAGE = "registry.example/dns:1.12", "registry.example/dns:1.11"
OBJECT, DNS = "shop/Deployment/kube-system/dns", "add-on@shop/Deployment/kube-system/dns"
ID, STEP = "shop/w-1", "kernel@shop/w-1"


def rollout(**limits: Any) -> Play:
    """The new image of a Deployment."""
    moved = change(
        kind="add-on", component="image/dns", before=OLD_IMAGE, after=IMAGE, back=OLD_IMAGE, drain=False, reboot=False,
        proof=("rollout",),
    )  # fmt: skip
    subject = Subject(kind="object", cluster="shop", name="Deployment/kube-system/dns", uid="dns")
    made = step("dns", changes=(moved,), id=DNS, kind="set-object", subject=subject, domain="")
    return Play(plan(made, serial=True, **limits))


def test_an_object_is_set_and_done_when_its_rollout_has_ended() -> None:
    play = rollout()
    play.turn(2)
    assert play.did() == []
    play.turn()
    assert play.did() == ["apply"]
    assert (play.acts()[-1].uid, play.acts()[-1].resource_version) == ("dns", "7")
    play.show(OBJECT, up=False, running={"image/dns": IMAGE})
    play.turn(2)
    assert play.state(DNS) == "verifying"
    play.later(60)
    play.show(OBJECT, up=True)
    play.turn(3)
    assert play.state(DNS) == "done"


def test_a_rollout_that_does_not_end_is_undone() -> None:
    play = rollout()
    play.turn(3)
    play.show(OBJECT, up=False, running={"image/dns": IMAGE})
    play.turn(2)
    play.later(901)
    play.show(OBJECT, up=False)
    play.turn(2)
    assert play.did() == ["undo"]
    assert [(each.before, each.after) for each in play.acts()[-1].changes] == [(IMAGE, OLD_IMAGE)]
    play.show(OBJECT, up=True, running={"image/dns": OLD_IMAGE})
    play.turn(5)
    assert play.state(DNS) == "undone"


def test_patching_13_a_version_that_somebody_puts_back_is_no_success() -> None:
    play = rollout(soak_node=600)
    play.puts(DNS, "soaking", soak="600")
    play.later(601)
    play.show(OBJECT, running={"image/dns": OLD_IMAGE})
    play.turn()
    assert play.state(DNS) == "failed"
    assert "did not stay" in play.why(DNS)


def test_an_object_that_is_gone_or_another_one_is_not_touched() -> None:
    for gone in (True, False):
        play = rollout()
        if gone:
            play.hide(OBJECT, False)
        else:
            play.show(OBJECT, uid="another")
        play.turn(3)
        assert play.acts() == []
        assert play.state(DNS) == "skipped"


def test_a_change_of_an_object_that_is_refused_for_good_ends_undone_or_failed_without_an_act() -> None:
    play = rollout()
    play.answers["apply"] = Outcome(result="refused", code="never", why="invalid")
    play.turn(5)
    assert "invalid" in play.journal.of(DNS).facts["failed"]


def test_an_object_that_is_being_rolled_out_by_others_is_waited_for() -> None:
    play = rollout()
    play.show(OBJECT, up=False)
    play.turn(3)
    assert play.acts() == []
    assert play.state(DNS) == "waiting"


# Replacements


def replacement(**given: Any) -> tuple[Play, str]:
    """A node that is replaced, and the id of the machine that takes its place."""
    made = step(kind="replace", reboot=False, changes=(change(reboot=False),))
    play = Play(plan(made, stop=Stop(failed=9, lost=9), **given))
    return play, successor(RUN, made.id, made.subject).id


def surged() -> tuple[Play, str]:
    """The new machine is proven and the old one drained: it may be deleted."""
    play, new = replacement()
    play.turn(2)
    assert play.did() == ["create-node"]
    play.works(ID, "create-node", "done")
    play.show(new, uid="new", running={"linux": NEW})
    play.turn(2)
    assert play.did() == ["silence", "claim"]
    play.claimed()
    play.turn(3)
    assert play.state() == "applying"
    return play, new


def test_a_replacement_proves_the_new_machine_before_it_touches_the_old_one() -> None:
    play, new = replacement()
    play.turn(2)
    assert play.acts()[-1].parameters["name"] == new.partition("/")[2]
    play.works(ID, "create-node", "running")
    play.turn()
    assert play.did() == []
    play.works(ID, "create-node", "done")
    for wrong in ({"up": False, "running": {"linux": NEW}}, {"up": True, "running": {"linux": OLD}}):
        play.show(new, uid="new", **wrong)
        play.turn()
        assert play.did() == []
    play.show(new, up=True, running={"linux": NEW})
    play.turn(2)
    assert play.did() == ["silence", "claim"]


def test_a_drained_machine_is_deleted_by_its_uid_and_the_step_is_done_when_it_is_gone() -> None:
    play, _ = surged()
    play.turn()
    assert play.did() == ["delete-node"]
    assert (play.acts()[-1].subject.id, play.acts()[-1].uid) == (ID, "uid-w-1")
    play.turn()
    assert play.state() == "applying"
    play.hide(ID, False)
    play.later(10)
    play.turn(3)
    assert play.state() == "done"


def test_a_machine_of_which_nothing_can_be_said_is_not_taken_for_deleted() -> None:
    play, _ = surged()
    play.turn()
    play.hide(ID, None)
    play.later(10)
    play.turn(2)
    assert play.state() == "applying"


@pytest.mark.parametrize("do", ["uncordoned", "taken"])
def test_patching_02_a_machine_that_is_no_longer_ours_is_not_deleted(do: str) -> None:
    play, _ = surged()
    if do == "uncordoned":
        play.claimed(cordoned=False)
    else:
        play.show(ID, claim=None)
    play.turn(2)
    assert not play.ever("delete-node")


def test_a_new_machine_that_never_comes_up_is_deleted_again() -> None:
    play, new = replacement()
    play.turn(2)
    play.works(ID, "create-node", "done")
    play.show(new, uid="new", up=False)
    for _ in range(33):
        play.later(100)
        play.show(new, up=False)
        play.turn()
    deleted = [each for each in play.acts() if each.do == "delete-node"]
    assert {(each.subject.id, each.uid) for each in deleted} == {(new, "new")}
    play.hide(new, False)
    play.released()
    play.turn(2)
    assert play.state() == "skipped"


def test_a_new_machine_that_serves_is_left_to_people_when_the_replacement_is_given_up() -> None:
    play, _ = surged()
    play.sight.wishes |= {"stop"}
    play.turn(4)
    assert not play.ever("delete-node")
    assert play.noted("handed-over")
    play.released()
    play.turn(2)
    assert play.state() == "waiting"


def test_a_new_machine_that_falls_out_of_service_is_told() -> None:
    play, new = surged()
    play.turn()
    play.hide(ID, False)
    play.show(new, up=False)
    for _ in range(30):
        play.later(100)
        play.show(new, up=False)
        play.turn()
    assert play.state() == "failed"
    assert play.noted("handed-over")


# Late requests


def test_patching_03_a_claim_of_which_nobody_knows_is_waited_for_before_the_visit_ends() -> None:
    play = Play(plan(step()))
    play.answers["claim"] = Outcome(result="unknown")
    play.turn(2)
    play.sight.wishes |= {"stop"}
    play.turn(4)
    assert play.state() == "restoring"
    play.later(60)
    play.claimed()
    play.turn()
    assert "release" in play.did()
    play.released()
    play.later(130)
    play.turn()
    assert play.state() == "waiting"
