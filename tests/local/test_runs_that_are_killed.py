"""Runs that are killed, stopped and taken up again, against a world that outlives them; and who may not take one up."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.local.estate import HOSTS, NEW, NOW, OLD, Estate
from tests.local.simulated import Simulated

from oakum.changes.run import Wait
from oakum.changes.running.journal import Answered, Journal, Meant, Started
from oakum.errors import UsageError
from oakum.local.policies import policy_files
from oakum.local.running import carry_out
from oakum.local.runs import Run, hand_over, make_run, open_run

ROOT = Path(__file__).resolve().parents[2]
STAGE = Path(__file__).with_name("stage.py")


def made(estate: Estate, *, approved: bool = True) -> Run:
    approvals = [estate.approval("agrees")] if approved else []
    return make_run(
        estate.data, "run-1", estate.plan, policy_files(estate.policy), NOW,
        request=estate.approval("asks", "request"), approvals=approvals,
    )  # fmt: skip


def play(estate: Estate, mode: str, seed: int) -> dict[str, Any]:
    words = [sys.executable, str(STAGE), estate.data, "run-1", str(estate.hosts), mode, str(seed)]
    path = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(words, capture_output=True, text=True, timeout=240, env=path, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def journal_of(estate: Estate) -> Journal:
    run = open_run(estate.data, "run-1")
    try:
        records = list(run.records())
    finally:
        run.close()
    answered = {each.key for each in records if isinstance(each, Answered)}
    meant = {each.act.key for each in records if isinstance(each, Meant)}
    assert answered <= meant
    return Journal(records)


def whole_and_clean(found: dict[str, Any]) -> None:
    assert found["versions"] == dict.fromkeys(HOSTS, NEW)
    assert found["claims"] == [] and found["out"] == []
    for host in HOSTS:
        # Nothing is begun twice, however often somebody had to look whether it was.
        assert found["done"][f"apply {host}"] == 1
        assert found["done"][f"claim {host}"] >= 1
        assert found["done"][f"release {host}"] == 1


def test_a_run_that_nothing_happens_to(estate: Estate) -> None:
    made(estate).close()
    found = play(estate, "whole", 1)
    assert found["codes"] == [0]
    whole_and_clean(found)
    assert journal_of(estate).notes[-1].what == "done"


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_run_that_is_killed_at_random_moments_ends_right(estate: Estate, seed: int) -> None:
    made(estate).close()
    found = play(estate, "kill", seed)
    assert found["codes"].count(-9) >= 3, "it was killed too seldom to show anything"
    assert found["codes"][-1] == 0
    whole_and_clean(found)
    run = open_run(estate.data, "run-1")
    started = [each for each in run.records() if isinstance(each, Started)]
    # A process that was killed before its first record was never there.
    assert 1 < len(started) <= len(found["codes"])
    assert len({each.executor for each in started}) == len(started)
    run.close()


# With three for the lease, and one for what is meant, the fifth is the first from which each gets on.
def test_a_run_whose_processes_live_for_a_few_records_ends_right(estate: Estate) -> None:
    made(estate).close()
    found = play(estate, "records", 7)
    assert set(found["codes"][:-1]) == {-9} and found["codes"][-1] == 0
    whole_and_clean(found)


def test_a_run_that_is_asked_to_stop_finishes_what_is_in_hand(estate: Estate) -> None:
    made(estate).close()
    found = play(estate, "stop", 1)
    assert found["codes"] == [1]
    assert found["versions"] == dict.fromkeys(HOSTS, OLD) | {"web-1": NEW}
    assert found["claims"] == [] and found["out"] == []
    assert journal_of(estate).notes[-1].what == "stopped"


def test_a_second_signal_leaves_at_once_and_the_stop_is_kept_for_whoever_resumes(estate: Estate) -> None:
    made(estate).close()
    found = play(estate, "leave", 1)
    assert found["codes"] in ([130, 1], [1])
    assert found["claims"] == [] and found["out"] == []
    assert journal_of(estate).notes[-1].what == "stopped"


def test_without_approval_nothing_is_done_and_a_late_one_lets_it_go_on(estate: Estate) -> None:
    run = made(estate, approved=False)
    world = Simulated(estate, patience=20)
    with pytest.raises(TimeoutError):
        carry_out(run, world, world, world)
    assert world.acts == []
    hand_over(estate.data, "run-1", estate.approval("asks"))
    with pytest.raises(TimeoutError):
        carry_out(run, world.again(), world, world)
    assert world.acts == []
    hand_over(estate.data, "run-1", estate.approval("agrees"))
    assert carry_out(run, world.again(1000), world, world).result == "done"
    run.close()


def test_agreement_without_a_signature_is_none_whoever_writes_it_down(estate: Estate) -> None:
    run = made(estate, approved=False)
    run.file.ask(f"approve:{estate.plan.hash}", NOW)
    world = Simulated(estate, patience=20)
    world.world.wishes.add(f"approve:{estate.plan.hash}")
    with pytest.raises(TimeoutError):
        carry_out(run, world, world, world)
    assert world.acts == []
    run.close()


def test_an_approval_that_comes_while_it_waits_is_taken_up(estate: Estate) -> None:
    class Late(Simulated):
        def waits(self, wait: Wait) -> None:
            super().waits(wait)
            if len(self.waited) == 3:
                assert self.acts == []
                hand_over(estate.data, "run-1", estate.approval("agrees"))

    run = made(estate, approved=False)
    world = Late(estate, patience=1000)
    assert carry_out(run, world, world, world).result == "done"
    run.close()


def test_an_approval_that_ends_in_the_middle_lets_nothing_more_begin(estate: Estate) -> None:
    run = make_run(
        estate.data, "run-1", estate.plan, policy_files(estate.policy), NOW,
        request=estate.approval("asks", "request"),
        approvals=[estate.approval("agrees", until=NOW + timedelta(seconds=90))],
    )  # fmt: skip
    world = Simulated(estate, patience=60)
    with pytest.raises(TimeoutError):
        carry_out(run, world, world, world)
    assert [act for act in world.acts if act.startswith("apply")] == ["apply web-1"]
    assert "release web-1" in world.acts, "what was in hand is finished"
    run.close()


def test_two_at_once_one_is_refused(estate: Estate) -> None:
    made(estate).close()
    one, two = open_run(estate.data, "run-1"), open_run(estate.data, "run-")
    world = Simulated(estate)
    with one.holding():
        assert "process" in two.carried_by()
        with pytest.raises(UsageError, match=r"run-1 is carried out by process \d+"):
            carry_out(two, world, world, world)
        assert world.acts == [] and list(two.records()) == []
    assert two.carried_by() == ""
    assert carry_out(two, world, world, world).result == "done"
    one.close()
    two.close()


def test_a_lease_of_another_machine_is_waited_for_and_one_of_this_is_not(estate: Estate) -> None:
    run = made(estate)
    lease = run.file.lease
    assert lease("here/1", "this", 60, 1000.0).token == 1
    assert lease("here/1", "this", 60, 1030.0).token == 1, "who keeps it keeps its token"
    assert lease("here/2", "this", 60, 1031.0).token == 2, (
        "one process of this machine holds the file: the other is gone"
    )
    refused = lease("there/1", "that", 60, 1040.0)
    assert (refused.result, refused.code, refused.retry_after) == ("refused", "not-now", 52)
    assert run.file.leased(1040.0) == ("here/2", 2)
    assert run.file.leased(1091.5) is None
    assert lease("there/1", "that", 60, 1092.0).token == 3
    assert lease("here/2", "this", 60, 1093.0).result == "refused"
    assert lease("there/1", "that", 0, 1094.0).token == 3, "given back"
    assert lease("here/2", "this", 60, 1095.0).token == 4
    assert lease("here/2", "this", 60, 1155.0).token == 5, "who lets it run out takes it anew"
    run.close()
