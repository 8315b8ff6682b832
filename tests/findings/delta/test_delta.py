"""Random fleets and feeds: after every step, what is kept is what a whole match says."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.findings.delta.worlds import DEBIAN, advisory, asset, compare, deb, opened

from oakum.advisories.index import Recorded, SourceFacts, build
from oakum.advisories.index.noted import NotedIndex
from oakum.advisories.index.state import Import, state_digest
from oakum.advisories.model import NO_VERSIONS, Advisory, Affected, Exploited, Range
from oakum.findings.delta import Change, Standing
from oakum.fleet.assets import Asset
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

TIMES = [f"2024-01-0{number}T00:00:00Z" for number in range(1, 7)]
NAMES = ("bash", "zlib", "python3-urllib3", "linux", "linux-image-6.1", "k8s.io/kubelet", "urllib3", "kernel-6.1")
SCOPES = ("debian:12", "debian", "golang", "pypi", "kubernetes", "eks", "bottlerocket")
versions = st.sampled_from(["1", "1.2", "2", "2.1", "3", "oops!"])

affected = st.builds(
    Affected,
    scope=st.sampled_from(SCOPES),
    package=st.sampled_from(NAMES),
    naming=st.sampled_from(["source", "binary", "either"]),
    channel=st.sampled_from(["", "", "esm-infra"]),
    ranges=st.lists(
        st.builds(lambda fixed: Range("ECOSYSTEM", (("introduced", "0"), ("fixed", fixed))), versions), max_size=2
    ).map(tuple),
    state_class=st.sampled_from(["affected", "affected", "not-affected", "undetermined"]),
)
advisories = st.builds(
    Advisory,
    id=st.sampled_from([f"CVE-2024-{number}" for number in range(6)] + ["GHSA-1"]),
    aliases=st.sampled_from([(), (), ("CVE-2024-1",), ("CVE-2024-2",)]),
    affected=st.lists(affected, min_size=1, max_size=2).map(tuple),
    withdrawn=st.sampled_from(["", "", "", TIMES[3]]),
)


@st.composite
def lives(draw: st.DrawFn) -> Recorded:
    """A fact with a time from which, and perhaps one until which, it was held."""
    since = draw(st.integers(0, 4))
    until = draw(st.sampled_from([None, None, *range(since + 1, 6)]))
    return Recorded(draw(advisories), TIMES[since], "" if until is None else TIMES[until])


histories = st.lists(lives(), max_size=8)
packages = st.one_of(
    st.builds(
        deb,
        st.sampled_from(["bash", "zlib1g", "python3-urllib3", "linux-image-6.1", "linux-libc-dev"]),
        versions,
        st.sampled_from(["", "zlib", "linux"]),
        channel=st.sampled_from(["", "third"]),
        vendor=st.sampled_from(["", "", "Somebody"]),
    ),
    st.builds(
        Package,
        type=st.sampled_from(["pypi", "golang", "kubernetes", "bottlerocket"]),
        name=st.sampled_from(["urllib3", "k8s.io/kubelet", "kernel-6.1"]),
        version=versions,
        path=st.sampled_from(["", "usr/lib/python3/dist-packages/urllib3", "srv/app"]),
        vendor=st.sampled_from(["", "", "EKS"]),
    ),
)
releases = st.sampled_from([DEBIAN, DEBIAN, DEBIAN, None, Release("linuxmint", "21", parent="debian:12")])


@st.composite
def fleets(draw: st.DrawFn) -> list[Asset]:
    """Some assets, machines with a kernel among them."""
    return [
        asset(
            f"a{number}", draw(st.lists(packages, max_size=5)), draw(releases), draw(st.sampled_from(["", "", "6.1"]))
        )
        for number in range(draw(st.integers(1, 3)))
    ]


def live(first: Sequence[Recorded], second: Sequence[Recorded], time: int) -> sqlite3.Connection:
    """The index of two sources as an import at a time left it: what came later is not in it."""
    now = TIMES[time]
    connection = sqlite3.connect(":memory:")
    sources = []
    for name, facts in (("one", first), ("two", second)):
        known = [
            msgspec.structs.replace(one, until=one.until if one.until <= now else "")
            for one in facts
            if one.since <= now
        ]
        imports = tuple(Import(at, "", f"{name} at {at}", 1) for at in TIMES[: time + 1])
        last = imports[-1]
        sources.append(SourceFacts(
            name=name, format="osv", recorded=now, digest=last.digest, imports=imports, facts=known
        ))  # fmt: skip
    digest = state_digest((one.name, one.digest, one.recorded, 1) for one in sources)
    build(connection, sources, digest=digest)
    connection.commit()
    return connection


@given(histories, histories, fleets(), fleets())
def test_a_new_index_after_each_import_equals_a_whole_match(
    first: list[Recorded], second: list[Recorded], fleet: list[Asset], other: list[Asset]
) -> None:
    first = [Recorded(advisory("CVE-1", "old", "2"), TIMES[0]), *first]
    index = NotedIndex(live(first, second, 0))
    standing = Standing(index)
    for one in fleet:
        standing.add(one)
    for time in range(1, 6):
        index = NotedIndex(live(first, second, time))
        before = {subject: standing.said(subject) for subject in standing.subjects}
        change = standing.update(index)
        assert change.cves is not None, "the former state is in the new index"
        for subject, said in before.items():
            told(change, subject, said.findings, standing.said(subject).findings)
        if time == 3:
            for subject in list(standing.subjects):
                standing.remove(subject)
            fleet = [*fleet[1:], *other]
            for one in fleet:
                standing.add(one)
        compare(standing, fleet, index)


@given(histories, fleets(), st.permutations(range(6)))
def test_one_index_at_any_two_times_equals_a_whole_match(
    history: list[Recorded], fleet: list[Asset], times: list[int]
) -> None:
    connection = opened({"one": history, "old": [Recorded(advisory("CVE-1", "old", "2"), "2023-01-01T00:00:00Z")]})
    standing = Standing(NotedIndex(connection, as_of=TIMES[times[0]]))
    for one in fleet:
        standing.add(one)
    for time in times[1:]:
        index = NotedIndex(connection, as_of=TIMES[time])
        assert standing.update(index).cves is not None
        compare(standing, fleet, index)


def told(change: Change, subject: object, before: Sequence[object], after: Sequence[object]) -> None:
    """The change names at least the findings that came and went, and none that stayed as it was."""
    old = {one.key: one for one in before}  # type: ignore[attr-defined]
    new = {one.key: one for one in after}  # type: ignore[attr-defined]
    opened = {one.key for one in change.opened.get(subject, ())}  # type: ignore[call-overload]
    closed = {one.key for one in change.closed.get(subject, ())}  # type: ignore[call-overload]
    altered = {one.key for one in change.altered.get(subject, ())}  # type: ignore[call-overload]
    assert new.keys() - old.keys() <= opened
    assert old.keys() - new.keys() <= closed
    assert {key for key in old.keys() & new.keys() if old[key] != new[key]} <= altered | opened | closed


def test_an_advisory_touches_the_sets_that_hold_what_it_names_whatever_their_versions() -> None:
    connection = opened({"debian": [Recorded(advisory("CVE-2024-1", "zlib", "2"), TIMES[0])]})
    standing = Standing(NotedIndex(connection))
    by_source = standing.add(asset("source", [deb("zlib1g", "9", "zlib")]))
    standing.add(asset("other", [deb("bash", "1")]))
    mint = standing.add(asset("child", [deb("zlib1g", "1", "zlib")], Release("linuxmint", "21", parent="debian:12")))
    standing.add(asset("elsewhere", [deb("zlib1g", "1", "zlib")], Release("debian", "11")))
    assert standing.touching(advisory("CVE-2024-2", "zlib", "3")) == {by_source, mint}
    assert standing.touching(advisory("CVE-2024-2", "nothing", "3")) == frozenset()


def step(before: Sequence[Recorded], after: Sequence[Recorded], *machines: Asset) -> tuple[Standing, Change]:
    """A fleet before and after an import."""
    standing = Standing(NotedIndex(live(before, (), 0)))
    for machine in machines:
        standing.add(machine)
    index = NotedIndex(live([*before, *after], (), 1))
    change = standing.update(index)
    compare(standing, machines, index)
    return standing, change


ZLIB, BASH = advisory("CVE-2024-1", "zlib", "2"), advisory("CVE-2024-2", "bash", "2")


def test_only_the_parts_that_ask_about_what_changed_are_matched_again() -> None:
    machine = asset("a", [deb("zlib1g", "1", "zlib"), deb("bash", "1"), deb("curl", "1")])
    _, change = step([Recorded(ZLIB, TIMES[0])], [Recorded(BASH, TIMES[1])], machine)
    assert change.matched == 1
    ((subject, findings),) = change.opened.items()
    assert (subject.digest, [one.id for one in findings]) == (machine.packages.digest, ["CVE-2024-2"])


def test_a_package_that_many_sets_hold_is_matched_once() -> None:
    machines = [asset(f"a{number}", [deb("bash", "1"), deb("curl", f"{number}")]) for number in range(20)]
    _, change = step([Recorded(ZLIB, TIMES[0])], [Recorded(BASH, TIMES[1])], *machines)
    assert change.matched == 1
    assert len(change.opened) == 20


def test_a_first_advisory_of_a_scope_reaches_everything_in_it() -> None:
    machine = asset("a", [Package(type="golang", name="example.org/m", version="v1")], None)
    first = advisory("GO-1", "example.org/m", "2", "golang", naming="either")
    standing, change = step([Recorded(ZLIB, TIMES[0])], [Recorded(first, TIMES[1])], machine)
    (said,) = [standing.said(subject) for subject in standing.subjects]
    assert [one.id for one in said.findings] == ["GO-1"]
    assert not said.gaps, "the gap that nobody speaks about Go is gone as well"
    assert change.matched == 2


def test_a_first_advisory_that_names_packages_another_way_reaches_who_was_not_asked_that_way() -> None:
    machine = asset("a", [deb("zlib1g", "1", "zlib")])
    binary = advisory("CVE-2024-3", "zlib1g", "2", naming="binary")
    standing, _ = step([Recorded(BASH, TIMES[0])], [Recorded(binary, TIMES[1])], machine)
    (said,) = [standing.said(subject) for subject in standing.subjects]
    assert [one.id for one in said.findings] == ["CVE-2024-3"]


def test_another_store_or_a_state_that_was_never_there_means_that_everything_may_differ() -> None:
    machine = asset("a", [deb("bash", "1"), deb("curl", "1")])
    standing = Standing(NotedIndex(live([Recorded(ZLIB, TIMES[0])], (), 0)))
    standing.add(machine)
    stranger = NotedIndex(opened({"other": [Recorded(BASH, TIMES[0])]}, recorded=TIMES[0]))
    change = standing.update(stranger)
    assert change.cves is None
    assert change.matched == 3
    compare(standing, [machine], stranger)


@pytest.mark.parametrize("taken", [True, False], ids=["the last of its sets", "one of two"])
def test_a_set_that_goes_takes_only_its_own_parts_along(taken: bool) -> None:
    first, second = asset("a", [deb("bash", "1"), deb("curl", "1")]), asset("b", [deb("bash", "1")])
    index = NotedIndex(live([Recorded(BASH, TIMES[0])], (), 0))
    standing = Standing(index)
    standing.add(first)
    standing.add(second)
    standing.remove(standing.add(second if taken else first))
    compare(standing, [first if taken else second], index)
    assert len(standing.touching(BASH)) == 1
    assert len(standing.touching(advisory("CVE-3", "curl", "2"))) == (1 if taken else 0)


def test_a_record_that_its_publisher_takes_back_between_two_days_touches_its_package() -> None:
    gone = msgspec.structs.replace(BASH, withdrawn=TIMES[2])
    connection = opened({"debian": [Recorded(gone, TIMES[0])]})
    machine = asset("a", [deb("bash", "1")])
    standing = Standing(NotedIndex(connection, as_of=TIMES[1]))
    subject = standing.add(machine)
    assert standing.said(subject).findings
    index = NotedIndex(connection, as_of=TIMES[3])
    assert standing.update(index).closed
    compare(standing, [machine], index)


def test_kev_touches_cves_and_no_package() -> None:
    machine = asset("a", [deb("bash", "1")])
    _, change = step([Recorded(BASH, TIMES[0])], [Recorded(Exploited("CVE-2024-2", "2024-01-01"), TIMES[1])], machine)
    assert (change.matched, change.cves) == (0, frozenset({"CVE-2024-2"}))


def test_findings_are_placed_on_every_asset_of_their_sets() -> None:
    index = NotedIndex(live([Recorded(BASH, TIMES[0])], (), 0))
    standing = Standing(index)
    one = standing.add(asset("a", [deb("bash", "1")]))
    two = standing.add(asset("b", [deb("bash", "1"), deb("curl", "1")]))
    (finding,) = standing.placed({one: ("a", "c"), two: ("b",)})
    assert finding.assets == ("a", "b", "c")


def test_a_record_of_another_component_answers_what_a_feed_has_named_without_versions() -> None:
    bare = Affected("kubernetes", "k8s.io/kubernetes", ranges=(Range("SEMVER", ()),), reason=NO_VERSIONS)
    official = [Recorded(Advisory("CVE-2024-9", affected=(bare,)), TIMES[0])]
    # The same vulnerability with its versions comes later, in a component that nobody has named before.
    versioned = [
        Recorded(advisory(name, component, "1.30.0", "kubernetes", naming="either"), time)
        for name, component, time in (
            ("CVE-2024-8", "k8s.io/kube-scheduler", TIMES[0]), ("CVE-2024-9", "sigs.k8s.io/some-csi-driver", TIMES[2]),
        )
    ]  # fmt: skip
    cluster = asset("c", [Package(type="kubernetes", name="k8s.io/kubelet", version="v1.29.3")], None)
    standing = Standing(NotedIndex(live(official, versioned, 1)))
    subject = standing.add(cluster)
    assert [gap.kind for gap in standing.said(subject).gaps if "CVE-2024-9" in gap.what] == ["unusable-advisory"]
    after = NotedIndex(live(official, versioned, 3))
    assert standing.update(after).cves is not None, "the former state is known"
    assert not any("CVE-2024-9" in gap.what for gap in standing.said(subject).gaps)
    compare(standing, [cluster], after)
