"""Every mandatory test of CSAF finds what breaks it, and nothing in what does not."""

from __future__ import annotations

import pytest
from tests.advisories.vex.broken import BROKEN
from tests.advisories.vex.cases import Case, Changes
from tests.advisories.vex.documents import changed, csaf20, csaf21
from tests.advisories.vex.sound import SOUND

from oakum.advisories.vex.lint import lint
from oakum.advisories.vex.rules import RULES

BASES = {"2.0": csaf20, "2.1": csaf21}


def each(cases: list[Case]) -> list[object]:
    return [
        pytest.param(test, version, changes, id=f"{test}-{version}-{at}")
        for at, (test, versions, changes) in enumerate(cases)
        for version in versions.split()
    ]


@pytest.mark.parametrize("version", BASES)
def test_the_documents_are_valid_before_they_are_changed(version: str) -> None:
    judgement = lint(BASES[version]())
    assert (judgement.format, judgement.problems) == (f"CSAF {version}", ())


@pytest.mark.parametrize(("test", "version", "changes"), each(BROKEN))
def test_what_breaks_a_rule_is_found_by_its_number(test: str, version: str, changes: Changes) -> None:
    problems = lint(changed(BASES[version](), changes)).problems
    found = [one for one in problems if one.test == test]
    assert found, problems
    for one in found:
        assert one.problem.startswith(f"{test} ")
        assert one.path.startswith("/")
        assert one.remedy


@pytest.mark.parametrize(("test", "version", "changes"), each(SOUND))
def test_what_comes_near_to_a_rule_is_valid(test: str, version: str, changes: Changes) -> None:
    assert not lint(changed(BASES[version](), changes)).problems, test


def test_every_rule_is_broken_in_every_version_that_has_it() -> None:
    broken = {(test, version) for test, versions, _ in BROKEN for version in versions.split()}
    assert broken == {(rule.id, version) for rule in RULES for version in rule.versions}


def test_every_number_is_taken_once() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    old = {rule.id for rule in RULES if "2.0" in rule.versions}
    assert old == {f"6.1.{at}" for at in range(1, 34) if at != 27} | {f"6.1.27.{at}" for at in range(1, 12)}
    new = {rule.id for rule in RULES if "2.1" in rule.versions}
    grouped = {27: range(1, 21), 60: range(1, 2), 64: range(1, 14), 65: range(1, 3)}
    assert new == {f"6.1.{at}" for at in range(1, 67) if at not in grouped} | {
        f"6.1.{at}.{inner}" for at, inners in grouped.items() for inner in inners
    }
    assert all(rule.source.startswith("https://docs.oasis-open.org/csaf/csaf/v2.") for rule in RULES)
    assert all(rule.says and rule.remedy for rule in RULES)
