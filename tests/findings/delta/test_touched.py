"""Which questions and CVEs an update touches: none too few at the edges of its time, and few more than needed."""

from __future__ import annotations

import sqlite3

import msgspec
import pytest
from tests.findings.delta.test_parts import component, unversioned
from tests.findings.delta.worlds import advisory, asset, compare, deb, opened

from oakum.advisories.index import Recorded, SourceFacts, build
from oakum.advisories.index.noted import NotedIndex
from oakum.advisories.index.state import Import, state_digest
from oakum.advisories.model import Advisory, Affected, Epss, Exploited, Fact
from oakum.findings.delta import Standing
from oakum.findings.model import COMPONENTS
from oakum.fleet.packages import Package

DAYS = [f"2024-01-0{day}T06:00:00Z" for day in range(1, 8)]
BASH = advisory("CVE-2024-2", "bash", "2")
ZLIB = advisory("CVE-2024-1", "zlib", "2")
OLD = Recorded(advisory("CVE-2020-1", "nothing", "2"), DAYS[0])
MACHINE = asset("a", [deb("bash", "1"), deb("zlib1g", "1", "zlib")])


def stepped(connection: sqlite3.Connection, first: str, then: str, *assets: object) -> tuple[Standing, int, set[str]]:
    """A fleet at one time and at another: what stands, how many parts were matched again, and the CVEs."""
    standing = Standing(NotedIndex(connection, as_of=first))
    for one in assets:
        standing.add(one)  # type: ignore[arg-type]
    index = NotedIndex(connection, as_of=then)
    change = standing.update(index)
    assert change.cves is not None
    compare(standing, assets, index)  # type: ignore[arg-type]
    return standing, change.matched, set(change.cves)


@pytest.mark.parametrize("turn", ["it comes", "it ends", "its publisher takes it back"])
@pytest.mark.parametrize(
    ("first", "then", "touches"), [(1, 2, 1), (1, 3, 1), (0, 1, 0), (2, 3, 0), (2, 1, 1), (3, 1, 1), (3, 2, 0)]
)
def test_what_turns_between_two_times_or_at_the_later_one_touches_its_package(
    turn: str, first: int, then: int, touches: int
) -> None:
    since, until, record = DAYS[0], "", BASH
    if turn == "it comes":
        since = DAYS[2]
    elif turn == "it ends":
        until = DAYS[2]
    else:
        record = msgspec.structs.replace(BASH, withdrawn=DAYS[2])
    connection = opened({"debian": [OLD, Recorded(ZLIB, DAYS[0]), Recorded(record, since, until)]})
    assert stepped(connection, DAYS[first], DAYS[then], MACHINE)[1] == touches


@pytest.mark.parametrize("later", [2, 3])
def test_the_last_record_of_an_ecosystem_that_ends_leaves_a_gap_behind(later: int) -> None:
    module = asset("m", [Package(type="golang", name="example.org/m", version="v1")], None)
    go = advisory("GO-1", "example.org/m", "2", "golang", naming="either")
    standing, _, _ = stepped(
        opened({"debian": [OLD], "go": [Recorded(go, DAYS[0], DAYS[2])]}), DAYS[1], DAYS[later], module
    )
    (said,) = [standing.said(subject) for subject in standing.subjects]
    assert [gap.kind for gap in said.gaps] == ["no-feed"]


def test_an_advisory_touches_what_it_names_in_another_spelling() -> None:
    standing = Standing(NotedIndex(opened({"pypi": [Recorded(advisory("CVE-1", "x", "2", "pypi"), DAYS[0])]})))
    subject = standing.add(asset("a", [Package(type="pypi", name="zope.interface", version="1")], None))
    assert standing.touching(advisory("CVE-2", "Zope_Interface", "2", "pypi")) == {subject}


def test_a_way_of_naming_that_only_statements_used_is_no_new_one() -> None:
    stated = Advisory("CVE-2024-7", affected=(Affected("debian:12", "bash", "binary", state_class="not-affected"),))
    now = Recorded(advisory("CVE-2024-6", "zlib1g", "2", naming="binary"), DAYS[2])
    connection = opened({"debian": [OLD, Recorded(stated, DAYS[0]), now]})
    assert stepped(connection, DAYS[1], DAYS[3], MACHINE)[1] == 1


INTEL: dict[str, tuple[Fact, str, str]] = {
    "an entry that comes": (Exploited("CVE-2024-2", "2024-01-01"), DAYS[2], ""),
    "an entry that is taken back": (Exploited("CVE-2024-2", "2024-01-01"), DAYS[0], DAYS[2]),
    "an entry that counts from its own day": (Exploited("CVE-2024-2", "2024-01-03"), DAYS[0], ""),
    "a score that comes": (Epss("CVE-2024-2", 0.9, 0.9, "2024-01-01"), DAYS[2], ""),
    "a score that ends": (Epss("CVE-2024-2", 0.9, 0.9, "2024-01-01"), DAYS[0], DAYS[2]),
    "a score that counts from its own day": (Epss("CVE-2024-2", 0.9, 0.9, "2024-01-03"), DAYS[0], ""),
}


@pytest.mark.parametrize("name", INTEL)
@pytest.mark.parametrize(("first", "then"), [(0, 1), (1, 2), (1, 4), (2, 3), (4, 1), (3, 2), (2, 1)])
def test_a_cve_is_told_wherever_its_exploitation_is_another_one_at_the_two_times(
    name: str, first: int, then: int
) -> None:
    fact, since, until = INTEL[name]
    connection = opened({"debian": [OLD, Recorded(BASH, DAYS[0])], "intel": [Recorded(fact, since, until)]})
    before, after = (NotedIndex(connection, as_of=DAYS[day]).intel("CVE-2024-2") for day in (first, then))
    _, matched, cves = stepped(connection, DAYS[first], DAYS[then], MACHINE)
    assert (matched, cves) == (0, {"CVE-2024-2"} if before != after else set())


@pytest.mark.parametrize(("first", "then"), [("2019-01-01T00:00:00Z", DAYS[0]), (DAYS[0], "2019-01-01T00:00:00Z")])
def test_where_only_the_publishers_own_dates_tell_everything_may_differ(first: str, then: str) -> None:
    late = msgspec.structs.replace(BASH, published="2022-01-01T00:00:00Z")
    connection = opened({"debian": [OLD, Recorded(late, DAYS[0])]}, recorded=DAYS[0])
    standing = Standing(NotedIndex(connection, as_of=first))
    standing.add(MACHINE)
    index = NotedIndex(connection, as_of=then)
    change = standing.update(index)
    assert (change.cves, change.matched) == (None, 3)
    compare(standing, [MACHINE], index)


def imported(*sources: tuple[str, list[Recorded], list[str]]) -> sqlite3.Connection:
    """An index of sources, each with the times of its imports, of which the last is its state."""
    made = []
    for name, facts, times in sources:
        imports = tuple(Import(at, "", f"{name} at {at}", 1) for at in times)
        made.append(SourceFacts(
            name=name, format="osv", recorded=times[-1], digest=imports[-1].digest, imports=imports, facts=facts
        ))  # fmt: skip
    connection = sqlite3.connect(":memory:")
    build(connection, made, digest=state_digest((one.name, one.digest, one.recorded, 1) for one in made))
    connection.commit()
    return connection


def test_a_new_name_of_a_component_reaches_who_asked_for_all_of_them() -> None:
    cluster = asset("c", [component("k8s.io/kubelet", "v1.30.0")], None)
    bare = Recorded(unversioned("CVE-2024-8"), DAYS[0])
    other = advisory("CVE-2024-8", "k8s.io/new", "1.2.0", COMPONENTS, naming="either")
    # Not one index at two times: the first has to know nothing of the name.
    standing = Standing(NotedIndex(imported(("one", [bare], DAYS[:1]))))
    subject = standing.add(cluster)
    assert [gap.kind for gap in standing.said(subject).gaps] == ["unusable-advisory"]
    assert standing.touching(other) == {subject}
    index = NotedIndex(imported(("one", [bare, Recorded(other, DAYS[1])], DAYS[:2])))
    assert standing.update(index).matched == 1
    compare(standing, [cluster], index)
    assert not standing.said(subject).gaps, "somebody gives versions now"


def test_sources_of_different_days_are_a_state_as_of_the_last_of_them() -> None:
    old = ("debian", [OLD, Recorded(ZLIB, DAYS[0])], DAYS[:1])
    standing = Standing(NotedIndex(imported(old, ("other", [OLD], DAYS[:3]))))
    standing.add(MACHINE)
    index = NotedIndex(imported(old, ("other", [OLD, Recorded(BASH, DAYS[3])], DAYS[:4])))
    change = standing.update(index)
    assert (change.cves, change.matched) == (frozenset(), 1)
    compare(standing, [MACHINE], index)


def test_a_finding_that_is_told_otherwise_is_altered() -> None:
    corrected = advisory("CVE-2024-2", "bash", "3")
    connection = opened({"debian": [OLD, Recorded(BASH, DAYS[0], DAYS[2]), Recorded(corrected, DAYS[2])]})
    standing = Standing(NotedIndex(connection, as_of=DAYS[1]))
    subject = standing.add(MACHINE)
    change = standing.update(NotedIndex(connection, as_of=DAYS[2]))
    assert (change.opened, change.closed) == ({}, {})
    assert [one.fix.version for one in change.altered[subject]] == ["3"]


def test_what_others_ask_of_the_index_is_no_question_of_a_part() -> None:
    index = NotedIndex(opened({"debian": [OLD]}))
    standing = Standing(index)
    index.rules("debian:12", "zlib", "source")
    standing.add(asset("a", [deb("bash", "1")]))
    assert standing.touching(ZLIB) == frozenset()


def test_what_a_part_no_longer_asks_touches_it_no_more() -> None:
    binary = advisory("CVE-2024-6", "zlib1g", "2", naming="binary")
    both = imported(("debian", [OLD, Recorded(binary, DAYS[0])], DAYS[:1]))
    less = imported(("elsewhere", [OLD], DAYS[:1]))
    more = imported(("elsewhere", [OLD, Recorded(binary, DAYS[1])], DAYS[:2]))
    zlib = asset("z", [deb("zlib1g", "1", "zlib")])
    standing = Standing(NotedIndex(both))
    subject = standing.add(zlib)
    assert standing.touching(binary) == {subject}
    standing.update(NotedIndex(less))
    assert standing.touching(binary) == frozenset(), "nobody there names binaries"
    standing.remove(subject)
    assert standing.update(NotedIndex(more)).matched == 0


def test_of_what_was_removed_nothing_stands_anywhere() -> None:
    standing = Standing(NotedIndex(opened({"debian": [OLD, Recorded(BASH, DAYS[0])]})))
    subject = standing.add(MACHINE)
    assert standing.placed({subject: ("a",)})
    standing.remove(subject)
    assert standing.placed({}) == []


def test_one_finding_of_two_kinds_of_parts_is_placed_once_on_the_assets_of_both() -> None:
    standing = Standing(NotedIndex(opened({"debian": [OLD, Recorded(BASH, DAYS[0])]})))
    alone = standing.add(asset("a", [deb("bash", "1")]))
    app = Package(type="pypi", name="x", version="1", path="srv/x")
    whole = standing.add(asset("b", [deb("bash", "1"), app]))
    (finding,) = standing.placed({alone: ("a",), whole: ("b",)})
    assert finding.assets == ("a", "b")
