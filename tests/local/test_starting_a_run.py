"""A run from its start to its end through the one function that the command calls, on simulated hosts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.local.estate import HOSTS, NEW, NOW, OLD, Estate, inventory
from tests.local.looks import FEEDS, Looks
from tests.local.simulated import Simulated

from oakum.changes.plans import Plan
from oakum.changes.run import Wait
from oakum.changes.running.observed import Observed
from oakum.errors import NotAssessableError, OakumError, UsageError
from oakum.ledger.entries import digest, read_entry
from oakum.local.evidence import Look, keep, read
from oakum.local.ledger.store import Store
from oakum.local.running import Left, World
from oakum.local.runs import open_run, run_names
from oakum.local.starting import Asking, OpenWorld, Refused, resume, start, summary_of, way_back


class Hurried(Simulated):
    """Hosts whose time lies behind ours and goes on by a third of a minute at each look, so that nobody waits."""

    def observe(self, about: Sequence[str]) -> Observed:
        self.world.timeline.run_to(self.world.timeline.now + 20)
        return super().observe(about)


class Breaks(Simulated):
    """A defect that shows when the first step is done."""

    def waits(self, wait: Wait) -> None:
        if "watched" in wait.why:
            raise ZeroDivisionError


class Leaves(Simulated):
    """Somebody who leaves when the first step is done."""

    def waits(self, wait: Wait) -> None:
        if "watched" in wait.why:
            raise Left("by hand")


@pytest.fixture
def hurried(estate: Estate) -> Hurried:
    estate.hosts.write_text(inventory(at=NOW - timedelta(days=3)))
    return Hurried(estate)


def opening(world: World, asked: list[str]) -> OpenWorld:
    @contextmanager
    def open_world(plan: Plan, *, run: str, hosts: Sequence[str], data: str | None) -> Iterator[World]:
        asked.append(f"{run} {' '.join(hosts)}")
        yield world

    return open_world


def begun(estate: Estate, world: Hurried, listener: Simulated, **more: object) -> str:
    given: dict[str, object] = {
        "asking": Asking(key=estate.keys / "asks"), "approvals": [estate.approved("agrees")], "hosts": [Path("h.json")],
        "data": estate.data, "open_world": opening(world, []), "listener": listener, "now": NOW,
    }  # fmt: skip
    name, ended = start(estate.plan, estate.policy, **(given | more))  # type: ignore[arg-type]  # words of a test
    assert ended.result == "done"
    return name


def test_a_run_is_kept_told_and_in_the_ledger(estate: Estate, hurried: Hurried) -> None:
    name = begun(estate, hurried, hurried)
    assert {each.software["openssl"].running for each in hurried.world.machines.values()} == {NEW}
    run = open_run(estate.data, name)
    found = summary_of(run, NOW)
    assert (found.state, found.requested_by, found.approved_by, found.well) == (
        "done", "approver-1", ["approver-2"], True,
    )  # fmt: skip
    assert found.counts == {"done": len(HOSTS)} and found.broken_glass == []
    assert run.about.hosts == (str(Path("h.json").absolute()),)
    with Store(Path(estate.data) / "ledger.sqlite") as store:
        assert store.recorded(name) == run.file.length
    run.close()


def test_broken_glass_is_told_with_its_reason(estate: Estate, hurried: Hurried) -> None:
    asking = Asking(key=estate.keys / "asks", break_glass="it burns")
    name = begun(estate, hurried, hurried, asking=asking, approvals=[])
    run = open_run(estate.data, name)
    assert summary_of(run, NOW).broken_glass == ["approver-1: it burns"]
    run.close()


def test_a_roll_back_is_begun_only_as_the_way_back_of_a_run_that_was_made_here(
    estate: Estate, hurried: Hurried
) -> None:
    name = begun(estate, hurried, hurried)
    estate.hosts.write_text(inventory(NEW))
    run = open_run(estate.data, name)
    state = estate.state
    plan = way_back(run, state, estate.policy, NOW, what="all")
    run.close()
    assert isinstance(plan, Plan) and plan.undoes == estate.plan.hash
    (wave, *_), step = plan.waves, next(iter(plan.steps.values()))
    other = replace(step.changes[0], after="3.0.1-evil")
    evil = replace(plan, waves=(replace(wave, steps=(replace(step, changes=(other,)),)),))
    for wrong, why in (
        (replace(plan, undoes=f"sha256:{'0' * 64}"), "of which no run was made here"),
        (evil, "is no part of the way back of .*goes back from openssl 3.0.16 to 3.0.1-evil"),
    ):
        with pytest.raises(UsageError, match=why):
            again(estate, hurried, wrong)
    assert len(run_names(estate.data)) == 1, "nothing was begun"
    again(estate, hurried, plan)
    assert {each.software["openssl"].running for each in hurried.world.machines.values()} == {OLD}


def again(estate: Estate, world: Hurried, plan: Plan) -> None:
    """Another plan for the same hosts, asked for and agreed to."""
    estate.plan = plan
    begun(estate, world, world)


def test_whoever_left_resumes_and_nothing_is_done_twice(estate: Estate, hurried: Hurried) -> None:
    with pytest.raises(Left):
        begun(estate, hurried, Leaves(estate))
    (name,) = run_names(estate.data)
    asked: list[str] = []
    again = resume(estate.data, name, [], NOW, open_world=opening(hurried, asked), listener=hurried)
    assert again[1].result == "done" and asked == [f"{name} {Path('h.json').absolute()}"]
    assert [each for each in hurried.acts if each.startswith("apply")] == [f"apply {host}" for host in HOSTS]
    with pytest.raises(UsageError, match="is over"):
        resume(estate.data, name, [], NOW, open_world=opening(hurried, []), listener=hurried)


def test_of_two_that_resume_at_once_one_is_refused_before_it_writes_into_the_ledger(
    estate: Estate, hurried: Hurried
) -> None:
    with pytest.raises(Left):
        begun(estate, hurried, Leaves(estate))
    (name,) = run_names(estate.data)
    other = open_run(estate.data, name)

    @contextmanager
    def late(plan: Plan, *, run: str, hosts: Sequence[str], data: str | None) -> Iterator[World]:
        # Nobody carried it out when that was asked; now somebody does.
        with other.holding():
            yield hurried

    other.file.agree(estate.approval("third"), NOW)
    with Store(Path(estate.data) / "ledger.sqlite") as store:
        before = store.size()
    with pytest.raises(UsageError, match="is carried out by process"):
        resume(estate.data, name, [], NOW, open_world=late, listener=hurried)
    with Store(Path(estate.data) / "ledger.sqlite") as store:
        assert store.size() == before, "what came since is added by whoever carries it out"
    other.close()
    assert resume(estate.data, name, [], NOW, open_world=opening(hurried, []), listener=hurried)[1].result == "done"


def test_a_run_that_a_defect_has_ended_says_how_to_go_on_and_is_not_begun_beside(
    estate: Estate, hurried: Hurried
) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        begun(estate, hurried, Breaks(estate))
    (name,) = run_names(estate.data)
    assert caught.value.__notes__[-1].endswith(f"go on with it: oakum resume {name}")
    acts = list(hurried.acts)
    with pytest.raises(UsageError, match=f"{name} of this plan is not over") as refused:
        begun(estate, hurried, hurried)
    assert f"oakum resume {name}" in refused.value.remedy
    assert run_names(estate.data) == [name] and hurried.acts == acts
    resume(estate.data, name, [], NOW, open_world=opening(hurried, []), listener=hurried)
    # One that is over is no hindrance.
    assert begun(estate, hurried, hurried) != name


def test_where_the_ledger_cannot_be_written_nothing_is_done(estate: Estate, hurried: Hurried) -> None:
    Path(estate.data).mkdir()
    (Path(estate.data) / "ledger.sqlite").write_bytes(b"something else" * 100)
    with pytest.raises(OakumError):
        begun(estate, hurried, hurried)
    assert hurried.acts == []


def test_nobody_is_refused_without_being_told_who_is_missing(estate: Estate, hurried: Hurried) -> None:
    with pytest.raises(Refused, match="1 more person of platform") as caught:
        begun(estate, hurried, hurried, approvals=[estate.approved("asks")])
    assert caught.value.found.judged[0].who == "approver-1"
    assert run_names(estate.data) == []


# Looks before and after


def test_the_machines_are_looked_at_before_the_first_act_and_after_the_end(estate: Estate, hurried: Hurried) -> None:
    looks = Looks(hurried.world)
    name = begun(estate, hurried, hurried, take_look=looks)
    run = open_run(estate.data, name)
    before, after = read(run, "before"), read(run, "after")
    assert before is not None and after is not None and [before, after] == looks.taken
    assert OLD.encode() in before.inventory and NEW.encode() in after.inventory
    with Store(Path(estate.data) / "ledger.sqlite") as store:
        entries = [read_entry(data) for data in store.entries()]
    kinds = [each.kind for each in entries]
    told = [(each.kind, each.what, each.body) for each in entries if each.kind in ("inventory", "findings")]
    assert told == [
        ("inventory", "before", digest(before.inventory)), ("findings", "before", digest(before.findings)),
        ("inventory", "after", digest(after.inventory)), ("findings", "after", digest(after.findings)),
    ]  # fmt: skip
    assert kinds.index("inventory") < kinds.index("run")
    assert [each.what for each in entries[-3:]] == ["after", "after", "whole"]
    assert {each.feeds for each in entries if each.kind in ("plan", "run", "act")} >= {FEEDS}
    assert [each.body for each in entries if each.kind == "feeds"] == [FEEDS]
    run.close()


def test_whoever_resumes_looks_only_at_the_end(estate: Estate, hurried: Hurried) -> None:
    looks = Looks(hurried.world)
    with pytest.raises(Left):
        begun(estate, hurried, Leaves(estate), take_look=looks)
    assert len(looks.taken) == 1
    (name,) = run_names(estate.data)
    resume(estate.data, name, [], NOW, open_world=opening(hurried, []), listener=hurried, take_look=looks)
    assert len(looks.taken) == 2
    run = open_run(estate.data, name)
    assert read(run, "before") == looks.taken[0] and read(run, "after") == looks.taken[1]
    run.close()


def test_a_look_that_fails_keeps_no_run_from_its_end(estate: Estate, hurried: Hurried) -> None:
    def blind(plan: Plan, *, hosts: Sequence[str], data: str | None, feeds: str) -> Look | None:
        raise NotAssessableError("nobody answers")

    name = begun(estate, hurried, hurried, take_look=blind)
    run = open_run(estate.data, name)
    assert read(run, "before") is None and summary_of(run, NOW).well
    run.close()


def test_a_look_is_kept_once_and_half_of_one_is_none(estate: Estate, hurried: Hurried) -> None:
    name = begun(estate, hurried, hurried)
    run = open_run(estate.data, name)
    keep(run, "before", Look(b"one", b"two"))
    keep(run, "before", Look(b"three", b"four"))
    assert read(run, "before") == Look(b"one", b"two")
    (run.folder / "before/findings.json").unlink()
    assert read(run, "before") is None
    run.close()


def test_the_feeds_that_were_named_are_those_of_the_looks(estate: Estate, hurried: Hurried) -> None:
    asked: list[str] = []

    def look(plan: Plan, *, hosts: Sequence[str], data: str | None, feeds: str) -> Look | None:
        asked.append(feeds)
        return None

    begun(estate, hurried, hurried, take_look=look, feeds=Path("feeds"))
    assert asked == [str(Path("feeds").absolute())] * 2
