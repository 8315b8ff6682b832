"""Long work on a host: begun by an act, observed by its key, one at a time, and what becomes of it."""

from __future__ import annotations

from tests.contract.twins import DONE, Twin, change

from oakum.changes.running.observed import Work


def fails(work: Work, why: str) -> None:
    """It has failed, and the words begin so: a real host adds what to do."""
    assert work.state == "failed"
    assert work.why.startswith(why)


def test_work_is_observed_by_the_key_of_the_act_that_began_it(twin: Twin) -> None:
    twin.provide("lab-takes")
    key = twin.begin("apply", change("lab-takes", "1.0", "1.1"))
    twin.at_work(key)
    begun = twin.seen.work[key]
    assert (begun.key, begun.state) == (key, "running")
    ended = twin.ended(key)
    assert (ended.state, ended.why) == ("done", "")
    assert begun.since < ended.since <= twin.seen.at
    assert twin.seen.running["lab-takes"] == "1.1"


def test_the_same_key_begins_no_second_work(twin: Twin) -> None:
    twin.provide("lab-plain")
    key = twin.begin("apply", change("lab-plain", "1.0", "1.1"))
    twin.ended(key)
    assert twin.act("apply", key=key, changes=(change("lab-plain", "1.0", "1.1"),)) == DONE
    assert twin.seen.work[key].state == "done"


def test_two_works_at_once_are_one_too_many(twin: Twin) -> None:
    twin.provide("lab-takes")
    key = twin.begin("apply", change("lab-takes", "1.0", "1.1"))
    twin.at_work(key)
    refused = twin.act("undo", changes=(change("lab-takes", "1.1", "1.0"),))
    assert (refused.code, refused.why) == ("not-now", "other work is under way on the machine")
    assert twin.act("apply", run="another", changes=(change("lab-takes", "1.0", "1.1"),)).code == "not-now"
    assert twin.act("snapshot").code == "not-now"
    assert twin.ended(key).state == "done"


def test_a_host_is_not_restarted_under_the_work_on_it(twin: Twin) -> None:
    twin.provide("lab-takes")
    key = twin.begin("apply", change("lab-takes", "1.0", "1.1"))
    twin.at_work(key)
    assert twin.act("reboot").code == "not-now"
    assert twin.ended(key).state == "done"


def test_work_goes_on_while_nobody_reaches_the_host(twin: Twin) -> None:
    twin.provide("lab-takes")
    key = twin.begin("apply", change("lab-takes", "1.0", "1.1"))
    twin.at_work(key)
    assert twin.seen.work[key].state == "running"
    with twin.cut():
        assert twin.seen.work[key].state == "running", "as it was seen last"
    assert twin.ended(key).state == "done"
    assert twin.seen.running["lab-takes"] == "1.1"


def test_the_way_back_is_to_the_former_version_though_no_channel_has_it_any_more(twin: Twin) -> None:
    twin.provide("lab-gone")
    assert twin.made("apply", change("lab-gone", "1.0", "1.1")).state == "done"
    twin.withdraw("lab-gone")
    assert twin.made("undo", change("lab-gone", "1.1", "1.0")).state == "done"
    assert twin.seen.running["lab-gone"] == "1.0"


def test_a_change_whose_way_back_cannot_be_kept_is_not_made(twin: Twin) -> None:
    twin.provide("lab-gone")
    twin.withdraw("lab-gone")
    work = twin.made("apply", change("lab-gone", "1.0", "1.1"))
    fails(work, "the former version of lab-gone is in no channel any more, and cannot be kept")
    assert twin.seen.running["lab-gone"] == "1.0"


def test_a_version_that_no_channel_has_is_not_installed(twin: Twin) -> None:
    twin.provide("lab-old")
    work = twin.made("apply", change("lab-old", "1.0", "1.1"))
    fails(work, "a version is in no channel of the machine any more")
    assert twin.seen.running["lab-old"] == "1.0"


def test_what_is_held_back_is_not_changed(twin: Twin) -> None:
    twin.provide("lab-plain")
    twin.hold("lab-plain")
    work = twin.made("apply", change("lab-plain", "1.0", "1.1"))
    fails(work, "lab-plain is held")
    assert twin.seen.running["lab-plain"] == "1.0"


def test_a_hold_is_no_obstacle_to_what_is_there_already(twin: Twin) -> None:
    twin.provide("lab-plain")
    twin.hold("lab-plain")
    assert twin.made("undo", change("lab-plain", "1.1", "1.0")).state == "done"


def test_a_lock_is_waited_for(twin: Twin) -> None:
    twin.provide("lab-plain")
    with twin.locked(long=False):
        assert twin.made("apply", change("lab-plain", "1.0", "1.1")).state == "done"


def test_a_lock_is_waited_for_no_longer_than_a_while(twin: Twin) -> None:
    twin.provide("lab-plain")
    with twin.locked(long=True):
        work = twin.made("apply", change("lab-plain", "1.0", "1.1"))
    fails(work, "the lock of the package manager is held by")
    assert twin.seen.running["lab-plain"] == "1.0"
    assert twin.made("apply", change("lab-plain", "1.0", "1.1")).state == "done", "it is safe to try again"


def test_a_full_disk_keeps_back_the_change_and_the_way_back(twin: Twin) -> None:
    name = "linux-image-lab"
    twin.provide(name)
    with twin.full():
        work = twin.made("apply", change(name, "1.0", "1.1"))
        fails(work, "no space left on ")
        assert twin.made("undo", change(name, "1.1", "1.0")).state == "done", "nothing has to be done"
    assert twin.made("apply", change(name, "1.0", "1.1")).state == "done"
    with twin.full():
        assert twin.made("undo", change(name, "1.1", "1.0")).state == "failed"
    assert twin.seen.running[name] == "1.1"


def test_what_is_unpacked_and_not_configured_is_not_in_effect(twin: Twin) -> None:
    twin.provide("lab-fails")
    work = twin.made("apply", change("lab-fails", "1.0", "1.1"))
    assert work.state == "failed"
    assert work.why != ""
    assert "lab-fails" not in twin.seen.running
    assert twin.made("apply", change("lab-fails", "1.0", "1.1")).state == "done"
    assert twin.seen.running["lab-fails"] == "1.1"


def test_what_is_half_installed_is_mended_by_the_next_work_whatever_it_changes(twin: Twin) -> None:
    twin.provide("lab-fails")
    twin.provide("lab-plain")
    assert twin.made("apply", change("lab-fails", "1.0", "1.1")).state == "failed"
    assert twin.made("apply", change("lab-plain", "1.0", "1.1")).state == "done"
    assert (twin.seen.running["lab-fails"], twin.seen.running["lab-plain"]) == ("1.1", "1.1")


def test_the_way_back_of_what_is_half_installed(twin: Twin) -> None:
    twin.provide("lab-fails")
    assert twin.made("apply", change("lab-fails", "1.0", "1.1")).state == "failed"
    assert twin.made("undo", change("lab-fails", "1.1", "1.0")).state == "done"
    assert twin.seen.running["lab-fails"] == "1.0"


def test_work_that_somebody_ends_has_failed_and_is_safe_to_try_again(twin: Twin) -> None:
    twin.provide("lab-takes")
    key = twin.begin("apply", change("lab-takes", "1.0", "1.1"))
    twin.at_work(key)
    twin.end_work()
    work = twin.ended(key)
    fails(work, "it was ended before its time")
    assert "lab-takes" not in twin.seen.running
    assert twin.made("apply", change("lab-takes", "1.0", "1.1")).state == "done"
