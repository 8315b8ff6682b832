"""What a stranger sees in a whole bundle: what is wrong and where, and what cannot be shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.changes.proof.makings import (
    FEEDS,
    NOW,
    POLICY,
    RUN,
    UNDER,
    Made,
    Members,
    behind,
    check,
    faults,
    journal,
    key_of,
    leased,
    lines,
    look,
    noted,
    plan,
    says,
    seen,
    signed_file,
    started,
    step,
    turned,
    visited,
    zones,
)
from tests.ledger.ledgers import HAND

from oakum.changes.plans.model import Takes, Times, canonical
from oakum.changes.proof import Fault, Gap, Proof, bundled, opened, verify
from oakum.changes.proof.container import (
    ABOUT,
    AFTER,
    BEFORE,
    ENTRIES,
    FOUND_AFTER,
    FOUND_BEFORE,
    JOURNAL,
    KEY,
    PLAN,
    README,
    REQUEST,
    Opened,
)
from oakum.changes.proof.entries import Ledger
from oakum.changes.proof.model import GAPS, may_accept
from oakum.errors import UsageError
from oakum.ledger.entries import digest
from oakum.policy.reading import read

HOUR = timedelta(hours=1)
ANEW = " (get the file anew from whoever made it: oakum runs export)"
WHOLE = Made().members()
PLANNED = plan()
ONE = PLANNED.steps["packages@web-1"]


def changed(**members: bytes) -> Members:
    return WHOLE | members


def without(*names: str) -> Members:
    return {name: data for name, data in WHOLE.items() if name not in names}


def kinds(proof: Proof) -> list[str]:
    return [each.kind for each in proof.gaps]


def test_all_of_a_run_that_went_well_is_proven() -> None:
    proof = seen(WHOLE)
    assert (proof.verdict, proof.faults, proof.gaps, proof.state) == ("proven", (), (), "done")
    assert (proof.about, proof.plan, proof.policy) == (Made().about, PLANNED, UNDER)
    assert proof.records == tuple(journal(PLANNED)) and proof.requested_by == "asks"
    assert proof.agreed is not None and [each.who for each in proof.agreed.judged] == ["agrees"]
    assert [(each.machine, each.before, each.after, each.shown) for each in proof.effects] == [
        (f"web-{number}", "1", "2", "yes") for number in (1, 2, 3)
    ]
    assert [(each.finding.id, each.became) for each in proof.outcomes] == 3 * [
        ("CVE-1", "closed"),
        ("CVE-2", "remains"),
    ]
    assert (proof.ledger.pinned, proof.ledger.entries) == (True, len(WHOLE[ENTRIES].splitlines()))
    assert proof.before.machine("web-1") is not None and proof.after.machine("web-9") is None


def test_the_end_of_a_run_is_that_of_its_last_record() -> None:
    records = [*journal(PLANNED)[:-1], replace(noted("done"), at=NOW + HOUR)]
    assert seen(Made(records=records).members()).verdict == "proven"


def test_nothing_at_all_proves_nothing() -> None:
    proof = seen({})
    assert faults(proof) == [f"about.json: it is missing{ANEW}", f"plan.json: it is missing{ANEW}"]
    assert (proof.verdict, kinds(proof), proof.state) == ("not proven", ["no-ledger"], "open")
    assert proof.ledger == Ledger() == Ledger(checkpoint=None, pinned=False, entries=0)


# Form


def formed(**more: Any) -> bytes:
    return canonical(replace(PLANNED, **more))


FORMS: dict[str, tuple[Members, list[str]]] = {
    "no about": (without(ABOUT), [f"about.json: it is missing{ANEW}"]),
    "an about with a space": (
        changed(**{ABOUT: WHOLE[ABOUT] + b" "}), [f"about.json: it is not written in its one form{ANEW}"]),
    "another plan than it tells of": (
        changed(**{ABOUT: WHOLE[ABOUT].replace(PLANNED.hash.encode(), b"x")}),
        [f"plan.json: its hash is {PLANNED.hash}, and about.json tells x{ANEW}"]),
    "no plan": (without(PLAN), [f"plan.json: it is missing{ANEW}"]),
    "a plan with a space": (
        changed(**{PLAN: WHOLE[PLAN] + b" "}), [f"plan.json: it is not written in its one form{ANEW}"]),
    "a plan of another format": (
        changed(**{PLAN: formed(format="x"), ABOUT: WHOLE[ABOUT]}),
        [f"plan.json: it is no plan: the format is 'x', not oakum-plan/1{ANEW}"]),
    "no plan, and no about": (
        without(ABOUT, PLAN), [f"about.json: it is missing{ANEW}", f"plan.json: it is missing{ANEW}"]),
    "no about, and a plan of another format": (
        {**without(ABOUT), PLAN: formed(format="x")}, [f"about.json: it is missing{ANEW}"]),
    "no journal": (
        without(JOURNAL),
        [f"journal.jsonl: it is missing{ANEW}"]),
    "no policy": (without("policy/policy.yaml"), [f"policy/: it is no policy: the policy says nothing{ANEW}"]),
    "a policy that is none": (
        changed(**{"policy/policy.yaml": b"[" * 9}), ["policy/policy.yaml: it is no policy: "]),
    "another policy": (
        changed(**{"policy/policy.yaml": POLICY.replace("exploited", "burning").encode()}),
        ["policy/: its digest is "]),
    "a statement that nobody signed": (
        changed(**{"approvals/0002": b"I agree"}), [f"approvals/0002: there is no signature{ANEW}"]),
    "a request that nobody signed": (changed(**{REQUEST: b"I ask"}), [f"request: there is no signature{ANEW}"]),
    "an inventory that is none": (changed(**{BEFORE: b"{}"}), ["before/inventory.json: it is no inventory: "]),
}  # fmt: skip


@pytest.mark.parametrize(("members", "first"), FORMS.values(), ids=FORMS)
def test_a_part_that_is_none_is_named_first(members: Members, first: list[str]) -> None:
    proof = seen(members)
    assert proof.verdict == "not proven"
    found = faults(proof)[: len(first)]
    assert all(each.startswith(expected) for each, expected in zip(found, first, strict=True)), found


@pytest.mark.parametrize(("name", "says_"), [(ABOUT, "it is not understood: "), (PLAN, "it is no plan: ")])
@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b"[" * 100_000])
def test_a_document_that_cannot_be_read_is_named_and_ends_it(name: str, says_: str, data: bytes) -> None:
    proof = seen(changed(**{name: data}))
    assert [each.startswith(f"{name}: {says_}") for each in faults(proof)] == [True]


def test_a_bundle_without_a_policy_says_what_it_can() -> None:
    proof = seen(without("policy/policy.yaml"))
    assert (proof.policy, proof.agreed) == (None, None)
    assert proof.requested_by == key_of("asks"), "nobody lists a name for the key"
    assert faults(proof) == [f"policy/: it is no policy: the policy says nothing{ANEW}"]
    other = seen(changed(**{"policy/policy.yaml": POLICY.replace("exploited", "burning").encode()}))
    assert (other.policy, other.agreed, len(other.faults)) == (None, None, 1)


def test_a_policy_whose_time_zone_nobody_knows_is_named_by_its_file() -> None:
    text = POLICY.replace("time_zone: UTC", "time_zone: Asia/Tokyo").encode()
    made = Made(plan(policy=read({"policy.yaml": text}).checked().digest))
    made.policy = text
    (fault,) = seen(made.members()).faults
    assert (fault.member, fault.why) == (
        "policy/policy.yaml",
        "it is no policy: the time zone 'Asia/Tokyo' is not known",
    )


def test_where_no_signature_can_be_checked_nothing_is_said() -> None:
    def nobody(data: bytes, name: str) -> object:
        raise UsageError("there is no ssh-keygen", remedy="install it")

    with pytest.raises(UsageError):
        verify(opened(b"".join(bundled(WHOLE))), check=nobody, zones=zones)  # type: ignore[arg-type]  # it never returns


# Damage


def damaged(*names: str, faulty: tuple[str, ...] = (), members: Members | None = None) -> list[str]:
    """What is said of a file of which some members have other bytes and others a fault in the archive."""
    bundle = Opened(WHOLE if members is None else members, tuple(Fault(name, "", "x") for name in faulty),
                    frozenset(names))  # fmt: skip
    proof = verify(bundle, check=check, zones=zones, keys=[HAND.public])
    assert (proof.verdict, proof.plan) == ("not proven", None), "what is damaged is not interpreted"
    return faults(proof)


BYTES = f"its bytes are not those that were put in{ANEW}"


def test_what_is_damaged_is_named_once_and_nothing_else_is() -> None:
    assert damaged(PLAN) == [f"plan.json: {BYTES}"]
    assert damaged(PLAN, faulty=(KEY,)) == ["ledger/key: x", f"plan.json: {BYTES}"]
    assert damaged(PLAN, faulty=(KEY, PLAN)) == ["ledger/key: x", "plan.json: x"]
    assert damaged(faulty=(KEY,)) == ["ledger/key: x"]
    assert len(damaged(faulty=tuple(f"policy/{n}" for n in range(60)))) == 50


def line(data: bytes, number: int, change: Callable[[bytes], bytes]) -> bytes:
    """A text with one of its lines changed, from 1."""
    several = data.split(b"\n")
    several[number - 1] = change(several[number - 1])
    return b"\n".join(several)


def wrong(text: bytes) -> bytes:
    return text.replace(b"2026", b"2027")


def test_the_record_that_was_changed_is_named() -> None:
    for members, part in (
        (changed(**{JOURNAL: line(WHOLE[JOURNAL], 1, wrong)}), ", record 1"),
        (changed(**{JOURNAL: line(WHOLE[JOURNAL], 7, wrong)}), ", record 7"),
        (changed(**{JOURNAL: line(line(WHOLE[JOURNAL], 9, wrong), 8, wrong)}), ", record 8"),
        (changed(**{JOURNAL: WHOLE[JOURNAL][:-1]}), ""),
        (changed(**{JOURNAL: b"".join(WHOLE[JOURNAL].splitlines(keepends=True)[:10])}), ", record 11"),
        (changed(**{JOURNAL: WHOLE[JOURNAL] + b"{}\n"}), ", record 43"),
        (changed(**{JOURNAL: b""}), ", record 1"),
        ({**without(ENTRIES), JOURNAL: line(WHOLE[JOURNAL], 7, wrong)}, ""),
        (changed(**{JOURNAL: line(WHOLE[JOURNAL], 7, wrong), ENTRIES: line(WHOLE[ENTRIES], 1, wrong)}), ", record 7"),
    ):  # fmt: skip
        assert damaged(JOURNAL, members=members) == [f"journal.jsonl{part}: {BYTES}"]
    unread = line(WHOLE[ENTRIES], 1, lambda text: text + b" ")
    members = changed(**{JOURNAL: line(WHOLE[JOURNAL], 7, wrong), ENTRIES: unread})
    assert damaged(JOURNAL, members=members) == [f"journal.jsonl, record 7: {BYTES}"]
    no_entry = line(WHOLE[ENTRIES], 1, lambda text: text.replace(b'"kind":"policy"', b'"kind":"nothing"'))
    assert no_entry != WHOLE[ENTRIES]
    members = changed(**{JOURNAL: line(WHOLE[JOURNAL], 7, wrong), ENTRIES: no_entry})
    assert damaged(JOURNAL, members=members) == [f"journal.jsonl, record 7: {BYTES}"]
    assert damaged(PLAN, members=members) == [f"plan.json: {BYTES}"], "the record is no part of the plan"
    of_the_run = line(WHOLE[ENTRIES], 12, lambda text: text.replace(b'"kind":"', b'"kind":"un'))
    assert damaged(JOURNAL, members=changed(**{ENTRIES: of_the_run}))[0].startswith("journal.jsonl, record ")


def test_the_entry_that_was_changed_is_named() -> None:
    for members, part in (
        (changed(**{ENTRIES: line(WHOLE[ENTRIES], 1, wrong)}), ", entry 1"),
        (changed(**{ENTRIES: line(WHOLE[ENTRIES], 9, wrong)}), ", entry 9"),
        (changed(**{ENTRIES: line(WHOLE[ENTRIES], 9, lambda text: text + b" ")}), ", entry 9"),
        (changed(**{ENTRIES: line(WHOLE[ENTRIES], 9, lambda text: b"")}), ", entry 9"),
        (changed(**{ENTRIES: line(WHOLE[ENTRIES], 9, lambda text: text.replace(b'"proof":["', b'"proof":["!'))}),
         ", entry 9"),
        (changed(**{ENTRIES: WHOLE[ENTRIES][:-1]}), ""),
        (changed(**{"ledger/checkpoint": b"x", ENTRIES: line(WHOLE[ENTRIES], 9, wrong)}), ""),
        (without("ledger/checkpoint"), ""),
        (changed(**{ENTRIES: b""}), ""),
    ):  # fmt: skip
        assert damaged(ENTRIES, members=members) == [f"ledger/entries.jsonl{part}: {BYTES}"]
    broken = changed(**{ENTRIES: line(WHOLE[ENTRIES], 9, wrong)})
    assert damaged(README, members=broken | {README: b""}) == [f"README: {BYTES}"]


# What was done against what was agreed


def test_the_path_of_the_journal_is_followed() -> None:
    records = [*journal(PLANNED)[:3], *visited(PLANNED, ONE)[1:]]
    proof = seen(Made(records=records).members(lambda laid: laid.pop()))
    assert faults(proof)[0] == "journal.jsonl, record 4: claim is meant while the step is waiting"


def test_a_run_is_of_the_name_that_its_bundle_tells() -> None:
    about = msgspec.json.encode(replace(Made().about, run="r-2"), order="sorted")
    assert faults(seen(changed(**{ABOUT: about})))[0].startswith("journal.jsonl, record 1: it is of run r-1 and plan ")


def test_a_run_that_nobody_asked_for_was_not_agreed_to() -> None:
    proof = seen(without(REQUEST))
    assert proof.requested_by == ""
    assert "nobody had agreed enough by then" in faults(proof)[0]


def begun(*at: datetime) -> Made:
    """A run whose records are of these times, the first steps of which is left out and the second begun."""
    about = plan(waves=[[step("web-1"), step("web-2")]])
    first, second = about.steps.values()
    made = Made(about, [
        started(about, at=at[0]), *leased(about, at=at[1]), turned(first, "skipped", at=at[1]),
        turned(second, "admitted", at=at[2]),
    ])  # fmt: skip
    made.approvals = [signed_file(says(about, at=NOW + HOUR, until=NOW + 2 * HOUR), "agrees")]
    return made


@pytest.mark.parametrize(("times", "counts"), [
    ((NOW, NOW, NOW + HOUR), True), ((NOW + HOUR, NOW + HOUR, NOW + 3 * HOUR), False),
    ((NOW, NOW + HOUR, NOW + 3 * HOUR), False),
])  # fmt: skip
def test_statements_are_told_as_they_stood_when_the_first_step_was_begun(
    times: tuple[datetime, datetime, datetime], counts: bool
) -> None:
    made = begun(*times)
    agreed = seen(made.members(lambda laid: laid.pop())).agreed
    assert agreed is not None and [each.refused == "" for each in agreed.judged] == [counts]


def test_where_no_step_was_begun_statements_are_told_as_they_stood_when_the_run_was() -> None:
    made = begun(NOW + HOUR, NOW, NOW)
    made.records.pop()
    agreed = seen(made.members(lambda laid: laid.pop())).agreed
    assert agreed is not None and agreed.judged[0].refused == ""
    of_plan = {**made.own(), JOURNAL: b""}
    later = replace(made.plan, at=NOW + HOUR)
    made = Made(later, [started(later)])
    made.approvals = [signed_file(says(later, at=NOW + HOUR, until=NOW + 2 * HOUR), "agrees")]
    of_plan = {**made.own(), JOURNAL: b""}
    agreed = seen(of_plan).agreed
    assert agreed is not None and agreed.judged[0].refused == "", "and without any record when it was planned"


IMPOSSIBLE = "journal.jsonl: a time in it, or a duration of the plan, is impossible: "


@pytest.mark.parametrize("at", [datetime(2401, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)])
def test_a_time_that_no_calendar_tells_is_a_fault_and_the_answer_still_a_verdict(at: datetime) -> None:
    made = Made(records=[started(PLANNED, at=at), *leased(PLANNED, at=at), turned(ONE, "admitted", at=at)])
    made.approvals = [signed_file(says(PLANNED, at=at, until=at + timedelta(seconds=59)), "agrees")]
    assert faults(seen(made.members(lambda laid: laid.pop())))[0].startswith(IMPOSSIBLE)


def test_a_duration_that_no_clock_tells_is_a_fault() -> None:
    about = plan(waves=[[step("web-1", takes=Takes(work=Times(p50=1, p95=10**14), back=Times(p50=1, p95=1)))]])
    assert faults(seen(Made(about).members()))[0].startswith(f"plan.json: it is no plan: it takes {10**14} s")
    negative = plan(waves=[[step("web-1", takes=Takes(work=Times(p50=1, p95=-(10**6)), back=Times(p50=1, p95=1)))]])
    assert faults(seen(Made(negative).members()))[0].startswith(IMPOSSIBLE)


# Gaps


def test_a_run_that_is_not_over_says_so() -> None:
    made = Made(records=journal(PLANNED)[:16])
    proof = seen(made.members(lambda laid: laid.pop()), accepted=["no-ledger"])
    assert proof.state == "open" and "not-over" in kinds(proof)
    (gap,) = [each for each in proof.gaps if each.kind == "not-over"]
    assert str(gap) == f"{RUN}: the run is not over (bring it to its end (oakum resume), and export it again)"


def test_a_run_that_was_stopped_is_proven_as_what_it_is() -> None:
    made = Made(records=[*journal(PLANNED)[:3], noted("stopping"), noted("stopped")])
    made.after = look([each.subject.id for each in PLANNED.steps.values()], "1")
    proof = seen(made.members())
    assert (proof.verdict, faults(proof), proof.state) == ("proven", [], "stopped")
    assert {each.shown for each in proof.effects} == {"nothing"}


def test_a_gap_is_accepted_where_that_may_be_and_by_its_kind_alone() -> None:
    unpinned = seen(WHOLE, keys=())
    assert (unpinned.verdict, kinds(unpinned), unpinned.open_gaps) == ("incomplete", ["unpinned-key"], unpinned.gaps)
    taken = seen(WHOLE, keys=(), accepted=["unpinned-key"])
    assert (taken.verdict, taken.open_gaps, [each.accepted for each in taken.gaps]) == ("proven", (), [True])
    assert seen(WHOLE, keys=(), accepted=["not-over"]).verdict == "incomplete"
    never = seen(without(ENTRIES), accepted=["no-ledger"])
    assert (never.verdict, [each.accepted for each in never.gaps]) == ("incomplete", [False])
    assert seen(WHOLE | {JOURNAL: b""}, keys=(), accepted=["unpinned-key"]).verdict == "not proven"


def test_only_that_no_ledger_stands_behind_it_may_nobody_accept() -> None:
    assert [kind for kind in GAPS if not may_accept(kind)] == ["no-ledger"]
    assert may_accept("no-feed") and not may_accept("nothing")


def test_what_the_looks_contradict_or_cannot_show_is_told() -> None:
    made = Made()
    made.after = look(["web-1", "web-2", "web-3"], "1", boot="b-2")
    assert faults(seen(made.members()))[0].startswith("after/inventory.json, web-1: openssl on web-1 is 1, and ")
    blind = Made()
    blind.after = look(["web-1", "web-2"], "2", boot="b-2")
    assert "unread-machine" in kinds(seen(blind.members()))
    gone = without(BEFORE, FOUND_BEFORE, AFTER, FOUND_AFTER)
    assert "no-inventory" in kinds(seen(gone))


@pytest.mark.parametrize(("kept", "other"), [(BEFORE, FOUND_BEFORE), (AFTER, FOUND_AFTER)])
def test_an_inventory_that_no_entry_of_the_ledger_can_be_made_of_shows_nothing(kept: str, other: str) -> None:
    made = Made()
    looks = {BEFORE, FOUND_BEFORE, AFTER, FOUND_AFTER}
    laid = [each for each in made.laid() if each[0] not in ("before", "after")]
    unseen = {name: data for name, data in made.own().items() if name not in looks} | behind(laid)
    assert seen(unseen, accepted=["no-inventory"]).verdict == "proven"
    proof = seen(unseen | {kept: made.own()[kept]}, accepted=["no-inventory", "no-findings", "unread-machine"])
    assert faults(proof) == [f"{kept}: no {other} stands beside it, so that it is in no ledger"]


def test_faults_and_gaps_are_told_as_sentences() -> None:
    assert str(Fault("request", "", "why")) == "request: why"
    assert str(Fault("journal.jsonl", "record 7", "why", "a remedy")) == "journal.jsonl, record 7: why (a remedy)"
    gap = Gap("not-over", "r-1", "why", "a remedy")
    assert not gap.accepted and str(gap) == "r-1: why (a remedy)"
    assert str(replace(gap, accepted=True)) == "accepted: r-1: why (a remedy)"
    assert str(replace(gap, remedy="")) == "r-1: why"


def test_no_more_than_fifty_faults_are_told() -> None:
    several = b"".join(each.replace(b'"proof"', b' "proof"', 1) + b"\n" for each in WHOLE[ENTRIES].splitlines())
    assert len(WHOLE[ENTRIES].splitlines()) > 50
    assert len(seen(changed(**{ENTRIES: several})).faults) == 50


def test_the_feeds_of_a_bundle_are_those_of_its_ledger() -> None:
    assert FEEDS.encode() in WHOLE[ABOUT]
    about = msgspec.json.encode(replace(Made().about, feeds=digest(b"x")), order="sorted")
    assert faults(seen(changed(**{ABOUT: about})))[0] == "about.json: it is not what stands in the ledger (body)"


def test_a_journal_of_no_records_is_a_run_that_was_never_taken_up() -> None:
    proof = seen(changed(**{JOURNAL: lines([])}))
    assert (proof.verdict, proof.state, proof.records) == ("not proven", "open", ())
