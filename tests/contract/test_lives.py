"""A host that goes down, comes back, is another one, or whose service dies: what it answers, and what a look shows."""

from __future__ import annotations

import pytest
from tests.contract.twins import DONE, UNKNOWN, Twin, change


@pytest.mark.parametrize("do", ["claim", "release", "apply", "undo", "reboot", "snapshot", "discard"])
def test_nobody_answers_for_a_host_that_is_out_of_reach(twin: Twin, do: str) -> None:
    twin.provide("lab-plain")
    with twin.cut():
        changes = (change("lab-plain", "1.0", "1.1"),) if do in ("apply", "undo") else ()
        assert twin.act(do, changes=changes) == UNKNOWN  # type: ignore[arg-type]  # words of the table
        assert twin.act(do, changes=changes, uid="0" * 32) == UNKNOWN, "nobody knows who it is"  # type: ignore[arg-type]
    twin.up()


def test_an_act_that_was_answered_is_not_answered_again_while_the_host_is_out_of_reach(twin: Twin) -> None:
    key = twin.key("claim")
    assert twin.act("claim", key=key) == DONE
    with twin.cut():
        assert twin.act("claim", key=key) == UNKNOWN
        assert twin.act("claim", token=0) == UNKNOWN, "nor is anybody fenced"
    assert twin.act("claim", key=key) == DONE


def test_a_host_that_is_out_of_reach_is_shown_as_it_was_and_as_out_of_service(twin: Twin) -> None:
    twin.provide("lab-plain")
    twin.act("claim")
    before = twin.seen
    with twin.cut():
        seen = twin.seen
        assert (seen.up, twin.look().found(twin.host)) == (False, True)
        assert (seen.uid, seen.boot_id, seen.resource_version, seen.claim, seen.running) == (
            before.uid, before.boot_id, before.resource_version, before.claim, before.running
        )  # fmt: skip
        assert seen.scanned is not None
        assert seen.scanned < seen.at, "it tells of when it is"
        assert list(twin.look().impaired("")) == [twin.host]
    twin.up()
    assert dict(twin.look().impaired("")) == {}


def test_a_record_outlives_the_power(twin: Twin) -> None:
    key = twin.key("claim")
    assert twin.act("claim", key=key, token=3) == DONE
    before = twin.seen
    twin.power(on=False)
    assert (twin.seen.up, twin.seen.claim) == (False, before.claim)
    twin.power(on=True)
    twin.up()
    seen = twin.seen
    assert (seen.uid, seen.claim) == (before.uid, before.claim)
    assert seen.boot_id not in ("", before.boot_id)
    assert seen.resource_version != before.resource_version
    assert twin.act("claim", key=key) == DONE, "it is answered as then"
    assert twin.act("release", token=2).code == "fenced"


def test_work_that_was_under_way_when_the_power_went_has_failed(twin: Twin) -> None:
    twin.provide("lab-takes")
    key = twin.begin("apply", change("lab-takes", "1.0", "1.1"))
    twin.at_work(key)
    assert twin.seen.work[key].state == "running"
    twin.power(on=False)
    assert twin.seen.work[key].state == "running", "as it was seen last"
    twin.power(on=True)
    twin.up()
    work = twin.seen.work[key]
    assert (work.state, work.why) == ("failed", "the machine went down meanwhile")
    assert "lab-takes" not in twin.seen.running, "it was in the middle of the package"
    assert twin.made("apply", change("lab-takes", "1.0", "1.1")).state == "done"
    assert twin.seen.running["lab-takes"] == "1.1"


def test_work_that_was_under_way_when_somebody_restarted_the_host_has_failed(twin: Twin) -> None:
    twin.provide("lab-takes")
    key = twin.begin("apply", change("lab-takes", "1.0", "1.1"))
    twin.at_work(key)
    twin.restart()
    twin.up()
    assert twin.seen.work[key].state == "failed"


def test_a_host_that_was_made_anew_knows_nothing_and_is_another(twin: Twin) -> None:
    key = twin.key("claim")
    assert twin.act("claim", key=key, token=5) == DONE
    before = twin.seen
    twin.made_anew()
    seen = twin.seen
    assert seen.uid not in ("", before.uid)
    assert (seen.claim, seen.work) == (None, {})
    assert twin.act("claim", key=key, uid=before.uid, token=5).code == "gone"
    assert twin.act("claim", key=key, token=1) == DONE, "it has never heard of that key, nor of that token"
    assert twin.seen.claim is not None


def test_a_service_that_dies_is_seen_at_the_next_look(twin: Twin) -> None:
    twin.act("claim")
    version = twin.seen.resource_version
    twin.kill_service()
    assert twin.seen.up is False
    assert twin.act("release", resource_version=version) == DONE, "the host itself answers"
    twin.start_service()
    twin.up()


def test_a_host_whose_service_is_dead_shows_what_it_is_all_the_same(twin: Twin) -> None:
    boot = twin.seen.boot_id
    twin.kill_service()
    seen = twin.seen
    assert (seen.up, seen.boot_id, seen.scanned == seen.at) == (False, boot, True)
    assert twin.act("reboot", boot_id=boot) == DONE
    twin.until(lambda: twin.seen.boot_id != boot, "it has another boot")
    twin.up()


def test_a_version_whose_service_dies_is_seen_and_the_way_back_heals_it(twin: Twin) -> None:
    twin.provide("lab-harms")
    twin.act("claim")
    assert twin.made("apply", change("lab-harms", "1.0", "1.1")).state == "done"
    twin.until(lambda: twin.seen.up is False, "its service dies")
    assert twin.seen.running["lab-harms"] == "1.1"
    assert twin.made("undo", change("lab-harms", "1.1", "1.0")).state == "done"
    twin.up()
    assert twin.seen.running["lab-harms"] == "1.0"


def test_an_orderly_restart_shows_another_boot_and_the_same_machine(twin: Twin) -> None:
    before = twin.seen
    assert twin.act("reboot", boot_id=before.boot_id) == DONE
    twin.until(lambda: twin.seen.up is False, "it goes down")
    twin.until(lambda: twin.seen.boot_id not in ("", before.boot_id), "it has another boot")
    twin.up()
    assert twin.seen.uid == before.uid
