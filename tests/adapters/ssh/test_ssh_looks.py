"""What a host says of itself, read: what is in effect, what is not known; nothing from an answer that is cut off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from oakum.adapters.ssh.looks import Looked, read_look, unhealthy
from oakum.changes.running.observed import Claim, Work
from oakum.errors import InputError

AT = datetime(2026, 3, 2, 22, tzinfo=UTC)
HEAD = """\
helper abc
machine 0123
boot b-1
now 2026-03-02T22:00:00Z
kernel 6.1.0-13-amd64
version 77
"""


def look(*lines: str, head: str = HEAD, at: datetime = AT) -> Looked:
    return read_look((head + "".join(f"{line}\n" for line in lines) + "end\n").encode(), at)


def test_facts_claim_and_work_are_read() -> None:
    seen = look(
        "claim-run run 1", "claim-step packages@h", "claim-token 3", "work done 2026-03-02T21:59:00Z run 1/apply/1",
        "work failed 2026-03-02T21:58:00Z run 1/apply/0", "why lab is held",
        "work broken 2026-03-02T21:58:00Z run 1/apply/2", "why a script of lab failed",
    )  # fmt: skip
    assert (seen.machine, seen.boot, seen.version, seen.helper) == ("0123", "b-1", "77", "abc")
    assert seen.claim == Claim(run="run 1", step="packages@h", token=3, cordoned=False)
    done, failed = seen.work["run 1/apply/1"], seen.work["run 1/apply/0"]
    assert done == Work(key="run 1/apply/1", state="done", since=AT - timedelta(minutes=1))
    assert (failed.state, failed.why, failed.for_good) == ("failed", "lab is held", False)
    broken = seen.work["run 1/apply/2"]
    assert (broken.state, broken.why, broken.for_good) == ("failed", "a script of lab failed", True)


def test_what_is_half_installed_is_not_in_effect() -> None:
    seen = look(
        "package a 1.0 install installed amd64", "package b 2.0 install half-configured amd64",
        "package c 3.0 deinstall config-files amd64", "package d 4.0 install triggers-pending all",
    )  # fmt: skip
    assert seen.running == {"a": "1.0", "d": "4.0", "kernel": "6.1.0-13-amd64"}
    assert seen.broken == {"b"}


def test_what_a_service_still_runs_is_what_counts_and_may_be_unknown() -> None:
    lines = ["package a 1.1 install installed amd64", "package b 2.1 install installed amd64"]
    seen = look(*lines, "stale a dbus.service", "stale b x.service", "before a 1.0")
    assert (seen.running["a"], seen.running["b"]) == ("1.0", "")
    assert look(*lines, "before a 1.0").running["a"] == "1.1", "nothing runs the former one any more"


def test_a_service_that_had_failed_before_is_not_our_doing() -> None:
    seen = look(
        "service a.service failed", "service b.service failed", "service c.service active", "baseline-run r",
        "baseline a.service", "service default.target failed",
    )  # fmt: skip
    assert unhealthy(seen, (), "r") == ("b.service", "default.target")
    assert unhealthy(seen, ("c.service", "d.service"), "r") == ("b.service", "default.target", "d.service")
    assert unhealthy(seen, ("d.service",), "another") == ("default.target", "d.service"), "it has not come there yet"


def test_times_of_a_skewed_clock_are_brought_to_ours() -> None:
    ahead = HEAD.replace("22:00:00", "23:30:00")
    seen = look("work running 2026-03-02T23:29:00Z k", head=ahead)
    assert seen.work["k"].since == AT - timedelta(minutes=1)
    seen = look("work running 2026-03-02T22:00:01Z k", head=HEAD.replace("22:00:00", "22:00:02"))
    assert seen.work["k"].since == AT, "never after the look"


@pytest.mark.parametrize("word", ["machine", "boot", "now", "version"])
def test_an_answer_without_what_acts_depend_on_is_refused(word: str) -> None:
    head = "".join(line for line in HEAD.splitlines(keepends=True) if not line.startswith(word))
    with pytest.raises(InputError, match=word):
        look(head=head)


@pytest.mark.parametrize("size", range(0, len(HEAD) + 3, 7))
def test_an_answer_that_is_cut_off_says_nothing(size: int) -> None:
    whole = f"{HEAD}end\n".encode()
    with pytest.raises(InputError):
        read_look(whole[: min(size, len(whole) - 2)], AT)


def test_an_answer_full_of_anything_raises_nothing_else() -> None:
    assert look(
        "work", "work running", "why", "package x", "service", "stale", "\x1b[31m", "claim-run r", "claim-token x"
    )
    with pytest.raises(InputError):
        read_look(b"\xff\x00\n", AT)
