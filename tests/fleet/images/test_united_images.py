"""Readings of one image for several platforms as one: nothing that runs anywhere is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oakum.fleet.assets import Asset, Gap
from oakum.fleet.images.united import united
from oakum.fleet.packages import Package, package_set
from oakum.fleet.releases import Release

DEBIAN, ALPINE = Release("debian", "12"), Release("alpine", "3.20")


def reading(release: Release | None, *names: str, gaps: tuple[Gap, ...] = ()) -> Asset:
    packages = [Package(type="deb", name=name, version="1") for name in names]
    source = f"dpkg, {'-'.join(names) or 'nothing'}"
    key = f"sha256:{'-'.join(names)}"
    return Asset(kind="image", key=key, name="web", source=source, packages=package_set(release, packages), gaps=gaps)


def names(asset: Asset) -> list[str]:
    return [package.name for package in asset.packages.packages]


def test_packages_and_gaps_of_all_stand_in_one() -> None:
    gap, other = Gap("unread-image", "a", "b", "c"), Gap("unknown-release", "a", "b", "c")
    found = united([reading(DEBIAN, "a", "b", gaps=(gap,)), reading(DEBIAN, "b", "c", gaps=(gap, other))])
    assert names(found) == ["a", "b", "c"]
    assert found.gaps == (gap, other)
    assert found.packages.release == DEBIAN
    assert found.source == "dpkg, a-b and dpkg, b-c"


def test_another_release_is_a_gap_and_never_judged_by_the_first() -> None:
    found = united([reading(DEBIAN, "a"), reading(ALPINE, "b")])
    assert (names(found), found.packages.release) == (["a"], DEBIAN)
    (gap,) = found.gaps
    assert gap.kind == "unread-image"
    assert "dpkg, b: it is of another release" in gap.why


def test_one_that_holds_nothing_takes_the_release_of_the_other() -> None:
    found = united([reading(None, gaps=(Gap("unread-image", "a", "b", "c"),)), reading(ALPINE, "b")])
    assert (names(found), found.packages.release, len(found.gaps)) == (["b"], ALPINE, 1)


@given(st.lists(st.tuples(st.sampled_from([DEBIAN, ALPINE, None]), st.sets(st.sampled_from("abcdef"))), min_size=1))
def test_whatever_is_left_out_is_told(given: list[tuple[Release | None, set[str]]]) -> None:
    readings = [reading(release, *sorted(some)) for release, some in given]
    found = united(readings)
    told = " ".join(gap.why for gap in found.gaps)
    for each in readings:
        held = set(names(each)) <= set(names(found)) and each.packages.release == found.packages.release
        assert held or not each.packages.packages or each.source in told
