"""What ends a finding, and what does not: a table of what one asset and the feeds say of what is not shown any more."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.findings.delta.worlds import DEBIAN, advisory, asset, deb, opened

from oakum.advisories.index import Recorded
from oakum.advisories.index.noted import NotedIndex
from oakum.advisories.model import Advisory, Affected, Enrichment, Range
from oakum.findings.history.evidence import Evidence
from oakum.findings.history.model import Ending, Item
from oakum.findings.match import match
from oakum.fleet.assets import Gap, Host, Kernel
from oakum.fleet.packages import Package
from oakum.fleet.releases import Release

T = "2026-01-01T00:00:00Z"
LATER = "2026-01-02T00:00:00Z"
BASH = advisory("CVE-1", "bash", "5")
OTHER = advisory("CVE-9", "zlib", "5")
#: dpkg itself refuses it.
UNPARSABLE = "x:1"
ZLIB = deb("zlib1g", "9", "zlib")


def item(
    package: str = "bash", *, version: str = "4", sources: Sequence[str] = ("debian",), type_: str = "deb"
) -> Item:
    return Item("a", "deb", package, "CVE-1", "CVE-1", ("CVE-1",), version, tuple(sources), T)


def stated(state_class: str, ranges: tuple[Range, ...] = ()) -> Advisory:
    return Advisory("CVE-1", affected=(Affected("debian:12", "bash", "source", ranges=ranges, state="word",
                    state_class=state_class),))  # type: ignore[arg-type]  # fmt: skip


def ending(
    packages: Sequence[Package],
    *records: Advisory | Enrichment,
    of: Item | None = None,
    release: Release | None = DEBIAN,
    distrusted: dict[str, str] | None = None,
    second: Sequence[Advisory] = (),
    ended: Sequence[Advisory] = (),
    gaps: tuple[Gap, ...] = (),
    host: Host | None = None,
) -> Ending:
    sources = {
        "debian": [*(Recorded(one, T) for one in records), *(Recorded(one, T, LATER) for one in ended)],
        "second": [Recorded(one, T) for one in second],
    }
    index = NotedIndex(opened({name: facts for name, facts in sources.items() if facts}))
    one = msgspec.structs.replace(asset("a", packages, release), gaps=gaps, host=host)
    found = match(one.packages, index, kind=one.kind, host=one.host)
    return Evidence(one, found, index, distrusted or {}).ending(of or item())


WITHDRAWN = msgspec.structs.replace(BASH, withdrawn=T)
CASES: dict[str, tuple[Ending, str, str]] = {
    "a fixed version is installed": (ending([deb("bash", "5")], BASH), "fixed", "5 is installed; CVE-1"),
    "the record no longer holds the same version": (
        ending([deb("bash", "4")], advisory("CVE-1", "bash", "3")), "not-affected", "no longer holds 4"),
    "the vendor says not affected": (ending([deb("bash", "4")], stated("not-affected")), "not-affected", "word"),
    "the record was withdrawn": (ending([deb("bash", "4")], WITHDRAWN), "withdrawn", "withdrew it"),
    "the CVE was rejected": (
        ending([deb("bash", "4")], WITHDRAWN, Enrichment("CVE-1", state="REJECTED")), "rejected", "was rejected"),
    "the package is not there": (ending([ZLIB], BASH), "removed", "no longer installed"),
    "it is still affected under another name": (
        ending([deb("bash", "4")], Advisory("DSA-1", ("CVE-1",), affected=BASH.affected)), "stands", ""),
    "another kernel runs": (
        ending(
            [deb("linux-image-1", "1", "linux")], advisory("CVE-1", "linux", "5"),
            of=item("linux-image-1", version="1"),
            host=Host(live=True, kernels=(Kernel("2", "linux-image-2", running=True),)),
        ), "not-running", "another kernel"),
    # What is no evidence.
    "no feed is there": (ending([deb("bash", "5")]), "unknown", "no imported source"),
    "the feed says nothing of it any more": (ending([deb("bash", "5")], OTHER), "unknown", "no longer says anything"),
    "the record went without a word": (
        ending([deb("bash", "5")], OTHER, ended=[BASH]), "unknown", "no longer says anything"),
    "the feed that said it is gone, another says fixed": (
        ending([deb("bash", "5")], second=[BASH]), "unknown", "debian said so, and no longer speaks"),
    "one of two that said it says nothing any more": (
        ending([deb("bash", "5")], OTHER, second=[BASH], of=item(sources=("debian", "second"))), "unknown", "debian"),
    "one of two withdrew it, the other lost it": (
        ending([deb("bash", "4")], WITHDRAWN, second=[OTHER], of=item(sources=("debian", "second"))),
        "unknown", "second said so"),
    "the feed is too old": (
        ending([deb("bash", "5")], BASH, distrusted={"debian": "is too old"}), "unknown", "debian is too old"),
    "the version cannot be compared": (ending([deb("bash", UNPARSABLE)], BASH), "unknown", f"bash {UNPARSABLE}"),
    "the vendor has not decided": (
        ending([deb("bash", "4")], stated("undetermined"), second=[BASH], of=item()), "stands", ""),
    "the vendor alone, and it has not decided": (ending([deb("bash", "4")], stated("undetermined")), "unknown", "word"),
    "its ranges cannot be read": (
        ending([deb("bash", "4")], stated("affected", (Range("GIT", ()),))), "unknown", "commits"),
    "the release is not known": (ending([deb("bash", "5")], BASH, release=None), "unknown", "release unknown"),
    "another release, of which nobody speaks": (
        ending([deb("bash", "5")], BASH, release=Release("debian", "13")), "unknown", "no imported source"),
    "no package was read": (ending([], BASH), "unknown", "no deb package"),
    "only packages of another kind were read": (
        ending([Package(type="pypi", name="bash", version="1")], BASH), "unknown", "no deb package"),
    "a part of the inventory is missing": (
        ending([ZLIB], BASH, gaps=(Gap("incomplete-inventory", "some", "unreadable", "x"),)), "unknown", "unreadable"),
    "the new version is beside the old one": (ending([deb("bash", "5"), deb("bash", "4", arch="i386")], BASH),
                                              "stands", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_ends_a_finding_and_what_does_not(name: str) -> None:
    found, fate, words = CASES[name]
    assert (found.fate, words in found.why) == (fate, True), found


versions = st.sampled_from(["1", "2", "3", UNPARSABLE])
records = st.lists(
    st.builds(
        lambda name, fixed, gone: msgspec.structs.replace(advisory(name, "bash", fixed), withdrawn=gone),
        st.sampled_from(["CVE-1", "CVE-2"]),
        st.sampled_from(["1", "2", "3", ""]),
        st.sampled_from(["", "", T]),
    ),
    max_size=2,
    unique_by=lambda one: one.id,
)


@given(
    st.lists(versions, max_size=2), records, records, st.sampled_from([("debian",), ("second",), ("debian", "second")])
)
def test_nothing_is_called_fixed_or_withdrawn_unless_all_who_said_it_still_speak_of_it(
    installed: list[str], first: list[Advisory], second: list[Advisory], sources: tuple[str, ...]
) -> None:
    packages = [ZLIB, *(deb("bash", version) for version in installed)]
    found = ending(packages, *first, second=second, of=item(sources=sources))
    said = {"debian": first, "second": second}
    speaking = [[one for one in said[name] if one.id == "CVE-1"] for name in sources]
    if found.fate in ("fixed", "withdrawn", "not-affected"):
        assert all(speaking)
        assert UNPARSABLE not in installed
        for record in (*first, *second):
            if record.id == "CVE-1" and not record.withdrawn:
                fixed = record.affected[0].ranges[0].events[-1]
                assert fixed[0] == "fixed", "what has no fix is not fixed"
                assert all(version >= fixed[1] for version in installed)
    if not installed:
        assert found.fate == "removed"
