"""Clocks that differ: whoever looks tells every time by a clock of its own, whatever the host's says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.contract.twins import DONE, Twin, change

#: What a second more or less comes from: a host's program tells whole seconds, and the way takes its time.
_ROUNDED = timedelta(seconds=2)
_JUMP = 1800
_AHEAD_AND_BEHIND = pytest.mark.parametrize("seconds", [_JUMP, -_JUMP], ids=["ahead", "behind"])


@_AHEAD_AND_BEHIND
def test_times_are_of_the_clock_of_whoever_looks(twin: Twin, seconds: int) -> None:
    twin.clock(seconds)
    twin.provide("lab-takes")
    before = twin.look().at
    key = twin.begin("apply", change("lab-takes", "1.0", "1.1"))
    twin.at_work(key)
    seen = twin.seen
    assert before - _ROUNDED <= seen.work[key].since <= seen.at
    ended = twin.ended(key)
    assert ended.state == "done"
    assert seen.work[key].since < ended.since <= twin.seen.at
    seen = twin.seen
    assert (seen.up, seen.scanned == seen.at, seen.running["lab-takes"]) == (True, True, "1.1")


@_AHEAD_AND_BEHIND
def test_a_host_answers_by_keys_and_tokens_whatever_its_clock_says(twin: Twin, seconds: int) -> None:
    key = twin.key("claim")
    assert twin.act("claim", key=key, token=3) == DONE
    version = twin.seen.resource_version
    twin.clock(seconds)
    seen = twin.seen
    assert (seen.up, seen.resource_version, seen.claim is not None) == (True, version, True)
    assert twin.act("claim", key=key) == DONE
    assert twin.act("release", token=2).code == "fenced"
    assert twin.act("release", token=3, resource_version=version) == DONE
    assert twin.seen.claim is None


@_AHEAD_AND_BEHIND
def test_work_that_is_over_ended_so_long_ago_as_before_when_the_clock_jumps(twin: Twin, seconds: int) -> None:
    twin.provide("lab-plain")
    key = twin.begin("apply", change("lab-plain", "1.0", "1.1"))
    ended = twin.ended(key)
    twin.clock(seconds)
    assert abs(twin.seen.work[key].since - ended.since - timedelta(seconds=seconds)) <= _ROUNDED
    assert twin.seen.work[key].since <= twin.seen.at


@_AHEAD_AND_BEHIND
def test_work_that_is_under_way_goes_on_when_the_clock_jumps(twin: Twin, seconds: int) -> None:
    twin.provide("lab-takes")
    key = twin.begin("apply", change("lab-takes", "1.0", "1.1"))
    twin.at_work(key)
    twin.clock(seconds)
    assert twin.seen.work[key].state == "running"
    assert twin.act("claim", parameters={"step": "step", "cordon": "false"}) == DONE
    assert twin.act("reboot").code == "not-now"
    assert twin.ended(key).state == "done"
    assert twin.seen.running["lab-takes"] == "1.1"


@_AHEAD_AND_BEHIND
def test_a_host_that_is_out_of_reach_is_shown_as_it_was_when_the_clock_jumps(twin: Twin, seconds: int) -> None:
    before = twin.seen
    with twin.cut():
        twin.clock(seconds)
        seen = twin.seen
        assert (seen.up, seen.uid, seen.boot_id) == (False, before.uid, before.boot_id)
        assert seen.scanned == before.scanned, "when it was looked at was told by the clock of then"
    twin.up()
    seen = twin.seen
    assert seen.scanned == seen.at
