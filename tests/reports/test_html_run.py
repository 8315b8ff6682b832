"""The page of a run: well formed, usable by keyboard and screen reader, and nothing from outside as markup."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from msgspec.structs import replace
from tests.reports.test_reports_page import HOSTILE, Page

from oakum.changes.approvals import Earned, Judged, Signed, Statement
from oakum.changes.plans.model import Plan
from oakum.changes.proof import About, Fault, Gap, Proof
from oakum.changes.proof.evidence import FindingsDocument, LookedAt, Outcome, ToldFinding, effects
from oakum.changes.proof.path import state_of
from oakum.changes.recorded import over
from oakum.changes.running.journal import Record
from oakum.ledger.entries import digest
from oakum.reports.html_run import run_page
from oakum.reports.proofs import proof_text, summed
from oakum.reports.timeline import KINDS, picture, visits
from oakum.simulation.faults import Schedule
from oakum.simulation.scenarios import read
from oakum.simulation.trials import attempt, ready


def ran(name: str) -> tuple[Plan, list[Record]]:
    result = attempt(read(name), Schedule()).result
    assert result is not None
    return result.plan, result.records


def shown(name: str, **more: object) -> Proof:
    """What a run of a simulated fleet shows, with something in every part, and hostile names."""
    plan, records = ran(name)
    told = FindingsDocument(at=plan.at, inventory=digest(b""))
    finding = ToldFinding(id=f"CVE-1{HOSTILE}", package=HOSTILE, version="1", fixed="2", exploited=True)
    said = Statement(says="approve", plan=plan.hash, at=plan.at, until=plan.at, reason=HOSTILE)
    fields: dict[str, object] = {
        "about": About(run=f"r-1{HOSTILE}", plan=plan.hash), "plan": plan, "policy": ready(read(name)).policy,
        "records": tuple(records), "state": over(records) or "open", "requested_by": HOSTILE,
        "before": LookedAt(findings=told), "after": LookedAt(findings=told),
        "effects": tuple(effects(plan, state_of(plan, records), LookedAt(), LookedAt())),
        "outcomes": tuple(
            Outcome(machine=f"m-{number}", finding=finding, became=became, why=HOSTILE)
            for number in range(7)
            for became in ("closed", "remains", "new", "unclear")
        ),
        "agreed": Earned(wishes=frozenset(), judged=(Judged(Signed(said, "k"), HOSTILE, HOSTILE),), missing=()),
        "gaps": (Gap("no-findings", HOSTILE, HOSTILE, HOSTILE, accepted=True),),
    }  # fmt: skip
    return Proof(**(fields | more))  # type: ignore[arg-type]  # words of a test


def page(proof: Proof) -> Page:
    return Page(run_page(proof, now=[HOSTILE]).decode())


@pytest.fixture(scope="module")
def whole() -> Page:
    return page(shown("partial-rollback"))


def test_what_comes_from_outside_is_text(whole: Page) -> None:
    assert not whole.all("script")
    assert whole.text.count(HOSTILE) >= 12


def test_the_page_loads_nothing_and_forbids_it(whole: Page) -> None:
    policy = next(each["content"] for each in whole.all("meta") if "http-equiv" in each)
    assert policy.startswith("default-src 'none'") and "script-src" not in policy
    for _, attributes in whole.tags:
        assert not attributes.keys() & {"src", "srcset", "style", "onclick", "onload"}
        assert attributes.get("href", "#").startswith("#")


def test_every_table_has_a_caption_headers_of_columns_and_of_rows(whole: Page) -> None:
    tables, captions = whole.all("table"), whole.all("caption")
    assert len(tables) == len(captions) >= 6
    scopes = [one.get("scope") for one in whole.all("th")]
    assert set(scopes) == {"col", "row"}
    assert all(one.get("tabindex") == "0" for one in whole.all("div") if one.get("class") == "wide")


def test_every_link_leads_somewhere_and_headings_leave_out_no_level(whole: Page) -> None:
    ids = [attributes["id"] for _, attributes in whole.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(one["href"][1:] in ids for one in whole.all("a"))
    levels = [int(tag[1]) for tag, _ in whole.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_picture_has_a_name_and_a_bar_for_each_part_of_each_step(whole: Page) -> None:
    plan, records = ran("partial-rollback")
    (drawn,) = [one for one in whole.all("svg") if one.get("role") == "img"]
    assert "10 steps from 2026-03-02 22:00" in drawn["aria-label"]
    phases = [phase for each in visits(plan, records) for phase in each.phases]
    legend = len({phase.kind for phase in phases})
    assert len(whole.all("rect")) == len(phases) + legend
    assert {one["class"] for one in whole.all("rect")} == {phase.kind for phase in phases}
    assert "taken back" in whole.text and "undone" in whole.text


def test_times_follow_one_another_and_cover_the_visit() -> None:
    plan, records = ran("slow-metal")
    for each in visits(plan, records):
        assert all(one.end == other.begin for one, other in pairwise(each.phases))
        assert each.begin is not None and each.end is not None and each.begin < each.end
    assert set(KINDS.values()) == {"prepare", "change", "restart", "lost", "restore", "watch"}


def test_a_run_of_many_steps_has_a_row_for_each_wave() -> None:
    plan, records = ran("partial-rollback")
    several = [replace(each, step=f"{number}/{each.step}") for number in range(7) for each in visits(plan, records)]
    found = Page("".join(picture(several, records)))
    assert [one for one in found.all("text") if one.get("class") != "tick"] == [
        {"x": "0", "class": "wave", "y": one["y"]} for one in found.all("text") if one.get("class") == "wave"
    ]
    assert "w1 canary: 7 of 7" in found.text and "w2: 63 of 63" in found.text


def test_what_is_wrong_comes_first_and_says_so_in_words() -> None:
    proof = shown("partial-rollback", faults=(Fault("journal.jsonl", "record 3", HOSTILE, "ask"),))
    found = page(proof)
    assert "Not proven" in found.text
    assert found.text.index("What is wrong") < found.text.index("Seen after")
    assert "journal.jsonl" in found.text and "record 3" in found.text


def test_a_bundle_of_which_nothing_can_be_read_has_a_page_too() -> None:
    found = page(Proof(faults=(Fault("plan.json", "", "it is missing"),)))
    assert "Not proven" in found.text and "plan.json" in found.text


def test_a_run_that_has_not_begun_has_no_picture() -> None:
    plan, _ = ran("partial-rollback")
    empty = shown("partial-rollback", records=(), effects=(), outcomes=(), agreed=None)
    found = page(replace(empty, plan=plan))
    assert "No step was begun." in found.text and "Nobody agreed." in found.text
    assert not [one for one in found.all("svg") if one.get("role") == "img"]


def test_findings_are_summed_in_words() -> None:
    outcomes = shown("partial-rollback").outcomes
    assert summed(outcomes) == "21 before: 7 closed, 7 remain, 7 cannot be told; 7 new"
    assert summed(()) == "0 before; none new"


def test_the_text_for_a_terminal_holds_no_control_character() -> None:
    proof = shown("partial-rollback", faults=(Fault("plan.json", "\x1b[31m", "\x07"),))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", proof_text(proof, width=80))
    assert all(len(line) <= 110 for line in proof_text(proof, width=100).splitlines() if HOSTILE not in line)
