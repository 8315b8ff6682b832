"""Copies of a host: made and kept under the key of the act, put back whole, thrown away."""

from __future__ import annotations

from tests.contract.twins import DONE, UNKNOWN, Twin, change


def made(copied: Twin) -> str:
    """Makes a copy, and returns its key when it is kept."""
    key = copied.key("snapshot")
    assert copied.act("snapshot", key=key) == DONE
    copied.until(lambda: key in copied.seen.copies, "the copy is kept")
    copied.until(lambda: all(work.state != "running" for work in copied.seen.work.values()), "nothing is at work")
    return key


def put_back(copied: Twin, copy: str) -> str:
    """Puts a copy back, and returns the key of the work when the host is in service again."""
    key = copied.key("undo")
    assert copied.act("undo", key=key, parameters={"copy": copy}) == DONE
    assert copied.ended(key).state == "done"
    copied.up()
    return key


def test_a_copy_is_kept_by_the_key_of_the_act_that_made_it(copied: Twin) -> None:
    assert copied.seen.copies == ()
    first = made(copied)
    assert copied.act("snapshot", key=first) == DONE, "it is answered as then"
    second = made(copied)
    assert set(copied.seen.copies) == {first, second}
    assert len(copied.seen.copies) == 2


def test_a_copy_is_of_no_run_and_is_seen_and_thrown_away_by_whoever_knows_its_key(copied: Twin) -> None:
    key = made(copied)
    assert copied.act("discard", run="another", parameters={"copy": key}) == DONE
    assert copied.seen.copies == ()


def test_a_copy_that_is_put_back_brings_back_every_version_and_is_kept(copied: Twin) -> None:
    copied.provide("lab-plain")
    copied.provide("lab-gone")
    copy = made(copied)
    assert copied.made("apply", change("lab-plain", "1.0", "1.1")).state == "done"
    assert copied.made("apply", change("lab-gone", "1.0", "1.1")).state == "done"
    put_back(copied, copy)
    seen = copied.seen
    assert (seen.running["lab-plain"], seen.running["lab-gone"]) == ("1.0", "1.0")
    assert seen.copies == (copy,)


def test_what_is_put_back_takes_back_neither_the_record_nor_tokens_nor_answers(copied: Twin) -> None:
    copy = made(copied)
    key = copied.key("claim")
    assert copied.act("claim", key=key, token=5) == DONE
    undo = copied.key("undo")
    assert copied.act("undo", key=undo, token=5, parameters={"copy": copy}) == DONE
    assert copied.ended(undo).state == "done"
    copied.up()
    assert copied.seen.claim is not None
    assert copied.act("release", token=4).code == "fenced"
    assert copied.act("claim", key=key, token=5) == DONE
    boot = copied.seen.boot_id
    assert copied.act("undo", key=undo, token=5, parameters={"copy": copy}) == DONE
    assert copied.seen.boot_id == boot, "it is answered as then, and not put back again"


def test_a_copy_is_put_back_by_a_restart(copied: Twin) -> None:
    copy = made(copied)
    before = copied.seen
    put_back(copied, copy)
    seen = copied.seen
    assert seen.uid == before.uid
    assert seen.boot_id not in ("", before.boot_id)


def test_a_copy_that_was_thrown_away_is_not_there_and_is_thrown_away_again(copied: Twin) -> None:
    copy = made(copied)
    assert copied.act("discard", parameters={"copy": copy}) == DONE
    assert copied.seen.copies == ()
    refused = copied.act("undo", parameters={"copy": copy})
    assert (refused.code, refused.why) == ("never", "that copy is not there")
    assert copied.act("discard", parameters={"copy": copy}) == DONE


def test_a_copy_outlives_the_power(copied: Twin) -> None:
    copy = made(copied)
    copied.power(on=False)
    assert (copied.seen.up, copied.seen.copies) == (False, (copy,)), "as it was seen last"
    copied.power(on=True)
    copied.up()
    assert copied.seen.copies == (copy,)


def test_copies_of_a_host_that_is_out_of_reach_are_shown_as_they_were_and_nobody_throws_them_away(copied: Twin) -> None:
    copy = made(copied)
    with copied.cut():
        assert copied.seen.copies == (copy,)
        assert copied.act("discard", parameters={"copy": copy}) == UNKNOWN
    copied.up()
    assert copied.seen.copies == (copy,)


def test_no_copy_is_made_or_put_back_under_other_work(copied: Twin) -> None:
    copy = made(copied)
    copied.provide("lab-takes")
    key = copied.begin("apply", change("lab-takes", "1.0", "1.1"))
    copied.at_work(key)
    assert copied.act("snapshot").code == "not-now"
    assert copied.act("undo", parameters={"copy": copy}).code == "not-now"
    assert copied.ended(key).state == "done"
    assert copied.seen.copies == (copy,)
