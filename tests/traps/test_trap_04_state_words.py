"""Trap 4: the vendor's word, its class and the reason reach the finding; fixed and affected are not all."""

from __future__ import annotations

import pytest
from tests.traps.answers import DEBIAN, deb, findings, ids, index_of, matched, record, upto

from oakum.advisories.model import Affected

BASH = deb("bash", "5.2-1")


@pytest.mark.parametrize(
    ("word", "class_"),
    [("no-dsa", "deferred"), ("will_not_fix", "will-not-fix"), ("ignored", "will-not-fix"), ("needed", "affected")],
)
def test_trap_04_state_words_stand_in_the_evidence_and_in_the_fix(word: str, class_: str) -> None:
    one = upto("debian:12", "bash", state=word, state_class=class_, reason="Minor issue")
    (found,) = findings(index_of(record("CVE-2024-1", one)), DEBIAN, BASH)
    (evidence,) = found.evidence
    assert (evidence.state, evidence.state_class, evidence.reason) == (word, class_, "Minor issue")
    assert found.fix.state == "none"
    assert word in found.fix.published.proof


def test_trap_04_state_words_not_affected_closes_with_word_and_reason() -> None:
    one = Affected("debian:12", "bash", "source", state="ignored", state_class="not-affected", reason="not compiled")
    answer = matched(index_of(record("CVE-2024-1", one)), DEBIAN, BASH)
    assert answer.hits == ()
    assert answer.cleared[0].why == "feed says ignored: not compiled"


def test_trap_04_state_words_undetermined_is_neither_yes_nor_no() -> None:
    one = Affected("debian:12", "bash", "source", state="undetermined", state_class="undetermined")
    answer = matched(index_of(record("CVE-2024-1", one)), DEBIAN, BASH)
    assert (answer.hits, answer.cleared) == ((), ())
    assert [(gap.kind, gap.what) for gap in answer.gaps] == [("undetermined", "bash: CVE-2024-1")]


DENIAL = record(
    "CVE-2024-1", Affected("debian:12", "bash", "source", state="not-affected", state_class="not-affected", reason="0")
)


def test_trap_04_state_words_a_denial_of_the_distribution_beats_the_range_of_another_feed() -> None:
    index = index_of(
        tracker=[DENIAL], osv=[record("DEBIAN-CVE-2024-1", upto("debian:12", "bash"), aliases=("CVE-2024-1",))]
    )
    answer = matched(index, DEBIAN, BASH)
    assert answer.hits == ()
    assert "tracker says of CVE-2024-1 that it is not affected" in [one.why for one in answer.cleared]


def test_trap_04_state_words_a_denial_of_one_vulnerability_closes_no_bundle_of_two() -> None:
    dsa = record("DSA-1", upto("debian:12", "bash", "5.2-2"), bundle=True, cves=("CVE-2024-1", "CVE-2024-2"))
    assert ids(findings(index_of(tracker=[DENIAL], dsa=[dsa]), DEBIAN, BASH)) == ["DSA-1"]


def test_trap_04_state_words_a_denial_for_another_release_says_nothing_here() -> None:
    other = record("CVE-2024-1", Affected("debian:11", "bash", "source", state="0", state_class="not-affected"))
    index = index_of(
        tracker=[other], osv=[record("DEBIAN-CVE-2024-1", upto("debian:12", "bash"), aliases=("CVE-2024-1",))]
    )
    assert ids(findings(index, DEBIAN, BASH)) == ["CVE-2024-1"]
