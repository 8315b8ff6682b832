"""Which of several statements holds for a finding, and when it takes the finding away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.findings.stated import NOW, asset, finding, of_kind, statement

from oakum.advisories.statements.model import Product, Statement, Status
from oakum.findings.model import Finding
from oakum.findings.statements.model import Ruled
from oakum.findings.statements.ruling import Statements
from oakum.findings.statements.scope import Place
from oakum.fleet.assets import Asset

LEFT = asset("pkg:npm/left@1.0.0", subject="pkg:npm/app@3.0.0")
PACKAGE = next(one for one in LEFT.packages.packages if one.name == "left")
DSA = finding(PACKAGE, LEFT.key, id_="DSA-1-1", cves=("CVE-2026-1", "CVE-2026-2"))
WORDS: tuple[Status, ...] = ("not_affected", "fixed", "under_investigation", "affected")
EARLY, LATE, FUTURE = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-02T00:00:00Z"


def rule(*given: Statement, one: Finding | None = None, days: float | None = None) -> list[Ruled]:
    """What becomes of a finding on one asset."""
    statements = Statements(given, NOW, days)
    return list(statements.rule([one or finding(PACKAGE, LEFT.key)], {LEFT.key: LEFT}))


def goes(*given: Statement, one: Finding | None = None, days: float | None = None) -> bool:
    (ruled,) = rule(*given, one=one, days=days)
    return ruled.suppressed


@pytest.mark.parametrize(
    ("product", "status", "gone"),
    [
        ("pkg:npm/left@1.0.0", "not_affected", True),
        ("pkg:npm/left", "not_affected", True),
        ("pkg:npm/left@1.0.1", "not_affected", False),
        ("pkg:npm/left@1.0.0", "fixed", True),
        ("pkg:npm/left", "fixed", False),
        ("pkg:npm/left in pkg:npm/app@3.0.0", "fixed", True),
        ("pkg:npm/left in pkg:npm/app", "fixed", False),
        ("pkg:npm/left@1.0.0", "affected", False),
        ("pkg:npm/left@1.0.0", "under_investigation", False),
    ],
)
def test_which_words_take_a_finding_away(product: str, status: Status, gone: bool) -> None:
    assert goes(statement(product, status=status)) is gone


def test_the_latest_holds_in_any_order_of_the_files() -> None:
    old, new = statement("pkg:npm/left", time=EARLY), statement("pkg:npm/left", status="affected", time=LATE)
    for order in permutations([old, new]):
        (ruled,) = rule(*order)
        assert ruled.statement == new
        assert not ruled.suppressed
    back = statement("pkg:npm/left", time="2026-02-01T00:00:00.5Z")
    assert all(goes(*order) for order in permutations([old, new, back]))


def test_a_time_is_an_instant_whatever_its_zone() -> None:
    west = statement("pkg:npm/left", status="affected", time="2026-01-31T23:30:00-02:00")
    assert not goes(statement("pkg:npm/left", time="2026-02-01T01:00:00Z"), west)
    assert goes(statement("pkg:npm/left", time="2026-02-01T02:00:00Z"), west)


def test_of_one_time_the_narrower_holds_then_the_more_cautious() -> None:
    narrow, wide = statement("pkg:npm/left@1.0.0"), statement("pkg:npm/left", status="affected")
    assert all(goes(*order) for order in permutations([narrow, wide]))
    inside = statement("pkg:npm/left@1.0.0 in pkg:npm/app@3.0.0", status="under_investigation")
    assert not any(goes(*order) for order in permutations([narrow, wide, inside]))
    for weaker, stronger in pairwise(WORDS):
        pair = [statement("pkg:npm/left@1.0.0", status=word) for word in (weaker, stronger)]
        assert all(rule(*order)[0].statement == pair[1] for order in permutations(pair))


def test_a_statement_of_another_version_says_nothing_here() -> None:
    assert goes(statement("pkg:npm/left"), statement("pkg:npm/left@9", status="affected", time=LATE))


def test_the_future_does_not_count() -> None:
    given = Statements([statement("pkg:npm/left", time=FUTURE)], NOW)
    (ruled,) = given.rule([finding(PACKAGE, LEFT.key)], {LEFT.key: LEFT})
    assert not ruled.suppressed
    assert [each.why for each in given.unused()] == [f"its time ({FUTURE}) is in the future of {NOW}"]
    assert not goes(statement("pkg:npm/left", status="affected"), statement("pkg:npm/left", time=FUTURE))
    assert goes(statement("pkg:npm/left"), statement("pkg:npm/left", status="affected", time=FUTURE))
    assert goes(statement("pkg:npm/left", time=NOW))


def test_old_statements_expire_where_the_site_says_so() -> None:
    old = statement("pkg:npm/left", time="2026-01-30T12:00:00Z")
    assert goes(old)
    assert goes(old, days=30)
    assert not goes(old, days=29.9)
    given = Statements([old], NOW, 10)
    list(given.rule([finding(PACKAGE, LEFT.key)], {LEFT.key: LEFT}))
    assert [each.why for each in given.unused()] == ["it is older than 10 days"]


@pytest.mark.parametrize(
    ("name", "aliases", "one", "gone"),
    [
        ("CVE-2026-1", (), finding(PACKAGE, LEFT.key), True),
        ("cve-2026-1", (), finding(PACKAGE, LEFT.key), True),
        ("CVE-2026-11", (), finding(PACKAGE, LEFT.key), False),
        ("GHSA-a", (), finding(PACKAGE, LEFT.key, aliases=("GHSA-a",)), True),
        ("GHSA-b", (), finding(PACKAGE, LEFT.key, aliases=("GHSA-a",)), False),
        ("GHSA-b", ("CVE-2026-1",), finding(PACKAGE, LEFT.key), True),
        # Two CVEs are two vulnerabilities.
        ("CVE-2026-2", ("CVE-2026-1",), finding(PACKAGE, LEFT.key), False),
        ("GHSA-b", ("CVE-2026-1", "CVE-2026-2"), finding(PACKAGE, LEFT.key), False),
        # A notice is no alias of what it closes.
        ("CVE-2026-1", ("DSA-1-1",), DSA, False),
        ("DSA-1-1", (), finding(PACKAGE, LEFT.key), False),
        ("DSA-1-1", ("CVE-2026-1",), finding(PACKAGE, LEFT.key), False),
        ("DSA-1-1", (), DSA, True),
        ("CVE-2026-1", (), finding(PACKAGE, LEFT.key, id_="DSA-1-1", cves=("CVE-2026-1",)), True),
        ("CVE-2026-1", (), finding(PACKAGE, LEFT.key, id_="DSA-1-1"), False),
    ],
)  # fmt: skip
def test_trap_15_which_names_are_of_one_vulnerability(
    name: str, aliases: tuple[str, ...], one: Finding, gone: bool
) -> None:
    assert goes(statement("pkg:npm/left", vulnerability=name, aliases=aliases), one=one) is gone


def test_trap_15_a_notice_goes_only_with_all_that_it_closes() -> None:
    notice = finding(PACKAGE, LEFT.key, id_="ALSA-2026:1", cves=("CVE-2026-1", "CVE-2026-2"))
    first = statement("pkg:npm/left")
    second = statement("pkg:npm/left", vulnerability="CVE-2026-2", time=LATE)
    assert not goes(first, one=notice)
    assert not goes(second, one=notice)
    (ruled,) = rule(first, second, one=notice)
    assert ruled.suppressed
    assert ruled.statement == first
    again = statement("pkg:npm/left", status="affected", time=LATE)
    (ruled,) = rule(first, second, again, one=notice)
    assert not ruled.suppressed
    assert ruled.statement == again
    whole = statement("pkg:npm/left", vulnerability="ALSA-2026:1")
    assert goes(whole, one=notice)
    assert not goes(whole, again, one=notice)


def test_trap_20_a_finding_is_divided_where_a_statement_is_about_one_asset() -> None:
    other = of_kind(asset("pkg:npm/left@1.0.0"), "sbom", "other", "other")
    given = Statements([statement("pkg:npm/left in pkg:npm/app")], NOW)
    both = finding(PACKAGE, "other", LEFT.key)
    ruled = list(given.rule([both], {LEFT.key: LEFT, "other": other}))
    assert [(one.finding.assets, one.suppressed) for one in ruled] == [(("other",), False), ((LEFT.key,), True)]
    assert {one.finding.key for one in ruled} == {both.key}
    assert given.unused() == []


def test_what_concerns_nothing_is_told_with_the_reason() -> None:
    typo = statement("pkg:npm/lfet")
    unknown = statement("pkg:npm/left", vulnerability="CVE-2026-99")
    given = Statements([typo, unknown, statement("pkg:npm/left")], NOW)
    list(given.rule([finding(PACKAGE, LEFT.key)], {LEFT.key: LEFT}))
    assert [(each.statement, each.why) for each in given.unused()] == [
        (typo, "none of its products has this finding"), (unknown, "no finding of this vulnerability"),
    ]  # fmt: skip


def test_the_statement_shows_the_product_that_is_meant() -> None:
    (ruled,) = rule(statement("pkg:npm/right", "pkg:npm/left@1.0.0", "pkg:npm/left"))
    assert list(map(str, ruled.products)) == ["pkg:npm/left@1.0.0"]


PLACES = ("pkg:npm/left", "pkg:npm/left@1.0.0", "pkg:npm/left@2.0.0", "pkg:npm/left in pkg:npm/app@3.0.0",
          "pkg:npm/left@1.0.0 in pkg:npm/app", "pkg:npm/left in pkg:npm/other", "pkg:npm/app@3.0.0")  # fmt: skip
TIMES = st.integers(0, 80).map(
    lambda days: (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)).isoformat().replace("+00:00", "Z")
)
STATEMENTS = st.builds(
    lambda products, status, time, name: statement(*products, status=status, time=time, vulnerability=name),
    st.lists(st.sampled_from(PLACES), min_size=1, max_size=3),
    st.sampled_from(WORDS),
    TIMES,
    st.sampled_from(("CVE-2026-1", "GHSA-a", "CVE-2026-2")),
)


def naive(given: list[Statement], here: Asset) -> bool:
    """Every claim in a row, the later over the earlier, the narrower over the wider, the graver over the lighter."""
    claims: list[tuple[str, int, int, int, int, bool]] = []
    for one in given:
        for product in one.products:
            if one.vulnerability in ("CVE-2026-1", "GHSA-a") and one.time <= NOW and _is(product, here):
                versions = str(product).count("@")
                effective = one.status == "not_affected" or (one.status == "fixed" and versions > 0)
                parts = str(product).count(" in ")
                claims.append((one.time, versions, parts, 0, WORDS.index(one.status), effective))
    return bool(claims) and max(claims)[-1]


def _is(product: Product, here: Asset) -> bool:
    return Place(here).concerns(product, PACKAGE)


@given(st.lists(STATEMENTS, max_size=8))
def test_the_ruling_is_that_of_a_naive_evaluator(given: list[Statement]) -> None:
    one = finding(PACKAGE, LEFT.key, aliases=("GHSA-a",))
    assert goes(*given, one=one) is naive(given, LEFT)
    assert goes(*reversed(given), one=one) is naive(given, LEFT)


@given(st.lists(STATEMENTS, max_size=8))
def test_every_asset_of_a_finding_stays_in_just_one_part(given: list[Statement]) -> None:
    other = of_kind(asset("pkg:npm/left@1.0.0"), "sbom", "other", "other")
    ruled = list(Statements(given, NOW).rule([finding(PACKAGE, LEFT.key, "other")], {LEFT.key: LEFT, "other": other}))
    assert sorted(key for one in ruled for key in one.finding.assets) == sorted([LEFT.key, "other"])
    assert all(one.statement is not None for one in ruled if one.suppressed)
