"""A fix counts in its own line, whatever number the fix of another line has: what a list of fixes says of a version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oakum.advisories.index.ranges import intervals
from oakum.advisories.lines import LINES, upto
from oakum.advisories.model import Affected
from oakum.versions import Unparsable, scheme


def affected(product: str, fixes: list[str], version: str, since: str = "0") -> bool:
    order = scheme(product)
    assert order is not None
    found, unusable = intervals(Affected(product, product, ranges=(upto(product, fixes, since),)), order)
    key = order.key(version)
    assert not unusable and not isinstance(key, Unparsable)
    return any(one.low <= key < one.high for one in found)


COS = ["cos-105-17412-370-50", "cos-109-17800-147-54"]
GKE = ["1.26.15-gke.1158000", "1.27.13-gke.1166000", "1.29.3-gke.1282000"]
FLATCAR = ["3510.3.3", "3815.2.2", "3874.1.0", "3913.0.0"]


@pytest.mark.parametrize(
    ("product", "fixes", "version", "expected"),
    [
        ("cos", COS, "cos-105-17412-370-49", True),
        ("cos", COS, "cos-105-17412-370-50", False),
        ("cos", COS, "cos-105-17412-448-12", False),
        ("cos", COS, "cos-106-17500-0-1", True),  # no fix of its own: until the next milestone's
        ("cos", COS, "cos-109-17800-147-28", True),
        ("cos", COS, "cos-109-17800-147-54", False),
        ("cos", COS, "cos-113-18244-1-1", False),
        ("cos", COS, "cos-97-16919-404-28", True),
        ("gke", GKE, "v1.26.15-gke.1020000", True),
        ("gke", GKE, "v1.26.15-gke.1158000", False),
        ("gke", GKE, "v1.27.12-gke.9999999", True),
        ("gke", GKE, "v1.27.13-gke.1166000", False),
        ("gke", GKE, "v1.28.9-gke.1000000", True),
        ("gke", GKE, "v1.29.3-gke.1093000", True),
        ("gke", GKE, "v1.29.4-gke.1043002", False),
        ("gke", GKE, "v1.30.0-gke.1", False),
        ("flatcar", FLATCAR, "3510.2.8", True),
        ("flatcar", FLATCAR, "3510.3.3", False),
        ("flatcar", FLATCAR, "3815.2.1", True),
        ("flatcar", FLATCAR, "3815.2.2", False),
        ("flatcar", FLATCAR, "3850.0.0", True),
        ("flatcar", FLATCAR, "3874.0.1", True),
        ("flatcar", FLATCAR, "3874.1.0", False),
        ("flatcar", FLATCAR, "3874.2.0", True),  # Stable of that line is not told to have it
        ("flatcar", FLATCAR, "3913.0.0", False),
        ("rhcos", ["414.92.202403270157-0", "415.92.202403191241-0"], "414.92.202403270157-0", False),
        ("rhcos", ["414.92.202403270157-0", "415.92.202403191241-0"], "414.92.202402130420-0", True),
        ("rhcos", ["414.92.202403270157-0", "415.92.202403191241-0"], "415.92.202403061641-0", True),
        ("talos", ["v1.6.7", "v1.7.1"], "v1.7.0", True),
        ("talos", ["v1.6.7", "v1.7.1"], "v1.7.0-alpha.1", True),
        ("talos", ["v1.6.7", "v1.7.1"], "v1.6.7", False),
        ("openshift", ["4.14.20", "4.15.6"], "4.15.5", True),
        ("openshift", ["4.14.20", "4.15.6"], "4.14.20", False),
    ],
)
def test_a_version_is_judged_by_the_fix_of_its_own_line(
    product: str, fixes: list[str], version: str, expected: bool
) -> None:
    assert affected(product, fixes, version) is expected
    assert affected(product, fixes[::-1], version) is expected


def test_what_is_before_the_first_affected_version_is_not_affected() -> None:
    assert not affected("gke", GKE, "v1.26.14-gke.1", "1.27.0")
    assert affected("gke", GKE, "v1.27.12-gke.1", "1.27.0")
    assert affected("gke", GKE, "v1.28.9-gke.1", "1.27.0")
    assert not affected("gke", GKE, "v1.26.15-gke.1020000", "1.28.0")


def test_of_two_fixes_in_one_line_the_later_one_counts() -> None:
    fixes = ["1.27.11-gke.1062000", "1.27.13-gke.1166000"]
    assert affected("gke", fixes, "v1.27.12-gke.1115000")
    assert not affected("gke", fixes, "v1.27.13-gke.1166000")


@pytest.mark.parametrize(
    ("product", "fixes", "since", "why"),
    [
        ("gke", ["latest"], "0", "fixed version 'latest'"),
        ("cos", ["109"], "0", "fixed version '109'"),
        ("gke", ["1.27.13-gke.1"], "soon", "first affected version 'soon'"),
        ("gke", ["1.27.13-gke.1"], "1.28.0", "no fixed version is later"),
    ],
)
def test_a_version_that_is_none_is_an_error(product: str, fixes: list[str], since: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        upto(product, fixes, since)


_LINE = st.tuples(st.integers(1, 4), st.integers(0, 3))


@given(fixes=st.dictionaries(_LINE, st.integers(1, 5), min_size=1), version=st.tuples(_LINE, st.integers(0, 6)))
def test_any_list_of_fixes_says_what_its_rule_says(
    fixes: dict[tuple[int, int], int], version: tuple[tuple[int, int], int]
) -> None:
    line, patch = version
    own = fixes.get(line)
    expected = patch < own if own is not None else any(other > line for other in fixes)
    texts = [f"{major}.{minor}.{fix}" for (major, minor), fix in fixes.items()]
    for product in ("flatcar", "talos", "openshift", "aks"):
        assert affected(product, texts, f"{line[0]}.{line[1]}.{patch}") is expected


@pytest.mark.parametrize("product", LINES)
def test_every_product_has_an_order_in_which_its_lines_follow_each_other(product: str) -> None:
    order = scheme(product)
    assert order is not None
    line = (109,) if product in ("cos", "rhcos") else (1, 29)
    first = order.key(LINES[product].after(line))
    assert isinstance(first, bytes)
