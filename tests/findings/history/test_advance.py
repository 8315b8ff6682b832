"""The rules of a history, one by one and over random lives; no feed and no file are needed for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.findings.history.advance import advance
from oakum.findings.history.model import Ending, Fate, Item, Look, Sighting, Step

ENDS: tuple[Fate, ...] = ("fixed", "removed", "withdrawn", "rejected", "not-affected", "not-running")


def sighted(id_: str = "CVE-1", *, names: Sequence[str] = (), version: str = "1", statement: str = "") -> Sighting:
    return Sighting("deb", "bash", id_, tuple(sorted({id_, *names})), version, ("debian",), statement)


def look(*sightings: Sighting, fate: Fate = "unknown", before: bool = True) -> Look:
    return Look(sightings, lambda item: Ending(fate, f"{item.id}: {fate}"), before)


def run(*looks: Mapping[str, Look], start: Sequence[Item] = ()) -> tuple[dict[tuple[str, str], Item], Step]:
    """The items after several scans, on days 1, 2, 3 ..., and the last step."""
    items = {(one.asset, one.id): one for one in start}
    step = Step((), (), {})
    for day, each in enumerate(looks, 1):
        step = advance(items.values(), each, f"2026-01-0{day}")
        items.update({(one.asset, one.id): one for one in step.changed})
    return items, step


def told(step: Step) -> list[tuple[str, str]]:
    return [(one.kind, one.id) for one in step.events]


@pytest.mark.parametrize("fate", ENDS)
def test_what_is_not_shown_any_more_is_closed_by_its_evidence(fate: Fate) -> None:
    items, step = run({"a": look(sighted())}, {"a": look(fate=fate)})
    item = items["a", "CVE-1"]
    assert (item.closed, item.reason, item.why) == ("2026-01-02", fate, f"CVE-1: {fate}")
    assert told(step) == [("closed", "CVE-1")]


def test_without_evidence_it_stays_open_and_is_told_once() -> None:
    items, step = run({"a": look(sighted())}, {"a": look()})
    assert (items["a", "CVE-1"].closed, items["a", "CVE-1"].unassessed) == ("", "2026-01-02")
    assert told(step) == [("not-assessable", "CVE-1")]
    items, step = run({"a": look(sighted())}, {"a": look()}, {"a": look()})
    assert (items["a", "CVE-1"].unassessed, told(step)) == ("2026-01-02", [])


def test_it_is_assessable_again_when_it_is_seen_and_can_end_later() -> None:
    items, step = run({"a": look(sighted())}, {"a": look()}, {"a": look(sighted())})
    assert (items["a", "CVE-1"].unassessed, items["a", "CVE-1"].why) == ("", "")
    assert told(step) == [("assessable", "CVE-1")]
    items, _ = run({"a": look(sighted())}, {"a": look()}, {"a": look(fate="fixed")})
    assert (items["a", "CVE-1"].reason, items["a", "CVE-1"].unassessed) == ("fixed", "")


def test_what_folds_into_another_finding_stands() -> None:
    items, step = run({"a": look(sighted())}, {"a": look(fate="stands")})
    assert (items["a", "CVE-1"].closed, items["a", "CVE-1"].unassessed, told(step)) == ("", "", [])


def test_an_asset_that_is_not_looked_at_is_not_touched_and_one_that_is_gone_is_closed() -> None:
    items, step = run({"a": look(sighted()), "b": look(sighted())}, {"b": look(fate="fixed")})
    assert items["a", "CVE-1"].closed == ""
    step = advance(items.values(), {}, "2026-01-05", gone={"a", "b", "stranger"})
    assert [(one.asset, one.reason) for one in step.changed] == [("a", "gone")], "the other was closed before"


def test_what_was_closed_reopens_as_the_same_item() -> None:
    items, step = run({"a": look(sighted())}, {"a": look(fate="fixed")}, {"a": look(sighted())})
    (item,) = items.values()
    assert (item.first_seen, item.reopened, item.closed, item.reason) == ("2026-01-01", "2026-01-03", "", "")
    assert told(step) == [("reopened", "CVE-1")]


def test_a_statement_closes_and_its_end_reopens() -> None:
    stated = look(sighted(statement="us: not affected"))
    items, step = run({"a": look(sighted())}, {"a": stated})
    assert (items["a", "CVE-1"].reason, told(step)) == ("statement", [("closed", "CVE-1")])
    assert told(run({"a": look(sighted())}, {"a": stated}, {"a": stated})[1]) == []
    items, step = run({"a": stated}, {"a": look(sighted())})
    assert told(step) == [("reopened", "CVE-1")]


def test_a_statement_about_one_of_two_versions_closes_nothing() -> None:
    both = look(sighted(version="1"), sighted(version="2", statement="us: not affected"))
    items, step = run({"a": look(sighted())}, {"a": both})
    assert (items["a", "CVE-1"].closed, told(step)) == ("", [])


def test_another_name_for_the_same_vulnerability_goes_on_with_its_item() -> None:
    first = look(sighted("GHSA-1"))
    items, step = run({"a": first}, {"a": look(sighted("CVE-1", names=["GHSA-1"]))})
    assert list(items) == [("a", "GHSA-1")]
    assert told(step) == []
    assert step.known["a"]["deb", "bash", "CVE-1"].first_seen == "2026-01-01"


def test_two_items_that_turn_out_to_be_one_vulnerability_fall_together_and_not_before() -> None:
    two = look(sighted("CVE-1"), sighted("GHSA-1"))
    one = look(sighted("CVE-1", names=["GHSA-1"]), fate="fixed")
    items, step = run({"a": two}, {"a": one})
    assert told(step) == []
    items, step = run({"a": two}, {"a": one}, {"a": look(fate="fixed")})
    assert {item.reason for item in items.values()} == {"fixed"}


def test_the_first_look_at_an_asset_is_marked() -> None:
    _, step = run({"a": look(sighted(), before=False)})
    assert [event.first for event in step.events] == [True]


IDS = st.sampled_from(["CVE-1", "CVE-2", "GHSA-1", "GHSA-2"])
SIGHTINGS = st.builds(
    sighted,
    IDS,
    names=st.lists(IDS, max_size=2),
    version=st.sampled_from(["1", "2"]),
    statement=st.sampled_from(["", "", "stated"]),
)
LOOKS = st.builds(
    lambda sightings, fate: look(*sightings, fate=fate),
    st.lists(SIGHTINGS, max_size=4),
    st.sampled_from([*ENDS, "unknown", "stands"]),
)
SCANS = st.lists(st.dictionaries(st.sampled_from("abc"), LOOKS, max_size=3), min_size=1, max_size=8)


@given(SCANS)
def test_over_any_life_nothing_is_forgotten_and_nothing_ends_without_a_reason(scans: list[dict[str, Look]]) -> None:
    items: dict[tuple[str, str, str, str], Item] = {}
    for day, looks in enumerate(scans):
        now = f"2026-01-{day + 1:02}"
        before = dict(items)
        step = advance(items.values(), looks, now)
        items.update({(one.asset, one.type, one.package, one.id): one for one in step.changed})
        assert before.keys() <= items.keys()
        for key, item in items.items():
            former = before.get(key)
            assert bool(item.closed) == bool(item.reason)
            assert not (item.closed and item.unassessed)
            assert former is None or item.first_seen == former.first_seen
            if key[0] not in looks:
                assert item == former
            if former is not None and not former.closed and item.closed:
                assert item.closed == now
                assert item.why, "with the evidence"
                fate = looks[key[0]].ending(item).fate
                assert item.reason == "statement" or (item.reason == fate and fate not in ("unknown", "stands"))
        for asset, each in looks.items():
            open_ = {
                name
                for item in items.values()
                if item.asset == asset and not item.closed and not item.unassessed
                for name in item.names
            }
            counting = [one for one in each.sightings if not one.statement]
            assert {one.id for one in counting} <= open_, "whatever is seen is open"
        again = advance(items.values(), looks, now)
        assert not [one for one in again.events if one.kind in ("new", "closed", "not-assessable")], "told once"
